package linkage

import (
	"math/bits"
	"sync"
)

// Glancer looks at the records of a Roll before they are copied: which may meet a directory record that differs. What it asks
// of a value it asks by its code among the records that differ, which are few.
type Glancer struct {
	*Meetings
	codes    []uint32 // by code in the earlier index: the code among records that differ, 0 for none
	marked   []uint64 // by code there: the parts of keys that have the value in a record that differs
	cells    []glancedCell
	whole    []planKey // the parts whose values are whole texts, and that marked tells
	needs    []uint64  // by rule: which of these it is made of
	observed []glancedProduct
	pairs    []int64 // in the order of an observer's products: equal pairs that came, less those that went
}

// glancedCell is a column of CRM records with the parts and products that are made of it.
type glancedCell struct {
	cell     int
	parts    uint64
	products []int
}

// glancedProduct is how many more directory records hold a value than did, by its code among those that differ: no others' number
// differs.
type glancedProduct struct{ more []int64 }

// mostGlanced is how many parts of keys have a bit. Those beyond are looked at by their keys.
const mostGlanced = 64

// NewGlancer starts to count for an observer, nil for none. Records must be of the earlier index.
func (m *Meetings) NewGlancer(o *Observer) *Glancer {
	few, before := m.few.records, m.before.records
	g := &Glancer{Meetings: m, codes: make([]uint32, before.dict.next()), marked: make([]uint64, few.dict.next())}
	for code := few.dict.first; code < few.dict.next(); code++ {
		if found := before.dict.find(string(few.dict.bytesOf(code)), few.dict.hashOf(code)); found != 0 {
			g.codes[found] = code
		}
	}
	differ := int(m.isFrom) + len(m.differing.is)
	each := func(cell int, fn func(i int, code uint32)) {
		for i := range differ {
			for _, v := range few.set(few.row(i), cell) {
				fn(i, v)
			}
		}
	}
	cell := func(l int) *glancedCell {
		for i := range g.cells {
			if g.cells[i].cell == l {
				return &g.cells[i]
			}
		}
		g.cells = append(g.cells, glancedCell{cell: l})
		return &g.cells[len(g.cells)-1]
	}
	for _, part := range m.after.plan.keyParts() {
		if part.prefix > 0 || part.deletions || part.place >= mostGlanced {
			continue
		}
		g.whole = append(g.whole, part)
		bit := uint64(1) << part.place
		cell(part.l).parts |= bit
		each(part.r, func(_ int, code uint32) { g.marked[code] |= bit })
	}
	for _, rule := range m.after.plan.rules {
		needs := uint64(0)
		for _, part := range rule.parts {
			for _, k := range g.whole {
				if k.place == part.place {
					needs |= 1 << part.place
				}
			}
		}
		g.needs = append(g.needs, needs)
	}
	if o == nil {
		return g
	}
	for k, p := range o.products {
		more := make([]int64, few.dict.next())
		each(p.of.r, func(i int, code uint32) {
			if i < int(m.isFrom) {
				more[code]--
			} else {
				more[code]++
			}
		})
		c := cell(p.of.l)
		c.products = append(c.products, k)
		g.observed = append(g.observed, glancedProduct{more})
	}
	g.pairs = make([]int64, len(g.observed))
	return g
}

// Met are the records of a piece that may have a key of a directory record that differs, in their order; no others have one. All are
// counted for the observer.
func (g *Glancer) Met(p *RollPiece, workers int) (rows []int) {
	dict, few := p.records.dict, g.few.records.dict
	p.few = make([]uint32, len(dict.forms)-1)
	for i := range p.few {
		code := dict.first + uint32(i)
		p.few[i] = few.find(string(dict.bytesOf(code)), dict.hashOf(code))
	}
	met := make([]bool, len(p.rows))
	var wait sync.WaitGroup
	var mutex sync.Mutex
	blocks := make(chan int)
	for range max(1, workers) {
		wait.Go(func() {
			s := glanceSeeker{by: g, piece: p, pairs: make([]int64, len(g.pairs)),
				meetingSeeker: meetingSeeker{Meetings: g.Meetings, keys: newKeyMaker(g.after.plan)}}
			s.keys.only = g.parts
			for from := range blocks {
				for i := from; i < min(from+glancedAtOnce, len(met)); i++ {
					met[i] = s.met(p.records.row(p.rows[i]))
				}
			}
			mutex.Lock()
			defer mutex.Unlock()
			for k, n := range s.pairs {
				g.pairs[k] += n
			}
		})
	}
	for from := 0; from < len(met); from += glancedAtOnce {
		blocks <- from
	}
	close(blocks)
	wait.Wait()
	for i, row := range p.rows {
		if met[i] {
			rows = append(rows, row)
		}
	}
	return rows
}

const glancedAtOnce = 4096

// glanceSeeker belongs to one goroutine.
type glanceSeeker struct {
	meetingSeeker
	by    *Glancer
	piece *RollPiece
	pairs []int64
}

func (s *glanceSeeker) met(row []uint32) bool {
	records, dict := s.piece.records, s.few.records.dict
	s.keys.start()
	for _, part := range s.by.whole {
		s.keys.known[part.place], s.keys.parts[part.place] = s.keys.record, s.keys.parts[part.place][:0]
	}
	has, first := uint64(0), records.dict.first
	for i := range s.by.cells {
		c := &s.by.cells[i]
		for _, v := range records.set(row, c.cell) {
			var code uint32
			if v < first {
				code = s.by.codes[v]
			} else {
				code = s.piece.few[v-first]
			}
			if code == 0 {
				continue
			}
			for _, k := range c.products {
				s.pairs[k] += s.by.observed[k].more[code]
			}
			if parts := s.by.marked[code] & c.parts; parts != 0 {
				has |= parts
				hash := dict.hashOf(code)
				for ; parts != 0; parts &= parts - 1 {
					place := bits.TrailingZeros64(parts)
					s.keys.parts[place] = append(s.keys.parts[place], hash)
				}
			}
		}
	}
	for r, rule := range s.after.plan.rules {
		if s.by.needs[r]&^has == 0 && s.stands(r, rule, records, row) {
			return true
		}
	}
	return false
}

// stands says whether a record that differs stands under a key that a rule gives.
func (s *glanceSeeker) stands(r int, rule planRule, records *Records, row []uint32) bool {
	for _, key := range s.keys.of(records, row, rule.parts, left) {
		switch k := s.find(r, key); k.is {
		case keyFree:
		case keyNarrowed:
			for _, part := range s.keys.part(records, row, *rule.narrow, left) {
				if s.find(r, narrowKey(key, part)).is != keyFree {
					return true
				}
			}
		default:
			return true
		}
	}
	return false
}
