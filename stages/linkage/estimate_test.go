package linkage

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

func TestEstimateRecoversWhatWasPlanted(t *testing.T) {
	if testing.Short() {
		t.Skip("estimates many times; under the race detector the order test does")
	}
	s := shippedModel(t).Person
	d := plant(1, 3000, 8000, .7)
	x := indexOf(t, s, d.members)
	p, err := estimate(x, recordsOf(t, x, d.contacts))
	if err != nil {
		t.Fatal(err)
	}
	if p.Origin != OriginEstimated || math.Abs(p.Match-.7) > .04 {
		t.Errorf("origin %s, match %.3f, want estimated and .70", p.Origin, p.Match)
	}
	for _, want := range []struct {
		comparison, label string
		m                 float64
	}{
		{"given", "same given name", .90}, {"surname", "same family name", .94}, {"area", "same postal code and city", .85},
		{"title", "same title", .70}, {"email", "same address", .70},
	} {
		m, u := levelOf(t, s, p, want.comparison, want.label)
		if math.Abs(m-want.m) > .06 {
			t.Errorf("%s: m %.3f, planted %.2f", want.comparison, m, want.m)
		}
		if u > .06 {
			t.Errorf("%s: u %.4f is above what random pairs show", want.comparison, u)
		}
	}
	right, wrong := outcome(t, x, p, d)
	precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(len(d.truth))
	if precision < .985 || recall < .96 {
		t.Errorf("precision %.4f, recall %.4f", precision, recall)
	}
}

func levelOf(t *testing.T, s Section, p Parameters, comparison, label string) (m, u float64) {
	rows, err := ModelLevels(s, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Comparison == comparison && r.Label == label {
			return float64(r.M) / 1e6, float64(r.U) / 1e6
		}
	}
	t.Fatalf("no level %s %s", comparison, label)
	return 0, 0
}

func TestEstimateOfFewRecordsKeepsTheShippedM(t *testing.T) {
	s := shippedModel(t).Person
	for _, n := range []int{0, 1, 50, 300} {
		d := plant(2, 20+n, n, .7)
		x := indexOf(t, s, d.members)
		p, err := estimate(x, recordsOf(t, x, d.contacts))
		if err != nil {
			t.Fatal(err)
		}
		if p.Origin != OriginDefault {
			t.Errorf("%d records: origin %s", n, p.Origin)
		}
		if m, _ := levelOf(t, s, p, "surname", "same family name"); n > 0 && math.Abs(m-.87) > .03 {
			t.Errorf("%d records: m of surname %.3f is not the shipped one", n, m)
		}
		right, wrong := outcome(t, x, p, d)
		if n >= 50 && (float64(right) < .8*float64(len(d.truth)) || wrong > n/20+1) {
			t.Errorf("%d records: %d of %d found, %d wrong", n, right, len(d.truth), wrong)
		}
	}
}

// outcome counts right and wrong best candidates at the threshold.
func outcome(t *testing.T, x *Index, p Parameters, d planted) (right, wrong int) {
	records := recordsOf(t, x, d.contacts)
	scored := scoreAll(t, x, p, records, 1)
	for _, r := range scored {
		if len(r.Best) == 0 || r.Best[0].Probability < 500_000 {
			continue
		}
		if x.records.ID(int(r.Best[0].Entity)) == d.truth[records.ID(r.Record)] {
			right++
		} else {
			wrong++
		}
	}
	return right, wrong
}

func scoreAll(t testing.TB, x *Index, p Parameters, records *Records, workers int) []Scored {
	t.Helper()
	scorer, err := NewScorer(x, p, frequenciesOf(x))
	if err != nil {
		t.Fatal(err)
	}
	scored, err := scorer.Score(records, workers)
	if err != nil {
		t.Fatal(err)
	}
	return scored
}

// The sample, and with it every number, depends on the records alone.
func TestEstimateDoesNotDependOnTheOrderOfRecords(t *testing.T) {
	s := shippedModel(t).Person
	n := 400
	if testing.Short() {
		n = 200 // the race detector makes each pair ten times as dear
	}
	d := plant(4, n, 2*n, .9)
	x := indexOf(t, s, d.members)
	one, err := estimate(x, recordsOf(t, x, d.contacts))
	if err != nil {
		t.Fatal(err)
	}
	y := indexOf(t, s, reversed(d.members))
	two, err := estimate(y, recordsOf(t, y, reversed(d.contacts)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one, two) {
		t.Error("parameters differ with the order of input rows")
	}
	text, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	var back Parameters
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(one, back) {
		t.Errorf("parameters do not survive JSON: %v", err)
	}
	if len(text) > 40_000 {
		t.Errorf("parameters take %d bytes", len(text))
	}
}

func reversed(records []values) []values {
	var out []values
	for i := len(records) - 1; i >= 0; i-- {
		out = append(out, records[i])
	}
	return out
}

func TestBetterLevelsNeverWeighLess(t *testing.T) {
	c := planComparison{name: "x", groups: []planGroup{{first: 1, last: 4}}, levels: make([]planLevel, 4)}
	weights := monotone(c, []LevelParameters{{M: .1, U: .1}, {M: .5, U: .01}, {M: .2, U: .4}, {M: .2, U: .49}})
	if weights[0] != weights[1] || weights[1] <= weights[2] || weights[2] < weights[3] {
		t.Errorf("weights %v", weights)
	}
	if want := millibits(.6 / .11); weights[0] != want {
		t.Errorf("pooled weight %d, want %d", weights[0], want)
	}
}
