package resolve_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/resolve"
)

// The oracle is design.md, "Resolution", written once more as plain loops over small worlds. It shares nothing with
// the SQL. Many worlds with ids of their own are resolved in one run.

type option struct {
	entity    string
	weight, p int
}

type word struct {
	seq             int
	verdict, entity string
	own             bool   // said about the record that it holds for
	outcome         string // what became of it
	by              int    // the decision that is to blame; 0 for none
}

type person struct {
	object, id           string
	deleted, converted   bool
	master, contact      string
	activity, created    string
	options              []option
	words                []word
	entity, status, lost string
	seq, weight          int // -1 for none
	gap                  string
	primary              bool
}

type world struct {
	people    []*person
	redirects map[string]string
	directory map[string]bool
}

func randomWorld(r *rand.Rand, number int) world {
	w := world{redirects: map[string]string{}, directory: map[string]bool{}}
	entity := func() string { return fmt.Sprintf("w%dm%d", number, r.IntN(5)) }
	var contacts []string
	for i := range r.IntN(9) {
		p := &person{object: "Contact", id: fmt.Sprintf("w%dc%d", number, i)}
		if i > 4 {
			p.object, p.id = "Lead", fmt.Sprintf("w%dl%d", number, i)
		} else {
			contacts = append(contacts, p.id)
		}
		switch r.IntN(8) {
		case 0:
			p.deleted = true
		case 1:
			p.deleted, p.master = true, p.id[:len(p.id)-1]+fmt.Sprint(r.IntN(9))
		case 2:
			p.converted = p.object == "Lead"
		}
		if p.converted && len(contacts) > 0 {
			p.contact = contacts[r.IntN(len(contacts))]
		}
		if r.IntN(2) == 0 {
			p.activity = fmt.Sprintf("2026-01-0%d", 1+r.IntN(2))
		}
		if r.IntN(2) == 0 {
			p.created = fmt.Sprintf("2020-01-0%d", 1+r.IntN(2))
		}
		left := 1_000_000
		for range r.IntN(4) {
			o := option{entity(), 1000 * r.IntN(4), left * (1 + r.IntN(8)) / 10}
			if !slices.ContainsFunc(p.options, func(x option) bool { return x.entity == o.entity }) {
				left -= o.p
				p.options = append(p.options, o)
			}
		}
		slices.SortFunc(p.options, func(a, b option) int { // candidate.rank follows this order
			return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.entity, b.entity))
		})
		w.people = append(w.people, p)
	}
	for i := range 4 { // all but one
		w.directory[fmt.Sprintf("w%dm%d", number, i)] = true
	}
	for i := range r.IntN(7) {
		if len(w.people) == 0 {
			break
		}
		p := w.people[r.IntN(len(w.people))]
		d := word{seq: number*10 + i, verdict: []string{"is", "is_not", "none", "undo"}[r.IntN(4)], entity: entity()}
		if d.verdict == "none" || d.verdict == "undo" && r.IntN(2) == 0 {
			d.entity = ""
		}
		p.words = append(p.words, d)
	}
	if r.IntN(3) == 0 { // a chain, or a circle
		w.redirects[fmt.Sprintf("w%dm0", number)] = fmt.Sprintf("w%dm1", number)
		w.redirects[fmt.Sprintf("w%dm1", number)] = fmt.Sprintf("w%dm%d", number, 2*r.IntN(2))
	}
	return w
}

func (w world) final(id string) string {
	seen := []string{}
	for w.redirects[id] != "" {
		if i := slices.Index(seen, id); i >= 0 {
			return slices.Min(seen[i:])
		}
		seen = append(seen, id)
		id = w.redirects[id]
	}
	return id
}

func (w world) find(object, id string) *person {
	for _, p := range w.people {
		if p.object == object && p.id == id {
			return p
		}
	}
	return nil
}

