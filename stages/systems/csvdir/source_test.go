package csvdir

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
)

// accountHeader has the required columns of Account and some more.
const accountHeader = "Id,Name,OwnerId,LastModifiedDate,AnnualRevenue,NumberOfEmployees,Website\n"

// account is a good row: Id, name, and the rest.
func account(id, rest string) string {
	return id + `,Acme,005000000000001,2026-01-02T17:38:59.000Z,` + rest + "\n"
}

// crm writes a folder with a header-only file for each required object, and the files given.
func crm(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, o := range schemas.Objects {
		if !o.Helper {
			write(t, dir, o.Name+".csv", strings.Join(o.Required(), ",")+"\n")
		}
	}
	for name, text := range files {
		if text == "-" {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		write(t, dir, name, text)
	}
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	place := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zipped(t testing.TB, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// taken is what a source emitted, as text, without names of columns that are null.
type taken struct {
	rows, rejects, log []string
	in, rejected       int64
}

func read(t testing.TB, s *Source, object string) (taken, error) {
	t.Helper()
	var got taken
	_, err := s.Read(context.Background(), object, "", nil, nil, func(table string, b arrow.RecordBatch) error {
		for row := range int(b.NumRows()) {
			var cells []string
			for c, col := range b.Columns() {
				if col.IsValid(row) {
					cells = append(cells, b.ColumnName(c)+"="+col.ValueStr(row))
				}
			}
			line := strings.Join(cells, " ")
			switch table {
			case schemas.Reject.Name:
				got.rejects = append(got.rejects, line)
			case schemas.ExtractLog.Name:
				got.log = append(got.log, line)
				var in, rejected int64
				for _, c := range cells {
					_, _ = fmt.Sscanf(c, "rows_in=%d", &in)
					_, _ = fmt.Sscanf(c, "rejected=%d", &rejected)
				}
				got.in += in
				got.rejected += rejected
			default:
				got.rows = append(got.rows, line)
			}
		}
		return nil
	})
	sort.Strings(got.log)
	if err == nil && got.in != got.rejected+int64(len(got.rows)) || int64(len(got.rejects)) > got.in {
		t.Errorf("%d rows in, %d rejected, %d given", got.in, got.rejected, len(got.rows))
	}
	return got, err
}

func TestRead_TypesLinesAndNulls(t *testing.T) {
	dir := crm(t, map[string]string{"Account.csv": "\ufeff" + strings.ReplaceAll(accountHeader, "Name", "NAME") +
		account("001M000000qfPyS", "0.0,5000.0,") +
		"\"001M000000qfPySIAU\",\"Line one\nline \"\"two\"\", N/A\",,2026-01-02T17:38:59.000+0100,1.6147805824397E13,,null\r\n" +
		"\n" +
		account("001M000000qfPyT", ",,N/A")})
	got, err := read(t, CRM(Options{Path: dir}), schemas.Account)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Id=001M000000qfPySIAU Name=Acme AnnualRevenue=0 NumberOfEmployees=5000 LastModifiedDate=2026-01-02T17:38:59Z OwnerId=005000000000001AAA file=Account.csv line=2",
		"Id=001M000000qfPySIAU Name=Line one\nline \"two\", N/A Website=null AnnualRevenue=16147805824397 LastModifiedDate=2026-01-02T16:38:59Z file=Account.csv line=3",
		"Id=001M000000qfPyTIAU Name=Acme Website=N/A LastModifiedDate=2026-01-02T17:38:59Z OwnerId=005000000000001AAA file=Account.csv line=6",
	}
	for i, w := range want {
		if i >= len(got.rows) || got.rows[i] != w {
			t.Errorf("row %d\n got %s\nwant %s", i, at(got.rows, i), w)
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "nothing"
}

func TestRead_Rejects(t *testing.T) {
	const good = "001M000000qfPyS"
	for name, c := range map[string]struct{ row, want string }{
		"missing_id":            {account("", ",,"), "column=Id reason=missing_id"},
		"bad_id":                {account("001M000000qfPySIAV", ",,"), "column=Id reason=bad_id"},
		"bad_id in a look-up":   {good + ",Acme,005,2026-01-02T17:38:59.000Z,,,\n", "crm_id=001M000000qfPySIAU column=OwnerId reason=bad_id"},
		"id_of_other_object":    {account("003M000000qfPyS", ",,"), "column=Id reason=id_of_other_object"},
		"bad_number":            {account(good, "12 Mio,,"), "crm_id=001M000000qfPySIAU column=AnnualRevenue reason=bad_number"},
		"bad_number, too long":  {account(good, "0.00000000001,,"), "crm_id=001M000000qfPySIAU column=AnnualRevenue reason=bad_number"},
		"bad_number, no int":    {account(good, ",5.5,"), "crm_id=001M000000qfPySIAU column=NumberOfEmployees reason=bad_number"},
		"bad_time":              {good + ",Acme,,02.01.2026,,,\n", "crm_id=001M000000qfPySIAU column=LastModifiedDate reason=bad_time"},
		"too few":               {good + ",Acme\n", "crm_id=001M000000qfPySIAU reason=too_many_or_few_cells"},
		"too many":              {account(good, ",,,,"), "crm_id=001M000000qfPySIAU reason=too_many_or_few_cells"},
		"too few, Id not known": {"Acme," + good + "\n", "reason=too_many_or_few_cells"},
	} {
		dir := crm(t, map[string]string{"Account.csv": accountHeader + account(good, ",,") + account(good, ",,") + c.row + account(good, ",,")})
		got, err := read(t, CRM(Options{Path: dir}), schemas.Account)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := "object=Account file=Account.csv line=4 " + c.want
		if len(got.rows) != 3 || len(got.rejects) != 1 || got.rejects[0] != want {
			t.Errorf("%s: %d rows, rejects %q, want %q", name, len(got.rows), got.rejects, want)
		}
	}
	opportunities := "Id,AccountId,OwnerId,StageName,IsClosed,IsWon,CreatedDate,CloseDate,LastModifiedDate\n"
	dir := crm(t, map[string]string{"Opportunity.csv": opportunities +
		"006000000000001,,,New,no,false,,2026-01-02,\n" +
		"006000000000002,,,New,FALSE,0,,2026-02-30,\n" +
		"006000000000003,,,New,FALSE,0,,2026-02-28,\n"})
	got, err := read(t, CRM(Options{Path: dir}), schemas.Opportunity)
	want := "object=Opportunity file=Opportunity.csv line=2 crm_id=006000000000001AAA column=IsClosed reason=bad_boolean\n" +
		"object=Opportunity file=Opportunity.csv line=3 crm_id=006000000000002AAA column=CloseDate reason=bad_date"
	if err != nil || strings.Join(got.rejects, "\n") != want {
		t.Errorf("rejects\n%s\nwant\n%s\nerror %v", strings.Join(got.rejects, "\n"), want, err)
	}
}

func TestRead_ColumnsDelimiterWonValueAndLog(t *testing.T) {
	dir := crm(t, nil)
	for _, o := range schemas.Objects { // all with another delimiter
		if !o.Helper {
			write(t, dir, o.Name+".csv", strings.Join(o.Required(), "^")+"\n")
		}
	}
	text := "Id^AccountId^OwnerId^StageName^IsClosed^IsWon^CreatedDate^CloseDate^LastModifiedDate^Betrag^Fee__c^Secret^\n" +
		"006000000000001^^^New^0^0^^2026-01-02^^10.5^7^x^\n"
	write(t, dir, "Opportunity.csv", text)
	columns := map[string]map[string]string{"Opportunity": {"amount": "betrag"}}
	for won, want := range map[string]string{"": "WonValue=10.5", "Amount": "WonValue=10.5", "Fee__c": "WonValue=7"} {
		var told int64
		s := CRM(Options{Path: dir, Delimiter: "caret", Columns: columns, WonValueField: won,
			Progress: func(_ string, _, _, total int64) { told = total }})
		got, err := read(t, s, schemas.Opportunity)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.rows) != 1 || !strings.Contains(got.rows[0], want) || !strings.Contains(got.rows[0], "Amount=10.5") {
			t.Errorf("won value field %q: %q, want %s", won, got.rows, want)
		}
		unknown := `"Fee__c","Secret","column 13 without a name"`
		if won == "Fee__c" {
			unknown = `"Secret","column 13 without a name"`
		}
		for _, part := range []string{"object=Opportunity file=Opportunity.csv rows_in=1 kept=0 superseded=0 rejected=0", fmt.Sprintf(" bytes=%d ", len(text)),
			"unknown_columns=[" + unknown + "]", `absent_columns=["CurrencyIsoCode","IsDeleted","LastActivityDate"`} {
			if !strings.Contains(at(got.log, 0), part) {
				t.Errorf("log %q lacks %q", got.log, part)
			}
		}
		if told != int64(len(text)) {
			t.Errorf("progress told of %d bytes", told)
		}
	}
}

func TestLists(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "d/members-1.csv", "member_id,name,emails,profile\nm1,Ada,a@x.org|b@x.org,u\n,Bob,,\n")
	write(t, dir, "d/members-2.csv.gz", gzipped(t, "member_id,last_name,profile\nm2,Lovelace,\n"))
	write(t, dir, "activities.csv", "activity_id;seat_id;kind;occurred_at;copy_to_crm\na1;s1;save;gestern;\na2;s1;save;2026-01-02T00:00:00Z;maybe\n")
	write(t, dir, "decisions.csv", "seq,object,crm_id,verdict\n1.0,Account,001M000000qfPyS,is\nx,Account,,is\n,Account,,is\n")
	s := Lists(dir, map[string]Input{
		"member":   {Path: "d/members-*", Columns: map[string]string{"url": "profile"}},
		"activity": {Path: "activities.csv", Delimiter: ";"},
		"decision": {Path: "decisions.csv"},
	}, nil)
	objects, _, err := s.Tables(context.Background())
	if err != nil || !slices.Equal(objects, []string{"member", "activity", "decision"}) {
		t.Fatalf("objects %v, error %v", objects, err)
	}
	for object, want := range map[string]string{
		"member": `member_id=m1 name=Ada emails=["a@x.org","b@x.org"] url=u file=d/members-1.csv line=2
member_id=m2 last_name=Lovelace file=d/members-2.csv.gz line=2
object=member file=d/members-1.csv line=3 column=member_id reason=missing_id`,
		"activity": `object=activity file=activities.csv line=2 crm_id=a1 column=occurred_at reason=bad_time
object=activity file=activities.csv line=3 crm_id=a2 column=copy_to_crm reason=bad_boolean`,
		"decision": `seq=1 object=Account crm_id=001M000000qfPyS verdict=is file=decisions.csv line=2
object=decision file=decisions.csv line=3 column=seq reason=bad_number
object=decision file=decisions.csv line=4 column=seq reason=missing_id`,
	} {
		got, err := read(t, s, object)
		if text := strings.Join(append(got.rows, got.rejects...), "\n"); err != nil || text != want {
			t.Errorf("%s: error %v, got\n%s\nwant\n%s", object, err, text, want)
		}
	}
	write(t, dir, "bad.csv", "member_id,emails\n")
	_, _, err = Lists(dir, map[string]Input{"member": {Path: "bad.csv"}, "company": {Path: "none.csv"}}, nil).Tables(context.Background())
	if want := "none.csv: there is no such file (company)\nbad.csv: no column first_name or last_name or name"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// Rows that are known are counted and not given, whatever their place in the file; kept is told the cells of those that are given,
// in the order of the raw table's columns whatever the file's, and not of rejected ones.
func TestRead_KnownRows(t *testing.T) {
	dir := t.TempDir()
	text := "last_name,member_id,first_name\nLovelace,m1,Ada\nByron,m2,\n,,\nHopper,m3,Grace,more\nHopper,m3,Grace\n"
	if err := os.WriteFile(filepath.Join(dir, "members.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	member := func(id, first, last string) string {
		cells := make([]string, len(schemas.RawMember.Columns))
		for column, cell := range map[string]string{"member_id": id, "first_name": first, "last_name": last} {
			cells[slices.Index(schemas.RawMember.ColumnNames(), column)] = cell
		}
		return strings.Join(cells, ",")
	}
	var kept, asked []string
	rows, in, rejected := int64(0), int64(0), int64(0)
	_, err := Lists(dir, map[string]Input{"member": {Path: "members.csv"}}, nil).Read(context.Background(), "member", "",
		func(file string, cells []string) bool {
			asked = append(asked, file)
			return strings.Join(cells, ",") == member("m2", "", "Byron")
		}, func(cells []string) { kept = append(kept, strings.Join(cells, ",")) },
		func(table string, b arrow.RecordBatch) error {
			switch table {
			case schemas.Reject.Name:
				rejected += b.NumRows()
			case schemas.ExtractLog.Name:
				in += b.Column(slices.Index(schemas.ExtractLog.ColumnNames(), "rows_in")).(*array.Int64).Value(0)
			default:
				rows += b.NumRows()
			}
			return nil
		})
	want := []string{member("m1", "Ada", "Lovelace"), member("m3", "Grace", "Hopper")}
	if err != nil || rows != 2 || in != 5 || rejected != 2 || !slices.Equal(kept, want) || !slices.Equal(asked, slices.Repeat([]string{"members.csv"}, 4)) {
		t.Errorf("%d rows of %d, %d rejected, kept %v, asked %v, %v", rows, in, rejected, kept, asked, err)
	}
}
