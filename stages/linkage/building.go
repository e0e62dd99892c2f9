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

// building is what reading an index's records takes. Their texts are numbered as they come, and sets are in the order of
// their texts; finish gives records and texts the order and the numbers in which they are stored.
type building struct {
	space func() (Space, error) // nil: everything stays in memory
	cells pile[uint32]
	pool  pile[uint32]
	texts spellings
	runs  []int  // the records with which a run of ascending ids starts
	last  string // id of the last record
	// Of the records that are being read: their texts, and how many each id and cell has.
	waiting []waiting
	sizes   []int
}

// rightColumn is a column of a batch. A list has its texts one after the other.
type rightColumn struct {
	text textArray
	list array.ListLike
}

// appendInRuns adds records in any order; sorted pieces, such as the parts of a table, cost least.
func (r *Records) appendInRuns(batch arrow.RecordBatch, keep func(id string) bool) error {
	ids, err := textColumn(batch, r.id)
	if err != nil {
		return err
	}
	if ids == nil {
		return fmt.Errorf("reading records: no column %s", r.id)
	}
	columns := make([]rightColumn, len(r.layout.names))
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
	b := r.build
	if err := b.open(); err != nil {
		return err
	}
	read := 0 // records whose texts wait for their numbers
	for i := range int(batch.NumRows()) {
		if ids.IsNull(i) || ids.Value(i) == "" {
			return fmt.Errorf("reading records: row %d has no %s", i, r.id)
		}
		id := ids.Value(i)
		if keep != nil && !keep(id) {
			continue
		}
		if id == b.last {
			return errTwice(r.id)
		}
		if id < b.last || b.last == "" {
			b.runs = append(b.runs, len(r.ids)+read)
		}
		b.last = id
		b.read(id, columns, i)
		if read++; read == rowsAtOnce {
			r.number()
			read = 0
		}
	}
	r.number()
	b.last = strings.Clone(b.last) // the batch goes
	if len(b.texts.ends) >= inPool || b.pool.len() >= inPool || len(r.ids) >= inPool {
		return fmt.Errorf("reading records: more than %d records, different texts or values in lists", inPool-1)
	}
	if err := b.cells.away(); err != nil {
		return err
	}
	return b.pool.away()
}

func errTwice(id string) error { return fmt.Errorf("reading records: an %s occurs twice", id) }

func (b *building) open() (err error) {
	if b.runs != nil {
		return nil
	}
	if b.cells, err = newPile[uint32](b.space, 0); err == nil {
		b.pool, err = newPile[uint32](b.space, 0)
	}
	return err
}

// read notes the texts of a record.
func (b *building) read(id string, columns []rightColumn, i int) {
	b.waiting, b.sizes = append(b.waiting, waiting{text: id}), append(b.sizes, 1)
	for _, c := range columns {
		from := len(b.waiting)
		switch {
		case c.text == nil:
		case c.list == nil:
			if !c.text.IsNull(i) {
				b.waiting = append(b.waiting, waiting{text: c.text.Value(i)})
			}
		case !c.list.IsNull(i):
			start, end := c.list.ValueOffsets(i)
			for v := start; v < end; v++ {
				if !c.text.IsNull(int(v)) {
					b.waiting = append(b.waiting, waiting{text: c.text.Value(int(v))})
				}
			}
			if set := b.waiting[from:]; len(set) > 1 {
				slices.SortFunc(set, func(x, y waiting) int { return strings.Compare(x.text, y.text) })
			}
		}
		b.sizes = append(b.sizes, len(b.waiting)-from)
	}
}

// number numbers the texts that wait, and makes rows of them.
func (r *Records) number() {
	b := r.build
	b.texts.near(b.waiting)
	at := 0
	for i, size := range b.sizes {
		values := b.waiting[at : at+size]
		at += size
		if i%(len(r.layout.names)+1) == 0 {
			r.ids = append(r.ids, b.texts.number(&values[0]))
			continue
		}
		b.cells.values = append(b.cells.values, b.cell(values))
	}
	b.waiting, b.sizes = b.waiting[:0], b.sizes[:0]
}

// cell is the cell of some texts in their order: null, a number, or the place of their numbers in the pool.
func (b *building) cell(values []waiting) uint32 {
	p := &b.pool
	place, start := p.len(), len(p.values)
	p.values = append(p.values, 0)
	last := uint32(0)
	for i := range values {
		if n := b.texts.number(&values[i]); n != 0 && n != last {
			p.values = append(p.values, n)
			last = n
		}
	}
	n := len(p.values) - start - 1
	if n < 2 { // no set
		p.values = p.values[:start]
		return last
	}
	p.values[start] = uint32(n)
	return uint32(place) | inPool
}

// pile is an array that grows at its end, in memory or in a space.
type pile[T stored] struct {
	values []T // what is not in the space
	space  Space
	put    int
}

func newPile[T stored](space func() (Space, error), size int) (p pile[T], err error) {
	if space != nil {
		p.space, err = space()
	} else {
		p.values = make([]T, 0, size)
	}
	return p, err
}

func (p *pile[T]) len() int { return p.put + len(p.values) }

// away moves what is in memory to the space.
func (p *pile[T]) away() error {
	if p.space == nil {
		return nil
	}
	if _, err := p.space.Write(inBytes(p.values)); err != nil {
		return fmt.Errorf("put records away: %w", err)
	}
	p.put += len(p.values)
	p.values = p.values[:0]
	return nil
}

// all is the whole array. Nothing can be added to it after that.
func (p *pile[T]) all() ([]T, error) {
	if p.space == nil {
		return p.values, nil
	}
	if err := p.away(); err != nil {
		return nil, err
	}
	data, err := p.space.Bytes()
	p.values = nil
	return fromBytes[T](data), err
}

// putAway puts an array where it takes no memory of the program's own, unless it is small.
func putAway[T stored](space func() (Space, error), values []T) ([]T, error) {
	if space == nil || len(inBytes(values)) < 1<<16 {
		return values, nil
	}
	p, err := newPile[T](space, 0)
	if err != nil {
		return nil, err
	}
	p.values = values
	return p.all()
}
