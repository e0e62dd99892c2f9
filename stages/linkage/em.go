package linkage

import (
	"math"
	"slices"
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
		candidates := seek.candidates(records, row)
		compare.fetch(candidates)
		for _, f := range candidates {
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
