package pipeline_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/crmlink/crmlink/pipeline"
)

// accident is something that goes wrong between a CRM and us, planted in the files of the demo.
type accident struct {
	name string
	want string // the check that stops it; more than one where the accident has more than one face
	// first says that nothing is published before.
	first bool
	plant func(*files)
}

var accidents = []accident{
	{"accounts: only a header", "empty_object", false, func(f *files) { f.sheets["Account"].rows = nil }},
	{"contacts: only a header", "empty_object", false, func(f *files) { f.sheets["Contact"].rows = nil }},
	{"opportunities: only a header", "empty_object", false, func(f *files) { f.sheets["Opportunity"].rows = nil }},
	{"users: only a header", "empty_object", false, func(f *files) { f.sheets["User"].rows = nil }},
	{"seats: only a header", "empty_object", false, func(f *files) { f.sheets["seat"].rows = nil }},
	{"first run: no record at all", "empty_object", true, func(f *files) {
		f.sheets["Account"].rows, f.sheets["Contact"].rows, f.sheets["Lead"].rows = nil, nil, nil
	}},
	{"first run: an empty directory", "empty_object", true, func(f *files) {
		f.sheets["company"].rows, f.sheets["member"].rows = nil, nil
	}},

	{"contacts: 11 % are not in the export", "records_gone", false, func(f *files) { f.drop("Contact", len(f.sheets["Contact"].live())*11/100+1) }},
	{"leads: half of the pages are lost", "records_gone", false, func(f *files) { f.drop("Lead", len(f.sheets["Lead"].live())/2) }},
	{"contacts: a mass delete in the CRM", "records_gone", false, func(f *files) {
		f.set("Contact", "IsDeleted", f.some("Contact", 30), func(string) string { return "true" })
	}},
	{"companies: half of the directory is lost", "records_gone", false, func(f *files) { f.drop("company", len(f.sheets["company"].rows)/2) }},
	{"members: all have other ids", "records_gone", false, func(f *files) {
		for _, row := range f.sheets["member"].rows {
			row[0] = "x" + row[0]
		}
	}},
	{"decisions: the file is cut short", "records_gone", false, func(f *files) { f.sheets["decision"].rows = f.sheets["decision"].rows[:6] }},

	{"accounts: cells one to the right of their headers", "rejected_share shifted_columns", false, func(f *files) { f.shift("Account", "Website", len(f.sheets["Account"].rows)) }},
	{"contacts: first and last names swapped", "shifted_columns", false, func(f *files) { f.swap("Contact", "FirstName", "LastName") }},
	{"leads: email and phone swapped", "shifted_columns", false, func(f *files) { f.swap("Lead", "Email", "Phone") }},
	{"accounts: city and state swapped", "shifted_columns", false, func(f *files) { f.swap("Account", "BillingCity", "BillingState") }},
	{"contacts: city and state swapped by a mass update", "shifted_columns", false, func(f *files) {
		f.swap("Contact", "MailingCity", "MailingState")
		f.stampAll("Contact")
	}},
	{"seats: emails and members swapped", "shifted_columns", false, func(f *files) { f.swap("seat", "email", "member_id") }},
	{"contacts: header in another order than the cells", "shifted_columns", false, func(f *files) {
		h := f.sheets["Contact"].header
		title, first, last := slices.Index(h, "Title"), slices.Index(h, "FirstName"), slices.Index(h, "LastName")
		h[title], h[first], h[last] = h[first], h[last], h[title]
	}},
	{"contacts: one page in four with its names one column on", "shifted_columns", false, func(f *files) {
		for _, row := range f.sheets["Contact"].rows[:200] {
			p := f.sheets["Contact"]
			row[p.column("LastName")], row[p.column("FirstName")] = row[p.column("FirstName")], row[p.column("Title")]
			f.stamp("Contact", row)
		}
	}},
	{"companies: cells one to the right of their headers", "emptied_column shifted_columns", false, func(f *files) { f.shift("company", "name", len(f.sheets["company"].rows)) }},
	{"first run: websites in place of phones", "shifted_columns", true, func(f *files) { f.swap("Account", "Website", "Phone") }},
	{"first run: members' names and cities behind their places", "shifted_columns", true, func(f *files) { f.swap("member", "city", "emails") }},

	{"contacts: emails are not exported any more", "emptied_column", false, func(f *files) { f.empty("Contact", "Email") }},
	{"accounts: owners are not exported any more", "emptied_column", false, func(f *files) {
		f.empty("Account", "OwnerId")
		f.stampAll("Account")
	}},
	{"members: no current company", "emptied_column", false, func(f *files) { f.empty("member", "company_id") }},

	{"accounts: UTF-8 read as Latin-1", "wrong_encoding", false, func(f *files) { f.respell("Account", charmap.ISO8859_1.NewDecoder().String) }},
	{"contacts: UTF-8 read as Windows-1252 by a mass update", "wrong_encoding", false, func(f *files) {
		f.respell("Contact", charmap.Windows1252.NewDecoder().String)
		f.stampAll("Contact")
	}},
	{"members: UTF-8 read as Windows-1252", "wrong_encoding", false, func(f *files) { f.respell("member", charmap.Windows1252.NewDecoder().String) }},
	{"contacts: replacement characters", "wrong_encoding", false, func(f *files) { f.respell("Contact", inPlaceOf("\ufffd")) }},
	{"leads: question marks in place of letters", "wrong_encoding", false, func(f *files) { f.respell("Lead", inPlaceOf("?")) }},
	{"first run: UTF-8 read as Latin-1", "wrong_encoding", true, func(f *files) { f.respell("Lead", charmap.ISO8859_1.NewDecoder().String) }},

	{"companies: loaded twice under other ids", "duplicated_directory", false, func(f *files) { f.repeat("company", 100, "z") }},
	{"members: a fifth is loaded twice under other ids", "duplicated_directory", false, func(f *files) { f.repeat("member", 20, "z") }},
	{"members: the file twice over", "duplicated_directory", false, func(f *files) { f.repeat("member", 100, "") }},
	{"first run: members loaded twice under other ids", "duplicated_directory", true, func(f *files) { f.repeat("member", 100, "z") }},

	{"companies: another directory under the same ids", "match_rate", false, func(f *files) {
		for n, row := range f.sheets["company"].rows {
			for _, column := range []string{"name", "aliases", "domains", "website", "phone", "street", "postal_code"} {
				at := f.sheets["company"].column(column)
				if row[at] != "" {
					row[at] = fmt.Sprintf("Zorgwi%04dkla.example", n*7)
				}
				if column == "phone" && row[at] != "" {
					row[at] = fmt.Sprintf("+4930%07d", n)
				}
			}
		}
	}},
}

