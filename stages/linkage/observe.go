package linkage

import (
	"math/bits"
	"slices"
)

// Observed is what records scored with a model look like: the counts that its m, u and share of matches can be held
// against. All are whole numbers, so that they add up to the same in any order.
type Observed struct {
	Records   int64 `json:"records"`
	Directory int64 `json:"directory"`
	// Matches is the sum of the probabilities of all candidates kept, in millionths, and Hits how much of it fell on
	// each level, by comparison and level code: what the next step of the estimation would call the expected matches.
	Matches int64     `json:"matches"`
	Hits    [][]int64 `json:"hits"`
	// Pairs counts the levels of random pairs.
	Pairs [][]int64 `json:"pairs"`
	// Equal counts, for levels that are exactly the equality of values, the equal pairs among all pairs of records: no
	// sample shows how rare those are. By comparison and level code.
	Equal map[int]map[int]EqualPairs `json:"equal"`
}

// EqualPairs are the pairs that share a value, the CRM records that have one and the directory records that have one.
type EqualPairs struct {
	Pairs int64 `json:"pairs"`
	CRM   int64 `json:"crm"`
	Other int64 `json:"directory"`
}

// How many random pairs are compared: so many for each record, and no more in all. It is a small part of scoring.
const (
	observedPerRecord = 20
	observedPairs     = 60_000
)

// ObservedAlike says whether two numbers of records are observed with equally many random pairs for each, so that what was
// seen of one can be carried over to the other: the number of pairs halves only where the number of records doubles.
func ObservedAlike(a, b int64) bool { return pairsPerRecord(a) == pairsPerRecord(b) }

func pairsPerRecord(records int64) float64 {
	rounded := uint64(1) << bits.Len64(uint64(max(1, records)-1))
	return min(observedPerRecord, observedPairs/float64(rounded))
}

// Observer counts while records are scored. It belongs to one goroutine.
type Observer struct {
	scorer   *Scorer
	per      float64 // random pairs for each record
	products []observedProduct
	columns  []int // of directory records, that products are made of
	all      *held // where records are many
	seen     Observed
	// directory says that the directory's records that have a value are counted.
	directory bool
	sign      int64 // −1 while records are taken out
}

// observedProduct is a level that is exactly the equality of values.
type observedProduct struct {
	comparison, code int
	of               *planCondition
	column           int // place among the columns of directory records
}

// NewObserver prepares for about so many records in all.
func (s *Scorer) NewObserver(records int64) *Observer {
	p := s.index.plan
	o := &Observer{scorer: s, sign: 1, per: pairsPerRecord(records),
		seen: Observed{Directory: int64(s.index.Len()), Equal: map[int]map[int]EqualPairs{}}}
	for _, k := range p.comparisons {
		o.seen.Hits, o.seen.Pairs = append(o.seen.Hits, make([]int64, len(k.levels)+1)), append(o.seen.Pairs, make([]int64, len(k.levels)+1))
	}
	o.products, o.columns = s.index.plan.products()
	for _, p := range o.products {
		if o.seen.Equal[p.comparison] == nil {
			o.seen.Equal[p.comparison] = map[int]EqualPairs{}
		}
		o.seen.Equal[p.comparison][p.code] = EqualPairs{}
	}
	return o
}

// products are the levels whose equal pairs are counted, and the columns of directory records that they are made of.
func (p *plan) products() (products []observedProduct, columns []int) {
	for c, k := range p.comparisons {
		for code := range k.levels {
			of := k.levels[code].product
			if of == nil || k.fixed {
				continue
			}
			column := slices.Index(columns, of.r)
			if column < 0 {
				column, columns = len(columns), append(columns, of.r)
			}
			products = append(products, observedProduct{c, code + 1, of, column})
		}
	}
	return products, columns
}

// Add counts records and what they were scored.
func (o *Observer) Add(records *Records, scored []Scored) {
	o.AddRecords(records)
	o.AddScored(scored)
}

// AddRecords counts records, without what they were scored.
func (o *Observer) AddRecords(records *Records) {
	if records.Len() > 0 {
		o.count(records, o.held(records))
		o.AddPairs(records)
	}
}

