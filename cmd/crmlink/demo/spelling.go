package demo

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// folds are the letters that people type without their marks.
var folds = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "ā", "a", "ą", "a", "æ", "ae", "ç", "c", "č", "c", "ć", "c", "ď", "d", "đ", "d",
	"é", "e", "è", "e", "ê", "e", "ë", "e", "ě", "e", "ę", "e", "ğ", "g", "í", "i", "ì", "i", "î", "i", "ï", "i", "ı", "i", "ł", "l",
	"ñ", "n", "ń", "n", "ň", "n", "ó", "o", "ò", "o", "ô", "o", "ö", "o", "õ", "o", "ø", "o", "ō", "o", "œ", "oe", "ř", "r", "š", "s", "ś", "s", "ş", "s", "ß", "ss",
	"ť", "t", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ů", "u", "ý", "y", "ÿ", "y", "ž", "z", "ź", "z", "ż", "z", "ð", "d",
	"Á", "A", "À", "A", "Â", "A", "Ä", "A", "Ã", "A", "Å", "A", "Æ", "Ae", "Ç", "C", "Č", "C", "Ć", "C", "É", "E", "È", "E", "Ê", "E", "Í", "I", "İ", "I",
	"Ł", "L", "Ñ", "N", "Ó", "O", "Ò", "O", "Ô", "O", "Ö", "O", "Õ", "O", "Ø", "O", "Ř", "R", "Š", "S", "Ś", "S", "Ş", "S", "Ú", "U", "Ù", "U", "Ü", "U",
	"Ý", "Y", "Ž", "Z", "Ź", "Z", "Ż", "Z",
)

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// fold takes the marks off Latin letters and leaves other scripts alone.
func fold(s string) string {
	if ascii(s) {
		return s
	}
	return folds.Replace(s)
}

// slug keeps letters and digits only, in lower case: what stands in addresses.
func slug(s string) string {
	s = fold(s)
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b = append(b, c)
		case c >= 'A' && c <= 'Z':
			b = append(b, c+32)
		}
	}
	return string(b)
}

// dashed is slug with a dash between words.
func dashed(s string) string {
	f := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' || r == '&' || r == ',' || r == '.' })
	for i := range f {
		f[i] = slug(f[i])
	}
	return strings.Join(f, "-")
}

// typo makes one slip of the keyboard and keeps the first letter, as most slips do.
func typo(d *draw, s string) string {
	r := []rune(s)
	if len(r) < 4 {
		return s + string(r[len(r)-1])
	}
	for range 8 {
		i := 1 + d.n(len(r)-2)
		if !unicode.IsLower(r[i]) || !unicode.IsLower(r[i+1]) {
			continue
		}
		var out []rune
		switch d.n(4) {
		case 0:
			out = append(append(out, r[:i]...), r[i+1:]...)
		case 1:
			out = append(append(append(out, r[:i+1]...), r[i]), r[i+1:]...)
		case 2:
			out = append(out, r...)
			out[i], out[i+1] = out[i+1], out[i]
		default:
			out = append(out, r...)
			out[i] = near(d, r[i])
		}
		if t := string(out); t != s {
			return t
		}
	}
	return s + string(r[len(r)-1])
}

// near gives a letter beside r on the keyboard.
func near(d *draw, r rune) rune {
	for _, row := range []string{"qwertyuiop", "asdfghjkl", "zxcvbnm"} {
		if i := strings.IndexRune(row, r); i >= 0 {
			if i > 0 && (i == len(row)-1 || d.chance(500)) {
				return rune(row[i-1])
			}
			return rune(row[i+1])
		}
	}
	return 'e'
}

// digits fills a pattern: # becomes a digit and @ a capital letter.
func digits(d *draw, pattern string) string {
	b := []byte(pattern)
	for i, c := range b {
		switch c {
		case '#':
			b[i] = byte('0' + d.n(10))
		case '@':
			b[i] = "ABCEGHJKLMNPRSTVWXYZ"[d.n(20)]
		}
	}
	return string(b)
}
