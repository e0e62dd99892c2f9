package normalize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The letters of some scripts stand for sounds that only their neighbours tell: vowels that Arabic and Hebrew leave out
// or write with consonants, the vowel that lives in every consonant of India, kana that melt into one syllable. These
// are read with their neighbours; every other sign has the value of its letter alone (transliterate).

// readsNeighbours says whether a text has letters of such a script.
func readsNeighbours(s string) bool {
	for _, r := range s {
		if r >= 'א' && r <= 'ת' || isArabicLetter(r) || isIndic(r) || isKana(r) {
			return true
		}
	}
	return false
}

// appendNeighbours folds a text that holds letters of such a script.
func appendNeighbours(dst []byte, start int, s string) []byte {
	runes := make([]rune, 0, len(s))
	for _, r := range s {
		if isIndic(r) || !unicode.Is(unicode.Mn, r) && r != 'ـ' { // vowel marks, and the line that stretches an Arabic word
			runes = append(runes, r)
		}
	}
	for i := 0; i < len(runes); {
		r, n := runes[i], 0
		switch {
		case r < utf8.RuneSelf:
			dst = appendFoldASCII(dst, start, byte(r))
			i++
			continue
		case isArabicLetter(r):
			dst, n = appendArabic(dst, runes, i)
		case r >= 'א' && r <= 'ת':
			dst, n = appendHebrew(dst, runes, i)
		case isIndic(r):
			dst, n = appendIndic(dst, runes, i)
		case isKana(r):
			dst, n = appendKana(dst, start, runes, i), 1
		}
		if n == 0 {
			n = 1
			for text := transliterate(r); len(text) > 0; text = text[1:] {
				dst = appendFoldASCII(dst, start, text[0])
			}
		}
		i += n
	}
	if n := len(dst); n > start && dst[n-1] == ' ' {
		dst = dst[:n-1]
	}
	return dst
}

func runeAt(runes []rune, i int) rune {
	if i < 0 || i >= len(runes) {
		return 0
	}
	return runes[i]
}

// appendHebrew gives vav and yod as their neighbours ask, and silent letters as the vowel they carry.
func appendHebrew(dst []byte, runes []rune, i int) ([]byte, int) {
	before, after := runeAt(runes, i-1), runeAt(runes, i+1)
	first, last := before < 'א' || before > 'ת', after < 'א' || after > 'ת'
	switch runes[i] {
	case 'א':
		return append(dst, 'a'), 1
	case 'ע':
		if first {
			return append(dst, 'a'), 1
		}
		return dst, 1
	case 'ה':
		if last {
			return append(dst, 'a'), 1
		}
		return append(dst, 'h'), 1
	case 'ו':
		switch {
		case after == 'ו':
			return append(dst, 'v'), 2
		case first, before == 'י' && !last:
			if first {
				return append(dst, 'v'), 1
			}
		}
		return append(dst, 'o'), 1
	case 'י':
		if first {
			return append(dst, 'y'), 1
		}
		return append(dst, 'i'), 1
	case 'פ':
		if first {
			return append(dst, 'p'), 1
		}
		return append(dst, 'f'), 1
	case 'ף':
		return append(dst, 'f'), 1
	case 'ח':
		return append(dst, 'h'), 1
	case 'כ', 'ך', 'ק':
		return append(dst, 'k'), 1
	case 'צ', 'ץ':
		return append(dst, "ts"...), 1
	}
	return dst, 0
}

// The blocks of India's scripts have one layout, so that a letter's place in its block says what it is.
func isIndic(r rune) bool { return r >= 0x900 && r < 0xD80 }

const (
	indicNasal     = 0x02
	indicNukta     = 0x3C
	indicVirama    = 0x4D
	indicTippi     = 0x70
	firstConsonant = 0x15
	lastConsonant  = 0x39
	firstSign      = 0x3E
	lastSign       = 0x4C
)

