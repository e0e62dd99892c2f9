package linkage

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Space is where a builder puts what it need not hold in memory: it is written from front to end, and then read where it
// lies. Bytes must stay as they are until the index has been written.
type Space interface {
	io.Writer
	Bytes() ([]byte, error)
}

// building is what reading an index's records takes. They come in the order of their ids, so that codes are numbered by
// first appearance in that order, equal records are equal bytes, and a record that has been read is not needed again until
// all are there: only the dictionary is.
type building struct {
	last  string // id of the last record
	texts []string
	codes []uint32
	space func() (Space, error) // nil: everything stays in memory
	cells Space
	pool  Space
	put   uint32 // length of what is in pool
}

func (r *Records) appendInOrder(batch arrow.RecordBatch, keep func(id string) bool) error {
	ids, err := textColumn(batch, r.id)
	if err != nil {
		return err
	}
	if ids == nil {
		return fmt.Errorf("reading records: no column %s", r.id)
	}
	columns := make([]struct {
		text textArray
		list array.ListLike
	}, len(r.layout.names))
	for c, name := range r.layout.names {
		if r.layout.lists[c] {
			columns[c].list, columns[c].text, err = listColumn(batch, name)
		} else {
			columns[c].text, err = textColumn(batch, name)
		}
		if err != nil {
			return err
		}
	}
	for i := range int(batch.NumRows()) {
		if ids.IsNull(i) || ids.Value(i) == "" {
			return fmt.Errorf("reading records: row %d has no %s", i, r.id)
		}
		id := ids.Value(i)
		if keep != nil && !keep(id) {
			continue
		}
		if id == r.build.last {
			return fmt.Errorf("reading records: an %s occurs twice", r.id)
		}
		if id < r.build.last {
			return fmt.Errorf("reading records: they are not in the order of %s", r.id)
		}
		r.build.last = strings.Clone(id)
		r.ids = append(r.ids, r.dict.code(id))
		for c := range columns {
			r.cells = append(r.cells, r.cell(columns[c].text, columns[c].list, i))
		}
	}
	if err := r.bounded(int(r.build.put) + len(r.pool)); err != nil {
		return err
	}
	return r.rowsAway()
}

// cell codes a value. A set is coded in the order of its texts.
func (r *Records) cell(text textArray, list array.ListLike, i int) uint32 {
	if list == nil {
		if text == nil || text.IsNull(i) {
			return 0
		}
		return r.dict.code(text.Value(i))
	}
	if list.IsNull(i) {
		return 0
	}
	b := r.build
	b.texts, b.codes = b.texts[:0], b.codes[:0]
	from, to := list.ValueOffsets(i)
	for v := from; v < to; v++ {
		if !text.IsNull(int(v)) {
			b.texts = append(b.texts, text.Value(int(v)))
		}
	}
	slices.Sort(b.texts)
	for _, t := range b.texts {
		b.codes = append(b.codes, r.dict.code(t))
	}
	c := r.addSet(b.codes)
	if c&inPool != 0 {
		c += b.put
	}
	return c
}

// rowsAway moves the rows that were read out of memory.
func (r *Records) rowsAway() (err error) {
	b := r.build
	if b.space == nil {
		return nil
	}
	if b.cells == nil {
		if b.cells, err = b.space(); err == nil {
			b.pool, err = b.space()
		}
	}
	if err == nil {
		_, err = b.cells.Write(inBytes(r.cells))
	}
	if err == nil {
		_, err = b.pool.Write(inBytes(r.pool))
	}
	if err != nil {
		return fmt.Errorf("reading records: put them away: %w", err)
	}
	b.put += uint32(len(r.pool))
	r.cells, r.pool = r.cells[:0], r.pool[:0]
	return nil
}

// finish gives the records the form in which they are stored.
func (r *Records) finish() error {
	b, d := r.build, r.dict
	d.rehash(len(d.forms) * 3 / 2)
	if r.build = nil; b.cells == nil {
		return nil
	}
	cells, err := b.cells.Bytes()
	if err != nil {
		return err
	}
	pool, err := b.pool.Bytes()
	if err != nil {
		return err
	}
	r.cells, r.pool = fromBytes[uint32](cells), fromBytes[uint32](pool)
	if d.text, err = putAway(b.space, d.text); err != nil {
		return err
	}
	if d.forms, err = putAway(b.space, d.forms); err != nil {
		return err
	}
	d.table, err = putAway(b.space, d.table)
	return err
}

// putAway puts an array where it takes no memory of the program's own, unless it is small.
func putAway[T stored](space func() (Space, error), values []T) ([]T, error) {
	if space == nil || len(inBytes(values)) < 1<<16 {
		return values, nil
	}
	s, err := space()
	if err != nil {
		return nil, err
	}
	if _, err := s.Write(inBytes(values)); err != nil {
		return nil, err
	}
	data, err := s.Bytes()
	return fromBytes[T](data), err
}
