package normalize

import "strings"

// streetWord is what a word of a street address means.
type streetWord struct {
	kind string // word, last, tail, direction, unit or box
	full string
}

var streetWords, streetTails = func() (map[string]streetWord, map[string]string) {
	words, tails := map[string]streetWord{}, map[string]string{}
	for _, row := range rowsOf("street_words.tsv", 3) {
		for _, short := range append(strings.Fields(row[2]), row[1]) {
			short = compactOf(short)
			switch {
			case short == "":
			case row[0] == "tail":
				if len(short) > 2 && tails[short] == "" {
					tails[short] = row[1]
				}
			case words[short].full == "":
				words[short] = streetWord{row[0], row[1]}
			}
		}
	}
	return words, tails
}()

// streetOf splits a street address into street and house number. The number may stand in front (12224 Ventura Blvd.) or
// behind (Hauptstr. 12a); suites, floors and the like are left out; street types and compass points are written out.
func streetOf(s string) (street, house string) {
	if s == "" {
		return "", ""
	}
	line := pickLine(s)
	words := streetTokens(line)
	if len(words) == 0 {
		return "", ""
	}
	for i, w := range words {
		if known := streetWords[w]; known.kind == "box" && (i == 0 || i == 1 && words[0] == "po" || i == 2 && words[1] == "o") {
			for _, number := range words[i+1:] {
				if hasDigit(number) {
					return "po box", number
				}
			}
			return "po box", ""
		}
	}
	words = cutCorner(cutUnit(words))
	if len(words) == 0 {
		return "", ""
	}
	n := len(words)
	switch {
	case isHouse(words[0]) && n > 1 && !isOrdinal(words[0]):
		house, words = words[0], words[1:]
		if len(words) > 1 && len(words[0]) == 1 && words[0] <= "d" && digitsOnly([]byte(house)) && streetWords[words[1]].kind == "" && len(words) > 2 {
			house, words = house+words[0], words[1:] // 12 a Main Street
		}
	case n > 1 && isHouse(words[n-1]):
		house, words = words[n-1], words[:n-1]
	case n > 2 && len(words[n-1]) == 1 && digitsOnly([]byte(words[n-2])):
		house, words = words[n-2]+words[n-1], words[:n-2]
	default:
		for i := 1; i < n; i++ { // Hauptstr. 12 Hinterhaus
			if isHouse(words[i]) && !isOrdinal(words[i]) {
				house, words = words[i], words[:i]
				break
			}
		}
	}
	return writeOutStreet(words), house
}

// pickLine chooses the line or comma part that holds the street: the first with letters and a digit that is no suite,
// else the first; a number that stands alone beside it is the house number.
func pickLine(s string) string {
	if strings.IndexByte(s, ',') < 0 && strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, ';') < 0 {
		return s
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == ';' })
	best := ""
	for i, p := range parts {
		words := streetTokens(p)
		if len(words) == 0 || streetWords[words[0]].kind == "unit" {
			continue
		}
		if len(words) == 1 && isHouse(words[0]) {
			if i+1 < len(parts) && best == "" {
				return words[0] + " " + parts[i+1] // 12, rue de la Paix
			}
			if best != "" && !hasDigit(best) {
				return best + " " + words[0] // Rua Augusta, 12
			}
			continue
		}
		if hasDigit(p) {
			if best == "" || !hasDigit(best) {
				if best != "" && !isHouse(words[0]) && !isHouse(words[len(words)-1]) {
					continue
				}
				if best != "" && isHouse(words[0]) && len(words) <= 2 && !isStreet(words) {
					return best + " " + words[0]
				}
				best = p
			}
			continue
		}
		if best == "" {
			best = p
		}
	}
	return best
}

func isStreet(words []string) bool {
	for _, w := range words {
		if k := streetWords[w].kind; k == "word" || k == "last" {
			return true
		}
	}
	return false
}

