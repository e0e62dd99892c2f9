package linkage

import (
	"cmp"
	"slices"
)

// amendment makes a rule's postings of those in an earlier index and of what differs, with the same bytes as making them of
// all records. What the earlier postings do not hold is found in three steps: planFor says what changes, seekAll (for all rules at
// once) finds the records of keys that no longer are too common, and finish writes.
type amendment struct {
	rule    planRule
	before  *postings
	cost    Cost
	change  *change
	edits   []edit // entries that are gone or came, by key
	hot     []edit // those of them that were or are under keys that are too common, and what became or ceased to be so
	narrow  []edit // the same under narrowed keys
	slots   []slotEdit
	lists   []uint32
	keys    int64               // more than before
	crowded map[uint64]uint64   // keys whose number of records is another: it, 0 where it is not too large
	dropped map[uint64]uint64   // the same for narrowed keys
	cooled  []span              // edits of keys that had too many records and no longer have
	sought  map[uint64]bool     // keys whose records are sought: all of them, or only those under narrowed keys that are
	found   map[uint64][]uint32 // by key, or narrowed key, that is sought
	like    [][]uint64          // by part of the rule: values that keys which are sought are made of
	one     [1]uint32
	// anew says that the rule must be made of all records: its slots would be divided otherwise, or two keys agree in all that
	// is stored of them.
	anew bool
}

// change is what all rules are amended by.
type change struct {
	merged
	was, is *Records
	plan    *plan
}

// edit is an entry that is gone or came.
type edit struct {
	key    uint64
	from   uint64 // of a narrowed key: the key
	record uint32 // its place in the earlier index where it is gone, the place now where it came
	came   bool
}

// slotEdit is a slot that is other than before.
type slotEdit struct {
	key      uint64
	at       int // in the earlier slots, -1 where it is new
	from, to int // its records in lists; none where it only says that the key is narrowed
	gone     bool
}

// span is part of an array.
type span struct{ from, to int }

// amender amends rules. It keeps its space and belongs to one goroutine.
type amender struct {
	*change
	wasKeys, isKeys keyMaker
	old, new        []uint64
}

func newAmender(c *change) *amender {
	return &amender{change: c, wasKeys: newKeyMaker(c.plan), isKeys: newKeyMaker(c.plan)}
}

// gather notes the entries of some rules that are gone or came.
func (a *amender) gather(rules []*amendment) {
	for _, d := range a.differ {
		a.wasKeys.start()
		a.isKeys.start()
		for _, m := range rules {
			a.old, a.new = a.old[:0], a.new[:0]
			alike := false // whether a key that stays is narrowed as it was
			if d.was != noPlace {
				a.old = distinct(append(a.old, a.wasKeys.of(a.was, a.was.row(int(d.was)), m.rule.parts, right)...))
			}
			if d.is != noPlace {
				a.new = distinct(append(a.new, a.isKeys.of(a.is, a.is.row(int(d.is)), m.rule.parts, right)...))
			}
			if len(a.old) > 0 && len(a.new) > 0 {
				alike = m.rule.narrow == nil || slices.Equal(a.wasKeys.part(a.was, a.was.row(int(d.was)), *m.rule.narrow, right),
					a.isKeys.part(a.is, a.is.row(int(d.is)), *m.rule.narrow, right))
			}
			for i, j := 0, 0; i < len(a.old) || j < len(a.new); {
				order := 1
				if j == len(a.new) {
					order = -1
				} else if i < len(a.old) {
					order = cmp.Compare(a.old[i], a.new[j])
				}
				if order < 0 || order == 0 && !alike {
					m.edits = append(m.edits, edit{key: a.old[i], record: d.was})
				}
				if order > 0 || order == 0 && !alike {
					m.edits = append(m.edits, edit{key: a.new[j], record: d.is, came: true})
				}
				if order <= 0 {
					i++
				}
				if order >= 0 {
					j++
				}
			}
		}
	}
}

func distinct(keys []uint64) []uint64 {
	slices.Sort(keys)
	return slices.Compact(keys)
}

func sortEdits(edits []edit) {
	slices.SortFunc(edits, func(x, y edit) int {
		if x.key != y.key {
			return cmp.Compare(x.key, y.key)
		}
		if x.came != y.came {
			if x.came {
				return 1
			}
			return -1
		}
		return cmp.Compare(x.record, y.record)
	})
}

// eachKey hands over sorted edits key by key: of each the entries that are gone, and those that came.
func eachKey(edits []edit, take func(from, to int, gone, came []edit)) {
	for from := 0; from < len(edits); {
		to := from
		for to < len(edits) && edits[to].key == edits[from].key && !edits[to].came {
			to++
		}
		middle := to
		for to < len(edits) && edits[to].key == edits[from].key {
			to++
		}
		take(from, to, edits[from:middle], edits[middle:to])
		from = to
	}
}

// had is what an earlier index holds of a key.
type had struct {
	at    int // its slot, -1 where it has none
	count int
	list  []uint32 // valid until the next is asked for
	hot   bool
}

func countOf(counts []keyCount, key uint64) (uint64, bool) {
	at, found := slices.BinarySearchFunc(counts, key, func(c keyCount, key uint64) int { return cmp.Compare(c.key, key) })
	if !found {
		return 0, false
	}
	return counts[at].records, true
}

// lookup finds a key. Only its leading bits are stored: is says of a record whether it stands under this very key.
func (m *amendment) lookup(key uint64, hot []keyCount, gone []edit, is func(record uint32) bool) had {
	h := had{at: -1}
	var records uint64
	if records, h.hot = countOf(hot, key); h.hot {
		h.count = int(records)
	}
	from, to := m.before.slotsOf(key)
	tag := uint32(key << m.before.width >> 32)
	for i := from; i < to; i++ {
		if uint32(m.before.slots[i]>>32) == tag {
			m.anew = m.anew || h.at >= 0
			h.at = int(i)
		}
	}
	if h.at >= 0 {
		list := m.before.records(uint32(m.before.slots[h.at]), &m.one)
		if m.anew = m.anew || (len(list) == 0) != h.hot; m.anew {
			return h
		}
		if !h.hot {
			h.list, h.count = list, len(list)
			if len(gone) > 0 {
				_, there := slices.BinarySearch(list, gone[0].record)
				m.anew = m.anew || !there
			} else {
				m.anew = m.anew || !is(list[0])
			}
		}
	}
	m.anew = m.anew || h.count < len(gone)
	return h
}

// list makes the records of a key of those it had.
func (m *amendment) list(had []uint32, gone, came []edit) (from, to int) {
	from = len(m.lists)
	for _, record := range had {
		if len(gone) > 0 && gone[0].record == record {
			gone = gone[1:]
			continue
		}
		place := m.change.moved[record]
		for len(came) > 0 && came[0].record < place {
			m.lists = append(m.lists, came[0].record)
			came = came[1:]
		}
		m.anew = m.anew || place == noPlace || len(came) > 0 && came[0].record == place
		m.lists = append(m.lists, place)
	}
	m.anew = m.anew || len(gone) > 0
	for _, e := range came {
		m.lists = append(m.lists, e.record)
	}
	return from, len(m.lists)
}

// put notes a slot.
func (m *amendment) put(key uint64, at, from, to int) {
	m.slots = append(m.slots, slotEdit{key: key, at: at, from: from, to: to})
}

// drop notes that a slot is gone, if there is one.
func (m *amendment) drop(key uint64, at int) {
	if at >= 0 {
		m.slots = append(m.slots, slotEdit{key: key, at: at, gone: true})
	}
}

func (m *amendment) crowds(records int) bool { return records > m.rule.Max }
