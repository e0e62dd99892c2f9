package normalize

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

// Fold gives the form of a text that is compared: NFKC, transliterated to ASCII, lower case, letters and digits only,
// one space between words. Apostrophes vanish (O'Brien: obrien), an ampersand is the word "and", everything else that
// is no letter or digit separates words. Umlauts lose their dots (ä: a, ö: o, ü: u) and ß is ss; that ae, oe and ue
// may stand for them too is the surname skeleton's and the data files' business. Fold is idempotent.
func Fold(s string) string {
	if isFolded(s) {
		return s
	}
	var short [96]byte // most texts fit, and cost one allocation
	return string(appendFold(short[:0], s))
}

// isFolded says whether a text needs no work, which is true of most words seen twice.
func isFolded(s string) bool {
	space := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			space = false
		case c == ' ' && !space:
			space = true
		default:
			return false
		}
	}
	return !space || s == ""
}

// What an ASCII byte becomes: itself in lower case, nothing, a space or "and".
const (
	foldDrop  = 0
	foldSpace = ' '
	foldAnd   = '&'
)

var foldASCII = func() (t [utf8.RuneSelf]byte) {
	for i := range t {
		switch c := byte(i); {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			t[i] = c
		case 'A' <= c && c <= 'Z':
			t[i] = c + 'a' - 'A'
		case c == '\'' || c == '`':
			t[i] = foldDrop
		case c == '&':
			t[i] = foldAnd
		default:
			t[i] = foldSpace
		}
	}
	return t
}()

func appendFold(dst []byte, s string) []byte {
	start := len(dst)
	if !isASCII(s) && !norm.NFKC.IsNormalString(s) {
		s = norm.NFKC.String(s)
	}
	if !isASCII(s) && readsNeighbours(s) {
		return appendNeighbours(dst, start, s)
	}
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			dst = appendFoldASCII(dst, start, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if n := len(dst); (r == 'υ' || r == 'ύ') && n > start && dst[n-1] == 'o' { // Greek ου is one sound
			dst = append(dst, 'u')
			continue
		}
		for text := transliterate(r); len(text) > 0; text = text[1:] {
			dst = appendFoldASCII(dst, start, text[0])
		}
	}
	if n := len(dst); n > start && dst[n-1] == ' ' {
		dst = dst[:n-1]
	}
	return dst
}

func appendFoldASCII(dst []byte, start int, c byte) []byte {
	switch f := foldASCII[c&0x7f]; f {
	case foldDrop:
		return dst
	case foldSpace:
		if n := len(dst); n > start && dst[n-1] != ' ' {
			return append(dst, ' ')
		}
		return dst
	case foldAnd:
		dst = appendFoldASCII(dst, start, ' ')
		return append(dst, "and "...)
	default:
		return append(dst, f)
	}
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// transliterated holds the letters up to U+0600 (Latin, Greek, Cyrillic, Armenian, Hebrew), so that common text costs
// no call.
var transliterated = func() (t [0x600]string) {
	for i := utf8.RuneSelf; i < len(t); i++ {
		t[i] = transliterateSlowly(rune(i))
	}
	return t
}()

func transliterate(r rune) string {
	if int(r) < len(transliterated) {
		return transliterated[r]
	}
	return transliterateSlowly(r)
}

// transliterateSlowly gives ASCII for a rune: nothing for marks, a space for what is no letter.
func transliterateSlowly(r rune) string {
	if text, ok := spelled[r]; ok {
		return text
	}
	switch {
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r), unicode.Is(unicode.Cf, r), r == 'ʼ', r == '’', r == '‘', r == 'ʻ', r == '´':
		return ""
	case r == utf8.RuneError, !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Mc, r):
		return " "
	}
	text := strings.ToLower(strings.TrimSpace(unidecode.Unidecode(string(r))))
	if !isASCII(text) || text == "" || text == "[?]" {
		return ""
	}
	return strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return -1
	}, text)
}

// spelled are the letters for which the spelling that people use in business differs from the table of the library.
var spelled = map[rune]string{
	'й': "y", 'Й': "y", 'ю': "yu", 'Ю': "yu", 'я': "ya", 'Я': "ya", 'ё': "e", 'Ё': "e", 'ъ': "", 'Ъ': "", 'ь': "", 'Ь': "",
	'х': "kh", 'Х': "kh", 'щ': "shch", 'Щ': "shch", 'є': "ye", 'Є': "ye", 'ї': "i", 'Ї': "i", 'ґ': "g", 'Ґ': "g",
	'ä': "a", 'Ä': "a", 'ö': "o", 'Ö': "o", 'ü': "u", 'Ü': "u", 'ß': "ss", 'ẞ': "ss", 'å': "a", 'Å': "a", 'ø': "o", 'Ø': "o",
	'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ı': "i", 'İ': "i", 'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d", 'þ': "th", 'Þ': "th",
	'ћ': "c", 'Ћ': "c", 'ђ': "dj", 'Ђ': "dj", 'џ': "dz", 'Џ': "dz",
	'η': "i", 'Η': "i", 'ή': "i", 'Ή': "i", 'χ': "ch", 'Χ': "ch", 'υ': "y", 'Υ': "y", 'ύ': "y", 'Ύ': "y",
}
