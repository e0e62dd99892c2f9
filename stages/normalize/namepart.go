package normalize

import "slices"

// namePart is what the field of a given name or of a family name gives by itself. It is whole where the other field
// changes nothing in it, which is true of nearly all: no nickname beside it, no second given name.
type namePart struct {
	personName
	whole bool
}

// joinParts is the name of two such fields; false where one is not.
func (know *knowledge) joinParts(first, last string) (personName, bool) {
	if know.memos == nil || first == "" || last == "" {
		return personName{}, false
	}
	given := know.memos.givens.at(first)
	if !given.whole {
		return personName{}, false
	}
	surname := know.memos.surnames.at(last)
	if !surname.whole {
		return personName{}, false
	}
	n := given.personName
	n.surname, n.parts, n.skeleton = surname.surname, surname.parts, surname.skeleton
	switch {
	case len(given.words) == 0:
		n.words = surname.words
	case len(surname.words) == 1 && given.words[0] != surname.words[0]:
		n.words = []string{min(given.words[0], surname.words[0]), max(given.words[0], surname.words[0])}
	default:
		n.words = sortedSet(slices.Concat(given.words, surname.words))
	}
	return n, true
}

// givenPart reads the field of a given name.
func (know *knowledge) givenPart(first string) namePart {
	f := know.takeField(know.realName(first))
	words := know.dropEnd(know.dropFront(f.words, 0), 1)
	if len(words) != 1 || len(f.nick) > 0 {
		return namePart{}
	}
	return namePart{know.assemble(texts(words), nil, nil).clipped(), true}
}

// surnamePart reads the field of a family name.
func (know *knowledge) surnamePart(last string) namePart {
	f := know.takeField(know.realName(last))
	if _, spelled := koreanFamilyNames[last]; spelled || len(f.words) == 0 || len(f.nick) > 0 {
		return namePart{}
	}
	return namePart{know.assemble(nil, texts(know.dropEnd(know.dropFront(f.words, 1), 1)), nil).clipped(), true}
}

// clipped lets lists be appended to, which copies them then.
func (n personName) clipped() personName {
	n.roots, n.parts, n.words = slices.Clip(n.roots), slices.Clip(n.parts), slices.Clip(n.words)
	return n
}
