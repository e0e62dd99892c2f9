package score

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// After another directory, and after other records with the same one, the answers are those that trying everything gives, and what they rest
// on (invariant 2), whether the table is amended or stored whole.
func TestRemedies_Invariant2_EqualsTryingAll(t *testing.T) {
	_, section := person(t)
	for i, r := range section.Rules {
		section.Rules[i].Max = min(r.Max, 6)
	}
	different, same, seeds := 0, 0, uint64(2)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 2))
		s := open(t, 2)
		w := newWorld(random, 600)
		for i, h := range w.crm { // each lacks one field of its member, or two
			other := anyone(random)
			if h.email = other.email; random.IntN(2) == 0 {
				h.given = other.given
			}
			w.crm[i] = h
			if i%3 == 0 { // two members who differ in their mail address
				twin := w.members[i]
				twin.email = anyone(random).email
				w.members[i+1] = twin
			}
		}
		in := RemediesIn{In: learned(t, s, w.in(t, s, section)), ThresholdMicros: 300_000}
		in.Patches = w.patches(t, s)
		out := tried(t, s, in)
		last, scoring := out, scored(t, s, in.In)
		for step := range 4 {
			before, were, knew := maps.Clone(w.members), maps.Clone(w.crm), maps.Clone(w.known)
			sameDirectory := step == 3
			for i := 0; i < 600 && sameDirectory; i += 16 {
				w.known[i], w.crm[i+2] = anyone(random), anyone(random)
			}
			for n := 1 + random.IntN(8); n > 0 && !sameDirectory; n-- {
				i := random.IntN(600)
				if h, ok := w.members[i]; ok && random.IntN(3) > 0 {
					h.city = fmt.Sprintf("city%d", random.IntN(8))
					w.members[i] = h
				} else {
					w.members[i] = anyone(random)
				}
			}
			next := RemediesIn{In: w.in(t, s, section), ThresholdMicros: in.ThresholdMicros}
			next.Parameters, next.Frequencies = in.Parameters, in.Frequencies
			next.Patches = w.patches(t, s)
			want := tried(t, s, next)
			differ := []string{"('')"}
			for i := range w.crm {
				if before[i] != w.members[i] || before[i+1] != w.members[i+1] || were[i] != w.crm[i] || knew[i] != w.known[i] {
					differ = append(differ, fmt.Sprintf("('003%012d')", i))
				}
			}
			again := next
			again.Only = table(t, s, schemas.Differing, "(VALUES "+strings.Join(differ, ", ")+") x(id)", map[string]string{"crm_id": "id"})
			again.Kept, again.KeptIndex, again.KeptGrounds = out.Remedies, in.Index, out.Grounds
			asked := next.In
			asked.Earlier = &Earlier{In: in.In, Out: scoring}
			if scoring = scored(t, s, asked); step > 0 { // what scoring has prepared and noted is taken from it
				again.Rolls = scoring.Rolls()
				if s.Shared(shareOf(asked)) == nil && !sameDirectory {
					t.Errorf("seed %d, step %d: scoring left nothing prepared", seed, step)
				}
			} else {
				s.Share(shareOf(asked), nil)
			}
			got := tried(t, s, again)
			if s.Shared(shareOf(asked)) != nil {
				t.Errorf("seed %d, step %d: what was prepared is kept for nobody", seed, step)
			}
			if stored, err := s.Whole(t.Context(), got.Remedies); err != nil || stored.ID != want.Remedies.ID {
				t.Errorf("seed %d, step %d: %s", seed, step, difference(t, s, want.Remedies, got.Remedies))
			}
			if got.Grounds != want.Grounds {
				t.Errorf("seed %d, step %d: the answers rest on other grounds", seed, step)
			}
			if want.Remedies.ID != last.Remedies.ID {
				different++
			} else if same++; got.Remedies.ID != out.Remedies.ID {
				t.Errorf("seed %d, step %d: no answer differs, but the table is another", seed, step)
			}
			in, out, last = next, got, want
		}
		if out.Remedies.Rows < 20 {
			t.Errorf("seed %d: %d answers: the test says little", seed, out.Remedies.Rows)
		}
	}
	if different == 0 {
		t.Errorf("no answer differs in %d steps", same)
	}
}

func tried(t *testing.T, s *sql.Session, in RemediesIn) RemediesOut {
	t.Helper()
	out, err := Remedies(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// patches proposes for each live record, field by field, what the directory says of the member of its number, and of the next.
func (w *world) patches(t *testing.T, s *sql.Session) sql.Snapshot {
	t.Helper()
	var rows []string
	for i, h := range w.crm {
		for _, entity := range []int{i, i + 1} {
			m, ok := w.members[entity]
			if h.dead || !ok {
				continue
			}
			for place, p := range [][4]string{{"City", "city", m.city}, {"FirstName", "given", m.given}, {"LastName", "surname", m.surname}, {"Email", "emails", m.email}} {
				rows = append(rows, fmt.Sprintf("(%d, %d, %d, '%s', '%s', '%s')", i, entity, place+1, p[0], p[1], p[2]))
			}
		}
	}
	is := func(column string) string { return "CASE WHEN col = '" + column + "' THEN value END" }
	return table(t, s, schemas.PatchPerson, "(VALUES "+strings.Join(rows, ", ")+") x(i, entity, place, field, col, value)", map[string]string{
		"object": "CASE WHEN i % 5 = 0 THEN 'Lead' ELSE 'Contact' END", "crm_id": "printf('003%012d', i)", "entity_id": "printf('m%06d', entity)",
		"place": "place", "field": "field", "value": "value", "changed": "CASE WHEN col = 'given' THEN ['given', 'given_roots'] ELSE [col] END",
		"city": is("city"), "given": is("given"), "given_roots": "CASE WHEN col = 'given' THEN [value] END", "surname": is("surname"),
		"emails": "CASE WHEN col = 'emails' THEN [value] END"})
}
