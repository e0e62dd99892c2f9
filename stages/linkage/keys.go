package linkage

import "slices"

// mostKeys bounds the keys of one record in one rule; a record whose lists multiply to more is skipped by the rule.
const mostKeys = 4096

// side says which of a key part's columns is meant.
type side bool

const (
	left  side = false
	right side = true
)

// keyMaker makes the blocking keys of a record. It keeps its space between records and belongs to one goroutine.
type keyMaker struct {
	keys, next []uint64
	scratch    []byte
	record     uint32     // counts records
	known      []uint32   // by part: the record for which parts holds
	parts      [][]uint64 // hashes of the part's values
	only       []marks    // by part: values that are not among them are left out; nil for none
}

func newKeyMaker(p *plan) keyMaker {
	return keyMaker{known: make([]uint32, len(p.parts)), parts: make([][]uint64, len(p.parts))}
}

// start says that what is asked from here on is about another record.
func (m *keyMaker) start() {
	m.record++
	if m.record == 0 { // the counter has come round
		clear(m.known)
		m.record = 1
	}
}

// of gives the keys of a record: every combination of the parts' values, none where a part is null.
func (m *keyMaker) of(r *Records, row []uint32, parts []planKey, s side) []uint64 {
	m.keys = append(m.keys[:0], 0)
	for _, part := range parts {
		values := m.parts[part.place]
		if m.known[part.place] != m.record {
			values = m.part(r, row, part, s)
		}
		if len(values) == 0 || len(values)*len(m.keys) > mostKeys {
			return nil
		}
		m.next = m.next[:0]
		for _, key := range m.keys {
			for _, v := range values {
				m.next = append(m.next, narrowKey(key, v))
			}
		}
		m.keys, m.next = m.next, m.keys
	}
	return m.keys
}

func narrowKey(key, value uint64) uint64 { return mix(key*0x9e3779b97f4a7c15 + value) }

// part gives the hashes of one part's values. Many rules share their parts.
func (m *keyMaker) part(r *Records, row []uint32, k planKey, s side) []uint64 {
	if m.known[k.place] == m.record {
		return m.parts[k.place]
	}
	cell := k.l
	if s == right {
		cell = k.r
	}
	parts := m.parts[k.place][:0]
	for _, code := range r.set(row, cell) {
		if k.prefix == 0 && !k.deletions {
			parts = append(parts, r.dict.hashOf(code))
			continue
		}
		if h, ok := r.dict.startHash(code, k.prefix); ok && !k.deletions {
			parts = append(parts, h)
			continue
		}
		text := r.dict.bytesOf(code)
		if k.prefix > 0 && len(text) > k.prefix {
			text = text[:k.prefix]
		}
		parts = append(parts, hashText(text))
		if !k.deletions {
			continue
		}
		for i := range text {
			m.scratch = append(append(m.scratch[:0], text[:i]...), text[i+1:]...)
			parts = append(parts, hashText(m.scratch))
		}
	}
	if m.only != nil {
		marked := &m.only[k.place]
		parts = slices.DeleteFunc(parts, func(value uint64) bool { return !marked.has(value) })
	}
	m.known[k.place], m.parts[k.place] = m.record, parts
	return parts
}
