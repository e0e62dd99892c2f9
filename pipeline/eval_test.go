package pipeline

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func rate(f *float64) string {
	if f == nil {
		return "none"
	}
	return fmt.Sprintf("%.4f", *f)
}

// The ways an answer can be right or wrong, worked out by hand.
func TestEvaluation_CountsEachWayToBeWrong(t *testing.T) {
	truth := map[TruthKey]Truth{
		{"Contact", "right"}:     {Entity: "m1", Cases: []string{"nickname", "variant:bob", "variant:bob"}},
		{"Contact", "wrong"}:     {Entity: "m2", Cases: []string{"nickname", "variant:bill"}},
		{"Contact", "missed"}:    {Entity: "m3", Cases: []string{"typo", ""}},
		{"Contact", "false"}:     {Cases: []string{"no_match"}},
		{"Contact", "quiet"}:     {Cases: []string{"no_match"}},
		{"Contact", "duplicate"}: {Entity: "m1"},
		{"Contact", "decided"}:   {Entity: "m5"},
		{"Contact", "refused"}:   {Entity: "m6"}, // a person decided that there is none
		{"Contact", "merged"}:    {Entity: "m7"},
		{"Contact", "absent"}:    {Entity: "m8"},
		{"Account", "right"}:     {Entity: "c1"},
	}
	answers := func(oneToOne bool) Quality {
		e := newEvaluation(truth, oneToOne)
		for _, a := range [][4]string{
			{"Contact", "right", "matched", "m1"}, {"Contact", "wrong", "matched", "m9"}, {"Contact", "missed", "unmatched", ""},
			{"Contact", "false", "matched", "m4"}, {"Contact", "quiet", "unmatched", ""}, {"Contact", "duplicate", "duplicate", "m1"},
			{"Contact", "decided", "decided", "m5"}, {"Contact", "refused", "decided", ""}, {"Contact", "merged", "merged", "m7"},
			{"Contact", "nobody asked", "matched", "m0"}, {"Account", "right", "matched", "c1"},
		} {
			e.answer(TruthKey{a[0], a[1]}, a[2], a[3], "")
		}
		return e.result()
	}
	q := answers(false)
	if q.NotLive != 1 || q.Unknown != 1 || q.Unjudged != 1 {
		t.Errorf("not live %d, unknown %d, unjudged %d, want 1 each", q.NotLive, q.Unknown, q.Unjudged)
	}
	want := map[string]string{
		"Account": "1 records 1 have 1 answered 1 right 0 wrong 0 false 0 none 1.0000 1.0000 1.0000",
		"Contact": "8 records 6 have 5 answered 3 right 1 wrong 1 false 2 none 0.6000 0.5000 0.5455",
		"total":   "9 records 7 have 6 answered 4 right 1 wrong 1 false 2 none 0.6667 0.5714 0.6154",
	}
	text := func(s Score) string {
		return fmt.Sprintf("%d records %d have %d answered %d right %d wrong %d false %d none %s %s %s", s.Records, s.Have, s.Answered,
			s.Right, s.Wrong, s.False, s.None, rate(s.Prec), rate(s.Recall), rate(s.F1))
	}
	for _, s := range append(q.Objects, q.Total) {
		if got := text(s); got != want[s.Object] {
			t.Errorf("%s: %s, want %s", s.Object, got, want[s.Object])
		}
	}
	var cases []string
	for _, c := range q.Cases {
		cases = append(cases, fmt.Sprintf("%s %d/%d", c.Case, c.Right, c.Have))
	}
	if got := strings.Join(cases, ", "); got != "nickname 1/2, no_match 0/0, typo 0/1, variant 1/2, variant:bill 0/1, variant:bob 1/1" {
		t.Errorf("cases: %s", got)
	}
	// One to one, the duplicate's entity is not an answer.
	if got := answers(true).Objects[1]; got.Right != 2 || got.Answered != 4 || rate(got.Recall) != "0.3333" {
		t.Errorf("one to one: %s", text(got))
	}
}

func TestScore_RatesOfNothingAreNotZero(t *testing.T) {
	var s Score
	s.add("", "")
	s.finish()
	if s.Prec != nil || s.Recall != nil || s.F1 != nil {
		t.Errorf("rates %v %v %v, want none", s.Prec, s.Recall, s.F1)
	}
	s.add("", "m1")
	s.finish()
	if s.Prec == nil || *s.Prec != 0 || s.Recall != nil {
		t.Errorf("precision %v, recall %v, want 0 and none", s.Prec, s.Recall)
	}
}

// F1 is the harmonic mean of precision and recall, in whatever mix.
func TestScore_F1IsTheHarmonicMean(t *testing.T) {
	for right := range int64(5) {
		for wrong := range int64(5) {
			for missed := range int64(5) {
				s := Score{Right: right, Answered: right + wrong, Have: right + missed}
				s.finish()
				if s.Prec == nil || s.Recall == nil || *s.Prec+*s.Recall == 0 {
					continue
				}
				if want := 2 * *s.Prec * *s.Recall / (*s.Prec + *s.Recall); math.Abs(*s.F1-want) > 1e-12 {
					t.Errorf("%d %d %d: %f, want %f", right, wrong, missed, *s.F1, want)
				}
			}
		}
	}
}

func TestReadTruth_TakesWhatPeopleWrite(t *testing.T) {
	truth, err := readTruth(strings.NewReader("\ufeffNote, CRM_ID ,object,Directory_ID,cases\r\n"+
		"x,003000000000001,contact,m1,a|b\r\n"+"\"two\nlines\",001000000000001AAA,Account,,\r\n"), "truth.csv")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(truth); got != "map[{Account 001000000000001AAA}:{ []} {Contact 003000000000001AAA}:{m1 [a b]}]" {
		t.Error(got)
	}
}

func TestReadTruth_NamesFaultyLines(t *testing.T) {
	const head = "object,crm_id,entity_id\n"
	for text, want := range map[string]string{
		"":                             "it has no header",
		"object,crm_id\nContact,003\n": "the column entity_id is missing",
		head:                           "it has no rows",
		head + "Contact,003000000000001,m1\nContact,0030000000000x,m1\nOpportunity,006000000000001,\nLead,00Q,m\nContact,003000000000001AAA,m2\n": "line 3: crm_id is no record Id\n" +
			"  line 4: object must be Account, Contact or Lead\n  line 5: crm_id is no record Id\n  line 6: Contact 003000000000001AAA stands there twice",
		head + "Contact,003000000000001\n":     "line 2: it has 2 cells, the header 3",
		head + "Contact,\"003000000000001,m\n": "line 2: ",
	} {
		_, err := readTruth(strings.NewReader(text), "truth.csv")
		if err == nil || !IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
