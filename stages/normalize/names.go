package normalize

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// personName is a person's name in parts, folded.
type personName struct {
	given, middle, surname string
	roots, parts           []string
	skeleton               string
}

var honorific = kinds("honorifics.tsv", " ")

// nicknames leads from each form of a given name to the names it may stand for, in alphabetical order.
var nicknames = func() map[string][]string {
	forms := map[string][]string{}
	for _, row := range rowsOf("nicknames.tsv", 2) {
		for _, form := range strings.Fields(row[1]) {
			if !slices.Contains(forms[form], row[0]) && form != row[0] {
				forms[form] = append(forms[form], row[0])
			}
		}
	}
	for _, roots := range forms {
		slices.Sort(roots)
	}
	return forms
}()

// word is one word of a name field: folded, with what its spelling said.
type word struct {
	text    string // folded, one word
	compact string // the whole field word it comes from, without signs: phd for Ph.D.
	upper   bool   // written in capitals only
	dotted  bool
}

// parseName splits a name. The parts are believed where a family name is given; the whole name helps where it is not.
func parseName(first, last, whole string) personName {
	first, last, whole = realName(first), realName(last), realName(whole)
	g, s := readField(first), readField(last)
	if spelled, ok := koreanFamilyNames[strings.TrimSpace(last)]; ok {
		s.words = []word{{text: spelled, compact: spelled}}
	}
	switch {
	case len(s.words) == 0 && len(g.words) == 0:
		return splitWhole(whole)
	case len(s.words) == 0:
		if len(g.words) > 1 {
			return splitWhole(first)
		}
		if w := splitWhole(whole); w.surname != "" {
			return w
		}
	case len(g.words) == 0 && len(s.after) > 0:
		// "Garcia, Ana" in the field of the family name.
		g.words = s.after
	case len(g.words) == 0 && len(s.words) > 1:
		if w := splitWhole(whole); w.given != "" {
			return w
		}
		if len(s.words[0].text) > 1 && len(nicknames[s.words[0].text]) > 0 {
			g.words, s.words = s.words[:1], s.words[1:]
		}
	}
	g.words = dropFront(g.words, 0)
	g.words = dropEnd(g.words, 1)
	s.words = dropFront(s.words, 1)
	s.words = dropEnd(s.words, 1)
	if n := len(g.words); n > 1 && len(s.words) == 1 && g.words[n-1].text == s.words[0].text {
		g.words = g.words[:n-1]
	}
	return assemble(texts(g.words), texts(s.words), append(g.nick, s.nick...))
}

// splitWhole splits a name of which only the whole is known.
func splitWhole(whole string) personName {
	if n, ok := splitEastAsian(whole); ok {
		return n
	}
	f := readField(whole)
	words := f.words
	if len(f.after) > 0 {
		given := dropFront(dropEnd(f.after, 1), 1)
		return assemble(texts(given), texts(dropFront(dropEnd(words, 1), 1)), f.nick)
	}
	words = dropEnd(dropFront(words, 1), 1)
	t := texts(words)
	switch {
	case len(t) == 0:
		return personName{}
	case len(t) == 1:
		return assemble(nil, t, f.nick)
	case len(t) >= 3 && honorific["vietnamese"][t[0]]:
		return assemble([]string{t[len(t)-1]}, t[:1], f.nick)
	}
	start := len(t) - 1
	for start > 1 {
		before := t[start-1]
		if (before == "y" || before == "e" || before == "i") && start > 2 {
			start -= 2
		} else if honorific["particle"][before] && len(before) > 1 {
			start--
		} else {
			break
		}
	}
	// A hyphenated last word is one family name: its parts stay together.
	for start > 1 && words[start].compact == words[start-1].compact && words[start].compact != words[start].text {
		start--
	}
	return assemble(t[:start], t[start:], f.nick)
}

