package extract_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/systems/csvdir"
)

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