// swap exchanges two columns' cells.
func (f *files) swap(object, one, other string) {
	p := f.sheets[object]
	for _, row := range p.rows {
		row[p.column(one)], row[p.column(other)] = row[p.column(other)], row[p.column(one)]
	}
}

// shift moves the cells from a column on one to the right; the last one falls off.
func (f *files) shift(object, from string, rows int) {
	at := f.sheets[object].column(from)
	for _, row := range f.sheets[object].rows[:rows] {
		copy(row[at+1:], slices.Clone(row[at:len(row)-1]))
		row[at] = ""
	}
}

func (f *files) empty(object, column string) {
	for _, row := range f.sheets[object].rows {
		row[f.sheets[object].column(column)] = ""
	}
}

func (f *files) stampAll(object string) {
	for _, row := range f.sheets[object].rows {
		f.stamp(object, row)
	}
}

func (f *files) respell(object string, spell func(string) (string, error)) {
	for _, row := range f.sheets[object].rows {
		for i, cell := range row {
			if text, err := spell(cell); err == nil {
				row[i] = text
			}
		}
	}
}

// inPlaceOf writes a mark for every letter beyond ASCII.
func inPlaceOf(mark string) func(string) (string, error) {
	return func(text string) (string, error) {
		var b strings.Builder
		for _, r := range text {
			if r > 127 {
				b.WriteString(mark)
			} else {
				b.WriteRune(r)
			}
		}
		return b.String(), nil
	}
}

// repeat adds a percentage of a list's rows once more, under ids with another letter in front.
func (f *files) repeat(object string, percent int, letter string) {
	p := f.sheets[object]
	for _, row := range p.rows[:len(p.rows)*percent/100] {
		again := slices.Clone(row)
		again[0] = letter + again[0]
		p.rows = append(p.rows, again)
	}
}

