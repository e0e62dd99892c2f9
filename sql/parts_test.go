package sql

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// differing are rows of remedied by id.
func differing(ids ...string) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, remedied.Arrow())
	defer b.Release()
	for _, id := range ids {
		for i := range 3 {
			b.Field(i).(*array.StringBuilder).Append(map[bool]string{true: id, false: "x"}[i == 1])
		}
		for i := range 2 {
			list := b.Field(3 + i).(*array.ListBuilder)
			list.Append(true)
			list.ValueBuilder().(*array.StringBuilder).Append(id)
		}
		b.Field(5).(*array.Decimal128Builder).AppendNull()
	}
	return b.NewRecordBatch()
}

var remedied = func() schemas.Table {
	t := schemas.Remedy
	t.Columns = slices.Clone(t.Columns)
	t.Columns[5].NotNull = false
	return t
}()

// Invariant 1: rows that come in parts are stored as those that come in any order, whether they are many or few.
func TestPartWriterStoresAsWriterDoes(t *testing.T) {
	for _, n := range []int{0, 1000, schemas.LargeFrom - 1, schemas.LargeFrom, schemas.LargeFrom + 5000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := openSession(t, 2)
			var all []string
			parts := make([][]string, schemas.ManyParts)
			for i := range n {
				id := fmt.Sprintf("00Q%012d", i*7919%n)
				all = append(all, id)
				parts[PartOf(id)] = append(parts[PartOf(id)], id)
			}
			w, err := s.Writer(t.Context(), remedied)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(t.Context(), differing(all...)); err != nil {
				t.Fatal(err)
			}
			want, err := w.Save(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p, err := s.PartWriter(remedied)
			if err != nil {
				t.Fatal(err)
			}
			for number, ids := range parts {
				slices.Sort(ids)
				half := len(ids) / 2
				if err := p.Write(t.Context(), number, []arrow.RecordBatch{differing(ids[:half]...), differing(ids[half:]...)}); err != nil {
					t.Fatal(err)
				}
			}
			got, err := p.Save(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got.ID != want.ID || got.Rows != want.Rows || len(got.Parts) != len(want.Parts) {
				t.Errorf("%d rows in %d parts, want %d in %d; the same content: %t", got.Rows, len(got.Parts), want.Rows, len(want.Parts), got.ID == want.ID)
			}
		})
	}
}

func TestPartWriterRefusesRowsOutOfOrder(t *testing.T) {
	s := openSession(t, 2)
	for name, c := range map[string]struct {
		numbers []int
		rows    [][]arrow.RecordBatch
		want    string
	}{
		"a part again":     {[]int{3, 3}, [][]arrow.RecordBatch{{differing("a")}, {differing("b")}}, "does not come after part 3"},
		"no such part":     {[]int{64}, [][]arrow.RecordBatch{{differing("a")}}, "does not come after"},
		"descending":       {[]int{1}, [][]arrow.RecordBatch{{differing("b", "a")}}, "not in the order of the key"},
		"twice":            {[]int{1}, [][]arrow.RecordBatch{{differing("a", "a")}}, "occurs twice"},
		"across batches":   {[]int{1}, [][]arrow.RecordBatch{{differing("b"), differing(), differing("a")}}, "not in the order of the key"},
		"of another table": {[]int{1}, [][]arrow.RecordBatch{{otherColumns()}}, "its columns are"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := s.PartWriter(remedied)
			if err != nil {
				t.Fatal(err)
			}
			for i, number := range c.numbers {
				err = p.Write(t.Context(), number, c.rows[i])
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	p, err := s.PartWriter(schemas.Remedy)
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.Remedy.Arrow())
	defer b.Release()
	for i := range b.Fields() {
		b.Field(i).AppendNull()
	}
	if err := p.Write(t.Context(), 0, []arrow.RecordBatch{b.NewRecordBatch()}); err == nil || !strings.Contains(err.Error(), "is null") {
		t.Errorf("error %v, want one about a missing value", err)
	}
}

func otherColumns() arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.Differing.Arrow())
	defer b.Release()
	b.Field(0).(*array.StringBuilder).Append("a")
	return b.NewRecordBatch()
}

// Where a row lies is said twice, by the macro for the engine and by PartOf for Go: they must agree.
func TestPartOfAgreesWithSQL(t *testing.T) {
	s := openSession(t, 2)
	rows, err := s.Query(t.Context(), "SELECT id, part_of(id) FROM (SELECT 'é' || range || '00Q' AS id FROM range(200) UNION ALL SELECT '')", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var id string
		var want int
		if err := rows.Scan(&id, &want); err != nil {
			t.Fatal(err)
		}
		if n++; PartOf(id) != want {
			t.Errorf("part of %q: %d, in SQL %d", id, PartOf(id), want)
		}
	}
	if n != 201 {
		t.Errorf("%d ids were compared", n)
	}
}

func TestPartsOfSnapshots(t *testing.T) {
	split := newSnapshot("mapping", []Part{{Number: 2, Of: 64, ID: "a", Rows: 1}, {Number: 5, Of: 64, ID: "b", Rows: 2}})
	small := newSnapshot("known", []Part{{Of: 1, ID: "c", Rows: 3}})
	for _, c := range []struct {
		name string
		got  Snapshot
		rows int64
	}{
		{"beside one part", split.Beside(split.Split()[1]), 2},
		{"beside a table that is not split", split.Beside(small), 3},
		{"a small table beside a part", small.Beside(split.Split()[0]), 3},
		{"first", split.First(5), 1}, {"rest", split.Rest(5), 2},
		{"first of a small table", small.First(1), 3}, {"rest of a small table", small.Rest(1), 0},
	} {
		if c.got.Rows != c.rows {
			t.Errorf("%s: %d rows, want %d", c.name, c.got.Rows, c.rows)
		}
	}
}

func TestPieces(t *testing.T) {
	var table Snapshot
	for _, rows := range []int64{7, 3, 1, 12, 5, 5, 1} {
		table.Parts = append(table.Parts, Part{Rows: rows})
	}
	var got []int64
	for _, p := range table.Pieces(10) {
		got = append(got, p.Rows)
	}
	if want := []int64{10, 1, 12, 10, 1}; !slices.Equal(got, want) {
		t.Errorf("pieces of %v rows, want %v", got, want)
	}
}
