package pipeline

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/linkage"
	"github.com/crmlink/crmlink/stages/normalize"
	"github.com/crmlink/crmlink/stages/publish"
	"github.com/crmlink/crmlink/stages/resolve"
	"github.com/crmlink/crmlink/stages/systems/csvdir"
)

// lists are what the user brings beside the CRM: entry of the configuration → object of the extraction.
var lists = []struct{ entry, object string }{
	{"directory.companies", "company"}, {"directory.members", "member"}, {"seats", "seat"},
	{"activities", "activity"}, {"decisions", "decision"}, {"redirects", "redirect"},
}

// sources are the CRM and the user's lists as the configuration names them. Parquet lists are read by the engine.
func sources(c Config, r *run) (crm, own extract.Source, parquet map[string]extract.Parquet) {
	progress := func(object string, rows, bytes, total int64) {
		r.tell(Event{Step: "extract", State: "progress", Rows: rows, Done: bytes, Total: total, Detail: object})
	}
	columns := map[string]map[string]string{}
	for _, o := range schemas.Objects {
		if theirs := c.Group("org.columns." + o.Name); len(theirs) > 0 {
			columns[o.Name] = theirs
		}
	}
	crm = csvdir.CRM(csvdir.Options{Path: c.Path("org.path"), Files: c.Group("org.files"), Columns: columns,
		Delimiter: c.Text("org.delimiter"), WonValueField: c.Text("settings.won_value_field"),
		AllowEmpty: c.Bool("org.allow_empty"), Progress: progress})
	inputs := map[string]csvdir.Input{}
	parquet = map[string]extract.Parquet{}
	for _, l := range lists {
		path, theirs := c.Text(l.entry+".path"), c.Group(l.entry+".columns")
		switch {
		case path == "":
		case extract.IsParquet(path):
			parquet[l.object] = extract.Parquet{Root: c.Dir, Path: path, Columns: theirs}
		default:
			inputs[l.object] = csvdir.Input{Path: path, Columns: theirs}
		}
	}
	return crm, csvdir.Lists(c.Dir, inputs, progress), parquet
}

func normalizeIn(raw extract.Out) normalize.In {
	return normalize.In{Accounts: raw.Tables["raw_account"], Contacts: raw.Tables["raw_contact"], Leads: raw.Tables["raw_lead"],
		Companies: raw.Tables["raw_company"], Members: raw.Tables["raw_member"], Redirects: raw.Tables["raw_redirect"]}
}

func (r *run) publishIn(c Config, raw extract.Out, rec normalize.Out, answers resolve.Out, threshold float64, last Record) publish.In {
	in := publish.In{
		Raw: raw.Tables, Mapping: answers.Mapping, Unmatched: answers.Unmatched, Companies: rec.DirCompany, Members: rec.DirMember,
		Quality: []sql.Snapshot{rec.Quality}, AsOf: r.record.AsOf,
		Settings: publish.Settings{
			AutoSync: c.Text("settings.auto_sync"), PipelineStage: c.Text("settings.pipeline_stage"), Stages: c.List("settings.stages"),
			GreenMicros: c.Micros("settings.match_rate.green"), YellowMicros: c.Micros("settings.match_rate.yellow"),
			SavedListPolicy:              c.Text("settings.saved_list_policy"),
			LeadsOfOpenOpportunitiesOnly: c.Text("settings.leads") == "open_opportunities",
			InstanceURL:                  c.Text("org.instance_url"),
		},
		About: publish.About{RunID: r.record.ID, OrgKind: c.Text("org.kind"), Import: "full", Program: r.record.Program,
			Engine: r.record.Engine, ModelID: r.record.Model.ID, ModelOrigin: r.record.Model.Origin(),
			ThresholdMicros: int64(threshold*1e6 + 0.5)},
	}
	if saved, ok := last.Tables[schemas.AutoSave.Name]; ok {
		in.Previous = map[string]sql.Snapshot{schemas.AutoSave.Name: saved}
	}
	return in
}

// collect gathers the tables of a publication from all stages.
func collect(raw extract.Out, rec normalize.Out, pub publish.Out, matched []sql.Snapshot) map[string]sql.Snapshot {
	tables := map[string]sql.Snapshot{}
	maps.Copy(tables, raw.Tables)
	maps.Copy(tables, pub.Tables)
	for _, snap := range append(matched, raw.Log, raw.Rejects, rec.CRMCompany, rec.CRMPerson, rec.DirCompany, rec.DirMember) {
		tables[snap.Table] = snap
	}
	return tables
}

// analyticsViews are the relations that are computed when they are read.
func analyticsViews() ([]sql.View, error) {
	model, err := linkage.Default()
	if err != nil {
		return nil, err
	}
	evidence, err := linkage.EvidenceSQL(model)
	if err != nil {
		return nil, err
	}
	views := []sql.View{{Name: schemas.Evidence.Name, Query: evidence}}
	for _, name := range publish.Views {
		f, err := sql.Named("publish/views/" + name)
		if err != nil {
			return nil, err
		}
		views = append(views, sql.View{Name: name, Query: f.Text})
	}
	return views, nil
}

func (r *run) notice(format string, args ...any) {
	r.record.Notices = append(r.record.Notices, fmt.Sprintf(format, args...))
}

// mirror are the tables of the last publication that the new rows are merged over.
func mirror(last Record) map[string]sql.Snapshot {
	tables := map[string]sql.Snapshot{}
	for _, o := range schemas.Objects {
		if snap, ok := last.Tables[o.Table().Name]; ok {
			tables[snap.Table] = snap
		}
	}
	return tables
}

// asRead are the tables of the last publication that were read rather than made, which the next input is held against.
func asRead(last Record) map[string]sql.Snapshot {
	tables := mirror(last)
	for _, t := range []schemas.Table{schemas.RawCompany, schemas.RawMember, schemas.RawSeat, schemas.RawActivity, schemas.RawDecision, schemas.RawRedirect} {
		if snap, ok := last.Tables[t.Name]; ok {
			tables[snap.Table] = snap
		}
	}
	return tables
}

// noticeAnswers notes what an administrator should look at though it stops nothing.
func (r *run) noticeAnswers(answers resolve.Out, pub publish.Out) {
	for _, n := range answers.Notices {
		r.notice("%s: %d records", strings.ReplaceAll(n.Name, "_", " "), n.Records)
	}
	for _, c := range pub.Checks {
		if c.Passed && c.Detail != "" {
			r.notice("%s: %s", strings.ReplaceAll(c.Name, "_", " "), c.Detail)
		}
	}
}

// rejectReasons names the most frequent reasons, by object and column.
func (r *run) rejectReasons(ctx context.Context, rejects sql.Snapshot) (string, error) {
	if err := r.session.Bind(ctx, rejects); err != nil {
		return "", err
	}
	var reasons []string
	err := readFile(ctx, r.session, "reject_reasons", nil, func(rows *sql.Rows) error {
		var object, column, reason string
		var records int64
		err := rows.Scan(&object, &column, &reason, &records)
		reasons = append(reasons, fmt.Sprintf("%s %s: %s (%d)", object, column, reason, records))
		return err
	})
	return strings.Join(reasons, ", "), err
}
