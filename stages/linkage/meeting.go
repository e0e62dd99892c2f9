package linkage

import (
	"math/bits"
	"slices"
)

// Meetings tell which CRM records meet directory records that differ between two indexes, as these were or as they are. They
// hold these few records alone, so that what is asked most stays in the processor's caches. They may be used by several
// goroutines.
type Meetings struct {
	before, after *Index
	differing     Differing
	few           *Index   // without postings: records that differ as they were, as they are, and those that do not under keys that moved
	isFrom        uint32   // place in few of the first as it is
	places        []uint32 // by place in few from isFrom on: the place in after
	rules         []meetingRule
	marks         marks     // of the keys of all rules: most keys of most records are in none
	parts         []marks   // of the values that keys are made of, by the part's number
	whole         []planKey // the parts whose values are whole texts, as far as they have a bit
	needs         []uint64  // by rule: which of these its keys are made of
}

// mostWhole is how many parts of keys have a bit.
const mostWhole = 64

// meetingRule says what stands under the keys of one rule.
type meetingRule struct {
	shift uint
	slots []meetingKey // open addressing
	lists []uint32     // places in few, ascending
}

type meetingKey struct {
	key      uint64
	from, to uint32 // in lists
	is       keyKind
}

type keyKind uint8

const (
	keyFree     keyKind = iota
	keyListed           // the records that differ stand under it
	keyNarrowed         // it holds too many records in both indexes: they stand under it narrowed
	keyMoved            // it holds too many in one alone: records that do not differ are found by it in the other alone
)

// NewMeetings makes the keys of records that differ: of each as it was and as it is.
func NewMeetings(d Differing) *Meetings {
	p := d.after.plan
	m := &Meetings{before: d.before, after: d.after, differing: d}
	few := newRecords(p.right, "entity_id", nil)
	was, is := newCopying(d.before.records, few), newCopying(d.after.records, few)
	for _, place := range d.was {
		was.add(place)
	}
	m.isFrom = uint32(few.Len())
	for _, place := range d.is {
		is.add(place)
	}
	b := meetingBuilder{Meetings: m, records: few, keys: newKeyMaker(p)}
	keys := 0
	for r := range p.rules {
		m.rules = append(m.rules, b.rule(r))
		keys += len(b.found)
	}
	b.mark(keys)
	slices.Sort(b.moved)
	b.moved = slices.Compact(b.moved)
	for _, place := range b.moved {
		is.add(place)
	}
	m.places = append(slices.Clone(d.is), b.moved...)
	m.few = &Index{plan: p, records: few}
	m.whole, m.needs = p.wholeParts()
	return m
}

// keyParts are the different parts that keys are made of.
func (p *plan) keyParts() (parts []planKey) {
	add := func(k planKey) {
		if !slices.ContainsFunc(parts, func(known planKey) bool { return known.place == k.place }) {
			parts = append(parts, k)
		}
	}
	for _, rule := range p.rules {
		for _, k := range rule.parts {
			add(k)
		}
		if rule.narrow != nil {
			add(*rule.narrow)
		}
	}
	return parts
}

// wholeParts are the parts of keys that are whole texts, and of which of them each rule's keys are made.
func (p *plan) wholeParts() (whole []planKey, needs []uint64) {
	all := uint64(0)
	for _, part := range p.keyParts() {
		if part.prefix == 0 && !part.deletions && part.place < mostWhole {
			whole, all = append(whole, part), all|1<<part.place
		}
	}
	for _, rule := range p.rules {
		of := uint64(0)
		for _, part := range rule.parts {
			of |= 1 << part.place & all // no bit where there are too many
		}
		needs = append(needs, of)
	}
	return whole, needs
}

// meetingBuilder finds what stands under the keys of records that differ.
type meetingBuilder struct {
	*Meetings
	records                  *Records
	keys                     keyMaker
	entries, narrowed, space []entry
	found                    []meetingKey
	lists                    []uint32
	moved                    []uint32 // places in after of records that do not differ, under keys that moved
}

func (b *meetingBuilder) rule(r int) meetingRule {
	rule := b.after.plan.rules[r]
	b.entries, b.narrowed, b.found, b.lists = b.entries[:0], b.narrowed[:0], b.found[:0], nil
	for i := range b.records.Len() {
		b.keys.start()
		for _, key := range b.keys.of(b.records, b.records.row(i), rule.parts, right) {
			b.entries = append(b.entries, entry{key: key, record: uint32(i)})
		}
	}
	b.entries, b.space = sortEntries(b.entries, b.space)
	b.entries = slices.CompactFunc(b.entries, sameEntry)
	for from, to := 0, 0; from < len(b.entries); from = to {
		to = runOf(b.entries, from)
		b.key(r, b.entries[from:to], rule.narrow)
	}
	b.narrowed, b.space = sortEntries(b.narrowed, b.space)
	b.narrowed = slices.CompactFunc(b.narrowed, sameEntry)
	for from, to := 0, 0; from < len(b.narrowed); from = to {
		to = runOf(b.narrowed, from)
		b.key(r, b.narrowed[from:to], nil)
	}
	return newMeetingRule(b.found, b.lists)
}

