package sql

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// earlierRows are the rows of an earlier version of a list, by their digests: what of a new version is known is neither parsed nor
// held.
type earlierRows struct {
	version Digested
	data    []byte
	close   func() error
	rows    []earlierRow
	starts  [schemas.ManyParts + 1]int // the first row of each part, and behind the last
	slots   []earlierSlot              // open addressing by digest
	seen    []bool
	again   bool             // one row stood twice
	files   map[string]int64 // rows that were known, by file
}

// earlierRow is where a row's key begins in the data, and where its digest does, which follows.
type earlierRow struct{ key, sum uint32 }

// earlierSlot has a row's digest beside its number, counted from 1: each place in memory that is looked at is waited for.
type earlierSlot struct {
	sum digest
	row uint32
}

// earlierRows reads digests; nil where they are of other columns, or damaged, and nothing can be held against them.
func (s *Session) earlierRows(table schemas.Table, version Digested) (*earlierRows, error) {
	data, close, err := s.MapObject(version.Digests)
	if Damaged(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e, err := readEarlierRows(table, data)
	if e == nil {
		err = errors.Join(err, close())
	}
	if err != nil {
		return nil, fmt.Errorf("the object %s… %w", version.Digests[:12], err)
	}
	if e != nil {
		e.version, e.close = version, close
	}
	return e, nil
}

// readEarlierRows gives nil for digests of other columns.
func readEarlierRows(table schemas.Table, data []byte) (*earlierRows, error) {
	head := digestsHead(table)
	if !bytes.HasPrefix(data, head) || len(data) > math.MaxUint32 {
		return nil, nil
	}
	e, at := &earlierRows{data: data, files: map[string]int64{}}, len(head)
	number := func() int {
		n, size := binary.Uvarint(e.data[at:])
		if size <= 0 || n > uint64(len(e.data)-at-size) {
			return -1
		}
		at += size
		return int(n)
	}
	for part := range schemas.ManyParts {
		n := number()
		if n < 0 {
			return nil, errNoDigests
		}
		for range n {
			size := number()
			if size < 0 || at+size+len(digest{}) > len(e.data) {
				return nil, errNoDigests
			}
			e.rows = append(e.rows, earlierRow{uint32(at), uint32(at + size)})
			at += size + len(digest{})
		}
		e.starts[part+1] = len(e.rows)
	}
	if at != len(e.data) {
		return nil, errNoDigests
	}
	e.seen, e.slots = make([]bool, len(e.rows)), make([]earlierSlot, len(e.rows)*3/2+1)
	for n := range e.rows {
		sum := digest(e.sum(n))
		i := e.slot(sum)
		for e.slots[i].row != 0 {
			i = e.next(i)
		}
		e.slots[i] = earlierSlot{sum, uint32(n + 1)}
	}
	return e, nil
}

func (e *earlierRows) key(n int) []byte { return e.data[e.rows[n].key:e.rows[n].sum] }
func (e *earlierRows) sum(n int) []byte {
	return e.data[e.rows[n].sum : int(e.rows[n].sum)+len(digest{})]
}

func (e *earlierRows) slot(sum digest) int {
	i, _ := bits.Mul64(binary.LittleEndian.Uint64(sum[:]), uint64(len(e.slots)))
	return int(i)
}

// next is the slot behind another, the first behind the last.
func (e *earlierRows) next(i int) int {
	if i++; i == len(e.slots) {
		return 0
	}
	return i
}

// each hands over the rows of a part in the order of their keys. There are none where there is no earlier version.
func (e *earlierRows) each(part int, take func(key, sum []byte, seen bool)) {
	if e == nil {
		return
	}
	for n := e.starts[part]; n < e.starts[part+1]; n++ {
		take(e.key(n), e.sum(n), e.seen[n])
	}
}

// NewDigestedOver is NewDigested for what is held against an earlier version, whose rows then need not be added; nil where it
// cannot be.
func (s *Session) NewDigestedOver(ctx context.Context, table schemas.Table, earlier Digested) (*Held, error) {
	if earlier.Digests == "" || earlier.Repeated || earlier.Table.Table != table.Name {
		return nil, nil
	}
	if amends, err := s.canAmend(table, earlier.Table); err != nil || !amends {
		return nil, err
	}
	e, err := s.earlierRows(table, earlier)
	if e == nil {
		return nil, err
	}
	h := NewDigested(table)
	h.earlier = e
	return h, nil
}

// see notes that a row is there, if the earlier version has it.
func (e *earlierRows) see(sum digest) bool {
	for i := e.slot(sum); e.slots[i].row != 0; i = e.next(i) {
		if slot := &e.slots[i]; slot.sum == sum {
			e.again = e.again || e.seen[slot.row-1]
			e.seen[slot.row-1] = true
			return true
		}
	}
	return false
}

// Known says whether the earlier version has a row, by its cells in the order of the table's columns.
func (h *Held) Known(file string, cells []string) bool {
	known := h.earlier.see(h.digestOf(cells))
	if known {
		h.earlier.files[file]++
	}
	return known
}

// unknown are the rows of each part that the earlier version has not.
func (h *Held) unknown(parts [][]heldRow) [][]heldRow {
	others := make([][]heldRow, len(parts))
	for number, rows := range parts {
		for _, row := range rows {
			if !h.earlier.see(h.digests[row.batch][row.i]) {
				others[number] = append(others[number], row)
			}
		}
	}
	return others
}

// KnownRows are the rows that were known, by file.
func (h *Held) KnownRows() map[string]int64 {
	if h.earlier == nil {
		return nil
	}
	return h.earlier.files
}

// IsFew says of what is held over an earlier version whether it may be few enough beside it.
func (h *Held) IsFew() bool {
	held := 0
	for _, rows := range h.parts {
		held += len(rows)
	}
	return 2*held*mostAmended <= len(h.earlier.rows)
}

// tellApart holds the rows of each part against the earlier version. It gives the rows that the earlier version has not, and the
// keys that are gone; once is false where several rows have one key.
func (h *Held) tellApart(parts [][]heldRow) (other []heldRow, gone []string, once bool) {
	once = !h.earlier.again
	for number, rows := range parts {
		once = once && firstRepeated(rows) == len(rows)
		other = append(other, rows...)
		h.earlier.each(number, func(key, _ []byte, seen bool) {
			for len(rows) > 0 && rows[0].key < string(key) {
				rows = rows[1:]
			}
			stays := len(rows) > 0 && rows[0].key == string(key)
			if once = once && !(seen && stays); !seen && !stays {
				gone = append(gone, strings.Clone(string(key)))
			}
		})
	}
	return other, gone, once
}
