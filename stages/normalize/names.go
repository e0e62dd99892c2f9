package normalize

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// personName is a person's name in parts, folded.
type personName struct {
	given, middle, surname string
	roots, parts           []string
	skeleton               string
	givenSkeleton          string
	words                  []string
}

var honorific = kindsOf("honorifics.tsv", "front", "title", "end", "care", "particle", "vietnamese", "family_first")

// The lists of honorifics.tsv, in the order of the call above.
const (
	honorFront kind = 1 << iota
	honorTitle
	honorEnd
	honorCare
	honorParticle
	honorVietnamese
	honorFamilyFirst
)

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

// parseName splits a name. The parts are believed where a family name is given; the whole name helps where it is not.
func parseName(first, last, whole string) personName {
	first, last, whole = realName(first), realName(last), splitCamel(realName(whole))
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
	if n, ok := familyFirst(words, f.nick); ok {
		return n
	}
	t := texts(words)
	switch {
	case len(t) == 0:
		return personName{}
	case len(t) == 1:
		return assemble(nil, t, f.nick)
	case len(t) >= 3 && honorific[t[0]]&honorVietnamese != 0:
		return assemble([]string{t[len(t)-1]}, t[:1], f.nick)
	}
	start := len(t) - 1
	for start > 1 {
		before := t[start-1]
		if (before == "y" || before == "e" || before == "i") && start > 2 {
			start -= 2
		} else if honorific[before]&honorParticle != 0 && len(before) > 1 {
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

// nameWords are the words of a name wherever they stand in it, without particles.
func nameWords(given, middle string, surname []string) []string {
	words := make([]string, 0, 4)
	for _, w := range append(append([]string{given}, strings.Fields(middle)...), surname...) {
		if honorific[w]&honorParticle == 0 {
			words = append(words, w)
		}
	}
	return sortedSet(words)
}

func assemble(given, surname, nick []string) personName {
	var n personName
	surname, given = joinServant(joinPrefixes(surname)), joinServant(given)
	n.surname = strings.Join(surname, " ")
	if isPlaceholderName(n.surname) || mostlyDigits(n.surname) {
		n.surname, surname = "", nil
	}
	if len(given) > 0 && !isPlaceholderName(strings.Join(given, " ")) && !mostlyDigits(given[0]) {
		n.given, n.middle = given[0], strings.Join(given[1:], " ")
		n.roots = rootsOf(given, nick)
	} else if len(nick) > 0 {
		n.given, n.roots = nick[0], rootsOf(nick[:1], nil)
	}
	if len(n.given) > 1 {
		n.givenSkeleton = skeleton(n.given)
	}
	n.words = nameWords(n.given, n.middle, surname)
	if n.surname == "" {
		return n
	}
	for _, w := range surname {
		if honorific[w]&honorParticle == 0 {
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

// dropFront leaves out honorifics in front, but never more than leaves keep words.
func dropFront(words []word, keep int) []word {
	for len(words) > keep {
		w := words[0]
		switch {
		case honorific[w.compact]&honorFront != 0:
		case honorific[w.compact]&honorTitle != 0 && len(words) > 2:
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
		case honorific[w.compact]&honorCare != 0:
			if !(w.dotted && w.text != w.compact) && !(w.upper && !words[0].upper) {
				return words
			}
		case honorific[w.compact]&honorEnd != 0:
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

// realName leaves out a text that stands for no name, such as [not provided], where the signs in it would be taken for
// asides; assemble does so for the others.
func realName(s string) string {
	if len(s) <= longestPlaceholder && strings.ContainsAny(s, "[/<#") && isPlaceholderName(Fold(s)) {
		return ""
	}
	return s
}

const longestPlaceholder = 24

func isPlaceholderName(s string) bool { return s != "" && noise[s]&noPerson != 0 }

// mostlyDigits says whether a text is a number rather than a name with a slip of the finger in it.
func mostlyDigits(s string) bool {
	digits := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	return digits*2 >= len(s) && digits > 0
}

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
