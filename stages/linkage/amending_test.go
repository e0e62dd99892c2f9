package linkage

import (
	"bytes"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// amended is the index of records made of the one of earlier records.
func amended(t *rapid.T, s Section, earlier *Index, records []values, gone []string, workers int, memory int64) (*Index, error) {
	b, err := NewBuilder(s)
	if err != nil {
		t.Fatal(err)
	}
	b.Within(memory, func() (Space, error) { return &heapSpace{}, nil })
	if len(records) > 0 {
		if err := b.Records().Append(batchOf(s, s.RightTable(), records)); err != nil {
			t.Fatal(err)
		}
	}
	return b.Amend(earlier, gone, workers)
}

// Invariant 2: an index made of an earlier one has the bytes of one made of all records.
func TestAmend_EqualsBuild(t *testing.T) {
	m := shippedModel(t)
	rapid.Check(t, func(t *rapid.T) {
		s := []Section{m.Company, m.Person}[rapid.IntRange(0, 1).Draw(t, "section")]
		s.Rules = slices.Clone(s.Rules)
		random := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		for i := range s.Rules {
			s.Rules[i].Max = 1 + random.Intn(6)
		}
		fresh := func(n int) []values { return randomRecords(random, s.RightTable(), "b", n) }
		directory := map[string]values{}
		all := func() (sorted []values) {
			for _, v := range directory {
				sorted = append(sorted, v)
			}
			random.Shuffle(len(sorted), func(i, j int) { sorted[i], sorted[j] = sorted[j], sorted[i] })
			return sorted
		}
		for i, v := range fresh(rapid.SampledFrom([]int{0, 1, 5, 60, 300}).Draw(t, "records")) {
			v["id"] = fmt.Sprintf("r%03d", i*7%400)
			directory[v["id"].(string)] = v
		}
		x := readBack(t, s, built(t, s, all()))
		for range rapid.IntRange(1, 4).Draw(t, "versions") {
			var gone []string
			var differ []values
			most := rapid.SampledFrom([]int{0, 1, 4, 30, 400}).Draw(t, "changes")
			others := fresh(most + 1)
			for i := range most {
				id := fmt.Sprintf("r%03d", random.Intn(400))
				if slices.Contains(gone, id) {
					continue
				}
				gone = append(gone, id)
				v, there := directory[id]
				switch how := random.Intn(5); {
				case how == 0:
					delete(directory, id)
				case how == 1 && there: // said to differ, and does not
					differ = append(differ, v)
				case how < 4 && there: // a column or two of it
					next := values{}
					for k, value := range v {
						next[k] = value
					}
					columns := s.RightTable().Columns[1:]
					for range 1 + random.Intn(2) {
						name := columns[random.Intn(len(columns))].Name
						if value, has := others[i][name]; has {
							next[name] = value
						} else {
							delete(next, name)
						}
					}
					directory[id] = next
					differ = append(differ, next)
				default:
					others[i]["id"] = id
					directory[id] = others[i]
					differ = append(differ, others[i])
				}
			}
			slices.Sort(gone)
			want := built(t, s, all())
			workers := 1 + random.Intn(3)
			got, err := amended(t, s, x, differ, gone, workers, rapid.SampledFrom([]int64{0, 1, 1 << 30}).Draw(t, "memory"))
			if err != nil {
				t.Fatal(err)
			}
			for i := range want.costs {
				if got.costs[i] != want.costs[i] {
					t.Errorf("cost %+v, want %+v", got.costs[i], want.costs[i])
				}
			}
			if !bytes.Equal(indexBytes(t, got), indexBytes(t, want)) {
				t.Fatalf("another index: %s", otherwise(got, want))
			}
			x = readBack(t, s, got)
		}
	})
}

// otherwise says in what two indexes are not the same.
func otherwise(a, b *Index) string {
	switch {
	case !bytes.Equal(a.records.dict.text, b.records.dict.text):
		return fmt.Sprintf("texts %q, want %q", a.records.dict.text, b.records.dict.text)
	case !slices.Equal(a.records.dict.forms, b.records.dict.forms):
		return "forms"
	case !slices.Equal(a.records.dict.table, b.records.dict.table):
		return "table"
	case !slices.Equal(a.records.ids, b.records.ids) || !slices.Equal(a.records.cells, b.records.cells) || !slices.Equal(a.records.pool, b.records.pool):
		return "records"
	}
	for i := range a.postings {
		p, q := &a.postings[i], &b.postings[i]
		if p.width != q.width || !slices.Equal(p.ranges, q.ranges) || !slices.Equal(p.slots, q.slots) || !slices.Equal(p.lists, q.lists) {
			return fmt.Sprintf("rule %s: %x %v, want %x %v", a.plan.rules[i].Name, p.slots, p.lists, q.slots, q.lists)
		}
		if !slices.Equal(p.crowded, q.crowded) || !slices.Equal(p.dropped, q.dropped) {
			return fmt.Sprintf("rule %s: %x %x, want %x %x", a.plan.rules[i].Name, p.crowded, p.dropped, q.crowded, q.dropped)
		}
	}
	return "their heads"
}

func built(t *rapid.T, s Section, records []values) *Index {
	b, err := NewBuilder(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(records) > 0 {
		if err := b.Records().Append(batchOf(s, s.RightTable(), records)); err != nil {
			t.Fatal(err)
		}
	}
	x, err := b.Build(2)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func indexBytes(t *rapid.T, x *Index) []byte {
	var b bytes.Buffer
	if _, err := x.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readBack is an index as it is read back.
func readBack(t *rapid.T, s Section, x *Index) *Index {
	y, err := ReadIndex(s, indexBytes(t, x))
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// Only a key's leading bits are stored. Where they do not tell which key a slot is of, the rule is made anew.
func TestAmend_KeysThatLookAlike(t *testing.T) {
	key := uint64(0x8000_0001_0000_0007)
	slot := key << 1 >> 32 << 32
	for name, c := range map[string]struct {
		slots []uint64
		lists []uint32
		hot   []keyCount
		gone  []edit
		this  bool // whether the record under it stands under this very key
		anew  bool
	}{
		"its own":                   {slots: []uint64{slot | 3}, this: true},
		"none":                      {},
		"another's":                 {slots: []uint64{slot | 3}, anew: true},
		"two":                       {slots: []uint64{slot | 3, slot | 4}, this: true, anew: true},
		"another's, narrowed":       {slots: []uint64{slot | inLists}, lists: []uint32{0}, anew: true},
		"its own, narrowed":         {slots: []uint64{slot | inLists}, lists: []uint32{0}, hot: []keyCount{{key, 9}}},
		"another's, it is too full": {slots: []uint64{slot | 3}, hot: []keyCount{{key, 9}}, anew: true},
		"lacks what is gone":        {slots: []uint64{slot | 3}, gone: []edit{{key: key, record: 4}}, this: true, anew: true},
		"nothing can be gone":       {gone: []edit{{key: key, record: 4}}, anew: true},
	} {
		n := uint32(len(c.slots))
		m := amendment{before: &postings{width: 1, ranges: []uint32{0, 0, n}, slots: c.slots, lists: c.lists}}
		if m.lookup(key, c.hot, c.gone, func(uint32) bool { return c.this }); m.anew != c.anew {
			t.Errorf("%s: made anew %t, want %t", name, m.anew, c.anew)
		}
	}
}
