package linkage

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestValueBitsAreAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOfN(rapid.Uint32Range(1, 5000), rapid.Int32(), 0, 600).Draw(t, "bits")
		table := valueBits{single: 17}
		table.size(len(want))
		for code, bits := range want {
			table.set(code, bits-1)
			table.set(code, bits)
		}
		for code := range uint32(5001) {
			bits, ok := want[code+1]
			if !ok {
				bits = table.single
			}
			if got := table.of(code + 1); got != bits {
				t.Fatalf("code %d: %d bits, want %d", code+1, got, bits)
			}
		}
	})
}

// Records are scored the same with the frequencies of their own values alone, of which there are fewer.
func TestRarities_OfSomeRecords(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(8, 3000, 600, 1)
	x := indexOf(t, s, d.members)
	scorer, err := NewScorer(x, anyParameters(t, s, x), frequenciesOf(x))
	if err != nil {
		t.Fatal(err)
	}
	score := func(records *Records) []Scored {
		scored, err := scorer.Score(records, 2)
		if err != nil {
			t.Fatal(err)
		}
		return scored
	}
	know := func(only ...*Records) (values int) {
		rarities := scorer.Rarities(only...)
		for _, f := range frequenciesOf(x) {
			rarities.Add(f.Field, f.Value, f.Records)
		}
		scorer.Know(rarities)
		for _, f := range rarities.fields {
			values += len(f.codes)
		}
		return values
	}
	some := recordsOf(t, x, d.contacts[:20])
	want := score(some)
	all, few := know(), know(some)
	if got := score(some); !reflect.DeepEqual(got, want) {
		t.Error("the frequencies of a record's own values score it otherwise")
	}
	if few == 0 || few*2 > all {
		t.Errorf("%d of %d values are looked up for 20 records", few, all)
	}
	scorer.Know(scorer.Rarities())
	if reflect.DeepEqual(score(some), want) {
		t.Error("no frequency counts")
	}
}
