package normalize

import (
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// rowWriter fills one row after the other, column by column in the order of the table. Texts and lists of texts, which
// nearly all columns are, are laid out here as Arrow wants them: its own builders take several calls and checks a value.
type rowWriter struct {
	schema  *arrow.Schema
	columns []columnWriter
	column  int
	rows    int
}

// columnWriter holds one column: a text, a list of texts, or what other has.
type columnWriter struct {
	texts, lists cells
	isList       bool
	other        array.Builder
}

// cells are values of several bytes or elements each: where each ends, and which are there.
type cells struct {
	data  []byte
	ends  []int32 // the first is 0
	valid []byte  // a bit for each
	nulls int
	spare *[3]spare // for data, ends and valid
}

func newCells() cells { return cells{ends: []int32{0}, spare: &[3]spare{}} }

// spare holds what batches gave back of one buffer when they were released, for the next ones: new memory for each would be
// a third of all that a stage allocates. It is what Arrow calls an allocator, for Arrow tells no other when a buffer is
// free. Batches are released by any goroutine.
type spare struct {
	taking sync.Mutex
	free   [][]byte
}

func (s *spare) Allocate(size int) []byte { return make([]byte, size) }

func (s *spare) Reallocate(size int, b []byte) []byte {
	return append(make([]byte, 0, size), b...)[:size]
}

func (s *spare) Free(b []byte) {
	s.taking.Lock()
	s.free = append(s.free, b[:0])
	s.taking.Unlock()
}

// take is an empty buffer, with room for what the last one held and a little more where none is free.
func (s *spare) take(last int) []byte {
	s.taking.Lock()
	defer s.taking.Unlock()
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	return make([]byte, 0, (last+last/8+7)&^7)
}

func int32s(b []byte) []int32 { return arrow.Int32Traits.CastFromBytes(b[:cap(b)&^3])[:0] }

func (c *cells) add(end int, valid bool) {
	i := len(c.ends) - 1
	if i&7 == 0 {
		c.valid = append(c.valid, 0)
	}
	if valid {
		c.valid[i>>3] |= 1 << (i & 7)
	} else {
		c.nulls++
	}
	c.ends = append(c.ends, int32(end))
}

func (c *cells) text(s string) {
	c.data = append(c.data, s...)
	c.add(len(c.data), true)
}

// take gives the cells as Arrow data and begins anew, with as much room.
func (c *cells) take(t arrow.DataType, children ...arrow.ArrayData) *array.Data {
	ends := arrow.Int32Traits.CastToBytes(c.ends)
	buffers := []*memory.Buffer{memory.NewBufferWithAllocator(c.valid, &c.spare[2]), memory.NewBufferWithAllocator(ends, &c.spare[1])}
	if len(children) == 0 {
		buffers = append(buffers, memory.NewBufferWithAllocator(c.data, &c.spare[0]))
	}
	data := array.NewData(t, len(c.ends)-1, buffers, children, c.nulls, 0)
	for _, b := range buffers {
		b.Release() // the data holds it
	}
	next := cells{ends: append(int32s(c.spare[1].take(len(ends))), 0), valid: c.spare[2].take(len(c.valid)), spare: c.spare}
	if len(children) == 0 {
		next.data = c.spare[0].take(len(c.data))
	}
	*c = next
	return data
}

func newRowWriter(t schemas.Table) *rowWriter {
	w := &rowWriter{schema: t.Arrow()}
	for _, f := range w.schema.Fields() {
		c := columnWriter{texts: newCells(), lists: newCells()}
		switch f.Type.ID() {
		case arrow.STRING:
		case arrow.LIST:
			c.isList = true
		default:
			c.other = array.NewBuilder(memory.DefaultAllocator, f.Type)
		}
		w.columns = append(w.columns, c)
	}
	return w
}

func (w *rowWriter) next() *columnWriter {
	c := &w.columns[w.column]
	w.column++
	return c
}

// text adds a value; an empty one is null.
func (w *rowWriter) text(s string) {
	c := w.next()
	c.texts.data = append(c.texts.data, s...)
	c.texts.add(len(c.texts.data), s != "")
}

// words adds a text of two words.
func (w *rowWriter) words(a, b string) {
	c := w.next()
	c.texts.data = append(append(append(c.texts.data, a...), ' '), b...)
	c.texts.add(len(c.texts.data), true)
}

// list adds values in their order; none is null.
func (w *rowWriter) list(values []string) {
	c := w.next()
	for _, v := range values {
		c.texts.text(v)
	}
	c.lists.add(len(c.texts.ends)-1, len(values) > 0)
}

func (w *rowWriter) flag(v bool) { w.next().other.(*array.BooleanBuilder).Append(v) }

func (w *rowWriter) count(v int64) { w.next().other.(*array.Int64Builder).Append(v) }

// end closes the row.
func (w *rowWriter) end() {
	if w.column != len(w.columns) {
		panic(fmt.Sprintf("normalize: a row has %d columns, want %d", w.column, len(w.columns)))
	}
	w.column = 0
	w.rows++
}

// batch gives the rows so far and starts anew.
func (w *rowWriter) batch() arrow.RecordBatch {
	arrays := make([]arrow.Array, len(w.columns))
	for i := range w.columns {
		c, t := &w.columns[i], w.schema.Field(i).Type
		switch {
		case c.other != nil:
			arrays[i] = c.other.NewArray()
		case c.isList:
			elements := c.texts.take(t.(*arrow.ListType).Elem())
			data := c.lists.take(t, elements)
			arrays[i] = array.NewListData(data)
			elements.Release()
			data.Release()
		default:
			data := c.texts.take(t)
			arrays[i] = array.NewStringData(data)
			data.Release()
		}
	}
	batch := array.NewRecordBatch(w.schema, arrays, int64(w.rows))
	for _, a := range arrays {
		a.Release()
	}
	w.rows = 0
	return batch
}

// release frees what the writer holds beside batches.
func (w *rowWriter) release() {
	for _, c := range w.columns {
		if c.other != nil {
			c.other.Release()
		}
	}
}
