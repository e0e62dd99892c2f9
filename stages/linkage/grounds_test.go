package linkage

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"testing"
)

// Another directory gives no other answer to a record whose grounds it leaves as they were, and few are unsettled. What is
// stored is the same whether all are asked again or only those.
func TestGrounds_WhatIsSettledStays(t *testing.T) {
	unsettled, unsure, different, changed, seeds := 0, 0, 0, 0, int64(6)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		s := shippedModel(t).Person
		random := rand.New(rand.NewSource(seed))
		for i := range s.Rules { // so low that keys become too common, and cease to be
			s.Rules[i].Max = 2 + random.Intn(12)
		}
		directory, crm := staffed(seed, 1500, 250)
		x := indexOf(t, s, directory)
		y := indexOf(t, s, redirected(random, directory))
		p := anyParameters(t, s, x)
		frequencies := frequenciesOf(x)
		meant := [2][]values{slices.Clone(directory[:len(crm)]), slices.Clone(directory[len(crm) : 2*len(crm)])} // whom each is asked about
		for i, best := range scoreAll(t, x, p, recordsOf(t, x, crm), 1) {
			for k := range min(2, len(best.Best)) {
				meant[k][i] = directory[best.Best[k].Entity] // both are in the order of ids
			}
		}
		threshold := []int64{300_000, 5_000}[seed%2] // low, for contests that rivals decide
		var before, after [2][]Remedy
		var rivals, others [2][][]string
		for k := range meant {
			before[k], rivals[k] = remediesOf(t, x, p, frequencies, threshold, meant[k], crm, nil)
			after[k], others[k] = remediesOf(t, y, p, frequencies, threshold, meant[k], crm, before[k])
		}
		noted, want := OverGrounds(nil), OverGrounds(nil)
		for i := range crm {
			put(noted, crm[i]["id"].(string), before[0][i], before[1][i])
			put(want, crm[i]["id"].(string), after[0][i], after[1][i])
		}
		kept := readGrounds(t, noted)
		found, renewed := settled(t, kept, x, y, p, frequencies, threshold), OverGrounds(kept)
		unsettled += len(found)
		for i := range crm {
			id := crm[i]["id"].(string)
			was, is := chosen(before[0][i], before[1][i]), chosen(after[0][i], after[1][i])
			then, now := answer(was, before[0][i], before[1][i]), answer(is, after[0][i], after[1][i])
			differs := was != is || !slices.Equal(then.Patches, now.Patches) || then.Probability != now.Probability
			if differs {
				different++
			}
			of := found[id]
			switch {
			case of == nil:
				for k := range meant {
					if whom := meant[k][i]["id"].(string); !reflect.DeepEqual(textsOf(x, whom), textsOf(y, whom)) {
						t.Errorf("seed %d, record %d is settled, but not whom it is asked about", seed, i)
					}
					if !slices.Equal(rivals[k][i], others[k][i]) {
						t.Errorf("seed %d, record %d is settled, but meets %v and then %v", seed, i, rivals[k][i], others[k][i])
					}
				}
				if differs {
					t.Errorf("seed %d, record %d: %v, and by the other directory %v, though it is settled", seed, i, then, now)
				}
			case of.Sure:
				renewed.Take(of)
				if was != is || of.Before != then.Probability || of.Probability != now.Probability || !slices.Equal(then.Patches, now.Patches) {
					t.Errorf("seed %d, record %d is settled as %d and then %d, but ask %d: %v, and then %d: %v", seed, i, of.Before, of.Probability, was, then, is, now)
				} else if differs {
					changed++
				}
			default:
				unsure++
				renewed.Put(id, -1)
				put(renewed, id, after[0][i], after[1][i])
			}
		}
		if !bytes.Equal(groundsBytes(t, renewed), groundsBytes(t, want)) {
			t.Errorf("seed %d: other grounds than where all are asked again", seed)
		}
	}
	t.Logf("%d answers differ, %d are unsettled, %d of them unsure, and of the others %d differ", different, unsettled, unsure, changed)
	if different < 5*int(seeds) || unsettled > int(seeds)*250*3/4 || unsure > unsettled/2 || changed < int(seeds) {
		t.Error("the test says little")
	}
}

