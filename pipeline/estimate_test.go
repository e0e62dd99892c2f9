package pipeline

import (
	"math"
	"math/rand/v2"
	"testing"
)

// simulated is an org of which the truth is known: per stratum how many records, and how many of them are answered
// rightly, missed, or rightly or wrongly without a match.
type simulated struct {
	records []int64
	truth   [][]int8 // by stratum and record: 1 correct, 2 missed, 0 neither
}

func simulate(r *rand.Rand) simulated {
	var o simulated
	for _, h := range stratumKinds {
		n := int64(0)
		if r.IntN(10) > 0 {
			n = int64(math.Exp(1 + 6.5*r.Float64())) // 2 to 1,800
		}
		right, miss := 0.0, 0.0
		switch { // around what the bands promise, and often worse
		case h.answer && h.spread == 120:
			right = 0.93 + 0.07*r.Float64()
		case h.answer && h.spread == 250:
			right = 0.8 + 0.19*r.Float64()
		case h.answer:
			right = 0.4 + 0.5*r.Float64()
		case h.spread == 450:
			miss = 0.1 + 0.3*r.Float64()
		default:
			miss = 0.08 * r.Float64()
		}
		if h.answer {
			miss = (1 - right) * r.Float64()
		}
		truth := make([]int8, n)
		for i := range truth {
			switch x := r.Float64(); {
			case x < right:
				truth[i] = 1
			case x < right+miss:
				truth[i] = 2
			}
		}
		o.records, o.truth = append(o.records, n), append(o.truth, truth)
	}
	return o
}

func (o simulated) quality() (precision, recall float64) {
	var right, answers, matches float64
	for i, h := range stratumKinds {
		for _, t := range o.truth[i] {
			if h.answer {
				answers++
			}
			if t == 1 {
				right++
			}
			if t != 0 {
				matches++
			}
		}
	}
	return right / answers, right / matches
}

// judged draws a sample as Sample does, of which a person judges the beginning.
func (o simulated) judged(r *rand.Rand, size int, part float64) []Judged {
	var all []Judged
	for i, n := range allocate(stratumKinds, o.records, size) {
		h := Judged{Name: stratumKinds[i].name, Answer: stratumKinds[i].answer, Records: o.records[i], Sampled: n,
			N: int64(math.Ceil(float64(n) * part))}
		for _, at := range r.Perm(len(o.truth[i]))[:h.N] {
			switch o.truth[i][at] {
			case 1:
				h.Correct++
			case 2:
				h.Missed++
			}
		}
		all = append(all, h)
	}
	return all
}

// Over 500 orgs of every make the 95 % interval holds the truth about as often as it says, for small samples, for large
// ones and for half-finished ones; the estimate is right on the average; and the interval is narrow enough to be of use.
func TestEstimate_IntervalCoversTheTruth(t *testing.T) {
	for _, c := range []struct {
		size  int
		part  float64
		width float64 // at most, of the precision's interval on the average
	}{{60, 1, 0.32}, {200, 1, 0.16}, {200, 0.5, 0.23}} {
		r := rand.New(rand.NewPCG(uint64(c.size), 17))
		const orgs = 500
		var covered, bias, width [2]float64
		for range orgs {
			o := simulate(r)
			p, q := o.quality()
			judged := o.judged(r, c.size, c.part)
			for i, estimate := range []func([]Judged) (Share, bool){precision, recall} {
				truth := []float64{p, q}[i]
				s, ok := estimate(judged)
				if !ok {
					t.Fatalf("no estimate of %+v", judged)
				}
				if s.Low <= truth && truth <= s.High {
					covered[i]++
				}
				bias[i] += s.Value - truth
				width[i] += s.High - s.Low
			}
		}
		for i, name := range []string{"precision", "recall"} {
			t.Logf("sample of %d, %.0f %% judged: %s covered %.1f %%, bias %+.4f, width %.3f", c.size, 100*c.part, name,
				100*covered[i]/orgs, bias[i]/orgs, width[i]/orgs)
			if covered[i] < 0.92*orgs {
				t.Errorf("sample of %d: the interval of %s holds the truth in %.0f of %d orgs", c.size, name, covered[i], orgs)
			}
			if math.Abs(bias[i]/orgs) > 0.012 {
				t.Errorf("sample of %d: %s is off by %+.4f on the average", c.size, name, bias[i]/orgs)
			}
		}
		if width[0]/orgs > c.width {
			t.Errorf("sample of %d: the interval of precision is %.3f wide", c.size, width[0]/orgs)
		}
	}
}

func TestEstimate_SmallCases(t *testing.T) {
	if _, ok := precision(nil); ok {
		t.Error("an estimate from nothing")
	}
	whole := []Judged{{Name: "a", Answer: true, Records: 4, N: 4, Correct: 3, Missed: 1}, {Name: "b", Records: 2, N: 2, Missed: 1}}
	if p, ok := precision(whole); !ok || p != (Share{0.75, 0.75, 0.75}) {
		t.Errorf("all judged: %+v", p)
	}
	if r, ok := recall(whole); !ok || r.Value != 0.6 || r.High-r.Low > 1e-9 {
		t.Errorf("all judged: %+v", r)
	}
	certain, _ := precision([]Judged{{Answer: true, Records: 1000, N: 10, Correct: 10}})
	if certain.Value != 1 || certain.Low > 0.85 || certain.Low < 0.7 {
		t.Errorf("ten of ten right is no certainty: %+v", certain)
	}
	if _, ok := recall([]Judged{{Answer: true, Records: 10, N: 5, Correct: 5}, {Records: 10}}); ok {
		t.Error("recall without a look at the records that have no answer")
	}
	// A stratum that nobody came to is taken together with its neighbour, not left out.
	p, _ := precision([]Judged{{Answer: true, Records: 100, N: 10, Correct: 10}, {Answer: true, Records: 900}})
	if q, _ := precision([]Judged{{Answer: true, Records: 1000, N: 10, Correct: 10}}); p != q {
		t.Errorf("%+v, want %+v", p, q)
	}
}

func TestAllocate_GrowsAndNeverTakesMoreThanThereIs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		records := simulate(r).records
		before := make([]int64, len(records))
		for _, size := range []int{1, 30, 31, 100, 5000, 100_000} {
			want := allocate(stratumKinds, records, size)
			var sum, all int64
			for i, n := range want {
				sum, all = sum+n, all+records[i]
				if n > records[i] || n < min(2, records[i]) || n < before[i] {
					t.Fatalf("%v of %v, before %v", want, records, before)
				}
			}
			if sum > max(int64(size), 24) || sum < min(int64(size), all) {
				t.Fatalf("%d records for a sample of %d from %d", sum, size, all)
			}
			before = want
		}
	}
}
