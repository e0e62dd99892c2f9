package salesforce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// refusal is an answer other than success. What Salesforce says is kept short, on one line and without secrets.
type refusal struct {
	Status  int
	Code    string // errorCode in capitals without underscores; empty where the body is none of Salesforce's
	Message string
	Place   string // host that a redirect leads to
}

func (r *refusal) Error() string {
	text := fmt.Sprintf("HTTP %d", r.Status)
	if name := http.StatusText(r.Status); name != "" {
		text += " " + name
	}
	if r.Message != "" {
		text += ": " + r.Message
	}
	return text
}

// is compares error codes as they are spelled by either Bulk API: INVALID_SESSION_ID and InvalidSessionId are one.
func (r *refusal) is(codes ...string) bool {
	for _, c := range codes {
		if r.Code == codeOf(c) {
			return true
		}
	}
	return false
}

func codeOf(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "_", "")) }

// mostOfAnError is how much of an error's body is read.
const mostOfAnError = 64 << 10

// refused reads what an unsuccessful answer says.
func refused(answer *http.Response) *refusal {
	body, _ := io.ReadAll(io.LimitReader(answer.Body, mostOfAnError)) // a part is better than nothing
	r := readError(answer.StatusCode, body)
	if answer.StatusCode/100 == 3 {
		if to, err := answer.Location(); err == nil {
			r.Place = to.Host
			r.Message = "redirects to " + to.Host
		}
	}
	return r
}

// readError makes sense of an error's body, which may be an array (REST), an object (OAuth, Bulk), a page of HTML from
// something in between, XML, or nothing at all.
func readError(status int, body []byte) *refusal {
	r := &refusal{Status: status}
	type one struct {
		Message          string `json:"message"`
		ErrorCode        string `json:"errorCode"`
		ExceptionCode    string `json:"exceptionCode"`
		ExceptionMessage string `json:"exceptionMessage"`
		Error            string `json:"error"`
		ErrorDescription string `json:"error_description"`
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	var all []json.RawMessage
	var said one
	switch {
	case len(body) == 0:
		return r
	case body[0] == '[':
		// Members that are no error objects are passed over; the first with a code speaks for all.
		if json.Unmarshal(body, &all) == nil {
			for _, raw := range all {
				var next one
				if json.Unmarshal(raw, &next) == nil && said.ErrorCode == "" {
					said = next
				}
			}
		}
	case body[0] == '{':
		if json.Unmarshal(body, &said) != nil {
			said = one{}
		}
	case body[0] == '<':
		if !bytes.Contains(body, []byte("exceptionCode")) {
			r.Message = "a web page instead of an answer"
			return r
		}
		said.ExceptionCode = between(body, "<exceptionCode>", "</exceptionCode>")
		said.ExceptionMessage = between(body, "<exceptionMessage>", "</exceptionMessage>")
	default:
		r.Message = oneLine(string(body)) // Bad_OAuth_Token and its like come as bare words
		return r
	}
	for _, code := range []string{said.ErrorCode, said.ExceptionCode, said.Error} {
		if code != "" {
			r.Code = codeOf(oneLine(code))
			r.Message = oneLine(code)
			break
		}
	}
	for _, text := range []string{said.Message, said.ExceptionMessage, said.ErrorDescription} {
		if text = oneLine(text); text != "" {
			if r.Message != "" {
				r.Message += ": "
			}
			r.Message += text
			break
		}
	}
	return r
}

func between(body []byte, from, to string) string {
	_, rest, ok := bytes.Cut(body, []byte(from))
	if !ok {
		return ""
	}
	text, _, _ := bytes.Cut(rest, []byte(to))
	return string(text)
}

// longestMessage is how much of a message is passed on: an unknown object is told by quoting the whole SOQL.
const longestMessage = 400

// oneLine makes a message of several lines, as Salesforce writes them, one line of printable text.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(s) <= longestMessage {
		return s
	}
	cut := longestMessage
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + " …"
}
