package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// console is where a verb writes: the answer to out, progress and errors to err.
type console struct{ out, err io.Writer }

// terminal says whether a stream is one, and how wide. A file or pipe has room for whole values.
func terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 150, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		width = 80
	}
	return width, true
}

// ink colours text, on a terminal and where NO_COLOR does not forbid it (no-color.org).
type ink bool

func inkFor(w io.Writer) ink {
	_, ok := terminal(w)
	return ink(ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

func (i ink) wrap(code, text string) string {
	if !i || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (i ink) bold(text string) string   { return i.wrap("1", text) }
func (i ink) dim(text string) string    { return i.wrap("2", text) }
func (i ink) red(text string) string    { return i.wrap("31", text) }
func (i ink) green(text string) string  { return i.wrap("32", text) }
func (i ink) yellow(text string) string { return i.wrap("33", text) }

// named colours a text by the name of its colour; the name itself is always printed by the caller.
func (i ink) named(color, text string) string {
	switch color {
	case "green":
		return i.green(text)
	case "yellow":
		return i.yellow(text)
	case "red":
		return i.red(text)
	}
	return text
}

// plain takes control characters out of a text: a name in a CRM must not be able to drive a terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '·'
		}
		return r
	}, text)
}

// line is plain on one line.
func line(text string) string {
	return strings.Join(strings.Fields(plain(text)), " ")
}

// writeJSON writes a value as the answer.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// number writes a whole number with commas: 1,234,567.
func number[N int | int64](n N) string {
	digits, sign := fmt.Sprint(n), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// count writes a number with its noun: 1 row, 2 rows.
func count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}
