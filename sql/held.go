package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
)

// heldRow is a row of batches in memory: its key, and where it is.
type heldRow struct {
	key      string // lies in the batch
	batch, i int32
}

// SaveHeld stores rows that are held in memory, in any order, without those that drop names. A column that a batch lacks is
// null, one that the table lacks is left out. The table's key must be one column of text. Only keys are sorted, and rows are
// copied once, to where they belong.
func (s *Session) SaveHeld(ctx context.Context, table schemas.Table, batches []arrow.RecordBatch, drop func(b arrow.RecordBatch, i int) bool) (Snapshot, error) {
	rows := heldRows(table, batches, drop)
	of := 1
	if table.Large && len(rows) >= schemas.LargeFrom {
		of = schemas.ManyParts
	}
	columns := heldColumns(table, batches)
	view := s.tempName(table.Name)
	var parts []Part
	for number, some := range divideRows(rows, of) {
		if len(some) == 0 {
			continue
		}
		sortRows(some)
		if i := firstRepeated(some); i < len(some) {
			return Snapshot{}, fmt.Errorf("table %s: its key (%s) is not unique", table.Name, table.Key[0])
		}
		batch, err := gatherBatch(table, columns, some)
		if err != nil {
			return Snapshot{}, err
		}
		id, err := s.writeBatches(ctx, view, []arrow.RecordBatch{batch})
		batch.Release()
		if err != nil {
			return Snapshot{}, fmt.Errorf("table %s: %w", table.Name, err)
		}
		parts = append(parts, Part{Number: number, Of: of, ID: id, Rows: int64(len(some))})
	}
	return newSnapshot(table.Name, parts), nil
}

// Repeated are the rows of batches whose key in a table occurs more than once, with the columns of another one.
func Repeated(table, columns schemas.Table, batches []arrow.RecordBatch) (arrow.RecordBatch, error) {
	var repeated []heldRow
	for _, some := range divideRows(heldRows(table, batches, nil), schemas.ManyParts) {
		sortRows(some)
		for i := firstRepeated(some); i < len(some); i++ {
			if i > 0 && some[i].key == some[i-1].key || i+1 < len(some) && some[i].key == some[i+1].key {
				repeated = append(repeated, some[i])
			}
		}
	}
	return gatherBatch(columns, heldColumns(columns, batches), repeated)
}

func heldRows(table schemas.Table, batches []arrow.RecordBatch, drop func(b arrow.RecordBatch, i int) bool) []heldRow {
	total := int64(0)
	for _, b := range batches {
		total += b.NumRows()
	}
	rows := make([]heldRow, 0, total)
	for n, b := range batches {
		keys := b.Column(b.Schema().FieldIndices(table.Key[0])[0]).(*array.String)
		for i := range keys.Len() {
			if drop == nil || !drop(b, i) {
				rows = append(rows, heldRow{keys.Value(i), int32(n), int32(i)})
			}
		}
	}
	return rows
}

// divideRows gives rows by the part they belong to.
func divideRows(rows []heldRow, of int) [][]heldRow {
	if of == 1 {
		return [][]heldRow{rows}
	}
	parts := make([][]heldRow, of)
	for _, row := range rows {
		part := PartOf(row.key)
		parts[part] = append(parts[part], row)
	}
	return parts
}

func sortRows(rows []heldRow) {
	slices.SortFunc(rows, func(a, b heldRow) int { return strings.Compare(a.key, b.key) })
}

// firstRepeated is the place of the first row with the key of the one behind it; behind all, where there is none.
func firstRepeated(rows []heldRow) int {
	for i := range max(len(rows), 1) - 1 {
		if rows[i].key == rows[i+1].key {
			return i
		}
	}
	return len(rows)
}

// heldColumns are a table's columns in batches; nil where a batch lacks one.
func heldColumns(table schemas.Table, batches []arrow.RecordBatch) [][]arrow.Array {
	columns := make([][]arrow.Array, len(table.Columns))
	for c, column := range table.Columns {
		columns[c] = make([]arrow.Array, len(batches))
		for b, batch := range batches {
			if i := batch.Schema().FieldIndices(column.Name); len(i) > 0 {
				columns[c][b] = batch.Column(i[0])
			}
		}
	}
	return columns
}

// gatherBatch is a batch of a table's columns with some rows.
func gatherBatch(table schemas.Table, columns [][]arrow.Array, rows []heldRow) (arrow.RecordBatch, error) {
	arrays := make([]arrow.Array, len(columns))
	for c := range columns {
		arrays[c] = gather(table.Columns[c].Type, columns[c], rows)
		defer arrays[c].Release()
		if table.Columns[c].NotNull && arrays[c].NullN() > 0 {
			return nil, fmt.Errorf("table %s: a column that must hold a value is null", table.Name)
		}
	}
	return array.NewRecordBatch(table.Arrow(), arrays, int64(len(rows))), nil
}
