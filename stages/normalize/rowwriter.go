package normalize

import (
	"fmt"

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
}

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
	buffers := []*memory.Buffer{memory.NewBufferBytes(c.valid), memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(c.ends))}
	if len(children) == 0 {
		buffers = append(buffers, memory.NewBufferBytes(c.data))
	}
	data := array.NewData(t, len(c.ends)-1, buffers, children, c.nulls, 0)
	*c = cells{make([]byte, 0, len(c.data)), append(make([]int32, 0, len(c.ends)), 0), make([]byte, 0, len(c.valid)), 0}
	return data
}

func newRowWriter(t schemas.Table) *rowWriter {
	w := &rowWriter{schema: t.Arrow()}
	for _, f := range w.schema.Fields() {
		c := columnWriter{texts: cells{ends: []int32{0}}, lists: cells{ends: []int32{0}}}
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
