package linkage

import (
	"bytes"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"testing"
)

// Another directory gives no other answer to a record whose grounds it leaves as they were, and few are unsettled. What is
// stored is the same whether all are asked again or only those.
func TestGrounds_WhatIsSettledStays(t *testing.T) {
	unsettled, different, seeds := 0, 0, int64(6)
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
		frequencies := x.Frequencies()
		meant := make([]values, len(crm)) // whom each is asked about
		for i, best := range scoreAll(t, x, p, recordsOf(t, x, crm), 1) {
			if meant[i] = directory[i]; len(best.Best) > 0 {
				meant[i] = directory[best.Best[0].Entity] // both are in the order of ids
			}
		}
		before, rivals := remediesOf(t, x, p, frequencies, meant, crm, nil)
		after, others := remediesOf(t, y, p, frequencies, meant, crm, before)
		noted, want := OverGrounds(nil), OverGrounds(nil)
		for i := range crm {
			noted.Put(crm[i]["id"].(string), before[i].Grounds)
			want.Put(crm[i]["id"].(string), after[i].Grounds)
		}
		kept := readGrounds(t, noted)
		found, renewed := kept.Unsettled(NewMeetings(NewDiffering(x, y))), OverGrounds(kept)
		unsettled += len(found)
		for i := range crm {
			id, differs := crm[i]["id"].(string), !reflect.DeepEqual(before[i], after[i])
			if differs {
				different++
			}
			if found.Has(id) {
				renewed.Put(id)
				renewed.Put(id, after[i].Grounds)
			} else if whom := meant[i]["id"].(string); !reflect.DeepEqual(textsOf(x, whom), textsOf(y, whom)) {
				t.Errorf("seed %d, record %d is settled, but not whom it is asked about", seed, i)
			} else if !slices.Equal(rivals[i], others[i]) {
				t.Errorf("seed %d, record %d is settled, but meets %v and then %v", seed, i, rivals[i], others[i])
			} else if differs {
				t.Errorf("seed %d, record %d: %v, and by the other directory %v, though it is settled", seed, i, before[i], after[i])
			}
		}
		if !bytes.Equal(groundsBytes(t, renewed), groundsBytes(t, want)) {
			t.Errorf("seed %d: other grounds than where all are asked again", seed)
		}
	}
	if different < 5*int(seeds) || unsettled > int(seeds)*250*3/4 {
		t.Errorf("%d answers differ, %d are unsettled: the test says little", different, unsettled)
	}
}

// Grounds of records that are asked about no more are not stored, and files that are none are told.
func TestGrounds_AreStored(t *testing.T) {
	n := OverGrounds(nil)
	n.Put("a", []uint32{3, 1}, []uint32{3, 2})
	n.Put("b", []uint32{7})
	n.Put("b")
	kept := readGrounds(t, n)
	if len(kept.hashes) != 1 || !slices.Equal(kept.at(0), []uint32{1, 2, 3}) {
		t.Errorf("%v", kept)
	}
	again := OverGrounds(kept)
	again.Put("a")
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
func remediesOf(t *testing.T, x *Index, p Parameters, frequencies []Frequency, meant, crm []values, earlier []Remedy) (found []Remedy, rivals [][]string) {
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
	found, err = scorer.Remedies(records, asks, 300_000, 2)
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
