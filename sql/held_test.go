package sql

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

func openTwo(t *testing.T) *Session {
	t.Helper()
	s, err := Open(t.Context(), Options{Objects: t.TempDir(), Spill: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// members makes rows of raw_member by number, with nulls, a column of nulls alone, and lists.
func members(ids ...int) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.RawMember.Arrow())
	defer b.Release()
	for _, n := range ids {
		for i, c := range schemas.RawMember.Columns {
			switch f := b.Field(i).(type) {
			case *array.StringBuilder:
				if c.NotNull {
					f.Append(fmt.Sprintf("m%07d", n))
				} else if (n+i)%3 == 0 || i == 5 {
					f.AppendNull()
				} else {
					f.Append(fmt.Sprintf("%s %d é", c.Name, n%97*i))
				}
			case *array.ListBuilder:
				if n%5 == 0 {
					f.AppendNull()
					continue
				}
				f.Append(true)
				for k := range n % 3 {
					f.ValueBuilder().(*array.StringBuilder).Append(fmt.Sprint(c.Name, k, n%11))
				}
			}
		}
	}
	return b.NewRecordBatch()
}

func shuffled(n, step int) []int {
	ids := make([]int, n)
	for i := range ids {
		ids[i] = i * step % n
	}
	return ids
}

// Invariant 9: a table has the same files whether its rows went through the engine or were held, in whichever order and cut.
func TestSaveHeld_StoresWhatAWriterStores(t *testing.T) {
	ctx := context.Background()
	s := openTwo(t)
	sizes := []int{0, 1, 3000, schemas.LargeFrom, 140_000}
	if testing.Short() { // the parts are written at once from the fourth on
		sizes = sizes[2:4]
	}
	for _, n := range sizes {
		w, err := s.Writer(ctx, schemas.RawMember)
		if err != nil {
			t.Fatal(err)
		}
		all := members(shuffled(n, 7919)...)
		if err := w.Write(ctx, all); err != nil {
			t.Fatal(err)
		}
		want, err := w.Save(ctx)
		if err != nil {
			t.Fatal(err)
		}
		ids := shuffled(n, 104_729)
		held := NewHeld(schemas.RawMember)
		for _, some := range []arrow.RecordBatch{members(ids[:n/3]...), members(ids[n/3:]...), members(n)} {
			held.Add(some)
			some.Release()
		}
		last := held.Batches()[2]
		got, err := s.SaveHeld(ctx, held, func(b arrow.RecordBatch, _ int) bool { return b == last })
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d rows: held ones are stored as %d parts, %s, those of a writer as %d, %s", n, len(got.Parts), got.ID, len(want.Parts), want.ID)
		}
	}
}

func TestSaveHeld_KeyTwice(t *testing.T) {
	s := openTwo(t)
	held := NewHeld(schemas.RawMember)
	held.Add(members(1, 2, 3))
	held.Add(members(4, 2))
	if _, err := s.SaveHeld(t.Context(), held, nil); err == nil || !strings.Contains(err.Error(), "not unique") {
		t.Errorf("got %v", err)
	}
	repeated, err := held.Repeated(schemas.RawMember)
	if err != nil || repeated.NumRows() != 2 {
		t.Fatalf("%d rows are repeated, %v; want both of one record", repeated.NumRows(), err)
	}
	for i := range 2 {
		if id := repeated.Column(0).(*array.String).Value(i); id != "m0000002" {
			t.Errorf("got %s", id)
		}
	}
}

// A part of more rows than the engine writes in one group has the same bytes, whether its rows come sorted in batches or out of
// a table that it sorts.
func TestWriteBatches_WritesWhatATableGives(t *testing.T) {
	ctx := context.Background()
	s := openTwo(t)
	const n = 130_000 // groups have 122,880
	ids := shuffled(n, 1)
	w, err := s.Writer(ctx, schemas.RawMember)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(ctx, members(shuffled(n, 7919)...)); err != nil {
		t.Fatal(err)
	}
	want, err := s.writeParquet(ctx, "SELECT * FROM "+w.Name()+" ORDER BY member_id")
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{n, 8192} {
		var batches []arrow.RecordBatch
		for start := 0; start < n; start += cut {
			batches = append(batches, members(ids[start:min(n, start+cut)]...))
		}
		if got, err := s.writeBatches(ctx, fmt.Sprint("cut_", cut), batches); err != nil || got != want {
			t.Errorf("batches of %d rows: got %s, want %s, %v", cut, got, want, err)
		}
	}
}
