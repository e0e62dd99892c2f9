package demo

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestIdsAndReferences(t *testing.T) {
	dir, _ := generate(t, Default())
	crm := func(o string) []map[string]string { return table(t, filepath.Join(dir, "crm", o+"*")) }
	accounts, contacts, leads, opportunities := crm("Account"), crm("Contact"), crm("Lead"), crm("Opportunity-")
	users, roles := crm("User."), crm("OpportunityContactRole")
	seen := map[string]map[string]map[string]string{"": {}}
	for prefix, rows := range map[string][]map[string]string{"001": accounts, "003": contacts, "00Q": leads, "006": opportunities, "00K": roles, "005": users, "00E": crm("UserRole"), "01J": crm("OpportunityStage"), "01L": crm("CurrencyType"), "04w": crm("DatedConversionRate"), "00D": crm("Organization")} {
		seen[prefix] = keys(rows, "Id")
		for _, r := range rows {
			id := r["Id"]
			if len(id) != 18 || !strings.HasPrefix(id, prefix) {
				t.Fatalf("%s: Id %q", r["file"], id)
			}
			if c := checkChars(id[:15]); string(c[:]) != id[15:] {
				t.Fatalf("%s: Id %q has the wrong check characters", r["file"], id)
			}
		}
	}
	for prefix, n := range map[string]int{"001": 300, "003": 800, "00Q": 300} {
		if len(seen[prefix]) != n {
			t.Errorf("%s: %d Ids, want %d", prefix, len(seen[prefix]), n)
		}
	}
	refer := func(rows []map[string]string, column, prefix string, empty bool) {
		t.Helper()
		for _, r := range rows {
			v := r[column]
			if v == "" && empty || column == "OwnerId" && strings.HasPrefix(v, "00G") {
				continue
			}
			if seen[prefix][v] == nil {
				t.Errorf("%s %s: %s %q does not exist", r["file"], r["Id"], column, v)
			}
		}
	}
	refer(roles, "ContactId", "003", false)
	refer(roles, "OpportunityId", "006", false)
	refer(opportunities, "AccountId", "001", false)
	refer(contacts, "AccountId", "001", true)
	refer(accounts, "ParentId", "001", true)
	refer(accounts, "MasterRecordId", "001", true)
	refer(contacts, "MasterRecordId", "003", true)
	refer(leads, "MasterRecordId", "00Q", true)
	refer(leads, "ConvertedContactId", "003", true)
	refer(leads, "ConvertedAccountId", "001", true)
	refer(leads, "ConvertedOpportunityId", "006", true)
	for _, rows := range [][]map[string]string{accounts, contacts, leads, opportunities} {
		refer(rows, "OwnerId", "005", false)
	}
	stages := map[string]bool{}
	for _, o := range opportunities {
		stages[o["StageName"]] = true
	}
	if len(stages) != 10 {
		t.Errorf("opportunities in %d stages, want 10", len(stages))
	}
	companies, members := table(t, filepath.Join(dir, "directory/companies.csv")), table(t, filepath.Join(dir, "directory/members.csv.gz"))
	company, member := keys(companies, "company_id"), keys(members, "member_id")
	if len(company) != len(companies) || len(member) != len(members) {
		t.Error("directory ids are not unique")
	}
	truth := table(t, filepath.Join(dir, "truth.csv"))
	for _, r := range truth {
		prefix, entities := map[string]string{"Account": "001", "Contact": "003", "Lead": "00Q"}[r["object"]], member
		if r["object"] == "Account" {
			entities = company
		}
		if seen[prefix][r["crm_id"]] == nil {
			t.Errorf("truth: no record %s", r["crm_id"])
		}
		none := strings.HasPrefix(r["cases"], "no_match")
		if none != (r["entity_id"] == "") || r["entity_id"] != "" && entities[r["entity_id"]] == nil {
			t.Errorf("truth: %s %s has entity %q, cases %s", r["object"], r["crm_id"], r["entity_id"], r["cases"])
		}
	}
	for _, m := range members {
		if m["company_id"] != "" && company[m["company_id"]] == nil {
			t.Errorf("member %s: no company %s", m["member_id"], m["company_id"])
		}
	}
	old := keys(table(t, filepath.Join(dir, "redirects.csv")), "old_id")
	seats := keys(table(t, filepath.Join(dir, "seats.csv")), "seat_id")
	for _, a := range table(t, filepath.Join(dir, "activities.csv")) {
		if seats[a["seat_id"]] == nil || a["member_id"] != "" && member[a["member_id"]] == nil && old[a["member_id"]] == nil || a["company_id"] != "" && company[a["company_id"]] == nil && old[a["company_id"]] == nil {
			t.Errorf("activity %v refers to nothing", a)
		}
	}
	right := map[string]string{}
	for _, r := range truth {
		right[r["crm_id"]] = r["entity_id"]
	}
	undone := map[string]bool{}
	decisions := table(t, filepath.Join(dir, "decisions.csv"))
	for _, d := range decisions {
		undone[d["crm_id"]] = undone[d["crm_id"]] || d["verdict"] == "undo"
	}
	for _, d := range decisions {
		entity := d["entity_id"]
		if o := old[entity]; o != nil {
			entity = o["new_id"]
		}
		want, ok := right[d["crm_id"]]
		good := ok && (undone[d["crm_id"]] || d["verdict"] == "is" && entity == want || d["verdict"] == "is_not" && entity != want || d["verdict"] == "none" && want == "")
		if !good {
			t.Errorf("decision %v, but the truth is %q", d, want)
		}
	}
	emails := keys(users, "Email")
	var odd, explicit, off, unknown int
	for _, s := range seats {
		switch u := emails[s["email"]]; {
		case s["crm_user_id"] != "" && u["Id"] != s["crm_user_id"]:
			explicit++
		case u == nil && strings.HasSuffix(strings.ToLower(s["email"]), "@acme.com"):
			odd++
		case u == nil:
			unknown++
		}
		if s["sync"] == "false" {
			off++
		}
	}
	if odd == 0 || explicit != 1 || off == 0 || unknown != 1 {
		t.Errorf("seats: %d in other case, %d by id, %d off, %d unknown", odd, explicit, off, unknown)
	}
}
