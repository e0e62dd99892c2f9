package linkage

import "math"

// tried is what a change, or none, makes of the comparison with the entity.
type tried struct {
	place          int    // in Ask.Patches
	cells, differs uint64 // its columns, and those of them in which the record differs
	parts, sums    []int32
}

func (t *tryer) newTried() tried {
	return tried{parts: make([]int32, len(t.parts)), sums: make([]int32, t.ways)}
}

// leastFor is a weight below which a candidate stays below the threshold though no entity but it is thought of. A
// hundredth of a bit is left for rounding.
func leastFor(threshold int64) int32 {
	share := float64(min(max(threshold, 1), 999_999)) / 1e6
	return int32(math.Floor(1000*math.Log2(share/(1-share)))) - 10
}

// reads are the cells of the CRM record, a bit for each, that level and adjustment of each comparison follow from.
func (p *plan) reads() (all []uint64) {
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
		all = append(all, cells)
	}
	return all
}

// differing has a bit for each cell in which two rows differ.
func differing(a, b []uint32) (cells uint64) {
	for c := range a {
		if a[c] != b[c] {
			cells |= 1 << c
		}
	}
	return cells
}

// single gives sums what the entity comes to with one change, which row holds.
func (t *tryer) single(entity uint32, one *tried) {
	copy(one.parts, t.none.parts)
	t.turn(one.differs)
	t.look(entity, t.affected, one.parts)
	t.add(one.parts, one.sums)
	copy(t.sums, one.sums)
}

// double gives sums what the entity comes to with two changes: a comparison that one of them alone reaches comes to what
// it does with this one. It says no where they cannot suffice.
func (t *tryer) double(entity uint32, ask Ask, first, second *tried) bool {
	for h := range t.sums {
		t.sums[h] = first.sums[h] + second.sums[h] - t.none.sums[h]
	}
	t.affected = t.affected[:0]
	var cells uint64
	var most int32
	for c, reads := range t.reads {
		if reads&first.differs == 0 || reads&second.cells == 0 {
			continue
		}
		t.affected = append(t.affected, c)
		cells |= reads
		most += t.most[c]
		at := c * t.ways
		for h := range t.sums {
			t.sums[h] -= first.parts[at+h] + second.parts[at+h] - t.none.parts[at+h]
		}
	}
	if t.sums[0]+most < t.least {
		return false
	}
	if len(t.affected) > 0 {
		t.change(ask.Patches[first.place], ask.Patches[second.place])
		t.compare.only(t.row, cells)
		t.look(entity, t.affected, t.parts)
		for _, c := range t.affected {
			for h := range t.sums {
				t.sums[h] += t.parts[c*t.ways+h]
			}
		}
	}
	return true
}

// turn prepares for comparing row again in what reads some of its cells.
func (t *tryer) turn(differs uint64) {
	t.affected = t.affected[:0]
	var cells uint64
	for c, reads := range t.reads {
		if reads&differs != 0 {
			t.affected = append(t.affected, c)
			cells |= reads
		}
	}
	t.compare.only(t.row, cells)
}

// look gives parts what some comparisons of the record that compare has with a directory record weigh.
func (t *tryer) look(entity uint32, which []int, parts []int32) {
	if len(which) == 0 {
		return
	}
	t.compare.some(entity, which, t.levels)
	a, b := t.compare.row, t.index.records.row(int(entity))
	for _, c := range which {
		to, level := parts[c*t.ways:(c+1)*t.ways], t.levels[c]
		clear(to)
		if level == 0 {
			continue
		}
		adjustment := t.adjustment(c, level, a, b)
		to[0] = t.Scorer.weights[c][level] + adjustment
		for k := range t.looks {
			if look := t.looks[k][c]; look != nil {
				to[1+k] = look[level] + adjustment
			}
		}
	}
}

// add gives sums what all comparisons come to.
func (t *tryer) add(parts, sums []int32) {
	sums[0] = t.parameters.Prior
	copy(sums[1:], t.lookAlikes)
	for at := 0; at < len(parts); at += t.ways {
		for h := range sums {
			sums[h] += parts[at+h]
		}
	}
}

// alone is the probability of the entity if there were no other.
func (t *tryer) alone() int64 {
	if t.sums[0] < t.least {
		return 0
	}
	t.weights = append(t.weights[:0], t.sums...)
	return t.share()
}
