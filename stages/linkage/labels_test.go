package linkage

import (
	"math"
	"reflect"
	"testing"
)

// plantedM are the shares of levels that plant makes.
var plantedM = []struct {
	comparison, label string
	m                 float64
}{
	{"given", "same given name", .90}, {"surname", "same family name", .94}, {"area", "same postal code and city", .85},
	{"title", "same title", .70}, {"email", "same address", .70},
}

// away is how far an estimate is from what was planted.
func away(t *testing.T, s Section, p Parameters, match float64) float64 {
	sum := math.Abs(p.Match - match)
	for _, want := range plantedM {
		m, _ := levelOf(t, s, p, want.comparison, want.label)
		sum += math.Abs(m - want.m)
	}
	return sum
}

// hardest labels, with the truth, the records that a review queue would show first: those that p is least sure about.
func hardest(t *testing.T, x *Index, p Parameters, d planted, most int) Labels {
	records := recordsOf(t, x, d.contacts)
	labels := Labels{Records: map[string]Label{}, Population: int64(len(d.contacts))}
	for width := int64(50_000); width <= 500_000 && len(labels.Records) < most; width += 50_000 {
		for _, r := range scoreAll(t, x, p, records, 2) {
			id := records.ID(r.Record)
			if len(r.Best) == 0 || len(labels.Records) == most || labels.Has(id) {
				continue
			}
			if unsure := r.Best[0].Probability - 500_000; max(unsure, -unsure) <= width {
				labels.Records[id] = Label{Entity: d.truth[id], None: d.truth[id] == ""}
			}
		}
	}
	return labels
}

func f1(t *testing.T, x *Index, p Parameters, d planted) float64 {
	right, wrong := outcome(t, x, p, d)
	precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(len(d.truth))
	return 2 * precision * recall / (precision + recall)
}

// Decisions about the hardest records bring the numbers nearer to the truth, and no match is lost by them.
func TestEstimateWithLabels_MovesTowardsTheTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("estimates many times; under the race detector the order test does")
	}
	s := shippedModel(t).Person
	for _, seed := range []int64{11, 12} {
		d := plant(seed, 900, 2500, .5)
		for _, c := range d.contacts { // nothing but name, place and title: hard to tell namesakes apart
			delete(c, "emails")
			delete(c, "email_locals")
		}
		x := indexOf(t, s, d.members)
		records := recordsOf(t, x, d.contacts)
		before, err := estimate(x, records)
		if err != nil {
			t.Fatal(err)
		}
		labels := hardest(t, x, before, d, 250)
		after, err := estimateWith(x, records, labels, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: away %.4f → %.4f, F1 %.4f → %.4f, match %.4f → %.4f, %+v", seed, away(t, s, before, .5), away(t, s, after, .5),
			f1(t, x, before, d), f1(t, x, after, d), before.Match, after.Match, *after.Labelled)
		if away(t, s, after, .5) >= away(t, s, before, .5) {
			t.Errorf("seed %d: the labels do not bring the estimate nearer to the truth", seed)
		}
		if f1(t, x, after, d) < f1(t, x, before, d)-.002 {
			t.Errorf("seed %d: F1 falls from %.4f to %.4f", seed, f1(t, x, before, d), f1(t, x, after, d))
		}
		if after.Labelled.Sum() != int64(len(labels.Records)) || before.Labelled != nil {
			t.Errorf("labelled %+v of %d, before %v", after.Labelled, len(labels.Records), before.Labelled)
		}
	}
}

