package sql

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
)

// Held are rows in memory, in any order, of which a table is to be made whose key is one column of text. What is added is
// copied, the rows of a part of a large table side by side: parts are stored one after the other, and rows taken from all
// over the memory cost more than anything else of storing them.
type Held struct {
	table   schemas.Table
	batches []arrow.RecordBatch
	bytes   uint64
	parts   [schemas.ManyParts][]heldRow
	sorted  bool
	// digests are of the rows, by batch and place, where they are wanted; told are those of the next batch.
	digested bool
	digests  [][]digest
	told     []digest
	row      []byte // space
	earlier  *earlierRows
}

// heldRow is a row of batches in memory: its key, and where it is.
type heldRow struct {
	// head are the first bytes of the key that are not the same in the whole part: most keys are told apart by them.
	head     uint64
	key      string // lies in the batch
	batch, i int32
}

// NewHeld starts a table.
func NewHeld(table schemas.Table) *Held { return &Held{table: table} }

// NewDigested is NewHeld for SaveDigested.
func NewDigested(table schemas.Table) *Held { return &Held{table: table, digested: true} }

// Add copies rows. All batches have the columns of the first.
func (h *Held) Add(batch arrow.RecordBatch) {
	keys := batch.Column(batch.Schema().FieldIndices(h.table.Key[0])[0]).(*array.String)
	places := placesByPart(keys)
	columns := make([]arrow.Array, batch.NumCols())
	for c, column := range batch.Columns() {
		columns[c] = scatter(column, places)
		defer columns[c].Release()
		h.bytes += columns[c].Data().SizeInBytes()
		if column == arrow.Array(keys) {
			keys = columns[c].(*array.String)
		}
	}
	if h.digested = h.digested && len(h.told) == int(batch.NumRows()); h.digested {
		h.digests = append(h.digests, make([]digest, batch.NumRows()))
		for i, d := range h.told {
			h.digests[len(h.batches)][places.to[i]] = d
		}
		h.bytes += uint64(batch.NumRows()) * uint64(len(digest{}))
	}
	h.told = h.told[:0]
	n := int32(len(h.batches))
	h.batches = append(h.batches, array.NewRecordBatch(batch.Schema(), columns, batch.NumRows()))
	for part := range h.parts {
		for i := places.starts[part]; i < places.starts[part+1]; i++ {
			h.parts[part] = append(h.parts[part], heldRow{key: keys.Value(int(i)), batch: n, i: i})
		}
	}
	h.sorted = false
}

// Batches are the rows that are held, valid until Release.
func (h *Held) Batches() []arrow.RecordBatch { return h.batches }

// Bytes is the memory that they take.
func (h *Held) Bytes() uint64 { return h.bytes }

// Release frees them.
func (h *Held) Release() {
	for _, b := range h.batches {
		b.Release()
	}
	if h.earlier != nil {
		h.earlier.close() //nolint:errcheck // it was only read
	}
	*h = Held{table: h.table}
}

// SaveHeld stores rows that are held, without those that drop names. A column that they lack is null, one that the table lacks
// is left out. Only keys are sorted.
func (s *Session) SaveHeld(ctx context.Context, h *Held, drop func(b arrow.RecordBatch, i int) bool) (Snapshot, error) {
	parts, rows := h.kept(drop), 0
	for _, some := range parts {
		rows += len(some)
	}
	if !h.table.Large || rows < schemas.LargeFrom {
		whole := slices.Concat(parts...)
		sortRows(whole)
		parts = [][]heldRow{whole}
	}
	columns := heldColumns(h.table, h.batches)
	view := s.tempName(h.table.Name)
	var stored []Part
	for number, some := range parts {
		if len(some) == 0 {
			continue
		}
		if i := firstRepeated(some); i < len(some) {
			return Snapshot{}, fmt.Errorf("table %s: its key (%s) is not unique", h.table.Name, h.table.Key[0])
		}
		batch, err := gatherBatch(h.table, columns, some)
		if err != nil {
			return Snapshot{}, err
		}
		id, err := s.writeBatches(ctx, view, []arrow.RecordBatch{batch})
		batch.Release()
		if err != nil {
			return Snapshot{}, fmt.Errorf("table %s: %w", h.table.Name, err)
		}
		stored = append(stored, Part{Number: number, Of: len(parts), ID: id, Rows: int64(len(some))})
	}
	return newSnapshot(h.table.Name, stored), nil
}

// kept are the rows of each part in the order of their keys, without those that drop names.
func (h *Held) kept(drop func(b arrow.RecordBatch, i int) bool) [][]heldRow {
	h.sort()
	parts := slices.Clone(h.parts[:])
	for number := range parts {
		if drop != nil {
			parts[number] = slices.DeleteFunc(slices.Clone(parts[number]), func(row heldRow) bool { return drop(h.batches[row.batch], int(row.i)) })
		}
	}
	return parts
}

// Repeated are the rows whose key occurs more than once, with the columns of another table.
func (h *Held) Repeated(columns schemas.Table) (arrow.RecordBatch, error) {
	h.sort()
	var repeated []heldRow
	for _, some := range h.parts {
		for i := firstRepeated(some); i < len(some); i++ {
			if i > 0 && some[i].key == some[i-1].key || i+1 < len(some) && some[i].key == some[i+1].key {
				repeated = append(repeated, some[i])
			}
		}
	}
	return gatherBatch(columns, heldColumns(columns, h.batches), repeated)
}

func (h *Held) sort() {
	if h.sorted {
		return
	}
	for _, rows := range h.parts {
		sortRows(rows)
	}
	h.sorted = true
}

// sortRows sorts rows by their keys, byte by byte.
func sortRows(rows []heldRow) {
	if len(rows) == 0 {
		return
	}
	same := rows[0].key
	for _, row := range rows {
		n := 0
		for n < len(same) && n < len(row.key) && same[n] == row.key[n] {
			n++
		}
		same = same[:n]
	}
	for i, row := range rows {
		var head [8]byte
		copy(head[:], row.key[len(same):])
		rows[i].head = binary.BigEndian.Uint64(head[:])
	}
	slices.SortFunc(rows, func(a, b heldRow) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return strings.Compare(a.key, b.key)
	})
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
