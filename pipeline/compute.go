package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/linkage"
	"github.com/crmlink/crmlink/stages/publish"
	"github.com/crmlink/crmlink/stages/resolve"
	"github.com/crmlink/crmlink/stages/score"
)

// Inputs are all that the tables of a publication follow from, beside the program and the run's id and time.
type Inputs struct {
	Given
	Raw map[string]sql.Snapshot `json:"raw"` // the mirror and the user's lists as they were read, by table
}

// Given is the part of the inputs that was not read: chosen by the administrator, or left by the publication before.
// A run records it, so that a replay needs nothing else.
type Given struct {
	Settings   publish.Settings `json:"settings"`
	Candidates int              `json:"candidates"` // how many per record are kept
	OrgKind    string           `json:"org_kind"`
	// Knowledge are the administrator's own lists, objects by file name.
	Knowledge map[string]string `json:"knowledge,omitempty"`
	// Sections is the model's programme, an object; Model are its numbers, nil where the run estimates them.
	Sections string `json:"sections"`
	Model    *Model `json:"model,omitempty"`
	// Own says that the programme was adopted and is not the one crmlink ships, so that another version keeps it.
	Own bool `json:"own_programme,omitempty"`
	// Mapping and AutoSave are those of the publication before: deleted records keep their answer, saved rows stay.
	Mapping  sql.Snapshot `json:"mapping"`
	AutoSave sql.Snapshot `json:"auto_save"`
}

// given takes the administrator's choices and what the last publication leaves.
func (r *run) given(o Options, last Record) (Given, error) {
	c := o.Config
	g := Given{Candidates: c.Int("settings.candidates"), OrgKind: c.Text("org.kind")}
	if r.record.Pull != nil {
		g.Settings = publishSettings(c, r.record.Pull.Instance)
	} else {
		g.Settings = publishSettings(c, "")
	}
	var err error
	if g.Knowledge, err = r.putKnowledge(c); err != nil {
		return g, err
	}
	if err := r.givenModel(&g, o, last); err != nil {
		return g, err
	}
	g.Mapping, g.AutoSave = tableOf(last, schemas.Mapping), tableOf(last, schemas.AutoSave)
	return g, nil
}

func publishSettings(c Config, instance string) publish.Settings {
	return publish.Settings{
		AutoSync: c.Text("settings.auto_sync"), PipelineStage: c.Text("settings.pipeline_stage"), Stages: c.List("settings.stages"),
		GreenMicros: c.Micros("settings.match_rate.green"), YellowMicros: c.Micros("settings.match_rate.yellow"),
		SavedListPolicy:              c.Text("settings.saved_list_policy"),
		LeadsOfOpenOpportunitiesOnly: c.Text("settings.leads") == "open_opportunities",
		InstanceURL:                  cmp.Or(c.Text("org.instance_url"), instance),
		ROI:                          c.roi(),
	}
}

// putSections stores a model's programme as an object.
func (r *run) putSections(sections linkage.Model) (string, error) {
	data, err := json.Marshal(sections)
	if err != nil {
		return "", fmt.Errorf("encode model: %w", err)
	}
	return r.session.PutObject(data)
}

// objects reads what was stored beside tables: an open session does, and a folder by itself.
type objects interface {
	Object(id string) ([]byte, error)
}

func readSections(s objects, object string) (linkage.Model, error) {
	var sections linkage.Model
	data, err := s.Object(object)
	if err == nil {
		err = json.Unmarshal(data, &sections)
	}
	if err != nil {
		return sections, fmt.Errorf("read model: %w", err)
	}
	return sections, nil
}

// programmeOf is the programme of the model that a run used; older runs recorded none and used the default.
func programmeOf(s objects, record Record) (linkage.Model, error) {
	if record.Given == nil {
		return linkage.Default()
	}
	return readSections(s, record.Given.Sections)
}

func tableOf(record Record, table schemas.Table) sql.Snapshot {
	if snap, ok := record.Tables[table.Name]; ok {
		return snap
	}
	return sql.Empty(table.Name)
}

