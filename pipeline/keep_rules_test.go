package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/oracle"
)

// One deal of one account and one contact goes through a year. After each import the lists of both sales people are
// read: no row ever leaves, each says why it no longer holds, and a row that holds again was saved when it was saved first.
func TestAutoSave_F8_F9_F10_Z19_Z23_OneDealOverManyImports(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	if testing.Short() {
		t.Skip("runs an org many times")
	}
	t.Parallel()
	world := oracle.Plain(23, 2, 2, 2, 0)
	world.Settings.PipelineStage, world.Settings.AutoSync = "Qualification", "per_seat"
	world.StageFile(false)
	account, other, contact, twin := world.Row("Account", 0), world.Row("Account", 1), world.Row("Contact", 0), world.Row("Contact", 1)
	for i := range 2 {
		world.Seats.Rows[i]["sync"] = "true"
	}
	first, second := world.Row("User", 0)["Id"], world.Row("User", 1)["Id"]
	deal := world.Deal(account, first, "Proposal", contact)
	role := world.Row("OpportunityContactRole", 0)

	org := newOrg(t, world)
	for day, step := range []struct {
		what string
		do   func()
		full bool
		want string // seat, object and, unless valid, the reason; then the import that saved it
	}{
		{"the deal is past the stage", func() {}, false, "s1 Account 0, s1 Contact 0"},
		{"nothing changes", func() {}, false, "s1 Account 0, s1 Contact 0"},
		{"back at the stage", func() { world.Change(deal, "StageName", "Qualification") }, false,
			"s1 Account stage_back 0, s1 Contact stage_back 0"},
		{"past it again", func() { world.Change(deal, "StageName", "Negotiation") }, false, "s1 Account 0, s1 Contact 0"},
		{"another owner", func() { world.Change(deal, "OwnerId", second) }, false,
			"s1 Account owner_changed 0, s1 Contact owner_changed 0, s2 Account 4, s2 Contact 4"},
		{"the new owner's seat is off", func() { world.Seats.Rows[1]["sync"] = "false" }, false,
			"s1 Account owner_changed 0, s1 Contact owner_changed 0, s2 Account seat_off 4, s2 Contact seat_off 4"},
		{"the first owner has it back", func() { world.Change(deal, "OwnerId", first) }, false,
			"s1 Account 0, s1 Contact 0, s2 Account owner_changed 4, s2 Contact owner_changed 4"},
		{"the contact is no longer named", func() { world.Change(role, "IsDeleted", "true") }, false,
			"s1 Account 0, s1 Contact record_deleted 0, s2 Account owner_changed 4, s2 Contact owner_changed 4"},
		{"it is named again, and deleted", func() {
			world.Change(role, "IsDeleted", "false")
			world.Change(contact, "IsDeleted", "true")
		}, false, "s1 Account 0, s1 Contact record_deleted 0, s2 Account owner_changed 4, s2 Contact record_deleted 4"},
		{"the contact is restored", func() { world.Change(contact, "IsDeleted", "false") }, false,
			"s1 Account 0, s1 Contact 0, s2 Account owner_changed 4, s2 Contact owner_changed 4"},
		{"a person says the account is no one", func() { world.Decide("Account", account, "none", "") }, false,
			"s1 Account match_corrected 0, s1 Contact 0, s2 Account owner_changed 4, s2 Contact owner_changed 4"},
		{"and takes it back", func() { world.Decide("Account", account, "undo", "") }, false,
			"s1 Account 0, s1 Contact 0, s2 Account owner_changed 4, s2 Contact owner_changed 4"},
		{"the deal is lost", func() { world.Change(deal, "StageName", "Closed Lost", "IsClosed", "true") }, false,
			"s1 Account closed 0, s1 Contact closed 0, s2 Account closed 4, s2 Contact closed 4"},
		{"a full import lacks it", func() { world.CRM["Opportunity"].Rows = nil }, true,
			"s1 Account record_deleted 0, s1 Contact record_deleted 0, s2 Account record_deleted 4, s2 Contact record_deleted 4"},
		{"a delta says nothing of it", func() {}, false,
			"s1 Account record_deleted 0, s1 Contact record_deleted 0, s2 Account record_deleted 4, s2 Contact record_deleted 4"},
		{"it is back, open and about another account and contact", func() {
			world.CRM["Opportunity"].Rows = []oracle.Row{deal}
			world.Change(deal, "StageName", "Proposal", "IsClosed", "false", "AccountId", other["Id"])
			world.Change(role, "ContactId", twin["Id"])
		}, false, "s1 Account 15, s1 Account match_corrected 0, s1 Contact 15, s1 Contact match_corrected 0, " +
			"s2 Account owner_changed 4, s2 Contact owner_changed 4"},
	} {
		step.do()
		org.write(t)
		org.runImport(t, oracleTime.AddDate(0, 0, day), step.full)
		var got []string
		for _, row := range org.rows(t, "auto_save", []string{"seat_id", "object", "reason", "saved_at"}) {
			cells := strings.Fields(row)
			for i, cell := range cells {
				_, cells[i], _ = strings.Cut(cell, "=")
			}
			saved, err := time.Parse(time.RFC3339, cells[3])
			if err != nil {
				t.Fatal(err)
			}
			cells[3] = fmt.Sprint(int(saved.Sub(oracleTime).Hours() / 24))
			got = append(got, strings.ReplaceAll(strings.Join(cells, " "), " - ", " "))
		}
		slices.Sort(got)
		if s := strings.Join(got, ", "); s != step.want {
			t.Errorf("import %d, %s\n got %s\nwant %s", day, step.what, s, step.want)
		}
	}
}

