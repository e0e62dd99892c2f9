package linkage

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// Records are renewed, from the pairs that change, to exactly what scoring them whole gives: rows and totals, whatever became of
// the directory and of the keys that hold too many (invariant 2). All records are asked, whether or not they meet a record
// that differs, and those that a Glancer leaves out must stay as they are.
func TestRenewal_Invariant2_EqualsScoringWhole(t *testing.T) {
	seen := map[Rows]int{}
	merged, moved, seeds := 0, 0, uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 3))
		s := shippedModel(t).Person
		s.Keep = 1 + random.IntN(4)
		for i := range s.Rules {
			s.Rules[i].Max = min(s.Rules[i].Max, 2+random.IntN(12))
		}
		d := plant(int64(seed), 700, 500, .7)
		crowd(random, d.members, d.contacts)
		before := indexOf(t, s, d.members)
		p, frequencies := anyParameters(t, s, before), frequenciesOf(before)
		for step := range 3 {
			members := later(random, d.members, 1+random.IntN(30), fmt.Sprint("n", step))
			after := indexOf(t, s, members)
			score := func(x *Index) (*Records, []Scored) {
				records := recordsOf(t, x, d.contacts)
				scorer, err := NewScorer(x, p, frequencies)
				if err != nil {
					t.Fatal(err)
				}
				scored, err := scorer.Score(records, 1)
				if err != nil {
					t.Fatal(err)
				}
				return records, scored
			}
			had, was := score(before)
			_, want := score(after)
			totals := s.Renew(nil)
			for _, r := range was {
				totals.Put(had.ID(r.Record), r.Total())
			}
			kept := readTotals(t, s, totals)
			meetings := NewMeetings(NewDiffering(before, after))
			renewer, err := meetings.NewRenewer(p, frequencies)
			if err != nil {
				t.Fatal(err)
			}
			met := glanced(t, meetings, had)
			records := renewer.NewRecords()
			if err := records.Append(batchOf(s, s.LeftTable(), d.contacts)); err != nil {
				t.Fatal(err)
			}
			for i, r := range renewer.Renew(records, kept, 2) {
				id := records.ID(i)
				if seen[r.Rows]++; !met[id] && (r.Rows != RowsHold || !reflect.DeepEqual(r.Total, r.before)) {
					t.Errorf("seed %d: %s meets none that differs, and becomes %+v", seed, id, r)
				}
				got := was[i]
				switch r.Rows {
				case RowsUnsure:
					continue
				case RowsHold:
					got.Candidates, got.top, got.sum = r.Total.Candidates, r.Total.Top, r.Total.Sum
				case RowsDiffer:
					var ok bool
					if got, ok = renewer.Merge(&r, keptOf(before, was[i])); !ok {
						continue
					}
					merged++
				}
				if total := want[i].Total(); !reflect.DeepEqual(total, r.Total) {
					t.Errorf("seed %d: %s: total %+v, want %+v", seed, id, r.Total, total)
				}
				x := after
				if r.Rows == RowsHold {
					x = before
				}
				if a, b := rowsOf(x, got), rowsOf(after, want[i]); a != b {
					t.Errorf("seed %d: %s: %s, want %s", seed, id, a, b)
				}
			}
			for _, rule := range meetings.rules {
				for _, k := range rule.slots {
					if k.is == keyMoved {
						moved++
					}
				}
			}
			d.members, before = members, after
		}
	}
	t.Logf("rows hold %d, differ %d (merged %d), unsure %d, keys moved %d", seen[RowsHold], seen[RowsDiffer], merged, seen[RowsUnsure], moved)
	if merged == 0 || moved == 0 || seen[RowsUnsure] == 0 || merged < seen[RowsUnsure] {
		t.Error("one of the ways is hardly taken")
	}
}

func keptOf(x *Index, r Scored) (kept []Kept) {
	for i, c := range r.Best {
		kept = append(kept, Kept{Entity: x.records.ID(int(c.Entity)), Rule: x.plan.rules[c.Rule].Name, Rank: int64(i), Candidate: c})
	}
	return kept
}

func rowsOf(x *Index, r Scored) string {
	text := fmt.Sprint(r.Candidates)
	for _, c := range r.Best {
		text += fmt.Sprint(" ", x.records.ID(int(c.Entity)), c.Weight, c.Probability, c.Levels, c.Frequencies, c.Rule)
	}
	return text
}

// crowd gives all people few values, so that keys hold about as many records as they may, and some weigh the same.
func crowd(random *rand.Rand, of ...[]values) {
	for _, records := range of {
		for _, r := range records {
			surname, given := letters(random.IntN(60)), letters(100+random.IntN(15))
			r["surname"], r["surname_parts"], r["surname_skeleton"] = surname, []string{surname}, surname
			r["given"], r["given_roots"] = given, []string{given}
			r["city"] = letters(200 + random.IntN(12))
		}
	}
}

// later is another version of a directory: records are gone, new, changed, or have another id.
func later(random *rand.Rand, members []values, n int, prefix string) []values {
	out := slices.Clone(members)
	for i := range n {
		at := random.IntN(len(out))
		other := values{}
		for k, v := range out[at] {
			other[k] = v
		}
		switch random.IntN(5) {
		case 0:
			out = slices.Delete(out, at, at+1)
			continue
		case 1: // someone alike is new
			other["id"] = fmt.Sprint(prefix, i)
			out = append(out, other)
			continue
		case 2:
			other["title"] = letters(random.IntN(9))
		case 3:
			other["city"] = letters(200 + random.IntN(12))
		default:
			id := other["id"]
			crowd(random, []values{other})
			other["id"] = id
		}
		out[at] = other
	}
	return out
}

func readTotals(t *testing.T, s Section, totals *NewTotals) *Totals {
	t.Helper()
	var file bytes.Buffer
	if _, err := totals.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	read, err := ReadTotals(s, file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// Totals that were put over earlier ones are stored as if they alone had ever been there.
func TestTotals_AreTheSameInWhateverSteps(t *testing.T) {
	s := shippedModel(t).Person
	random := rand.New(rand.NewPCG(1, 1))
	hold := map[string]Total{}
	before := (*Totals)(nil)
	for range 20 {
		next := s.Renew(before)
		for range random.IntN(60) {
			id := fmt.Sprint(random.IntN(50))
			if random.IntN(4) == 0 {
				next.Drop(id)
				delete(hold, id)
				continue
			}
			n := 1 + random.IntN(5)
			total := Total{Candidates: n, Top: random.Int32N(9000), Sum: random.Uint64()}
			for range min(n, s.Keep) {
				total.Kept = append(total.Kept, random.Int32N(9000)-4500)
			}
			next.Put(id, total)
			hold[id] = total
		}
		whole := s.Renew(nil)
		for id, total := range hold {
			whole.Put(id, total)
		}
		var a, b bytes.Buffer
		for file, totals := range map[*bytes.Buffer]*NewTotals{&a: next, &b: whole} {
			if _, err := totals.WriteTo(file); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Fatal("other bytes")
		}
		before = readTotals(t, s, next)
		for i := range 50 {
			id := fmt.Sprint(i)
			want, ok := hold[id]
			if !ok {
				want = nothing
			}
			if got := before.of(hashText(id)); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %+v, want %+v", id, got, want)
			}
		}
		if _, err := ReadTotals(s, a.Bytes()[:a.Len()-1]); err == nil {
			t.Error("half a file is read")
		}
	}
}
