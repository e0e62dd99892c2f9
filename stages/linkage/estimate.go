package linkage

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"
)

// Sizes of the samples that parameters are learned from. More costs time and moves no weight that matters.
const (
	chancePairs  = 1_000_000 // random pairs for u
	learnRecords = 25_000    // records for the EM …
	learnPairs   = 1_000_000 // … or as many as have this many candidates
)

// The shipped values count as this many observations.
const (
	shippedMatches = 500  // of a match, in m
	shippedPairs   = 1000 // of a pair that is no match, in u
	shippedRecords = 50   // of a record, in the shares of match, look-alikes and none
)

// mostLookAlikes bounds how many times as common as shipped a kind of look-alike can become. Where a comparison says
// nothing in some data, true matches look like namesakes, and without a bound the estimate would take most for such.
const mostLookAlikes = 8

// LearnRecords is the number of CRM records beyond which Estimate learns nothing more from a random sample.
const LearnRecords = 4 * learnRecords

// Estimate learns the parameters of the index's section, and counts the term frequencies they rest on. m of a level is
// estimated from records whose match is probable, shrunk towards the shipped m as if those were 500 matches: with n expected
// matches the data has the weight n/(n+500). Below 500 expected matches m stays as shipped. u and the shares are always
// measured. Labels take the place of what is unknown about the records they are about; a model that was in use until now, nil
// for none, is started from as well: see restart.
func Estimate(x *Index, records *Records, labels Labels, inUse *Parameters) (Parameters, []Frequency, error) {
	fields, frequencies := x.measure()
	if records.Len() == 0 || x.Len() == 0 {
		p, err := DefaultParameters(x.plan.section, int64(x.Len()), fields)
		return p, frequencies, err
	}
	l := newLearner(x, records, x.tables(frequencies, fields), labels)
	var again *learner
	if inUse != nil && inUse.fits(x.plan) == nil {
		again = l.restart(*inUse)
	}
	l.run(false)
	origin := OriginDefault
	if l.expected >= shippedMatches {
		l.run(true)
		origin = OriginBlended
		if l.expected >= 10*shippedMatches {
			origin = OriginEstimated
		}
	}
	if again != nil && again.expected >= shippedMatches && again.fit > l.fit+1 {
		l, origin = again, OriginBlended
		if l.expected >= 10*shippedMatches {
			origin = OriginEstimated
		}
	}
	out := Parameters{Kind: x.plan.section.Kind, Origin: origin, Directory: int64(x.Len()), Records: int64(l.records),
		Expected: significant(l.expected), Match: l.match, Fields: fields}
	if l.count.Sum() > 0 {
		out.Labelled = &l.count
	}
	out.finish(x.plan, l.ratios, l.own, l.levels)
	for c := range out.Comparisons {
		if slices.ContainsFunc(l.rests[c], func(n float64) bool { return n > 0 }) {
			out.Comparisons[c].Matches = l.rests[c]
		}
	}
	return out, frequencies, nil
}

// byHash is the order in which records are looked at: fixed by the ids, and otherwise random.
func byHash(records *Records) []int {
	order := make([]int, records.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(records.dict.hashOf(records.ids[i]), records.dict.hashOf(records.ids[j])),
			cmp.Compare(records.ID(i), records.ID(j)))
	})
	return order
}

// chance is what a random pair looks like: the share of each level within its group, and how many pairs that rests on.
type chance struct {
	share [][]float64
	pairs [][]float64
}

// chanceOf counts levels over random pairs: all of them where there are few. Levels that are exactly the equality of
// values are computed from the values' frequencies instead, since a million pairs hardly show them.
func chanceOf(x *Index, records *Records, order []int) chance {
	p := x.plan
	counts := countLevels(x, records, order)
	out := chance{share: make([][]float64, len(counts)), pairs: make([][]float64, len(counts))}
	for c, k := range p.comparisons {
		out.share[c] = make([]float64, len(k.levels))
		out.pairs[c] = make([]float64, len(k.levels))
		for _, g := range k.groups {
			total := 0.0
			for code := g.first; code <= g.last; code++ {
				if !k.levels[code-1].Neutral {
					total += counts[c][code]
				}
			}
			for code := g.first; code <= g.last; code++ {
				if total > 0 {
					out.share[c][code-1] = counts[c][code] / total
				}
				out.pairs[c][code-1] = total
				if product := k.levels[code-1].product; product != nil && total > 0 {
					out.share[c][code-1], out.pairs[c][code-1] = equalByChance(records, x.records, product)
				}
			}
		}
	}
	return out
}

