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

// cutPlace takes a city, region or country off the end of a name, if what is left is still a name.
func (know *knowledge) cutPlace(words []string, at *nameplace) ([]string, string) {
	if len(words) < 2 || !mayEndPlace(words[len(words)-1], at) {
		return words, ""
	}
	for n := min(4, len(words)-1); n > 0; n-- {
		rest := words[:len(words)-n]
		p := placeOf(words[len(words)-n:], at)
		if p == "" || know.noise[rest[len(rest)-1]]&noiseConnector != 0 || know.allGeneric(rest) {
			continue
		}
		return rest, p
	}
	return words, ""
}

// placeEnds are the last words of all places in the data files: most names end otherwise.
var placeEnds = func() map[string]bool {
	ends := map[string]bool{}
	for _, names := range []map[string]string{cities, countryWords, worldRegions} {
		for name := range names {
			ends[name[strings.LastIndexByte(name, ' ')+1:]] = true
		}
	}
	return ends
}()

func mayEndPlace(w string, at *nameplace) bool { return placeEnds[w] || at.endsIn(w) }

// placeOf says which place words name: a known city, a country, or the record's own city or region.
func placeOf(words []string, at *nameplace) string {
	text := words[0]
	if len(words) > 1 {
		text = strings.Join(words, " ")
	}
	if city, ok := cities[text]; ok {
		return city
	}
	if country, ok := countryWords[text]; ok {
		return country
	}
	if region, ok := worldRegions[text]; ok {
		return region
	}
	if len(text) > 3 && at.isCalled(text) {
		return text
	}
	return ""
}
