package sql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// versioned makes rows of raw_member, each in one of several versions that differ in one value: a text, none, and lists that say
// the same when they are strung together.
func versioned(versions map[int]int, ids []int) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.RawMember.Arrow())
	defer b.Release()
	for _, n := range ids {
		for i, cell := range cellsOf(versions, n) {
			switch f := b.Field(i).(type) {
			case *array.StringBuilder:
				if cell == "" {
					f.AppendNull()
				} else {
					f.Append(cell)
				}
			case *array.ListBuilder:
				if f.Append(cell != ""); cell != "" {
					f.ValueBuilder().(*array.StringBuilder).AppendValues(strings.Split(cell, "|"), nil)
				}
			}
		}
	}
	return b.NewRecordBatch()
}

// cellsOf are the cells of a row as they are read.
func cellsOf(versions map[int]int, n int) []string {
	cells := make([]string, len(schemas.RawMember.Columns))
	for i, c := range schemas.RawMember.Columns {
		switch v := versions[n]; {
		case c.NotNull:
			cells[i] = fmt.Sprintf("m%07d", n)
		case c.Name == "title" && v > 0:
			cells[i] = fmt.Sprint("title ", v)
		case c.Name == "city":
			cells[i] = "Zürich"
		case c.Name == "phones":
			cells[i] = []string{"12|3", "12|3", "1|23", "123"}[v%4]
		}
	}
	return cells
}

// reads adds what a source would emit of some rows.
func (h *Held) reads(versions map[int]int, ids []int) {
	if h.earlier != nil {
		ids = slices.DeleteFunc(slices.Clone(ids), func(n int) bool { return h.Known("a file", cellsOf(versions, n)) })
	}
	for _, n := range ids {
		h.Kept(cellsOf(versions, n))
	}
	batch := versioned(versions, ids)
	defer batch.Release()
	h.Add(batch)
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
			whole := NewHeld(schemas.RawMember)
			ids := slices.Collect(maps.Keys(versions)) // in any order
			for some := range slices.Chunk(ids, 40_000) {
				batch := versioned(versions, some)
				whole.Add(batch)
				batch.Release()
			}
			want, err := s.SaveHeld(ctx, whole, nil)
			if err != nil {
				t.Fatal(err)
			}
			twice := step%4 == 3 // whether a row is there that another one beats
			read := func(to *Held) *Held {
				for some := range slices.Chunk(ids, 40_000) {
					to.reads(versions, some)
				}
				if twice {
					to.reads(map[int]int{ids[0]: 9}, ids[:1])
				}
				return to
			}
			over, err := s.NewDigestedOver(ctx, schemas.RawMember, last)
			if err != nil || (over != nil) != (last.Digests != "" && !last.Repeated) {
				t.Fatalf("%d rows, step %d: held over the earlier version: %v, %v", rows, step, over != nil, err)
			}
			var got Digested
			fit := false
			if over != nil {
				if fit, err = s.StandsOver(ctx, read(over)); err != nil || fit && twice {
					t.Fatalf("%d rows, step %d: fit %v, twice %v, %v", rows, step, fit, twice, err)
				}
			}
			if fit {
				kinds["over"]++
				got, err = s.SaveDigested(ctx, over, nil, last)
			} else {
				digested := read(NewDigested(schemas.RawMember))
				beaten := digested.Batches()[len(digested.Batches())-1]
				got, err = s.SaveDigested(ctx, digested, func(b arrow.RecordBatch, _ int) bool { return twice && b == beaten }, last)
				got.Repeated = twice
			}
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
			afresh.reads(versions, slices.Sorted(maps.Keys(versions)))
			if alone, err := s.SaveDigested(ctx, afresh, nil, Digested{}); err != nil || alone.Digests != got.Digests || !reflect.DeepEqual(alone.Table, want) {
				t.Fatalf("%d rows, step %d: digests differ from those without an earlier version, %v", rows, step, err)
			}
			last = got
		}
		if kinds["amended"] < 1 || kinds["whole"] < 2 || kinds["over"] < 1 {
			t.Errorf("%d rows: %v", rows, kinds)
		}
	}
}

// What a digest is made of tells any two rows apart.
func TestDigests_OfOtherRowsDiffer(t *testing.T) {
	h, seen := NewDigested(schemas.RawMember), map[digest]bool{}
	texts := []string{"", "x", "y", "xy", "x\x01y", "\x01", "\x01x", strings.Repeat("x", 128), strings.Repeat("x", 129)}
	for _, a := range texts {
		for _, b := range texts {
			for _, c := range texts {
				seen[h.digestOf([]string{a, b, c})] = true
			}
		}
	}
	if want := len(texts) * len(texts) * len(texts); len(seen) != want {
		t.Errorf("%d rows have %d digests", want, len(seen))
	}
}

// An object that is no list of digests, or one of another table's columns, is told and never taken for one.
func TestDigests_SpoiltOnesAreTold(t *testing.T) {
	s := openTwo(t)
	versions := map[int]int{}
	for n := range 50 {
		versions[n] = n % 5
	}
	held := NewDigested(schemas.RawMember)
	held.reads(versions, slices.Collect(maps.Keys(versions)))
	made, err := s.SaveDigested(t.Context(), held, nil, Digested{})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := s.Object(made.Digests)
	if err != nil {
		t.Fatal(err)
	}
	parts := held.kept(nil)
	if held.earlier, err = readEarlierRows(schemas.RawMember, whole); err != nil || held.earlier == nil {
		t.Fatalf("its own digests: %v", err)
	}
	if other, gone, once := held.tellApart(held.unknown(parts)); len(other)+len(gone) > 0 || !once {
		t.Fatalf("against its own digests: %d other, %d gone, once %v", len(other), len(gone), once)
	}
	head := len(digestsHead(schemas.RawMember))
	for cut := range len(whole) {
		if e, err := readEarlierRows(schemas.RawMember, whole[:cut]); e != nil || cut >= head && !errors.Is(err, errNoDigests) {
			t.Fatalf("cut at %d: %v, %v", cut, e != nil, err)
		}
	}
	if _, err := readEarlierRows(schemas.RawMember, append(slices.Clone(whole), 0)); !errors.Is(err, errNoDigests) {
		t.Errorf("with more behind it: %v", err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		spoilt := slices.Clone(whole)
		for range 1 + random.IntN(4) {
			spoilt[head+random.IntN(len(spoilt)-head)] = byte(random.IntN(256))
		}
		if held.earlier, err = readEarlierRows(schemas.RawMember, spoilt); err == nil { // it must come to an end
			held.tellApart(held.unknown(parts))
		}
	}
	held.earlier = nil
	if e, err := readEarlierRows(schemas.RawCompany, whole); e != nil || err != nil {
		t.Errorf("digests of members fit companies: %v, %v", e != nil, err)
	}
}
