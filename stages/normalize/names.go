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

// parseName splits a name. The parts are believed where a family name is given; the whole name helps where it is not.
func (know *knowledge) parseName(first, last, whole string) personName {
	if n, ok := know.joinParts(first, last); ok {
		return n
	}
	return know.takeName(first, last, whole)
}

// takeName is parseName for names of all kinds.
func (know *knowledge) takeName(first, last, whole string) personName {
	first, last, whole = know.realName(first), know.realName(last), know.splitCamel(know.realName(whole))
	g, s := know.readField(first), know.readField(last)
	if spelled, ok := koreanFamilyNames[strings.TrimSpace(last)]; ok {
		s.words = []word{{text: spelled, compact: spelled}}
	}
	switch {
	case len(s.words) == 0 && len(g.words) == 0:
		return know.splitWhole(whole)
	case len(s.words) == 0:
		if len(g.words) > 1 {
			return know.splitWhole(first)
		}
		if w := know.splitWhole(whole); w.surname != "" {
			return w
		}
	case len(g.words) == 0 && len(s.after) > 0:
		// "Garcia, Ana" in the field of the family name.
		g.words = s.after
	case len(g.words) == 0 && len(s.words) > 1:
		if w := know.splitWhole(whole); w.given != "" {
			return w
		}
		if len(s.words[0].text) > 1 && len(know.nicknames[s.words[0].text]) > 0 {
			g.words, s.words = s.words[:1], s.words[1:]
		}
	}
	g.words = know.dropFront(g.words, 0)
	g.words = know.dropEnd(g.words, 1)
	s.words = know.dropFront(s.words, 1)
	s.words = know.dropEnd(s.words, 1)
	if n := len(g.words); n > 1 && len(s.words) == 1 && g.words[n-1].text == s.words[0].text {
		g.words = g.words[:n-1]
	}
	return know.assemble(texts(g.words), texts(s.words), append(g.nick, s.nick...))
}

// splitWhole splits a name of which only the whole is known.
func (know *knowledge) splitWhole(whole string) personName {
	if n, ok := know.splitEastAsian(whole); ok {
		return n
	}
	f := know.readField(whole)
	words := f.words
	if len(f.after) > 0 {
		given := know.dropFront(know.dropEnd(f.after, 1), 1)
		return know.assemble(texts(given), texts(know.dropFront(know.dropEnd(words, 1), 1)), f.nick)
	}
	words = know.dropEnd(know.dropFront(words, 1), 1)
	if n, ok := know.familyFirst(words, f.nick); ok {
		return n
	}
	t := texts(words)
	switch {
	case len(t) == 0:
		return personName{}
	case len(t) == 1:
		return know.assemble(nil, t, f.nick)
	case len(t) >= 3 && know.honorific[t[0]]&honorVietnamese != 0:
		return know.assemble([]string{t[len(t)-1]}, t[:1], f.nick)
	}
	start := len(t) - 1
	for start > 1 {
		before := t[start-1]
		if (before == "y" || before == "e" || before == "i") && start > 2 {
			start -= 2
		} else if know.honorific[before]&honorParticle != 0 && len(before) > 1 {
			start--
		} else {
			break
		}
	}
	// A hyphenated last word is one family name: its parts stay together.
	for start > 1 && words[start].compact == words[start-1].compact && words[start].compact != words[start].text {
		start--
	}
	return know.assemble(t[:start], t[start:], f.nick)
}

// nameWords are the words of a name wherever they stand in it, without particles.
func (know *knowledge) nameWords(given, middle string, surname []string) []string {
	words := make([]string, 0, 4)
	for _, w := range append(append([]string{given}, strings.Fields(middle)...), surname...) {
		if know.honorific[w]&honorParticle == 0 {
			words = append(words, w)
		}
	}
	return sortedSet(words)
}

func (know *knowledge) assemble(given, surname, nick []string) personName {
	var n personName
	surname, given = joinServant(joinPrefixes(surname)), joinServant(given)
	n.surname = strings.Join(surname, " ")
	if know.isPlaceholderName(n.surname) || mostlyDigits(n.surname) {
		n.surname, surname = "", nil
	}
	if len(given) > 0 && !know.isPlaceholderName(strings.Join(given, " ")) && !mostlyDigits(given[0]) {
		n.given, n.middle = given[0], strings.Join(given[1:], " ")
		n.roots = know.rootsOf(given, nick)
	} else if len(nick) > 0 {
		n.given, n.roots = nick[0], know.rootsOf(nick[:1], nil)
	}
	if len(n.given) > 1 {
		n.givenSkeleton = know.skeleton(n.given)
	}
	n.words = know.nameWords(n.given, n.middle, surname)
	if n.surname == "" {
		return n
	}
	for _, w := range surname {
		if know.honorific[w]&honorParticle == 0 {
			n.parts = append(n.parts, w)
		}
	}
	if len(n.parts) == 0 {
		n.parts = append(n.parts, surname...)
	}
	n.parts = sortedSet(n.parts)
	n.skeleton = know.skeleton(n.surname)
	return n
}

// sorted is all words of the name in alphabetical order; none where a part is missing.
func (n personName) sorted() string {
	if n.given == "" || n.surname == "" {
		return ""
	}
	if a, b, ok := n.sortedTwo(); ok {
		return a + " " + b
	}
	words := strings.Fields(n.given + " " + n.middle + " " + n.surname)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// sortedTwo is what sorted puts together of a name of two words.
func (n personName) sortedTwo() (a, b string, ok bool) {
	if n.given == "" || n.surname == "" || n.middle != "" || strings.IndexByte(n.given, ' ') >= 0 || strings.IndexByte(n.surname, ' ') >= 0 {
		return "", "", false
	}
	return min(n.given, n.surname), max(n.given, n.surname), true
}

// rootsOf lists the names a given name is a form of: itself, the roots of the nickname file, those of a nickname in
// quotes, and the name written as one word (mary ann: maryann; min su: minsu). Behind an initial the next name counts
// too, for it is the one people use.
func (know *knowledge) rootsOf(given, nick []string) []string {
	if know.memos != nil && len(given) == 1 && len(nick) == 0 {
		return know.memos.roots.get(given[0])
	}
	roots := append(make([]string, 0, 4), given[0])
	roots = append(roots, know.nicknames[given[0]]...)
	if len(given) > 1 {
		switch {
		case len(given[0]) == 1 && len(given[1]) > 1:
			roots = append(append(roots, given[1]), know.nicknames[given[1]]...)
		case len(given) == 2 && len(given[1]) > 1:
			roots = append(roots, given[0]+given[1])
		}
	}
	for _, w := range nick {
		roots = append(append(roots, w), know.nicknames[w]...)
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

// realName leaves out a text that stands for no name, such as [not provided], where the signs in it would be taken for
// asides; assemble does so for the others.
func (know *knowledge) realName(s string) string {
	if len(s) <= longestPlaceholder && strings.ContainsAny(s, "[/<#") && know.isPlaceholderName(Fold(s)) {
		return ""
	}
	return s
}

const longestPlaceholder = 24

func (know *knowledge) isPlaceholderName(s string) bool {
	return s != "" && know.noise[s]&noPerson != 0
}

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
