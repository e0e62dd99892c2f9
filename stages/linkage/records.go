package linkage

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Records are one side's records in cells of four bytes: a text is its code; a list of one value is that value's code, of
// more the place of its set in a pool, with the bit inPool. Rows lie one after the other because a pair reads most cells
// of one record, and so do a row's sets.
type Records struct {
	layout layout
	id     string // name of the id column
	dict   *dictionary
	ids    []uint32
	cells  []uint32
	pool   []uint32  // per set: its size, then its codes in ascending order
	build  *building // of an index's own records, while they are read
	asked  asked
}

// inPool marks a cell that is a place in the pool. Codes and places stay below it.
const inPool = 1 << 31

func newRecords(l layout, id string, base *dictionary) *Records {
	return &Records{layout: l, id: id, dict: newDictionary(base)}
}

// Len is the number of records.
func (r *Records) Len() int { return len(r.ids) }

// ID is a record's id.
func (r *Records) ID(i int) string { return string(r.dict.bytesOf(r.ids[i])) }

// CompareIDs compares the ids of two records.
func (r *Records) CompareIDs(i, j int) int {
	return bytes.Compare(r.dict.bytesOf(r.ids[i]), r.dict.bytesOf(r.ids[j]))
}

// Text is a text column's value, empty where it is null or the section does not read the column.
func (r *Records) Text(i int, column string) string {
	c := r.layout.at(column)
	if c < 0 || r.layout.lists[c] {
		return ""
	}
	code := r.row(i)[c]
	if code == 0 {
		return ""
	}
	return string(r.dict.bytesOf(code))
}

func (r *Records) row(i int) []uint32 {
	w := len(r.layout.names)
	return r.cells[i*w : (i+1)*w]
}

// set is the values of a cell: a text is a set of one.
func (r *Records) set(row []uint32, cell int) []uint32 {
	c := row[cell]
	if c&inPool != 0 {
		c &^= inPool
		return r.pool[c+1 : c+1+r.pool[c]]
	}
	if c == 0 {
		return nil
	}
	return row[cell : cell+1]
}

// Append adds the records of a batch. A column that the batch lacks is null; a column the model does not use is
// skipped.
func (r *Records) Append(batch arrow.RecordBatch) error {
	return r.AppendIf(batch, nil)
}

// AppendIf adds the records whose id keep accepts.
func (r *Records) AppendIf(batch arrow.RecordBatch, keep func(id string) bool) error {
	if r.build != nil {
		return r.appendInRuns(batch, keep)
	}
	ids, err := textColumn(batch, r.id)
	if err != nil {
		return err
	}
	if ids == nil {
		return fmt.Errorf("reading records: no column %s", r.id)
	}
	var rows []int
	for i := range int(batch.NumRows()) {
		if ids.IsNull(i) || ids.Value(i) == "" {
			return fmt.Errorf("reading records: row %d has no %s", i, r.id)
		}
		if keep == nil || keep(ids.Value(i)) {
			rows = append(rows, i)
		}
	}
	for some := range slices.Chunk(rows, textsAtOnce) {
		for _, i := range some {
			r.asked.add(ids.Value(i))
		}
		r.ids = append(r.ids, r.dict.codes(&r.asked)...)
	}
	w, start := len(r.layout.names), len(r.cells)
	r.cells = append(r.cells, make([]uint32, len(rows)*w)...)
	for c, name := range r.layout.names {
		if err := r.fill(batch, rows, r.cells[start:], c, name); err != nil {
			return err
		}
	}
	return r.bounded()
}

// Replace puts the values that a batch has for some columns in the place of those of records, which are found by their ids; rows
// of others are left out.
func (r *Records) Replace(batch arrow.RecordBatch, records map[string]int, columns []string) error {
	ids, err := textColumn(batch, r.id)
	if err != nil {
		return err
	}
	if ids == nil {
		return fmt.Errorf("reading records: no column %s", r.id)
	}
	var rows, of []int
	for i := range int(batch.NumRows()) {
		if record, ok := records[ids.Value(i)]; ok && !ids.IsNull(i) {
			rows, of = append(rows, i), append(of, record)
		}
	}
	w := len(r.layout.names)
	cells := make([]uint32, len(rows)*w)
	for _, name := range columns {
		c := r.layout.at(name)
		if c < 0 {
			continue
		}
		if err := r.fill(batch, rows, cells, c, name); err != nil {
			return err
		}
		for i, record := range of {
			r.row(record)[c] = cells[i*w+c]
		}
	}
	return r.bounded()
}

