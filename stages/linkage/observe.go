package linkage

import (
	"maps"
	"math/bits"
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
	scorer *Scorer
	per    float64 // random pairs for each record
	counts map[*planCondition][]uint32
	seen   Observed
	sign   int64 // −1 while records are taken out
}

// NewObserver prepares for about so many records in all.
func (s *Scorer) NewObserver(records int64) *Observer {
	p := s.index.plan
	o := &Observer{scorer: s, sign: 1, per: pairsPerRecord(records), counts: map[*planCondition][]uint32{},
		seen: Observed{Directory: int64(s.index.Len()), Equal: map[int]map[int]EqualPairs{}}}
	columns := map[int]struct {
		counts  []uint32
		records int64
	}{}
	for c, k := range p.comparisons {
		o.seen.Hits, o.seen.Pairs = append(o.seen.Hits, make([]int64, len(k.levels)+1)), append(o.seen.Pairs, make([]int64, len(k.levels)+1))
		for code := range k.levels {
			product := k.levels[code].product
			if product == nil || k.fixed {
				continue
			}
			column, ok := columns[product.r]
			if !ok {
				column.counts, column.records = s.index.records.counts(product.r)
				columns[product.r] = column
			}
			o.counts[product] = column.counts
			if o.seen.Equal[c] == nil {
				o.seen.Equal[c] = map[int]EqualPairs{}
			}
			o.seen.Equal[c][code+1] = EqualPairs{Other: column.records}
		}
	}
	return o
}

// Add counts records and what they were scored.
func (o *Observer) Add(records *Records, scored []Scored) {
	o.AddRecords(records)
	o.AddScored(scored)
}

// AddRecords counts records, without what they were scored.
func (o *Observer) AddRecords(records *Records) {
	o.seen.Records += o.sign * int64(records.Len())
	o.equal(records)
	o.pairs(records)
}

// AddScored counts what records were scored.
func (o *Observer) AddScored(scored []Scored) {
	for _, r := range scored {
		for _, c := range r.Best {
			o.seen.Matches += c.Probability
			for k, level := range c.Levels {
				o.seen.Hits[k][level] += c.Probability
			}
		}
	}
}

// Take begins with what was seen of records that were scored with the same numbers: all of it, or only what they were
// scored, where the directory is another.
func (o *Observer) Take(earlier Observed, all bool) {
	o.seen.Matches = earlier.Matches
	for c := range earlier.Hits {
		copy(o.seen.Hits[c], earlier.Hits[c])
	}
	if !all {
		return
	}
	o.seen.Records = earlier.Records
	for c := range earlier.Pairs {
		copy(o.seen.Pairs[c], earlier.Pairs[c])
	}
	for c, levels := range earlier.Equal {
		maps.Copy(o.seen.Equal[c], levels)
	}
}

// RemoveRecords takes out what AddRecords counted of the same records, for the same directory.
func (o *Observer) RemoveRecords(records *Records) {
	o.sign = -1
	o.AddRecords(records)
	o.sign = 1
}

// RemoveCandidate takes out a candidate, by its probability in millionths and its levels.
func (o *Observer) RemoveCandidate(probability int64, levels []int32) {
	o.seen.Matches -= probability
	for k, level := range levels {
		o.seen.Hits[k][level] -= probability
	}
}

func (o *Observer) equal(records *Records) {
	for c, levels := range o.seen.Equal {
		for code, seen := range levels {
			product := o.scorer.index.plan.comparisons[c].levels[code-1].product
			counts := o.counts[product]
			for i := range records.Len() {
				values := records.set(records.row(i), product.l)
				if len(values) > 0 {
					seen.CRM += o.sign
				}
				for _, v := range values {
					if int(v) < len(counts) {
						seen.Pairs += o.sign * int64(counts[v])
					}
				}
			}
			levels[code] = seen
		}
	}
}

// pairs compares each record with random directory records. Which follows from the record's id alone, so that the
// records' order and number of parts change nothing.
func (o *Observer) pairs(records *Records) {
	x := o.scorer.index
	if x.Len() == 0 {
		return
	}
	compare := newComparer(x.plan, records, x.records)
	levels := make([]uint8, len(x.plan.comparisons))
	for i := range records.Len() {
		h := records.dict.hashOf(records.ids[i])
		n := int(o.per)
		compare.from(records.row(i))
		if float64(mix(h+1)>>11)/(1<<53) < o.per-float64(n) {
			n++
		}
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
func (o *Observer) Seen() Observed { return o.seen }
