package score

import (
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// Records that were scored before are scored anew only where something can have changed, and everything is as if all of
// them had been: candidates by content, and what was observed (invariant 2).
func TestAgain_Invariant2_EqualsScoringAll(t *testing.T) {
	_, section := person(t)
	for i, r := range section.Rules { // so low that keys become too common, and cease to be
		section.Rules[i].Max = min(r.Max, 6)
	}
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	amended, renewed, whole := 0, 0, 0
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			s := open(t, 2)
			w := newWorld(random, 600)
			section := section
			section.Keep = 3 - int(seed%3) // few: candidates come up that were not kept
			in := w.in(t, s, section)
			in = learned(t, s, in)
			out := scored(t, s, in)
			for step := range 3 {
				w.change(random, seed%3 != 1, step%2 == 0, seed%3 != 0)
				next := w.in(t, s, section)
				next.Parameters, next.Frequencies = in.Parameters, in.Frequencies
				want := scored(t, s, next)
				next.Earlier = &Earlier{In: in, Out: out}
				if !next.Earlier.fits(next) {
					t.Fatal("the earlier call is not used")
				}
				again, n, few := counted(t, s, next)
				if few > 0 { // not all were scored
					renewed, whole = renewed+few, whole+n
				}
				if again.Candidates.Amended() {
					amended++
				}
				if stored, err := s.Whole(t.Context(), again.Candidates); err != nil || want.Candidates.ID != stored.ID {
					t.Errorf("step %d: other candidates: %s", step, difference(t, s, want.Candidates, again.Candidates))
				}
				if want.Totals != again.Totals {
					t.Errorf("step %d: other totals", step)
				}
				if !reflect.DeepEqual(want.Observed, again.Observed) {
					t.Errorf("step %d: observed\n%+v\nwant\n%+v", step, again.Observed, want.Observed)
				}
				unseen := next // as the last round is asked on top of the first
				unseen.Observe = false
				quiet := scored(t, s, unseen)
				unseen.Earlier = nil
				if all := scored(t, s, unseen); quiet.Candidates.ID != again.Candidates.ID || quiet.Totals != all.Totals || !reflect.DeepEqual(quiet.Observed, all.Observed) {
					t.Errorf("step %d: other results where records are not observed: %+v", step, quiet)
				}
				next.Earlier = nil
				in, out = next, again
			}
		})
	}
	if amended == 0 {
		t.Error("the table was never amended")
	}
	t.Logf("where the directory was another, %d records were renewed and %d scored", renewed, whole)
	if renewed < 2*whole {
		t.Errorf("%d records were renewed and %d scored: the pairs that change are seldom enough", renewed, whole)
	}
}

// learned gives a call the numbers that its records give.
func learned(t *testing.T, s *sql.Session, in In) In {
	t.Helper()
	estimated, err := Estimate(t.Context(), s, EstimateIn{Section: in.Section, CRM: in.CRM, Known: in.Known, Index: in.Index})
	if err != nil {
		t.Fatal(err)
	}
	in.Parameters, in.Frequencies = estimated.Parameters, estimated.Frequencies
	return in
}

// How many records are looked at: all, where nothing is known; those that meet a member that differs, that is gone or that is
// new, and no others; none, where nothing differs. Of those that meet one only the pairs that change are compared.
func TestAgain_ComparesWhatMeetsChangedMembers(t *testing.T) {
	_, section := person(t)
	random := rand.New(rand.NewPCG(7, 1))
	s := open(t, 2)
	w := newWorld(random, 600)
	in := w.in(t, s, section)
	in = learned(t, s, in)
	live := 0
	for _, h := range w.crm {
		if !h.dead {
			live++
		}
	}
	out, n, _ := counted(t, s, in)
	if n != live {
		t.Errorf("%d records scored at first, want all %d", n, live)
	}
	// Nobody else has these names, and too few people live in that city for its keys to be common.
	stranger := human{given: "xenia", surname: "quux", city: "nowhere", email: "x@else.example", company: "none"}
	friend := stranger
	friend.email = "y@else.example"
	w.crm[900] = friend
	next := w.in(t, s, section)
	next.Parameters, next.Frequencies, next.Earlier = in.Parameters, in.Frequencies, &Earlier{In: in, Out: out}
	in, out, n, _ = again(t, s, next)
	if n != 1 {
		t.Errorf("%d records scored after one was added, want 1", n)
	}
	for _, step := range []struct {
		what    string
		do      func()
		renewed int
	}{
		{"added", func() { w.members[900] = stranger }, 0}, // nothing was as likely before
		{"changed", func() { h := stranger; h.email = "z@else.example"; w.members[900] = h }, 1},
		{"renamed", func() { w.members[901] = w.members[900]; delete(w.members, 900) }, 1},
		{"removed", func() { delete(w.members, 901) }, 0}, // the likeliest is gone
	} {
		step.do()
		next := w.in(t, s, section)
		next.Parameters, next.Frequencies, next.Earlier = in.Parameters, in.Frequencies, &Earlier{In: in, Out: out}
		var renewed int
		if in, out, n, renewed = again(t, s, next); n != 1-step.renewed || renewed != step.renewed {
			t.Errorf("%d records scored and %d renewed after a member was %s, want the one that meets it, renewed %d", n, renewed, step.what, step.renewed)
		}
	}
	next = in
	next.Earlier = &Earlier{In: in, Out: out}
	if _, _, n, renewed := again(t, s, next); n+renewed != 0 {
		t.Errorf("%d records scored where nothing differs", n+renewed)
	}
}

