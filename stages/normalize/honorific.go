package normalize

// The lists of honorifics.tsv, in the order in which readKnowledge names them.
const (
	honorFront kind = 1 << iota
	honorTitle
	honorEnd
	honorCare
	honorParticle
	honorVietnamese
	honorFamilyFirst
)

// dropFront leaves out honorifics in front, but never more than leaves keep words.
func (know *knowledge) dropFront(words []word, keep int) []word {
	for len(words) > keep {
		w := words[0]
		switch {
		case know.honorific[w.compact]&honorFront != 0:
		case know.honorific[w.compact]&honorTitle != 0 && len(words) > 2:
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
func (know *knowledge) dropEnd(words []word, keep int) []word {
	for len(words) > keep {
		w := words[len(words)-1]
		switch {
		case know.honorific[w.compact]&honorCare != 0:
			if !(w.dotted && w.text != w.compact) && !(w.upper && !words[0].upper) {
				return words
			}
		case know.honorific[w.compact]&honorEnd != 0:
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
