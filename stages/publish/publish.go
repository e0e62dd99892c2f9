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
	// Earlier is an earlier call whose tables may be taken over where they hold, nil for none.
	Earlier *Earlier `json:"-"`
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
	// Stages is a hash of the order of stages that the tables were made with.
	Stages string `json:"stages,omitempty"`
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
	p := newPublication(ctx, s, in)
	p.copies = true
	if in.Earlier != nil {
		p.before(in, *in.Earlier)
	}
	defer p.dropKept()
	out := p.all(in)
	if p.err != nil {
		return Out{}, fmt.Errorf("publish: %w", p.err)
	}
	return out, nil
}

// all makes the tables in the order in which they read each other.
func (p *publication) all(in In) Out {
	for _, name := range inputs {
		p.bind(name, name, in.Raw[name])
	}
	p.bind(previousAutoSave, schemas.AutoSave.Name, in.Previous[schemas.AutoSave.Name])
	p.counted = sql.Together(schemas.DataQuality.Name, in.Quality...)
	p.bind("data_quality", schemas.DataQuality.Name, p.counted)
	p.bind("dir_company", "dir_company", in.Companies)
	p.bind("dir_member", "dir_member", in.Members)
	p.publish(schemas.Mapping.Name, in.Mapping)
	p.publish(schemas.Unmatched.Name, in.Unmatched)

	p.unconcerned()
	p.stages(in.Settings)
	if in.Raw["raw_redirect"].Rows > 0 {
		p.step("resolve/redirected")
	} else {
		p.bind("redirected", "redirected", sql.Snapshot{})
	}
	p.save("publish/seat_map")
	p.save("publish/seat_candidate")
	p.lists()
	p.step("publish/at_open")
	p.save("publish/suggested_lead")
	p.badge()
	p.contactCard()
	p.missing()
	p.mappingCount()
	p.save("publish/sync_stats")
	p.requiredCount()
	p.save("publish/data_quality")
	p.fieldGain()
	p.save("publish/run")
	checks := p.checks()
	checks = append(checks, p.roi(in)...)
	if p.dry != nil {
		return Out{}
	}
	return Out{Checks: checks, Summary: p.summary(), Tables: p.tables, Stages: p.is[schemas.StageOrder.Name]}
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
		"today":        in.AsOf.UTC().Truncate(24 * time.Hour),
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
	// snaps are the tables that relations were bound to.
	snaps map[string]sql.Snapshot
	// is says what each relation holds: the id of a table, or of a step's file and of all that it follows from.
	is map[string]string
	// late are relations that no file has read yet.
	late map[string]func()
	// alike says what a file may take a relation or value for, by the file's name and that one's.
	alike map[string]string
	// was is the earlier call, nil for none: walked over what it gave, dry, to note what the tables of its files follow from.
	was    *publication
	dry    *Out
	follow map[string]string
	made   []string // files of tables that were not taken over
	some   some
	deals  deals
	// changes are the relations that hold what differs in a table.
	changes map[string]bool
	held    []sql.Changes
	copies  bool
	copied  map[string]bool // tables that files read a copy of
	marked  bool            // marked_company and marked_member hold the entities whose badge differs
	// tellsROI says that there are ROI tables.
	tellsROI bool
	// counted is what normalize counted: its relation's name is the published table's as well.
	counted sql.Snapshot
	kept    []string // temporary tables
	err     error
}

func newPublication(ctx context.Context, s *sql.Session, in In) *publication {
	return &publication{ctx: ctx, session: s, values: in.values(), tables: map[string]sql.Snapshot{},
		snaps: map[string]sql.Snapshot{}, is: map[string]string{}, late: map[string]func(){}, alike: map[string]string{},
		changes: map[string]bool{}, copied: map[string]bool{}, tellsROI: in.Settings.ROI.Enabled}
}

// bind makes a snapshot readable as name, for files that read it; a zero snapshot as the empty table.
func (p *publication) bind(name, table string, snap sql.Snapshot) {
	snap = snap.Or(table)
	p.is[name], p.snaps[name] = snap.ID, snap
	p.late[name] = func() {
		if !p.bindOnce(name) {
			p.err = p.session.BindAs(p.ctx, name, snap)
		}
	}
}

// read makes sure that relations can be read.
func (p *publication) read(names ...string) {
	for _, name := range names {
		if bind := p.late[name]; bind != nil && p.err == nil {
			delete(p.late, name)
			bind()
		}
	}
}

// readFor makes sure that a file can run.
func (p *publication) readFor(f sql.File) {
	p.read(f.In...)
	for value := range f.Values {
		p.read("$" + value)
	}
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
	f := p.file(file)
	if p.err != nil {
		return sql.Snapshot{}
	}
	if snap, ok := p.taken(f); ok {
		return snap
	}
	if p.readFor(f); p.err != nil {
		return sql.Snapshot{}
	}
	p.made = append(p.made, file)
	snap, err := p.session.Save(p.ctx, file, p.values)
	p.err = err
	return snap
}

func (p *publication) save(file string) {
	if snap := p.run(file); p.err == nil {
		p.publish(snap.Table, snap)
	}
}

// step makes a table that only later files read, when the first of them does.
func (p *publication) step(file string) {
	f := p.file(file)
	if p.err != nil {
		return
	}
	p.is[f.Out] = p.follows(f)
	p.late[f.Out] = func() {
		if p.readFor(f); p.err == nil {
			p.err = p.session.Step(p.ctx, file, p.values)
		}
	}
}

func (p *publication) file(name string) sql.File {
	if p.err != nil {
		return sql.File{}
	}
	f, err := sql.Named(name)
	p.err = err
	return f
}
