package linkage

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// plainRule is what postings and its cost must come to, with maps.
type plainRule struct {
	records map[uint64][]uint32 // under keys that are kept
	hot     map[uint64]bool
	cost    Cost
}

func plainlyBuilt(records *Records, p *plan, rule planRule) plainRule {
	out := plainRule{records: map[uint64][]uint32{}, hot: map[uint64]bool{}, cost: Cost{Rule: rule.Name}}
	keys := newKeyMaker(p)
	add := func(to map[uint64][]uint32, key uint64, record uint32) {
		if !slices.Contains(to[key], record) {
			to[key] = append(to[key], record)
		}
	}
	all := map[uint64][]uint32{}
	for i := range records.Len() {
		keys.start()
		for _, key := range slices.Clone(keys.of(records, records.row(i), rule.parts, right)) {
			add(all, key, uint32(i))
		}
	}
	reached := map[string]bool{}
	for key, held := range all {
		out.cost.Keys++
		out.cost.Entries += int64(len(held))
		out.cost.Largest = max(out.cost.Largest, int64(len(held)))
		if len(held) <= rule.Max {
			out.records[key] = held
			continue
		}
		out.cost.HotKeys++
		out.cost.HotEntries += int64(len(held))
		if rule.narrow == nil {
			continue
		}
		out.hot[key] = true
		narrowed := map[uint64][]uint32{}
		for _, record := range held {
			keys.start()
			for _, part := range keys.part(records, records.row(int(record)), *rule.narrow, right) {
				add(narrowed, narrowKey(key, part), record)
			}
		}
		for narrow, held := range narrowed {
			if len(held) <= rule.Max {
				out.records[narrow] = held
				for _, record := range held {
					reached[fmt.Sprint(key, record)] = true
				}
			}
		}
	}
	out.cost.DroppedEntries = out.cost.HotEntries - int64(len(reached))
	return out
}

func TestPostingsAreThePlainOnes(t *testing.T) {
	m := shippedModel(t)
	for seed, s := range []Section{m.Company, m.Person} {
		random := rand.New(rand.NewSource(int64(seed)))
		for i := range s.Rules {
			s.Rules[i].Max = 1 + random.Intn(6)
		}
		x := indexOf(t, s, randomRecords(random, s.RightTable(), "b", 400))
		var space [1]uint32
		for i, rule := range x.plan.rules {
			want := plainlyBuilt(x.records, x.plan, rule)
			if x.costs[i] != want.cost {
				t.Errorf("rule %s: cost %+v, want %+v", rule.Name, x.costs[i], want.cost)
			}
			p := &x.postings[i]
			for key, records := range want.records {
				from, to := p.slotsOf(key)
				if got, found := p.within(key, from, to, &space); !found || !slices.Equal(got, records) {
					t.Fatalf("rule %s: key %x has %v, want %v", rule.Name, key, got, records)
				}
			}
			for key := range want.hot {
				from, to := p.slotsOf(key)
				if got, found := p.within(key, from, to, &space); !found || len(got) > 0 {
					t.Fatalf("rule %s: hot key %x has %v, %v", rule.Name, key, got, found)
				}
			}
			if got, want := len(p.slots), len(want.records)+len(want.hot); got != want {
				t.Errorf("rule %s: %d keys, want %d", rule.Name, got, want)
			}
			for range 100 {
				key := random.Uint64()
				from, to := p.slotsOf(key)
				if got, found := p.within(key, from, to, &space); found {
					t.Errorf("rule %s: unknown key %x has %v", rule.Name, key, got)
				}
			}
		}
	}
}

func TestEntriesAreSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		n := rapid.IntRange(0, 3000).Draw(t, "entries")
		different := rapid.IntRange(1, 3000).Draw(t, "keys")
		near := rapid.Bool().Draw(t, "near")
		keys := make([]uint64, different)
		for i := range keys {
			if keys[i] = random.Uint64(); near { // agree in the leading bits
				keys[i] %= 1 << 30
			}
		}
		entries := make([]entry, n)
		for i := range entries {
			entries[i] = entry{keys[random.Intn(different)], uint32(i), uint32(random.Intn(5))}
		}
		want := slices.Clone(entries)
		slices.SortFunc(want, byKey)
		if got, _ := sortEntries(entries, nil); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// The small tables are Go's maps.
func TestTablesOfOneRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var values valueTable
		entities := newEntitySet()
		for range 3 {
			values.clear()
			entities.clear()
			cells, seen := map[uint32]uint64{}, map[uint32]bool{}
			for _, code := range rapid.SliceOfN(rapid.Uint32Range(1, 2000), 0, 1500).Draw(t, "codes") {
				cell := uint64(1) << (code * 7 % 64)
				values.add(code, cell)
				cells[code] |= cell
				if added := entities.add(code); added == seen[code] {
					t.Fatalf("entity %d: added %v, seen %v", code, added, seen[code])
				}
				seen[code] = true
			}
			for code := range uint32(2001) {
				if got := values.of(code + 1); got != cells[code+1] {
					t.Fatalf("value %d: cells %x, want %x", code+1, got, cells[code+1])
				}
			}
		}
	})
}

func TestStartOfTextIsHashedFromItsForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab\x00é"))).Draw(t, "text")
		bytes := rapid.IntRange(0, 10).Draw(t, "bytes")
		d := newDictionary(nil)
		code := d.code(text, hashText(text))
		if code == 0 {
			return
		}
		got, ok := d.startHash(code, bytes)
		if whole := bytes > 0 && bytes <= 8 && bytes <= len(text) && text[bytes-1] != 0; ok != whole || ok && got != hashText(text[:bytes]) {
			t.Fatalf("%d bytes of %q: %x, %v", bytes, text, got, ok)
		}
	})
}

// The numbering of texts is a map.
func TestSpellings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, numbers := newSpellings(), map[string]uint32{"": 0}
		for range rapid.IntRange(1, 40).Draw(t, "times") {
			var some []waiting
			for _, n := range rapid.SliceOfN(rapid.IntRange(-1, 1500), 1, 200).Draw(t, "texts") {
				text := ""
				if n >= 0 {
					text = fmt.Sprint(n)
				}
				some = append(some, waiting{text: text})
			}
			s.near(some)
			for i := range some {
				text := some[i].text
				if _, ok := numbers[text]; !ok {
					numbers[text] = uint32(len(numbers))
				}
				if got := s.number(&some[i]); got != numbers[text] || got != 0 && string(s.of(got)) != text {
					t.Fatalf("%q is number %d, want %d", text, got, numbers[text])
				}
			}
		}
	})
}