func again(t *testing.T, s *sql.Session, in In) (In, Out, int, int) {
	t.Helper()
	out, n, renewed := counted(t, s, in)
	in.Earlier = nil
	return in, out, n, renewed
}

// counted is scored, how many records that took, and of how many only pairs that change were compared.
func counted(t *testing.T, s *sql.Session, in In) (out Out, whole, renewed int) {
	t.Helper()
	index, close, err := openIndex(s, in.Section, in.Index)
	if err != nil {
		t.Fatal(err)
	}
	defer close() //nolint:errcheck // nothing was written
	r, err := begin(t.Context(), s, in, index)
	if err != nil {
		t.Fatal(err)
	}
	if out, err = r.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out, r.scored, r.renewed
}

func scored(t *testing.T, s *sql.Session, in In) Out {
	t.Helper()
	out, err := Run(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func difference(t *testing.T, s *sql.Session, want, got sql.Snapshot) string {
	t.Helper()
	for name, snap := range map[string]sql.Snapshot{"want": want, "got": got} {
		if err := s.BindAs(t.Context(), name, snap); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%d rows too many, %d missing", one(t, s, "SELECT count(*) FROM (FROM got EXCEPT FROM want)"),
		one(t, s, "SELECT count(*) FROM (FROM want EXCEPT FROM got)"))
}

// world is a small directory and CRM whose rows a test changes.
type world struct{ crm, known, members map[int]human }

type human struct {
	given, surname, city, email, company string
	dead                                 bool
}

func newWorld(random *rand.Rand, n int) *world {
	w := &world{map[int]human{}, map[int]human{}, map[int]human{}}
	for i := range n {
		h := anyone(random)
		w.members[i] = h
		if i%2 == 0 {
			w.crm[i] = h
		}
		if i%4 == 0 {
			w.known[i] = h
		}
	}
	return w
}

func anyone(random *rand.Rand) human {
	return human{given: fmt.Sprintf("given%d", random.IntN(40)), surname: fmt.Sprintf("surname%d", random.IntN(60)), city: fmt.Sprintf("city%d", random.IntN(8)),
		email: fmt.Sprintf("p%d@example.com", random.IntN(300)), company: fmt.Sprintf("k%d", random.IntN(25)), dead: random.IntN(30) == 0}
}

func (w *world) change(random *rand.Rand, crm, known, members bool) {
	alter := func(rows map[int]human, n int) {
		for range n {
			switch i := random.IntN(700); random.IntN(4) {
			case 0:
				delete(rows, i)
			case 1: // the same under another id
				if h, ok := rows[i]; ok {
					delete(rows, i)
					rows[random.IntN(700)] = h
				}
			default:
				rows[i] = anyone(random)
			}
		}
	}
	if crm {
		alter(w.crm, 5)
	}
	if known {
		alter(w.known, 5)
	}
	if members { // fewer, or more, than mostTouched lets be looked for
		alter(w.members, []int{1, 4, 10, 25, 60}[random.IntN(5)])
	}
}

// in stores the world as the stage finds it.
func (w *world) in(t *testing.T, s *sql.Session, section linkage.Section) In {
	t.Helper()
	rows := func(all map[int]human) string {
		var values []string
		for i, h := range all {
			values = append(values, fmt.Sprintf("(%d, '%s', '%s', '%s', '%s', '%s', %t)", i, h.given, h.surname, h.city, h.email, h.company, h.dead))
		}
		return "(VALUES " + strings.Join(values, ", ") + ") x(i, given, surname, city, email, company, dead)"
	}
	columns := map[string]string{"given": "given", "given_roots": "[given]", "surname": "surname", "city": "city", "emails": "[email]",
		"company_ids": "[company]", "entity_id": "printf('m%06d', i)"}
	in := In{Section: section, Observe: true}
	in.Directory = table(t, s, schemas.DirMember, rows(w.members), columns)
	delete(columns, "company_ids")
	columns["crm_id"], columns["object"], columns["live"] = "printf('003%012d', i)", "CASE WHEN i % 5 = 0 THEN 'Lead' ELSE 'Contact' END", "NOT dead"
	in.CRM = table(t, s, schemas.CRMPerson, rows(w.crm), columns)
	in.Known = table(t, s, schemas.Known, rows(w.known), map[string]string{"object": columns["object"], "crm_id": columns["crm_id"], "known_ids": "[company]"})
	builder, err := linkage.NewBuilder(section)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.BindAs(t.Context(), "dir_member", in.Directory); err != nil {
		t.Fatal(err)
	}
	if err := s.Each(t.Context(), "SELECT * FROM dir_member", nil, builder.Records().Append); err != nil {
		t.Fatal(err)
	}
	built, err := builder.Build(1)
	if err != nil {
		t.Fatal(err)
	}
	if in.Index, err = s.WriteObject(func(w io.Writer) error { _, err := built.WriteTo(w); return err }); err != nil {
		t.Fatal(err)
	}
	return in
}
