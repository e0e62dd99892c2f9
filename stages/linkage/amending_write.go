package linkage

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// seeking finds the records of keys of some rules. What the parts of such keys are made of is marked first: most records
// have none of it, and their keys are not made.
type seeking struct {
	*change
	rules  []*amendment
	marks  [][]uint64 // by place of a part, and the end of a value's hash: a bit for each rule
	firsts []planKey  // the first part of each rule; most records have none of what the keys sought begin with
	// touched takes what was read only so that it is near when it is needed.
	touched atomic.Uint64
}

const marked = 1 << 12

// foundRecord is a record of a key, or narrowed key, that is sought.
type foundRecord struct {
	rule   *amendment
	key    uint64
	record uint32
}

// seekAll finds what the rules ask for, with so many goroutines.
func (c *change) seekAll(rules []*amendment, workers int) {
	s := seeking{change: c, marks: make([][]uint64, len(c.plan.parts))}
	for _, m := range rules {
		if m.anew || len(m.sought) == 0 {
			continue
		}
		bit := s.bit(len(s.rules))
		s.rules = append(s.rules, m)
		for i, part := range m.rule.parts {
			if s.marks[part.place] == nil {
				s.marks[part.place] = make([]uint64, marked)
			}
			if i == 0 && !slices.ContainsFunc(s.firsts, func(k planKey) bool { return k.place == part.place }) {
				s.firsts = append(s.firsts, part)
			}
			for _, value := range m.like[i] {
				s.marks[part.place][value%marked] |= bit
			}
		}
	}
	if len(s.rules) == 0 {
		return
	}
	n := c.is.Len()
	found := make([][]foundRecord, workers)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() { found[w] = s.among(n*w/workers, n*(w+1)/workers) })
	}
	wait.Wait()
	for _, some := range found {
		for _, f := range some {
			f.rule.found[f.key] = append(f.rule.found[f.key], f.record)
		}
	}
}

func (s *seeking) bit(rule int) uint64 { return 1 << (rule & 63) }

// among looks at the records in some places.
func (s *seeking) among(first, end int) (found []foundRecord) {
	keys, touched := newKeyMaker(s.plan), uint64(0)
	defer func() { s.touched.Add(touched) }()
	may, known := make([]uint64, len(s.marks)), make([]uint32, len(s.marks)) // by place of a part: its marks, and for which record
	for from := first; from < end; from += rowsAtOnce {
		to := min(from+rowsAtOnce, end)
		for i := from; i < to; i++ { // as in gather
			row := s.is.row(i)
			for _, part := range s.firsts {
				for _, code := range s.is.set(row, part.r) {
					touched += s.is.dict.hashOf(code)
				}
			}
		}
		for i := from; i < to; i++ {
			row := s.is.row(i)
			keys.start()
			for n, m := range s.rules {
				bits := s.bit(n)
				for _, part := range m.rule.parts {
					if known[part.place] != uint32(i)+1 {
						known[part.place], may[part.place] = uint32(i)+1, 0
						for _, value := range keys.part(s.is, row, part, right) {
							may[part.place] |= s.marks[part.place][value%marked]
						}
					}
					if bits &= may[part.place]; bits == 0 {
						break
					}
				}
				if bits != 0 {
					found = s.of(found, &keys, m, uint32(i), row)
				}
			}
		}
	}
	return found
}

// of looks at the keys of a record in a rule.
func (s *seeking) of(found []foundRecord, keys *keyMaker, m *amendment, record uint32, row []uint32) []foundRecord {
	mine := len(found)
	add := func(key uint64) {
		f := foundRecord{m, key, record}
		if !slices.Contains(found[mine:], f) {
			found = append(found, f)
		}
	}
	for _, key := range keys.of(s.is, row, m.rule.parts, right) {
		all, sought := m.sought[key]
		if !sought {
			continue
		}
		if all {
			add(key)
			continue
		}
		for _, value := range keys.part(s.is, row, *m.rule.narrow, right) {
			if narrowed := narrowKey(key, value); m.asks(narrowed) {
				add(narrowed)
			}
		}
	}
	return found
}

func (m *amendment) asks(key uint64) bool {
	_, asked := m.found[key]
	return asked
}

