package normalize

import (
	"slices"
	"strings"
)

// nameplace is what of a record's place the name of its company is taken apart with. All that is ever asked of it are three
// questions, and where nothing of a place is known, each is answered with no.
type nameplace struct {
	city, cityWritten, regionWritten, country string
	asked                                     *placeQuestions // none: nobody wants to know what was asked
}

// placeQuestions are what was asked of a place of which nothing is known, to take one name apart. Where another place answers
// all of them with no, too, the name is taken apart the same way there.
type placeQuestions struct{ ends, names, countries []string }

// endsIn says whether a city or region ends in a word.
func (at *nameplace) endsIn(word string) bool {
	if at.asked != nil {
		at.asked.ends = append(at.asked.ends, word)
	}
	return strings.HasSuffix(at.city, word) || strings.HasSuffix(at.cityWritten, word) || strings.HasSuffix(at.regionWritten, word)
}

// isCalled says whether a text that is not empty is the name of the city or region.
func (at *nameplace) isCalled(text string) bool {
	if at.asked != nil {
		at.asked.names = append(at.asked.names, text)
	}
	return text == at.city || text == at.cityWritten || text == at.regionWritten
}

// isIn says whether the place lies in one of some countries, as ",LT,LV,"; an empty list holds all, known or not.
func (at *nameplace) isIn(countries string) bool {
	if countries == "" {
		return true
	}
	if at.asked != nil {
		at.asked.countries = append(at.asked.countries, countries)
	}
	return at.country != "" && strings.Contains(countries, ","+at.country+",")
}

// allNo says whether a place answers everything that was asked with no.
func (q *placeQuestions) allNo(at *nameplace) bool {
	for _, word := range q.ends {
		if at.endsIn(word) {
			return false
		}
	}
	for _, text := range q.names {
		if at.isCalled(text) {
			return false
		}
	}
	for _, countries := range q.countries {
		if at.isIn(countries) {
			return false
		}
	}
	return true
}

// knownCompany is a company's name as it is taken apart where nothing of its place is known.
type knownCompany struct {
	companyName
	keys  []string // key, uncut and others: distinct, in alphabetical order
	asked placeQuestions
}

func (n companyName) allKeys() []string {
	return slices.Clip(sortedSet(append([]string{n.key, n.uncut}, n.others...)))
}

// placeless takes a name apart without a place.
func (know *knowledge) placeless(name string) knownCompany {
	var k knownCompany
	k.companyName = know.parseCompany(name, &nameplace{asked: &k.asked})
	k.keys = k.allKeys()
	return k
}

// companyAt is parseCompany by way of the memo: the same name at another place is mostly taken apart the same way.
func (w *worker) companyAt(name string, at *nameplace) *knownCompany {
	known := w.company.at(name)
	if known.asked.allNo(at) {
		return known
	}
	there := &knownCompany{companyName: w.know.parseCompany(name, at)}
	there.keys = there.allKeys()
	return there
}
