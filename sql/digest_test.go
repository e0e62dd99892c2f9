package sql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// versioned makes rows of raw_member, each in one of several versions that differ in one value: a text, none, an empty one, and
// lists that say the same when they are strung together.
func versioned(versions map[int]int, ids []int) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.RawMember.Arrow())
	defer b.Release()
	for _, n := range ids {
		for i, c := range schemas.RawMember.Columns {
			switch f := b.Field(i).(type) {
			case *array.StringBuilder:
				switch v := versions[n]; {
				case c.NotNull:
					f.Append(fmt.Sprintf("m%07d", n))
				case c.Name == "title" && v == 1:
					f.Append("")
				case c.Name == "title" && v > 1:
					f.Append(fmt.Sprint("title ", v))
				case c.Name == "city":
					f.Append("Zürich")
				default:
					f.AppendNull()
				}
			case *array.ListBuilder:
				if c.Name != "phones" {
					f.AppendNull()
					continue
				}
				f.Append(true)
				f.ValueBuilder().(*array.StringBuilder).AppendValues([][]string{{"12", "3"}, {"12", "3"}, {"1", "23"}, {"123"}}[versions[n]%4], nil)
			}
		}
	}
	return b.NewRecordBatch()
}

// Whichever of its versions a list is amended from, it has the rows of the whole, and the same digests (invariants 2 and 9).
func TestSaveDigested_HoldsTheRowsOfTheWhole(t *testing.T) {
	ctx := context.Background()
	for rows, steps := range map[int]int{300: 14, schemas.LargeFrom + 40: 4} {
		if testing.Short() && rows > 300 {
			continue // nothing more of it runs at once
		}
		s, random := openTwo(t), rand.New(rand.NewPCG(uint64(rows), 3))
		versions := map[int]int{}
		for n := range rows {
			versions[n] = n % 5
		}
		var last Digested
		kinds := map[string]int{}
		for step := range steps {
			few := []int{0, 1, 8, 8, 8, 60}[random.IntN(6)]
			if step == steps-2 {
				few = rows / 4 // more than can be worth amending
			}
			for range few {
				switch n := random.IntN(rows + 20); random.IntN(3) {
				case 0:
					delete(versions, n)
				default:
					versions[n] = random.IntN(6)
				}
			}
			whole, digested := NewHeld(schemas.RawMember), NewDigested(schemas.RawMember)
			ids := slices.Collect(maps.Keys(versions)) // in any order
			for some := range slices.Chunk(ids, 40_000) {
				batch := versioned(versions, some)
				whole.Add(batch)
				digested.Add(batch)
				batch.Release()
			}
			twice := versioned(map[int]int{ids[0]: 9}, ids[:1]) // a row that another one beats
			digested.Add(twice)
			beaten := digested.Batches()[len(digested.Batches())-1]
			want, err := s.SaveHeld(ctx, whole, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.SaveDigested(ctx, digested, func(b arrow.RecordBatch, _ int) bool { return b == beaten }, last)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case step > 0 && got.Table.ID == last.Table.ID:
				kinds["same"]++
			case got.Table.Amended():
				kinds["amended"]++
			default:
				kinds["whole"]++
			}
			if again, err := s.Whole(ctx, got.Table); err != nil || !reflect.DeepEqual(again, want) || got.Table.Rows != want.Rows {
				t.Fatalf("%d rows, step %d: amended %v, its rows are stored as %s, want %s; %v", rows, step, got.Table.Amended(), again.ID, want.ID, err)
			}
			afresh := NewDigested(schemas.RawMember)
			all := versioned(versions, slices.Sorted(maps.Keys(versions)))
			afresh.Add(all)
			all.Release()
			if alone, err := s.SaveDigested(ctx, afresh, nil, Digested{}); err != nil || alone.Digests != got.Digests || !reflect.DeepEqual(alone.Table, want) {
				t.Fatalf("%d rows, step %d: digests differ from those without an earlier version, %v", rows, step, err)
			}
			last = got
		}
		if kinds["amended"] < 1 || kinds["whole"] < 2 {
			t.Errorf("%d rows: %v", rows, kinds)
		}
	}
}

