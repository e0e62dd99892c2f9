package linkage

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// learner runs one EM over CRM records, not over pairs: a record is at most one of its candidates. Hypotheses and
// weights are those of the scorer (compete), so what is learned is what is used.
type learner struct {
	index   *Index
	chance  chance
	tables  []valueBits
	records int
	// Candidates of all sampled records, one after the other; record i has pairs[i] to pairs[i+1].
	pairs  []int
	codes  []uint8 // level codes, len(comparisons) per pair
	bits   []int32 // rarity of the value a level is adjusted by, noBits where there is none
	adjust []int   // comparison to its place in bits, or -1
	width  int     // rarities per pair
	verdicts

	match    float64
	ratios   []float64
	own      [][][]float64 // by look-alike, comparison and level code − 1; nil where a look-alike has no probabilities of its own
	most     []float64     // bounds of the ratios
	levels   levelTable
	shipped  levelTable
	expected float64
	probable []float64   // of each pair, the probability of its hypotheses: match, then each kind of look-alike
	fits     []float64   // log2 likelihood of each record
	fit      float64     // of all records, as the last step found it
	rests    [][]float64 // by comparison and group: the matches that m rests on
}

const noBits = math.MinInt32

func newLearner(x *Index, records *Records, tables []valueBits, labels Labels) *learner {
	l := &learner{index: x, verdicts: verdicts{labels: labels}, tables: tables, pairs: []int{0}, match: x.plan.section.Match,
		levels: defaultLevels(x.plan), shipped: defaultLevels(x.plan), rests: make([][]float64, len(x.plan.comparisons))}
	for _, c := range x.plan.comparisons {
		if c.adjusts {
			l.adjust = append(l.adjust, l.width)
			l.width++
		} else {
			l.adjust = append(l.adjust, -1)
		}
	}
	for k, look := range x.plan.section.LookAlikes {
		l.ratios, l.most = append(l.ratios, look.Ratio), append(l.most, mostLookAlikes*look.Ratio)
		l.own = append(l.own, slices.Clone(x.plan.lookAlikes[k].own))
	}
	order := byHash(records)
	l.chance = chanceOf(x, records, order)
	l.collect(records, order)
	return l
}

// collect compares the sampled records, and labelled ones beyond the sample, with all their candidates.
func (l *learner) collect(records *Records, order []int) {
	seek := newSeeker(l.index)
	compare := newComparer(l.index.plan, records, l.index.records)
	levels := make([]uint8, len(l.index.plan.comparisons))
	var entities []uint32
	pair := func(row []uint32, b uint32) {
		other := l.index.records.row(int(b))
		compare.levels(b, levels)
		l.codes = append(l.codes, levels...)
		for c, code := range levels {
			if l.adjust[c] < 0 {
				continue
			}
			bits := int32(noBits)
			if code > 0 {
				if v, ok := compare.rarity(l.tables, &l.index.plan.comparisons[c].levels[code-1].adjust, row, other); ok {
					bits = v
				}
			}
			l.bits = append(l.bits, bits)
		}
		entities = append(entities, b)
	}
	add := func(i int) {
		row := records.row(i)
		entities = entities[:0]
		compare.from(row)
		for _, f := range seek.candidates(records, row) {
			pair(row, f.entity)
		}
		l.judge(records.ID(i), entities, func(b uint32) { pair(row, b) })
		l.records++
		l.pairs = append(l.pairs, l.pairs[l.records-1]+len(entities))
	}
	taken := 0
	for taken < len(order) && l.records < learnRecords && l.pairs[l.records] < learnPairs {
		add(order[taken])
		taken++
	}
	l.beyond(records, order, taken, add)
}

// run iterates until the probabilities stand still. With free, m moves; without, only u and the shares do.
func (l *learner) run(free bool) {
	for range 60 {
		l.refreshU()
		moved := l.step(free)
		if moved < 2e-4 {
			break
		}
	}
	l.refreshU()
}

// refreshU takes the matches out of what random pairs look like, by the present m and share of matches.
func (l *learner) refreshU() {
	matched := l.match / float64(l.index.Len())
	if matched > 0.5 {
		matched = 0.5
	}
	for c, k := range l.index.plan.comparisons {
		if k.fixed {
			continue
		}
		for j := range k.levels {
			l.levels[c][j].U = l.chance.u(c, j, l.levels[c][j].M, l.shipped[c][j].U, matched)
		}
		for _, g := range k.groups {
			var sum float64
			for code := g.first; code <= g.last; code++ {
				if !k.levels[code-1].Neutral {
					sum += l.levels[c][code-1].U
				}
			}
			for code := g.first; code <= g.last; code++ {
				l.levels[c][code-1].U /= sum
			}
		}
	}
}

