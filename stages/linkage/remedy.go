package linkage

import (
	"fmt"
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
// is what the entity comes to with the change, in millionths. Grounds are what the answer rests on in the directory.
type Remedy struct {
	Patches     []int
	Probability int64
	Grounds     Ground
}

// Remedies answers each Ask by scoring the changed record anew in full competition: new blocking keys, all candidates,
// look-alikes. Single changes are tried before pairs, pairs in the order of their first and then their second change.
// Most tries cost no more than the comparisons that read a changed column: where the entity would not pass even without a
// rival, nothing else is asked. The few that pass are mostly the answer. The result does not depend on the number of
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
	least     int32    // weight below which the entity does not reach the threshold, whatever else there is
	ways      int      // hypotheses that name an entity: the match, then each kind of look-alike
	reads     []uint64 // by comparison: the cells that it follows from
	most      []int32  // by comparison: what it may weigh
	whole     []int    // all comparisons

	base     []uint32 // the record as it is …
	row      []uint32 // … and with the changes of one try
	sums     []int32  // what the entity comes to in this try, by hypothesis
	affected []int    // comparisons that are made again
	parts    []int32  // of a pair that is looked at, by comparison and hypothesis
	none     tried
	changes  []tried // of the ask, one by one; their space is kept
	grounds  []uint32
	contests []contest // of the ask
}

func (s *Scorer) newTryer(records *Records, threshold int64) *tryer {
	plan := s.index.plan
	t := &tryer{worker: s.newWorker(records), threshold: threshold, least: leastFor(threshold), ways: 1 + len(s.looks), reads: plan.reads(),
		row: make([]uint32, len(records.layout.names))}
	t.sums, t.parts = make([]int32, t.ways), make([]int32, t.ways*len(s.weights))
	t.none = t.newTried()
	for c, weights := range s.weights {
		t.whole = append(t.whole, c)
		most := int32(0)
		for level, weight := range weights[1:] {
			if plan.comparisons[c].levels[level].adjust.how != rarityNone {
				weight += max(0, int32(plan.section.FrequencyFloor), int32(plan.section.FrequencyCeiling))
			}
			most = max(most, weight)
		}
		t.most = append(t.most, most)
	}
	return t
}

func (t *tryer) remedy(ask Ask) Remedy {
	asked := ground(hashText(ask.Entity))
	t.grounds, t.contests = append(t.grounds[:0], asked), nil
	r := t.first(ask)
	slices.Sort(t.grounds)
	r.Grounds = Ground{entity: asked, of: slices.Clone(slices.Compact(t.grounds)), contests: t.contests}
	return r
}

// first is the first change that does it.
func (t *tryer) first(ask Ask) Remedy {
	entity, ok := t.index.find(ask.Entity)
	if !ok {
		return Remedy{} // a redirect led to an id that the directory does not have
	}
	t.base = t.records.row(ask.Record)
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
			t.changes = append(t.changes, t.newTried())
		}
		one := &t.changes[n]
		n++
		one.place, one.cells, one.differs = i, p.cells, differs
		t.single(entity, one)
		if t.alone() >= t.threshold {
			if p := t.wins(entity); p > 0 {
				return Remedy{Patches: []int{i}, Probability: p}
			}
		}
	}
	for k := range n {
		for l := k + 1; l < n; l++ {
			i, j := t.changes[k].place, t.changes[l].place
			if t.double(entity, ask, &t.changes[k], &t.changes[l]) && t.alone() >= t.threshold {
				t.change(ask.Patches[i], ask.Patches[j])
				if p := t.wins(entity); p > 0 {
					return Remedy{Patches: []int{i, j}, Probability: p}
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

// wins gives the probability of the entity for row where it is a match, else 0. What became of the contest is noted, so that
// all rivals are compared though one that is as near decides it.
func (t *tryer) wins(entity uint32) int64 {
	candidates := t.seek.candidates(t.records, t.row)
	t.grounds = t.seek.grounds(t.grounds)
	c := contest{weight: t.sums[0], row: appendRow(nil, t.records, t.row)}
	if c.met = slices.ContainsFunc(candidates, func(f found) bool { return f.entity == entity }); c.met {
		t.compare.from(t.row)
		t.compare.fetch(candidates)
		t.weights = append(t.weights[:0], t.sums...)
		for _, f := range candidates {
			if f.entity != entity && t.pair(f.entity) >= c.weight {
				c.above++
			}
		}
		c.top, c.sum = t.compete(nil)
	}
	t.contests = append(t.contests, c)
	return c.probability(t.threshold)
}

// share is the probability of the entity among weights.
func (t *tryer) share() int64 {
	one := [1]Candidate{{Weight: t.sums[0]}}
	t.compete(one[:])
	return one[0].Probability
}