// end follows merges and conversions; nil where they lead nowhere.
func (w world) end(p *person) *person {
	for range len(w.people) + 1 {
		next := ""
		object := p.object
		if p.master != "" {
			next = p.master
		} else if p.converted && !p.deleted {
			object, next = "Contact", p.contact
		}
		if next == "" {
			return p
		}
		if p = w.find(object, next); p == nil {
			return nil
		}
	}
	return nil
}

func (p *person) live() bool { return !p.deleted && p.master == "" && !p.converted }

func (w world) resolve(threshold int) {
	w.decide()
	for _, p := range w.people {
		p.status, p.seq, p.weight = "unmatched", -1, -1
		if p.live() {
			w.propose(p, threshold)
		}
	}
	better := func(a, b *person) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), cmp.Compare(b.weight, a.weight),
			cmp.Compare(b.activity, a.activity), cmp.Compare(orLate(a.created), orLate(b.created)), cmp.Compare(a.id, b.id))
	}
	entities := map[string]bool{}
	for _, p := range w.people {
		entities[p.entity] = p.entity != ""
	}
	for e, ok := range entities {
		if !ok {
			continue
		}
		var winners []*person
		for _, object := range []string{"Contact", "Lead"} {
			var rivals []*person
			for _, p := range w.people {
				if p.live() && p.entity == e && p.object == object {
					rivals = append(rivals, p)
				}
			}
			slices.SortFunc(rivals, better)
			for i, p := range rivals {
				if i == 0 {
					winners = append(winners, p)
					continue
				}
				p.status, p.lost = "duplicate", rivals[0].id
				if p.weight >= 0 && rivals[0].weight >= 0 {
					p.gap = fmt.Sprint(rivals[0].weight - p.weight)
				}
			}
		}
		slices.SortStableFunc(winners, func(a, b *person) int { return cmp.Compare(rank(b), rank(a)) })
		if len(winners) > 0 {
			winners[0].primary = true
		}
	}
	for _, p := range w.people {
		switch {
		case p.master != "":
			p.status = "merged"
		case p.deleted:
			p.status = "deleted"
		case p.converted:
			p.status = "converted"
		}
	}
	for _, p := range w.people {
		if end := w.end(p); end != nil && end.live() {
			p.entity = end.entity
		}
	}
}

func rank(p *person) int {
	if p.seq >= 0 {
		return 1
	}
	return 0
}

func orLate(created string) string { return cmp.Or(created, "9999") }

// propose fills entity, seq and weight from decisions and options.
func (w world) propose(p *person, threshold int) {
	vetoed := map[string]bool{}
	decided := word{seq: -1}
	for _, d := range w.applied(p) {
		switch {
		case d.verdict == "is_not":
			vetoed[d.entity] = true
		case decided.seq < 0 || d.own || !decided.own:
			decided = d
		}
	}
	merged := map[string]option{}
	for _, o := range p.options {
		e := w.final(o.entity)
		merged[e] = option{e, max(o.weight, merged[e].weight), o.p + merged[e].p}
	}
	mass := 1_000_000
	var rest []option
	for e, o := range merged {
		if vetoed[e] {
			mass -= o.p
		} else {
			rest = append(rest, o)
		}
	}
	slices.SortFunc(rest, func(a, b option) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.entity, b.entity))
	})
	for i, o := range rest {
		rest[i].p = min(1_000_000, (o.p*1_000_000+mass/2)/mass)
	}
	if decided.seq >= 0 {
		p.status, p.seq, p.entity = "decided", decided.seq, decided.entity
	} else if len(rest) > 0 && rest[0].p >= threshold && (len(rest) < 2 || rest[1].weight < rest[0].weight) {
		p.status, p.entity = "matched", rest[0].entity
	}
	for _, o := range rest {
		if p.entity != "" && o.entity == p.entity {
			p.weight = o.weight
		}
	}
}