// key notes what stands under a key, from the records that differ and have it. Of those that do not differ the same stand
// under it in both indexes, unless it holds too many in one: then it has no list there. Where in doubt it has moved.
func (b *meetingBuilder) key(r int, run []entry, narrow *planKey) {
	key, wasAt, isAt := run[0].key, 0, 0
	for _, e := range run {
		if e.record < b.isFrom {
			wasAt++
		} else {
			isAt++
		}
	}
	var space [2][1]uint32
	was, listedBefore := b.before.postings[r].under(key, &space[0])
	is, listedAfter := b.after.postings[r].under(key, &space[1])
	hotBefore, hotAfter := listedBefore && len(was) == 0, listedAfter && len(is) == 0
	switch {
	case narrow != nil && hotBefore && hotAfter:
		b.found = append(b.found, meetingKey{key: key, is: keyNarrowed})
		for _, e := range run {
			b.keys.start()
			for _, value := range b.keys.part(b.records, b.records.row(int(e.record)), *narrow, right) {
				b.narrowed = append(b.narrowed, entry{key: narrowKey(key, value), record: e.record})
			}
		}
	case hotBefore || hotAfter || listedBefore && !listedAfter && isAt > 0 || listedAfter && !listedBefore && wasAt > 0:
		b.found = append(b.found, meetingKey{key: key, is: keyMoved})
		for _, place := range was {
			if stayed := b.differing.stayed[place]; stayed != gone {
				b.moved = append(b.moved, stayed)
			}
		}
		for _, place := range is {
			if _, differs := slices.BinarySearch(b.differing.is, place); !differs {
				b.moved = append(b.moved, place)
			}
		}
	default:
		at := uint32(len(b.lists))
		for _, e := range run {
			if e.record < b.isFrom && listedBefore || e.record >= b.isFrom && listedAfter {
				b.lists = append(b.lists, e.record)
			}
		}
		if to := uint32(len(b.lists)); to > at {
			b.found = append(b.found, meetingKey{key: key, from: at, to: to, is: keyListed})
		}
	}
}

// under are the records under a key, and whether it is there at all.
func (p *postings) under(key uint64, space *[1]uint32) ([]uint32, bool) {
	from, to := p.slotsOf(key)
	return p.within(key, from, to, space)
}

func newMeetingRule(found []meetingKey, lists []uint32) meetingRule {
	width := bits.Len(uint(2*len(found) + 1))
	m := meetingRule{shift: 64 - uint(width), slots: make([]meetingKey, 1<<width), lists: lists}
	for _, k := range found {
		i := k.key >> m.shift
		for m.slots[i].is != keyFree {
			i = (i + 1) & uint64(len(m.slots)-1)
		}
		m.slots[i] = k
	}
	return m
}

func (m *meetingRule) find(key uint64) meetingKey {
	i := key >> m.shift
	for m.slots[i].is != keyFree {
		if m.slots[i].key == key {
			return m.slots[i]
		}
		i = (i + 1) & uint64(len(m.slots)-1)
	}
	return meetingKey{}
}

// mark marks the keys, and what those of the records that differ are made of.
func (b *meetingBuilder) mark(keys int) {
	b.marks = newMarks(keys)
	for _, rule := range b.Meetings.rules {
		for _, k := range rule.slots {
			if k.is != keyFree {
				b.marks.add(k.key)
			}
		}
	}
	p := b.after.plan
	parts := p.keyParts()
	values := make([]map[uint64]struct{}, len(p.parts))
	for i := range values {
		values[i] = map[uint64]struct{}{}
	}
	for i := range int(b.isFrom) + len(b.differing.is) {
		b.keys.start()
		for _, part := range parts {
			for _, value := range b.keys.part(b.records, b.records.row(i), part, right) {
				values[part.place][value] = struct{}{}
			}
		}
	}
	for _, of := range values {
		m := newMarks(len(of))
		for value := range of {
			m.add(value)
		}
		b.parts = append(b.parts, m)
	}
}

// NewRecords starts a set of CRM records that can be renewed.
func (m *Meetings) NewRecords() *Records { return m.few.NewRecords() }
