package linkage

import (
	"fmt"
	"math"
	"slices"
	"sync"
)

// Scored is what a CRM record's candidates came to.
type Scored struct {
	Record     int // place in the Records that were scored
	Candidates int
	Best       []Candidate // best first: by weight, then by entity id
	top        int32       // what Total tells
	sum        uint64
}

// Candidate is one directory record with every number that led to its place.
type Candidate struct {
	Entity      uint32 // place in the index; the order of entity ids
	Weight      int32
	Probability int64 // millionths, rounded down, so that they never sum to more than one
	Levels      []uint8
	Frequencies []int32
	Rule        int
}

// Scorer scores CRM records against an index with fixed parameters. It may be used by several goroutines.
type Scorer struct {
	index      *Index
	parameters Parameters
	weights    [][]int32 // by comparison and level code
	rarities   [][]int32
	tables     []valueBits
	lookAlikes []int32     // prior and ratio of each kind
	looks      [][][]int32 // weights by kind of look-alike, comparison and level code; nil where it is chance
}

// NewScorer prepares the parameters and term frequencies for an index of the same section. There may be none where Know tells
// them later.
func NewScorer(x *Index, parameters Parameters, frequencies []Frequency) (*Scorer, error) {
	if err := parameters.fits(x.plan); err != nil {
		return nil, err
	}
	s := &Scorer{index: x, parameters: parameters, tables: x.tables(frequencies, parameters.Fields)}
	for _, c := range parameters.Comparisons {
		weights, rare := []int32{0}, []int32{0}
		for _, l := range c.Levels {
			weights, rare = append(weights, l.Weight), append(rare, l.Rarity)
		}
		s.weights, s.rarities = append(s.weights, weights), append(s.rarities, rare)
	}
	for _, l := range parameters.LookAlikes {
		s.lookAlikes = append(s.lookAlikes, parameters.Prior+l.Weight)
	}
	for k, look := range x.plan.lookAlikes {
		tables := make([][]int32, len(s.weights))
		for c := range tables {
			if look.shared[c] {
				tables[c] = s.weights[c]
			}
		}
		for _, own := range parameters.LookAlikes[k].Own {
			c := x.plan.at(own.Name)
			tables[c] = []int32{0}
			for _, l := range own.Levels {
				tables[c] = append(tables[c], l.Weight)
			}
		}
		s.looks = append(s.looks, tables)
	}
	return s, nil
}

// Rarities starts reading term frequencies, as NewRarities does.
func (s *Scorer) Rarities(only ...*Records) *Rarities {
	return s.index.NewRarities(s.parameters.Fields, only...)
}

// Know takes term frequencies in place of those there are. Where they were read for some records, no other may be scored.
func (s *Scorer) Know(r *Rarities) { s.tables = r.tables() }

// Weight is the weight of a level code in a comparison.
func (s *Scorer) Weight(comparison int, level uint8) int32 { return s.weights[comparison][level] }

// Prior is the weight every candidate starts from.
func (s *Scorer) Prior() int32 { return s.parameters.Prior }

// EntityID is the id of a candidate's directory record; RuleName the name of its blocking rule.
func (s *Scorer) EntityID(entity uint32) string { return s.index.records.ID(int(entity)) }

func (s *Scorer) RuleName(rule int) string { return s.index.plan.rules[rule].Name }

// block is how many records a goroutine takes at a time.
const block = 1024

// Score scores all records with the given number of goroutines. The result is in the order of the records and does
// not depend on that number (invariant 9): each record is scored alone.
func (s *Scorer) Score(records *Records, workers int) ([]Scored, error) {
	if !slices.Equal(records.layout.names, s.index.plan.left.names) || records.dict.base != s.index.records.dict {
		return nil, fmt.Errorf("scoring: the records were not made for this index")
	}
	out := make([]Scored, records.Len())
	var wait sync.WaitGroup
	blocks := make(chan int)
	for range max(1, workers) {
		wait.Go(func() {
			w := s.newWorker(records)
			for from := range blocks {
				for i := from; i < min(from+block, records.Len()); i++ {
					out[i] = w.score(i)
				}
			}
		})
	}
	for from := 0; from < records.Len(); from += block {
		blocks <- from
	}
	close(blocks)
	wait.Wait()
	return out, nil
}

// worker is what one goroutine needs.
type worker struct {
	*Scorer
	records *Records
	seek    *seeker
	compare *comparer
	levels  []uint8
	bits    []int32
	weights []int32 // of every hypothesis that names a candidate
	found   []Candidate
}

func (s *Scorer) newWorker(records *Records) *worker {
	n := len(s.index.plan.comparisons)
	return &worker{Scorer: s, records: records, seek: newSeeker(s.index),
		compare: newComparer(s.index.plan, records, s.index.records), levels: make([]uint8, n), bits: make([]int32, n)}
}