// What a digest is made of tells any two rows apart, and a column that is not there is one of nulls.
func TestDigests_OfOtherRowsDiffer(t *testing.T) {
	table := schemas.Table{Name: "told", Key: []string{"a"}, Columns: []schemas.Column{{Name: "a", Type: schemas.Text}, {Name: "b", Type: schemas.Text},
		{Name: "c", Type: schemas.TextList}, {Name: "d", Type: schemas.Bool}, {Name: "e", Type: schemas.Timestamp}}}
	b := array.NewRecordBuilder(memory.DefaultAllocator, table.Arrow())
	defer b.Release()
	texts := [][2]any{{"x", "y"}, {"xy", ""}, {"xy", nil}, {"", "xy"}, {nil, "xy"}, {"x\x01\x01y", nil}, {nil, nil}}
	lists := [][]string{nil, {}, {""}, {"", ""}, {"p", "q"}, {"pq"}, {"p\x01q"}}
	rows := 0
	for _, text := range texts {
		for _, list := range lists {
			for k := range 9 {
				for i := range 2 {
					if v, ok := text[i].(string); ok {
						b.Field(i).(*array.StringBuilder).Append(v)
					} else {
						b.Field(i).AppendNull()
					}
				}
				l := b.Field(2).(*array.ListBuilder)
				if l.Append(list != nil); list != nil {
					l.ValueBuilder().(*array.StringBuilder).AppendValues(list, nil)
				}
				if k%3 == 2 {
					b.Field(3).AppendNull()
				} else {
					b.Field(3).(*array.BooleanBuilder).Append(k%3 == 1)
				}
				if k/3 == 2 {
					b.Field(4).AppendNull()
				} else {
					b.Field(4).(*array.TimestampBuilder).Append(arrow.Timestamp(k / 3))
				}
				rows++
			}
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	seen := map[digest]bool{}
	for i, d := range digestsOf(table, batch) {
		if one := digestsOf(table, batch.NewSlice(int64(i), int64(i)+1))[0]; one != d {
			t.Errorf("row %d has another digest in a slice", i)
		}
		seen[d] = true
	}
	if len(seen) != rows {
		t.Errorf("%d rows have %d digests", rows, len(seen))
	}
	lacks := array.NewRecordBatch(arrow.NewSchema(batch.Schema().Fields()[:4], nil), batch.Columns()[:4], batch.NumRows())
	defer lacks.Release()
	for i, d := range digestsOf(table, lacks) {
		if batch.Column(4).IsNull(i) != (d == digestsOf(table, batch.NewSlice(int64(i), int64(i)+1))[0]) {
			t.Errorf("row %d: a column that is not there counts other than one that is null", i)
		}
	}
}

// An object that is no list of digests, or one of another table's columns, is told and never taken for one.
func TestDigests_SpoiltOnesAreTold(t *testing.T) {
	s := openTwo(t)
	held := NewDigested(schemas.RawMember)
	held.Add(members(shuffled(50, 7)...))
	made, err := s.SaveDigested(t.Context(), held, nil, Digested{})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := s.Object(made.Digests)
	if err != nil {
		t.Fatal(err)
	}
	parts := held.kept(nil)
	if other, gone, fit, err := held.tellApart(parts, whole); err != nil || !fit || len(other)+len(gone) > 0 {
		t.Fatalf("against its own digests: %d other, %d gone, fit %v, %v", len(other), len(gone), fit, err)
	}
	head := len(digestsHead(schemas.RawMember))
	for cut := range len(whole) {
		if _, _, fit, err := held.tellApart(parts, whole[:cut]); fit && !errors.Is(err, errNoDigests) || !fit && cut >= head {
			t.Fatalf("cut at %d: fit %v, %v", cut, fit, err)
		}
	}
	if _, _, _, err := held.tellApart(parts, append(slices.Clone(whole), 0)); !errors.Is(err, errNoDigests) {
		t.Errorf("with more behind it: %v", err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		spoilt := slices.Clone(whole)
		for range 1 + random.IntN(4) {
			spoilt[head+random.IntN(len(spoilt)-head)] = byte(random.IntN(256))
		}
		held.tellApart(parts, spoilt) //nolint:errcheck // it must come to an end
	}
	companies := NewDigested(schemas.RawCompany)
	if _, _, fit, err := companies.tellApart(companies.kept(nil), whole); fit || err != nil {
		t.Errorf("digests of members fit companies: %v, %v", fit, err)
	}
}
