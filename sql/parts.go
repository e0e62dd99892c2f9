package sql

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// PartWriter stores a table that may be large while its rows are made: those of a part come together and in key order,
// and are written as they come. Nothing is kept, sorted or copied for it, as Writer does for rows in any order.
type PartWriter struct {
	session *Session
	table   schemas.Table
	parts   []Part
	rows    int64
	next    int
	// waiting are the first parts, until there are enough rows for a table to be split at all.
	waiting []waitingPart
	schema  *arrow.Schema
	key     []int // columns of the table's key
}

type waitingPart struct {
	number int
	rows   []arrow.RecordBatch
}

// PartWriter starts a table.
func (s *Session) PartWriter(table schemas.Table) (*PartWriter, error) {
	if !table.Large {
		return nil, fmt.Errorf("table %s is never split", table.Name)
	}
	w := &PartWriter{session: s, table: table, schema: table.Arrow()}
	for _, name := range table.Key {
		w.key = append(w.key, w.schema.FieldIndices(name)[0])
	}
	return w, nil
}

// PartOf is the number of the part to which a record's rows fall, by the record's id: part_of in SQL.
func PartOf(id string) int {
	sum := md5.Sum([]byte(id))
	return int(binary.LittleEndian.Uint64(sum[8:]) % schemas.ManyParts)
}

// HasTextKey says whether a table's key is one column of text.
func HasTextKey(table schemas.Table) bool {
	c, ok := table.Column(table.Key[0])
	return ok && len(table.Key) == 1 && c.Type == schemas.Text
}

// Beside are the parts of a table that hold the records of another one's parts: all of them unless both are split by the
// same records' ids.
func (s Snapshot) Beside(other Snapshot) Snapshot {
	numbers := map[int]bool{}
	for _, p := range other.Parts {
		if numbers[p.Number] = true; p.Of != schemas.ManyParts {
			return s
		}
	}
	return s.Only(func(p Part) bool { return p.Of != schemas.ManyParts || numbers[p.Number] })
}

// First and Rest are a table's first parts of all that a large table has, and the others. Which part a record falls to
// depends on its id alone, and is otherwise random. A table that is not split is all in First.
func (s Snapshot) First(parts int) Snapshot {
	return s.Only(func(p Part) bool { return p.Number < parts })
}
func (s Snapshot) Rest(parts int) Snapshot {
	return s.Only(func(p Part) bool { return p.Number >= parts })
}

// Pieces puts a table's parts together, in their order, to pieces of so many rows at most; a part of more is a piece by itself.
func (s Snapshot) Pieces(most int64) []Snapshot {
	var pieces []Snapshot
	for i := 0; i < len(s.Parts); {
		from, rows := i, s.Parts[i].Rows
		for i++; i < len(s.Parts) && rows+s.Parts[i].Rows <= most; i++ {
			rows += s.Parts[i].Rows
		}
		pieces = append(pieces, newSnapshot(s.Table, s.Parts[from:i:i]))
	}
	return pieces
}

// Write adds all rows of a part. Parts come in the order of their numbers, rows in the order of the table's key.
func (w *PartWriter) Write(ctx context.Context, number int, rows []arrow.RecordBatch) error {
	if err := w.ordered(number, rows); err != nil {
		return fmt.Errorf("table %s: part %d: %w", w.table.Name, number, err)
	}
	n := countRows(rows)
	if w.next = number + 1; n == 0 {
		return nil
	}
	if w.rows += n; w.rows < schemas.LargeFrom {
		for _, batch := range rows {
			batch.Retain()
		}
		w.waiting = append(w.waiting, waitingPart{number, rows})
		return nil
	}
	for _, p := range w.waiting {
		if err := w.store(ctx, p.number, p.rows); err != nil {
			return err
		}
	}
	w.release()
	return w.store(ctx, number, rows)
}

func countRows(rows []arrow.RecordBatch) (n int64) {
	for _, batch := range rows {
		n += batch.NumRows()
	}
	return n
}