// A label that says what the numbers would say anyway changes next to nothing; a false one counts as one record.
func TestEstimateWithLabels_ARecordCountsOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("estimates many times; under the race detector the order test does")
	}
	s := shippedModel(t).Person
	d := plant(14, 700, 1500, .7)
	x := indexOf(t, s, d.members)
	records := recordsOf(t, x, d.contacts)
	before, err := estimate(x, records)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := estimateWith(x, records, Labels{Records: map[string]Label{}}, &before); err != nil || !reflect.DeepEqual(before, same) {
		t.Errorf("without labels the estimate is another: %v", err)
	}
	easy := Labels{Records: map[string]Label{}, Population: 1500}
	for _, r := range scoreAll(t, x, before, records, 2) {
		if id := records.ID(r.Record); len(r.Best) > 0 && r.Best[0].Probability > 999_000 {
			easy.Records[id] = Label{Entity: x.records.ID(int(r.Best[0].Entity))}
		}
	}
	after, err := estimateWith(x, records, easy, nil)
	if err != nil {
		t.Fatal(err)
	}
	for c := range before.Comparisons {
		for l := range before.Comparisons[c].Levels {
			if a, b := before.Comparisons[c].Levels[l].M, after.Comparisons[c].Levels[l].M; math.Abs(a-b) > .002 {
				t.Errorf("%s level %d: m %.4f → %.4f", before.Comparisons[c].Name, l+1, a, b)
			}
		}
	}
	if math.Abs(after.Match-before.Match) > .002 {
		t.Errorf("share of matches %.4f → %.4f by %d labels of what was known", before.Match, after.Match, len(easy.Records))
	}
}

// What people say is taken as said: an entity that blocking does not find, one that is not in the directory, none, and
// one ruled out.
func TestEstimateWithLabels_TakesEachVerdict(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(15, 300, 400, .7)
	x := indexOf(t, s, d.members)
	stranger := d.contacts[0]
	for _, column := range []string{"given", "given_roots", "surname", "surname_parts", "surname_skeleton", "city", "postal_code", "emails", "email_locals"} {
		delete(stranger, column)
	}
	stranger["surname"] = "qqqqqq"
	labels := Labels{Population: 400, Records: map[string]Label{
		"c000000": {Entity: "m000007"}, "c000001": {None: true}, "c000002": {Entity: "gone"}, "c000003": {Not: []string{d.truth["c000003"]}},
		"nobody": {None: true},
	}}
	l := newLearner(x, recordsOf(t, x, d.contacts), x.tables(frequenciesOf(x), fieldsOf(x)), labels)
	if want := (Labelled{Is: 1, None: 2, IsNot: 1, Unblocked: 1}); l.count != want {
		t.Errorf("labelled %+v, want %+v", l.count, want)
	}
	if l.mass != 400 || l.records != 400 {
		t.Errorf("%d records weigh %v", l.records, l.mass)
	}
}

// Titles that say nothing any more make true matches look like namesakes at the same company. An estimate that knows the
// model in use does not fall for that.
func TestEstimateWithAModelInUse_KeepsItsMatches(t *testing.T) {
	if testing.Short() {
		t.Skip("estimates many times; under the race detector the order test does")
	}
	s := shippedModel(t).Person
	d := plant(16, 700, 1500, .7)
	x := indexOf(t, s, d.members)
	before, err := estimate(x, recordsOf(t, x, d.contacts))
	if err != nil {
		t.Fatal(err)
	}
	d.contacts = changed(d.contacts, func(i int, c values) { c["title"] = d.contacts[(i*7+1)%1500]["title"] })
	records := recordsOf(t, x, d.contacts)
	after, err := estimateWith(x, records, Labels{}, &before)
	if err != nil {
		t.Fatal(err)
	}
	cold, err := estimate(x, records)
	if err != nil {
		t.Fatal(err)
	}
	was, is := f1(t, x, before, d), f1(t, x, after, d)
	differs, _ := levelOf(t, s, after, "title", "differs")
	t.Logf("F1 %.4f → %.4f, without it %.4f; match %.3f → %.3f, without it %.3f; differs %.3f", was, is, f1(t, x, cold, d), before.Match, after.Match, cold.Match, differs)
	if math.Abs(after.Match-.7) > .1 || is < was-.01 || is <= f1(t, x, cold, d) || differs < .5 {
		t.Errorf("match %.3f, F1 %.4f → %.4f, m of titles that differ %.3f", after.Match, was, is, differs)
	}
}
