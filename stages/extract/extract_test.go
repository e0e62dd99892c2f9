package extract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/systems/csvdir"
)

var (
	day1 = time.Date(2026, 1, 1, 4, 0, 0, 0, time.UTC)
	day2 = day1.AddDate(0, 0, 1)
	day3 = day1.AddDate(0, 0, 2)
)

// input is a world of files: CRM pages and the user's lists, by path below a folder.
type input map[string]string

const accountHeader = "Id,Name,OwnerId,LastModifiedDate,SystemModstamp,AnnualRevenue\n"

func account(n int, name, modified, stamp string) string {
	return fmt.Sprintf("001%012d,%s,005000000000001,%s,%s,1.5E3\n", n, name, modified, stamp)
}

func at(day int) string { return fmt.Sprintf("2026-01-%02dT00:00:00.000Z", day) }

// write lays the files out; objects and lists a test says nothing of have a header only.
func (in input) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string) {
		place := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range schemas.Objects {
		if !o.Helper && !in.has("crm/"+o.Name+".") && !in.has("crm/"+o.Name+"-") {
			put("crm/"+o.Name+".csv", strings.Join(o.Required(), ",")+"\n")
		}
	}
	for name, header := range map[string]string{"companies": "company_id,name\n", "members": "member_id,name\n"} {
		if !in.has(name) {
			put(name+".csv", header)
		}
	}
	for name, text := range in {
		put(name, text)
	}
	return dir
}