func TestResolve_D5_Invariant4_EqualsPlainLoops(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 7))
		contacts, leads := "Id,IsDeleted,MasterRecordId,LastActivityDate,CreatedDate\n", "Id,IsDeleted,MasterRecordId,IsConverted,ConvertedContactId,LastActivityDate,CreatedDate\n"
		candidates := "object,crm_id,rank,entity_id,weight,probability\n"
		decisions, redirects := "seq,object,crm_id,verdict,entity_id\n", "old_id,new_id\n"
		directory := "entity_id\n"
		var want, outcomes []string
		for number := range 300 {
			w := randomWorld(r, 1000+number)
			for entity := range w.directory {
				directory += entity + "\n"
			}
			for old, id := range w.redirects {
				redirects += old + "," + id + "\n"
			}
			for _, p := range w.people {
				if p.object == "Contact" {
					contacts += fmt.Sprintf("%s,%v,%s,%s,%s\n", p.id, p.deleted, p.master, p.activity, p.created)
				} else {
					leads += fmt.Sprintf("%s,%v,%s,%v,%s,%s,%s\n", p.id, p.deleted, p.master, p.converted, p.contact, p.activity, p.created)
				}
				for i, o := range p.options {
					candidates += fmt.Sprintf("%s,%s,%d,%s,%d,0.%06d\n", p.object, p.id, i+1, o.entity, o.weight, o.p)
				}
				for _, d := range p.words {
					decisions += fmt.Sprintf("%d,%s,%s,%s,%s\n", d.seq, p.object, p.id, d.verdict, d.entity)
				}
			}
			w.resolve(500_000)
			for _, p := range w.people {
				for _, d := range p.words {
					outcomes = append(outcomes, fmt.Sprintf("%d,%s,%s", d.seq, d.outcome, strings.TrimPrefix(fmt.Sprint(d.by), "0")))
				}
			}
			primaries := map[string]int{}
			for _, p := range w.people {
				want = append(want, fmt.Sprintf("%s,%s,%s,%s,%v,%s,%s", p.object, p.id, p.entity, p.status, p.primary, p.lost, p.gap))
				if p.primary {
					primaries[p.entity]++
				}
			}
			for entity, n := range primaries {
				if n > 1 {
					t.Fatalf("the oracle gives %s %d primary records", entity, n)
				}
			}
		}
		s := sqltest.Open(t)
		in := resolve.In{
			Kind: resolve.Person, ThresholdMicros: 500_000,
			Candidates: sqltest.Load(t, s, "candidate", candidates),
			Directory:  sqltest.Load(t, s, "dir_member", directory),
			Contact:    sqltest.Load(t, s, "raw_contact", contacts), Lead: sqltest.Load(t, s, "raw_lead", leads),
			Decisions: sqltest.Load(t, s, "raw_decision", decisions), Redirects: sqltest.Load(t, s, "raw_redirect", redirects),
		}
		out, err := resolve.Run(t.Context(), s, in)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := resolve.Run(t.Context(), s, in); err != nil || again.Mapping.ID != out.Mapping.ID || again.Unmatched.ID != out.Unmatched.ID {
			t.Errorf("seed %d: a second run gave other bytes, error %v (invariant 1)", seed, err)
		}
		for _, c := range []struct {
			table   sql.Snapshot
			columns string
			want    []string
		}{{out.Mapping, "object,crm_id,entity_id,status,primary,lost_to,gap", want}, {out.Outcomes, "seq,outcome,by_seq", outcomes}} {
			got := strings.Split(strings.TrimSpace(sqltest.Dump(t, s, c.table, c.columns)), "\n")[1:]
			slices.Sort(got)
			slices.Sort(c.want)
			if len(got) != len(c.want) {
				t.Fatalf("seed %d: %d rows of %s, want %d", seed, len(got), c.table.Table, len(c.want))
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("seed %d: got %s, want %s", seed, got[i], c.want[i])
				}
			}
		}
	}
}
