package publish_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/publish"
)

var roiTables = []string{"roi_summary", "roi_opportunity", "roi_touch"}

// Off, the publication has no ROI table, not even an empty one; on, it has them also where there is nothing to count.
func TestROI_I1_TablesOnlyWhereEnabled(t *testing.T) {
	s := sqltest.Open(t)
	in := publish.In{Settings: defaults, AsOf: asOf, Raw: map[string]sql.Snapshot{
		"raw_opportunity": sqltest.Load(t, s, "raw_opportunity", "Id,WonValue\no1,5\n"),
	}}
	for _, enabled := range []bool{false, true, false} {
		in.Settings.ROI.Enabled = enabled
		out, err := publish.Run(t.Context(), s, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range roiTables {
			if _, ok := out.Tables[name]; ok != enabled {
				t.Errorf("enabled %t: table %s there: %t", enabled, name, ok)
			}
		}
		for _, c := range out.Checks {
			if strings.HasPrefix(c.Name, "roi_") && !enabled {
				t.Errorf("check %s without ROI tables", c.Name)
			}
		}
	}
	in.Settings.ROI.Enabled, in.Raw = true, nil
	out, err := publish.Run(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range roiTables {
		if out.Tables[name].Rows != 0 {
			t.Errorf("an empty org has %d rows in %s", out.Tables[name].Rows, name)
		}
	}
	checked := 0
	for _, c := range out.Checks {
		if strings.HasPrefix(c.Name, "roi_") {
			checked++
			if !c.Passed {
				t.Errorf("check %+v of an empty org", c)
			}
		}
	}
	if checked != 3 {
		t.Errorf("%d ROI checks, want 3", checked)
	}
}

// A zone that the engine does not know is the input's fault, and the message says where it comes from.
func TestROI_Z13_UnknownTimeZone(t *testing.T) {
	s := sqltest.Open(t)
	org := sqltest.Load(t, s, "raw_organization", "Id,TimeZoneSidKey\norg,Mars/Olympus\n")
	for set, want := range map[string]string{
		"":          `settings.time_zone: it is empty, and the Organization's is "Mars/Olympus", which is no known time zone`,
		"Nowhere":   `settings.time_zone: it is "Nowhere", which is no known time zone`,
		"Asia/Aden": "",
	} {
		in := publish.In{Settings: defaults, AsOf: asOf, Raw: map[string]sql.Snapshot{"raw_organization": org}}
		in.Settings.ROI = publish.ROI{Enabled: true, TimeZone: set}
		_, err := publish.Run(t.Context(), s, in)
		var input *publish.InputError
		switch {
		case want == "" && err == nil:
		case want == "" || !errors.As(err, &input):
			t.Errorf("%q: error %v", set, err)
		case input.Error() != want || input.Try() != "set settings.time_zone to UTC or a name such as Europe/Berlin":
			t.Errorf("%q: %s, try %s", set, input, input.Try())
		}
	}
}

// The checks see a summary that lost money and an opportunity that has no row.
func TestROI_I4_ChecksSeeWhatDoesNotAddUp(t *testing.T) {
	s := sqltest.Open(t)
	load := func(relation, text string) {
		if err := s.BindAs(t.Context(), relation, sqltest.Load(t, s, relation, text)); err != nil {
			t.Fatal(err)
		}
	}
	deals := "Id,WonValue,IsClosed,IsWon\no1,0.10,true,true\no2,0.20,true,true\n"
	rows := "opportunity_id,status,amount,corporate_amount,influenced\no1,won,0.10,0.10,true\no2,won,0.20,0.20,false\n"
	sums := "status,period,currency,opportunities,amount,corporate_influenced_amount\nwon,2026-Q1,EUR,2,0.30,0.10\n"
	for name, c := range map[string]struct{ deals, rows, sums, want string }{
		"all right":          {deals, rows, sums, ""},
		"a cent is lost":     {deals, rows, strings.Replace(sums, "0.30", "0.29", 1), "roi_amounts_equal_crm"},
		"a deal has no row":  {deals + "o3,,false,\n", rows, sums + "open,none,EUR,1,0,0\n", "roi_row_per_opportunity roi_summary_equals_rows"},
		"a row is of none":   {deals, rows + "o4,won,,,false\n", sums, "roi_row_per_opportunity"},
		"influenced is more": {deals, rows, strings.Replace(sums, "0.10", "0.11", 1), "roi_summary_equals_rows"},
	} {
		load("raw_opportunity", c.deals)
		load("roi_opportunity", c.rows)
		load("roi_summary", c.sums)
		snap, err := s.Save(t.Context(), "publish/roi/check_v1", nil)
		if err != nil {
			t.Fatal(err)
		}
		var failing []string
		for _, line := range strings.Split(strings.TrimSpace(sqltest.Dump(t, s, snap, "")), "\n")[1:] {
			if check, n, _ := strings.Cut(line, ","); n != "0" {
				failing = append(failing, check)
			}
		}
		if got := strings.Join(failing, " "); got != c.want {
			t.Errorf("%s: failing %q, want %q", name, got, c.want)
		}
	}
}

// What a version means is said by its files, and rows that name it were made by them: a file that counts otherwise is a
// new version under a new name, not an edit of this one. Comments may change.
func TestROI_Z13_ADefinitionKeepsItsMeaning(t *testing.T) {
	for file, want := range map[string]string{
		"person_v1":      "094b0d71b0137a55",
		"touch_v1":       "9d7bacf8e95178a4",
		"amount_v1":      "3264bd532074bb59",
		"opportunity_v1": "3fdd6014393a03eb",
		"summary_v1":     "747133ef4723acb8",
	} {
		f, err := sql.Named("publish/roi/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var code []string
		for line := range strings.Lines(f.Text) {
			line, _, _ = strings.Cut(line, "--")
			code = append(code, strings.Fields(line)...)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(code, " "))))[:16]; got != want {
			t.Errorf("sql/publish/roi/%s.sql is %s, was %s. Once released, add %s instead and name its version in the rows; "+
				"before, and where no number changes, write the new value here", file, got, want, strings.Replace(file, "v1", "v2", 1))
		}
	}
}
