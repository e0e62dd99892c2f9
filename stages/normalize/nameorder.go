package normalize

import "strings"

// familyFirst splits a whole name in Latin letters that stands in the Chinese or Korean order: a family name of the
// list in front, and behind it a given name of two syllables, written with a hyphen (Kim Jong-un) or as two short words
// (Park Chung Hee). Without either sign the order is not to be told, for Kim, Lee and An are given names elsewhere. The
// syllables are one name, as they are in their own writing.
func familyFirst(words []word, nick []string) (personName, bool) {
	if len(words) != 3 || honorific[words[0].compact]&honorFamilyFirst == 0 || honorific[words[0].compact]&honorVietnamese != 0 {
		return personName{}, false
	}
	a, b := words[1], words[2]
	hyphened := a.compact == b.compact && a.compact != a.text
	if !hyphened && (len(a.text) > longestSyllable || len(b.text) > longestSyllable || len(a.text) < 2 || len(b.text) < 2 ||
		honorific[a.text]&honorParticle != 0 || honorific[b.compact]&honorFamilyFirst != 0 && honorific[a.compact]&honorFamilyFirst == 0) {
		return personName{}, false
	}
	return assemble([]string{a.text + b.text}, []string{words[0].text}, nick), true
}

// longestSyllable is the length of Chuang, Shuang, Kyong and Hyong.
const longestSyllable = 6

// splitCamel cuts a whole name without a space where a capital follows a small letter: AnnaSchmidt, but not McDonald or
// LeBron, whose beginnings are no names.
func splitCamel(s string) string {
	if s == "" || strings.ContainsAny(s, " .,-") {
		return s
	}
	at := 0
	for i := 1; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' && s[i-1] >= 'a' && s[i-1] <= 'z' {
			if at > 0 {
				return s // more than two parts: no plain slip
			}
			at = i
		}
	}
	if at < 3 || len(s)-at < 3 || honorific[strings.ToLower(s[:at])]&honorParticle != 0 {
		return s
	}
	switch strings.ToLower(s[:at]) {
	case "mac", "fitz":
		return s
	}
	return s[:at] + " " + s[at:]
}
