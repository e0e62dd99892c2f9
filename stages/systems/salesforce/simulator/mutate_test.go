package simulator

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// seen is what SOQL says of a record: nil where it is not there.
func seen(t *testing.T, base, token, verb, q string) []map[string]any {
	t.Helper()
	status, _, body := ask(t, "GET", base+"/services/data/v66.0/"+verb+"?q="+strings.ReplaceAll(q, " ", "+"), token, "")
	if status != 200 {
		t.Fatalf("%s: %s", q, body)
	}
	return decode[struct{ Records []map[string]any }](t, body).Records
}

// What users do, and what a sync sees of it: section 6 of the protocol.
func TestMutations(t *testing.T) {
	clock := newClock()
	s, base := serve(t, Options{Clock: clock.now})
	token := s.Token()
	const stamp = "2026-11-02T04:00:00.000Z"
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	record := func(object, id string) Cells {
		t.Helper()
		r, ok := s.Record(object, id)
		if !ok {
			t.Fatalf("no %s %s", object, id)
		}
		return r
	}
	id, err := s.Upsert("Account", Cells{"Name": "New One", "Industry": "Brand New"})
	must(err)
	if r := record("Account", id); !strings.HasPrefix(id, "001") || len(id) != 18 || r["Name"] != "New One" || r["SystemModstamp"] != stamp || r["CreatedDate"] != stamp || r["IsDeleted"] != "false" {
		t.Errorf("new: %v", r)
	}
	clock.at = clock.at.Add(time.Minute)
	_, err = s.Upsert("Account", Cells{"Id": id, "Name": "Late One", "SystemModstamp": "2026-11-01T00:00:00.000Z"})
	must(err)
	if r := record("Account", id); r["SystemModstamp"] != "2026-11-01T00:00:00.000Z" || r["Name"] != "Late One" {
		t.Errorf("a late commit keeps its stamp: %v", r)
	}
	now := clock.at.Format(momentLayout)

	// Deletion takes children along, and queryAll shows them until the bin is emptied.
	contact, err := s.Upsert("Contact", Cells{"LastName": "Child", "AccountId": id})
	must(err)
	opportunity, err := s.Upsert("Opportunity", Cells{"Name": "Deal", "AccountId": id})
	must(err)
	role, err := s.Upsert("OpportunityContactRole", Cells{"OpportunityId": opportunity, "ContactId": contact})
	must(err)
	must(s.Delete("Account", id))
	for object, id := range map[string]string{"Account": id, "Contact": contact, "Opportunity": opportunity, "OpportunityContactRole": role} {
		if r := record(object, id); r["IsDeleted"] != "true" || r["SystemModstamp"] != now {
			t.Errorf("deleted %s: %v", object, r)
		}
		q := "SELECT Id FROM " + object + " WHERE Id = '" + id + "'"
		if live, all := seen(t, base, token, "query", q), seen(t, base, token, "queryAll", q); len(live) != 0 || len(all) != 1 {
			t.Errorf("deleted %s: %d by query, %d by queryAll", object, len(live), len(all))
		}
	}
	must(s.Undelete("Account", id))
	if r := record("OpportunityContactRole", role); r["IsDeleted"] != "false" {
		t.Errorf("undeleted: %v", r)
	}
	must(s.Delete("Contact", contact))
	must(s.Purge("Contact"))
	if _, ok := s.Record("Contact", contact); ok {
		t.Error("the bin is not empty")
	}
	must(s.Purge("Account", id))
	if got := seen(t, base, token, "queryAll", "SELECT Id FROM Account WHERE Id = '"+id+"'"); len(got) != 0 {
		t.Error("a hard-deleted account is still there")
	}

	// A merge deletes the losers, names the winner, and re-parents children.
	for _, keeps := range []bool{false, true} {
		s.Set(func(w *Switches) { w.MergeKeepsStamps = keeps })
		winner, err := s.Upsert("Account", Cells{"Name": "Winner"})
		must(err)
		loser, err := s.Upsert("Account", Cells{"Name": "Loser"})
		must(err)
		child, err := s.Upsert("Contact", Cells{"LastName": "Child", "AccountId": loser, "SystemModstamp": stamp})
		must(err)
		must(s.Merge("Account", winner, loser))
		if r := record("Account", loser); r["IsDeleted"] != "true" || r["MasterRecordId"] != winner {
			t.Errorf("loser: %v", r)
		}
		if r := record("Contact", child); r["AccountId"] != winner || r["IsDeleted"] != "false" || (r["SystemModstamp"] == stamp) != keeps {
			t.Errorf("child: %v", r)
		}
	}
	if s.Merge("Account", "x") == nil || s.Merge("Opportunity", "x", "y") == nil {
		t.Error("a merge of nothing is taken")
	}

	// A conversion.
	lead, err := s.Upsert("Lead", Cells{"LastName": "Muster", "FirstName": "Eva", "Company": "Muster AG", "Email": "eva@muster.example"})
	must(err)
	c, err := s.Convert(lead, Conversion{WithOpportunity: true})
	must(err)
	if r := record("Lead", lead); r["IsConverted"] != "true" || r["ConvertedDate"] != "2026-11-02" || r["ConvertedAccountId"] != c.Account || r["ConvertedContactId"] != c.Contact ||
		r["ConvertedOpportunityId"] != c.Opportunity || r["IsDeleted"] != "false" {
		t.Errorf("converted: %v", r)
	}
	if r := record("Contact", c.Contact); r["AccountId"] != c.Account || r["Email"] != "eva@muster.example" {
		t.Errorf("contact of the lead: %v", r)
	}
	if _, err := s.Convert(lead, Conversion{}); err == nil || !strings.Contains(err.Error(), "CANNOT_UPDATE_CONVERTED_LEAD") {
		t.Errorf("twice converted: %v", err)
	}
	owner := s.IDs("User")[3]
	must(s.Own("Contact", owner, c.Contact))
	if r := record("Contact", c.Contact); r["OwnerId"] != owner {
		t.Errorf("owned: %v", r)
	}
}

