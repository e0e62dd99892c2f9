package normalize

import "strings"

// soundOf is the skeleton of a name, the sound of a folded family name: what its spelling variants in several languages share. It is no
// Soundex: it keeps all consonants, and it is meant to be read beside given names and places, never alone.
//
//  1. Particles and spaces are left out, "mac" and "mc" in front are "mk".
//  2. Silent beginnings lose their first letter: kn, gn, pn, wr, ps, pt.
//  3. Groups that are one sound become one class: sch sh s z ts tz c before e i y: s; tsch tch ch cz: c; chr chl ck c k q: k;
//     ph pf v w f: f; th dt d t: t; x: ks; gh before t, and h after a letter: nothing; y or j before a vowel in front: j.
//  4. Vowels (a e i o u y, and j after a letter) are left out but for the first letter, where any vowel is "a".
//  5. A class that follows itself is written once.
//  6. Where fewer than two classes are left, the first vowel follows: i for e i y, a for the others (lee and li, not lau).
func (know *knowledge) soundOf(surname string) string {
	var letters strings.Builder
	words := strings.Fields(surname)
	for i, w := range words {
		if i < len(words)-1 && know.honorific[w]&honorParticle != 0 {
			continue
		}
		letters.WriteString(w)
	}
	s := letters.String()
	switch {
	case strings.HasPrefix(s, "mac") && len(s) > 5:
		s = "mk" + s[3:]
	case strings.HasPrefix(s, "mc"):
		s = "mk" + s[2:]
	}
	for _, silent := range []string{"kn", "gn", "pn", "wr", "ps", "pt"} {
		if strings.HasPrefix(s, silent) {
			s = s[1:]
			break
		}
	}
	key := make([]byte, 0, 16)
	vowel := byte(0)
	for i := 0; i < len(s); {
		class, size := soundAt(s, i)
		if class == 'a' {
			if vowel == 0 {
				vowel = vowelClass(s[i])
			}
			if i > 0 {
				class = 0
			}
		}
		i += size
		if class != 0 && (len(key) == 0 || key[len(key)-1] != class) {
			key = append(key, class)
			if class == 'x' {
				key = append(key[:len(key)-1], 'k', 's')
			}
		}
	}
	if len(key) < 2 && vowel != 0 && (len(key) == 0 || key[0] != 'a') {
		key = append(key, vowel)
	}
	return string(key)
}

func vowelClass(c byte) byte {
	if c == 'e' || c == 'i' || c == 'y' || c == 'j' {
		return 'i'
	}
	return 'a'
}

// soundGroups are tried in order at each place; the first that fits wins.
var soundGroups = []struct {
	text  string
	class byte
}{
	{"tsch", 'c'}, {"tch", 'c'}, {"chr", 'k'}, {"chl", 'k'}, {"sch", 's'}, {"shch", 's'}, {"ch", 'c'}, {"cz", 'c'},
	{"ck", 'k'}, {"sz", 's'}, {"sh", 's'}, {"zh", 's'}, {"ts", 's'}, {"tz", 's'}, {"ph", 'f'}, {"pf", 'f'}, {"th", 't'},
	{"dt", 't'}, {"kh", 'k'}, {"gh", 'g'}, {"qu", 'k'}, {"ce", 's'}, {"ci", 's'}, {"cy", 's'},
}

// soundAt gives the class of the sound at place i and how many letters it takes; class 0 is silence, 'a' any vowel.
func soundAt(s string, i int) (byte, int) {
	rest := s[i:]
	if strings.HasPrefix(rest, "ght") {
		return 0, 2
	}
	for _, g := range soundGroups {
		if g.text[0] == rest[0] && strings.HasPrefix(rest, g.text) {
			if g.class == 'k' && (g.text == "chr" || g.text == "chl") {
				return 'k', 2
			}
			if g.text[0] == 'c' && g.class == 's' || g.text == "qu" {
				return g.class, 1
			}
			return g.class, len(g.text)
		}
	}
	switch c := rest[0]; c {
	case 'a', 'e', 'o', 'u':
		return 'a', 1
	case 'i', 'y', 'j':
		if i == 0 && len(rest) > 1 && strings.IndexByte("aeiou", rest[1]) >= 0 {
			return 'j', 1
		}
		if c == 'j' && i == 0 {
			return 'j', 1
		}
		return 'a', 1
	case 'h':
		if i == 0 {
			return 'h', 1
		}
		return 0, 1
	case 'c', 'k', 'q':
		return 'k', 1
	case 's', 'z':
		return 's', 1
	case 'f', 'v', 'w':
		return 'f', 1
	case 'd', 't':
		return 't', 1
	case 'x':
		return 'x', 1
	default:
		return c, 1
	}
}