var (
	indicSigns  = [...]string{"a", "i", "i", "u", "u", "ri", "ri", "e", "e", "e", "ai", "o", "o", "o", "au"}                                     // from 3E
	indicVowels = [...]string{"a", "a", "i", "i", "u", "u", "ri", "li", "e", "e", "e", "ai", "o", "o", "o", "au"}                                // from 05
	indicEnds   = map[rune]string{0xD7A: "n", 0xD7B: "n", 0xD7C: "r", 0xD7D: "l", 0xD7E: "l", 0xD7F: "k"}                                        // Malayalam
	indicSounds = [...]string{"k", "kh", "g", "gh", "n", "ch", "chh", "j", "jh", "n", "t", "th", "d", "dh", "n", "t", "th", "d", "dh", "n", "n", // from 15
		"p", "ph", "b", "bh", "m", "y", "r", "r", "l", "l", "l", "v", "sh", "sh", "s", "h"}
)

// appendIndic gives a consonant its vowel: the sign behind it, none before a virama and at the end of a word, else a.
func appendIndic(dst []byte, runes []rune, i int) ([]byte, int) {
	r := runes[i]
	if end, ok := indicEnds[r]; ok {
		return append(dst, end...), 1
	}
	at := r & 0x7F
	switch {
	case at == 0x01 || at == indicNasal || at == indicTippi:
		return append(dst, 'n'), 1
	case at >= 0x05 && at <= 0x14:
		return append(dst, indicVowels[at-0x05]...), 1
	case at >= firstSign && at <= lastSign:
		return append(dst, indicSigns[at-firstSign]...), 1
	case at < firstConsonant || at > lastConsonant:
		return dst, 1
	}
	dst = append(dst, indicSounds[at-firstConsonant]...)
	n := 1
	next := runeAt(runes, i+1)
	if isIndic(next) && next&0x7F == indicNukta {
		n++
		next = runeAt(runes, i+2)
	}
	_, ends := indicEnds[next]
	switch at := next & 0x7F; {
	case !isIndic(next), at == indicVirama, at >= firstSign && at <= lastSign:
	case at >= firstConsonant && at <= lastConsonant, at <= indicNasal, at == indicTippi, ends:
		dst = append(dst, 'a')
	}
	return dst, n
}

func isKana(r rune) bool {
	return r >= 0x3041 && r <= 0x3096 || r >= 0x30A1 && r <= 0x30FC && r != 0x30FB // the dot between the words of a foreign name
}

// kanaSounds are the syllables in the order of the block, from small a on, as they are written in Hepburn's way.
var kanaSounds = strings.Fields("xa a xi i xu u xe e xo o ka ga ki gi ku gu ke ge ko go sa za shi ji su zu se ze so zo ta da chi ji xtsu tsu zu te de to do " +
	"na ni nu ne no ha ba pa hi bi pi fu bu pu he be pe ho bo po ma mi mu me mo xya ya xyu yu xyo yo ra ri ru re ro xwa wa wi we o n vu xka xke")

// appendKana gives one syllable. A small sign melts into the one before it (shi and ya: sha; fu and a: fa), a small tsu
// and the bar that lengthens are left out, for few keep them in Latin letters.
func appendKana(dst []byte, start int, runes []rune, i int) []byte {
	r := runes[i]
	if r >= 0x30A1 {
		r -= 0x60
	}
	if k := int(r - 0x3041); k >= 0 && k < len(kanaSounds) {
		sound := kanaSounds[k]
		small, isSmall := strings.CutPrefix(sound, "x")
		switch {
		case small == "tsu" && isSmall:
			return dst
		case !isSmall:
			return append(dst, sound...)
		}
		n := len(dst)
		if n > start && strings.IndexByte("aeiou", dst[n-1]) >= 0 {
			softened := dst[n-1] == 'i' && n-start > 1 && (dst[n-2] == 'h' && n-start > 2 || dst[n-2] == 'j')
			dst = dst[:n-1]
			if softened {
				small = strings.TrimPrefix(small, "y")
			}
		}
		return append(dst, small...)
	}
	return dst
}
