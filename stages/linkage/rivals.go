package linkage

import "slices"

// footprint says what follows from which columns of the CRM record, a bit for each cell.
type footprint struct {
	comparisons []uint64 // level and adjustment of each
	keys        []uint64 // of each rule
	narrow      []uint64 // what narrows a rule's hot keys
}

func (p *plan) footprint() (f footprint) {
	for _, c := range p.comparisons {
		var cells uint64
		take := func(e planExpression) {
			for _, every := range e {
				for i := range every {
					if cells |= 1 << every[i].l; every[i].op == opCrossed {
						cells |= 1 << every[i].l2
					}
				}
			}
		}
		for _, g := range c.groups {
			take(g.present)
		}
		for i := range c.levels {
			take(c.levels[i].when)
			a := &c.levels[i].adjust
			if a.how != rarityNone {
				cells |= 1 << a.l
			}
			if a.how == rarityName {
				cells |= 1 << a.wl
			}
		}
		f.comparisons = append(f.comparisons, cells)
	}
	for _, r := range p.rules {
		var keys, narrow uint64
		for _, part := range r.parts {
			keys |= 1 << part.l
		}
		if r.narrow != nil {
			narrow = 1 << r.narrow.l
		}
		f.keys, f.narrow = append(f.keys, keys), append(f.narrow, narrow)
	}
	return f
}

// rivals are the candidates of one form of a record, the first with which its entity came so far, and what they come to.
// Other forms of the record share most of them.
type rivals struct {
	known       bool
	row         []uint32
	byRule      [][]uint32 // places of the candidates that a rule finds
	narrowed    []bool     // rules that found a hot key
	entities    []uint32   // ascending
	parts, sums []int32    // by candidate, comparison and hypothesis, where made says so
	made        []bool
	met         []uint32 // the last try in which the candidate was one
	try         uint32
	nearest     int // place of the candidate that refused the last try, -1 for none
	others      []found
}

func newRivals(p *plan) rivals {
	return rivals{row: make([]uint32, len(p.left.names)), byRule: make([][]uint32, len(p.rules)), narrowed: make([]bool, len(p.rules))}
}

// meet finds the candidates of the row of this try, and keeps them.
func (t *tryer) meet() {
	r := &t.rivals
	r.known, r.try, r.nearest = true, 0, -1
	copy(r.row, t.row)
	t.seek.every = true
	all := t.seek.candidates(t.records, r.row)
	t.seek.every = false
	r.entities = r.entities[:0]
	for _, f := range all {
		r.entities = append(r.entities, f.entity)
	}
	slices.Sort(r.entities)
	r.entities = slices.Compact(r.entities)
	for rule := range r.byRule {
		r.byRule[rule], r.narrowed[rule] = r.byRule[rule][:0], false
	}
	for _, f := range all {
		at, _ := slices.BinarySearch(r.entities, f.entity)
		r.byRule[f.rule] = append(r.byRule[f.rule], uint32(at))
	}
	for i := range t.seek.asked {
		if q := &t.seek.asked[i]; q.narrowed {
			r.narrowed[q.rule] = true
		}
	}
	n := len(r.entities)
	r.parts, r.sums = room(r.parts, n*len(t.parts)), room(r.sums, n*t.ways)
	r.made, r.met = room(r.made, n), room(r.met, n)
	clear(r.made)
	clear(r.met)
}

// room is space for n values, whatever they are.
func room[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// rival is what the row of this try comes to with a candidate, by hypothesis.
func (t *tryer) rival(at int, differs uint64) []int32 {
	r := &t.rivals
	parts, sums := r.parts[at*len(t.parts):(at+1)*len(t.parts)], r.sums[at*t.ways:(at+1)*t.ways]
	switch {
	case !r.made[at] && differs == 0:
		t.other(r.entities[at], parts, sums)
		r.made[at] = true
		return sums
	case !r.made[at]:
		t.other(r.entities[at], t.parts, t.total)
		return t.total
	case len(t.affected) == 0:
		return sums
	}
	copy(t.total, sums)
	t.look(r.entities[at], t.affected, t.parts)
	for _, c := range t.affected {
		for h := range t.total {
			t.total[h] += t.parts[c*t.ways+h] - parts[c*t.ways+h]
		}
	}
	return t.total
}

// other compares the row of this try with a directory record in full.
func (t *tryer) other(entity uint32, parts, sums []int32) {
	if !t.full {
		t.compare.from(t.row)
		t.full = true
	}
	t.look(entity, t.whole, parts)
	t.add(parts, sums)
}

// wins gives the probability of the entity for row where it is a match, else 0. Nothing more is asked once the record is
// found not to meet the entity, or to meet another that is as near.
func (t *tryer) wins(entity uint32) int64 {
	r := &t.rivals
	if !r.known {
		t.meet()
	}
	differs := differing(t.row, r.row)
	r.try++
	t.seek.start()
	for rule, found := range r.byRule {
		if t.reads.keys[rule]&differs != 0 || r.narrowed[rule] && t.reads.narrow[rule]&differs != 0 {
			t.seek.ask(t.records, t.row, rule)
			continue
		}
		for _, at := range found {
			r.met[at] = r.try
		}
	}
	t.turn(differs)
	if n := r.nearest; n >= 0 && r.met[n] == r.try && r.entities[n] != entity && t.rival(n, differs)[0] >= t.sums[0] {
		return 0
	}
	r.others = r.others[:0]
	own := false
	for _, f := range t.seek.answers(t.records, t.row) {
		own = own || f.entity == entity
		if at, ok := slices.BinarySearch(r.entities, f.entity); ok {
			r.met[at] = r.try
		} else {
			r.others = append(r.others, f)
		}
	}
	if at, ok := slices.BinarySearch(r.entities, entity); !own && !(ok && r.met[at] == r.try) {
		return 0
	}
	t.weights = append(t.weights[:0], t.sums...)
	for at, e := range r.entities {
		if r.met[at] != r.try || e == entity {
			continue
		}
		sums := t.rival(at, differs)
		if sums[0] >= t.sums[0] {
			r.nearest = at
			return 0
		}
		t.weights = append(t.weights, sums...)
	}
	t.compare.fetch(r.others)
	for _, f := range r.others {
		if f.entity == entity {
			continue
		}
		if t.other(f.entity, t.parts, t.total); t.total[0] >= t.sums[0] {
			return 0
		}
		t.weights = append(t.weights, t.total...)
	}
	if p := t.share(); p >= t.threshold {
		return p
	}
	return 0
}
