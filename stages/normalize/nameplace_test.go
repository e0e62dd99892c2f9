package normalize

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A company's name is taken apart by way of the memo as it is without, at every place, in any order.
func TestCompanyAt_IsParseCompany(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	words := []string{"Acme", "Hilton", "Springfield", "Paris", "München", "Baltic", "Foods", "The", "Group", "Inc.", "Ltd", "GmbH", "S.A.", "UAB", "AB", "A/S", "KK",
		"(Lyon)", "(formerly Widgets)", "of", "d/b/a", "d.b.a.", "New", "York", "Berlin", "&", "株式会社", "N.V.", "Pty", "北京", "J.P.", "x"}
	places := []nameplace{{}, {city: "springfield", cityWritten: "springfield"}, {city: "munich", cityWritten: "munchen"}, {regionWritten: "baltic"}, {country: "LT"},
		{country: "FR", city: "lyon", cityWritten: "lyon 3"}, {country: "DK"}, {cityWritten: "east widgets", country: "JP"}, {regionWritten: "hilton foods"}, {country: "SE"}}
	for _, form := range slices.Sorted(maps.Keys(shipped().legalForms)) {
		if f := shipped().legalForms[form]; f.endIn+f.frontIn != "" && len(words) < 80 {
			words = append(words, form)
			places = append(places, nameplace{country: strings.Split(f.endIn+f.frontIn, ",")[1]})
		}
	}
	w := newWorker(shipped())
	same := 0
	for range 20_000 {
		name := ""
		for range 1 + random.IntN(5) {
			name += words[random.IntN(len(words))] + " "
		}
		at := places[random.IntN(len(places))]
		want := shipped().parseCompany(name, &at)
		got := w.companyAt(name, &at)
		if fmt.Sprint(got.companyName) != fmt.Sprint(want) {
			t.Fatalf("%q at %v: %v, want %v", name, at, got.companyName, want)
		}
		if keys := sortedSet(append([]string{want.key, want.uncut}, want.others...)); !slices.Equal(got.keys, keys) {
			t.Fatalf("%q at %v: keys %q, want %q", name, at, got.keys, keys)
		}
		if got == w.company.at(name) {
			same++
		}
	}
	if same < 10_000 || same == 20_000 {
		t.Errorf("%d of 20000 names are taken apart as they are without a place; the memo is not tried", same)
	}
}

func TestJoinDotted_OfASCII(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 20_000 {
		text := make([]byte, random.IntN(12))
		for i := range text {
			text[i] = "aB.., 9-"[random.IntN(8)]
		}
		// The letter behind, which no full stop touches, sends it the long way.
		want, _ := strings.CutSuffix(joinDotted(string(text)+" 99é"), " 99é")
		if got := joinDotted(string(text) + " 99e"); got != want+" 99e" {
			t.Fatalf("%q becomes %q, want %q", text, got, want)
		}
	}
}
