package linkage

import (
	"io"
	"slices"
	"sync"
)

// Glancer looks at the records of a Roll before they are copied: which may meet a directory record that differs. What it asks
// of a value it asks by the value's place among the texts of records that differ, which are few.
type Glancer struct {
	*Meetings
	marked marks         // of these texts
	texts  []glancedText // those that the earlier index has in the order of its codes, then the others
	codes  []uint32      // of the former, there
	places []uint32      // by code among records that differ: place in texts
	cells  []glancedCell
	// By an observer's products: how many more directory records hold a value than did, by its place in texts, for no others' number
	// differs; and equal pairs that came, less those that went.
	observed  [][]int32
	pairs     []int64
	later     *translation
	rewritten *Records // space for a piece in codes of the later index
}

// glancedText is a text that records that differ have.
type glancedText struct {
	hash  uint64
	parts uint64 // of keys that have it as a value in such a record
	held  uint64 // bits for the products of which another number of directory records holds it; they may share one
	code  uint32 // among records that differ
}

// glancedCell is a column of CRM records with the parts and products that are made of it.
type glancedCell struct {
	cell     int
	parts    uint64
	held     uint64 // bits of its products
	products []int
}

// NewGlancer starts to count for an observer, nil for none. Records must be of the earlier index.
func (m *Meetings) NewGlancer(o *Observer) *Glancer {
	g := &Glancer{Meetings: m, later: m.differing.translation(), rewritten: m.after.NewRecords()}
	g.place()
	few := m.few.records
	differ := int(m.isFrom) + len(m.differing.is)
	each := func(cell int, fn func(i int, place uint32)) {
		for i := range differ {
			for _, v := range few.set(few.row(i), cell) {
				fn(i, g.places[v])
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
		each(part.r, func(_ int, place uint32) { g.texts[place].parts |= bit })
	}
	if o == nil {
		return g
	}
	for k, p := range o.products {
		more := make([]int32, len(g.texts))
		each(p.of.r, func(i int, place uint32) {
			if i < int(m.isFrom) {
				more[place]--
			} else {
				more[place]++
			}
		})
		bit := uint64(1) << (k & 63)
		for place, n := range more {
			if n != 0 {
				g.texts[place].held |= bit
			}
		}
		c := cell(p.of.l)
		c.held, c.products = c.held|bit, append(c.products, k)
		g.observed = append(g.observed, more)
	}
	g.pairs = make([]int64, len(g.observed))
	return g
}

// place gives the texts of records that differ their places.
func (g *Glancer) place() {
	few, before := g.few.records.dict, g.before.records.dict
	g.marked, g.places = newMarks(len(few.forms)), make([]uint32, few.next())
	held, others := make([]uint64, 0, len(few.forms)), []uint32(nil) // its code in the earlier index on top
	for code := few.first; code < few.next(); code++ {
		hash := few.hashOf(code)
		g.marked.add(hash)
		if found := before.find(string(few.bytesOf(code)), hash); found != 0 {
			held = append(held, uint64(found)<<32|uint64(code))
		} else {
			others = append(others, code)
		}
	}
	add := func(code uint32) {
		g.places[code] = uint32(len(g.texts))
		g.texts = append(g.texts, glancedText{hash: few.hashOf(code), code: code})
	}
	slices.Sort(held)
	for _, one := range held {
		g.codes = append(g.codes, uint32(one>>32))
		add(uint32(one))
	}
	for _, code := range others {
		add(code)
	}
}

// Glanced is a piece of a Roll at which a Glancer has looked.
type Glanced struct {
	*RollPiece
	by    *Glancer
	known ranks        // of the codes of texts that records that differ have
	own   []uint32     // by rank of those that the index lacks: place among the texts of the Glancer
	met   []int        // records that may have a key of a directory record that differs; no others have one
	asked [][]askedKey // the marked keys of each such record
}

// Glance looks at a piece of the earlier index's Roll. All its records are counted for the observer.
func (g *Glancer) Glance(p *RollPiece, workers int) *Glanced {
	dict, few := p.records.dict, g.few.records.dict
	d := &Glanced{RollPiece: p, by: g}
	codes := slices.Clone(g.codes)
	for i := range dict.forms[1:] {
		if hash := dict.forms[i+1].hash; g.marked.has(hash) {
			code := dict.first + uint32(i)
			if found := few.find(string(dict.bytesOf(code)), hash); found != 0 {
				codes, d.own = append(codes, code), append(d.own, g.places[found])
			}
		}
	}
	d.known = newRanks(codes, dict.next())
	asked := make([][]askedKey, len(p.rows))
	var wait sync.WaitGroup
	var mutex sync.Mutex
	blocks := make(chan int)
	for range max(1, workers) {
		wait.Go(func() {
			s := glanceSeeker{by: g, piece: d, pairs: make([]int64, len(g.pairs)),
				meetingSeeker: meetingSeeker{Meetings: g.Meetings, keys: newKeyMaker(g.after.plan)}}
			s.keys.only = g.parts
			for from := range blocks {
				for i := from; i < min(from+glancedAtOnce, len(asked)); i++ {
					row := p.records.row(p.rows[i])
					keys := s.ask(p.records, row, s.look(row))
					if s.meets(row, keys) {
						asked[i] = slices.Clone(keys)
					}
				}
			}
			mutex.Lock()
			defer mutex.Unlock()
			s.counted()
		})
	}
	for from := 0; from < len(asked); from += glancedAtOnce {
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
		if asked[i] != nil {
			d.met, d.asked = append(d.met, row), append(d.asked, asked[i])
		}
	}
	return d
}

// CopyMet adds the records that are to be renewed.
func (d *Glanced) CopyMet(to *ToRenew) error {
	own := make([]uint32, len(d.records.dict.forms)-1)
	d.eachOwn(func(text int, few uint32) { own[text] = few })
	d.renumber(to.Records, d.met, d.code, own)
	to.marked = append(to.marked, d.asked...)
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
	d.renumberLater(to, drawn)
	return to.bounded()
}

// CopyOut adds the records that were left out of the piece, for the later index.
func (d *Glanced) CopyOut(to *Records) error {
	d.renumberLater(to, d.out)
	return to.bounded()
}

// WriteAfter writes the piece in codes of the later index.
func (d *Glanced) WriteAfter(to io.Writer) error {
	records := d.by.rewritten
	records.clear()
	records.dict.grow(d.records.dict) // most of its texts will stand there
	d.renumberLater(records, d.rows)
	return records.WriteRoll(to, nil)
}

// code is a text's code among the records that differ, 0 for none.
func (d *Glanced) code(code uint32) uint32 {
	if d.known.bit(code) == 0 {
		return 0
	}
	return d.by.texts[d.place(code)].code
}

// place is that of a known text among those of the Glancer.
func (d *Glanced) place(code uint32) uint32 {
	rank := d.known.rank(code)
	if held := uint32(len(d.by.codes)); rank >= held {
		return d.own[rank-held]
	}
	return rank
}

// eachOwn gives the texts that the index lacks and records that differ have, with their codes among these.
func (d *Glanced) eachOwn(fn func(text int, few uint32)) {
	for i, code := range d.known.codes[len(d.by.codes):] {
		fn(int(code-d.records.dict.first), d.by.texts[d.own[i]].code)
	}
}

// renumberLater adds some records to others of the later index.
func (d *Glanced) renumberLater(to *Records, rows []int) {
	own, dict := make([]uint32, len(d.records.dict.forms)-1), d.records.dict
	d.eachOwn(func(text int, _ uint32) { // a text that no directory record has that differs none has at all
		code := dict.first + uint32(text)
		own[text] = d.by.after.records.dict.find(string(dict.bytesOf(code)), dict.hashOf(code))
	})
	d.renumber(to, rows, func(code uint32) uint32 {
		if found := d.by.later.code(code); found != unknownCode {
			return found
		}
		return 0
	}, own)
}

const glancedAtOnce = 4096
