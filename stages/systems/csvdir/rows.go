package csvdir

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// A batch is handed on at either bound: rows, or bytes of text, for rows may hold 32 KB each. The engine keeps rows in
// groups of 120K: what comes in whole groups it need not copy once more.
const (
	batchRows  = 120 << 10
	batchBytes = 64 << 20
)

// breath is after how many rows it is told how far the reading has come, and asked whether it is to go on.
const breath = 16 << 10

// Reasons of rejects that this package gives.
const (
	badID         = "bad_id"
	idOfOther     = "id_of_other_object"
	missingID     = "missing_id"
	badNumber     = "bad_number"
	badDate       = "bad_date"
	badTime       = "bad_time"
	badBoolean    = "bad_boolean"
	badCellNumber = "too_many_or_few_cells"
)

// rows turns records of one file into batches. What is kept of a row that is rejected halfway is taken back.
type rows struct {
	sheet    *sheet
	layout   layout
	file     string
	schema   *arrow.Schema
	columns  []*values // of the table, then file and line
	rejects  *array.RecordBuilder
	in       int64
	rejected int64
	pending  int // rows in columns
	size     int
	others   int64 // rows whose Id is another object's
	other    string
	// known says of a row's cells, by column of the sheet, that the row need not be parsed; kept is told those of each that is
	// handed on. Both may be nil.
	known func(file string, cells []string) bool
	kept  func(cells []string)
	cells []string
}

func newBatch(s *arrow.Schema) *array.RecordBuilder {
	return array.NewRecordBuilder(memory.DefaultAllocator, s)
}

func newRows(s *sheet, l layout, file string) *rows {
	r := &rows{sheet: s, layout: l, file: file, schema: s.arrow(), rejects: newBatch(schemas.Reject.Arrow())}
	for _, f := range r.schema.Fields() {
		r.columns = append(r.columns, newValues(f.Type))
	}
	return r
}

func (r *rows) release() { r.rejects.Release() }

func (r *rows) full() bool {
	return r.pending >= batchRows || r.size >= batchBytes || r.rejects.Field(0).Len() >= batchRows
}

// add keeps a record or rejects it.
func (r *rows) add(record []string, line int) {
	r.in++
	if r.known != nil && len(record) == r.layout.width && r.known(r.file, r.cellsOf(record)) {
		return
	}
	id, column, reason := r.parse(record)
	if reason != "" {
		for _, c := range r.columns {
			c.truncate(r.pending)
		}
		r.reject(line, id, column, reason)
		return
	}
	n := len(r.columns)
	r.columns[n-2].appendText(r.file)
	r.columns[n-1].appendNumber(int64(line))
	r.pending++
	if r.kept != nil {
		r.kept(r.cellsOf(record))
	}
}

// cellsOf are the cells of a record by column of the sheet, valid until the next call; one of a column that the file lacks is
// empty.
func (r *rows) cellsOf(record []string) []string {
	r.cells = r.cells[:0]
	for _, place := range r.layout.place {
		cell := ""
		if place >= 0 {
			cell = record[place]
		}
		r.cells = append(r.cells, cell)
	}
	return r.cells
}

// parse appends a row's cells, or says which column is at fault and why. id is the row's own Id where it is usable: a row whose
// Id is known is not missing from the import, whatever else is wrong with it.
func (r *rows) parse(record []string) (id, column, reason string) {
	s := r.sheet
	whole := len(record) == r.layout.width
	if k := s.key; k >= 0 && r.layout.place[k] >= 0 && r.layout.place[k] < len(record) && (whole || s.columns[k].own) {
		if id, reason = r.ownID(record[r.layout.place[k]], s.columns[k]); reason != "" && whole {
			return "", s.columns[k].Name, reason
		}
	}
	if !whole {
		return id, "", badCellNumber
	}
	for i := range s.columns {
		c := &s.columns[i]
		place := r.layout.place[i]
		if place < 0 || record[place] == "" {
			if c.NotNull {
				return id, c.Name, missingID
			}
			r.columns[i].appendNull()
			continue
		}
		if i == s.key && c.own {
			r.columns[i].appendText(id)
			continue
		}
		if reason := r.columns[i].parse(record[place], c); reason != "" {
			return id, c.Name, reason
		}
		r.size += len(record[place])
	}
	return id, "", ""
}

// ownID checks the value that names the row. Outside the CRM any text is one.
func (r *rows) ownID(value string, c column) (id, reason string) {
	if value == "" {
		if !c.NotNull {
			return "", ""
		}
		return "", missingID
	}
	if !c.own {
		return value, ""
	}
	id, ok := schemas.FullID(value)
	if !ok {
		return "", badID
	}
	if !strings.HasPrefix(id, r.sheet.prefix) {
		r.others++
		for _, o := range schemas.Objects {
			if o.Prefix != "" && strings.HasPrefix(id, o.Prefix) {
				r.other = o.Name
			}
		}
		return "", idOfOther
	}
	return id, ""
}

func (r *rows) reject(line int, id, column, reason string) {
	r.rejected++
	for i, c := range schemas.Reject.Columns {
		var v any
		switch c.Name {
		case "object":
			v = r.sheet.object
		case "file":
			v = r.file
		case "line":
			v = int64(line)
		case "crm_id":
			v = id
		case "column":
			v = column
		case "reason":
			v = reason
		}
		appendValue(r.rejects.Field(i), v)
	}
}

// appendValue adds a value to a builder of its type; the empty text and the nil list are null.
func appendValue(b array.Builder, v any) {
	switch v := v.(type) {
	case string:
		if v == "" {
			b.AppendNull()
			return
		}
		b.(*array.StringBuilder).Append(v)
	case int64:
		b.(*array.Int64Builder).Append(v)
	case []string:
		l := b.(*array.ListBuilder)
		if v == nil {
			l.AppendNull()
			return
		}
		l.Append(true)
		for _, s := range v {
			l.ValueBuilder().(*array.StringBuilder).Append(s)
		}
	default:
		b.AppendNull()
	}
}

// otherObject is the error of a file that seems to be another object's: half of its first rows or more have such Ids.
func (r *rows) otherObject() error {
	if r.others == 0 || r.others*2 < r.in {
		return nil
	}
	whose := "Ids of another object"
	if r.other != "" {
		whose = r.other + " Ids"
	}
	return &FileError{File: r.file, Problem: fmt.Sprintf("holds %s, not %s Ids, in %d of its first %d rows", whose, r.sheet.object, r.others, r.in),
		Next: "give the file the name of the object it holds, or mend the files setting"}
}

// flush emits what is pending.
func (r *rows) flush(emit Emit) error {
	r.size = 0
	if r.pending > 0 {
		if err := r.flushRows(emit); err != nil {
			return err
		}
	}
	if r.rejects.Field(0).Len() == 0 {
		return nil
	}
	batch := r.rejects.NewRecordBatch()
	defer batch.Release()
	return emit(schemas.Reject.Name, batch)
}

func (r *rows) flushRows(emit Emit) error {
	arrays := make([]arrow.Array, len(r.columns))
	for i, c := range r.columns {
		arrays[i] = c.array(r.schema.Field(i).Type)
		defer arrays[i].Release()
	}
	batch := array.NewRecordBatch(r.schema, arrays, int64(r.pending))
	defer batch.Release()
	if err := emit(r.sheet.table, batch); err != nil {
		return err
	}
	for _, c := range r.columns {
		c.reset()
	}
	r.pending = 0
	return nil
}
