package linkage

import (
	"cmp"
	"slices"
)

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
