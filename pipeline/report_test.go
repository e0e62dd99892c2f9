package pipeline

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/crmlink/crmlink/pipeline/report"
	"github.com/crmlink/crmlink/sql"
)

// reportsOf runs the demo once more for each change of its folder, and returns the folder, the records and the reports.
func reportsOf(t *testing.T, changes ...func(dir string)) (string, []Record, []string) {
	t.Helper()
	dir, first := PublishedDemo(t)
	page, err := os.ReadFile(filepath.Join(dir, "store", "current", "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	records, pages := []Record{first}, []string{string(page)}
	for i, change := range changes {
		change(dir)
		config, err := LoadConfig(filepath.Join(dir, "crmlink.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		result, err := Run(t.Context(), Options{Config: config, AsOf: time.Date(2026, 10, 2+i, 4, 0, 0, 0, time.UTC), Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		page, err := os.ReadFile(filepath.Join(dir, "store", "current", "report.html"))
		if err != nil {
			t.Fatal(err)
		}
		records, pages = append(records, result.Record), append(pages, string(page))
	}
	return dir, records, pages
}

func TestReport_Invariant8_EveryRunLeavesOneWithoutAnyValue(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	t.Parallel()
	same := func(string) {}
	dir, records, pages := reportsOf(t, same, func(dir string) {
		edit(t, filepath.Join(dir, "crmlink.yaml"), "auto_sync: all", "auto_sync: none")
	})
	store := Store{Dir: filepath.Join(dir, "store")}

	for i, wants := range [][]string{
		{"this is the first publication", "First run: nothing to compare with."},
		{"as in the run before", "Nothing: every published table is the same.", records[0].ID},
		{"A setting was changed", ">seat_map<", "The same as a table: 3 runs", records[1].ID},
	} {
		for _, want := range append(wants, "acme.my.salesforce.com", fmt.Sprintf("%d of %d matched", records[i].Stats[1].Matched, records[i].Stats[1].Records)) {
			if !strings.Contains(pages[i], want) {
				t.Errorf("the report of run %d does not say %q", i+1, want)
			}
		}
		if n := len(pages[i]); n > 200_000 {
			t.Errorf("the report of run %d has %d bytes", i+1, n)
		}
	}

	values := personalValues(t, dir)
	if len(values) < 3000 {
		t.Fatalf("only %d values to look for", len(values))
	}
	for i, page := range pages {
		for _, v := range values {
			if strings.Contains(page, v) {
				t.Fatalf("a value of the demo's records, %d bytes long, stands in the report of run %d", len(v), i+1)
			}
		}
		if strings.Contains(page, filepath.Dir(dir)) || strings.Contains(page, os.TempDir()) {
			t.Errorf("the report of run %d names a folder", i+1)
		}
	}

	// Written again from what is recorded, a report is the same: it holds no clock of its own.
	record, err := store.Record(records[2].ID)
	if err != nil {
		t.Fatal(err)
	}
	session, err := sql.Open(t.Context(), sql.Options{Objects: store.objects(), Spill: store.spill()})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	again := run{store: store, session: session, record: record}
	if err := again.writeReport(t.Context()); err != nil {
		t.Fatal(err)
	}
	if page, err := os.ReadFile(store.Report(record.ID)); err != nil || string(page) != pages[2] {
		t.Errorf("written again the report differs, or: %v", err)
	}

	// Runs that are no longer in the store end the history and nothing else.
	if err := os.RemoveAll(store.runDir(records[0].ID)); err != nil {
		t.Fatal(err)
	}
	var d report.Data
	if err := again.reportBefore(&d); err != nil || !d.CutShort || len(d.Earlier) != 1 || d.Earlier[0].Run != records[1].ID {
		t.Errorf("without the first run: cut short %t, %d earlier, %v", d.CutShort, len(d.Earlier), err)
	}
}

func TestReport_CountsAgreeWithStatistics_Z22(t *testing.T) {
	store := writePublication(t, map[string]string{
		"run": "SELECT '20260729T040000Z' AS run_id, 0.5 AS threshold",
		"mapping": `SELECT * FROM (VALUES
			('Account', 'a1', 'company', 'c1', 'matched', 12999, NULL), ('Account', 'a2', 'company', 'c1', 'duplicate', 3000, NULL),
			('Account', 'a3', 'company', 'c1', 'duplicate', 2999, NULL), ('Account', 'a4', NULL, NULL, 'unmatched', NULL, 'below_threshold'),
			('Account', 'a5', NULL, NULL, 'unmatched', NULL, 'below_threshold'), ('Account', 'a6', NULL, NULL, 'unmatched', NULL, 'no_candidate'),
			('Account', 'a7', NULL, NULL, 'deleted', NULL, 'deleted'), ('Contact', 'b1', 'member', 'm1', 'decided', NULL, NULL),
			('Contact', 'b2', 'member', 'm2', 'converted', 9000, NULL), ('Contact', 'b3', 'member', 'm2', 'decided', -1, NULL)
			) t(object, crm_id, entity_kind, entity_id, status, weight, reason)`,
		"unmatched": `SELECT * FROM (VALUES
			('Account', 'a4', 'below_threshold', -1000, 0.09, 'Check.'), ('Account', 'a5', 'below_threshold', -1001, 0.1, 'Check.'),
			('Account', 'a6', 'no_candidate', NULL, NULL, 'Fill in Website.'), ('Account', 'a7', 'deleted', 5000, NULL, 'Restore.')
			) t(object, crm_id, reason, best_weight, short_by, next_step)`,
		"reject": `SELECT * FROM (VALUES ('Lead', 'a.csv', 2, 'bad_id'), ('Lead', 'b.csv', 2, 'bad_id'), ('Lead', 'b.csv', 9, 'bad_id'), ('Lead', 'b.csv', 10, 'bad_date')
			) t(object, file, line, reason)`,
		"extract_log": "SELECT 'Lead' AS object, '/home/jane.doe/export.zip#crm/Lead.csv' AS file, 9 AS rows_in, 4 AS kept, 1 AS superseded, 4 AS rejected, 77 AS bytes",
	})
	p, err := store.Open(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	session, err := p.engine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var d report.Data
	r := run{store: store, session: session, record: p.Record}
	if err := r.reportTables(t.Context(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Threshold != 0.5 {
		t.Errorf("threshold %v", d.Threshold)
	}
	below, none := reasons["below_threshold"], reasons["no_candidate"]
	for _, c := range []struct{ what, got, want string }{
		{"weights", fmt.Sprint(d.Weights), "[{Account duplicate 2 1} {Account duplicate 3 1} {Account matched 12 1} {Account unmatched -2 1} " +
			"{Account unmatched -1 1} {Contact matched -1 1}]"},
		{"reasons", fmt.Sprint(d.Unmatched), "[{Account below_threshold " + below.text + " " + below.advice + " 2 1  0} {Account no_candidate " + none.text + " " + none.advice + " 1 0  0}]"},
		{"duplicates", fmt.Sprint(d.Duplicates), "[{Account 2 1 3}]"},
		{"rejects", fmt.Sprint(d.Rejects), "[{Lead  bad_id 3 2} {Lead  bad_date 1 1}]"},
		{"files", fmt.Sprint(d.Files), "[{Lead export.zip#Lead.csv 9 4 1 4 77}]"},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.what, c.got, c.want)
		}
	}
}

// The settings of a page for others: no place, no address, nothing to sign in with.
func TestReport_Invariant8_OfTheConfigurationOnlySettings(t *testing.T) {
	var d report.Data
	reportSettings(&d, []Value{{Path: "org.path", Value: "/home/jane.doe/crm"}, {Path: "org.instance_url", Value: "https://acme.my.salesforce.com/x"},
		{Path: "org.username", Value: "jane@acme.example"}, {Path: "seats.path", Value: "seats-jane.csv"}, {Path: "store", Value: "/srv/store"},
		{Path: "settings.stages", List: []string{"A", "B"}, Origin: "crmlink.yaml:3"}, {Path: "settings.match_rate.green", Value: "0.80", Origin: "default"}})
	want := report.Data{Org: "acme.my.salesforce.com", Green: 0.8,
		Settings: []report.Setting{{Name: "settings.stages", Value: "A, B"}, {Name: "settings.match_rate.green", Value: "0.80", Default: true}}}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func edit(t *testing.T, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s does not hold %q", path, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// personalValues are the names, emails, phones, streets, titles and ids of the demo's records. Single words that are
// letters only are left out: a first name such as Will is a word of the page too. The test of planted names covers those.
func personalValues(t *testing.T, dir string) []string {
	t.Helper()
	columns := []string{"Id", "Name", "Email", "Phone", "MobilePhone", "Street", "BillingStreet", "MailingStreet", "PostalCode", "Website", "Title", "Company",
		"email", "emails", "phones", "phone", "street", "name", "title", "company_name", "website", "domains", "member_id", "company_id", "seat_id", "url", "subject", "body"}
	unique := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !(strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".csv.gz")) {
			return err
		}
		switch object, _, _ := strings.Cut(filepath.Base(path), "."); object {
		case "OpportunityStage", "CurrencyType", "Organization", "DatedConversionRate", "UserRole":
			return nil // names of stages, currencies and roles are settings of the org
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		var in io.Reader = f
		if strings.HasSuffix(path, ".gz") {
			if in, err = gzip.NewReader(f); err != nil {
				return err
			}
		}
		rows, err := csv.NewReader(in).ReadAll()
		if err != nil {
			return err
		}
		for i, head := range rows[0] {
			if !slices.Contains(columns, head) {
				continue
			}
			for _, row := range rows[1:] {
				for _, v := range strings.Split(row[i], "|") {
					if len(v) >= 7 && strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsLetter(r) }) {
						unique[v] = true
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(errors.Join(errors.New("read the demo"), err))
	}
	var values []string
	for v := range unique {
		values = append(values, v)
	}
	return values
}