func (o *Observer) count(records *Records, held *held) {
	o.seen.Records += o.sign * int64(records.Len())
	for _, p := range o.products {
		seen := o.seen.Equal[p.comparison][p.code]
		for i := range records.Len() {
			values := records.set(records.row(i), p.of.l)
			if len(values) > 0 {
				seen.CRM += o.sign
			}
			for _, v := range values {
				seen.Pairs += o.sign * held.by(p.column, v)
			}
		}
		o.seen.Equal[p.comparison][p.code] = seen
	}
}

// AddGlances adds the equal pairs that came, and takes out those that went, with another directory.
func (o *Observer) AddGlances(g *Glancer) {
	for k, p := range o.products {
		seen := o.seen.Equal[p.comparison][p.code]
		seen.Pairs += g.pairs[k]
		o.seen.Equal[p.comparison][p.code] = seen
	}
}

// AddScored counts what records were scored.
func (o *Observer) AddScored(scored []Scored) {
	for _, r := range scored {
		for _, c := range r.Best {
			o.seen.Matches += o.sign * c.Probability
			for k, level := range c.Levels {
				o.seen.Hits[k][level] += o.sign * c.Probability
			}
		}
	}
}

// Take begins with what was seen of records that were scored with the same numbers: all of it, or all but the random pairs,
// where the directory is another.
func (o *Observer) Take(earlier Observed, all bool) {
	o.seen.Matches, o.seen.Records = earlier.Matches, earlier.Records
	for c := range earlier.Hits {
		copy(o.seen.Hits[c], earlier.Hits[c])
	}
	for c, levels := range earlier.Equal {
		for code, seen := range levels {
			o.seen.Equal[c][code] = seen
		}
	}
	o.directory = all
	if all {
		for c := range earlier.Pairs {
			copy(o.seen.Pairs[c], earlier.Pairs[c])
		}
	}
}

// ReplaceRecords takes out what AddRecords counted of records as they were, for the same directory, and counts them as they are.
func (o *Observer) ReplaceRecords(were, are *Records) {
	o.ReplaceGlanced(were, are)
	o.sign = -1
	o.AddPairs(were)
	o.sign = 1
}

// ReplaceGlanced is ReplaceRecords for records that were counted for another directory, and that a Glancer has looked at: as they are
// in this one, but for the random pairs, which were not taken.
func (o *Observer) ReplaceGlanced(were, are *Records) {
	held := o.held(were, are)
	o.sign = -1
	o.count(were, held)
	o.sign = 1
	o.count(are, held)
	o.AddPairs(are)
}

// RemoveScored takes out what AddScored counted.
func (o *Observer) RemoveScored(scored []Scored) {
	o.sign = -1
	o.AddScored(scored)
	o.sign = 1
}

// RemoveCandidate takes out a candidate, by its probability in millionths and its levels.
func (o *Observer) RemoveCandidate(probability int64, levels []int32) {
	o.seen.Matches -= probability
	for k, level := range levels {
		o.seen.Hits[k][level] -= probability
	}
}

// draws is how many random pairs a record has, by its id's hash.
func (o *Observer) draws(h uint64) int {
	n := int(o.per)
	if float64(mix(h+1)>>11)/(1<<53) < o.per-float64(n) {
		n++
	}
	return n
}

// AddPairs compares each record with random directory records. Which follows from the record's id alone, so that the
// records' order and number of parts change nothing.
func (o *Observer) AddPairs(records *Records) {
	x := o.scorer.index
	if x.Len() == 0 {
		return
	}
	compare := newComparer(x.plan, records, x.records)
	levels := make([]uint8, len(x.plan.comparisons))
	for i := range records.Len() {
		h := records.dict.hashOf(records.ids[i])
		n := o.draws(h)
		if n == 0 {
			continue
		}
		compare.from(records.row(i))
		for k := range n {
			h = mix(h + uint64(k)*0x9e3779b97f4a7c15 + 1)
			compare.levels(uint32((h>>32)*uint64(x.Len())>>32), levels)
			for c, l := range levels {
				o.seen.Pairs[c][l] += o.sign
			}
		}
	}
}

// Seen is what was counted.
func (o *Observer) Seen() Observed {
	if !o.directory {
		filled := o.scorer.index.records.filled(o.columns)
		for _, p := range o.products {
			seen := o.seen.Equal[p.comparison][p.code]
			seen.Other = filled[p.column]
			o.seen.Equal[p.comparison][p.code] = seen
		}
		o.directory = true
	}
	return o.seen
}
