package salesforce

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// recordCounter counts the CSV records that are written through it, as encoding/csv would, and keeps the first, the
// header. It holds no more than a flag and that header, whatever is in the cells: text may have line ends in it.
type recordCounter struct {
	records int64
	quoted  bool // inside quotes
	content bool // the line has something in it
	cr      bool // the line's last byte is a carriage return that nothing follows yet
	header  []byte
}

// longestHeader is more than Salesforce allows a header to be.
const longestHeader = 256 << 10

var errHeader = errors.New("the header row does not end")

func (c *recordCounter) Write(p []byte) (int, error) {
	if c.records == 0 {
		n, err := c.first(p)
		if err != nil {
			return n, err
		}
		c.count(p[n:])
		return len(p), nil
	}
	c.count(p)
	return len(p), nil
}

// first takes bytes up to the end of the header row.
func (c *recordCounter) first(p []byte) (int, error) {
	for i := range p {
		c.count(p[i : i+1])
		c.header = append(c.header, p[i])
		if c.records > 0 {
			return i + 1, nil
		}
		if !c.content && !c.quoted && !c.cr {
			c.header = c.header[:0] // an empty line before it
		}
		if len(c.header) > longestHeader {
			return i, errHeader
		}
	}
	return len(p), nil
}

func (c *recordCounter) count(p []byte) {
	for len(p) > 0 {
		if c.quoted {
			end := bytes.IndexByte(p, '"')
			if end < 0 {
				return
			}
			// A doubled quote ends the quotes and begins them again.
			c.quoted = false
			p = p[end+1:]
			continue
		}
		b := p[0]
		p = p[1:]
		switch b {
		case '"':
			c.quoted, c.content = true, true
		case '\n':
			if c.content {
				c.records++
			}
			c.content, c.cr = false, false
		case '\r':
			c.content = c.content || c.cr
			c.cr = true
		default:
			c.content = true
		}
	}
}

// end counts a last record without a line end. It fails where the text ends inside quotes, which a whole page never does.
func (c *recordCounter) end() error {
	if c.quoted {
		return errors.New("the page ends inside a cell")
	}
	if c.content {
		c.records++
		c.content = false
	}
	return nil
}

// rows is the number of records without the header.
func (c *recordCounter) rows() int64 { return max(0, c.records-1) }

// columns are the names in the header.
func (c *recordCounter) columns() ([]string, error) {
	names, err := csv.NewReader(bytes.NewReader(c.header)).Read()
	if err == io.EOF {
		return nil, nil
	}
	return names, err
}

// headerFault compares a page's header with the fields asked for. ordered says that their order counts as well.
func headerFault(have, want []string, ordered bool) string {
	lower := func(names []string) []string {
		all := make([]string, len(names))
		for i, n := range names {
			all[i] = strings.ToLower(n)
		}
		return all
	}
	have, want = lower(have), lower(want)
	if !ordered {
		slices.Sort(have)
		slices.Sort(want)
	}
	if !slices.Equal(have, want) {
		return "the page's columns are not the fields asked for"
	}
	return ""
}

// appendRow writes a record as Bulk results have it: every value in quotes.
func appendRow(to []byte, cells []string) []byte {
	for i, cell := range cells {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(to, '"')
		for {
			quote := strings.IndexByte(cell, '"')
			if quote < 0 {
				break
			}
			to = append(to, cell[:quote+1]...)
			to = append(to, '"')
			cell = cell[quote+1:]
		}
		to = append(to, cell...)
		to = append(to, '"')
	}
	return append(to, '\n')
}