// countLevels counts, by comparison and level code, the levels of all pairs or of chancePairs random ones. Goroutines
// count for themselves; the sums are whole numbers, so that their number changes nothing.
func countLevels(x *Index, records *Records, order []int) [][]float64 {
	p := x.plan
	others := randomPairs(records.Len(), x.Len(), order)
	total := make([][]float64, len(p.comparisons))
	for c := range total {
		total[c] = make([]float64, len(p.comparisons[c].levels)+1)
	}
	var wait sync.WaitGroup
	var adding sync.Mutex
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		wait.Go(func() {
			counts := make([][256]int, len(p.comparisons))
			compare := newComparer(p, records, x.records)
			levels := make([]uint8, len(p.comparisons))
			for a := worker; a < records.Len(); a += workers {
				picked := others(a)
				compare.from(records.row(a))
				for _, b := range picked {
					compare.fetchRow(b)
				}
				for i := 0; i < len(picked); {
					b, times := picked[i], 1
					for i++; i < len(picked) && picked[i] == b; i++ {
						times++
					}
					compare.levels(b, levels)
					for c, l := range levels {
						counts[c][l] += times
					}
				}
			}
			adding.Lock()
			defer adding.Unlock()
			for c := range total {
				for l := range total[c] {
					total[c][l] += float64(counts[c][l])
				}
			}
		})
	}
	wait.Wait()
	return total
}

// randomPairs gives each of n records the directory records, of m, that it is compared with: all where there are few,
// else those of chancePairs random pairs, in ascending order. Pairs are sorted by record, because much of a comparison can
// be prepared for a record, and by directory record, because in a small org a third of them are drawn more than once.
func randomPairs(n, m int, order []int) (others func(a int) []uint32) {
	if n*m <= chancePairs {
		all := make([]uint32, m)
		for b := range all {
			all[b] = uint32(b)
		}
		return func(int) []uint32 { return all }
	}
	pick := func(i int) (a, b int) {
		h := mix(uint64(i)*0x9e3779b97f4a7c15 + 1)
		return order[h>>32%uint64(len(order))], int(h & 0xffffffff * uint64(m) >> 32)
	}
	ends := make([]uint32, n+1) // of each record's pairs
	for i := range chancePairs {
		a, _ := pick(i)
		ends[a]++
	}
	var sum uint32
	for a, pairs := range ends {
		ends[a] = sum // until they are placed, where they start
		sum += pairs
	}
	picked := make([]uint32, chancePairs)
	for i := range chancePairs {
		a, b := pick(i)
		picked[ends[a]] = uint32(b)
		ends[a]++
	}
	return func(a int) []uint32 {
		from := uint32(0)
		if a > 0 {
			from = ends[a-1]
		}
		of := picked[from:ends[a]]
		slices.Sort(of)
		return of
	}
}

// equalByChance is the probability that a random pair of records with values shares one, and the number of pairs.
func equalByChance(a, b *Records, k *planCondition) (share, pairs float64) {
	left, n := a.counts(k.l)
	right, m := b.counts(k.r)
	var sum float64
	for code := range min(len(left), len(right)) {
		sum += float64(left[code]) * float64(right[code])
	}
	pairs = float64(n) * float64(m)
	if pairs == 0 {
		return 0, 0
	}
	return math.Min(1, sum/pairs), pairs
}

// u is the probability of a level among pairs that are not the same, from the share among random pairs. Random pairs
// hold matches too, matched of them: in a small directory those are most of the pairs that agree.
func (c chance) u(i, j int, m, shipped, matched float64) float64 {
	share, pairs := c.share[i][j], c.pairs[i][j]
	if pairs == 0 {
		return shipped
	}
	u := math.Max((share-matched*m)/(1-matched), 0.05*share)
	u = (u*pairs + shipped*shippedPairs) / (pairs + shippedPairs)
	return math.Max(u, math.Min(shipped, 1/pairs))
}
