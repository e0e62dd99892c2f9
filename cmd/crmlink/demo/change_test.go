package demo

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A delta holds exactly the records that differ between the pages before and after the same changes, and the same
// changes give the same bytes.
func TestChangeCRM_DeltaHoldsWhatChanged(t *testing.T) {
	before, _ := generate(t, Config{Accounts: 300, Contacts: 800, Leads: 300, Seed: 3})
	after, _ := generate(t, Config{Accounts: 300, Contacts: 800, Leads: 300, Seed: 3})
	changes := Changes{Org: before, PerMille: 100, Seed: 7, At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Delta: filepath.Join(t.TempDir(), "delta")}
	one, err := ChangeCRM(t.Context(), changes)
	if err != nil {
		t.Fatal(err)
	}
	again := changes
	again.Org, again.Delta = after, ""
	two, err := ChangeCRM(t.Context(), again)
	if err != nil || one != two {
		t.Fatalf("%+v in the delta, %+v in the pages, error %v", one, two, err)
	}
	if all := one.Edited + one.Deleted + one.New; all < 100 || all > 180 || one.Edited == 0 || one.Deleted == 0 || one.New == 0 {
		t.Errorf("%+v of 1,400 records", one)
	}
	for _, object := range []string{"Account", "Contact", "Lead"} {
		was, is := rowsOf(t, before, object), rowsOf(t, after, object)
		maps.DeleteFunc(is, func(row string, _ string) bool { _, same := was[row]; return same })
		held := map[string]string{}
		for _, row := range table(t, filepath.Join(changes.Delta, object+".csv")) {
			held[textOf(row)] = row["Id"]
		}
		if !maps.Equal(held, is) {
			t.Errorf("%s: the delta has %d rows, the pages %d that were not there", object, len(held), len(is))
		}
	}
	if rows := table(t, filepath.Join(changes.Delta, "Opportunity.csv")); len(rows) != 0 {
		t.Errorf("the delta has %d opportunities", len(rows))
	}
	twin := changes
	twin.Delta = filepath.Join(t.TempDir(), "delta")
	if _, err := ChangeCRM(t.Context(), twin); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(digest(t, changes.Delta), digest(t, twin.Delta)) {
		t.Error("the same changes give other bytes")
	}
}

func TestChangeDirectory_EditsRemovesAndAdds(t *testing.T) {
	dir, _ := generate(t, Config{Accounts: 300, Contacts: 800, Leads: 300, Seed: 3})
	ids := func() map[string]string {
		all := map[string]string{}
		for _, name := range []string{"companies.csv", "members.csv.gz"} {
			for _, row := range table(t, filepath.Join(dir, "directory", name)) {
				all[row["company_id"]+row["member_id"]] = textOf(row)
			}
		}
		return all
	}
	before := ids()
	changed, err := ChangeDirectory(t.Context(), Changes{Org: dir, PerMille: 100, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	var found Changed
	after := ids()
	for id, text := range before {
		if now, ok := after[id]; !ok {
			found.Deleted++
		} else if now != text {
			found.Edited++
		}
	}
	found.New = len(after) - len(before) + found.Deleted
	if found != changed || found.New == 0 || found.Deleted == 0 || found.Edited == 0 {
		t.Errorf("found %+v, told %+v", found, changed)
	}
}

// rowsOf are the rows of an object as text, with their Ids.
func rowsOf(t *testing.T, dir, object string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, row := range table(t, filepath.Join(dir, "crm", object+"-*")) {
		all[textOf(row)] = row["Id"]
	}
	return all
}

func textOf(row map[string]string) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(row)) {
		if name != "file" {
			text += name + "=" + row[name] + "\n"
		}
	}
	return text
}
