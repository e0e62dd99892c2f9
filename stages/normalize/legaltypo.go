package normalize

import "strings"

// cutGluedForm puts the space back before a legal form that was written onto the name: SiemensAG, AcmeGmbH. A capital
// behind a small letter shows where the name ends.
func (know *knowledge) cutGluedForm(s string) string {
	start := strings.LastIndexByte(s, ' ') + 1
	for i := start + 2; i < len(s)-1; i++ {
		if s[i] < 'A' || s[i] > 'Z' || s[i-1] < 'a' || s[i-1] > 'z' {
			continue
		}
		if f, ok := know.legalForms[strings.ToLower(s[i:])]; ok && f.end && i-start > 2 {
			return s[:i] + " " + s[i:]
		}
	}
	return s
}

// longForms are the single words of legal forms that are long enough to be known in spite of a slip of the finger, by
// their first letter.
var longForms = func() map[byte][]string {
	words := map[byte][]string{}
	for _, w := range []string{"limited", "incorporated", "corporation", "company", "aktiengesellschaft", "gesellschaft", "partnership", "aktiebolag",
		"aksjeselskap", "aktieselskab", "osakeyhtio", "limitada", "berhad", "sendirian"} {
		words[w[0]] = append(words[w[0]], w)
	}
	return words
}()

// mendLegal writes the last word as the word of a legal form that it is one slip away from: limted, incorperated.
func (know *knowledge) mendLegal(words []string) []string {
	if len(words) < 2 {
		return words
	}
	last := words[len(words)-1]
	if len(last) < 6 || know.legalEnds[last] {
		return words
	}
	for _, w := range longForms[last[0]] {
		if oneSlip(last, w) {
			return append(append([]string{}, words[:len(words)-1]...), w)
		}
	}
	return words
}

// oneSlip says whether one letter is missing, too many, another or in its neighbour's place.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) || a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