// computed is what follows from inputs: the tables that the stages make of the raw ones.
type computed struct {
	tables      map[string]sql.Snapshot
	model       Model
	drifted     []score.Drifted
	answers     resolve.Out
	publication publish.Out
}

// compute takes raw tables to published ones: normalize → (block → score → resolve) for companies, people and
// companies once more → publish. It touches nothing outside the store.
func (r *run) compute(ctx context.Context, in Inputs) (computed, error) {
	rec, err := r.normalize(ctx, in.Raw, in.Knowledge)
	if err != nil {
		return computed{}, err
	}

	// Three rounds, always: people are matched knowing their account's company, then accounts hear their people.
	m := matching{run: r, raw: in.Raw, rec: rec, previous: in.Mapping, knowledge: in.Knowledge}
	if err := m.begin(ctx, in.Given); err != nil {
		return computed{}, err
	}
	first, err := m.companies(ctx, "companies", sql.Empty(schemas.Known.Name), nil)
	if err != nil {
		return computed{}, err
	}
	people, err := m.people(ctx, first)
	if err != nil {
		return computed{}, err
	}
	accounts, err := m.companiesAgain(ctx, first, people)
	if err != nil {
		return computed{}, err
	}
	var remedies []sql.Snapshot
	if r.prefix == "" { // what would have been published on the way from one run to the next is compared by its answers
		if remedies, err = m.remedies(ctx, first, accounts, people); err != nil {
			return computed{}, err
		}
	}
	both := resolve.BothIn{Companies: accounts.answer, People: people.answer, Remedies: remedies}
	if before, out, ok := earlierOf[resolve.BothIn, resolve.Out](r, "answers"); ok {
		both.Earlier = &resolve.EarlierBoth{In: before, Out: out}
	}
	answers, err := do(ctx, r, "answers", resolve.Both, both)
	if err != nil {
		return computed{}, err
	}
	matched, drifted, err := m.finish(ctx, accounts, people)
	if err != nil {
		return computed{}, err
	}

	asked := publish.In{
		Raw: in.Raw, Mapping: answers.Mapping, Unmatched: answers.Unmatched, Companies: rec.DirCompany, Members: rec.DirMember,
		Quality: rec.Quality, Settings: in.Settings, AsOf: r.record.AsOf,
		Previous: map[string]sql.Snapshot{schemas.AutoSave.Name: in.AutoSave},
		About: publish.About{RunID: r.record.ID, OrgKind: in.OrgKind, Import: r.record.Import, Program: r.record.Program,
			Engine: r.record.Engine, ModelID: m.model.ID, ModelOrigin: m.model.Origin(),
			ThresholdMicros: m.sections.Person.ThresholdMicros(), SureMicros: m.sections.Person.SureMicros(),
			CompanyThresholdMicros: m.sections.Company.ThresholdMicros(), CompanySureMicros: m.sections.Company.SureMicros()},
	}
	if before, out, ok := earlierOf[publish.In, publish.Out](r, "publish"); ok {
		asked.Earlier = &publish.Earlier{In: before, Out: out}
	}
	pub, err := do(ctx, r, "publish", publish.Run, asked)
	if err != nil {
		return computed{}, err
	}
	tables := maps.Clone(pub.Tables)
	tables[schemas.DecisionOutcome.Name] = answers.Outcomes
	for _, snap := range append(matched, rec.CRMCompany, rec.CRMPerson, rec.DirCompany, rec.DirMember) {
		tables[snap.Table] = snap
	}
	return computed{tables, m.model, drifted, answers, pub}, nil
}

// collect adds what was read to what was computed: all tables of a publication.
func (c computed) collect(raw extract.Out) map[string]sql.Snapshot {
	tables := maps.Clone(c.tables)
	maps.Copy(tables, raw.Tables)
	tables[raw.Log.Table], tables[raw.Rejects.Table] = raw.Log, raw.Rejects
	return tables
}