// put notes the grounds of a record.
func put(n *NewGrounds, id string, of ...Remedy) {
	var grounds []Ground
	for _, r := range of {
		grounds = append(grounds, r.Grounds)
	}
	n.Put(id, chosen(of...), grounds...)
}

// chosen is the ask whose answer is the record's, as who asks chooses: the smallest, then the likeliest.
func chosen(of ...Remedy) int {
	best := -1
	for k, r := range of {
		if len(r.Patches) > 0 && (best < 0 || cmp.Or(cmp.Compare(len(r.Patches), len(of[best].Patches)), slices.Compare(r.Patches, of[best].Patches),
			cmp.Compare(of[best].Probability, r.Probability)) < 0) {
			best = k
		}
	}
	return best
}

func answer(chosen int, of ...Remedy) Remedy {
	if chosen < 0 {
		return Remedy{}
	}
	return of[chosen]
}

// settled are the records whose answers rest on what differs, by id.
func settled(t *testing.T, kept *Grounds, x, y *Index, p Parameters, frequencies []Frequency, threshold int64) map[string]*Settled {
	t.Helper()
	m := NewMeetings(NewDiffering(x, y))
	u, err := kept.Unsettle(m, func(uint64) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	n, err := m.NewRenewer(p, frequencies)
	if err != nil {
		t.Fatal(err)
	}
	of, err := n.Settle(u, threshold, 2)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*Settled{}
	for i := range of {
		found[of[i].ID] = &of[i]
	}
	return found
}

// Where another rival makes the other of two equal answers the likelier one, the record is asked about again; where it takes from
// both alike, not.
func TestSettle_TheLikelierOfTwo(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(7, 3000, 500, .7)
	human := func(id, given, surname, email string) values {
		return values{"id": id, "given": given, "given_roots": []string{given}, "surname": surname, "surname_parts": []string{surname}, "surname_skeleton": surname,
			"city": "london", "postal_code": "SW1", "country": "GB", "emails": []string{email}, "email_locals": []string{email}}
	}
	directory := append(d.members, human("ada1", "ada", "lovelace", "one@example.com"), human("ada2", "ada", "lovelace", "two@example.com"))
	row := human("c", "ada", "lovelace", "")
	row["object"] = "Contact"
	x := indexOf(t, s, directory)
	p := anyParameters(t, s, x)
	scorer, err := NewScorer(x, p, frequenciesOf(x))
	if err != nil {
		t.Fatal(err)
	}
	rows := []values{row}
	for _, email := range []string{"one@example.com", "two@example.com"} {
		patch := human("patch "+email, "ada", "lovelace", email)
		patch["object"] = "Contact"
		rows = append(rows, patch)
	}
	records := recordsOf(t, x, rows)
	ask := func(k int) Ask {
		return Ask{Record: 0, Entity: fmt.Sprintf("ada%d", k), Patches: []Patch{records.Patch(k, "emails", "email_locals")}}
	}
	found, err := scorer.Remedies(records, []Ask{ask(1), ask(2)}, 5_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(found[0].Patches) == 0 || found[0].Probability != found[1].Probability {
		t.Fatalf("the answers are not equal: %v", found)
	}
	noted := OverGrounds(nil)
	put(noted, "c", found...)
	kept := readGrounds(t, noted)
	for name, c := range map[string]struct {
		rival values
		sure  bool
	}{
		"of one":  {human("bob", "bob", "lovelace", "one@example.com"), false},
		"of both": {human("bob", "ada", "lovelace", "three@example.com"), true},
	} {
		y := indexOf(t, s, append(slices.Clone(directory), c.rival))
		of := settled(t, kept, x, y, p, frequenciesOf(x), 5_000)["c"]
		if of == nil || of.Sure != c.sure {
			t.Errorf("a rival %s: want sure %t, got %+v", name, c.sure, of)
		}
	}
}

// Grounds of records that are asked about no more are not stored, and files that are none are told.
func TestGrounds_AreStored(t *testing.T) {
	n := OverGrounds(nil)
	n.Put("a", -1, Ground{of: []uint32{3, 1}}, Ground{of: []uint32{3, 2}})
	n.Put("b", -1, Ground{of: []uint32{7}})
	n.Put("b", -1)
	kept := readGrounds(t, n)
	if len(kept.hashes) != 1 || !slices.Equal(kept.at(0), []uint32{1, 2, 3}) {
		t.Errorf("%v", kept)
	}
	again := OverGrounds(kept)
	again.Put("a", -1)
	if left := readGrounds(t, again); len(left.hashes) != 0 {
		t.Errorf("%v", left)
	}
	whole := groundsBytes(t, n)
	for cut := range whole {
		if _, err := ReadGrounds(whole[:cut]); err == nil {
			t.Errorf("the first %d bytes of %d are taken for grounds", cut, len(whole))
		}
	}
}

// redirected is a directory in which one record in thirty is gone, is new or has values of another.
func redirected(random *rand.Rand, directory []values) []values {
	var out []values
	for i, m := range directory {
		m = maps.Clone(m)
		other := directory[random.Intn(len(directory))]
		switch random.Intn(100) {
		case 0:
			continue
		case 1:
			m["id"] = m["id"].(string) + "-new"
		case 2:
			for _, column := range []string{"given", "given_roots", "name_words"} {
				m[column] = other[column]
			}
		case 3:
			m["phones"] = other["phones"]
		case 4: // in no key
			for _, column := range []string{"title", "title_function", "title_rank", "house_number", "street"} {
				m[column] = other[column]
			}
		}
		out = append(out, m)
		if random.Intn(200) == 0 {
			m = maps.Clone(directory[i])
			m["id"] = m["id"].(string) + "-twin"
			out = append(out, m)
		}
	}
	return out
}

// remediesOf are the answers to one ask for each CRM record, with values of the directory record that is meant to take; and whom
// each record meets with the change that an earlier answer found, or this one.
func remediesOf(t *testing.T, x *Index, p Parameters, frequencies []Frequency, threshold int64, meant, crm []values, earlier []Remedy) (found []Remedy, rivals [][]string) {
	t.Helper()
	rows := slices.Clone(crm)
	for i, m := range meant {
		row := maps.Clone(m)
		row["id"], row["object"] = "patch "+crm[i]["id"].(string), "Contact"
		rows = append(rows, row)
	}
	records := recordsOf(t, x, rows)
	var asks []Ask
	for i, m := range meant {
		ask := Ask{Record: i, Entity: m["id"].(string)}
		for _, set := range [][]string{{"city"}, {"given", "given_roots", "name_words"}, {"surname", "surname_parts"}, {"emails", "email_locals"}, {"phones"}} {
			ask.Patches = append(ask.Patches, records.Patch(len(crm)+i, set...))
		}
		asks = append(asks, ask)
	}
	scorer, err := NewScorer(x, p, frequencies)
	if err != nil {
		t.Fatal(err)
	}
	found, err = scorer.Remedies(records, asks, threshold, 2)
	if err != nil {
		t.Fatal(err)
	}
	if earlier == nil {
		earlier = found
	}
	try := scorer.newTryer(records, 0)
	for i, r := range earlier {
		var ids []string
		if len(r.Patches) > 0 {
			var patches []Patch
			for _, at := range r.Patches {
				patches = append(patches, asks[i].Patches[at])
			}
			try.base = records.row(i)
			try.change(patches...)
			for _, f := range try.seek.candidates(records, try.row) {
				ids = append(ids, scorer.EntityID(f.entity))
			}
		}
		slices.Sort(ids)
		rivals = append(rivals, ids)
	}
	return found, rivals
}

// textsOf are the values of a directory record by column.
func textsOf(x *Index, id string) (texts [][]string) {
	place, ok := x.find(id)
	if !ok {
		return nil
	}
	row := x.records.row(int(place))
	for cell := range row {
		var of []string
		for _, code := range x.records.set(row, cell) {
			of = append(of, string(x.records.dict.bytesOf(code)))
		}
		slices.Sort(of)
		texts = append(texts, of)
	}
	return texts
}

func groundsBytes(t *testing.T, n *NewGrounds) []byte {
	t.Helper()
	var file bytes.Buffer
	if _, err := n.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func readGrounds(t *testing.T, n *NewGrounds) *Grounds {
	t.Helper()
	g, err := ReadGrounds(groundsBytes(t, n))
	if err != nil {
		t.Fatal(err)
	}
	return g
}
