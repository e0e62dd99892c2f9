package csvdir

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
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

// rows turns records of one file into batches. A row is parsed whole before any of it is kept.
type rows struct {
	sheet    *sheet
	layout   layout
	file     string
	builder  *array.RecordBuilder
	rejects  *array.RecordBuilder
	cells    []cell
	in       int64
	rejected int64
	pending  int // rows in builder
	size     int
	others   int64 // rows whose Id is another object's
	other    string
}

// cell is a parsed value; which member counts is the column's type.
type cell struct {
	null   bool
	text   string
	number decimal128.Num
	int    int64
	bool   bool
	list   []string
}

func newBatch(s *arrow.Schema) *array.RecordBuilder {
	return array.NewRecordBuilder(memory.DefaultAllocator, s)
}

func newRows(s *sheet, l layout, file string) *rows {
	return &rows{sheet: s, layout: l, file: file, builder: newBatch(s.arrow()), rejects: newBatch(schemas.Reject.Arrow()),
		cells: make([]cell, len(s.columns))}
}

func (r *rows) release() {
	r.builder.Release()
	r.rejects.Release()
}

func (r *rows) full() bool {
	return r.pending >= batchRows || r.size >= batchBytes || r.rejects.Field(0).Len() >= batchRows
}

// add keeps a record or rejects it.
func (r *rows) add(record []string, line int) {
	r.in++
	id, column, reason := r.parse(record)
	if reason != "" {
		r.reject(line, id, column, reason)
		return
	}
	for i := range r.cells {
		r.cells[i].appendTo(r.builder.Field(i))
	}
	n := len(r.cells)
	r.builder.Field(n).(*array.StringBuilder).Append(r.file)
	r.builder.Field(n + 1).(*array.Int64Builder).Append(int64(line))
	r.pending++
}

// parse fills cells, or says which column is at fault and why. id is the row's own Id where it is usable: a row whose
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
			r.cells[i] = cell{null: true}
			continue
		}
		if i == s.key && c.own {
			r.cells[i] = cell{text: id}
			continue
		}
		if reason := r.cells[i].parse(record[place], c); reason != "" {
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

func (v *cell) parse(s string, c *column) (reason string) {
	*v = cell{}
	ok := true
	switch c.Type {
	case schemas.Text:
		if !c.id {
			v.text = s
			return ""
		}
		if v.text, ok = schemas.FullID(s); !ok {
			return badID
		}
	case schemas.Number:
		if v.number, ok = parseDecimal(s, decimalScale); !ok {
			return badNumber
		}
	case schemas.Int:
		if v.int, ok = parseInt(s); !ok {
			return badNumber
		}
	case schemas.Timestamp:
		if v.int, ok = parseTime(s); !ok {
			return badTime
		}
	case schemas.Date:
		if v.int, ok = parseDate(s); !ok {
			return badDate
		}
	case schemas.Bool:
		if v.bool, ok = parseBool(s); !ok {
			return badBoolean
		}
	case schemas.TextList:
		v.list = parseList(s)
		v.null = v.list == nil
	default:
		panic(fmt.Sprintf("csvdir: no cells of type %s", c.Type))
	}
	return ""
}

func (v *cell) appendTo(b array.Builder) {
	if v.null {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(v.text)
	case *array.Decimal128Builder:
		b.Append(v.number)
	case *array.Int64Builder:
		b.Append(v.int)
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.int))
	case *array.Date32Builder:
		b.Append(arrow.Date32(v.int))
	case *array.BooleanBuilder:
		b.Append(v.bool)
	case *array.ListBuilder:
		appendValue(b, v.list)
	}
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
	for _, out := range []struct {
		table string
		from  *array.RecordBuilder
	}{{r.sheet.table, r.builder}, {schemas.Reject.Name, r.rejects}} {
		if out.from.Field(0).Len() == 0 {
			continue
		}
		batch := out.from.NewRecordBatch()
		err := emit(out.table, batch)
		batch.Release()
		if err != nil {
			return err
		}
	}
	r.pending, r.size = 0, 0
	return nil
}