func (w *PartWriter) store(ctx context.Context, number int, rows []arrow.RecordBatch) error {
	id, err := w.session.writeBatches(ctx, w.session.tempName(w.table.Name), rows)
	if err != nil {
		return fmt.Errorf("table %s: %w", w.table.Name, err)
	}
	w.parts = append(w.parts, Part{Number: number, Of: schemas.ManyParts, ID: id, Rows: countRows(rows)})
	return nil
}

// Save ends the writer.
func (w *PartWriter) Save(ctx context.Context) (Snapshot, error) {
	defer w.release()
	if w.rows >= schemas.LargeFrom {
		return newSnapshot(w.table.Name, w.parts), nil
	}
	small, err := w.session.Writer(ctx, w.table)
	if err != nil {
		return Snapshot{}, err
	}
	whole, err := w.together()
	if err != nil {
		return Snapshot{}, fmt.Errorf("table %s: %w", w.table.Name, err)
	}
	defer whole.Release()
	if err := small.Write(ctx, whole); err != nil {
		return Snapshot{}, err
	}
	return small.Save(ctx)
}

// together makes one batch of the parts that wait. Each batch costs the engine some milliseconds, however few its rows.
func (w *PartWriter) together() (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, len(w.table.Columns))
	for c, column := range w.table.Columns {
		var pieces []arrow.Array
		for _, p := range w.waiting {
			for _, batch := range p.rows {
				pieces = append(pieces, batch.Column(c))
			}
		}
		if len(pieces) == 0 {
			columns[c] = array.MakeArrayOfNull(memory.DefaultAllocator, column.Type, 0)
		} else {
			var err error
			if columns[c], err = array.Concatenate(pieces, memory.DefaultAllocator); err != nil {
				return nil, err
			}
		}
		defer columns[c].Release()
	}
	return array.NewRecordBatch(w.schema, columns, w.rows), nil
}

func (w *PartWriter) release() {
	for _, p := range w.waiting {
		for _, batch := range p.rows {
			batch.Release()
		}
	}
	w.waiting = nil
}

// ordered says what is wrong with a part's place, its rows' order or a value that is missing: what Save checks of a table
// that the engine sorts.
func (w *PartWriter) ordered(number int, rows []arrow.RecordBatch) error {
	if number < w.next || number >= schemas.ManyParts {
		return fmt.Errorf("it does not come after part %d", w.next-1)
	}
	var last arrow.RecordBatch
	for _, batch := range rows {
		if !batch.Schema().Equal(w.schema) {
			return fmt.Errorf("its columns are %s", batch.Schema())
		}
		for i, c := range w.table.Columns {
			if c.NotNull && batch.Column(i).NullN() > 0 {
				return fmt.Errorf("column %s, which must hold a value, is null", c.Name)
			}
		}
		for i := range int(batch.NumRows()) {
			before, at := batch, i-1
			if i == 0 {
				if before, at = last, 0; before == nil {
					continue
				}
				at = int(before.NumRows()) - 1
			}
			if w.compare(before, at, batch, i) >= 0 {
				return fmt.Errorf("its rows are not in the order of the key (%s), or one occurs twice", strings.Join(w.table.Key, ", "))
			}
		}
		if batch.NumRows() > 0 {
			last = batch
		}
	}
	return nil
}

// compare compares two rows by the table's key.
func (w *PartWriter) compare(a arrow.RecordBatch, i int, b arrow.RecordBatch, j int) int {
	for _, k := range w.key {
		var c int
		switch x := a.Column(k).(type) {
		case *array.String:
			c = strings.Compare(x.Value(i), b.Column(k).(*array.String).Value(j))
		case *array.Int64:
			c = cmp.Compare(x.Value(i), b.Column(k).(*array.Int64).Value(j))
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// writeBatches stores batches of one schema as they are, through a view of a name that nothing else has.
func (s *Session) writeBatches(ctx context.Context, view string, batches []arrow.RecordBatch) (id string, err error) {
	err = s.withBatches(ctx, view, batches, func() error {
		id, err = s.writeParquet(ctx, "FROM "+view)
		return err
	})
	return id, err
}
