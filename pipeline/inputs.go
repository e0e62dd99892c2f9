package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/linkage"
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
	options := csvdir.Options{Path: c.Path("org.path"), Files: c.Group("org.files"), Columns: c.columns(),
		Delimiter: c.Text("org.delimiter"), WonValueField: c.Text("settings.won_value_field"),
		AllowEmpty: c.Bool("org.allow_empty"), Progress: progress}
	if c.Text("org.kind") == Salesforce {
		options = csvdir.Options{Path: r.pullDir(), Columns: c.columns(), WonValueField: c.Text("settings.won_value_field"), Progress: progress}
	}
	inputs, parquet := listInputs(c)
	return csvdir.CRM(options), csvdir.Lists(c.Dir, inputs, progress), parquet
}

// columns are the names that the source has for columns of ours, by object.
func (c Config) columns() map[string]map[string]string {
	columns := map[string]map[string]string{}
	for _, o := range schemas.Objects {
		if theirs := c.Group("org.columns." + o.Name); len(theirs) > 0 {
			columns[o.Name] = theirs
		}
	}
	return columns
}

// listInputs are the files of the user's lists, or of some of them.
func listInputs(c Config, only ...string) (inputs map[string]csvdir.Input, parquet map[string]extract.Parquet) {
	inputs, parquet = map[string]csvdir.Input{}, map[string]extract.Parquet{}
	for _, l := range lists {
		path, theirs := c.Text(l.entry+".path"), c.Group(l.entry+".columns")
		switch {
		case path == "" || len(only) > 0 && !slices.Contains(only, l.object):
		case extract.IsParquet(path):
			parquet[l.object] = extract.Parquet{Root: c.Dir, Path: path, Columns: theirs}
		default:
			inputs[l.object] = csvdir.Input{Path: path, Columns: theirs}
		}
	}
	return inputs, parquet
}

// read extracts what the run is about and records it with everything else the publication follows from. A run that was
// killed after it had read finds it there.
func (r *run) read(ctx context.Context, o Options, last Record) (extract.Out, Inputs, error) {
	pulled, err := r.pull(ctx, o, last)
	if err != nil {
		return extract.Out{}, Inputs{}, err
	}
	raw, err := once(r, "extract", func() (extract.Out, error) {
		switch {
		case r.record.Extract != nil:
			return *r.record.Extract, nil
		case o.Decisions:
			return r.readDecisions(ctx, o.Config, last)
		}
		crm, lists, parquet := sources(o.Config, r)
		own, err := r.withControl(ctx, lists)
		if err != nil {
			return extract.Out{}, err
		}
		in := r.extractIn(o.Config, last, parquet)
		if pulled == nil {
			return extract.Run(ctx, r.session, crm, own, in)
		}
		in.Complete, in.Fresh = pulled.complete(), true
		raw, err := extract.Run(ctx, r.session, crm, own, in)
		if err != nil {
			return raw, err
		}
		return raw, r.takePulled(ctx, pulled, last, &raw)
	})
	if err != nil {
		return raw, Inputs{}, err
	}
	if r.record.Extract == nil || r.record.Given == nil {
		given, err := r.given(o, last)
		if err != nil {
			return raw, Inputs{}, err
		}
		r.record.Extract, r.record.Given = &raw, &given
		if err := r.write(); err != nil {
			return raw, Inputs{}, err
		}
	}
	r.removePages()
	return raw, Inputs{Given: *r.record.Given, Raw: raw.Tables}, nil
}

// memory keeps what became of the input's files, as actions: what equal files of an equal mirror came to is not read again.
func (r *run) memory() extract.Memory {
	return extract.Memory{
		Recall: func(in extract.ReadingIn) (string, extract.Reading, bool) {
			id, _, err := r.actionID("read "+in.Object, in)
			if err != nil {
				return "", extract.Reading{}, false
			}
			known, ok := resultOf[extract.Reading](r, id)
			return id, known, ok
		},
		Keep: func(in extract.ReadingIn, made extract.Reading) (string, error) {
			name := "read " + in.Object
			id, encoded, err := r.actionID(name, in)
			if err != nil {
				return "", err
			}
			return id, r.remember(id, name, encoded, made)
		},
	}
}

// readDecisions reads people's decisions anew and takes everything else from the last publication (D7, D8).
func (r *run) readDecisions(ctx context.Context, c Config, last Record) (extract.Out, error) {
	if last.ID == "" {
		return extract.Out{}, &InputError{Problem: "--decisions goes on from a publication, and nothing is published yet", Next: "crmlink run"}
	}
	inputs, parquet := listInputs(c, "decision")
	own, err := r.withControl(ctx, csvdir.Lists(c.Dir, inputs, nil))
	if err != nil {
		return extract.Out{}, err
	}
	read, err := extract.Run(ctx, r.session, nil, own, extract.In{AsOf: r.record.AsOf, Parquet: parquet, Only: []string{"decision"}})
	if err != nil {
		return read, err
	}
	for name, snap := range last.Tables {
		if _, ok := read.Tables[name]; !ok && strings.HasPrefix(name, "raw_") {
			read.Tables[name] = snap
		}
	}
	read.Unsettled = last.Unsettled
	if last.Extract != nil { // what the next run may take over stays in the store, and it goes on from where the CRM was read to
		read.Readings, read.Cursors = last.Extract.Readings, last.Extract.Cursors
	}
	r.record.Pull = last.Pull.carried()
	return read, nil
}

// analyticsViews are the relations that are computed when they are read; the model says how evidence is shown.
func analyticsViews(model linkage.Model) ([]sql.View, error) {
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

// asRead are the tables of the last publication that were read rather than made, which the next input is held against.
func asRead(last Record) map[string]sql.Snapshot {
	tables := map[string]sql.Snapshot{}
	for name, snap := range last.Tables {
		if strings.HasPrefix(name, "raw_") {
			tables[name] = snap
		}
	}
	return tables
}

// noticeAnswers notes what an administrator should look at though it stops nothing.
func (r *run) noticeAnswers(answers resolve.Out, pub publish.Out) {
	for _, n := range answers.Notices {
		of := "%d decisions"
		if n.Records == 1 {
			of = "%d decision"
		}
		r.notice("%s: "+of+"; crmlink decisions --conflicts lists them", strings.ReplaceAll(n.Name, "_", " "), n.Records)
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
