package linkage

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file is its section and its numbers, to the bit, and its weights are those of its m and u.
func TestModelFile_HoldsProgrammeAndNumbers(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: what runs at once here other tests run")
	}
	m := shippedModel(t)
	d := plant(21, 700, 1500, .7)
	x := indexOf(t, m.Person, d.members)
	person, err := estimate(x, recordsOf(t, x, d.contacts))
	if err != nil {
		t.Fatal(err)
	}
	company, err := DefaultParameters(m.Company, 4000, map[string]Field{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		section Section
		numbers Parameters
	}{{m.Company, company}, {m.Person, person}} {
		file, err := NewFileSection(c.section, c.numbers)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		var back FileSection
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		section, numbers, err := back.Split()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.section, section); diff != "" {
			t.Errorf("the programme is another: %s", diff)
		}
		if diff := cmp.Diff(c.numbers, numbers); diff != "" {
			t.Errorf("the numbers are others: %s", diff)
		}
		again, err := Reweigh(section, numbers)
		if err != nil || !reflect.DeepEqual(again.Prior, numbers.Prior) {
			t.Errorf("weighed again the prior is %d, was %d: %v", again.Prior, numbers.Prior, err)
		}
		for i := range again.Comparisons {
			for j, l := range again.Comparisons[i].Levels {
				if was := numbers.Comparisons[i].Levels[j]; l.Weight-was.Weight > 1 || was.Weight-l.Weight > 1 {
					t.Errorf("%s level %d weighs %d, was %d", again.Comparisons[i].Name, j+1, l.Weight, was.Weight)
				}
			}
		}
	}
}

func TestModelFile_NamesWhatIsWrong(t *testing.T) {
	s := shippedModel(t).Company
	for _, c := range []struct {
		want   string
		change func(*Parameters)
	}{
		{"sum to 1", func(p *Parameters) { p.Comparisons[0].Levels[0].M /= 2 }},
		{"above 0", func(p *Parameters) { p.Comparisons[0].Levels[1].U = 0 }},
		{"match must lie", func(p *Parameters) { p.Match = 1 }},
		{"ratio must be", func(p *Parameters) { p.LookAlikes[0].Ratio = -1 }},
		{"another model", func(p *Parameters) { p.Comparisons = p.Comparisons[1:] }},
	} {
		p, err := DefaultParameters(s, 100, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.change(&p)
		if _, err := Reweigh(s, p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
