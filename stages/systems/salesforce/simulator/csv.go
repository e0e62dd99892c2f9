package simulator

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// csvReader reads RFC 4180 with the bytes of quoted values as they are; encoding/csv makes LF of CR LF, which an org that
// holds 32 KB of text with CR LF does not.
type csvReader struct {
	in   *bufio.Reader
	line int
	cell []byte
}

func newCSVReader(r io.Reader) *csvReader {
	return &csvReader{in: bufio.NewReaderSize(r, 1<<16), line: 1}
}

var errQuote = errors.New("a quote is not where one may be")

// read gives one row in the storage of into; io.EOF at the end. Empty lines are left out.
func (c *csvReader) read(into []string) ([]string, error) {
	for {
		row, err := c.row(into[:0])
		if err != nil || len(row) > 1 || row[0] != "" {
			return row, err
		}
	}
}

func (c *csvReader) row(row []string) ([]string, error) {
	c.cell = c.cell[:0]
	quoted, closed, any := false, false, false
	for {
		b, err := c.in.ReadByte()
		if err == io.EOF {
			switch {
			case quoted && !closed:
				return nil, io.ErrUnexpectedEOF
			case !any:
				return nil, io.EOF
			}
			return append(row, string(c.cell)), nil
		}
		if err != nil {
			return nil, err
		}
		any = true
		if quoted && !closed {
			if b != '"' {
				if b == '\n' {
					c.line++
				}
				c.cell = append(c.cell, b)
				continue
			}
			if next, _ := c.in.Peek(1); len(next) == 1 && next[0] == '"' {
				c.in.ReadByte() //nolint:errcheck // it was just seen
				c.cell = append(c.cell, '"')
				continue
			}
			closed = true
			continue
		}
		switch b {
		case '"':
			if closed || len(c.cell) > 0 {
				return nil, errQuote
			}
			quoted = true
		case ',':
			row = append(row, string(c.cell))
			c.cell, quoted, closed = c.cell[:0], false, false
		case '\r':
			if next, _ := c.in.Peek(1); len(next) == 1 && next[0] == '\n' {
				continue
			}
			c.cell = append(c.cell, b)
		case '\n':
			c.line++
			return append(row, string(c.cell)), nil
		default:
			if closed {
				return nil, errQuote
			}
			c.cell = append(c.cell, b)
		}
	}
}

// appendCSV adds a value as the Bulk API writes it: always quoted, quotes doubled.
func appendCSV(to []byte, value string) []byte {
	to = append(to, '"')
	for {
		i := strings.IndexByte(value, '"')
		if i < 0 {
			break
		}
		to = append(to, value[:i+1]...)
		to = append(to, '"')
		value = value[i+1:]
	}
	return append(append(to, value...), '"')
}
