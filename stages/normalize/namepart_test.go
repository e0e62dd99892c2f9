package normalize

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Names that are put together from remembered parts are the names that are taken apart whole.
func TestParseName_OfPartsIsThatOfTheWhole(t *testing.T) {
	words := strings.Split(`Anna|Bob|J.|J|Dr.|Prof|Jean-Pierre|Mary Ann|van der|de la|O'Brien|McDonald|Smith|SMITH|Ma|MA|Ph.D.|PhD|Jr|III|(Bobby)|"Kate"|`+
		`Müller|Иван|김|Kim|Lee|Test|unknown|n/a|[not provided]|123|X1|,|, MBA|he/him|@|-|/|Abdul|Aziz|al|y|и|Anna|bob|&|*|AnnaSchmidt|Nguyen|José`, "|")
	random := rand.New(rand.NewPCG(1, 2))
	some := func() string {
		var field []string
		for range random.IntN(4) {
			field = append(field, words[random.IntN(len(words))])
		}
		return strings.Join(field, []string{" ", " ", " ", ""}[random.IntN(4)])
	}
	know := shipped().forOne()
	joined := 0
	for range 30_000 {
		first, last, whole := some(), some(), some()
		if random.IntN(3) > 0 {
			first, last = words[random.IntN(len(words))], words[random.IntN(len(words))]
		}
		if _, ok := know.joinParts(first, last); ok {
			joined++
		}
		got, want := know.parseName(first, last, whole), shipped().takeName(first, last, whole)
		if !same(got, want) {
			t.Fatalf("%q %q %q: got %+v, want %+v", first, last, whole, got, want)
		}
		sorted := strings.Fields(want.given + " " + want.middle + " " + want.surname)
		slices.Sort(sorted)
		if want.given == "" || want.surname == "" {
			sorted = nil
		}
		if s := got.sorted(); s != strings.Join(sorted, " ") {
			t.Fatalf("%q %q %q: sorted %q, want %q", first, last, whole, s, sorted)
		}
		locals := []string{strings.ToLower(words[random.IntN(len(words))]) + "." + strings.ToLower(words[random.IntN(len(words))])}
		if got, want := know.fromLocals(got, locals), shipped().fromLocals(want, locals); !same(got, want) {
			t.Fatalf("%q %q %q with %q: got %+v, want %+v", first, last, whole, locals, got, want)
		}
	}
	if joined < 5_000 {
		t.Errorf("only %d names were put together from parts", joined)
	}
}

// same compares names; no list and an empty one are the same.
func same(a, b personName) bool {
	for _, n := range []*personName{&a, &b} {
		for _, list := range []*[]string{&n.roots, &n.parts, &n.words} {
			*list = append([]string{}, *list...)
		}
	}
	return reflect.DeepEqual(a, b)
}
