package linkage

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"
)

// Patch is one changed field of a record: a row of the same Records that holds the new normal form, and the columns to
// take from it, as Records.Patch makes it.
type Patch struct {
	row   int
	cells uint64 // of the columns
}

// Patch takes some columns from a row. Those that the section does not read change nothing.
func (r *Records) Patch(row int, columns ...string) Patch {
	p := Patch{row: row}
	for _, name := range columns {
		if c := r.layout.at(name); c >= 0 {
			p.cells |= 1 << c
		}
	}
	return p
}

// Ask is a question: which of these changes, one or two of them, would make the record match the entity? Patches stand
// in the order in which they are tried.
type Ask struct {
	Record  int
	Entity  string
	Patches []Patch
}

// Remedy is the first change that does it: places in Ask.Patches, none where no change of one or two does. Probability
// is what the entity comes to with the change, in millionths.
type Remedy struct {
	Patches     []int
	Probability int64
}

// Remedies answers each Ask by scoring the changed record anew in full competition: new blocking keys, all candidates,
// look-alikes. Single changes are tried before pairs, pairs in the order of their first and then their second change.
// Only what a change reaches is computed again: the comparisons and the blocking rules that read a column of it. Where
// the entity would not pass even without a rival, nothing else is asked. The result does not depend on the number of
// goroutines.
func (s *Scorer) Remedies(records *Records, asks []Ask, threshold int64, workers int) ([]Remedy, error) {
	if !slices.Equal(records.layout.names, s.index.plan.left.names) || records.dict.base != s.index.records.dict {
		return nil, fmt.Errorf("seeking changes: the records were not made for this index")
	}
	out := make([]Remedy, len(asks))
	var wait sync.WaitGroup
	blocks := make(chan int)
	for range max(1, workers) {
		wait.Go(func() {
			t := s.newTryer(records, threshold)
			for from := range blocks {
				for i := from; i < min(from+block, len(asks)); i++ {
					out[i] = t.remedy(asks[i])
				}
			}
		})
	}
	for from := 0; from < len(asks); from += block {
		blocks <- from
	}
	close(blocks)
	wait.Wait()
	return out, nil
}

// tryer scores changed records. It belongs to one goroutine.
type tryer struct {
	*worker
	threshold int64
	least     int32     // weight below which the entity does not reach the threshold, whatever else there is
	ways      int       // hypotheses that name an entity: the match, then each kind of look-alike
	reads     footprint // what follows from which columns
	most      []int32   // by comparison: what it may weigh
	whole     []int     // all comparisons

	base     []uint32 // the record as it is …
	row      []uint32 // … and with the changes of one try
	sums     []int32  // what the entity comes to in this try, by hypothesis
	affected []int    // comparisons that are made again; compare has the row for these, or, where full, for all
	full     bool
	parts    []int32 // of a pair that is looked at, by comparison and hypothesis
	total    []int32 // and what they come to
	none     change
	changes  []change // of the ask, one by one; their space is kept
	rivals   rivals
}

// change is what a change, or none, makes of the comparison with the entity.
type change struct {
	place          int    // in Ask.Patches
	cells, differs uint64 // its columns, and those of them in which the record differs
	parts, sums    []int32
}

func (s *Scorer) newTryer(records *Records, threshold int64) *tryer {
	plan := s.index.plan
	t := &tryer{worker: s.newWorker(records), threshold: threshold, least: leastFor(threshold), ways: 1 + len(s.looks), reads: plan.footprint(),
		base: make([]uint32, len(records.layout.names)), row: make([]uint32, len(records.layout.names))}
	t.sums, t.total, t.parts = make([]int32, t.ways), make([]int32, t.ways), make([]int32, t.ways*len(s.weights))
	t.none, t.rivals = t.newChange(), newRivals(plan)
	for c, weights := range s.weights {
		t.whole = append(t.whole, c)
		most := int32(0)
		for level, weight := range weights[1:] {
			if plan.comparisons[c].levels[level].adjust.how != rarityNone {
				weight += max(0, int32(plan.section.FrequencyCeiling))
			}
			most = max(most, weight)
		}
		t.most = append(t.most, most)
	}
	return t
}

func (t *tryer) newChange() change {
	return change{parts: make([]int32, len(t.parts)), sums: make([]int32, t.ways)}
}

// leastFor is a weight below which a candidate stays below the threshold though no entity but it is thought of. A
// hundredth of a bit is left for rounding.
func leastFor(threshold int64) int32 {
	share := float64(min(max(threshold, 1), 999_999)) / 1e6
	return int32(math.Floor(1000*math.Log2(share/(1-share)))) - 10
}

func (t *tryer) remedy(ask Ask) Remedy {
	entity, ok := t.index.find(ask.Entity)
	if !ok {
		return Remedy{} // a redirect led to an id that the directory does not have
	}
	if base := t.records.row(ask.Record); !slices.Equal(base, t.base) {
		copy(t.base, base)
		t.rivals.known = false
	}
	t.compare.from(t.base)
	t.look(entity, t.whole, t.none.parts)
	t.add(t.none.parts, t.none.sums)
	n := 0
	for i, p := range ask.Patches {
		t.change(p)
		differs := differing(t.row, t.base)
		if differs == 0 {
			continue
		}
		if n == len(t.changes) {
			t.changes = append(t.changes, t.newChange())
		}
		one := &t.changes[n]
		n++
		one.place, one.cells, one.differs = i, p.cells, differs
		t.single(entity, one)
		if t.alone() >= t.threshold {
			if p := t.wins(entity); p > 0 {
				return Remedy{[]int{i}, p}
			}
		}
	}
	for k := range n {
		for l := k + 1; l < n; l++ {
			i, j := t.changes[k].place, t.changes[l].place
			if t.double(entity, ask, &t.changes[k], &t.changes[l]) && t.alone() >= t.threshold {
				t.change(ask.Patches[i], ask.Patches[j])
				if p := t.wins(entity); p > 0 {
					return Remedy{[]int{i, j}, p}
				}
			}
		}
	}
	return Remedy{}
}

// change makes row the record with some changes, the later over the earlier.
func (t *tryer) change(patches ...Patch) {
	copy(t.row, t.base)
	for _, p := range patches {
		from := t.records.row(p.row)
		for rest := p.cells; rest != 0; rest &= rest - 1 {
			c := bits.TrailingZeros64(rest)
			t.row[c] = from[c]
		}
	}
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
func (t *tryer) single(entity uint32, one *change) {
	copy(one.parts, t.none.parts)
	t.turn(one.differs)
	t.look(entity, t.affected, one.parts)
	t.add(one.parts, one.sums)
	copy(t.sums, one.sums)
}

// double gives sums what the entity comes to with two changes: a comparison that one of them alone reaches comes to what
// it does with this one. It says no where they cannot suffice.
func (t *tryer) double(entity uint32, ask Ask, first, second *change) bool {
	for h := range t.sums {
		t.sums[h] = first.sums[h] + second.sums[h] - t.none.sums[h]
	}
	t.affected = t.affected[:0]
	var cells uint64
	var most int32
	for c, reads := range t.reads.comparisons {
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
	for c, reads := range t.reads.comparisons {
		if reads&differs != 0 {
			t.affected = append(t.affected, c)
			cells |= reads
		}
	}
	t.compare.only(t.row, cells)
	t.full = false
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

// share is the probability of the entity among weights.
func (t *tryer) share() int64 {
	one := [1]Candidate{{Weight: t.sums[0]}}
	t.compete(one[:])
	return one[0].Probability
}
