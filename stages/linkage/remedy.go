package linkage

import (
	"fmt"
	"slices"
	"sync"
)

// Patch is one changed field of a record: a row of the same Records that holds the new normal form, and the columns to
// take from it.
type Patch struct {
	Row     int
	Columns []string
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
// Most tries cost no more than one comparison: where the entity would not pass even without a rival, nothing else is
// asked. The result does not depend on the number of goroutines.
func (s *Scorer) Remedies(records *Records, asks []Ask, threshold int64, workers int) ([]Remedy, error) {
	if !slices.Equal(records.layout.names, s.index.plan.left.names) || records.dict.base != s.index.records.dict {
		return nil, fmt.Errorf("seeking changes: the records were not made for this index")
	}
	out := make([]Remedy, len(asks))
	var wait sync.WaitGroup
	blocks := make(chan int)
	for range max(1, workers) {
		wait.Go(func() {
			t := tryer{worker: s.newWorker(records), row: make([]uint32, len(records.layout.names))}
			for from := range blocks {
				for i := from; i < min(from+block, len(asks)); i++ {
					out[i] = t.remedy(asks[i], threshold)
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
	row []uint32 // the record with the changes of one try
}

func (t *tryer) remedy(ask Ask, threshold int64) Remedy {
	entity, ok := t.index.find(ask.Entity)
	if !ok {
		return Remedy{} // a redirect led to an id that the directory does not have
	}
	base := t.records.row(ask.Record)
	var useful []int
	for i, p := range ask.Patches {
		if t.change(base, p); slices.Equal(t.row, base) {
			continue
		}
		useful = append(useful, i)
		if p := t.passes(entity, threshold); p > 0 {
			return Remedy{[]int{i}, p}
		}
	}
	for k, i := range useful {
		for _, j := range useful[k+1:] {
			t.change(base, ask.Patches[i], ask.Patches[j])
			if p := t.passes(entity, threshold); p > 0 {
				return Remedy{[]int{i, j}, p}
			}
		}
	}
	return Remedy{}
}

// change makes row the record with some changes, the later over the earlier.
func (t *tryer) change(base []uint32, patches ...Patch) {
	copy(t.row, base)
	for _, p := range patches {
		from := t.records.row(p.Row)
		for _, name := range p.Columns {
			if c := t.records.layout.at(name); c >= 0 {
				t.row[c] = from[c]
			}
		}
	}
}

// passes gives the probability of the entity for row where it is a match, else 0. Nothing more is asked once the record is
// found not to meet the entity, or to meet another that is as near.
func (t *tryer) passes(entity uint32, threshold int64) int64 {
	t.weights = t.weights[:0]
	t.compare.from(t.row)
	alone := []Candidate{{Entity: entity, Weight: t.pair(entity)}}
	if t.compete(alone); alone[0].Probability < threshold {
		return 0
	}
	candidates := t.seek.candidates(t.records, t.row)
	if !slices.ContainsFunc(candidates, func(f found) bool { return f.entity == entity }) {
		return 0
	}
	for _, f := range candidates {
		if f.entity != entity && t.pair(f.entity) >= alone[0].Weight {
			return 0
		}
	}
	if t.compete(alone); alone[0].Probability < threshold {
		return 0
	}
	return alone[0].Probability
}