// A column that went is told once, by name, and known records keep what it held; so is one that came. A won-value field
// that the settings change is told, for a delta holds few of the deals.
func TestRun_Z23_TellsOfColumnsThatWentAndCame(t *testing.T) {
	if testing.Short() {
		t.Skip("runs an org many times")
	}
	t.Parallel()
	world := oracle.Plain(24, 1, 2, 1, 0)
	world.Deal(world.Row("Account", 0), world.Row("User", 0)["Id"], "Proposal")
	org := newOrg(t, world)
	columns := world.CRM["Contact"].Columns
	without := func(name string) []string {
		return slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return c == name })
	}
	var phone string
	for day, step := range []struct {
		what, extra string // entry of the configuration
		columns     []string
		full        bool
		want        []string
	}{
		{"first", "", columns, false, nil},
		{"Phone went", "", without("Phone"), false, []string{"Contact: no column Phone this time; known records keep their values, new ones have none"}},
		{"still", "", without("Phone"), true, nil},
		{"back", "", columns, false, []string{"Contact: column Phone came"}},
		{"one more", "", append(slices.Clone(columns), "Shoe__c", "Hat__c"), false, []string{"Contact: new columns Hat__c, Shoe__c, not imported"}},
		{"other field", "  won_value_field: Name", append(slices.Clone(columns), "Shoe__c", "Hat__c"), false,
			[]string{"Opportunity: WonValue is read from another column now; records that this import does not hold keep the old value until a full one"}},
	} {
		world.CRM["Contact"].Columns = step.columns
		world.Change(world.Row("Contact", 0), "Title", fmt.Sprint("Buyer ", day))
		world.Row("Opportunity", 0)["Name"] = "7"
		org.write(t)
		if step.extra != "" {
			file := filepath.Join(org.dir, "crmlink.yaml")
			text, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(file, append(text, step.extra+"\n"...), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		result := org.runImport(t, oracleTime.AddDate(0, 0, day), step.full)
		got := slices.DeleteFunc(result.Record.Notices, func(n string) bool { return strings.Contains(n, "badge") || strings.Contains(n, "had to be accepted") })
		if !slices.Equal(got, step.want) {
			t.Errorf("%s: notices %q, want %q", step.what, got, step.want)
		}
		if want := map[bool]string{true: pipeline.FullImport, false: pipeline.DeltaImport}[step.full || day == 0]; result.Record.Import != want {
			t.Errorf("%s: import %s, want %s", step.what, result.Record.Import, want)
		}
		if runs := org.rows(t, "run", []string{"import"}); !slices.Equal(runs, []string{"import=" + result.Record.Import}) {
			t.Errorf("%s: table run has %q", step.what, runs)
		}
		card := org.rows(t, "contact_card", []string{"phone"})
		if day == 0 {
			phone = card[0]
		}
		if !strings.HasPrefix(phone, "phone=+") || card[0] != phone {
			t.Errorf("%s: contact card %q, want %q", step.what, card, phone)
		}
	}
}

// org.import: full takes every import for a full one; else later ones are deltas unless --full is given (Z23).
func TestRun_Z23_ImportKind(t *testing.T) {
	if testing.Short() {
		t.Skip("runs an org many times")
	}
	t.Parallel()
	world := oracle.Plain(25, 1, 3, 0, 0)
	org := newOrg(t, world)
	rows := world.CRM["Account"].Rows
	for day, step := range []struct {
		setting string
		full    bool
		rows    []oracle.Row
		want    string
		gone    int
	}{
		{"auto", false, rows, "full", 0},
		{"auto", false, rows[:2], "delta", 0},
		{"auto", true, rows[:2], "full", 1},
		{"full", false, rows[:1], "full", 2},
		{"auto", false, rows[2:], "delta", 1},
		{"full", false, rows, "full", 0},
	} {
		world.CRM["Account"].Rows = step.rows
		org.write(t)
		file := filepath.Join(org.dir, "crmlink.yaml")
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, []byte(strings.Replace(string(text), "path: crm,", "path: crm, import: "+step.setting+",", 1)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		result := org.runImport(t, oracleTime.AddDate(0, 0, day), step.full)
		gone := 0
		for _, status := range org.rows(t, "mapping", []string{"object", "status"}) {
			if status == "object=Account status=deleted" {
				gone++
			}
		}
		if result.Record.Import != step.want || gone != step.gone {
			t.Errorf("import %d: %s with %d gone, want %s with %d", day, result.Record.Import, gone, step.want, step.gone)
		}
	}
}