// clear leaves no record, and keeps the space.
func (r *Records) clear() {
	r.dict.clear()
	r.ids, r.cells, r.pool = r.ids[:0], r.cells[:0], r.pool[:0]
}

// bounded fails where a number would not fit in a cell.
func (r *Records) bounded() error {
	if r.dict.next() >= inPool || len(r.pool) >= inPool || len(r.ids) >= inPool {
		return fmt.Errorf("reading records: more than %d records, different texts or values in lists", inPool-1)
	}
	return nil
}

func (r *Records) fill(batch arrow.RecordBatch, rows []int, cells []uint32, c int, name string) error {
	w := len(r.layout.names)
	if !r.layout.lists[c] {
		column, err := textColumn(batch, name)
		if err != nil || column == nil {
			return err
		}
		for some := range slices.Chunk(rows, textsAtOnce) {
			for _, i := range some {
				if !column.IsNull(i) {
					r.asked.add(column.Value(i))
				}
			}
			codes := r.dict.codes(&r.asked)
			for k, i := range some {
				if !column.IsNull(i) {
					cells[k*w+c], codes = codes[0], codes[1:]
				}
			}
			cells = cells[len(some)*w:]
		}
		return nil
	}
	column, values, err := listColumn(batch, name)
	if err != nil || column == nil {
		return err
	}
	for some := range slices.Chunk(rows, textsAtOnce) {
		var sizes [textsAtOnce]int
		for k, i := range some {
			if column.IsNull(i) {
				continue
			}
			before := len(r.asked.texts)
			from, to := column.ValueOffsets(i)
			for v := from; v < to; v++ {
				if !values.IsNull(int(v)) {
					r.asked.add(values.Value(int(v)))
				}
			}
			sizes[k] = len(r.asked.texts) - before
		}
		codes := r.dict.codes(&r.asked)
		for k := range some {
			cells[k*w+c], codes = r.addSet(codes[:sizes[k]]), codes[sizes[k]:]
		}
		cells = cells[len(some)*w:]
	}
	return nil
}

// addSet stores the distinct codes but 0 and returns the cell. It sorts codes.
func (r *Records) addSet(codes []uint32) uint32 {
	slices.Sort(codes)
	codes = slices.Compact(codes)
	if len(codes) > 0 && codes[0] == 0 {
		codes = codes[1:]
	}
	switch len(codes) {
	case 0:
		return 0
	case 1:
		return codes[0]
	}
	place := uint32(len(r.pool))
	r.pool = append(append(r.pool, uint32(len(codes))), codes...)
	return place | inPool
}

type textArray interface {
	IsNull(int) bool
	Value(int) string
}

type nullTexts struct{ *array.Null }

func (nullTexts) Value(int) string { return "" }

func textColumn(batch arrow.RecordBatch, name string) (textArray, error) {
	found := batch.Schema().FieldIndices(name)
	if len(found) == 0 {
		return nil, nil
	}
	return texts(batch.Column(found[0]), name)
}

// listColumn is a list of texts, and their values; nil where the batch lacks it or has nulls only.
func listColumn(batch arrow.RecordBatch, name string) (array.ListLike, textArray, error) {
	found := batch.Schema().FieldIndices(name)
	if len(found) == 0 {
		return nil, nil, nil
	}
	if _, null := batch.Column(found[0]).(*array.Null); null {
		return nil, nil, nil
	}
	column, ok := batch.Column(found[0]).(array.ListLike)
	if !ok {
		return nil, nil, fmt.Errorf("reading records: column %s is %s, want a list of text", name, batch.Column(found[0]).DataType())
	}
	values, err := texts(column.ListValues(), name)
	return column, values, err
}

func texts(column arrow.Array, name string) (textArray, error) {
	switch c := column.(type) {
	case *array.String:
		return c, nil
	case *array.LargeString:
		return c, nil
	case *array.StringView:
		return c, nil
	case *array.Null:
		return nullTexts{c}, nil
	}
	return nil, fmt.Errorf("reading records: column %s is %s, want text", name, column.DataType())
}
