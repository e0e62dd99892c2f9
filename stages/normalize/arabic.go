package normalize

// Arabic writing leaves short vowels out and has letters that are a vowel or a consonant by their place: waw is u or w,
// ya is i or y. appendArabic gives them as their neighbours ask, parts the article from its noun, and leaves the rest
// to the letters' own values. It returns how many runes it took; 0 where the rune is no such letter.
func appendArabic(dst []byte, runes []rune, i int) ([]byte, int) {
	at := func(k int) rune { return runeAt(runes, k) }
	first := !isArabicLetter(at(i - 1))
	switch r := runes[i]; r {
	case 'ا':
		if at(i+1) == 'ل' && isArabicLetter(at(i+2)) && isArabicLetter(at(i+3)) && (first || i >= 3 && at(i-3) == 'ع' && at(i-2) == 'ب' && at(i-1) == 'د') {
			if first {
				return append(dst, "al "...), 2 // the article
			}
			return append(dst, "ul"...), 2 // servant of the
		}
		return append(dst, 'a'), 1
	case 'أ', 'آ', 'ٱ', 'ى', 'ة':
		return append(dst, 'a'), 1
	case 'إ', 'ئ':
		return append(dst, 'i'), 1
	case 'ؤ':
		return append(dst, 'u'), 1
	case 'ء':
		return dst, 1
	case 'ع':
		if first || at(i-1) == 'ل' && at(i-2) == 'ا' {
			return append(dst, 'a'), 1
		}
		return dst, 1
	case 'و':
		if first || isArabicVowel(at(i+1)) || at(i-1) == 'ا' || at(i-1) == 'ل' && at(i-2) == 'ا' {
			return append(dst, 'w'), 1
		}
		return append(dst, 'u'), 1
	case 'ي', 'ی':
		if first || at(i+1) == 'ا' || at(i+1) == 'و' {
			return append(dst, 'y'), 1
		}
		return append(dst, 'i'), 1
	}
	return dst, 0
}

func isArabicLetter(r rune) bool { return r >= 'ء' && r <= 'ي' || r >= 'ٱ' && r <= 'ە' }

func isArabicVowel(r rune) bool {
	switch r {
	case 'ا', 'ي', 'ی', 'ى', 'ة', 'أ', 'آ':
		return true
	}
	return false
}
