package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/systems/salesforce"
)

// pulled is what a pull left for the extraction.
type pulled struct {
	salesforce.Pulled
}

// Detail says in a word how it went.
func (p *pulled) Detail() string {
	n := int64(0)
	for _, calls := range p.Calls {
		n += calls
	}
	return fmt.Sprintf("%d rows, %d API calls", p.BulkRows+p.RESTRows, n)
}

// complete are the objects of which every record was pulled.
func (p *pulled) complete() []string {
	var names []string
	for _, o := range p.Objects {
		if o.Whole && o.API != apiNone {
			names = append(names, o.Name)
		}
	}
	return names
}

// apiNone is the API of an object that the org does not have.
const apiNone = "none"

// pull brings the pages of this run out of Salesforce, where the org is there: those that a killed run has, and the rest.
// nil where there is nothing to pull: another kind of org, decisions alone, or rows that are in the store already.
func (r *run) pull(ctx context.Context, o Options, last Record) (*pulled, error) {
	if o.Config.Text("org.kind") != Salesforce || o.Decisions || r.record.Extract != nil {
		r.removePages()
		return nil, nil
	}
	done, err := once(r, "pull", func() (*pulled, error) {
		link, err := r.store.openConnection(ctx, o.Config, r.now)
		if err != nil {
			return nil, err
		}
		watch := pullWatch{run: r, states: map[string]string{}}
		client, err := link.client(salesforce.Options{Tries: o.Tries, Progress: watch.tell})
		if err != nil {
			return nil, err
		}
		r.abandon(ctx, client)
		if err := os.MkdirAll(r.pullDir(), 0o700); err != nil {
			return nil, err
		}
		done, err := client.Pull(ctx, salesforce.PullIn{Dir: r.pullDir(), Fields: o.Config.fieldNames(), Since: r.since(o.Config, last),
			Overlap: o.Config.Span("org.overlap")})
		if err != nil {
			return nil, err
		}
		p := &pulled{done}
		return p, r.notePull(link, last, p)
	})
	var known *salesforce.Error
	if errors.As(err, &known) {
		return nil, known // administrators know these sentences to the letter; nothing stands before them
	}
	return done, err
}

// since is from when on each object is pulled; one that is not in it is pulled whole: in a full run, before its first
// cursor, when its last whole pull is too long ago, and when records that did not change may lack what the CRM has.
func (r *run) since(c Config, last Record) map[string]time.Time {
	since := map[string]time.Time{}
	if r.record.Import == FullImport || last.Extract == nil || last.Pull == nil {
		return since
	}
	behind := lagging(last, remapped(last.Config, c.Effective()))
	for object, cursor := range last.Extract.Cursors {
		at, err := time.Parse(time.RFC3339, cursor)
		whole := last.Pull.Whole[object]
		if err == nil && !whole.IsZero() && r.record.Started.Sub(whole) < c.Span("org.census") && !behind[object] {
			since[object] = at
		}
	}
	return since
}

// lagging are objects with a column that is there now and in which known records may lack what the CRM has: it came
// lately, or is read from another field. Only a whole pull brings it.
func lagging(last Record, remapped []extract.Column) map[string]bool {
	absent := map[extract.Column]bool{}
	for _, o := range last.Pull.Objects {
		for _, name := range o.Lacking {
			absent[extract.Column{Object: o.Name, Column: name}] = true
		}
	}
	behind := map[string]bool{}
	for _, c := range last.Unsettled {
		behind[c.Object] = behind[c.Object] || !absent[c]
	}
	for _, c := range remapped {
		behind[c.Object] = true
	}
	return behind
}

// takePulled holds what was read against what Salesforce said it sent, page by page, and only then moves the cursors.
func (r *run) takePulled(ctx context.Context, p *pulled, last Record, raw *extract.Out) error {
	if err := r.session.BindAs(ctx, "pulled_log", raw.Log); err != nil {
		return err
	}
	read := map[string]int64{}
	err := eachRow(ctx, r.session, "SELECT file, rows_in FROM pulled_log", nil, func(rows *sql.Rows) error {
		var file string
		var n int64
		err := rows.Scan(&file, &n)
		read[file] = n
		return err
	})
	if err != nil {
		return err
	}
	raw.Cursors = map[string]string{}
	for _, o := range p.Objects {
		for _, f := range o.Files {
			if n, ok := read[f.Name]; !ok || n != f.Rows {
				return fmt.Errorf("%s: Salesforce sent %d rows of %s in this page, and %d were read; nothing was published", f.Name, f.Rows, o.Name, n)
			}
		}
		if o.API != apiNone {
			raw.Cursors[o.Name] = o.Cursor.UTC().Format(time.RFC3339)
		}
	}
	raw.Unclaimed = nil // the manifest
	r.notePulled(p, last)
	return nil
}

// pullWatch turns what the client tells into the run's story: states of jobs into the log, how far all is into one line.
type pullWatch struct {
	run    *run
	states map[string]string
	now    map[string]salesforce.Progress
}

func (w *pullWatch) tell(p salesforce.Progress) {
	if w.now == nil {
		w.now = map[string]salesforce.Progress{}
	}
	w.now[p.Object] = p
	e := Event{Step: "pull", State: "progress", Detail: p.Object + " " + strings.ReplaceAll(p.State, "_", " ")}
	var left time.Duration
	for _, one := range w.now {
		e.Rows += one.Rows
		e.Done += one.Rows
		e.Total += max(one.TotalRows, one.Rows)
		left = max(left, one.Left)
	}
	if left > 0 {
		e.Detail += ", about " + left.Round(time.Second).String() + " left"
	}
	if w.states[p.Object] != p.State {
		w.states[p.Object] = p.State
		w.run.note(Event{Step: "pull", State: "job", Rows: p.Rows, Done: p.Bytes, Total: p.TotalRows, Detail: e.Detail})
	}
	w.run.tell(e)
}
