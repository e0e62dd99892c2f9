package linkage

import (
	"fmt"
	"slices"
)

// program is how the kernel decides a plan's comparisons quickly. Of a pair it knows three words first: the columns
// that the CRM record has, those that the directory record has, and the pairs of columns that share a value. Most
// conditions are questions about these words; the others are asked only where the words allow a level at all.
type program struct {
	comparisons []programComparison
	asked       []planCondition // the conditions that take more than the words
	rights      []rightCell     // by directory cell
	lefts       uint64          // CRM cells whose values are looked for in the other record
	sets, texts []int           // directory cells that hold lists, and those whose texts are asked about
}

type programComparison struct {
	groups              []programGroup
	left, right, shared uint64 // bits of the three words that its demands ask about
}

type programGroup struct {
	present []demand // one of them must hold
	levels  []demand // the first that holds gives the level …
	last    uint8    // … or none does
}

// demand is a conjunction: the cells that both sides must have, the pairs of columns that must share a value, and the
// conditions that must be asked, as places in program.asked.
type demand struct {
	left, right, shared uint64
	asked               []uint16
	code                uint8
}

// rightCell says which CRM cells the values of a directory cell are looked for in.
type rightCell struct {
	lefts uint64
	pairs []cellPair
}

// cellPair is a pair of columns by the bit of its CRM cell; shared is its own bit.
type cellPair struct{ left, shared uint64 }

// mostCells and mostPairs are bits of a word.
const (
	mostCells = 64
	mostPairs = 64
)

// programmer compiles a plan's comparisons.
type programmer struct {
	program
	pairs map[[2]int]uint64
	asked map[string]uint16
}

func (p *plan) compile() error {
	if len(p.left.names) > mostCells || len(p.right.names) > mostCells {
		return fmt.Errorf("model %s: more than %d columns are compared", p.section.Kind, mostCells)
	}
	m := programmer{pairs: map[[2]int]uint64{}, asked: map[string]uint16{}}
	m.rights = make([]rightCell, len(p.right.names))
	for _, c := range p.comparisons {
		var comparison programComparison
		for _, g := range c.groups {
			group := programGroup{present: m.demands(nil, g.present, 0), last: uint8(g.last)}
			for code := g.first; code < g.last; code++ {
				group.levels = m.demands(group.levels, c.levels[code-1].when, uint8(code))
			}
			comparison.groups = append(comparison.groups, group)
		}
		comparison.mask()
		m.comparisons = append(m.comparisons, comparison)
	}
	for cell, list := range p.right.lists {
		if list && m.rights[cell].lefts != 0 {
			m.sets = append(m.sets, cell)
		}
	}
	for _, k := range m.program.asked {
		if !p.right.lists[k.r] && !slices.Contains(m.texts, k.r) {
			m.texts = append(m.texts, k.r)
		}
	}
	p.program = m.program
	return nil
}

func (m *programmer) demands(to []demand, e planExpression, code uint8) []demand {
	for _, every := range e {
		d := demand{code: code}
		for i := range every {
			m.add(&d, &every[i])
		}
		to = append(to, d)
	}
	return to
}

func (m *programmer) add(d *demand, k *planCondition) {
	d.left |= 1 << k.l
	d.right |= 1 << k.r
	switch k.op {
	case opPresent:
		return
	case opEqual, opOverlap:
		if m.share(d, k.l, k.r) {
			return
		}
	case opCrossed:
		if m.share(d, k.l, k.r) && m.share(d, k.l2, k.r2) {
			return
		}
	case opShare, opWithin:
		if k.n > 0 {
			m.share(d, k.l, k.r)
		}
	}
	name := fmt.Sprintf("%d %d %d %d %d %s", k.op, k.l, k.r, k.l2, k.r2, k.number)
	place, ok := m.asked[name]
	if !ok {
		place = uint16(len(m.program.asked))
		m.asked[name] = place
		m.program.asked = append(m.program.asked, *k)
	}
	d.asked = append(d.asked, place)
}

// share demands that two columns share a value. It says no where there are more pairs of columns than bits.
func (m *programmer) share(d *demand, l, r int) bool {
	bit, ok := m.pairs[[2]int{l, r}]
	if !ok {
		if len(m.pairs) == mostPairs {
			return false
		}
		bit = 1 << len(m.pairs)
		m.pairs[[2]int{l, r}] = bit
		m.lefts |= 1 << l
		m.rights[r].lefts |= 1 << l
		m.rights[r].pairs = append(m.rights[r].pairs, cellPair{1 << l, bit})
	}
	d.shared |= bit
	return true
}
