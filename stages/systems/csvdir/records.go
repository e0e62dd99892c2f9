package csvdir

import (
	"encoding/csv"
	"io"
	"strings"
)

// records reads CSV as encoding/csv does, with the same errors, any number of cells, and no empty lines. Cells are cut out of
// the text that was read and not copied, but for those with a quote or the end of a line inside.
type records struct {
	in     io.Reader
	comma  byte
	buffer []byte
	text   string // what was read and
	at     int    // where the next record starts in it
	end    error  // why nothing more is read
	lines  int    // that were passed
	start  int    // line of the record
	record []string
	cell   []byte
}

// windowBytes is how much is read at once. What lies beyond a fault should not be known before the fault is.
const windowBytes = 16 << 10

func newRecords(in io.Reader, comma rune) *records {
	return &records{in: in, comma: byte(comma)}
}

// next gives the cells of the next record, valid until the call after, and the line it starts at. A fault of the text is a
// *csv.ParseError; its line is not read any further.
func (r *records) next() (record []string, line int, err error) {
	for {
		whole, err := r.parse()
		if whole {
			return r.record, r.start, err
		}
		r.fill()
	}
}

// fill reads on, at least as much again as there is of a record that is not whole: a long one is not copied over and over.
func (r *records) fill() {
	rest := r.text[r.at:]
	if size := len(rest) + max(windowBytes, len(rest)+1); len(r.buffer) < size {
		r.buffer = make([]byte, size)
	}
	n := copy(r.buffer, rest)
	for idle := 0; r.end == nil && n <= 2*len(rest); {
		more, err := r.in.Read(r.buffer[n:])
		n, r.end = n+more, err
		if idle++; more > 0 {
			idle = 0
		} else if idle == 100 && err == nil {
			r.end = io.ErrNoProgress
		}
	}
	r.text, r.at = string(r.buffer[:n]), 0
}

// textLine is a line of the text, without its end.
type textLine struct {
	text   string
	ended  bool // by a newline
	broken bool // by an error of reading
}

// lineAt cuts out the line at a place and gives the place behind it. ok is false where its end is not read yet. Behind the
// end of the text lines are empty.
func (r *records) lineAt(at int) (l textLine, next int, ok bool) {
	if i := strings.IndexByte(r.text[at:], '\n'); i >= 0 {
		l = textLine{text: r.text[at : at+i], ended: true}
		l.text = strings.TrimSuffix(l.text, "\r")
		return l, at + i + 1, true
	}
	l = textLine{text: r.text[at:], broken: r.end != io.EOF}
	if !l.broken {
		l.text = strings.TrimSuffix(l.text, "\r")
	}
	return l, len(r.text), r.end != nil
}

// parse reads one record. whole is false where more has to be read: then nothing has changed.
func (r *records) parse() (whole bool, err error) {
	at, lines := r.at, r.lines
	var l textLine
	for l.text == "" && !l.broken {
		if at == len(r.text) && r.end == io.EOF {
			r.at = at
			return true, io.EOF
		}
		var ok bool
		if l, at, ok = r.lineAt(at); !ok {
			return false, nil
		}
		lines++
	}
	r.record = r.record[:0]
	start, line := lines, l.text
	stop := func(err error) (bool, error) {
		r.at, r.lines, r.start = at, lines, start
		return true, err
	}
	fault := func(kind error) (bool, error) {
		return stop(&csv.ParseError{StartLine: start, Line: lines, Column: 1, Err: kind})
	}
cells:
	for {
		if line == "" || line[0] != '"' {
			i := strings.IndexByte(line, r.comma)
			cell := line
			if i >= 0 {
				cell = line[:i]
			}
			if strings.IndexByte(cell, '"') >= 0 {
				return fault(csv.ErrBareQuote)
			}
			r.record = append(r.record, cell)
			if i < 0 {
				break
			}
			line = line[i+1:]
			continue
		}
		line = line[1:]
		if i := strings.IndexByte(line, '"'); i >= 0 && (i+1 == len(line) || line[i+1] == r.comma) {
			r.record = append(r.record, line[:i])
			if i+1 == len(line) {
				break
			}
			line = line[i+2:]
			continue
		}
		r.cell = r.cell[:0]
		for {
			if i := strings.IndexByte(line, '"'); i >= 0 {
				r.cell = append(r.cell, line[:i]...)
				line = line[i+1:]
				if line != "" && line[0] == '"' {
					r.cell, line = append(r.cell, '"'), line[1:]
					continue
				}
				if line != "" && line[0] != r.comma {
					return fault(csv.ErrQuote)
				}
				r.record = append(r.record, string(r.cell))
				if line == "" {
					break cells
				}
				line = line[1:]
				continue cells
			}
			if l.broken {
				break cells
			}
			if line == "" && !l.ended {
				return fault(csv.ErrQuote)
			}
			r.cell = append(r.cell, line...)
			if l.ended {
				r.cell = append(r.cell, '\n')
			}
			before := at
			var ok bool
			if l, at, ok = r.lineAt(at); !ok {
				return false, nil
			}
			if line = l.text; at > before && (line != "" || l.ended) {
				lines++
			}
		}
	}
	if l.broken {
		return stop(r.end)
	}
	return stop(nil)
}

// isUnfinished says of a quote that is at fault whether it is open at the end of the text: nothing follows.
func (r *records) isUnfinished() bool {
	_, _, after := r.next()
	return after == io.EOF
}
