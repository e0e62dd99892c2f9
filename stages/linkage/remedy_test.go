package linkage

import (
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"
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
	scorer, err := NewScorer(x, anyParameters(t, s, x), frequenciesOf(x))
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
	of := func(columns ...string) Patch { return x.NewRecords().Patch(1, columns...) }
	given, surname, email := of("given", "given_roots"), of("surname", "surname_parts", "surname_skeleton"), of("emails", "email_locals")
	nothing, place := of("title"), of("city", "postal_code")
	for name, c := range map[string]struct {
		record  values
		patches []Patch
		want    []int
	}{
		"one suffices":                   {stranger("c", values{"given": "ada", "given_roots": []string{"ada"}, "city": "london", "postal_code": "SW1"}), []Patch{nothing, surname, email}, []int{1}},
		"the earlier of two":             {stranger("c", values{"given": "ada", "given_roots": []string{"ada"}, "city": "london", "postal_code": "SW1"}), []Patch{surname, email}, []int{0}},
		"one that comes late before two": {stranger("c", values{"surname": "lovelace", "surname_parts": []string{"lovelace"}, "surname_skeleton": "lvlc"}), []Patch{nothing, of("country"), given, email}, []int{2}},
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
	scorer, err := NewScorer(x, p, frequenciesOf(x))
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
			ask.Patches = append(ask.Patches, x.NewRecords().Patch(len(rows)+1, set...))
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

// plainly answers an ask by scoring the record with each try in full, as Remedies says it does.
func plainly(w *worker, ask Ask, threshold int64) Remedy {
	entity, ok := w.index.find(ask.Entity)
	if !ok {
		return Remedy{}
	}
	base := w.records.row(ask.Record)
	changed := func(patches ...Patch) []uint32 {
		row := slices.Clone(base)
		for _, p := range patches {
			for c := range row {
				if p.cells>>c&1 != 0 {
					row[c] = w.records.row(p.row)[c]
				}
			}
		}
		return row
	}
	passes := func(row []uint32) int64 {
		w.weights = w.weights[:0]
		w.compare.from(row)
		alone := []Candidate{{Entity: entity, Weight: w.pair(entity)}}
		if w.compete(alone); alone[0].Probability < threshold {
			return 0
		}
		met := false
		for _, f := range w.seek.candidates(w.records, row) {
			if met = met || f.entity == entity; f.entity != entity && w.pair(f.entity) >= alone[0].Weight {
				return 0
			}
		}
		if w.compete(alone); !met || alone[0].Probability < threshold {
			return 0
		}
		return alone[0].Probability
	}
	var useful []int
	for i, p := range ask.Patches {
		if row := changed(p); !slices.Equal(row, base) {
			useful = append(useful, i)
			if p := passes(row); p > 0 {
				return Remedy{Patches: []int{i}, Probability: p}
			}
		}
	}
	for k, i := range useful {
		for _, j := range useful[k+1:] {
			if p := passes(changed(ask.Patches[i], ask.Patches[j])); p > 0 {
				return Remedy{Patches: []int{i, j}, Probability: p}
			}
		}
	}
	return Remedy{}
}

// Computing again only what a change reaches is the same as scoring each changed record in full: over rules with few keys
// before they are narrowed, changes that take from several records, overlap and undo each other.
func TestRemedies_ArePlainly(t *testing.T) {
	for seed := range int64(2) {
		s := shippedModel(t).Person
		random := rand.New(rand.NewSource(seed))
		for i := range s.Rules {
			s.Rules[i].Max = 1 + random.Intn(s.Rules[i].Max)
		}
		directory, crm := staffed(seed, 1500, 250)
		x := indexOf(t, s, directory)
		p := anyParameters(t, s, x)
		for i := range p.Comparisons {
			for j := range p.Comparisons[i].Levels {
				p.Comparisons[i].Levels[j].Weight += int32(random.Intn(4000) - 2000)
			}
		}
		scorer, err := NewScorer(x, p, frequenciesOf(x))
		if err != nil {
			t.Fatal(err)
		}
		rows := crm
		for _, m := range directory { // what changes take from
			row := maps.Clone(m)
			row["id"], row["object"] = "patch "+m["id"].(string), "Contact"
			rows = append(rows, row)
		}
		for i, c := range crm { // what leaves some columns of the record as they are
			row := maps.Clone(directory[i])
			row["id"], row["object"] = "mixed "+c["id"].(string), "Contact"
			for _, column := range []string{"title", "city", "given", "surname"} {
				row[column] = c[column]
			}
			rows = append(rows, row)
		}
		records := recordsOf(t, x, rows)
		names := records.layout.names
		sets := [][]string{{"given", "given_roots", "given_skeleton", "name_sorted", "name_words"}, {"surname", "surname_parts", "surname_skeleton", "name_sorted", "name_words"},
			{"city"}, {"postal_code", "region", "country"}, {"emails", "email_locals", "email_domains"}, {"company_keys", "company_token"}, {"known_ids"}, {"phones"}, {"title"}}
		var asks []Ask
		for i, best := range scoreAll(t, x, p, records, 1)[:len(crm)] {
			for _, c := range append(best.Best[:min(2, len(best.Best))], Candidate{Entity: uint32(random.Intn(x.Len()))}) {
				ask := Ask{Record: i, Entity: x.records.ID(int(c.Entity))}
				for range random.Intn(7) {
					columns := sets[random.Intn(len(sets))]
					for random.Intn(3) > 0 {
						columns = append(slices.Clone(columns), names[random.Intn(len(names))])
					}
					from := len(crm) + int(c.Entity)
					switch random.Intn(6) {
					case 0:
						from = random.Intn(records.Len())
					case 1, 2:
						from = len(crm) + len(directory) + i
					}
					ask.Patches = append(ask.Patches, records.Patch(from, columns...))
				}
				asks = append(asks, ask)
			}
		}
		for _, threshold := range []int64{0, 1, 200_000, 500_000, 990_000, 1_000_000} {
			found, err := scorer.Remedies(records, asks, threshold, 2)
			if err != nil {
				t.Fatal(err)
			}
			count := map[int]int{}
			w := scorer.newWorker(records)
			for i, ask := range asks {
				found[i].Grounds = Ground{}
				if want := plainly(w, ask, threshold); !reflect.DeepEqual(found[i], want) {
					t.Fatalf("seed %d, threshold %d, ask %d: %v, want %v", seed, threshold, i, found[i], want)
				}
				count[len(found[i].Patches)]++
			}
			if threshold == 500_000 && (count[0] < 20 || count[1] < 20 || count[2] < 20) {
				t.Fatalf("seed %d: changes by number %v", seed, count)
			}
		}
	}
}
