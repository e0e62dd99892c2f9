package linkage

import (
	"fmt"
	"reflect"
	"testing"
)

// One change before two, and both in the order in which they are proposed: a later one that would bring more is not
// looked at once an earlier one suffices.
func TestRemedies_TheFirstAndSmallestChange(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(7, 3000, 500, .7)
	ada := values{"id": "ada", "given": "ada", "given_roots": []string{"ada"}, "surname": "lovelace", "surname_parts": []string{"lovelace"},
		"surname_skeleton": "lvlc", "city": "london", "postal_code": "SW1", "country": "GB", "emails": []string{"ada@example.com"}, "email_locals": []string{"ada"}}
	x := indexOf(t, s, append(d.members, ada))
	scorer, err := NewScorer(x, anyParameters(t, s, x), x.Frequencies())
	if err != nil {
		t.Fatal(err)
	}
	stranger := func(id string, with values) values {
		v := values{"id": id, "object": "Contact", "given": "zed", "given_roots": []string{"zed"}, "surname": "quux",
			"surname_parts": []string{"quux"}, "surname_skeleton": "qx", "city": "leeds", "postal_code": "LS1"}
		for k, value := range with {
			v[k] = value
		}
		return v
	}
	given := Patch{Columns: []string{"given", "given_roots"}}
	surname := Patch{Columns: []string{"surname", "surname_parts", "surname_skeleton"}}
	email := Patch{Columns: []string{"emails", "email_locals"}}
	nothing := Patch{Columns: []string{"title"}}
	place := Patch{Columns: []string{"city", "postal_code"}}
	for name, c := range map[string]struct {
		record  values
		patches []Patch
		want    []int
	}{
		"one suffices":                   {stranger("c", values{"given": "ada", "given_roots": []string{"ada"}, "city": "london", "postal_code": "SW1"}), []Patch{nothing, surname, email}, []int{1}},
		"the earlier of two":             {stranger("c", values{"given": "ada", "given_roots": []string{"ada"}, "city": "london", "postal_code": "SW1"}), []Patch{surname, email}, []int{0}},
		"one that comes late before two": {stranger("c", values{"surname": "lovelace", "surname_parts": []string{"lovelace"}, "surname_skeleton": "lvlc"}), []Patch{nothing, {Columns: []string{"country"}}, given, email}, []int{2}},
		"two where one does not suffice": {stranger("c", nil), []Patch{nothing, given, surname}, []int{1, 2}},
		"none":                           {stranger("c", nil), []Patch{nothing, place}, []int{}},
		"the entity left the directory":  {stranger("c", nil), []Patch{given, surname}, []int{}},
		"nothing to try":                 {stranger("c", nil), nil, []int{}},
	} {
		t.Run(name, func(t *testing.T) {
			records := recordsOf(t, x, []values{c.record, {"id": "patch", "object": "Contact", "given": "ada", "given_roots": []string{"ada"},
				"surname": "lovelace", "surname_parts": []string{"lovelace"}, "surname_skeleton": "lvlc", "city": "london", "postal_code": "SW1",
				"emails": []string{"ada@example.com"}, "email_locals": []string{"ada"}}})
			ask := Ask{Record: 0, Entity: "ada", Patches: c.patches}
			if name == "the entity left the directory" {
				ask.Entity = "nobody"
			}
			for i := range ask.Patches {
				ask.Patches[i].Row = 1
			}
			var answers []Remedy
			for _, workers := range []int{1, 3} {
				found, err := scorer.Remedies(records, []Ask{ask, ask}, 500_000, workers)
				if err != nil {
					t.Fatal(err)
				}
				answers = append(answers, found...)
			}
			for _, a := range answers {
				if !reflect.DeepEqual(a, answers[0]) {
					t.Fatalf("two answers to one question: %v and %v", a, answers[0])
				}
			}
			got := answers[0]
			if fmt.Sprint(got.Patches) != fmt.Sprint(c.want) || (len(c.want) > 0) != (got.Probability >= 500_000) {
				t.Errorf("changes %v with probability %d, want %v", got.Patches, got.Probability, c.want)
			}
		})
	}
}

// What Remedies promises is what Score gives for the changed record.
func TestRemedies_AgreeWithScore(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(8, 3000, 600, 1)
	x := indexOf(t, s, d.members)
	p := anyParameters(t, s, x)
	scorer, err := NewScorer(x, p, x.Frequencies())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]values{}
	for _, m := range d.members {
		byID[m["id"].(string)] = m
	}
	var rows []values
	var asks []Ask
	columns := [][]string{{"city", "postal_code"}, {"given", "given_roots"}, {"surname", "surname_parts", "surname_skeleton"}, {"emails", "email_locals"}}
	for _, c := range d.contacts {
		id, ok := d.truth[c["id"].(string)]
		if !ok {
			continue
		}
		m := values{}
		for k, v := range byID[id] {
			m[k] = v
		}
		m["id"], m["object"] = "patch", "Contact"
		ask := Ask{Record: len(rows), Entity: id}
		for _, set := range columns {
			ask.Patches = append(ask.Patches, Patch{Row: len(rows) + 1, Columns: set})
		}
		rows, asks = append(rows, c, m), append(asks, ask)
	}
	records := recordsOf(t, x, rows)
	found, err := scorer.Remedies(records, asks, 500_000, 2)
	if err != nil {
		t.Fatal(err)
	}
	var changed []values
	var want []Remedy
	var entities []string
	for i, r := range found {
		if len(r.Patches) == 0 {
			continue
		}
		v := values{}
		for k, value := range rows[asks[i].Record] {
			v[k] = value
		}
		for _, at := range r.Patches {
			for _, column := range columns[at] {
				if value, ok := rows[asks[i].Record+1][column]; ok {
					v[column] = value
				} else {
					delete(v, column)
				}
			}
		}
		changed, want, entities = append(changed, v), append(want, r), append(entities, asks[i].Entity)
	}
	if len(changed) < 100 {
		t.Fatalf("only %d changes are found", len(changed))
	}
	again := recordsOf(t, x, changed)
	for i, r := range scoreAll(t, x, p, again, 2) {
		if best := r.Best[0]; x.records.ID(int(best.Entity)) != entities[i] || best.Probability != want[i].Probability {
			t.Errorf("record %d: %s with %d, promised %s with %d", i, x.records.ID(int(best.Entity)), best.Probability, entities[i], want[i].Probability)
		}
	}
}