func (in input) has(prefix string) bool {
	for name := range in {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

var lists = map[string]string{"company": "companies*", "member": "members*", "seat": "seats*", "activity": "activities*", "decision": "decisions*", "redirect": "redirects*"}

// run extracts the files of a folder.
func run(t testing.TB, s *sql.Session, dir string, in extract.In) (extract.Out, error) {
	t.Helper()
	inputs := map[string]csvdir.Input{}
	in.Parquet = map[string]extract.Parquet{}
	for object, glob := range lists {
		found, err := filepath.Glob(filepath.Join(dir, glob))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case len(found) > 0 && extract.IsParquet(found[0]):
			in.Parquet[object] = extract.Parquet{Root: dir, Path: glob}
		case len(found) > 0:
			inputs[object] = csvdir.Input{Path: glob}
		}
	}
	return extract.Run(t.Context(), s, csvdir.CRM(csvdir.Options{Path: dir + "/crm"}), csvdir.Lists(dir, inputs, nil), in)
}

func must(t testing.TB, s *sql.Session, files input, in extract.In) extract.Out {
	t.Helper()
	out, err := run(t, s, files.write(t), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// show is a table as CSV text without its header.
func show(t testing.TB, s *sql.Session, out extract.Out, table, columns string) string {
	t.Helper()
	snap, ok := out.Tables[table]
	switch table {
	case "extract_log":
		snap, ok = out.Log, true
	case "reject":
		snap, ok = out.Rejects, true
	}
	if !ok {
		t.Fatalf("no table %s", table)
	}
	_, rows, _ := strings.Cut(sqltest.Dump(t, s, snap, columns), "\n")
	return strings.TrimSpace(rows)
}

func same(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n got:\n%s\nwant:\n%s", what, got, want)
	}
}

func TestNewestVersionWins(t *testing.T) {
	s := sqltest.Open(t)
	out := must(t, s, input{
		"crm/Account-1.csv": accountHeader +
			account(1, "old by stamp", at(9), at(1)) +
			account(2, "new without stamp", at(5), "") +
			account(3, "text a", "", at(3)) +
			account(4, "twice", at(1), "") +
			account(5, "no stamp", "", ""),
		"crm/Account-2.csv": accountHeader +
			account(1, "new by stamp", at(1), at(2)) +
			account(2, "old by stamp", at(9), at(4)) +
			account(3, "text b", "", at(3)) +
			account(4, "twice", at(1), "") + account(4, "twice", at(1), "") +
			account(5, "stamp", at(1), "") +
			"x,,,,,\n",
	}, extract.In{AsOf: day1, Full: true})
	same(t, "accounts", show(t, s, out, "raw_account", "Id,Name"), `001000000000001AAA,new by stamp
001000000000002AAA,new without stamp
001000000000003AAA,text b
001000000000004AAA,twice
001000000000005AAA,stamp`)
	same(t, "log", show(t, s, out, "extract_log", "file,rows_in,kept,superseded,rejected")[:len("Account-1.csv,5,2,3,0\nAccount-2.csv,7,3,3,1")],
		"Account-1.csv,5,2,3,0\nAccount-2.csv,7,3,3,1")
	same(t, "reject", show(t, s, out, "reject", "object,file,line,crm_id,column,reason"), "Account,Account-2.csv,8,,Id,bad_id")
	want := extract.Count{Object: "Account", Files: 2, RowsIn: 12, Kept: 5, Superseded: 6, Rejected: 1}
	if out.Counts[0] != want {
		t.Errorf("count %+v, want %+v", out.Counts[0], want)
	}
}

func TestMirror(t *testing.T) {
	s := sqltest.Open(t)
	columns := "Id,Name,missing_since"
	first := must(t, s, input{"crm/Account.csv": accountHeader +
		account(1, "stays", at(1), "") + account(2, "goes", at(1), "") + account(3, "changes", at(1), "") + account(4, "tie m", at(1), "") + account(5, "is damaged", at(1), "")},
		extract.In{AsOf: day1, Full: true})

	second := must(t, s, input{"crm/Account.csv": accountHeader +
		account(1, "stays", at(1), "") + account(3, "older", at(0 + 1)[:8]+"01T00:00:00Z", "2025-01-01T00:00:00Z") + account(4, "tie a", at(1), "") +
		strings.Replace(account(5, "is damaged", at(1), ""), "1.5E3", "?", 1) + account(6, "comes", at(1), "")},
		extract.In{AsOf: day2, Full: true, Previous: first.Tables})
	same(t, "full", show(t, s, second, "raw_account", columns), `001000000000001AAA,stays,
001000000000002AAA,goes,2026-01-02 04:00:00
001000000000003AAA,changes,
001000000000004AAA,tie m,
001000000000005AAA,is damaged,
001000000000006AAA,comes,`)
	if c := second.Counts[0]; c.Known != 5 || c.Missing != 1 || c.RowsIn != 5 || c.Kept != 2 || c.Superseded != 2 || c.Rejected != 1 {
		t.Errorf("count %+v", c)
	}

	// A delta says nothing by absence; what is back loses its mark, and one missing for longer keeps its day.
	delta := must(t, s, input{"crm/Account.csv": accountHeader + account(3, "changed", at(2), "")},
		extract.In{AsOf: day3, Previous: second.Tables})
	same(t, "delta", show(t, s, delta, "raw_account", columns), `001000000000001AAA,stays,
001000000000002AAA,goes,2026-01-02 04:00:00
001000000000003AAA,changed,
001000000000004AAA,tie m,
001000000000005AAA,is damaged,
001000000000006AAA,comes,`)
	again := must(t, s, input{"crm/Account.csv": accountHeader + account(3, "changed", at(2), "")},
		extract.In{AsOf: day3, Full: true, Previous: delta.Tables})
	same(t, "missing for longer", show(t, s, again, "raw_account", "Id,missing_since"), `001000000000001AAA,2026-01-03 04:00:00
001000000000002AAA,2026-01-02 04:00:00
001000000000003AAA,
001000000000004AAA,2026-01-03 04:00:00
001000000000005AAA,2026-01-03 04:00:00
001000000000006AAA,2026-01-03 04:00:00`)
	back := must(t, s, input{"crm/Account.csv": accountHeader + account(2, "is back", at(2), "") + account(4, "older", at(1)[:4]+"-01-01T00:00:00Z", "2020-01-01T00:00:00Z")},
		extract.In{AsOf: day3, Previous: again.Tables})
	same(t, "back", show(t, s, back, "raw_account", columns), `001000000000001AAA,stays,2026-01-03 04:00:00
001000000000002AAA,is back,
001000000000003AAA,changed,
001000000000004AAA,tie m,
001000000000005AAA,is damaged,2026-01-03 04:00:00
001000000000006AAA,comes,2026-01-03 04:00:00`)
}

// An object that is whole within a delta is taken as in a full import, and no other one is; what the input does not have
// at all stays.
func TestMirror_CompleteObjectsOfADelta(t *testing.T) {
	s := sqltest.Open(t)
	lead := "Id,LastName,Company,OwnerId,IsConverted,LastModifiedDate\n"
	first := must(t, s, input{
		"crm/Account.csv":          accountHeader + account(1, "stays", at(1), "") + account(2, "goes", at(1), ""),
		"crm/Lead.csv":             lead + "00Q000000000001,A,X,005000000000001,false,2026-01-01T00:00:00Z\n00Q000000000002,B,Y,005000000000001,false,2026-01-01T00:00:00Z\n",
		"crm/OpportunityStage.csv": "MasterLabel,SortOrder\nNew,9\nWon,2\n",
		"crm/CurrencyType.csv":     "IsoCode,ConversionRate\nEUR,1\n",
	}, extract.In{AsOf: day1, Full: true})
	second := must(t, s, input{
		"crm/Account.csv":          accountHeader + account(1, "stays", at(1), ""),
		"crm/Lead.csv":             lead + "00Q000000000001,A,X,005000000000001,false,2026-01-01T00:00:00Z\n",
		"crm/OpportunityStage.csv": "MasterLabel,SortOrder\nNew,9\n",
	}, extract.In{AsOf: day2, Complete: []string{"Account", "OpportunityStage"}, Previous: first.Tables})
	same(t, "accounts", show(t, s, second, "raw_account", "Id,missing_since"), "001000000000001AAA,\n001000000000002AAA,2026-01-02 04:00:00")
	same(t, "leads", show(t, s, second, "raw_lead", "Id,missing_since"), "00Q000000000001EAA,\n00Q000000000002EAA,")
	same(t, "stages", show(t, s, second, "raw_opportunity_stage", "MasterLabel,missing_since"), "New,\nWon,2026-01-02 04:00:00")
	same(t, "currencies", show(t, s, second, "raw_currency_type", "IsoCode,missing_since"), "EUR,")
	if a, l := second.Counts[0], second.Counts[2]; a.Known != 2 || a.Missing != 1 || l.Known != 0 || l.Missing != 0 {
		t.Errorf("counts %+v, %+v", a, l)
	}
}

// Rows that were read from the CRM just now say more than the mirror at equal stamps, and less at older ones: a formula
// changes and moves no stamp.
func TestMirror_FreshRowsCountAtEqualStamps(t *testing.T) {
	s := sqltest.Open(t)
	first := must(t, s, input{"crm/Account.csv": accountHeader + account(1, "z", at(1), at(2)) + account(2, "z", at(1), at(2)) + account(3, "same", at(1), at(2))},
		extract.In{AsOf: day1, Full: true})
	for _, fresh := range []bool{false, true} {
		want := map[bool]string{false: "z", true: "a"}[fresh]
		out := must(t, s, input{"crm/Account-1.csv": accountHeader + account(1, "a", at(1), at(2)) + account(2, "a", at(1), at(1)),
			"crm/Account-2.csv": accountHeader + account(3, "same", at(1), at(2))}, extract.In{AsOf: day2, Fresh: fresh, Previous: first.Tables})
		same(t, "accounts", show(t, s, out, "raw_account", "Id,Name"), "001000000000001AAA,"+want+"\n001000000000002AAA,z\n001000000000003AAA,same")
		if (out.Overruled != nil) == fresh {
			t.Errorf("fresh %v: overruled rows %v", fresh, out.Overruled)
		}
	}
}

// Helpers without any stamp would otherwise keep an old value for ever.
func TestMirror_RowsWithoutStampAreTakenAsRead(t *testing.T) {
	s := sqltest.Open(t)
	first := must(t, s, input{"crm/OpportunityStage.csv": "MasterLabel,SortOrder\nNew,9\nWon,2\n"}, extract.In{AsOf: day1, Full: true})
	second := must(t, s, input{"crm/OpportunityStage.csv": "MasterLabel,SortOrder\nNew,1\nWon,2\n"}, extract.In{AsOf: day2, Full: true, Previous: first.Tables})
	same(t, "stages", show(t, s, second, "raw_opportunity_stage", "MasterLabel,SortOrder"), "New,1\nWon,2")
	rates := "IsoCode,StartDate,ConversionRate\nEUR,2026-01-01,1.1\nEUR,2026-02-01,1.2\n"
	third := must(t, s, input{"crm/DatedConversionRate.csv": rates}, extract.In{AsOf: day3, Full: true, Previous: second.Tables})
	same(t, "rates", show(t, s, third, "raw_dated_conversion_rate", "IsoCode,StartDate,ConversionRate"),
		"EUR,2026-01-01,1.1000000000\nEUR,2026-02-01,1.2000000000")
	same(t, "stages without file", show(t, s, third, "raw_opportunity_stage", "MasterLabel,missing_since"),
		"New,2026-01-03 04:00:00\nWon,2026-01-03 04:00:00")
}

var everyList = input{
	"companies.csv": "company_id,name,aliases,domains\nc1,Acme, Acme Inc|ACME ,acme.example\nc1,Acme,,\nc2,B,|,\n,No id,,\n",
	"members.csv":   "member_id,first_name,emails,past_titles\nm1,Ada,a@x.example|b@x.example,\nm1,Ada,,x\nm2,Bob,,\n",
	"seats.csv":     "seat_id,email,crm_user_id,sync\ns1,a@x.example,005000000000001,TRUE\ns2,b@x.example,,\ns3,c@x.example,001000000000001,\ns4,d@x.example,005,\ns5,e@x.example,,maybe\n",
	"activities.csv": "activity_id,seat_id,kind,occurred_at,copy_to_crm\na1,s1,save,2026-01-02T03:04:05.678Z,1\na2,s1,save,2026-01-02T03:04:05+0100,0\n" +
		"a3,s1,save,gestern,\na4,s1,save,2026-01-02T03:04:05,\na5,s1,save,,\n",
	"decisions.csv": "seq,object,crm_id,verdict,entity_id,at\n1,Account,001000000000001,is,c1,2026-01-02T03:04:05Z\n2.0,Contact,003000000000001AAA,none,,\n3,Lead,00Q000000000001,undo,,\n" +
		"4,Account,003000000000001,is,c1,\n5,Opportunity,006000000000001,is,c1,\n6,Account,001000000000001,IS,c1,\n7,Account,001000000000001AAX,none,,\n8,Account,,none,,\n" +
		"9,Account,001000000000001,is,,\n1.5,Account,001000000000001,none,,\n,Account,001000000000001,none,,\n11,Account,001000000000001,none,,x\n4000000000000000000,Account,001000000000001,none,,\n",
	"redirects.csv": "old_id,new_id\nc9,c1\n",
}

func TestLists(t *testing.T) {
	s := sqltest.Open(t)
	out := must(t, s, everyList, extract.In{AsOf: day1, Full: true})
	same(t, "companies", show(t, s, out, "raw_company", "company_id,aliases,domains"), "c1,Acme Inc|ACME,acme.example\nc2,,")
	same(t, "members", show(t, s, out, "raw_member", "member_id,first_name,emails"), "m1,Ada,\nm2,Bob,")
	same(t, "seats", show(t, s, out, "raw_seat", "seat_id,crm_user_id,sync"), "s1,005000000000001AAA,true\ns2,,")
	same(t, "activities", show(t, s, out, "raw_activity", "activity_id,occurred_at,copy_to_crm"),
		"a1,2026-01-02 03:04:05,true\na2,2026-01-02 02:04:05,false\na5,,")
	same(t, "decisions", show(t, s, out, "raw_decision", "seq,object,crm_id,verdict,entity_id"),
		"1,Account,001000000000001AAA,is,c1\n2,Contact,003000000000001AAA,none,\n3,Lead,00Q000000000001EAA,undo,")
	same(t, "redirects", show(t, s, out, "raw_redirect", "old_id,new_id"), "c9,c1")
	same(t, "rejects", show(t, s, out, "reject", "object,line,crm_id,column,reason"), `activity,4,a3,occurred_at,bad_time
activity,5,a4,occurred_at,bad_time
company,5,,company_id,missing_id
decision,5,,crm_id,id_of_other_object
decision,6,,object,bad_value
decision,7,,verdict,bad_value
decision,8,,crm_id,bad_id
decision,9,,crm_id,missing_id
decision,10,,entity_id,bad_value
decision,11,,seq,bad_number
decision,12,,seq,missing_id
decision,13,,at,bad_time
decision,14,,seq,bad_value
seat,4,s3,crm_user_id,id_of_other_object
seat,5,s4,crm_user_id,bad_id
seat,6,s5,sync,bad_boolean`)
	for _, c := range out.Counts {
		if c.RowsIn != c.Kept+c.Superseded+c.Rejected {
			t.Errorf("rows of %+v are not accounted for", c)
		}
	}
}

// The same rows give the same tables from Parquet, whether its columns are text or of their own type.
func TestParquetGivesTheSameTables(t *testing.T) {
	s := sqltest.Open(t)
	want := must(t, s, everyList, extract.In{AsOf: day1, Full: true})
	typed := map[string]string{
		"companies":  "* REPLACE (string_split(aliases, '|') AS aliases)",
		"members":    "* REPLACE (string_split(emails, '|') AS emails)",
		"activities": "* REPLACE (CASE copy_to_crm WHEN '1' THEN true WHEN '0' THEN false END AS copy_to_crm)",
	}
	for _, form := range []string{"text", "typed"} {
		dir := everyList.write(t)
		for name := range everyList {
			base := strings.TrimSuffix(name, ".csv")
			columns, ok := typed[base]
			if !ok || form == "text" {
				columns = "*"
			}
			copyOut(t, s, fmt.Sprintf("SELECT %s FROM read_csv('%s/%s', all_varchar = true, nullstr = '', allow_quoted_nulls = true)", columns, dir, name), dir+"/"+base+".parquet")
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := run(t, s, dir, extract.In{AsOf: day1, Full: true})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Tables, want.Tables) {
			for name, snap := range got.Tables {
				if !reflect.DeepEqual(snap, want.Tables[name]) {
					t.Errorf("%s: %s differs", form, name)
				}
			}
		}
		columns := "object,crm_id,column,reason"
		if form == "text" {
			same(t, "rejects", show(t, s, got, "reject", columns), show(t, s, want, "reject", columns))
		}
		for i, c := range got.Counts {
			if w := want.Counts[i]; c != w {
				t.Errorf("%s: count %+v, want %+v", form, c, w)
			}
		}
	}
}

func copyOut(t testing.TB, s *sql.Session, query, path string) {
	t.Helper()
	rows, err := s.Query(t.Context(), "COPY ("+query+") TO '"+path+"' (FORMAT parquet, COMPRESSION uncompressed)", nil)
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
}

func TestParquet_FilesColumnsAndFaults(t *testing.T) {
	s := sqltest.Open(t)
	dir := input{}.write(t)
	if err := os.MkdirAll(dir+"/m[1]", 0o755); err != nil {
		t.Fatal(err)
	}
	copyOut(t, s, "SELECT 1 AS id, 'Ada' AS name, TIMESTAMP '2026-01-01' AS seen", dir+"/m[1]/p1.parquet")
	copyOut(t, s, "SELECT 2 AS id, 'Bob' AS name, ['x', NULL, ''] AS phones", dir+"/m[1]/p2.parquet")
	read := func(p extract.Parquet) (extract.Out, error) {
		p.Root = dir
		return extract.Run(t.Context(), s, csvdir.CRM(csvdir.Options{Path: dir + "/crm"}),
			csvdir.Lists(dir, map[string]csvdir.Input{"company": {Path: "companies.csv"}}, nil),
			extract.In{AsOf: day1, Parquet: map[string]extract.Parquet{"member": p}})
	}
	out, err := read(extract.Parquet{Path: "m\\[1]/*.parquet", Columns: map[string]string{"member_id": "ID"}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "members", show(t, s, out, "raw_member", "member_id,name,phones"), "1,Ada,\n2,Bob,x")
	log := show(t, s, out, "extract_log", "object,file,rows_in,kept,unknown_columns")
	if !strings.Contains(log, "member,m[1]/p1.parquet,1,1,seen\nmember,m[1]/p2.parquet,1,1,") {
		t.Errorf("log\n%s", log)
	}
	if err := os.WriteFile(dir+"/bad.parquet", []byte("PAR1 Kovalenko"), 0o644); err != nil {
		t.Fatal(err)
	}
	copyOut(t, s, "SELECT 'm1' AS member_id, 'Kovalenko\u00fc' AS name", dir+"/latin.parquet")
	latin, err := os.ReadFile(dir + "/latin.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/latin.parquet", bytes.ReplaceAll(latin, []byte("Kovalenko\u00fc"), []byte("Kovalenko\xff\xfe")), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]extract.Parquet{
		"latin.parquet: a file cannot be read to its end: it is damaged, or a text in it is not UTF-8": {Path: "latin.parquet"},
		"m[1]/p1.parquet: no column member_id\nm[1]/p2.parquet: no column member_id":                   {Path: "m\\[1]/*.parquet"},
		"bad.parquet: not a whole, readable Parquet file":                                              {Path: "bad.parquet"},
		"none.parquet: there is no such file (member)":                                                 {Path: "none.parquet"},
		"columns: member has no column nme":                                                            {Path: "m\\[1]/p1.parquet", Columns: map[string]string{"member_id": "id", "nme": "x"}},
	} {
		if _, err := read(p); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestFaultsOfAllFilesAreTold(t *testing.T) {
	s := sqltest.Open(t)
	_, err := run(t, s, input{
		"crm/Account.csv": accountHeader + "001000000000001,\"Kovalenko\n",
		"crm/Lead.csv":    "Id,LastName,Company,OwnerId,IsConverted,LastModifiedDate\n003000000000001,Kovalenko,,,,\n",
		"members.csv":     "member_id,name\nm1,Kovalenko\xff\n",
	}.write(t), extract.In{AsOf: day1, Full: true})
	want := "Account.csv:2: unfinished quote: the row that starts here has a cell whose quote is never closed\n" +
		"Lead.csv: holds Contact Ids, not Lead Ids, in 1 of its first 1 rows\nmembers.csv:2: not UTF-8"
	if err == nil || err.Error() != want {
		t.Fatalf("error\n%v\nwant\n%s", err, want)
	}
	var next interface {
		error
		Input() bool
		Try() string
	}
	if !errors.As(err, &next) || !next.Input() ||
		next.Try() != "close the quote, or export the file again if it was cut off; give the file the name of the object it holds, or mend the files setting; export or save the file as UTF-8" {
		t.Errorf("Try: %v", next)
	}
	dir := input{}.write(t)
	_, err = extract.Run(t.Context(), s, csvdir.CRM(csvdir.Options{Path: dir + "/crm"}), nil, extract.In{})
	if want := "the directory has no companies\nthe directory has no members"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	_, err = extract.Run(t.Context(), s, csvdir.CRM(csvdir.Options{Path: dir + "/none"}), nil, extract.In{})
	if want := dir + "/none: there is no such folder"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestTooManyRejected(t *testing.T) {
	out := extract.Out{Counts: []extract.Count{
		{Object: "few", RowsIn: 19, Rejected: 19}, {Object: "at the limit", RowsIn: 2000, Rejected: 20},
		{Object: "over", RowsIn: 1999, Rejected: 20}, {Object: "none"}}}
	if over := out.TooManyRejected(0.01); len(over) != 1 || over[0].Object != "over" {
		t.Errorf("over the limit: %+v", over)
	}
}

// Rows in any order, split over files in any way, packed or not, give the same tables byte for byte (invariant 9), and
// each row is accounted for (invariant 6).
func TestShuffledInputGivesTheSameBytes(t *testing.T) {
	s := sqltest.Open(t)
	random := rand.New(rand.NewPCG(1, 2))
	var rows []string
	for range 3000 {
		rows = append(rows, account(random.IntN(900), fmt.Sprintf("\"name %d\nof %d\"", random.IntN(3), random.IntN(2)), at(1+random.IntN(3)), []string{"", at(2), at(3)}[random.IntN(3)]))
	}
	for range 20 {
		rows = append(rows, strings.Replace(account(random.IntN(900), "x", at(1), ""), "1.5E3", "x", 1))
	}
	var members []string
	for range 1000 {
		members = append(members, fmt.Sprintf("m%d,name %d,%d@x.example\n", random.IntN(500), random.IntN(3), random.IntN(2)))
	}
	mirror := must(t, s, input{"crm/Account.csv": accountHeader + strings.Join(rows[:700], "")}, extract.In{AsOf: day1, Full: true})
	var first extract.Out
	for round := range 4 {
		files := input{}
		for i, row := range rows {
			name := fmt.Sprintf("crm/Account-%d.csv", i*(round+1)/len(rows))
			if files[name] == "" {
				files[name] = accountHeader
			}
			files[name] += row
		}
		for i, row := range members {
			name := fmt.Sprintf("members-%d.csv", i%(round+1))
			if files[name] == "" {
				files[name] = "member_id,name,emails\n"
			}
			files[name] += row
		}
		out := must(t, s, files, extract.In{AsOf: day2, Full: true, Previous: mirror.Tables})
		c := out.Counts[0]
		if c.RowsIn != 3020 || c.Rejected != 20 || c.RowsIn != c.Kept+c.Superseded+c.Rejected {
			t.Errorf("round %d: count %+v", round, c)
		}
		if round == 0 {
			first = out
		}
		if !reflect.DeepEqual(out.Tables, first.Tables) {
			t.Errorf("round %d: tables differ", round)
		}
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	}
}

// Two imports give what one import of both gives, where stamps decide (invariant 2).
func TestOneAfterTheOtherGivesTheSameAsBothAtOnce(t *testing.T) {
	s := sqltest.Open(t)
	random := rand.New(rand.NewPCG(3, 4))
	var rows []string
	for range 400 {
		rows = append(rows, account(random.IntN(90), fmt.Sprint("name ", random.IntN(3)), at(1+random.IntN(3)), ""))
	}
	both := must(t, s, input{"crm/Account.csv": accountHeader + strings.Join(rows, "")}, extract.In{AsOf: day2})
	one := must(t, s, input{"crm/Account.csv": accountHeader + strings.Join(rows[:200], "")}, extract.In{AsOf: day1})
	other := must(t, s, input{"crm/Account.csv": accountHeader + strings.Join(rows[200:], "")}, extract.In{AsOf: day2, Previous: one.Tables})
	if both.Tables["raw_account"].ID != other.Tables["raw_account"].ID {
		t.Error("the mirror depends on how rows were spread over imports")
	}
}

func TestInAndOutSurviveJSON(t *testing.T) {
	s := sqltest.Open(t)
	in := extract.In{AsOf: day1, Full: true, Cursors: map[string]string{"Account": "x"}, Parquet: map[string]extract.Parquet{"member": {Path: "m", Columns: map[string]string{"a": "b"}}}}
	out := must(t, s, everyList, extract.In{AsOf: day1, Full: true})
	in.Previous = out.Tables
	for _, v := range []any{&in, &out} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(v).Elem())
		if err := json.Unmarshal(data, back.Interface()); err != nil {
			t.Fatal(err)
		}
		again, _ := json.Marshal(back.Interface())
		if string(again) != string(data) {
			t.Errorf("%T changes in JSON:\n%s\n%s", v, data, again)
		}
	}
	var names []string
	for name := range out.Tables {
		names = append(names, name)
	}
	if len(names) != len(schemas.Objects)+6 || !slices.Contains(names, "raw_user_role") {
		t.Errorf("tables %v", names)
	}
}