// step is one expectation and one maximization; it returns how far the parameters moved.
func (l *learner) step(free bool) float64 {
	p := l.index.plan
	n := 1 + len(l.ratios)
	hits := make([][][]float64, n) // by hypothesis, comparison and level code
	for h := range hits {
		hits[h] = make([][]float64, len(p.comparisons))
		for c := range hits[h] {
			hits[h][c] = make([]float64, len(p.comparisons[c].levels)+1)
		}
	}
	totals := make([]float64, n) // match, then look-alikes
	l.expect()
	l.fit = 0
	for i := range l.records { // in their order: sums of doubles depend on it
		l.fit += l.fits[i]
		for pair := l.pairs[i]; pair < l.pairs[i+1]; pair++ {
			codes := l.codes[pair*len(p.comparisons) : (pair+1)*len(p.comparisons)]
			for h, r := range l.probable[pair*n : (pair+1)*n] {
				if r == 0 {
					continue
				}
				totals[h] += r * l.weight[i]
				if r < 1e-6 {
					continue
				}
				for c, code := range codes {
					hits[h][c][code] += r * l.weight[i]
				}
			}
		}
	}
	moved := l.shares(totals)
	l.expected = totals[0]
	if free {
		moved = math.Max(moved, l.maximize(hits[0]))
		l.maximizeOwn(hits[1:])
	}
	return moved
}

// expect finds how probable the hypotheses are under the present numbers. Goroutines share the records.
func (l *learner) expect() {
	e := expectation{learner: l, terms: l.terms(), start: []float64{math.Log2(l.match / float64(l.index.Len()))}}
	none := 1 - l.match
	for _, r := range l.ratios {
		none -= l.match * r
		e.start = append(e.start, e.start[0]+math.Log2(r))
	}
	e.none = math.Log2(none)
	if n := l.pairs[l.records] * len(e.start); len(l.probable) != n {
		l.probable, l.fits = make([]float64, n), make([]float64, l.records)
	}
	var wait sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for {
				from := int(next.Add(block)) - block
				if from >= l.records {
					return
				}
				for i := from; i < min(from+block, l.records); i++ {
					e.record(i)
				}
			}
		})
	}
	wait.Wait()
}

// expectation is what all records share in one step.
type expectation struct {
	*learner
	terms []terms
	start []float64 // bits of each hypothesis before anything is compared
	none  float64   // bits of the hypothesis that the record is none of the directory's
}

func (e *expectation) record(i int) {
	n := len(e.start)
	from, to := e.pairs[i], e.pairs[i+1]
	out := e.probable[from*n : to*n]
	top := e.none
	if e.sure[i] {
		top = math.Inf(-1)
	}
	nobody := top // the hypothesis none, where it stands
	for pair := from; pair < to; pair++ {
		bits := out[(pair-from)*n : (pair-from+1)*n]
		copy(bits, e.start)
		e.pairBits(pair, e.terms, bits)
		e.rule(i, pair, bits)
		for _, v := range bits {
			if v > top {
				top = v
			}
		}
	}
	sum := math.Exp2(nobody - top)
	for k := range out {
		out[k] = exp2(out[k] - top)
		sum += out[k]
	}
	e.fits[i] = e.weight[i] * (top + math.Log2(sum))
	for k, v := range out {
		if v != 0 {
			out[k] = v / sum
		}
	}
}

// exp2 is math.Exp2 between −60 and 60, to the bit where that is written in Go; below it is 0. The special cases and
// the detour over an exponent that may be out of range are most of the time that the library takes.
func exp2(x float64) float64 {
	if x < -60 {
		return 0
	}
	k := int(x + 0.5)
	if x < 0 {
		k = int(x - 0.5)
	}
	t := x - float64(k)
	hi := float64(t * 6.93147180369123816490e-01)
	lo := float64(-t * 1.90821492927058770002e-10)
	r := hi - lo
	t = float64(r * r)
	c := float64(t * 4.13813679705723846039e-08)
	c = float64(t * (-1.65339022054652515390e-06 + c))
	c = float64(t * (6.61375632143793436117e-05 + c))
	c = float64(t * (-2.77777777770155933842e-03 + c))
	c = r - float64(t*(1.66666666666666657415e-01+c))
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	return y * math.Float64frombits(uint64(1023+k)<<52) // exact: a power of two
}