// finish gives the postings and their cost, or says that the rule must be made anew.
func (a *amender) finish(m *amendment) (postings, Cost, bool, error) {
	for _, span := range m.cooled {
		if m.anew {
			break
		}
		a.cool(m, m.edits[span.from:span.to])
	}
	sortEdits(m.narrow)
	var flipped []edit
	eachKey(m.narrow, func(_, _ int, gone, came []edit) {
		if !m.anew {
			flipped = a.narrowedKey(m, flipped, gone, came)
		}
	})
	if m.anew {
		return postings{}, Cost{}, false, nil
	}
	cost := m.cost
	reached := cost.HotEntries - cost.DroppedEntries
	for _, e := range m.hot {
		keys := a.narrowKeys(m, e)
		switch {
		case !e.came && slices.ContainsFunc(keys, m.wasKept):
			reached--
		case e.came && slices.ContainsFunc(keys, m.isKept):
			reached++
		}
	}
	slices.SortFunc(flipped, func(x, y edit) int { return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.record, y.record)) })
	for _, e := range slices.Compact(flipped) {
		keys := a.narrowKeys(m, e)
		if slices.ContainsFunc(keys, m.wasKept) {
			reached--
		}
		if slices.ContainsFunc(keys, m.isKept) {
			reached++
		}
	}
	p, largest, err := m.write()
	if err != nil || m.anew {
		return postings{}, Cost{}, false, err
	}
	p.crowded, p.dropped = amendCounts(m.before.crowded, m.crowded), amendCounts(m.before.dropped, m.dropped)
	cost.Keys += m.keys
	for _, e := range m.edits {
		if e.came {
			cost.Entries++
		} else {
			cost.Entries--
		}
	}
	cost.HotKeys, cost.HotEntries, cost.Largest = int64(len(p.crowded)), 0, 0
	for _, c := range p.crowded {
		cost.HotEntries += int64(c.records)
		cost.Largest = max(cost.Largest, int64(c.records))
	}
	if len(p.crowded) == 0 { // then no key is narrowed
		cost.Largest = int64(largest)
	}
	cost.DroppedEntries = cost.HotEntries - reached
	return p, cost, true, nil
}

// cool gives a key that had too many records those that were found.
func (a *amender) cool(m *amendment, edits []edit) {
	eachKey(edits, func(_, _ int, gone, came []edit) {
		key := firstOf(gone, came).key
		h, list := m.lookup(key, m.before.crowded, gone, nil), m.found[key]
		if m.anew = m.anew || len(list) != h.count-len(gone)+len(came); m.anew {
			return
		}
		if len(list) == 0 {
			m.drop(key, h.at)
		} else {
			m.lists = append(m.lists, list...)
			m.put(key, h.at, len(m.lists)-len(list), len(m.lists))
		}
		var were []edit
		for _, record := range list {
			if _, is := slices.BinarySearchFunc(came, record, func(e edit, r uint32) int { return cmp.Compare(e.record, r) }); !is {
				m.anew = m.anew || a.came[record] == noPlace
				were = append(were, edit{key: key, record: a.came[record]})
			}
		}
		if !m.anew {
			a.narrowed(m, were)
			a.narrowed(m, gone)
		}
	})
}

// narrowedKey notes what becomes of a narrowed key, and the other entries of its key that it finds now, or no longer does.
func (a *amender) narrowedKey(m *amendment, flipped, gone, came []edit) []edit {
	key, from := firstOf(gone, came).key, firstOf(gone, came).from
	h := m.lookup(key, m.before.dropped, gone, func(record uint32) bool {
		a.wasKeys.start()
		return slices.Contains(a.wasKeys.of(a.was, a.was.row(int(record)), m.rule.parts, right), from) &&
			slices.Contains(a.narrowKeys(m, edit{key: from, record: record}), key)
	})
	if m.anew = m.anew || h.hot && h.at >= 0; m.anew {
		return flipped
	}
	flip := func(records []uint32, but []edit) {
		for _, record := range records {
			if len(but) > 0 && but[0].record == record {
				but = but[1:]
				continue
			}
			flipped = append(flipped, edit{key: from, record: record, came: true})
		}
	}
	switch n := h.count - len(gone) + len(came); {
	case m.crowds(n):
		m.dropped[key] = uint64(n)
		if !h.hot {
			m.drop(key, h.at)
			first, last := m.list(h.list, gone, came)
			flip(m.lists[first:last], came)
			m.lists = m.lists[:first]
		}
	case h.hot:
		m.dropped[key] = 0
		list := m.found[key]
		if m.anew = m.anew || len(list) != n; n > 0 && !m.anew {
			m.lists = append(m.lists, list...)
			m.put(key, -1, len(m.lists)-n, len(m.lists))
			flip(list, came)
		}
	case n == 0:
		m.drop(key, h.at)
	default:
		first, last := m.list(h.list, gone, came)
		m.put(key, h.at, first, last)
	}
	return flipped
}

