package publish_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/publish"
)

var asOf = time.Date(2026, 7, 1, 4, 0, 0, 0, time.UTC)

var defaults = publish.Settings{AutoSync: "all", GreenMicros: 800_000, YellowMicros: 600_000, SavedListPolicy: "keep",
	InstanceURL: "https://acme.my.salesforce.com/"}

// The names of the cases say which requirement they prove; settings.json overrides the defaults.
func TestPublish(t *testing.T) {
	sqltest.Run(t, "testdata", func(t *testing.T, s *sql.Session, c sqltest.Case) map[string]sql.Snapshot {
		in := caseIn(t, c)
		out, err := publish.Run(t.Context(), s, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, check := range out.Checks {
			// Cases give only the records that matter, so only what holds for those is asked.
			if !check.Passed && !slices.Contains([]string{"one_mapping_row_per_record", "auto_save_cites_records",
				"reason_for_each_record_without_entity"}, check.Name) {
				t.Errorf("check %s: %s", check.Name, check.Detail)
			}
		}
		addViews(t, s, in, out.Tables)
		return out.Tables
	})
}

func caseIn(t *testing.T, c sqltest.Case) publish.In {
	in := publish.In{
		Raw: map[string]sql.Snapshot{}, Settings: defaults, AsOf: asOf,
		Mapping: c.Table("mapping"), Unmatched: c.Table("unmatched"),
		Companies: c.Table("dir_company"), Members: c.Table("dir_member"),
		Quality:  []sql.Snapshot{c.Table("data_quality")},
		Previous: map[string]sql.Snapshot{"auto_save": c.Table("previous_auto_save")},
		About:    publish.About{RunID: "run-1", OrgKind: "csv", Import: "full", ThresholdMicros: 500_000},
	}
	for name, snap := range c.In {
		if strings.HasPrefix(name, "raw_") {
			in.Raw[name] = snap
		}
	}
	if text, ok := c.Files["settings.json"]; ok {
		if err := json.Unmarshal(text, &in.Settings); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// addViews runs the views over the published tables and the inputs.
func addViews(t *testing.T, s *sql.Session, in publish.In, tables map[string]sql.Snapshot) {
	for _, snap := range []sql.Snapshot{tables["mapping"], tables["badge"], in.Companies.Or("dir_company"), in.Members.Or("dir_member"),
		in.Raw["raw_opportunity"].Or("raw_opportunity"), in.Raw["raw_opportunity_contact_role"].Or("raw_opportunity_contact_role")} {
		if err := s.Bind(t.Context(), snap); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range publish.Views {
		snap, err := s.Save(t.Context(), "publish/views/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		tables[name] = snap
	}
}

const stagesCSV = `MasterLabel,ApiName,SortOrder,IsActive,IsClosed
Prospecting,Prospecting,1,true,false
Old step,Old step,2,false,false
Qualification,qualified,3,true,false
Beta,Beta,4,true,false
Alpha,Alpha,4,true,false
Closed Won,Closed Won,5,true,true
`

func TestAutoSave_F3_Z11_StageErrorsNameTheValidStages(t *testing.T) {
	s := sqltest.Open(t)
	for name, c := range map[string]struct {
		stages        string // OpportunityStage
		list          []string
		chosen        string
		opportunities string
		want, try     string
	}{
		"unknown": {stages: stagesCSV, chosen: "Engaged",
			want: `settings.pipeline_stage: the CRM has no stage "Engaged"`,
			try:  "choose one of these stages: Prospecting, Old step, Qualification, Alpha, Beta"},
		"closed (Z18)": {stages: stagesCSV, chosen: "Closed Won",
			want: `settings.pipeline_stage: stage "Closed Won" is closed`,
			try:  "choose an open stage: Prospecting, Old step, Qualification, Alpha, Beta"},
		"closed by its opportunities (Z18)": {list: []string{"One", "Won"}, chosen: "Won", opportunities: "Id,StageName,IsClosed\no1,Won,true\n",
			want: `settings.pipeline_stage: stage "Won" is closed`, try: "choose an open stage: One"},
		"opportunity outside": {list: []string{"One", "Two"}, chosen: "One", opportunities: "Id,StageName,IsClosed\no1,Three,false\n",
			want: `settings.stages: open opportunities are in stage "Three", which is not in the order of stages`,
			try:  "add it at its place; the order has One, Two"},
		"no order": {chosen: "One", want: "settings.stages: pipeline_stage is set, but the source has no OpportunityStage and no order is given",
			try: "export OpportunityStage, or list all stages of your sales process in order under settings.stages"},
		"closed opportunity outside": {list: []string{"One", "Two"}, chosen: "One", opportunities: "Id,StageName,IsClosed\no1,Three,true\n"},
		"by API name":                {stages: stagesCSV, chosen: "qualified"},
		"inactive":                   {stages: stagesCSV, chosen: "Old step"},
	} {
		t.Run(name, func(t *testing.T) {
			in := publish.In{Raw: map[string]sql.Snapshot{}, Settings: defaults, AsOf: asOf}
			in.Settings.PipelineStage, in.Settings.Stages = c.chosen, c.list
			if c.stages != "" {
				in.Raw["raw_opportunity_stage"] = sqltest.Load(t, s, "raw_opportunity_stage", c.stages)
			}
			if c.opportunities != "" {
				in.Raw["raw_opportunity"] = sqltest.Load(t, s, "raw_opportunity", c.opportunities)
			}
			_, err := publish.Run(t.Context(), s, in)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var input interface {
				error
				Input() bool
				Try() string
			}
			if !errors.As(err, &input) || !input.Input() {
				t.Fatalf("error %v is not the input's", err)
			}
			if input.Error() != c.want || input.Try() != c.try {
				t.Errorf("error\n %s\n %s\nwant\n %s\n %s", input.Error(), input.Try(), c.want, c.try)
			}
		})
	}
}

func TestSettings_F6_AnUnknownChoiceIsTheInputsFault(t *testing.T) {
	in := publish.In{Settings: defaults, AsOf: asOf}
	in.Settings.AutoSync = "yes"
	_, err := publish.Run(t.Context(), sqltest.Open(t), in)
	var input *publish.InputError
	if !errors.As(err, &input) || input.Try() != "choose one of all, none, per_seat" {
		t.Errorf("error %v", err)
	}
}

// The example of the enablement guide (D14 to D16), at the size it has there.
func TestSyncStats_Z22_GoldenCase(t *testing.T) {
	s := sqltest.Open(t)
	mapping := "object,crm_id,entity_kind,entity_id,status,primary\n"
	previous := "seat_id,opportunity_id,object,crm_id,entity_kind,entity_id,still_valid\n"
	leads := "Id,OwnerId,IsConverted\n"
	add := func(object, kind string, matched, records, saved int) {
		for i := range records {
			id := fmt.Sprintf("%s%04d", object, i)
			if i < matched {
				mapping += fmt.Sprintf("%s,%s,%s,e%s,matched,true\n", object, id, kind, id)
			} else {
				mapping += fmt.Sprintf("%s,%s,%s,,unmatched,false\n", object, id, kind)
			}
			if i < saved && object != "Lead" {
				previous += fmt.Sprintf("s1,o1,%s,%s,%s,e%s,true\n", object, id, kind, id)
			}
			if object == "Lead" {
				owner := "u2"
				if i < saved {
					owner = "u1"
				}
				leads += fmt.Sprintf("%s,%s,false\n", id, owner)
			}
		}
	}
	add("Account", "company", 69, 97, 61)
	add("Contact", "member", 319, 339, 210)
	add("Lead", "member", 97, 110, 66)
	out, err := publish.Run(t.Context(), s, publish.In{
		Settings: defaults, AsOf: asOf, Mapping: sqltest.Load(t, s, "mapping", mapping),
		Raw: map[string]sql.Snapshot{
			"raw_lead": sqltest.Load(t, s, "raw_lead", leads),
			"raw_seat": sqltest.Load(t, s, "raw_seat", "seat_id,crm_user_id\ns1,u1\n"),
			"raw_user": sqltest.Load(t, s, "raw_user", "Id,IsActive\nu1,true\nu2,true\n"),
		},
		Previous: map[string]sql.Snapshot{"auto_save": sqltest.Load(t, s, "previous_auto_save", previous)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := sqltest.Dump(t, s, out.Tables["sync_stats"], "object,records,matched,match_rate_percent,match_color,saved,suggested")
	want := `object,records,matched,match_rate_percent,match_color,saved,suggested
Account,97,69,71,yellow,61,
Contact,339,319,94,green,210,
Lead,110,97,88,green,,66
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if o := out.Summary.Objects[0]; o.Object != "Account" || *o.MatchRatePercent != 71 || *o.Saved != 61 || o.Suggested != nil {
		t.Errorf("summary %+v", o)
	}
}

// The percent is rounded half up; the colour comes from the rate before that: 59.5 % reads 60 and is red.
func TestSyncStats_Z12_Z22_RoundingAndColor(t *testing.T) {
	s := sqltest.Open(t)
	for _, c := range []struct {
		matched, records int
		want             string
	}{
		{119, 200, "60,red"}, {120, 200, "60,yellow"}, {159, 200, "80,yellow"}, {160, 200, "80,green"},
		{1, 200, "1,red"}, {0, 3, "0,red"}, {3, 3, "100,green"}, {2, 3, "67,yellow"},
	} {
		mapping := "object,crm_id,entity_kind,entity_id,status\n"
		for i := range c.records {
			if i < c.matched {
				mapping += fmt.Sprintf("Lead,l%d,member,m%d,matched\n", i, i)
			} else {
				mapping += fmt.Sprintf("Lead,l%d,member,,unmatched\n", i)
			}
		}
		if err := s.Bind(t.Context(), sqltest.Load(t, s, "mapping", mapping), sql.Empty("auto_save"), sql.Empty("suggested_lead")); err != nil {
			t.Fatal(err)
		}
		if err := s.Step(t.Context(), "publish/mapping_count", nil); err != nil {
			t.Fatal(err)
		}
		stats, err := s.Save(t.Context(), "publish/sync_stats", map[string]any{"green": int64(800_000), "yellow": int64(600_000), "keep": true})
		if err != nil {
			t.Fatal(err)
		}
		got := sqltest.Dump(t, s, stats, "match_rate_percent,match_color")
		if !strings.HasSuffix(got, "\n"+c.want+"\n") {
			t.Errorf("%d of %d: got %q, want %s", c.matched, c.records, got, c.want)
		}
	}
}

func TestChecks_Invariant7_BrokenInputIsCaught(t *testing.T) {
	s := sqltest.Open(t)
	out, err := publish.Run(t.Context(), s, publish.In{
		Settings: defaults, AsOf: asOf,
		Raw:       map[string]sql.Snapshot{"raw_contact": sqltest.Load(t, s, "raw_contact", "Id\nc1\nc2\nc3\n")},
		Mapping:   sqltest.Load(t, s, "mapping", "object,crm_id,entity_kind,entity_id,status,primary\nContact,c1,member,m1,matched,true\nContact,c2,member,m1,matched,true\nContact,c4,member,,unmatched,false\n"),
		Companies: sql.Empty("dir_company"),
	})
	// Two primary records would give two badges of one key, which no table takes: that fails before any check.
	if err == nil || !strings.Contains(err.Error(), "its key (entity_kind, entity_id) is not unique") {
		t.Fatalf("error %v", err)
	}
	out, err = publish.Run(t.Context(), s, publish.In{
		Settings: defaults, AsOf: asOf,
		Raw:     map[string]sql.Snapshot{"raw_contact": sqltest.Load(t, s, "raw_contact", "Id\nc1\nc2\nc3\n")},
		Mapping: sqltest.Load(t, s, "mapping", "object,crm_id,entity_kind,entity_id,status,primary\nContact,c1,member,m1,matched,true\nContact,c2,member,m1,matched,false\nContact,c4,member,,unmatched,false\n"),
		Previous: map[string]sql.Snapshot{"auto_save": sqltest.Load(t, s, "auto_save",
			"seat_id,opportunity_id,object,crm_id\ns1,gone,Contact,c1\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]publish.Check{}
	for _, c := range out.Checks {
		got[c.Name] = c
	}
	for name, detail := range map[string]string{
		"one_mapping_row_per_record": "2 rows", "one_winner_per_entity_and_object": "1 rows",
		"reason_for_each_record_without_entity": "1 rows", "auto_save_cites_records": "1 rows",
	} {
		if got[name].Passed || got[name].Detail != detail {
			t.Errorf("%s: %+v", name, got[name])
		}
	}
	for _, name := range []string{"one_primary_per_entity", "auto_save_keeps_every_row", "badge_entities_in_directory"} {
		if !got[name].Passed {
			t.Errorf("%s: %+v", name, got[name])
		}
	}
	if got["badge_entities_in_directory"].Detail != "1 rows" {
		t.Errorf("badge for an entity outside the directory is not counted: %+v", got["badge_entities_in_directory"])
	}
}

func TestPublish_AnEmptyOrgPublishesEveryTable(t *testing.T) {
	s := sqltest.Open(t)
	out, err := publish.Run(t.Context(), s, publish.In{Settings: defaults, AsOf: asOf})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range out.Checks {
		if !c.Passed || c.Detail != "" {
			t.Errorf("check %+v", c)
		}
	}
	got := sqltest.Dump(t, s, out.Tables["sync_stats"], "object,records,match_rate_percent,match_color,saved,suggested")
	if got != "object,records,match_rate_percent,match_color,saved,suggested\nAccount,0,,,0,\nContact,0,,,0,\nLead,0,,,,0\n" {
		t.Errorf("sync_stats of an empty org:\n%s", got)
	}
	if _, err := json.Marshal(out); err != nil {
		t.Error(err)
	}
}
