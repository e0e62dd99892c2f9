package extract_test

import (
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