// Fields, objects, features and sharing: describe, SOQL and Bulk agree on what the user sees.
func TestSetup(t *testing.T) {
	clock := newClock()
	s, base := serve(t, Options{Clock: clock.now})
	token := s.Token()
	data := base + "/services/data/v66.0"
	fields := func(object string) []string {
		t.Helper()
		status, _, body := ask(t, "GET", data+"/sobjects/"+object+"/describe", token, "")
		if status == 404 {
			return nil
		}
		var names []string
		for _, f := range decode[struct{ Fields []struct{ Name string } }](t, body).Fields {
			names = append(names, f.Name)
		}
		return names
	}
	agree := func(object, field string, visible bool) {
		t.Helper()
		if got := slices.Contains(fields(object), field); got != visible {
			t.Errorf("describe of %s has %s: %t", object, field, got)
		}
		if status, body := soql(t, base, token, "SELECT "+field+" FROM "+object+" LIMIT 1"); (status == 200) != visible || !visible && !strings.Contains(body, "INVALID_FIELD") {
			t.Errorf("%s.%s: %d %s", object, field, status, body)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	agree("Account", "Segment__c", true)
	agree("User", "IsDeleted", false)
	agree("UserRole", "CreatedDate", false)
	must(s.HideField("Account", "Segment__c", true))
	agree("Account", "Segment__c", false)
	must(s.HideField("Account", "Segment__c", false))
	agree("Account", "Segment__c", true)
	must(s.AddField("Account", "Tier__c", "string", true))
	agree("Account", "Tier__c", true)
	some := s.IDs("Account")[0]
	before, _ := s.Record("Account", some)
	must(s.Calculate("Account", "Tier__c", map[string]string{some: "A"}))
	after, _ := s.Record("Account", some)
	if before["Tier__c"] = "A"; !maps.Equal(before, after) {
		t.Errorf("a formula changed more than itself: %v", after)
	}
	s.Currencies(false)
	agree("Account", "CurrencyIsoCode", false)
	if fields("CurrencyType") != nil {
		t.Error("CurrencyType without multi-currency")
	}
	s.Currencies(true)
	agree("Account", "CurrencyIsoCode", true)
	s.PersonAccounts(false)
	agree("Account", "IsPersonAccount", false)
	must(s.HideObject("Lead", true))
	if status, body := soql(t, base, token, "SELECT Id FROM Lead"); fields("Lead") != nil || status != 400 || !strings.Contains(body, "INVALID_TYPE") {
		t.Errorf("a hidden object: %d %s", status, body)
	}
	must(s.Share("Account", false, some))
	q := "SELECT Id FROM Account WHERE Id = '" + some + "'"
	if got := seen(t, base, token, "queryAll", q); len(got) != 0 {
		t.Error("a record that is not shared is seen")
	}
	must(s.Share("Account", true, some))
	if got := seen(t, base, token, "queryAll", q); len(got) != 1 {
		t.Error("a shared record is not seen")
	}
	_, h, _ := ask(t, "GET", data+"/sobjects/Account/describe", token, "")
	r := h.Get("Last-Modified")
	if at, err := time.Parse(time.RFC1123, r); err != nil || !at.Equal(clock.at) {
		t.Errorf("Last-Modified %q", r)
	}
}

// An org that is written as a folder and loaded again holds the same, and the demo's files are what it was loaded from.
func TestExport(t *testing.T) {
	s, _ := serve(t, Options{})
	dir := filepath.Join(t.TempDir(), "crm")
	if err := s.Export(dir); err != nil {
		t.Fatal(err)
	}
	again := New(Options{})
	if err := again.Load(dir); err != nil {
		t.Fatal(err)
	}
	for _, o := range s.store.tables {
		ids := s.IDs(o.name)
		if !slices.Equal(ids, again.IDs(o.name)) || len(ids) == 0 {
			t.Errorf("%s: %d records, then %d", o.name, len(ids), len(again.IDs(o.name)))
		}
		for _, id := range ids {
			a, _ := s.Record(o.name, id)
			if b, _ := again.Record(o.name, id); !maps.Equal(a, b) {
				t.Fatalf("%s %s: %v, then %v", o.name, id, a, b)
			}
		}
	}
}

// The same seed changes the same org in the same way, and all that changes is stamped.
func TestChurn(t *testing.T) {
	clock := newClock()
	var orgs [2]*Server
	for i := range orgs {
		s, _ := serve(t, Options{Clock: clock.now})
		orgs[i] = s
		done, err := s.Churn(0.2, 7)
		if err != nil {
			t.Fatal(err)
		}
		if done.Edited == 0 || done.Owned == 0 || done.Deleted == 0 || done.New == 0 || done.Merged == 0 || done.Converted == 0 || done.Total() < 200 {
			t.Errorf("%s", done)
		}
	}
	fresh, _ := serve(t, Options{})
	changed := 0
	for _, object := range []string{"Account", "Contact", "Lead"} {
		ids := orgs[0].IDs(object)
		if !slices.Equal(ids, orgs[1].IDs(object)) {
			t.Errorf("%s differ", object)
		}
		for _, id := range ids {
			a, _ := orgs[0].Record(object, id)
			if b, _ := orgs[1].Record(object, id); !maps.Equal(a, b) {
				t.Fatalf("%s %s differs", object, id)
			}
			if was, _ := fresh.Record(object, id); !maps.Equal(a, was) {
				if changed++; a["SystemModstamp"] != clock.at.Format(momentLayout) {
					t.Errorf("%s %s changed without a stamp", object, id)
				}
			}
		}
	}
	if changed < 200 {
		t.Errorf("%d records changed", changed)
	}
}

func TestLoad_Refuses(t *testing.T) {
	for name, text := range map[string]string{
		"Account.csv": "Id,Name\n0015g000015aIx5AAA,A\n", "Contact.csv": "Id,LastName\n0015g000015aIx5AAE,A\n", "Lead.csv": "Id,LastName\n00Q5g000015aIx5EAE\n",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, name), text)
		if err := New(Options{}).Load(dir); err == nil || !strings.Contains(err.Error(), name+": line 2: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := New(Options{}).Load(t.TempDir()); err == nil {
		t.Error("an empty folder is loaded")
	}
}
