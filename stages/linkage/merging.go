package linkage

import (
	"bytes"
	"fmt"
	"slices"
)

// merging makes an index's records of an earlier index's and of those that differ, with the same bytes as reading all of
// them: records are put in the order of their ids, and texts numbered again as they appear.
type merging struct {
	before *Records
	added  *Records // read, and not yet in order; their texts are spelled
	b      *building
	rows   []uint32 // of added, in the order of ids
	cells  []uint32 // of added
	pool   []uint32
	// A text's number is its code in the earlier dictionary or, where that lacks it, the next after them all.
	numbers []uint32 // by number in the spellings
	unknown []uint32 // the spellings' numbers of texts that the earlier dictionary lacks
	codes   []uint32 // by number: the code, 0 where it has none yet
	inOrder
	merged

	fresh []uint32
}

// merged are records made of an earlier index's.
type merged struct {
	moved  []uint32     // by place in the earlier index: the place now, or noPlace
	came   []uint32     // by place now: that in the earlier index, or noPlace
	differ []difference // records that were added, are gone or read differently
}

// difference has the places of a record in the earlier index and now, noPlace where it has none.
type difference struct{ was, is uint32 }

const noPlace = ^uint32(0)

// mergeWith gives the records the form in which they are stored, together with those of an earlier index whose ids neither
// they have nor gone, which ascends.
func (r *Records) mergeWith(before *Records, gone []string) (merged, error) {
	b := r.build
	r.build = nil
	if err := b.open(); err != nil {
		return merged{}, err
	}
	b.texts.slots = nil
	m := merging{before: before, added: r, b: b}
	var err error
	if m.cells, err = b.cells.all(); err == nil {
		m.pool, err = b.pool.all()
	}
	if err == nil {
		err = b.merge(r, func(rows []uint32) error { m.rows = append(m.rows, rows...); return nil })
	}
	if err != nil {
		return merged{}, err
	}
	m.number()
	records := before.Len() + len(m.rows)
	m.codes = make([]uint32, int(before.dict.next())+len(m.unknown))
	m.moved, m.came = make([]uint32, before.Len()), make([]uint32, 0, records)
	if err = m.open(b.space, sizes{records, len(before.cells) + len(m.cells), len(before.pool) + len(m.pool),
		len(before.dict.text) + len(b.texts.text), len(m.codes)}); err == nil {
		err = m.walk(gone)
	}
	if err == nil && (m.forms.len() >= inPool || m.newPool.len() >= inPool || len(m.newIDs) >= inPool) {
		err = fmt.Errorf("reading records: more than %d records, different texts or values in lists", inPool-1)
	}
	if err != nil {
		return merged{}, err
	}
	b.texts, m.codes = spellings{}, nil
	return m.merged, m.into(r, b.space)
}

// number numbers the texts that were read.
func (m *merging) number() {
	d := m.before.dict
	m.numbers = make([]uint32, len(m.b.texts.ends))
	for n := uint32(1); n < uint32(len(m.numbers)); n++ {
		if m.numbers[n] = d.find(string(m.b.texts.of(n)), m.b.texts.hashes[n]); m.numbers[n] == 0 {
			m.numbers[n] = d.next() + uint32(len(m.unknown))
			m.unknown = append(m.unknown, n)
		}
	}
	for i, n := range m.added.ids {
		m.added.ids[i] = m.numbers[n]
	}
}

func (m *merging) textOf(number uint32) []byte {
	if first := m.before.dict.next(); number >= first {
		return m.b.texts.of(m.unknown[number-first])
	}
	return m.before.dict.bytesOf(number)
}

