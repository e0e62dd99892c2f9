package linkage

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Records are one side's records in cells of four bytes: a text is its code, a list the place of its set in a pool.
// Rows lie one after the other because a pair reads most cells of one record.
type Records struct {
	layout layout
	id     string // name of the id column
	dict   *dictionary
	ids    []uint32
	cells  []uint32
	pool   []uint32 // per set: its size, then its codes in ascending order; place 0 is no set
}

func newRecords(l layout, id string, base *dictionary) *Records {
	return &Records{layout: l, id: id, dict: newDictionary(base), pool: []uint32{0}}
}

// Len is the number of records.
func (r *Records) Len() int { return len(r.ids) }

// ID is a record's id.
func (r *Records) ID(i int) string { return string(r.dict.bytesOf(r.ids[i])) }

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
	if c == 0 {
		return nil
	}
	if !r.layout.lists[cell] {
		return row[cell : cell+1]
	}
	return r.pool[c+1 : c+1+r.pool[c]]
}

// Append adds the records of a batch. A column that the batch lacks is null; a column the model does not use is
// skipped.
func (r *Records) Append(batch arrow.RecordBatch) error {
	return r.AppendIf(batch, nil)
}

// AppendIf adds the records whose id keep accepts.
func (r *Records) AppendIf(batch arrow.RecordBatch, keep func(id string) bool) error {
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
			r.ids = append(r.ids, r.dict.code(ids.Value(i)))
		}
	}
	w, start := len(r.layout.names), len(r.cells)
	r.cells = append(r.cells, make([]uint32, len(rows)*w)...)
	for c, name := range r.layout.names {
		if err := r.fill(batch, rows, r.cells[start:], c, name); err != nil {
			return err
		}
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
		for k, i := range rows {
			if !column.IsNull(i) {
				cells[k*w+c] = r.dict.code(column.Value(i))
			}
		}
		return nil
	}
	found := batch.Schema().FieldIndices(name)
	if len(found) == 0 {
		return nil
	}
	if _, null := batch.Column(found[0]).(*array.Null); null {
		return nil
	}
	column, ok := batch.Column(found[0]).(array.ListLike)
	if !ok {
		return fmt.Errorf("reading records: column %s is %s, want a list of text", name, batch.Column(found[0]).DataType())
	}
	values, err := texts(column.ListValues(), name)
	if err != nil {
		return err
	}
	var codes []uint32
	for k, i := range rows {
		if column.IsNull(i) {
			continue
		}
		codes = codes[:0]
		from, to := column.ValueOffsets(i)
		for v := from; v < to; v++ {
			if !values.IsNull(int(v)) {
				codes = append(codes, r.dict.code(values.Value(int(v))))
			}
		}
		cells[k*w+c] = r.addSet(codes)
	}
	return nil
}

// addSet stores the distinct codes but 0 and returns the set's place. It sorts codes.
func (r *Records) addSet(codes []uint32) uint32 {
	slices.Sort(codes)
	codes = slices.Compact(codes)
	if len(codes) > 0 && codes[0] == 0 {
		codes = codes[1:]
	}
	if len(codes) == 0 {
		return 0
	}
	place := uint32(len(r.pool))
	r.pool = append(append(r.pool, uint32(len(codes))), codes...)
	return place
}

// sorted returns the records in the order of their ids with codes numbered by first appearance in that order, so that
// equal records are equal bytes however they were read. It fails on an id that occurs twice.
func (r *Records) sorted() (*Records, error) {
	order := make([]int, r.Len())
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool {
		return strings.Compare(r.ID(order[i]), r.ID(order[j])) < 0
	})
	out := newRecords(r.layout, r.id, r.dict.base)
	renumbered := make([]uint32, r.dict.next())
	code := func(old uint32) uint32 {
		if old < r.dict.first {
			return old
		}
		if renumbered[old] == 0 {
			renumbered[old] = out.dict.code(string(r.dict.bytesOf(old)))
		}
		return renumbered[old]
	}
	out.ids = make([]uint32, 0, r.Len())
	out.cells = make([]uint32, 0, len(r.cells))
	var codes []uint32
	for k, i := range order {
		out.ids = append(out.ids, code(r.ids[i]))
		if k > 0 && out.ids[k] == out.ids[k-1] {
			return nil, fmt.Errorf("reading records: an %s occurs twice", r.id)
		}
		row := r.row(i)
		for c := range row {
			if !r.layout.lists[c] {
				if row[c] == 0 {
					out.cells = append(out.cells, 0)
				} else {
					out.cells = append(out.cells, code(row[c]))
				}
				continue
			}
			// A set is renumbered in the order of its texts: its order by old code is the order of reading.
			old := slices.Clone(r.set(row, c))
			slices.SortFunc(old, func(a, b uint32) int { return strings.Compare(string(r.dict.bytesOf(a)), string(r.dict.bytesOf(b))) })
			codes = codes[:0]
			for _, o := range old {
				codes = append(codes, code(o))
			}
			out.cells = append(out.cells, out.addSet(codes))
		}
	}
	return out, nil
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