// wasKept and isKept say whether a narrowed key finds its records.
func (m *amendment) wasKept(key uint64) bool {
	_, dropped := countOf(m.before.dropped, key)
	return !dropped
}

func (m *amendment) isKept(key uint64) bool {
	if n, other := m.dropped[key]; other {
		return n == 0
	}
	return m.wasKept(key)
}

// amendCounts gives some keys other numbers of records, none where it is 0.
func amendCounts(before []keyCount, changed map[uint64]uint64) []keyCount {
	counts := make([]keyCount, 0, len(before)+len(changed))
	for key, n := range changed {
		if n > 0 {
			counts = append(counts, keyCount{key, n})
		}
	}
	slices.SortFunc(counts, func(x, y keyCount) int { return cmp.Compare(x.key, y.key) })
	other, out := counts, make([]keyCount, 0, len(before)+len(counts))
	for _, c := range before {
		if _, is := changed[c.key]; is {
			continue
		}
		for len(other) > 0 && other[0].key < c.key {
			out, other = append(out, other[0]), other[1:]
		}
		out = append(out, c)
	}
	return append(out, other...)
}

// write writes the postings: slots that did not change with the places where their records are now, the others as noted. It
// also gives the most records of a key.
func (m *amendment) write() (p postings, largest int, err error) {
	slices.SortFunc(m.slots, func(x, y slotEdit) int { return cmp.Compare(x.key, y.key) })
	before, moved, count := m.before, m.change.moved, len(m.before.slots)
	for _, s := range m.slots {
		switch {
		case s.gone:
			count--
		case s.at < 0:
			count++
		}
	}
	if m.anew = widthFor(count) != before.width; m.anew {
		return postings{}, 0, nil
	}
	p = postings{width: before.width, ranges: make([]uint32, len(before.ranges)), slots: make([]uint64, 0, count),
		lists: make([]uint32, 0, len(before.lists)+len(m.lists))}
	put := func(s slotEdit) {
		tag, n := s.key<<p.width>>32<<32, s.to-s.from
		if n == 1 {
			p.slots = append(p.slots, tag|uint64(m.lists[s.from]))
		} else {
			p.slots = append(p.slots, tag|inLists|uint64(len(p.lists)))
			p.lists = append(append(p.lists, uint32(n)), m.lists[s.from:s.to]...)
		}
		largest = max(largest, n)
	}
	edits := m.slots
	for r := range len(before.ranges) - 1 {
		p.ranges[r] = uint32(len(p.slots))
		for i := before.ranges[r]; i < before.ranges[r+1]; i++ {
			slot := before.slots[i]
			for len(edits) > 0 && edits[0].at < 0 && int(edits[0].key>>(64-p.width)) == r && edits[0].key<<p.width>>32 < slot>>32 {
				put(edits[0])
				edits = edits[1:]
			}
			if len(edits) > 0 && edits[0].at == int(i) {
				if !edits[0].gone {
					put(edits[0])
				}
				edits = edits[1:]
				continue
			}
			if slot&inLists == 0 {
				place := moved[uint32(slot)]
				m.anew = m.anew || place == noPlace
				p.slots = append(p.slots, slot>>32<<32|uint64(place))
				largest = max(largest, 1)
				continue
			}
			list := before.records(uint32(slot), &m.one)
			p.slots = append(p.slots, slot>>32<<32|inLists|uint64(len(p.lists)))
			p.lists = append(p.lists, uint32(len(list)))
			for _, record := range list {
				place := moved[record]
				m.anew = m.anew || place == noPlace
				p.lists = append(p.lists, place)
			}
			largest = max(largest, len(list))
		}
		for len(edits) > 0 && edits[0].at < 0 && int(edits[0].key>>(64-p.width)) == r {
			put(edits[0])
			edits = edits[1:]
		}
	}
	p.ranges[len(p.ranges)-1] = uint32(len(p.slots))
	m.anew = m.anew || len(edits) > 0
	if len(p.lists) > mostInList {
		return postings{}, 0, fmt.Errorf("more than %d entries under its keys", mostInList)
	}
	return p, largest, nil
}