func assemble(given, surname, nick []string) personName {
	var n personName
	surname = joinPrefixes(surname)
	n.surname = strings.Join(surname, " ")
	if isPlaceholderName(n.surname) || hasDigit(n.surname) {
		n.surname, surname = "", nil
	}
	if len(given) > 0 && !isPlaceholderName(strings.Join(given, " ")) && !hasDigit(given[0]) {
		n.given, n.middle = given[0], strings.Join(given[1:], " ")
		n.roots = rootsOf(given, nick)
	} else if len(nick) > 0 {
		n.given, n.roots = nick[0], rootsOf(nick[:1], nil)
	}
	if n.surname == "" {
		return n
	}
	for _, w := range surname {
		if !honorific["particle"][w] {
			n.parts = append(n.parts, w)
		}
	}
	if len(n.parts) == 0 {
		n.parts = append(n.parts, surname...)
	}
	n.parts = sortedSet(n.parts)
	n.skeleton = skeleton(n.surname)
	return n
}

// rootsOf lists the names a given name is a form of: itself, the roots of the nickname file, those of a nickname in
// quotes, and the name written as one word (mary ann: maryann; min su: minsu). Behind an initial the next name counts
// too, for it is the one people use.
func rootsOf(given, nick []string) []string {
	roots := append(make([]string, 0, 4), given[0])
	roots = append(roots, nicknames[given[0]]...)
	if len(given) > 1 {
		switch {
		case len(given[0]) == 1 && len(given[1]) > 1:
			roots = append(append(roots, given[1]), nicknames[given[1]]...)
		case len(given) == 2 && len(given[1]) > 1:
			roots = append(roots, given[0]+given[1])
		}
	}
	for _, w := range nick {
		roots = append(append(roots, w), nicknames[w]...)
	}
	return sortedSet(roots)
}

// joinPrefixes writes O Brien, Mc Donald and D Angelo as one word, as they are written with an apostrophe or without.
func joinPrefixes(words []string) []string {
	if len(words) < 2 {
		return words
	}
	switch words[0] {
	case "o", "mc", "mac", "d", "fitz":
		return append([]string{words[0] + words[1]}, words[2:]...)
	}
	return words
}

// field is what a name field says.
type field struct {
	words []word
	after []word   // words behind a comma that are no credentials: the given name of "Last, First"
	nick  []string // names in quotes or parentheses
}

// readField takes a name field apart: what is in parentheses or quotes, behind a bar or a comma, and the words.
func readField(s string) (f field) {
	if s == "" {
		return f
	}
	if strings.ContainsRune(s, '@') {
		return f
	}
	s, f.nick = takeAsides(s)
	for _, bar := range []string{"|", " - ", " – ", " — ", " • ", " / "} {
		if i := strings.Index(s, bar); i > 0 {
			s = s[:i]
		}
	}
	main, rest, comma := strings.Cut(s, ",")
	f.words = wordsOf(main)
	if !comma {
		return f
	}
	for part := range strings.SplitSeq(rest, ",") {
		words := wordsOf(part)
		if len(words) > 0 && !allCredentials(words) && len(f.after) == 0 {
			f.after = words
		}
	}
	return f
}

// takeAsides cuts parentheses, brackets and quotes out of a name. One word in them is a nickname; pronouns are not.
func takeAsides(s string) (string, []string) {
	if !strings.ContainsAny(s, "([{\"“”„«*") {
		return s, nil
	}
	var out strings.Builder
	var nick []string
	var aside strings.Builder
	inside := rune(0)
	for _, r := range s {
		switch {
		case inside != 0 && r == inside:
			if t := strings.Fields(Fold(aside.String())); len(t) == 1 && len(t[0]) > 1 && !honorific["end"][t[0]] &&
				!honorific["care"][t[0]] && !strings.ContainsRune(aside.String(), '/') && !pronouns[t[0]] && !hasDigit(t[0]) {
				nick = append(nick, t[0])
			}
			aside.Reset()
			inside = 0
			out.WriteByte(' ')
		case inside != 0:
			aside.WriteRune(r)
		case closing[r] != 0:
			inside = closing[r]
		case r == '*':
			out.WriteByte(' ')
		default:
			out.WriteRune(r)
		}
	}
	return out.String(), nick
}

