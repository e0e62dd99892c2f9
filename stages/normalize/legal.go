package normalize

import (
	"slices"
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

// legalForms leads from a spelling without spaces and signs to its form.
// dottedForms are the spellings that count only letter for letter (S.p.A., not a day spa).
// eastForms are the spellings in East Asian writing, which stand without a space, longest first.
var legalForms, dottedForms, eastForms = func() (map[string]legalForm, map[string]string, []eastForm) {
	forms, dotted := map[string]legalForm{}, map[string]string{}
	var east []eastForm
	for _, row := range rowsOf("legal_forms.tsv", 3) {
		place, countries, _ := strings.Cut(row[1], ":")
		for _, spelling := range strings.Split(row[2], "|") {
			if isEastAsian(spelling) {
				east = append(east, eastForm{spelling, row[0]})
				continue
			}
			if place == "dotted" {
				dotted[spelling] = row[0]
				continue
			}
			key := compactOf(spelling)
			f, ok := forms[key]
			if !ok {
				f.name = row[0]
			}
			f.end = f.end || place == "end" || place == "both"
			if place == "end" && countries != "" {
				f.endIn = "," + countries + ","
			}
			if place == "front" || place == "both" {
				f.front = true
				if countries != "" {
					f.frontIn = "," + countries + ","
				}
			}
			forms[key] = f
		}
	}
	slices.SortStableFunc(east, func(a, b eastForm) int { return len(b.spelling) - len(a.spelling) })
	return forms, dotted, east
}()

type eastForm struct{ spelling, name string }

func isEastAsian(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x3000 && r != '（' && r != '）' })
}

// cutEastForm takes a legal form in East Asian writing off either end of a name, or out of it.
func cutEastForm(s string) (string, string) {
	if isASCII(s) || !isEastAsian(s) {
		return s, ""
	}
	found := ""
	for range 2 {
		for _, f := range eastForms {
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
func cutDottedForm(s string) (string, string) {
	i := strings.LastIndexAny(s, " ,")
	if i <= 0 {
		return s, ""
	}
	name, ok := dottedForms[s[i+1:]]
	if !ok {
		return s, ""
	}
	return strings.TrimRight(s[:i], " ,"), name
}

// legalEnds are the words a form may end with, however it is cut into words; legalStarts the same for its beginning.
var legalEnds, legalStarts = func() (map[string]bool, map[string]bool) {
	ends, starts := map[string]bool{}, map[string]bool{}
	for form := range legalForms {
		for i := range form {
			ends[form[i:]] = true
			starts[form[:i+1]] = true
		}
	}
	return ends, starts
}()

// longestLegal is the number of words that a legal form may be spread over: s a de c v.
const longestLegal = 8

// cutLegalEnd takes the longest legal form off the end of the words, if a word is left.
func cutLegalEnd(words []string, country string) ([]string, string) {
	if len(words) < 2 || !legalEnds[words[len(words)-1]] {
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
		if f, ok := legalForms[key]; ok && f.end && in(f.endIn, country) && !onlySmallWords(words[:len(words)-n]) {
			return words[:len(words)-n], f.name
		}
	}
	return words, ""
}

// cutLegalFront takes a legal form off the front where it usually stands there in the company's country.
func cutLegalFront(words []string, country string) ([]string, string) {
	if len(words) < 2 || !legalStarts[words[0]] {
		return words, ""
	}
	for n := min(longestLegal, len(words)-1); n > 0; n-- {
		f, ok := legalForms[strings.Join(words[:n], "")]
		if !ok || !f.front || !in(f.frontIn, country) {
			continue
		}
		if !onlySmallWords(words[n:]) {
			return words[n:], f.name
		}
	}
	return words, ""
}

// in says whether a list of countries holds one; an empty list holds all.
func in(countries, country string) bool {
	return countries == "" || country != "" && strings.Contains(countries, ","+country+",")
}

// onlySmallWords says whether words are no name by themselves: the, and, of.
func onlySmallWords(words []string) bool {
	for _, w := range words {
		if noise[w]&(noiseAnywhere|noiseEnds) == 0 && w != "of" && w != "de" {
			return false
		}
	}
	return true
}
