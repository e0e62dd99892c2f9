package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
)

// A decided contact is merged into another one that somebody decided otherwise, and the entity's id changes in the
// directory. The survivor's own word is its answer, the other is listed; deciding anew about the survivor settles it.
func TestDecisions_D7_D8_FollowMergesAndRedirects(t *testing.T) {
	dir, _ := syncDemo(t, demo.Config{Accounts: 30, Contacts: 80, Leads: 20}, nil)
	config, err := pipeline.LoadConfig(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	page := filepath.Join(dir, "crm", "Contact-1.csv")
	header, contacts := readSheet(t, page)
	at := func(name string) int { return slices.Index(header, name) }
	var pair []int // two live contacts that nobody decided about
	for i, row := range contacts {
		if len(rows(t, dir, "FROM mapping WHERE crm_id = '"+row[at("Id")]+"' AND status = 'matched'")) == 1 && len(pair) < 2 {
			pair = append(pair, i)
		}
	}
	lost, kept := contacts[pair[0]][at("Id")], contacts[pair[1]][at("Id")]
	free := rows(t, dir, "SELECT member_id FROM raw_member ANTI JOIN mapping ON entity_id = member_id ANTI JOIN raw_redirect ON old_id = member_id ORDER BY 1 LIMIT 3")
	one, two, three := free[0][0], free[1][0], free[2][0]
	who := pipeline.Person{By: "eve", Login: "test"}
	decide := func(j pipeline.Judgement) pipeline.Decided {
		t.Helper()
		p, err := store.Open(t.Context(), "latest")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		d, err := p.Decide(t.Context(), j, who, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	decide(pipeline.Judgement{CRMID: lost, Verdict: "is", EntityID: one, Via: "decide"})
	decide(pipeline.Judgement{CRMID: kept[:15], Verdict: "is", EntityID: two, Via: "decide"})

	row := contacts[pair[0]]
	row[at("MasterRecordId")], row[at("IsDeleted")] = kept, "true"
	row[at("SystemModstamp")], row[at("LastModifiedDate")] = "2026-10-01T12:00:00.000Z", "2026-10-01T12:00:00.000Z"
	writeSheet(t, page, header, contacts)
	head, redirects := readSheet(t, filepath.Join(dir, "redirects.csv"))
	writeSheet(t, filepath.Join(dir, "redirects.csv"), head, append(redirects, []string{two, three}))
	day := time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)
	if _, err := pipeline.Run(t.Context(), pipeline.Options{Config: config, AsOf: day, Threads: 1}); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, dir, "SELECT entity_id, status FROM mapping WHERE crm_id = '"+kept+"'"); got[0][0] != three || got[0][1] != "decided" {
		t.Errorf("the survivor is %v, want its own decision %s under its id of today, %s", got, two, three)
	}
	if got := rows(t, dir, "SELECT outcome, is_conflict, now_crm_id FROM decision_outcome WHERE crm_id = '"+lost+"'"); len(got) != 1 || got[0][0] != "overruled_after_merge" || got[0][2] != kept {
		t.Errorf("the merged record's decision: %v", got)
	}

	if d := decide(pipeline.Judgement{CRMID: lost, Verdict: "is", EntityID: one, Via: "decide"}); d.Then == "" || len(d.TakenBack) != 0 {
		t.Errorf("deciding about the merged one: %+v", d)
	}
	d := decide(pipeline.Judgement{CRMID: kept, Verdict: "none", Via: "decide"})
	if len(d.TakenBack) != 1 || d.TakenBack[0].CRMID != lost {
		t.Errorf("deciding about the survivor takes back %+v", d.TakenBack)
	}
	if _, err := pipeline.Run(t.Context(), pipeline.Options{Config: config, Decisions: true, AsOf: day.Add(time.Hour), Threads: 1}); err != nil {
		t.Fatal(err)
	}
	got := rows(t, dir, "SELECT entity_id, status, decision_seq FROM mapping WHERE crm_id = '"+kept+"'")
	if got[0][0] != "<nil>" || got[0][1] != "decided" || got[0][2] != "4000000000000000005" {
		t.Errorf("the survivor is %v", got)
	}
	if got := rows(t, dir, "SELECT seq, outcome FROM decision_outcome WHERE is_conflict AND seq > 4000000000000000000"); len(got) != 0 {
		t.Errorf("conflicts are left: %v", got)
	}
}
