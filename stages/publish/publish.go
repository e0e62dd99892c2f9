// Package publish makes what people see from the answers: badges, lists, seats, statistics, and the checks that must
// hold before a run replaces the last publication. It decides no match, and the switch is not its own: see pipeline.
package publish

import (
	"context"
	"fmt"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// In is all that a publication depends on. An absent or zero Snapshot is an empty table.
type In struct {
	// Raw holds the mirror and what the user brings by table name, raw_account to raw_redirect; others are ignored.
	Raw       map[string]sql.Snapshot `json:"raw"`
	Mapping   sql.Snapshot            `json:"mapping"`
	Unmatched sql.Snapshot            `json:"unmatched"`
	Companies sql.Snapshot            `json:"companies"` // dir_company
	Members   sql.Snapshot            `json:"members"`   // dir_member
	// Quality are data_quality tables of earlier stages; equal keys are added up.
	Quality  []sql.Snapshot `json:"quality,omitempty"`
	Settings Settings       `json:"settings"`
	AsOf     time.Time      `json:"as_of"`
	// Previous are the tables last published; only auto_save is read. Empty on the first run.
	Previous map[string]sql.Snapshot `json:"previous,omitempty"`
	About    About                   `json:"about"`
}

// Settings are what the administrator chose (F18).
type Settings struct {
	AutoSync      string `json:"auto_sync"`      // all, none or per_seat
	PipelineStage string `json:"pipeline_stage"` // empty: every open opportunity
	// Stages is the order of stages, used only where the source has no OpportunityStage.
	Stages []string `json:"stages,omitempty"`
	// Rates from which an object is green and yellow, in millionths.
	GreenMicros  int64 `json:"green_micros"`
	YellowMicros int64 `json:"yellow_micros"`
	// SavedListPolicy never changes a row of auto_save. With keep a row that is no longer valid stays on the list and
	// counts as saved; with flag lists mark it with its reason, and badge and statistics do not count it.
	SavedListPolicy string `json:"saved_list_policy"` // keep or flag
	// LeadsOfOpenOpportunitiesOnly suggests only leads that work at a company with an open opportunity (Z8).
	LeadsOfOpenOpportunitiesOnly bool   `json:"leads_of_open_opportunities_only"`
	InstanceURL                  string `json:"instance_url"`
	ROI                          ROI    `json:"roi"`
}

// About is what the row of table run says of the run, besides as_of and instance_url.
type About struct {
	RunID           string `json:"run_id"`
	OrgKind         string `json:"org_kind"`
	Import          string `json:"import"`
	Program         string `json:"program"`
	Engine          string `json:"engine"`
	ModelID         string `json:"model_id"`
	ModelOrigin     string `json:"model_origin"`
	ThresholdMicros int64  `json:"threshold_micros"`
	SureMicros      int64  `json:"sure_micros"`
	// Those of accounts; the ones above are of contacts and leads.
	CompanyThresholdMicros int64 `json:"company_threshold_micros"`
	CompanySureMicros      int64 `json:"company_sure_micros"`
}

// Out is a publication, ready to be switched to if every check passed.
type Out struct {
	Tables  map[string]sql.Snapshot `json:"tables"` // by name, mapping and unmatched among them
	Checks  []Check                 `json:"checks"`
	Summary Summary                 `json:"summary"`
}

// Views names the views that go with the tables: the SELECT of view v is the file publish/views/v.
var Views = []string{schemas.InCRM.Name, schemas.Profile.Name}

// inputs are the raw tables that the files of this stage read.
var inputs = []string{
	"raw_account", "raw_contact", "raw_lead", "raw_opportunity", "raw_opportunity_contact_role", "raw_user",
	"raw_user_role", "raw_opportunity_stage", "raw_currency_type", "raw_seat", "raw_activity", "raw_redirect",
}

// Run makes the tables in the order in which they read each other.
func Run(ctx context.Context, s *sql.Session, in In) (Out, error) {
	if err := in.Settings.validate(); err != nil {
		return Out{}, err
	}
	p := publication{ctx: ctx, session: s, values: in.values(), tables: map[string]sql.Snapshot{}}
	for _, name := range inputs {
		p.bind(name, name, in.Raw[name])
	}
	p.bind("previous_auto_save", schemas.AutoSave.Name, in.Previous[schemas.AutoSave.Name])
	p.bind("data_quality", schemas.DataQuality.Name, sql.Together(schemas.DataQuality.Name, in.Quality...))
	p.bind("dir_company", "dir_company", in.Companies)
	p.bind("dir_member", "dir_member", in.Members)
	p.publish(schemas.Mapping.Name, in.Mapping)
	p.publish(schemas.Unmatched.Name, in.Unmatched)

	p.stages(in.Settings)
	if in.Raw["raw_redirect"].Rows > 0 {
		p.step("resolve/redirected")
	} else {
		p.bind("redirected", "redirected", sql.Snapshot{})
	}
	p.save("publish/seat_map")
	p.save("publish/seat_candidate")
	p.step("publish/opportunity_record")
	p.save("publish/auto_save")
	p.save("publish/not_saved")
	p.save("publish/suggested_lead")
	p.save("publish/badge")
	p.save("publish/contact_card")
	p.save("publish/missing_in_crm")
	p.save("publish/sync_stats")
	p.save("publish/data_quality")
	p.save("publish/field_gain")
	p.save("publish/run")
	roiChecks := p.roi(in)

	out := Out{Checks: append(p.checks(), roiChecks...), Summary: p.summary(), Tables: p.tables}
	if p.err != nil {
		return Out{}, fmt.Errorf("publish: %w", p.err)
	}
	return out, nil
}

// values are the $names of all files; each takes those its header declares.
func (in In) values() map[string]any {
	return map[string]any{
		"auto_sync":    in.Settings.AutoSync,
		"every_stage":  in.Settings.PipelineStage == "",
		"keep":         in.Settings.SavedListPolicy != "flag",
		"open_only":    in.Settings.LeadsOfOpenOpportunitiesOnly,
		"instance_url": in.Settings.InstanceURL,
		"green":        in.Settings.GreenMicros,
		"yellow":       in.Settings.YellowMicros,
		"as_of":        in.AsOf.UTC(),
		"run_id":       in.About.RunID,
		"org_kind":     in.About.OrgKind,
		"import":       in.About.Import,
		"program":      in.About.Program,
		"engine":       in.About.Engine,
		"model_id":     in.About.ModelID,
		"model_origin": in.About.ModelOrigin,
		"threshold":    in.About.ThresholdMicros,
		"sure":         in.About.SureMicros,

		"company_threshold": in.About.CompanyThresholdMicros,
		"company_sure":      in.About.CompanySureMicros,
	}
}

// publication carries the first error through a sequence of tables, so that Run reads as the sequence it is.
type publication struct {
	ctx     context.Context
	session *sql.Session
	values  map[string]any
	tables  map[string]sql.Snapshot
	err     error
}

// bind makes a snapshot readable as name; a zero snapshot as the empty table.
func (p *publication) bind(name, table string, snap sql.Snapshot) {
	if p.err != nil {
		return
	}
	p.err = p.session.BindAs(p.ctx, name, snap.Or(table))
}

// publish adds a table to the publication and lets later files read it.
func (p *publication) publish(name string, snap sql.Snapshot) {
	if snap.Table == "" {
		snap = sql.Empty(name)
	}
	p.bind(name, name, snap)
	p.tables[name] = snap
}

func (p *publication) run(file string) sql.Snapshot {
	if p.err != nil {
		return sql.Snapshot{}
	}
	snap, err := p.session.Save(p.ctx, file, p.values)
	p.err = err
	return snap
}

func (p *publication) save(file string) {
	if snap := p.run(file); p.err == nil {
		p.publish(snap.Table, snap)
	}
}

// step makes a table that only later files read.
func (p *publication) step(file string) {
	if p.err == nil {
		p.err = p.session.Step(p.ctx, file, p.values)
	}
}
