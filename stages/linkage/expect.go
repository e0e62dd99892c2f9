package linkage

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// expect finds how probable the hypotheses are under the present numbers. Goroutines share the records.
func (l *learner) expect() {
	e := expectation{learner: l, terms: l.terms(), start: []float64{math.Log2(l.match / float64(l.index.Len()))}}
	none := 1 - l.match
	for _, r := range l.ratios {
		none -= l.match * r
		e.start = append(e.start, e.start[0]+math.Log2(r))
	}
	e.none = math.Log2(none)
	if len(l.fits) != l.records { // pairs are collected before the first step
		l.probable, l.fits = make([]float64, l.pairs[l.records]*len(e.start)), make([]float64, l.records)
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

// terms is what one comparison adds to the hypotheses, by level code.
type terms struct {
	adjust int       // place among the rarities of a pair, or -1
	rare   []float64 // in millibits
	lanes  []lanes
}

// lanes are four hypotheses of one comparison, match first, then each kind of look-alike: four sums that do not wait for each
// other. One that the comparison says nothing about is given zeros, which change no bit of a sum.
type lanes struct {
	bits     [][4]float64 // by level code
	adjusted [4]float64   // 1 where the rarity counts, else 0
}

func (l *learner) terms() []terms {
	weights, rare := l.weights()
	looks := l.lookAlikeWeights(weights)
	out := make([]terms, len(weights))
	for c := range out {
		out[c] = terms{adjust: l.adjust[c], rare: rare[c], lanes: make([]lanes, (len(looks)+4)/4)}
		for code := range rare[c] {
			rare[c][code] *= 1000
		}
		for i := range out[c].lanes {
			out[c].lanes[i].bits = make([][4]float64, len(weights[c]))
		}
		out[c].set(0, weights[c])
		for k := range looks {
			if look := looks[k][c]; look != nil {
				out[c].set(k+1, look)
			}
		}
	}
	return out
}

func (t *terms) set(hypothesis int, bits []float64) {
	l := &t.lanes[hypothesis/4]
	l.adjusted[hypothesis%4] = 1
	for code, v := range bits {
		l.bits[code][hypothesis%4] = v
	}
}

// pairBits adds a pair's evidence to the hypotheses.
func (l *learner) pairBits(pair int, terms []terms, out []float64) {
	floor, ceiling := float64(l.index.plan.section.FrequencyFloor), float64(l.index.plan.section.FrequencyCeiling)
	rarities := l.bits[pair*l.width : (pair+1)*l.width]
	codes := l.codes[pair*len(terms) : (pair+1)*len(terms)]
	for first := 0; first < len(out); first += 4 {
		var sum [4]float64
		copy(sum[:], out[first:])
		h0, h1, h2, h3 := sum[0], sum[1], sum[2], sum[3]
		for c, code := range codes {
			if code == 0 {
				continue
			}
			t := &terms[c]
			lanes := &t.lanes[first/4]
			bits := &lanes.bits[code]
			if t.adjust < 0 || rarities[t.adjust] == noBits {
				h0, h1, h2, h3 = h0+bits[0], h1+bits[1], h2+bits[2], h3+bits[3]
				continue
			}
			adjustment := float64(rarities[t.adjust]) - t.rare[code]
			if adjustment < floor {
				adjustment = floor
			} else if adjustment > ceiling {
				adjustment = ceiling
			}
			adjustment /= 1000
			h0 += bits[0] + float64(adjustment*lanes.adjusted[0])
			h1 += bits[1] + float64(adjustment*lanes.adjusted[1])
			h2 += bits[2] + float64(adjustment*lanes.adjusted[2])
			h3 += bits[3] + float64(adjustment*lanes.adjusted[3])
		}
		sum = [4]float64{h0, h1, h2, h3}
		copy(out[first:], sum[:])
	}
}