func (w *worker) score(i int) Scored {
	out := w.scoreRow(w.records.row(i))
	out.Record = i
	return out
}

// scoreRow scores a row of cells, which need not be one of the records as long as its codes are theirs.
func (w *worker) scoreRow(row []uint32) Scored {
	w.found, w.weights = w.found[:0], w.weights[:0]
	w.compare.from(row)
	keep := w.index.plan.section.Keep
	candidates := w.seek.candidates(w.records, row)
	w.compare.fetch(candidates)
	for _, f := range candidates {
		weight := w.pair(f.entity)
		w.keep(Candidate{Entity: f.entity, Weight: weight, Rule: f.rule}, keep)
	}
	out := Scored{Candidates: len(candidates), Best: slices.Clone(w.found)}
	out.top, out.sum = w.compete(out.Best)
	return out
}

// pair computes levels and adjustments of the record that compare has, with a directory record, and appends the weights
// of their hypotheses; it returns the weight of the match.
func (w *worker) pair(entity uint32) int32 {
	w.compare.levels(entity, w.levels)
	a, b := w.compare.row, w.index.records.row(int(entity))
	weight := w.parameters.Prior
	at := len(w.weights)
	w.weights = append(append(w.weights, 0), w.lookAlikes...)
	for c := range w.levels {
		level := w.levels[c]
		w.bits[c] = 0
		if level == 0 {
			continue
		}
		adjustment := w.adjustment(c, level, a, b)
		w.bits[c] = adjustment
		weight += w.Scorer.weights[c][level] + adjustment
		for k := range w.looks {
			if look := w.looks[k][c]; look != nil {
				w.weights[at+1+k] += look[level] + adjustment
			}
		}
	}
	w.weights[at] = weight
	return weight
}

// adjustment is what the rarity of the value adds to a level that is not 0.
func (w *worker) adjustment(c int, level uint8, a, b []uint32) int32 {
	if k := &w.index.plan.comparisons[c].levels[level-1].adjust; k.how != rarityNone {
		if bits, ok := w.compare.rarity(w.tables, k, a, b); ok {
			return w.clamp(bits - w.rarities[c][level])
		}
	}
	return 0
}

func (s *Scorer) clamp(bits int32) int32 {
	section := &s.index.plan.section
	return max(int32(section.FrequencyFloor), min(int32(section.FrequencyCeiling), bits))
}

// keep inserts a candidate into the best few. Levels and adjustments are copied into the space of the one that drops
// out, so that most candidates cost no allocation.
func (w *worker) keep(c Candidate, most int) {
	at := len(w.found)
	for at > 0 && better(c, w.found[at-1]) {
		at--
	}
	if at == most {
		return
	}
	if len(w.found) < most {
		w.found = append(w.found, Candidate{Levels: make([]uint8, len(w.levels)), Frequencies: make([]int32, len(w.bits))})
	}
	space := w.found[len(w.found)-1]
	c.Levels, c.Frequencies = space.Levels, space.Frequencies
	copy(c.Levels, w.levels)
	copy(c.Frequencies, w.bits)
	copy(w.found[at+1:], w.found[at:])
	w.found[at] = c
}

func better(a, b Candidate) bool {
	return a.Weight > b.Weight || (a.Weight == b.Weight && a.Entity < b.Entity)
}

// compete gives the candidates their probabilities. The hypotheses exclude each other: the record is none of the
// directory's (weight 0), is candidate b, or is a look-alike of b. The terms are added as whole numbers, so their
// order does not matter. It gives the weight of the likeliest and the sum.
func (w *worker) compete(best []Candidate) (top int32, sum uint64) {
	for _, v := range w.weights {
		top = max(top, v)
	}
	sum = share2(-top)
	for _, v := range w.weights {
		sum += share2(v - top)
	}
	for i := range best {
		best[i].Probability = probability(best[i].Weight, top, sum)
	}
	return top, sum
}

// probability is a candidate's share in the sum, in millionths.
func probability(weight, top int32, sum uint64) int64 {
	return int64(math.Floor(1e6 * float64(share2(weight-top)) / float64(sum)))
}

// wholeShare is the share of 0. It is spelled out so that a program that scores nothing never makes the table.
const wholeShare = 1 << 42

// share2 is 2^(weight/1000) in units of 2^-42, for weights of at most 0.
func share2(weight int32) uint64 {
	if weight < -lowest {
		return 0
	}
	return shares()[-weight]
}

// lowest is how far below the top a weight still has a share.
const lowest = 43_000

// shares are those of 0, -1 and so on. To look one up takes a tenth of the time of computing it.
var shares = sync.OnceValue(func() *[lowest + 1]uint64 {
	var out [lowest + 1]uint64
	for i := range out {
		out[i] = uint64(math.Exp2(float64(-i)/1000) * wholeShare)
	}
	return &out
})
