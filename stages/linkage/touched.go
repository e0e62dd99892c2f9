package linkage

import (
	"bytes"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// Differing are the directory records in which two indexes of one section differ: those that one of them lacks, and those
// that read differently in a column the section compares or blocks by.
type Differing struct {
	before, after *Index
	was, is       []uint32 // places of such records in each
	records       int
}

// Len is how many records differ, were added or are gone.
func (d Differing) Len() int { return d.records }

// NewDiffering compares two indexes. Both hold what is compared of each record, in the order of ids, so that no table is
// read for it.
func NewDiffering(before, after *Index) Differing {
	d := Differing{before: before, after: after}
	a, b := before.records, after.records
	same := translation{from: a, to: b, known: make([]uint32, a.dict.next())}
	for i, j := 0, 0; i < a.Len() || j < b.Len(); {
		order := 1
		switch {
		case j == b.Len():
			order = -1
		case i < a.Len():
			order = bytes.Compare(a.dict.bytesOf(a.ids[i]), b.dict.bytesOf(b.ids[j]))
		}
		if order != 0 || !same.rows(a.row(i), b.row(j)) {
			d.records++
			if order <= 0 {
				d.was = append(d.was, uint32(i))
			}
			if order >= 0 {
				d.is = append(d.is, uint32(j))
			}
		}
		if order <= 0 {
			i++
		}
		if order >= 0 {
			j++
		}
	}
	return d
}

// translation leads from one index's codes to another's. Each text is looked for once.
type translation struct {
	from, to *Records
	known    []uint32 // by code: the other's code, or unknownCode; 0 where it was not looked for
}

const unknownCode = ^uint32(0)

func (t *translation) code(c uint32) uint32 {
	if t.known[c] == 0 {
		t.known[c] = unknownCode
		if found := t.to.dict.find(string(t.from.dict.bytesOf(c)), t.from.dict.hashOf(c)); found != 0 {
			t.known[c] = found
		}
	}
	return t.known[c]
}

// rows says whether two rows hold the same values.
func (t *translation) rows(a, b []uint32) bool {
	for i, x := range a {
		y := b[i]
		if x&inPool == 0 {
			if x == 0 && y != 0 || x != 0 && t.code(x) != y {
				return false
			}
			continue
		}
		if y&inPool == 0 {
			return false
		}
		mine, theirs := t.from.set(a, i), t.to.set(b, i)
		if len(mine) != len(theirs) {
			return false
		}
		for _, c := range mine {
			if !slices.Contains(theirs, t.code(c)) {
				return false
			}
		}
	}
	return true
}

// Touched are the keys under which an index finds other directory records than an earlier one did: what tells which CRM
// records may have other candidates, or other values in them, after the directory has changed. It may be used by several
// goroutines.
type Touched struct {
	before, after *Index
	rules         []touchedRule
	cells         []int    // of CRM records, those that keys are made of
	marks         []uint64 // a bit for what keys and hot of any rule begin with: most keys of most records are in none
	shift         uint
}

// touchedRule are the keys of one rule: those that hold few records in one of the indexes, those that hold too many in
// both, and what these are narrowed to.
type touchedRule struct{ keys, hot, narrowed map[uint64]struct{} }

// NewTouched makes the keys of records that differ: of each as it was and as it is.
func NewTouched(d Differing) *Touched {
	t := &Touched{before: d.before, after: d.after}
	for _, rule := range d.after.plan.rules {
		t.rules = append(t.rules, touchedRule{map[uint64]struct{}{}, map[uint64]struct{}{}, map[uint64]struct{}{}})
		parts := rule.parts
		if rule.narrow != nil {
			parts = append(slices.Clone(parts), *rule.narrow)
		}
		for _, p := range parts {
			if !slices.Contains(t.cells, p.l) {
				t.cells = append(t.cells, p.l)
			}
		}
	}
	keys := newKeyMaker(d.after.plan)
	t.add(&keys, d.before.records, d.was)
	t.add(&keys, d.after.records, d.is)
	t.mark()
	return t
}

func (t *Touched) add(keys *keyMaker, entities *Records, places []uint32) {
	for _, place := range places {
		row := entities.row(int(place))
		keys.start()
		for r, rule := range t.after.plan.rules {
			for _, key := range keys.of(entities, row, rule.parts, right) {
				// A key that has become too common, or no longer is, gives other candidates to every record that has it.
				if rule.narrow == nil || !t.before.postings[r].hot(key) || !t.after.postings[r].hot(key) {
					t.rules[r].keys[key] = struct{}{}
					continue
				}
				t.rules[r].hot[key] = struct{}{}
				for _, part := range keys.part(entities, row, *rule.narrow, right) {
					t.rules[r].narrowed[narrowKey(key, part)] = struct{}{}
				}
			}
		}
	}
}

// bitsPerKey makes one mark in so many a false one.
const bitsPerKey = 16

func (t *Touched) mark() {
	n := 1
	for _, rule := range t.rules {
		n += len(rule.keys) + len(rule.hot)
	}
	t.shift = 58 // one word
	for size := 64; size < n*bitsPerKey; size *= 2 {
		t.shift--
	}
	t.marks = make([]uint64, 1<<(58-t.shift))
	for _, rule := range t.rules {
		for _, keys := range []map[uint64]struct{}{rule.keys, rule.hot} {
			for key := range keys {
				at := key >> t.shift
				t.marks[at>>6] |= 1 << (at & 63)
			}
		}
	}
}

// In says which CRM records of a batch have one of the keys. The batch must have the columns that keys are made of; they
// are numbered for it alone, which costs less than to look for each text among those of an index.
func (t *Touched) In(batch arrow.RecordBatch) ([]bool, error) {
	r := newRecords(t.after.plan.left, "crm_id", nil)
	found := make([]bool, batch.NumRows())
	if err := r.only(batch, t.cells); err != nil {
		return nil, err
	}
	keys := newKeyMaker(t.after.plan)
	for i := range found {
		keys.start()
		found[i] = t.finds(&keys, r, r.cells[i*len(r.layout.names):][:len(r.layout.names)])
	}
	return found, nil
}

func (t *Touched) finds(keys *keyMaker, records *Records, row []uint32) bool {
	for r, rule := range t.after.plan.rules {
		for _, key := range keys.of(records, row, rule.parts, left) {
			if at := key >> t.shift; t.marks[at>>6]>>(at&63)&1 == 0 {
				continue
			}
			if _, found := t.rules[r].keys[key]; found {
				return true
			}
			if _, hot := t.rules[r].hot[key]; !hot {
				continue
			}
			for _, part := range keys.part(records, row, *rule.narrow, left) {
				if _, found := t.rules[r].narrowed[narrowKey(key, part)]; found {
					return true
				}
			}
		}
	}
	return false
}
