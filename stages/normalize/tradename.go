package normalize

import (
	"slices"
	"strings"
)

var tradeMarks = [][]string{{"doing", "business", "as"}, {"d", "b", "a"}, {"dba"}, {"trading", "as"}, {"formerly", "known", "as"},
	{"formerly"}, {"f", "k", "a"}, {"fka"}, {"also", "known", "as"}, {"a", "k", "a"}, {"aka"}, {"now", "part", "of"}, {"vormals"}, {"anciennement"}}

// splitTradeNames cuts a name at "doing business as" and the like; what follows is another name of the company.
func splitTradeNames(words []string) (main, other []string) {
	for i := 1; i < len(words)-1; i++ {
		for _, mark := range tradeMarks {
			if len(words)-i > len(mark) && slices.Equal(words[i:i+len(mark)], mark) {
				return words[:i], words[i+len(mark):]
			}
		}
	}
	return words, nil
}

// takeParentheses cuts what stands in parentheses or brackets out of a name.
func (know *knowledge) takeParentheses(s string) (string, []string) {
	if !strings.ContainsAny(s, "([（") {
		return s, nil
	}
	var main strings.Builder
	var asides []string
	for s != "" {
		i := strings.IndexAny(s, "([（")
		if i < 0 {
			main.WriteString(s)
			break
		}
		j := strings.IndexAny(s[i:], ")]）")
		if j < 0 {
			main.WriteString(s)
			break
		}
		main.WriteString(s[:i])
		aside := s[i : i+j]
		asides = append(asides, strings.Trim(aside, "([（"))
		// A legal form such as (Pvt) Ltd keeps its place among the words.
		if f := know.legalForms[compactOf(aside)]; f.name != "" || strings.EqualFold(strings.Trim(aside, "( "), "p") || isEastAsian(aside) {
			main.WriteString(" " + aside + ") ")
			asides = asides[:len(asides)-1]
		} else {
			main.WriteByte(' ')
		}
		rest := s[i+j:]
		for _, c := range []string{")", "]", "）"} {
			if r, ok := strings.CutPrefix(rest, c); ok {
				rest = r
				break
			}
		}
		s = rest
	}
	return strings.TrimSpace(main.String()), asides
}