var closing = map[rune]rune{'(': ')', '[': ']', '{': '}', '"': '"', '“': '”', '„': '“', '«': '»'}

var pronouns = map[string]bool{"he": true, "him": true, "his": true, "she": true, "her": true, "hers": true, "they": true,
	"them": true, "theirs": true, "ze": true, "hir": true, "el": true, "ella": true, "er": true, "sie": true, "il": true, "elle": true}

func wordsOf(s string) []word {
	var words []word
	for raw := range strings.FieldsSeq(s) {
		if a, _, slash := strings.Cut(raw, "/"); slash && pronouns[Fold(a)] {
			continue
		}
		folded := Fold(raw)
		if folded == "" {
			continue
		}
		w := word{text: folded, compact: folded, upper: isUpper(raw), dotted: strings.Contains(raw, ".")}
		if strings.IndexByte(folded, ' ') < 0 {
			words = append(words, w)
			continue
		}
		w.compact = strings.ReplaceAll(folded, " ", "")
		for part := range strings.SplitSeq(folded, " ") {
			w.text = part
			words = append(words, w)
		}
	}
	return words
}

func isUpper(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			letters++
		}
	}
	return letters > 1
}

func texts(words []word) []string {
	t := make([]string, len(words))
	for i, w := range words {
		t[i] = w.text
	}
	return t
}

func allCredentials(words []word) bool {
	for _, w := range words {
		if !honorific["end"][w.compact] && !honorific["care"][w.compact] && !honorific["front"][w.compact] && !(w.upper && len(w.text) <= 5) {
			return false
		}
	}
	return true
}

// dropFront leaves out honorifics in front, but never more than leaves keep words.
func dropFront(words []word, keep int) []word {
	for len(words) > keep {
		w := words[0]
		switch {
		case honorific["front"][w.compact]:
		case honorific["title"][w.compact] && len(words) > 2:
		default:
			return words
		}
		n := 1
		for n < len(words) && words[n].compact == w.compact && w.compact != w.text {
			n++
		}
		if len(words)-n < keep {
			return words
		}
		words = words[n:]
	}
	return words
}

// dropEnd leaves out suffixes and credentials behind the name, but never more than leaves keep words. A credential
// that is a family name too (Ma, Do) must be written in capitals beside a name that is not, or with dots.
func dropEnd(words []word, keep int) []word {
	for len(words) > keep {
		w := words[len(words)-1]
		switch {
		case honorific["care"][w.compact]:
			if !(w.dotted && w.text != w.compact) && !(w.upper && !words[0].upper) {
				return words
			}
		case honorific["end"][w.compact]:
		default:
			return words
		}
		n := len(words) - 1
		for n > 0 && words[n-1].compact == w.compact && w.compact != w.text {
			n--
		}
		if n < keep {
			return words
		}
		words = words[:n]
	}
	return words
}

// realName leaves out a text that stands for no name, such as [not provided].
func realName(s string) string {
	if len(s) > 0 && len(s) <= longestPlaceholder && isPlaceholderName(Fold(s)) {
		return ""
	}
	return s
}

const longestPlaceholder = 24

func isPlaceholderName(s string) bool { return s != "" && placeholderPerson[s] }

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// sortedSet sorts in place and leaves out what stands twice, and empty values.
func sortedSet(values []string) []string {
	slices.Sort(values)
	values = slices.Compact(values)
	if len(values) > 0 && values[0] == "" {
		values = values[1:]
	}
	if len(values) == 0 {
		return nil
	}
	return values
}

// shownName is the name for people: the whole name, else its parts.
func shownName(first, last, whole string) string {
	if whole == "" {
		whole = first + " " + last
	}
	return oneLine(whole)
}

// oneLine trims a text and makes every run of spaces and line ends one space.
func oneLine(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == ' ' && (i == 0 || i == len(s)-1 || s[i+1] == ' ') {
			return strings.Join(strings.Fields(s), " ")
		}
	}
	return s
}
