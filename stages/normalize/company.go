package normalize

import (
	"strings"
)

// companyName is what a company's name says, folded.
type companyName struct {
	key    string
	uncut  string   // key with the place still on it; key itself where none was cut off
	others []string // keys of names in parentheses and behind "formerly" or "doing business as"
	legal  string
	place  string
}

// The lists of noise.tsv, in the order of the call above.
const (
	noiseAnywhere kind = 1 << iota
	noiseEnds
	noiseTail
	noiseGeneric
	noiseConnector
	noiseLocal
	noiseDomain
	noCompany
	noPerson
)

// parseCompany takes a company's name apart. The place helps to see that the last words are a place.
func (know *knowledge) parseCompany(name string, at *nameplace) companyName {
	name = oneLine(name)
	if name == "" || know.noise[Fold(name)]&noCompany != 0 {
		return companyName{}
	}
	main, asides := know.takeParentheses(name)
	n := know.parsePlainCompany(main, at)
	if n.key == "" {
		n = know.parsePlainCompany(name, at)
		asides = nil
	}
	for _, aside := range asides {
		words := companyWords(aside)
		if len(words) == 0 || n.key == "" {
			continue
		}
		if p := placeOf(words, at); p != "" {
			n.place = first(n.place, p)
			continue
		}
		if f, ok := know.legalForms[strings.Join(words, "")]; ok {
			n.legal = first(n.legal, f.name)
			continue
		}
		for len(words) > 1 && (words[0] == "formerly" || words[0] == "fka" || words[0] == "aka" || words[0] == "dba" || words[0] == "previously" || words[0] == "ex") {
			words = words[1:]
		}
		if other := know.parsePlainCompany(strings.Join(words, " "), at); len(other.key) > 1 {
			n.others = append(n.others, other.key)
		}
	}
	return n
}

// parsePlainCompany parses a name without parentheses.
func (know *knowledge) parsePlainCompany(name string, at *nameplace) companyName {
	var n companyName
	name, n.legal = know.cutEastForm(know.cutGluedForm(name))
	words := know.mendLegal(companyWords(name))
	if _, form := know.cutLegalEnd(words, at); form == "" {
		if cut, form := know.cutDottedForm(name); form != "" {
			words, n.legal = companyWords(cut), form
		}
	}
	words, other := splitTradeNames(words)
	if len(other) > 0 {
		if o := know.parsePlainCompany(strings.Join(other, " "), at); o.key != "" {
			n.others = append(n.others, o.key)
		}
	}
	if w, form := know.cutLegalFront(words, at); form != "" {
		words, n.legal = w, first(n.legal, form)
	}
	words = know.cutEnds(&n, words, at)
	n.uncut = know.keyOf(words)
	n.key = n.uncut
	// A place may hide a legal form or a noise word, and the other way round.
	for range 3 {
		rest, p := know.cutPlace(words, at)
		if p == "" {
			break
		}
		n.place = first(n.place, p)
		words = know.cutEnds(&n, rest, at)
		n.key = know.keyOf(words)
	}
	if n.key == "" {
		n.key = strings.Join(companyWords(name), " ")
		n.uncut = n.key
	}
	return n
}

// cutEnds takes legal forms and noise words off, as long as a name is left.
func (know *knowledge) cutEnds(n *companyName, words []string, at *nameplace) []string {
	for {
		before := len(words)
		if w, form := know.cutLegalEnd(words, at); form != "" {
			words, n.legal = w, first(n.legal, form)
		}
		for len(words) > 1 && know.noise[words[0]]&(noiseEnds|noiseAnywhere) != 0 && !(len(words[0]) == 1 && len(words[1]) == 1) {
			words = words[1:]
		}
		for len(words) > 1 {
			last := words[len(words)-1]
			if know.noise[last]&noiseEnds != 0 && !(len(words[len(words)-2]) == 1 && len(last) == 1) || know.noise[last]&noiseAnywhere != 0 ||
				know.noise[last]&noiseTail != 0 && !know.allGeneric(words[:len(words)-1]) {
				words = words[:len(words)-1]
				continue
			}
			break
		}
		if len(words) == before {
			return words
		}
	}
}

// keyOf writes abbreviations out, leaves noise words out and joins single letters (a o smith: ao smith).
func (know *knowledge) keyOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, " ")
	}
	out := make([]string, 0, len(words)+2)
	for _, w := range words {
		if know.noise[w]&noiseAnywhere != 0 {
			continue
		}
		if full, ok := know.abbreviations[w]; ok {
			out = append(out, full...)
			continue
		}
		out = append(out, w)
	}
	joined := out[:0]
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && len(out[j]) == 1 {
			j++
		}
		if j-i < 2 {
			joined = append(joined, out[i])
			i++
			continue
		}
		joined = append(joined, strings.Join(out[i:j], ""))
		i = j
	}
	return strings.Join(joined, " ")
}

// companyWords folds a name; letters with dots between them are one word (I.B.M.: ibm).
func companyWords(name string) []string {
	if strings.IndexByte(name, '.') >= 0 {
		name = joinDotted(name)
	}
	return strings.Fields(Fold(name))
}

func joinDotted(s string) string {
	if isASCII(s) {
		return joinDottedASCII(s)
	}
	var b strings.Builder
	runes := []rune(s)
	letter := func(i int) bool {
		return i >= 0 && i < len(runes) && (runes[i] >= 'a' && runes[i] <= 'z' || runes[i] >= 'A' && runes[i] <= 'Z' || runes[i] >= 0xC0)
	}
	single := func(i int) bool { return letter(i) && !letter(i-1) && (i+1 >= len(runes) || !letter(i+1)) }
	for i, r := range runes {
		if r == '.' && single(i-1) && (single(i+1) || i+1 == len(runes) || runes[i+1] == ' ' || runes[i+1] == ',') {
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// joinDottedASCII is joinDotted where every letter is a byte.
func joinDottedASCII(s string) string {
	letter := func(i int) bool { return i >= 0 && i < len(s) && s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' }
	single := func(i int) bool { return letter(i) && !letter(i-1) && !letter(i+1) }
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '.' && single(i-1) && (single(i+1) || i+1 == len(s) || s[i+1] == ' ' || s[i+1] == ',') {
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func (know *knowledge) allGeneric(words []string) bool {
	for _, w := range words {
		if know.noise[w]&(noiseGeneric|noiseAnywhere) == 0 && len(w) > 1 {
			return false
		}
	}
	return true
}

// acronymOf gives the initials of three words or more, or a single short word itself.
func acronymOf(key string) string {
	words := strings.Fields(key)
	switch {
	case len(words) == 1 && len(key) >= 2 && len(key) <= 6:
		return key
	case len(words) < 3:
		return ""
	}
	initials := make([]byte, len(words))
	for i, w := range words {
		initials[i] = w[0]
	}
	return string(initials)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
