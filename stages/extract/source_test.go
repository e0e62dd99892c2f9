package extract_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/systems/csvdir"
)

// sources are ways to hold the same two pages of accounts; each must pass the suite and give the same tables.
func sources(t testing.TB) map[string]extract.Source {
	page := func(from, to int) string {
		rows := []string{accountHeader}
		for i := from; i < to; i++ {
			rows = append(rows, account(i, fmt.Sprint("name ", i), at(1), ""))
		}
		return strings.Join(append(rows, "broken,,,,,\n"), "")
	}
	one, two := page(0, 18_000), page(9_000, 19_000)
	var archive, packed bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, text := range map[string]string{"Account-1.csv": one, "pages/Account-2.csv": two} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text))
	}
	z.Close()
	g := gzip.NewWriter(&packed)
	_, _ = g.Write([]byte(two))
	g.Close()
	plain := input{"crm/Account-1.csv": one, "crm/Account-2.csv": two}
	other := input{"crm/Account-1.csv": strings.ReplaceAll(one, "\n", "\r\n"), "crm/Account-2.csv": two}
	renamed := input{"crm/acc_1.csv": strings.Replace(one, "Name", "Firma", 1), "crm/acc_2.csv": strings.Replace(two, "Name", "FIRMA", 1), "crm/Account.csv": "no object's"}
	crm := func(in input, o csvdir.Options) extract.Source {
		o.Path = in.write(t) + "/crm"
		return csvdir.CRM(o)
	}
	return map[string]extract.Source{
		"plain": crm(plain, csvdir.Options{}),
		"CRLF":  crm(other, csvdir.Options{}),
		"gzip":  crm(input{"crm/Account-1.csv": one, "crm/Account-2.csv.gz": packed.String()}, csvdir.Options{}),
		"zip":   crm(input{"crm/Account-all.zip": archive.String()}, csvdir.Options{}),
		"glob": crm(renamed, csvdir.Options{Files: map[string]string{"Account": "acc_*.csv"},
			Columns: map[string]map[string]string{"Account": {"Name": "firma"}}}),
	}
}

// TestSources is the suite of all sources: what the stage relies on.
func TestSources(t *testing.T) {
	var first extract.Out
	for name, source := range sources(t) {
		t.Run(name, func(t *testing.T) {
			objects, _, err := source.Tables(t.Context())
			if err != nil || !slices.Contains(objects, schemas.Account) {
				t.Fatalf("objects %v, error %v", objects, err)
			}
			checkBatches(t, source)
			checkInterruption(t, source)

			s := sqltest.Open(t)
			dir := input{}.write(t)
			out, err := extract.Run(t.Context(), s, source, csvdir.Lists(dir, map[string]csvdir.Input{"company": {Path: "companies.csv"}, "member": {Path: "members.csv"}}, nil),
				extract.In{AsOf: day1, Full: true})
			if err != nil {
				t.Fatal(err)
			}
			if c := out.Counts[0]; c != (extract.Count{Object: "Account", Files: 2, RowsIn: 28_002, Kept: 19_000, Superseded: 9_000, Rejected: 2}) {
				t.Errorf("count %+v", c)
			}
			if first.Tables == nil {
				first = out
			}
			if !reflect.DeepEqual(out.Tables, first.Tables) {
				t.Error("the tables differ from those of another source with the same rows")
			}
		})
	}
}

// checkBatches: batches have the declared columns, and the log tells of every row and file once.
func checkBatches(t *testing.T, source extract.Source) {
	object, _ := schemas.ObjectNamed(schemas.Account)
	want := slices.DeleteFunc(object.Table().ColumnNames(), func(c string) bool { return c == "missing_since" })
	want = append(want, "file", "line")
	rows, files, rejects := int64(0), map[string]int{}, int64(0)
	places := map[string]bool{}
	_, err := source.Read(t.Context(), schemas.Account, "", nil, nil, func(table string, b arrow.RecordBatch) error {
		switch table {
		case "raw_account":
			rows += b.NumRows()
			var names []string
			for i := range b.Columns() {
				names = append(names, b.ColumnName(i))
			}
			if !slices.Equal(names, want) {
				t.Fatalf("columns %v, want %v", names, want)
			}
			for i := range int(b.NumRows()) {
				places[b.Column(len(names)-2).ValueStr(i)+":"+b.Column(len(names)-1).ValueStr(i)] = true
			}
		case "reject":
			rejects += b.NumRows()
		case "extract_log":
			for i := range int(b.NumRows()) {
				files[b.Column(1).ValueStr(i)]++
			}
		default:
			t.Errorf("batch for table %s", table)
		}
		return nil
	})
	if err != nil || rows != 28_000 || rejects != 2 || len(files) != 2 || len(places) != 28_000 {
		t.Errorf("error %v, %d rows at %d places, %d rejects, files %v", err, rows, len(places), rejects, files)
	}
}

