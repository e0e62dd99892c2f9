package normalize

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTally_CountsEachKind(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	objects := []string{"Account", "Contact", "Lead", companyObj, memberObj}
	fields := []string{"Name", "Email", "City", "State", "Street", "BillingCity", "BillingState", "Phone", "Title", "company_id", "emails"}
	kinds := []string{missing, unusable, unknown, notFound, notAHost, notAnEmail, sharedHost, freeMailed, placeholder}
	w, want := &worker{tally: &tally{}}, map[check]int64{}
	var before *tally
	for n := range 20_000 {
		c := check{object: objects[random.IntN(len(objects))]}
		if n%7 == 0 {
			w.looked(c.object)
		} else {
			c.field, c.what = fields[random.IntN(len(fields))], kinds[random.IntN(len(kinds))]
			w.found(c.object, c.field, c.what)
		}
		if want[c]++; n == 10 {
			before = w.tally.clone()
		}
	}
	if got := (&run{workers: []*worker{w}}).tally(); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if n := len(before.kinds); n > 11 || slices.ContainsFunc(before.kinds, func(f finding) bool { return f.records > 11 }) {
		t.Error("what is counted later is counted in the copy, too")
	}
}
