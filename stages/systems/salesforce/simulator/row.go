package simulator

import (
	"encoding/binary"
	"strings"
)

// row is one version of a record: its cells in the order of the table's fields, each behind its length, empty ones at the
// end left out. It is never changed, so that a job or a cursor keeps the rows it was made with at 16 bytes each, and cells
// are read without copying.
type row string

func encode(cells []string) row {
	n := len(cells)
	for n > 0 && cells[n-1] == "" {
		n--
	}
	size := 0
	for _, c := range cells[:n] {
		size += len(c) + 1
		if len(c) > 127 {
			size += 2
		}
	}
	var b strings.Builder
	b.Grow(size)
	var length [binary.MaxVarintLen64]byte
	for _, c := range cells[:n] {
		b.Write(length[:binary.PutUvarint(length[:], uint64(len(c)))])
		b.WriteString(c)
	}
	return row(b.String())
}

// cells gives n cells in the storage of into.
func (r row) cells(into []string, n int) []string {
	into = into[:0]
	for at := 0; at < len(r) && len(into) < n; {
		length, shift := 0, 0
		for {
			c := r[at]
			at++
			length |= int(c&0x7f) << shift
			if c < 0x80 {
				break
			}
			shift += 7
		}
		into = append(into, string(r[at:at+length]))
		at += length
	}
	for len(into) < n {
		into = append(into, "")
	}
	return into
}