// checkInterruption: an error of emit comes back as it is, and a cancelled context ends the reading.
func checkInterruption(t *testing.T, source extract.Source) {
	stop := errors.New("stop")
	if _, err := source.Read(t.Context(), schemas.Account, "", nil, nil, func(string, arrow.RecordBatch) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v, want emit's", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	_, err := source.Read(ctx, schemas.Account, "", nil, nil, func(string, arrow.RecordBatch) error {
		batches++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || batches > 2 {
		t.Errorf("error %v after %d batches, want a cancelled one", err, batches)
	}
}

// liar is a source whose log does not agree with its rows.
type liar struct {
	table string
	in    int64
}

func (l liar) Tables(context.Context) ([]string, []string, error) {
	return []string{schemas.UserRole}, nil, nil
}

func (l liar) Contents(context.Context, string) (map[string]string, string, error) {
	return nil, "", nil
}

func (l liar) Read(_ context.Context, _, _ string, _ func(string, []string) bool, _ func([]string), emit func(string, arrow.RecordBatch) error) (string, error) {
	object, _ := schemas.ObjectNamed(schemas.UserRole)
	table := object.Table()
	columns := append(slices.Clone(table.Columns[:len(table.Columns)-1]), schemas.Column{Name: "file", Type: schemas.Text}, schemas.Column{Name: "line", Type: schemas.Int})
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.Table{Columns: columns}.Arrow())
	for i, c := range columns {
		switch {
		case c.Name == "line":
			b.Field(i).(*array.Int64Builder).Append(1)
		case c.Name == "Id" || c.Name == "file":
			b.Field(i).(*array.StringBuilder).Append(c.Name)
		default:
			b.Field(i).AppendNull()
		}
	}
	if err := emit(l.table, b.NewRecordBatch()); err != nil || l.in == 0 {
		return "", err
	}
	g := array.NewRecordBuilder(memory.DefaultAllocator, schemas.ExtractLog.Arrow())
	for i, c := range schemas.ExtractLog.Columns {
		switch {
		case c.Name == "object":
			g.Field(i).(*array.StringBuilder).Append(schemas.UserRole)
		case c.Name == "file":
			g.Field(i).(*array.StringBuilder).Append("file")
		case c.Name == "rows_in":
			g.Field(i).(*array.Int64Builder).Append(l.in)
		case c.Type == schemas.Int:
			g.Field(i).(*array.Int64Builder).Append(0)
		default:
			g.Field(i).AppendNull()
		}
	}
	return "next", emit(schemas.ExtractLog.Name, g.NewRecordBatch())
}

func TestRowsThatAreNotAccountedForStopTheRun(t *testing.T) {
	dir := input{}.write(t)
	s := sqltest.Open(t)
	lists := csvdir.Lists(dir, map[string]csvdir.Input{"company": {Path: "companies.csv"}, "member": {Path: "members.csv"}}, nil)
	for want, source := range map[string]liar{
		"extract UserRole: file: 2 rows read, but 1 landed and 0 rejected": {"raw_user_role", 2},
		"extract UserRole: file: 1 rows of a file that is not in the log":  {"raw_user_role", 0},
		"extract UserRole: the source emits table raw_user for UserRole":   {"raw_user", 1},
		"": {"raw_user_role", 1},
	} {
		out, err := extract.Run(t.Context(), s, source, lists, extract.In{AsOf: day1})
		if got := fmt.Sprint(err); got != want && !(err == nil && want == "" && out.Cursors["UserRole"] == "next") {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// BenchmarkExtract reads, lands and stores accounts of 13 columns: first import, then the same rows again.
func BenchmarkExtract(b *testing.B) {
	const n = 200_000
	var text strings.Builder
	text.WriteString("Id,Name,Website,AnnualRevenue,NumberOfEmployees,Phone,Industry,BillingStreet,BillingCity,BillingCountry,CreatedDate,LastModifiedDate,OwnerId\n")
	for i := range n {
		fmt.Fprintf(&text, "\"0010000%08d\",\"Acme %d\",\"https://acme%d.example\",\"%d.0\",\"%d\",\"+49 30 %d\",\"Software\",\"Main Street %d\",\"Berlin\",\"Germany\",\"2026-01-02T17:38:59.000Z\",\"2026-01-03T17:38:59.000Z\",\"005000000000001AAA\"\n", i, i, i, i*1000, i%5000, i, i%100)
	}
	dir := input{"crm/Account.csv": text.String()}.write(b)
	for _, again := range []bool{false, true} {
		b.Run(fmt.Sprint("again=", again), func(b *testing.B) {
			s := sqltest.Open(b)
			in := extract.In{AsOf: day1, Full: true, Previous: map[string]sql.Snapshot{}}
			if again {
				out, err := run(b, s, dir, in)
				if err != nil {
					b.Fatal(err)
				}
				in.Previous = out.Tables
			}
			b.ResetTimer()
			for range b.N {
				if _, err := run(b, s, dir, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
