package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// table lays out rows in columns: two spaces between, a thin rule below the heads, numbers to the right.
type table struct {
	heads []string
	right []bool
	most  []int // widest a column may get; 0: any
	rows  [][]cell
	ink   ink
	fit   int // places that a line may take; columns with a limit give way, down to narrowest. 0: any
}

const narrowest = 12

// cell is a text and how it is coloured.
type cell struct {
	text  string
	paint func(string) string
	drawn bool // a drawing: its blanks stay
}

const rule = "─"

// newTable takes heads; one that begins with > is a column of numbers, <n limits a column to n characters.
func newTable(i ink, heads ...string) *table {
	t := &table{ink: i}
	for _, h := range heads {
		right, most := false, 0
		if strings.HasPrefix(h, ">") {
			right, h = true, h[1:]
		}
		if strings.HasPrefix(h, "<") {
			var rest string
			fmt.Sscanf(h, "<%d", &most) //nolint:errcheck // our own heads
			if _, after, ok := strings.Cut(h, " "); ok {
				rest = after
			}
			h = rest
		}
		t.heads, t.right, t.most = append(t.heads, h), append(t.right, right), append(t.most, most)
	}
	return t
}

// add takes strings and cells.
func (t *table) add(values ...any) {
	row := make([]cell, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case cell:
			row[i] = v
		case string:
			row[i] = cell{text: v}
		default:
			row[i] = cell{text: fmt.Sprint(v)}
		}
		if !row[i].drawn {
			row[i].text = line(row[i].text)
		}
		if most := t.most[i]; most > 0 {
			row[i].text = cut(row[i].text, most)
		}
	}
	t.rows = append(t.rows, row)
}

// rule adds a thin line across the table.
func (t *table) rule() { t.rows = append(t.rows, nil) }

func (t *table) widths() []int {
	w := make([]int, len(t.heads))
	for i, h := range t.heads {
		w[i] = columns(h)
	}
	for _, row := range t.rows {
		for i, c := range row {
			w[i] = max(w[i], columns(c.text))
		}
	}
	return w
}

// squeeze takes places from the widest columns that have a limit until a line fits.
func (t *table) squeeze(widths []int) (whole int) {
	whole = 2 * (len(widths) - 1)
	for _, n := range widths {
		whole += n
	}
	for t.fit > 0 && whole+2 > t.fit {
		widest := -1
		for i, n := range widths {
			if t.most[i] > 0 && n > narrowest && (widest < 0 || n > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		whole--
	}
	return whole
}

// write lays the table out, each line indented by two spaces.
func (t *table) write(w io.Writer) {
	widths := t.widths()
	whole := t.squeeze(widths)
	thin := "  " + t.ink.dim(strings.Repeat(rule, whole)) + "\n"
	heads := make([]cell, len(t.heads))
	for i, h := range t.heads {
		heads[i] = cell{text: h, paint: t.ink.bold}
	}
	if strings.Join(t.heads, "") != "" {
		t.writeRow(w, heads, widths)
		io.WriteString(w, thin) //nolint:errcheck // the last write tells
	}
	for _, row := range t.rows {
		if row == nil {
			io.WriteString(w, thin) //nolint:errcheck // the last write tells
			continue
		}
		t.writeRow(w, row, widths)
	}
}

func (t *table) writeRow(w io.Writer, row []cell, widths []int) {
	var b strings.Builder
	pad := 2
	for i, c := range row {
		c.text = cut(c.text, widths[i])
		text := c.text
		if c.paint != nil {
			text = c.paint(text)
		}
		space := widths[i] - columns(c.text)
		switch {
		case c.text == "":
			pad += space + 2
		case t.right[i]:
			b.WriteString(strings.Repeat(" ", pad+space))
			b.WriteString(text)
			pad = 2
		default:
			b.WriteString(strings.Repeat(" ", pad))
			b.WriteString(text)
			pad = 2 + space
		}
	}
	fmt.Fprintln(w, b.String()) // no blanks at the end of a line
}

// columns is how many places of a terminal a text takes: two for wide characters, none for combining ones.
func columns(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		default:
			n++
			if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
				n++
			}
		}
	}
	return n
}

// cut shortens a text to the given places.
func cut(text string, most int) string {
	if columns(text) <= most {
		return text
	}
	n := 0
	for i, r := range text {
		if n += columns(string(r)); n > most-1 {
			return strings.TrimRight(text[:i], " ") + "…"
		}
	}
	return text
}
