package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/extract"
)

// accounts are n accounts; each row is Id, name, deleted, master, city, state.
func accounts(n int, change func(i int, row []string) []string) input {
	var text strings.Builder
	text.WriteString("Id,Name,OwnerId,LastModifiedDate,SystemModstamp,IsDeleted,MasterRecordId,BillingCity,BillingState\n")
	for i := range n {
		row := []string{fmt.Sprintf("001%012d", i), fmt.Sprint("Müller ", i), "005000000000001", at(1), at(1), "false", "",
			fmt.Sprint("City ", i), fmt.Sprint("State ", i%7)}
		if change != nil {
			row = change(i, row)
		}
		if row != nil {
			text.WriteString(strings.Join(row, ",") + "\n")
		}
	}
	return input{"crm/Account.csv": text.String(), "companies.csv": "company_id,name\nc1,One\n", "members.csv": "member_id,name\nm1,One\n"}
}

// inspect extracts one world after another and gives what is found in the last, as check object.column: detail.
func inspect(t *testing.T, s *sql.Session, full bool, worlds ...input) []string {
	t.Helper()
	var seen extract.InspectOut
	var last extract.Out
	for i, w := range worlds {
		raw := must(t, s, w, extract.In{AsOf: day1.AddDate(0, 0, i), Full: full || i == 0, Previous: last.Tables})
		var err error
		seen, err = extract.Inspect(t.Context(), s, extract.InspectIn{After: raw.Tables, Before: last.Tables, Overruled: raw.Overruled,
			Log: raw.Log, BeforeLog: last.Log, Rejects: raw.Rejects, Counts: raw.Counts, GoneMicros: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		last = raw
	}
	var lines []string
	for _, f := range seen.Findings {
		lines = append(lines, fmt.Sprintf("%s %s: %s", f.Check, strings.TrimSuffix(f.Object+"."+f.Column, "."), f.Detail))
	}
	return lines
}

func without(n int) func(int, []string) []string {
	return func(i int, row []string) []string {
		if i < n {
			return nil
		}
		return row
	}
}

func deleted(n int, master string) func(int, []string) []string {
	return func(i int, row []string) []string {
		if i < n {
			row[5], row[6], row[4] = "true", master, at(2)
		}
		return row
	}
}

func TestInspect_Z23_HowMuchMayBeGone(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      int
		full   bool
		change func(int, []string) []string
		want   string
	}{
		{"a tenth", 100, true, without(10), ""},
		{"more than a tenth", 100, true, without(11), "records_gone Account: 11 of 100 live records are not in the import"},
		{"more than a tenth of few", 9, true, without(1), "records_gone Account: 1 of 9 live records are not in the import"},
		{"all", 9, true, without(9), "empty_object Account: the last publication had 9, this import has none"},
		{"all, by a delta", 9, false, without(9), ""},
		{"some deleted, few of them", 100, true, deleted(19, ""), ""},
		{"many deleted", 100, true, deleted(20, ""), "records_gone Account: 20 of 100 live records are gone, 20 of them deleted in the CRM"},
		{"many deleted, by a delta", 100, false, deleted(20, ""), "records_gone Account: 20 of 100 live records are gone, 20 of them deleted in the CRM"},
		{"all deleted", 15, true, deleted(15, ""), ""},
		{"many merged", 100, true, deleted(40, "001000000000099"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := inspect(t, sqltest.Open(t), c.full, accounts(c.n, nil), accounts(c.n, c.change))
			same(t, "findings", strings.Join(got, "\n"), c.want)
		})
	}
}

// A record that was deleted before is no live one: that the recycle bin forgets it is nobody's accident.
func TestInspect_Z23_PurgedRecordsAreNotGoneTwice(t *testing.T) {
	got := inspect(t, sqltest.Open(t), true, accounts(100, deleted(40, "")), accounts(100, without(40)))
	same(t, "findings", strings.Join(got, "\n"), "")
}

func TestInspect_Z23_DirectoryIdsWithARedirectAreNotGone(t *testing.T) {
	companies := func(prefix string, redirects bool) input {
		in := accounts(5, nil)
		text, moved := "company_id,name\n", "old_id,new_id\n"
		for i := range 20 {
			id := fmt.Sprint("c", i)
			if i < 5 {
				id = prefix + id
				moved += fmt.Sprintf("c%d,%s\n", i, id)
			}
			text += fmt.Sprintf("%s,Company %d\n", id, i)
		}
		in["companies.csv"] = text
		if redirects {
			in["redirects.csv"] = moved
		}
		return in
	}
	same(t, "without", strings.Join(inspect(t, sqltest.Open(t), true, companies("", false), companies("n", false)), "\n"),
		"records_gone company: 5 of 20 are not in the files any more")
	same(t, "with", strings.Join(inspect(t, sqltest.Open(t), true, companies("", false), companies("n", true)), "\n"), "")
}

// An accident in the files is seen also where the mirror wins every row, because nothing in the CRM has changed.
func TestInspect_SeesWhatTheMirrorOverrules(t *testing.T) {
	s := sqltest.Open(t)
	world := accounts(40, nil)
	garbled := input{}
	for name, text := range world {
		garbled[name] = strings.ReplaceAll(text, "ü", "Ã¼")
	}
	first := must(t, s, world, extract.In{AsOf: day1, Full: true})
	second := must(t, s, garbled, extract.In{AsOf: day2, Full: true, Previous: first.Tables})
	if second.Tables["raw_account"].ID != first.Tables["raw_account"].ID || second.Overruled["raw_account"].Rows != 40 {
		t.Fatalf("the mirror changed, or %d rows are overruled, want 40", second.Overruled["raw_account"].Rows)
	}
	same(t, "findings", strings.Join(inspect(t, s, true, world, garbled), "\n"),
		"wrong_encoding Account.Name: 40 of 40 texts with other than plain letters are garbled, before 0 of 40")
	if again := must(t, s, world, extract.In{AsOf: day2, Full: true, Previous: first.Tables}); again.Overruled != nil {
		t.Errorf("equal rows are overruled: %+v", again.Overruled)
	}
}

// Letters that only look like broken ones are left alone, and question marks where they belong.
func TestInspect_OrdinaryLettersAreNotGarbled(t *testing.T) {
	names := []string{"CAFÉ", "SÃO PAULO", "İstanbul", "Łódź", "Ærø", "東京", "Ελλάς", "Ñandú – Ö", "“Ü” GmbH", "Nº 5 ® Straße", "What? No", "Yahoo?"}
	got := inspect(t, sqltest.Open(t), true, accounts(120, func(i int, row []string) []string {
		row[1] = fmt.Sprintf("%s %d", names[i%len(names)], i)
		return row
	}))
	same(t, "findings", strings.Join(got, "\n"), "")
}

func TestInspect_LargeObjectsBySample(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 120,000 rows")
	}
	s := sqltest.Open(t)
	swapped := func(i int, row []string) []string {
		row[7], row[8], row[4] = row[8], row[7], at(2)
		return row
	}
	got := inspect(t, s, true, accounts(60_000, nil), accounts(60_000, swapped))
	if len(got) != 1 || !strings.HasPrefix(got[0], "shifted_columns Account.BillingCity: ") || !strings.Contains(got[0], "(in a sample)") {
		t.Errorf("findings %q, want shifted columns in a sample", got)
	}
	// The same part of a smaller table that is stored in one file.
	got = inspect(t, s, true, accounts(12_000, nil), accounts(12_000, swapped))
	if len(got) != 1 || !strings.Contains(got[0], "(in a sample)") {
		t.Errorf("findings %q, want shifted columns in a sample", got)
	}
}
