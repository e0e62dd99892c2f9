package resolve_test

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/resolve"
)

// A thousand decided records go through random merges, conversions, deletions and changes of directory ids. What was
// decided about each is the answer of the record it became, or it is listed with the reason why not: nothing is lost.
func TestDecisions_D7_D8_D9_ThousandThroughMergesAndConversions(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	const decided = 1000
	type record struct {
		object, id, verdict, entity, master, contact string
		deleted                                      bool
	}
	var all []*record
	contact := func() string { return fmt.Sprintf("c%04d", r.IntN(decided/2)) }
	redirects, directory := map[string]string{}, map[string]bool{}
	for i := range decided {
		x := &record{object: "Contact", id: fmt.Sprintf("c%04d", i), verdict: "is", entity: fmt.Sprintf("m%04d", r.IntN(900))}
		if i >= decided/2 {
			x.object, x.id = "Lead", fmt.Sprintf("l%04d", i)
		}
		switch n := r.IntN(10); {
		case n < 2:
			x.verdict, x.entity = "none", ""
		case n < 3:
			x.verdict = "is_not"
		}
		switch n := r.IntN(10); {
		case n < 3 && x.object == "Contact": // chains, and now and then a circle
			x.master = contact()
		case n < 3:
			x.master = fmt.Sprintf("l%04d", decided/2+r.IntN(decided/2))
		case n < 6 && x.object == "Lead":
			x.contact = contact()
		case n == 9:
			x.deleted = r.IntN(2) == 0
		}
		all = append(all, x)
	}
	for i := range 900 {
		if id := fmt.Sprintf("m%04d", i); r.IntN(5) == 0 {
			redirects[id] = fmt.Sprintf("m%04d", r.IntN(900))
		} else if r.IntN(20) > 0 {
			directory[id] = true
		}
	}
	contacts, leads := "Id,IsDeleted,MasterRecordId\n", "Id,IsDeleted,MasterRecordId,IsConverted,ConvertedContactId\n"
	decisions, old, members := "seq,object,crm_id,verdict,entity_id\n", "old_id,new_id\n", "entity_id\n"
	byID := map[string]*record{}
	for seq, i := range r.Perm(len(all)) {
		decisions += fmt.Sprintf("%d,%s,%s,%s,%s\n", seq+1, all[i].object, all[i].id, all[i].verdict, all[i].entity)
	}
	for _, x := range all {
		byID[x.id] = x
		if x.object == "Contact" {
			contacts += fmt.Sprintf("%s,%v,%s\n", x.id, x.deleted || x.master != "", x.master)
		} else {
			leads += fmt.Sprintf("%s,%v,%s,%v,%s\n", x.id, x.deleted || x.master != "", x.master, x.contact != "", x.contact)
		}
	}
	for from, to := range redirects {
		old += from + "," + to + "\n"
	}
	for id := range directory {
		members += id + "\n"
	}
	s := sqltest.Open(t)
	out, err := resolve.Run(t.Context(), s, resolve.In{Kind: resolve.Person, ThresholdMicros: 500_000,
		Contact: sqltest.Load(t, s, "raw_contact", contacts), Lead: sqltest.Load(t, s, "raw_lead", leads),
		Decisions: sqltest.Load(t, s, "raw_decision", decisions), Redirects: sqltest.Load(t, s, "raw_redirect", old),
		Directory: sqltest.Load(t, s, "dir_member", members)})
	if err != nil {
		t.Fatal(err)
	}
	today := func(id string) string { // in a circle: the smallest
		for range len(redirects) {
			if next, ok := redirects[id]; ok {
				id = next
			}
		}
		least := id
		for at := redirects[id]; at != "" && at != id; at = redirects[at] {
			least = min(least, at)
		}
		return least
	}
	became := func(x *record) *record { // nil in a circle
		for range len(all) {
			switch {
			case x.master != "":
				x = byID[x.master]
			case x.contact != "":
				x = byID[x.contact]
			default:
				return x
			}
		}
		return nil
	}
	answers, outcomes := table(t, s, out.Mapping, "crm_id,entity_id,status"), table(t, s, out.Outcomes, "crm_id,outcome,is_conflict")
	if len(outcomes) != decided {
		t.Fatalf("%d of %d decisions are accounted for", len(outcomes), decided)
	}
	seen := map[string]int{}
	for _, x := range all {
		outcome := outcomes[x.id]
		seen[outcome[1]]++
		if outcome[2] == "true" && outcome[1] != "entity_not_in_directory" {
			continue
		}
		end := became(x)
		if end == nil {
			t.Errorf("%s leads nowhere and its decision is %s", x.id, outcome[1])
			continue
		}
		answer := answers[end.id]
		switch x.verdict {
		case "is":
			if answer[1] != today(x.entity) || answer[2] != "decided" && answer[2] != "duplicate" {
				t.Errorf("%s is %s, now %s: %v, outcome %s", x.id, x.entity, today(x.entity), answer, outcome[1])
			}
		case "none":
			if answer[1] != "" || answer[2] != "decided" {
				t.Errorf("%s has no match: %v, outcome %s", x.id, answer, outcome[1])
			}
		case "is_not":
			if answer[1] == today(x.entity) {
				t.Errorf("%s is not %s: %v, outcome %s", x.id, x.entity, answer, outcome[1])
			}
		}
	}
	for _, outcome := range []string{"applied", "overruled_after_merge", "record_left_out", "entity_not_in_directory"} {
		if seen[outcome] < 10 {
			t.Errorf("%d decisions are %s: the case proves nothing about these", seen[outcome], outcome)
		}
	}
}

// table is a stored table by its first column.
func table(t *testing.T, s *sql.Session, snap sql.Snapshot, columns string) map[string][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(sqltest.Dump(t, s, snap, columns))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, row := range rows[1:] {
		found[row[0]] = row
	}
	return found
}