// weights are the present log2(m/u) and −log2(u) by comparison and level code.
func (l *learner) weights() (weights, rare [][]float64) {
	for c, k := range l.index.plan.comparisons {
		w, r := make([]float64, len(k.levels)+1), make([]float64, len(k.levels)+1)
		for j, level := range k.levels {
			if level.Neutral {
				continue
			}
			w[j+1] = math.Log2(l.levels[c][j].M / l.levels[c][j].U)
			if level.Fixed {
				w[j+1] = math.Log2(level.M / level.U)
			}
			r[j+1] = -math.Log2(l.levels[c][j].U)
			w[j+1] = k.capped(w[j+1])
		}
		weights, rare = append(weights, w), append(rare, r)
	}
	return weights, rare
}

// terms is what one comparison adds to the hypotheses, by level code.
type terms struct {
	adjust int       // place among the rarities of a pair, or -1
	rare   []float64 // in millibits
	bits   []hypothesisBits
}

// hypothesisBits are the bits for one hypothesis: match first, then each kind of look-alike.
type hypothesisBits struct {
	hypothesis int
	bits       []float64
}

func (l *learner) terms() []terms {
	weights, rare := l.weights()
	looks := l.lookAlikeWeights(weights)
	out := make([]terms, len(weights))
	for c := range out {
		out[c] = terms{adjust: l.adjust[c], rare: rare[c], bits: []hypothesisBits{{0, weights[c]}}}
		for code := range rare[c] {
			rare[c][code] *= 1000
		}
		for k := range looks {
			if look := looks[k][c]; look != nil {
				out[c].bits = append(out[c].bits, hypothesisBits{k + 1, look})
			}
		}
	}
	return out
}

// pairBits adds a pair's evidence to the hypotheses.
func (l *learner) pairBits(pair int, terms []terms, out []float64) {
	floor, ceiling := float64(l.index.plan.section.FrequencyFloor), float64(l.index.plan.section.FrequencyCeiling)
	rarities := l.bits[pair*l.width : (pair+1)*l.width]
	for c, code := range l.codes[pair*len(terms) : (pair+1)*len(terms)] {
		if code == 0 {
			continue
		}
		t := &terms[c]
		adjustment := 0.0
		if t.adjust >= 0 {
			if bits := rarities[t.adjust]; bits != noBits {
				adjustment = float64(bits) - t.rare[code]
				if adjustment < floor {
					adjustment = floor
				} else if adjustment > ceiling {
					adjustment = ceiling
				}
				adjustment /= 1000
			}
		}
		for i := range t.bits {
			h := &t.bits[i]
			out[h.hypothesis] += h.bits[code] + adjustment
		}
	}
}

// shares re-estimates the shares of match, look-alikes and none, with the shipped shares as 50 records. No share
// reaches 0 or 1: a file of matches only would else give every newcomer a match.
func (l *learner) shares(totals []float64) float64 {
	section := &l.index.plan.section
	n := l.mass + shippedRecords
	match := (totals[0] + shippedRecords*section.Match) / n
	match = math.Max(0.001, math.Min(0.98, match))
	moved := math.Abs(match - l.match)
	rest := 0.995 - match
	for k, look := range section.LookAlikes {
		share := (totals[k+1] + shippedRecords*section.Match*look.Ratio) / n
		share = math.Min(share, rest/2)
		share = math.Min(share, l.most[k]*match)
		rest -= share
		moved = math.Max(moved, math.Abs(share/match-l.ratios[k]))
		l.ratios[k] = share / match
	}
	l.match = match
	return moved
}

// maximize sets m from the expected matches, within each pattern of fields, shrunk towards the shipped m.
func (l *learner) maximize(hits [][]float64) float64 {
	moved := 0.0
	for c, k := range l.index.plan.comparisons {
		if k.fixed {
			continue
		}
		l.rests[c] = l.rests[c][:0]
		for _, g := range k.groups {
			var total float64
			for code := g.first; code <= g.last; code++ {
				if !k.levels[code-1].Neutral {
					total += hits[c][code]
				}
			}
			l.rests[c] = append(l.rests[c], significant(total))
			for code := g.first; code <= g.last; code++ {
				if k.levels[code-1].Neutral {
					continue
				}
				m := (hits[c][code] + shippedMatches*l.shipped[c][code-1].M) / (total + shippedMatches)
				moved = math.Max(moved, math.Abs(m-l.levels[c][code-1].M))
				l.levels[c][code-1].M = m
			}
		}
	}
	return moved
}
