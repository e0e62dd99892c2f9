package normalize

import "strings"

// fromLocals completes a name by the part before the @ of the person's addresses: john.smith, smith_j, johnsmith. A given
// name that is missing or an initial is taken from there where the rest is the family name; so is a missing family name
// where the rest is the given name. A given name that no list knows gets a second form that way (Barhoum, whose address
// says ibrahim); one that is known does not, for people write from the addresses of others, too.
func (know *knowledge) fromLocals(n personName, locals []string) personName {
	if len(locals) == 0 || len(n.given) > 1 && n.surname != "" && know.givenNames[n.given] {
		return n
	}
	for _, local := range locals {
		words := localWords(local)
		if len(words) == 0 || len(words) > 3 {
			continue
		}
		switch {
		case n.surname != "":
			given := know.besideFamily(words, n)
			switch {
			case given == "" || len(n.given) == 1 && given[0] != n.given[0]:
			case len(n.given) > 1:
				n.roots = sortedSet(append(append([]string{}, n.roots...), given))
			default:
				roots := append(know.rootsOf([]string{given}, nil), n.roots...)
				n.given, n.roots, n.givenSkeleton = given, sortedSet(roots), know.skeleton(given)
				n.words = sortedSet(append([]string{given}, n.words...))
			}
		case len(n.given) > 1 && len(words) == 2 && (words[0] == n.given || words[1] == n.given):
			family := words[0]
			if family == n.given {
				family = words[1]
			}
			if len(family) > 1 {
				given := strings.Fields(n.given + " " + n.middle)
				roots := n.roots
				n = know.assemble(given, []string{family}, nil)
				n.roots = sortedSet(append(roots, n.roots...))
			}
		case n.given == "" && len(words) == 2 && len(words[0]) > 1 && len(words[1]) > 1 && know.givenNames[words[0]]:
			n = know.assemble(words[:1], words[1:], nil)
		}
	}
	return n
}

// besideFamily is the given name that stands beside the family name in a local part, empty where there is none of two
// letters or more.
func (know *knowledge) besideFamily(words []string, n personName) string {
	family := strings.ReplaceAll(n.surname, " ", "")
	if len(words) == 1 {
		for _, surname := range append([]string{family}, n.parts...) {
			if rest, ok := strings.CutSuffix(words[0], surname); ok && len(surname) > 3 && know.givenNames[rest] {
				return rest
			}
			if rest, ok := strings.CutPrefix(words[0], surname); ok && len(surname) > 3 && know.givenNames[rest] {
				return rest
			}
		}
		return ""
	}
	is := func(w string) bool {
		for _, part := range n.parts {
			if w == part {
				return true
			}
		}
		return w == family || len(w) > 3 && know.skeleton(w) == n.skeleton
	}
	first, last := words[0], words[len(words)-1]
	switch {
	case is(last) && !is(first) && len(first) > 1:
		return first
	case is(first) && !is(last) && len(last) > 1:
		return last
	}
	return ""
}

// localWords cuts a local part at its signs and leaves digits behind it out; none where it is no name.
func localWords(local string) []string {
	words := strings.FieldsFunc(strings.TrimRight(local, "0123456789"), func(r rune) bool { return r == '.' || r == '_' || r == '-' })
	for _, w := range words {
		if hasDigit(w) || !isFolded(w) {
			return nil
		}
	}
	return words
}