// walk takes all records in the order of their ids.
func (m *merging) walk(gone []string) error {
	r, rows := m.before, m.rows
	for i := uint32(0); int(i) < r.Len() || len(rows) > 0; {
		order := 1 // of the next record that was, to the next that was read
		if int(i) < r.Len() {
			id := r.dict.bytesOf(r.ids[i])
			if order = -1; len(rows) > 0 {
				order = bytes.Compare(id, m.textOf(m.added.ids[rows[0]]))
			}
			for len(gone) > 0 && gone[0] < string(id) {
				gone = gone[1:]
			}
			if order < 0 && len(gone) > 0 && gone[0] == string(id) {
				m.moved[i] = noPlace
				m.differ = append(m.differ, difference{i, noPlace})
				i++
				continue
			}
		}
		switch {
		case order < 0 || order == 0 && m.same(i, rows[0]):
			m.keep(i)
		case order == 0:
			m.put(i, rows[0])
		default:
			m.put(noPlace, rows[0])
		}
		if order <= 0 {
			i++
		}
		if order >= 0 {
			rows = rows[1:]
		}
		if len(m.newCells.values) >= 1<<16 {
			if err := m.away(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *merging) row(row uint32) []uint32 {
	w := len(m.before.layout.names)
	return m.cells[int(row)*w : (int(row)+1)*w]
}

func (m *merging) set(cell uint32) []uint32 {
	at := cell &^ inPool
	return m.pool[at+1 : at+1+m.pool[at]]
}

// same says whether a record that was read holds what it held.
func (m *merging) same(was, row uint32) bool {
	cells := m.before.row(int(was))
	for i, c := range m.row(row) {
		if c&inPool == 0 {
			if m.numbers[c] != cells[i] {
				return false
			}
			continue
		}
		theirs, mine := m.before.set(cells, i), m.set(c)
		if len(mine) != len(theirs) {
			return false
		}
		for _, n := range mine {
			if !slices.Contains(theirs, m.numbers[n]) {
				return false
			}
		}
	}
	return true
}

// place notes where a record is now.
func (m *merging) place(was, id uint32) {
	if was != noPlace {
		m.moved[was] = uint32(len(m.newIDs))
	}
	m.came, m.newIDs = append(m.came, was), append(m.newIDs, m.code(id))
}

// keep takes a record of the earlier index.
func (m *merging) keep(i uint32) {
	m.place(i, m.before.ids[i])
	cells := m.before.row(int(i))
	for at, c := range cells {
		if c&inPool != 0 {
			c = m.putSet(m.before.set(cells, at))
		} else if c != 0 {
			c = m.code(c)
		}
		m.newCells.values = append(m.newCells.values, c)
	}
}

// put takes a record that was read.
func (m *merging) put(was, row uint32) {
	m.differ = append(m.differ, difference{was, uint32(len(m.newIDs))})
	m.place(was, m.added.ids[row])
	var set []uint32
	for _, c := range m.row(row) {
		if c&inPool != 0 {
			set = set[:0]
			for _, n := range m.set(c) {
				set = append(set, m.numbers[n])
			}
			c = m.putSet(set)
		} else if c != 0 {
			c = m.code(m.numbers[c])
		}
		m.newCells.values = append(m.newCells.values, c)
	}
}

// code is the code of a text, by its number.
func (m *merging) code(number uint32) uint32 {
	if m.codes[number] != 0 {
		return m.codes[number]
	}
	d := m.before.dict
	if first := d.next(); number >= first {
		texts, n := &m.b.texts, m.unknown[number-first]
		text := texts.of(n)
		m.codes[number] = m.spell(text, form{hash: texts.hashes[n], sign: signature(text), head: headOf(text)})
	} else {
		m.codes[number] = m.spell(d.bytesOf(number), d.forms[number])
	}
	return m.codes[number]
}

// putSet stores a set and returns its cell. Its texts that are new are numbered in their order, as they would be read.
func (m *merging) putSet(set []uint32) uint32 {
	m.fresh = m.fresh[:0]
	for _, n := range set {
		if m.codes[n] == 0 {
			m.fresh = append(m.fresh, n)
		}
	}
	if len(m.fresh) > 1 {
		slices.SortFunc(m.fresh, func(x, y uint32) int { return bytes.Compare(m.textOf(x), m.textOf(y)) })
	}
	for _, n := range m.fresh {
		m.code(n)
	}
	p := &m.newPool
	place, start := uint32(p.len()), len(p.values)
	p.values = append(p.values, uint32(len(set)))
	for _, n := range set {
		p.values = append(p.values, m.codes[n])
	}
	if values := p.values[start+1:]; !slices.IsSorted(values) {
		slices.Sort(values)
	}
	return place | inPool
}
