package simulator

import (
	"encoding/csv"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	salesforce "github.com/k-capehart/go-salesforce/v3"
)

// The bar for the simulator is a client that was written for the real org: go-salesforce pulls every object over at least
// three pages, and gets the rows that the org holds.
func TestForeign_GoSalesforce(t *testing.T) {
	s := New(Options{Switches: Switches{PageRows: 3}}) // UserRole has ten rows
	if err := s.Load(demoCRM); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client, err := salesforce.Init(salesforce.Creds{Domain: server.URL, ConsumerKey: s.org.ClientID, ConsumerSecret: s.org.ClientSecret}, salesforce.WithAPIVersion("v66.0"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, o := range s.store.tables {
		if !o.bulk() {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			fields := s.fields(o.name)
			rows := s.rows(t, o.name, fields)
			out := filepath.Join(dir, o.name+".csv")
			if err := client.QueryBulkExport("SELECT "+strings.Join(fields, ", ")+" FROM "+o.name, out); err != nil {
				t.Fatal(err)
			}
			file, err := os.Open(out)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			got, err := csv.NewReader(file).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got[0], fields) {
				t.Errorf("header %v, want %v", got[0], fields)
			}
			if !slices.EqualFunc(got[1:], rows, slices.Equal) {
				t.Errorf("%d rows differ from the org's %d", len(got)-1, len(rows))
			}
		})
	}
}

// fields are those of an object that Bulk gives out.
func (s *Server) fields(object string) []string {
	t := s.store.table(object)
	var names []string
	for i := range t.fields {
		if f := &t.fields[i]; f.parts == nil && s.store.visible(t, f) {
			names = append(names, f.name)
		}
	}
	return names
}

// rows are what the org holds and does not hide as deleted, read without SOQL or a job.
func (s *Server) rows(t *testing.T, object string, fields []string) [][]string {
	t.Helper()
	o := s.store.table(object)
	rows := [][]string{}
	for _, r := range o.rows {
		cells := r.cells(nil, len(o.fields))
		if p := o.place("IsDeleted"); p >= 0 && cells[p] == "true" {
			continue
		}
		var row []string
		for _, f := range fields {
			row = append(row, strings.ReplaceAll(cells[o.place(f)], "\r\n", "\n")) // encoding/csv reads CR LF as LF
		}
		rows = append(rows, row)
	}
	return rows
}
