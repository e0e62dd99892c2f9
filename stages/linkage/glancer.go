package linkage

import (
	"io"
	"math/bits"
	"sync"
)

// Glancer looks at the records of a Roll before they are copied: which may meet a directory record that differs. What it asks
// of a value it asks by its code among the records that differ, which are few.
type Glancer struct {
	*Meetings
	texts  marks    // of the texts that records that differ have
	codes  []uint32 // by code in the earlier index: the code among records that differ, 0 for none
	known  []uint64 // bits by code in the earlier index: whether there is one. They stay in the processor's caches
	marked []uint64 // by code there: the parts of keys that have the value in a record that differs
	cells  []glancedCell
	// By an observer's products: how many more directory records hold a value than did, by its code among those that differ, for no
	// others' number differs; and equal pairs that came, less those that went.
	observed [][]int32
	pairs    []int64
}

// glancedCell is a column of CRM records with the parts and products that are made of it.
type glancedCell struct {
	cell     int
	parts    uint64
	products []int
}

// NewGlancer starts to count for an observer, nil for none. Records must be of the earlier index.
func (m *Meetings) NewGlancer(o *Observer) *Glancer {
	few, before := m.few.records, m.before.records
	g := &Glancer{Meetings: m, texts: newMarks(len(few.dict.forms)), codes: make([]uint32, before.dict.next()),
		known: make([]uint64, before.dict.next()/64+1), marked: make([]uint64, few.dict.next())}
	for code := few.dict.first; code < few.dict.next(); code++ {
		g.texts.add(few.dict.hashOf(code))
		if found := before.dict.find(string(few.dict.bytesOf(code)), few.dict.hashOf(code)); found != 0 {
			g.codes[found] = code
			g.known[found>>6] |= 1 << (found & 63)
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
	for _, part := range g.whole {
		bit := uint64(1) << part.place
		cell(part.l).parts |= bit
		each(part.r, func(_ int, code uint32) { g.marked[code] |= bit })
	}
	if o == nil {
		return g
	}
	for k, p := range o.products {
		more := make([]int32, few.dict.next())
		each(p.of.r, func(i int, code uint32) {
			if i < int(m.isFrom) {
				more[code]--
			} else {
				more[code]++
			}
		})
		c := cell(p.of.l)
		c.products = append(c.products, k)
		g.observed = append(g.observed, more)
	}
	g.pairs = make([]int64, len(g.observed))
	return g
}

// Glanced is a piece of a Roll at which a Glancer has looked.
type Glanced struct {
	*RollPiece
	by  *Glancer
	few []uint32 // by text that the index lacks: its code among records that differ, 0 for none
	met []int    // records that may have a key of a directory record that differs; no others have one
	has []uint64 // by such record: the parts of keys of which it has a value that such a directory record has
}

// Glance looks at a piece of the earlier index's Roll. All its records are counted for the observer.
func (g *Glancer) Glance(p *RollPiece, workers int) *Glanced {
	dict, few := p.records.dict, g.few.records.dict
	d := &Glanced{RollPiece: p, by: g, few: make([]uint32, len(dict.forms)-1)}
	for i := range d.few {
		if hash := dict.forms[i+1].hash; g.texts.has(hash) {
			d.few[i] = few.find(string(dict.bytesOf(dict.first+uint32(i))), hash)
		}
	}
	met, has := make([]bool, len(p.rows)), make([]uint64, len(p.rows))
	var wait sync.WaitGroup
	var mutex sync.Mutex
	blocks := make(chan int)
	for range max(1, workers) {
		wait.Go(func() {
			s := glanceSeeker{by: g, piece: d, pairs: make([]int64, len(g.pairs)),
				meetingSeeker: meetingSeeker{Meetings: g.Meetings, keys: newKeyMaker(g.after.plan)}}
			s.keys.only = g.parts
			for from := range blocks {
				for i := from; i < min(from+glancedAtOnce, len(met)); i++ {
					row := p.records.row(p.rows[i])
					has[i] = s.look(row)
					met[i] = s.meets(row, has[i])
				}
			}
			mutex.Lock()
			defer mutex.Unlock()
			s.counted()
		})
	}
	for from := 0; from < len(met); from += glancedAtOnce {
		blocks <- from
	}
	close(blocks)
	wait.Wait()
	s := glanceSeeker{by: g, piece: d, pairs: make([]int64, len(g.pairs)), meetingSeeker: meetingSeeker{Meetings: g.Meetings, keys: newKeyMaker(g.after.plan)}}
	for _, row := range p.out {
		s.look(p.records.row(row))
	}
	s.counted()
	for i, row := range p.rows {
		if met[i] {
			d.met, d.has = append(d.met, row), append(d.has, has[i])
		}
	}
	return d
}

// CopyMet adds the records that are to be renewed.
func (d *Glanced) CopyMet(to *ToRenew) error {
	d.renumber(to.Records, d.met, d.code)
	to.has = append(to.has, d.has...)
	return to.bounded()
}

// CopyDrawn adds the records that an observer compares with random directory records, for the later index.
func (d *Glanced) CopyDrawn(o *Observer, to *Records) error {
	var drawn []int
	for _, i := range d.rows {
		if o.draws(d.records.dict.hashOf(d.records.ids[i])) > 0 {
			drawn = append(drawn, i)
		}
	}
	d.renumber(to, drawn, d.later)
	return to.bounded()
}

// CopyOut adds the records that were left out of the piece, for the later index.
func (d *Glanced) CopyOut(to *Records) error {
	d.renumber(to, d.out, d.later)
	return to.bounded()
}

// WriteAfter writes the piece in codes of the later index.
func (d *Glanced) WriteAfter(to io.Writer) error {
	records := d.by.after.NewRecords()
	d.renumber(records, d.rows, d.later)
	return records.WriteRoll(to, nil)
}

// code is a text's code among the records that differ, 0 for none.
func (d *Glanced) code(code uint32) uint32 {
	if first := d.records.dict.first; code >= first {
		return d.few[code-first]
	}
	if d.by.known[code>>6]>>(code&63)&1 == 0 {
		return 0
	}
	return d.by.codes[code]
}

// later is a text's code in the later index, 0 for none.
func (d *Glanced) later(code uint32) uint32 {
	own := d.records.dict
	if code < own.first {
		if found := d.by.differing.codes.code(code); found != unknownCode {
			return found
		}
	} else if d.few[code-own.first] != 0 { // else no directory record that differs has it, and so none at all
		return d.by.after.records.dict.find(string(own.bytesOf(code)), own.hashOf(code))
	}
	return 0
}

const glancedAtOnce = 4096

// glanceSeeker belongs to one goroutine.
type glanceSeeker struct {
	meetingSeeker
	by    *Glancer
	piece *Glanced
	pairs []int64
}

// counted hands over what was counted.
func (s *glanceSeeker) counted() {
	for k, n := range s.pairs {
		s.by.pairs[k] += n
	}
}

// look counts a record, and gives the parts of keys of which it has a value that a directory record has that differs.
func (s *glanceSeeker) look(row []uint32) (has uint64) {
	records, dict := s.piece.records, s.few.records.dict
	s.keys.start()
	for _, part := range s.whole {
		s.keys.known[part.place], s.keys.parts[part.place] = s.keys.record, s.keys.parts[part.place][:0]
	}
	for i := range s.by.cells {
		c := &s.by.cells[i]
		for _, v := range records.set(row, c.cell) {
			code := s.piece.code(v)
			if code == 0 {
				continue
			}
			for _, k := range c.products {
				s.pairs[k] += int64(s.by.observed[k][code])
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
	return has
}

// meets says of the record that was looked at last whether it may have a key of a directory record that differs.
func (s *glanceSeeker) meets(row []uint32, has uint64) bool {
	records := s.piece.records
	for _, a := range s.ask(records, row, has) {
		switch k := s.rules[a.rule].find(a.key); k.is {
		case keyFree:
		case keyNarrowed:
			for _, part := range s.keys.part(records, row, *s.after.plan.rules[a.rule].narrow, left) {
				if s.find(a.rule, narrowKey(a.key, part)).is != keyFree {
					return true
				}
			}
		default:
			return true
		}
	}
	return false
}
