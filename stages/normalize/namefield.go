package normalize

import (
	"slices"
	"strings"
	"unicode"
)

// word is one word of a name field: folded, with what its spelling said.
type word struct {
	text    string // folded, one word
	compact string // the whole field word it comes from, without signs: phd for Ph.D.
	upper   bool   // written in capitals only
	dotted  bool
}

// field is what a name field says.
type field struct {
	words []word
	after []word   // words behind a comma that are no credentials: the given name of "Last, First"
	nick  []string // names in quotes or parentheses
}

// takeField takes a name field apart: what is in parentheses or quotes, behind a bar or a comma, and the words.
func (know *knowledge) takeField(s string) (f field) {
	if s == "" {
		return f
	}
	if strings.ContainsRune(s, '@') {
		return f
	}
	s, f.nick = know.takeAsides(s)
	f.nick = slices.Clip(f.nick)
	for _, bar := range []string{"|", " - ", " – ", " — ", " • ", " / "} {
		if i := strings.Index(s, bar); i > 0 {
			s = s[:i]
		}
	}
	main, rest, comma := strings.Cut(s, ",")
	f.words = know.wordsOf(main)
	if !comma {
		return f
	}
	for part := range strings.SplitSeq(rest, ",") {
		words := know.wordsOf(part)
		if len(words) > 0 && !know.allCredentials(words) && len(f.after) == 0 {
			f.after = words
		}
	}
	return f
}

// takeAsides cuts parentheses, brackets and quotes out of a name. One word in them is a nickname; pronouns are not.
func (know *knowledge) takeAsides(s string) (string, []string) {
	if !strings.ContainsAny(s, "([{\"“”„«*") {
		return s, nil
	}
	var out strings.Builder
	var nick []string
	var aside strings.Builder
	inside := rune(0)
	for _, r := range s {
		switch {
		case inside != 0 && r == inside:
			if t := strings.Fields(Fold(aside.String())); len(t) == 1 && len(t[0]) > 1 && know.honorific[t[0]]&honorEnd == 0 &&
				know.honorific[t[0]]&honorCare == 0 && !strings.ContainsRune(aside.String(), '/') && !pronouns[t[0]] && !hasDigit(t[0]) {
				nick = append(nick, t[0])
			}
			aside.Reset()
			inside = 0
			out.WriteByte(' ')
		case inside != 0:
			aside.WriteRune(r)
		case closing[r] != 0:
			inside = closing[r]
		case r == '*':
			out.WriteByte(' ')
		default:
			out.WriteRune(r)
		}
	}
	return out.String(), nick
}

var closing = map[rune]rune{'(': ')', '[': ']', '{': '}', '"': '"', '“': '”', '„': '“', '«': '»'}

var pronouns = map[string]bool{"he": true, "him": true, "his": true, "she": true, "her": true, "hers": true, "they": true,
	"them": true, "theirs": true, "ze": true, "hir": true, "el": true, "ella": true, "er": true, "sie": true, "il": true, "elle": true}

func (know *knowledge) wordsOf(s string) []word {
	var words []word
	for raw := range strings.FieldsSeq(s) {
		if a, _, slash := strings.Cut(raw, "/"); slash && pronouns[Fold(a)] {
			continue
		}
		folded := know.foldName(raw)
		if folded == "" {
			continue
		}
		w := word{text: folded, compact: folded, upper: isUpper(raw), dotted: strings.Contains(raw, ".")}
		if strings.IndexByte(folded, ' ') < 0 {
			words = append(words, w)
			continue
		}
		w.compact = strings.ReplaceAll(folded, " ", "")
		for part := range strings.SplitSeq(folded, " ") {
			w.text = part
			words = append(words, w)
		}
	}
	return words
}

func isUpper(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			letters++
		}
	}
	return letters > 1
}

func texts(words []word) []string {
	t := make([]string, len(words))
	for i, w := range words {
		t[i] = w.text
	}
	return t
}

func (know *knowledge) allCredentials(words []word) bool {
	for _, w := range words {
		if know.honorific[w.compact]&honorEnd == 0 && know.honorific[w.compact]&honorCare == 0 && know.honorific[w.compact]&honorFront == 0 && !(w.upper && len(w.text) <= 5) {
			return false
		}
	}
	return true
}
