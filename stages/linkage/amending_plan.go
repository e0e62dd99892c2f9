package linkage

import "slices"

// planFor says what changes, but for what can only be said when the records that it asks for are found.
func (a *amender) planFor(m *amendment) {
	m.crowded, m.dropped = map[uint64]uint64{}, map[uint64]uint64{}
	m.sought, m.found = map[uint64]bool{}, map[uint64][]uint32{}
	m.like = make([][]uint64, len(m.rule.parts))
	sortEdits(m.edits)
	eachKey(m.edits, func(from, to int, gone, came []edit) {
		key := firstOf(gone, came).key
		is := func(record uint32) bool {
			a.wasKeys.start()
			return slices.Contains(a.wasKeys.of(a.was, a.was.row(int(record)), m.rule.parts, right), key)
		}
		h := m.lookup(key, m.before.crowded, gone, is)
		n := h.count - len(gone) + len(came)
		if m.anew = m.anew || h.hot && (h.at >= 0) != (m.rule.narrow != nil); m.anew {
			return
		}
		switch hot := m.crowds(n); {
		case h.hot && hot:
			m.crowded[key] = uint64(n)
			a.narrowed(m, gone)
			a.narrowed(m, came)
		case h.hot: // finish does the rest
			m.crowded[key] = 0
			m.cooled = append(m.cooled, span{from, to})
			if n == 0 {
				m.keys--
			}
			a.seek(m, gone[0], true)
		case hot:
			m.crowded[key] = uint64(n)
			if h.count == 0 {
				m.keys++
			}
			first, last := m.list(h.list, gone, came)
			if m.rule.narrow == nil {
				m.drop(key, h.at)
				break
			}
			m.put(key, h.at, first, first)
			var all []edit
			for _, record := range m.lists[first:last] {
				all = append(all, edit{key: key, record: record, came: true})
			}
			a.narrowed(m, all)
		case n == 0:
			if h.count > 0 {
				m.keys--
			}
			m.drop(key, h.at)
		default:
			if h.count == 0 {
				m.keys++
			}
			first, last := m.list(h.list, gone, came)
			m.put(key, h.at, first, last)
		}
	})
	sortEdits(m.narrow)
	eachKey(m.narrow, func(_, _ int, gone, came []edit) {
		if m.anew {
			return
		}
		if n, hot := countOf(m.before.dropped, firstOf(gone, came).key); hot {
			if left := int(n) - len(gone) + len(came); left > 0 && !m.crowds(left) {
				m.found[gone[0].key] = nil
				a.seek(m, edit{key: gone[0].from, record: gone[0].record}, false)
			}
		}
	})
}

// firstOf is any edit of a key.
func firstOf(gone, came []edit) edit {
	if len(gone) > 0 {
		return gone[0]
	}
	return came[0]
}

// seek asks for the records of a key, all or those under narrowed keys that are asked for. An entry of it that is gone tells
// what it is made of.
func (a *amender) seek(m *amendment, e edit, all bool) {
	m.sought[e.key] = m.sought[e.key] || all
	a.wasKeys.start()
	for i, part := range m.rule.parts {
		m.like[i] = append(m.like[i], a.wasKeys.part(a.was, a.was.row(int(e.record)), part, right)...)
	}
}

// narrowed notes the entries of a hot key under narrowed keys.
func (a *amender) narrowed(m *amendment, entries []edit) {
	if m.rule.narrow == nil {
		return
	}
	m.hot = append(m.hot, entries...)
	for _, e := range entries {
		from := len(m.narrow)
		for _, key := range a.narrowKeys(m, e) {
			if !slices.ContainsFunc(m.narrow[from:], func(other edit) bool { return other.key == key }) {
				m.narrow = append(m.narrow, edit{key, e.key, e.record, e.came})
			}
		}
	}
}

// narrowKeys are those of an entry.
func (a *amender) narrowKeys(m *amendment, e edit) []uint64 {
	keys, records := &a.wasKeys, a.was
	if e.came {
		keys, records = &a.isKeys, a.is
	}
	keys.start()
	a.new = a.new[:0]
	for _, value := range keys.part(records, records.row(int(e.record)), *m.rule.narrow, right) {
		a.new = append(a.new, narrowKey(e.key, value))
	}
	return a.new
}
