package linkage

import (
	"maps"
	"slices"
	"testing"
)

// observe scores records in some pieces and counts what they look like.
func observe(t *testing.T, x *Index, p Parameters, contacts []values, pieces int) Observed {
	t.Helper()
	scorer, err := NewScorer(x, p, frequenciesOf(x))
	if err != nil {
		t.Fatal(err)
	}
	o := scorer.NewObserver(int64(len(contacts)))
	for piece := range slices.Chunk(contacts, (len(contacts)+pieces-1)/pieces) {
		records := recordsOf(t, x, piece)
		scored, err := scorer.Score(records, 2)
		if err != nil {
			t.Fatal(err)
		}
		o.Add(records, scored)
	}
	return o.Seen()
}

// drifted names what has drifted.
func drifted(t *testing.T, s Section, p Parameters, seen Observed) []string {
	t.Helper()
	all, err := MeasureDrift(s, p, seen)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, d := range all {
		if d.M+d.U > 0 {
			t.Logf("%-22s m %5d u %5d  %s %s %.6g → %.6g", d.Comparison, d.M, d.U, d.What, d.Level, d.Then, d.Now)
		}
		if d.Drifted {
			names = append(names, d.Comparison)
		}
	}
	return names
}

// changed is each contact with something done to a copy of it.
func changed(contacts []values, change func(i int, c values)) []values {
	var out []values
	for i, c := range contacts {
		c = maps.Clone(c)
		change(i, c)
		out = append(out, c)
	}
	return out
}

func TestDrift_NamesTheComparisonThatIsNotWhatItWas(t *testing.T) {
	if testing.Short() {
		t.Skip("estimates many times; under the race detector the order test does")
	}
	s := shippedModel(t).Person
	d := plant(5, 1500, 4000, .7)
	x := indexOf(t, s, d.members)
	p, err := estimate(x, recordsOf(t, x, d.contacts))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		contacts []values
		want     []string
	}{
		{"the same data", d.contacts, nil},
		{"half of it", d.contacts[:2000], nil},
		{"forty records", d.contacts[:40], nil},
		{"a third without title and address: a missing field is no drift", changed(d.contacts, func(i int, c values) {
			if i%3 == 0 {
				delete(c, "title")
				delete(c, "emails")
				delete(c, "email_locals")
			}
		}), nil},
		{"a third with nothing but the country, which the model never saw alone", changed(d.contacts, func(i int, c values) {
			if i%3 == 0 {
				delete(c, "city")
				delete(c, "postal_code")
			}
		}), []string{"area"}},
		{"titles of others", changed(d.contacts, func(i int, c values) { c["title"] = d.contacts[(i*7+1)%4000]["title"] }), []string{"title"}},
		{"one town for all", changed(d.contacts, func(i int, c values) { c["city"], c["postal_code"] = "city", "12345" }), []string{"area"}},
		{"one record", d.contacts[3000:3001], nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := drifted(t, s, p, observe(t, x, p, c.contacts, 1)); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
				t.Errorf("drifted: %v, want %v", got, c.want)
			}
		})
	}
	t.Run("other people, a third as many of them members", func(t *testing.T) {
		other := plant(5, 1500, 4000, .25)
		if got := drifted(t, s, p, observe(t, x, p, other.contacts, 1)); !slices.Equal(got, []string{DriftMatch}) {
			t.Errorf("drifted: %v", got)
		}
	})
	t.Run("twice the directory", func(t *testing.T) {
		twice := slices.Clone(d.members)
		for _, m := range plant(6, 1500, 1, .7).members {
			m["id"] = "x" + m["id"].(string)
			twice = append(twice, m)
		}
		y := indexOf(t, s, twice)
		if got := drifted(t, s, p, observe(t, y, p, d.contacts, 1)); !slices.Contains(got, DriftDirectory) {
			t.Errorf("drifted: %v", got)
		}
	})
}

// What is observed does not depend on the order or the pieces in which records are read (invariant 9).
func TestObserved_DoesNotDependOnPieces(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(7, 300, 600, .7)
	x := indexOf(t, s, d.members)
	p, err := estimate(x, recordsOf(t, x, d.contacts))
	if err != nil {
		t.Fatal(err)
	}
	one, err := MeasureDrift(s, p, observe(t, x, p, d.contacts, 1))
	if err != nil {
		t.Fatal(err)
	}
	many, err := MeasureDrift(s, p, observe(t, x, p, reversed(d.contacts), 7))
	if err != nil {
		t.Fatal(err)
	}
	for i := range one {
		if one[i].M != many[i].M || one[i].U != many[i].U || one[i].Pairs != many[i].Pairs || !slices.Equal(one[i].ObservedU, many[i].ObservedU) {
			t.Errorf("%s: %+v, in pieces %+v", one[i].Comparison, one[i], many[i])
		}
	}
}
