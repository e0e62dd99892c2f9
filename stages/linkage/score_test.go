package linkage

import (
	"fmt"
	"math"
	"testing"
)

// answers are a run's candidates by ids, comparable between runs.
func answers(x *Index, records *Records, scored []Scored) map[string]string {
	out := map[string]string{}
	for _, r := range scored {
		text := fmt.Sprint(r.Candidates)
		for _, c := range r.Best {
			text += fmt.Sprint(" ", x.records.ID(int(c.Entity)), c.Weight, c.Probability, c.Levels, c.Frequencies, c.Rule)
		}
		out[records.ID(r.Record)] = text
	}
	return out
}

// Invariant 9: threads and the order of rows change nothing.
func TestScoreDoesNotDependOnThreadsOrOrder(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(5, 2000, 3000, .7)
	x := indexOf(t, s, d.members)
	p := anyParameters(t, s, x)
	records := recordsOf(t, x, d.contacts)
	want := answers(x, records, scoreAll(t, x, p, records, 1))
	y := indexOf(t, s, reversed(d.members))
	for workers, index := range map[int]*Index{4: x, 3: y} {
		records := recordsOf(t, index, reversed(d.contacts))
		got := answers(index, records, scoreAll(t, index, p, records, workers))
		for id := range want {
			if got[id] != want[id] {
				t.Fatalf("%d workers: %s: %s, want %s", workers, id, got[id], want[id])
			}
		}
	}
}

func TestProbabilitiesCompete(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(6, 3000, 3000, .7)
	x := indexOf(t, s, d.members)
	records := recordsOf(t, x, d.contacts)
	for _, r := range scoreAll(t, x, anyParameters(t, s, x), records, 2) {
		var sum int64
		for i, c := range r.Best {
			sum += c.Probability
			if i > 0 && !better(r.Best[i-1], c) {
				t.Fatalf("%s: candidates are not in order", records.ID(r.Record))
			}
		}
		if sum > 1_000_000 {
			t.Fatalf("%s: probabilities sum to %d millionths", records.ID(r.Record), sum)
		}
	}
}

// Two members that are alike in everything share the mass; the smaller id stands first.
func TestATieSplitsTheMass(t *testing.T) {
	s := shippedModel(t).Person
	person := func(id string) values {
		return values{"id": id, "object": "Contact", "given": "ada", "given_roots": []string{"ada"}, "surname": "lovelace",
			"emails": []string{"ada@example.com"}, "city": "london", "postal_code": "SW1"}
	}
	members := []values{person("b"), person("a")}
	for i := range 50 {
		members = append(members, values{"id": fmt.Sprint("x", i), "given": letters(i), "surname": letters(i + 100)})
	}
	x := indexOf(t, s, members)
	records := recordsOf(t, x, []values{person("c")})
	p, err := DefaultParameters(s, int64(x.Len()), fieldsOf(x))
	if err != nil {
		t.Fatal(err)
	}
	best := scoreAll(t, x, p, records, 1)[0].Best
	if len(best) != 2 || x.records.ID(int(best[0].Entity)) != "a" || best[0].Probability != best[1].Probability || best[0].Probability >= 500_000 {
		t.Errorf("best %+v", best)
	}
}

// The probability is the formula of doc.go, computed here in floating point.
func TestProbabilityIsTheShareOfTheHypothesis(t *testing.T) {
	w := worker{weights: []int32{4000, 1000, 2500, -3000, 500, 0}}
	best := []Candidate{{Weight: 4000}, {Weight: -3000}}
	w.compete(best)
	sum := 1.0
	for _, v := range w.weights {
		sum += math.Exp2(float64(v) / 1000)
	}
	for _, c := range best {
		if want := math.Floor(1e6 * math.Exp2(float64(c.Weight)/1000) / sum); float64(c.Probability) != want {
			t.Errorf("weight %d: %d millionths, want %.0f", c.Weight, c.Probability, want)
		}
	}
}