// Each accident stops the run under its name, and the publication stays what it was.
func TestAccidentsAreStoppedByName_Invariant7_Z23(t *testing.T) {
	t.Parallel()
	base, published := pipeline.PublishedDemo(t)
	store := filepath.Join(base, "store")
	for i, a := range accidents {
		if testing.Short() && i%6 != 0 {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			f, dir := demoFiles(t, uint64(i)), t.TempDir()
			a.plant(f)
			own, before := store, published.ID
			if a.first {
				own, before = filepath.Join(dir, "store"), ""
			}
			f.write(t, dir, own)
			_, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf, o.Full = asOf.Add(time.Duration(i+1)*time.Hour), true })
			var stopped *pipeline.CheckError
			if !errors.As(err, &stopped) {
				t.Fatalf("error %v, want one of a check", err)
			}
			slices.Sort(stopped.Checks)
			if got := strings.Join(stopped.Checks, " "); got != a.want {
				t.Errorf("stopped by %s, want %s: %v", got, a.want, err)
			}
			if !strings.Contains(stopped.Try(), `crmlink run --full --accept "REASON"`) {
				t.Errorf("next step %q does not say how to go on", stopped.Try())
			}
			s := pipeline.Store{Dir: own}
			if current, err := s.Current(); err != nil || current != before {
				t.Errorf("current is %q, %v; want %q", current, err, before)
			}
			records, err := s.Runs()
			if err != nil || len(records) == 0 {
				t.Fatalf("no records: %v", err)
			}
			last := records[len(records)-1]
			for name := range strings.FieldsSeq(a.want) {
				if !slices.ContainsFunc(last.Checks, func(c pipeline.Check) bool { return c.Name == name && !c.Passed && c.Detail != "" }) {
					t.Errorf("the record lacks the failed check %s: %+v", name, last.Checks)
				}
			}
			if last.Status != pipeline.Stopped || last.Accepted != "" {
				t.Errorf("the record says %s, accepted %q", last.Status, last.Accepted)
			}
			t.Log(err)
		})
	}
}

// A stopped run is no measure: the next one is held against the publication again, until a person accepts the change.
// What was accepted is the measure from then on.
func TestAccept_Z23_GoesOnAndIsRecorded(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	t.Parallel()
	base, _ := pipeline.PublishedDemo(t)
	dir := t.TempDir()
	if err := os.Rename(filepath.Join(base, "store"), filepath.Join(dir, "store")); err != nil {
		t.Fatal(err)
	}
	f := demoFiles(t, 5)
	f.drop("Lead", len(f.sheets["Lead"].live())/3)
	f.write(t, dir, "store")
	for hour := range 2 {
		_, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf, o.Full = asOf.Add(time.Duration(hour+1)*time.Hour), true })
		var stopped *pipeline.CheckError
		if !errors.As(err, &stopped) || !slices.Equal(stopped.Checks, []string{"records_gone"}) {
			t.Fatalf("run %d: error %v, want records_gone", hour+2, err)
		}
	}
	if _, err := runOrg(t, dir, func(o *pipeline.Options) {
		o.Config, o.DryRun, o.Full = withSetting(t, dir, "limits: {gone_share: 0.4}"), true, true
	}); err != nil {
		t.Errorf("a third of the leads is gone, and limits.gone_share is 0.4: %v", err)
	}
	result, err := runOrg(t, dir, func(o *pipeline.Options) {
		o.Full, o.AsOf, o.Accept = true, asOf.Add(3*time.Hour), "leads were handed over"
	})
	if err != nil {
		t.Fatal(err)
	}
	record, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Find("latest")
	if err != nil || record.ID != result.Record.ID || record.Accepted != "leads were handed over" {
		t.Errorf("published is %s, accepted %q, %v", record.ID, record.Accepted, err)
	}
	for _, c := range record.Checks {
		if gone := c.Name == "records_gone"; c.Passed == gone || c.Accepted != gone {
			t.Errorf("check %+v", c)
		}
	}
	result, err = runOrg(t, dir, func(o *pipeline.Options) { o.Full, o.AsOf, o.Accept = true, asOf.Add(4*time.Hour), "once more" })
	if err != nil || result.Record.Accepted != "" || !slices.Contains(result.Record.Notices, "nothing had to be accepted: every check passed") {
		t.Errorf("the run after it: %v, accepted %q, notices %q", err, result.Record.Accepted, result.Record.Notices)
	}
}
