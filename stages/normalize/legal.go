package normalize

import (
	"strings"
)

// legalForm is one legal form of companies.
type legalForm struct {
	name    string // canonical
	end     bool
	front   bool
	frontIn string // countries in which it stands in front, as ",LT,"; empty means all
	endIn   string // the same for the end
}

type eastForm struct{ spelling, name string }

func isEastAsian(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x3000 && r != '（' && r != '）' })
}

// cutEastForm takes a legal form in East Asian writing off either end of a name, or out of it.
func (know *knowledge) cutEastForm(s string) (string, string) {
	if isASCII(s) || !isEastAsian(s) {
		return s, ""
	}
	found := ""
	for range 2 {
		for _, f := range know.eastForms {
			i := strings.Index(s, f.spelling)
			if i < 0 {
				continue
			}
			left := strings.TrimSpace(s[:i] + " " + s[i+len(f.spelling):])
			if left == "" {
				continue
			}
			s = left
			if found == "" {
				found = f.name
			}
			break
		}
	}
	return s, found
}

// cutDottedForm takes a form off the end that counts only as it is written.
func (know *knowledge) cutDottedForm(s string) (string, string) {
	i := strings.LastIndexAny(s, " ,")
	if i <= 0 {
		return s, ""
	}
	name, ok := know.dottedForms[s[i+1:]]
	if !ok {
		return s, ""
	}
	return strings.TrimRight(s[:i], " ,"), name
}

// longestLegal is the number of words that a legal form may be spread over: s a de c v.
const longestLegal = 8

// cutLegalEnd takes the longest legal form off the end of the words, if a word is left.
func (know *knowledge) cutLegalEnd(words []string, at *nameplace) ([]string, string) {
	if len(words) < 2 || !know.legalEnds[words[len(words)-1]] {
		return words, ""
	}
	for n := min(longestLegal, len(words)-1); n > 0; n-- {
		tail := words[len(words)-n:]
		key := tail[0]
		if n > 1 {
			key = strings.Join(tail, "")
		}
		if len(key) > 60 {
			continue
		}
		if f, ok := know.legalForms[key]; ok && f.end && at.isIn(f.endIn) && !know.onlySmallWords(words[:len(words)-n]) {
			return words[:len(words)-n], f.name
		}
	}
	return words, ""
}

// cutLegalFront takes a legal form off the front where it usually stands there in the company's country.
func (know *knowledge) cutLegalFront(words []string, at *nameplace) ([]string, string) {
	if len(words) < 2 || !know.legalStarts[words[0]] {
		return words, ""
	}
	for n := min(longestLegal, len(words)-1); n > 0; n-- {
		f, ok := know.legalForms[strings.Join(words[:n], "")]
		if !ok || !f.front || !at.isIn(f.frontIn) {
			continue
		}
		if !know.onlySmallWords(words[n:]) {
			return words[n:], f.name
		}
	}
	return words, ""
}

// onlySmallWords says whether words are no name by themselves: the, and, of.
func (know *knowledge) onlySmallWords(words []string) bool {
	for _, w := range words {
		if know.noise[w]&(noiseAnywhere|noiseEnds) == 0 && w != "of" && w != "de" {
			return false
		}
	}
	return true
}
