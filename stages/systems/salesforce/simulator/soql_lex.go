package simulator

import "strings"

type token struct {
	kind byte // w word, s string, n number or date, p punctuation, 0 end
	text string
	at   int
}

func isWord(c byte) bool {
	return c == '_' || c == '.' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func lex(text string) ([]token, *apiError) {
	var tokens []token
	for i := 0; i < len(text); {
		c := text[i]
		start := i
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case c == '\'':
			var b strings.Builder
			for i++; ; i++ {
				if i >= len(text) {
					return nil, malformed(text, start, "unexpected token: '''")
				}
				if text[i] == '\'' {
					break
				}
				if text[i] == '\\' && i+1 < len(text) {
					i++
					switch text[i] {
					case 'n':
						b.WriteByte('\n')
					case 'r':
						b.WriteByte('\r')
					case 't':
						b.WriteByte('\t')
					default: // of an escaped % or _ the escape is kept for LIKE
						if text[i] == '%' || text[i] == '_' {
							b.WriteByte('\\')
						}
						b.WriteByte(text[i])
					}
					continue
				}
				b.WriteByte(text[i])
			}
			i++
			tokens = append(tokens, token{'s', b.String(), start})
		case '0' <= c && c <= '9' || (c == '-' || c == '+') && i+1 < len(text) && '0' <= text[i+1] && text[i+1] <= '9':
			for i++; i < len(text) && (isWord(text[i]) || text[i] == ':' || text[i] == '-' || text[i] == '+'); i++ {
			}
			tokens = append(tokens, token{'n', text[start:i], start})
		case isWord(c):
			for i++; i < len(text) && (isWord(text[i]) || text[i] == ':'); i++ {
			}
			tokens = append(tokens, token{'w', text[start:i], start})
		default:
			i++
			if i < len(text) && (text[start:i+1] == "!=" || text[start:i+1] == "<=" || text[start:i+1] == ">=" || text[start:i+1] == "<>") {
				i++
			}
			tokens = append(tokens, token{'p', text[start:i], start})
		}
	}
	return append(tokens, token{0, "<EOF>", len(text)}), nil
}
