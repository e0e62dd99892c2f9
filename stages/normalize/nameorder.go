package normalize

import "strings"

// familyFirst splits a whole name in Latin letters that stands in the Chinese or Korean order: a family name of the
// list in front, and behind it a given name of two syllables, written with a hyphen (Kim Jong-un) or as two short words
// (Park Chung Hee). Without either sign the order is not to be told, for Kim, Lee and An are given names elsewhere. The
// syllables are one name, as they are in their own writing.
func (know *knowledge) familyFirst(words []word, nick []string) (personName, bool) {
	if len(words) != 3 || know.honorific[words[0].compact]&honorFamilyFirst == 0 || know.honorific[words[0].compact]&honorVietnamese != 0 {
		return personName{}, false
	}
	a, b := words[1], words[2]
	hyphened := a.compact == b.compact && a.compact != a.text
	if !hyphened && !(isSyllable(a.text) && isSyllable(b.text)) {
		return personName{}, false
	}
	return know.assemble([]string{a.text + b.text}, []string{words[0].text}, nick), true
}

// isSyllable says whether a word can be one syllable of a Chinese or Korean name: a beginning they have, vowels, an end
// they have (Kyong, Xiao, Ping; neither Ann nor Smith).
func isSyllable(w string) bool {
	i := strings.IndexAny(w, "aeiou")
	if i < 0 || !strings.Contains(" b p m f d t n l g k h j q x zh ch sh hs ts tz sz r z c s y w gw kw hw ky hy my py ry ny gy by  ", " "+w[:i]+" ") {
		return false
	}
	end := strings.TrimLeft(w[i:], "aeiouyw")
	return len(w) > 1 && strings.Contains("  n ng r k l m p t b d g ", " "+end+" ")
}

// splitCamel cuts a whole name without a space where a capital follows a small letter: AnnaSchmidt, but not McDonald or
// LeBron, whose beginnings are no names.
func (know *knowledge) splitCamel(s string) string {
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
	if at < 3 || len(s)-at < 3 || know.honorific[strings.ToLower(s[:at])]&honorParticle != 0 {
		return s
	}
	switch strings.ToLower(s[:at]) {
	case "mac", "fitz":
		return s
	}
	return s[:at] + " " + s[at:]
}

// joinServant writes Arabic names of the form "servant of" as one word in one spelling, as many bearers do: Abdul Aziz,
// Abd al-Aziz and Abdel Aziz are abdulaziz.
func joinServant(words []string) []string {
	for i := 0; i+1 < len(words); i++ {
		if !servant[words[i]] {
			continue
		}
		rest := words[i+1:]
		if (rest[0] == "al" || rest[0] == "el" || rest[0] == "ul") && len(rest) > 1 {
			rest = rest[1:]
		}
		joined := append([]string{}, words[:i]...)
		words = append(append(joined, "abdul"+rest[0]), rest[1:]...)
	}
	return words
}

var servant = map[string]bool{"abd": true, "abdul": true, "abdel": true, "abdal": true, "abdoul": true, "abdool": true, "abdoel": true}