// streetTokens folds an address line; fractions, ranges and letters stay on the number.
func streetTokens(s string) []string {
	var words []string
	for raw := range strings.FieldsSeq(s) {
		raw = strings.Trim(raw, ".,;:()")
		if raw == "" {
			continue
		}
		if raw[0] >= '0' && raw[0] <= '9' {
			if w := houseText(raw); w != "" {
				words = append(words, w)
				continue
			}
		}
		if raw[0] == '#' {
			words = append(words, "unit")
			raw = raw[1:]
		}
		if w, ok := streetWords[compactOf(raw)]; ok && len(raw) > 1 && strings.ContainsAny(raw, "./") {
			words = append(words, compactOf(raw))
			_ = w
			continue
		}
		words = append(words, strings.Fields(Fold(raw))...)
	}
	return words
}

// houseText is a house number as compared: 12a, 1/23, 12-14; empty where the word is none.
func houseText(raw string) string {
	b := make([]byte, 0, len(raw))
	letters := 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case '0' <= c && c <= '9':
			b = append(b, c)
		case c == '-' || c == '/':
			b = append(b, c)
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			b = append(b, c|0x20)
			letters++
		default:
			return ""
		}
	}
	if letters > 1 && !isOrdinal(string(b)) {
		return ""
	}
	return strings.Trim(string(b), "-/")
}

func isHouse(w string) bool {
	if w == "" || w[0] < '0' || w[0] > '9' || len(w) > 9 {
		return false
	}
	letters := 0
	for i := 0; i < len(w); i++ {
		if w[i] >= 'a' && w[i] <= 'z' {
			letters++
		}
	}
	return letters <= 1
}

// isOrdinal: 5th, 42nd, 1st, 3rd are names of streets, not house numbers.
func isOrdinal(w string) bool {
	if len(w) < 3 || w[0] < '0' || w[0] > '9' {
		return false
	}
	switch w[len(w)-2:] {
	case "st", "nd", "rd", "th":
		return digitsOnly([]byte(w[:len(w)-2]))
	}
	return false
}

// cutUnit leaves out suites, floors and the like with what follows them; in front it takes their number too.
func cutUnit(words []string) []string {
	for i, w := range words {
		if streetWords[w].kind != "unit" {
			continue
		}
		if i > 0 {
			if isStreetName(words[:i]) {
				return words[:i]
			}
			continue
		}
		if len(words) > 3 && hasDigit(words[1]) {
			return words[2:]
		}
	}
	return words
}

// cutCorner leaves out how to find the house: near, off, between, at the corner of another street.
func cutCorner(words []string) []string {
	for i, w := range words {
		switch w {
		case "between", "near", "off", "at", "opposite", "corner", "cnr", "btwn", "betw", "behind":
			if isStreetName(words[:i]) {
				return words[:i]
			}
		}
	}
	return words
}

// isStreetName says whether words hold a name beside numbers.
func isStreetName(words []string) bool {
	for _, w := range words {
		if !hasDigit(w) && len(w) > 1 {
			return true
		}
	}
	return false
}

func writeOutStreet(words []string) string {
	out := make([]string, 0, len(words))
	for i, w := range words {
		known, ok := streetWords[w]
		switch {
		case ok && known.kind == "last":
			before := streetWords[words[max(i-1, 0)]].kind
			if i < len(words)-1 && (i == 0 || before == "direction" || before == "word") && !isEnd(words[i+1:]) {
				out = append(out, "saint")
			} else {
				out = append(out, known.full)
			}
		case ok && known.kind == "direction":
			out = append(out, known.full)
		case ok && known.kind == "word" && (len(w) > 1 || i == 0) && (len(words) > 1):
			out = append(out, known.full)
		default:
			out = append(out, writeOutTail(w))
		}
	}
	return strings.Join(out, " ")
}

// isEnd says whether only compass points follow, as in "Main St NW".
func isEnd(words []string) bool {
	for _, w := range words {
		if streetWords[w].kind != "direction" {
			return false
		}
	}
	return true
}

// writeOutTail writes out the street type that is part of a compound word: hauptstr, keizersgr.
func writeOutTail(w string) string {
	for n := len(w) - 3; n >= 3; n-- {
		if full, ok := streetTails[w[n:]]; ok {
			return w[:n] + full
		}
	}
	return w
}
