package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/systems/salesforce"
)

// Pull is what a run did to get the records out of Salesforce (A18).
type Pull struct {
	Org      string                      `json:"org"`
	Instance string                      `json:"instance"`
	Version  string                      `json:"version"`
	Calls    map[string]int64            `json:"calls"`            // API calls, by kind
	Limits   map[string]salesforce.Limit `json:"limits,omitempty"` // as they were before the pull; empty where the user may not see them
	BulkRows int64                       `json:"bulk_rows"`
	RESTRows int64                       `json:"rest_rows"`
	// PersonAccounts says that the org has them.
	PersonAccounts bool           `json:"person_accounts,omitempty"`
	Objects        []PulledObject `json:"objects"`
	// Whole is as of when each object was last pulled whole, by Salesforce's clock.
	Whole map[string]time.Time `json:"whole"`
}

// PulledObject is what was pulled of one object.
type PulledObject struct {
	Name  string `json:"name"`
	API   string `json:"api"`             // bulk, rest, or none where the org does not have it
	Whole bool   `json:"whole,omitempty"` // every record; else what changed
	Pages int    `json:"pages"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
	// Lacking are fields that crmlink would read and the user cannot see; Calculated those whose changes are seen when the
	// object is pulled whole.
	Lacking    []string `json:"lacking,omitempty"`
	Calculated []string `json:"calculated,omitempty"`
	Notes      []string `json:"notes,omitempty"`
}

// AllCalls is the number of API calls.
func (p *Pull) AllCalls() (n int64) {
	for _, calls := range p.Calls {
		n += calls
	}
	return n
}

// isWhole says whether every record of an object was pulled.
func (p *Pull) isWhole(object string) bool {
	return p != nil && slices.ContainsFunc(p.Objects, func(o PulledObject) bool { return o.Name == object && o.Whole })
}

// carried is what a run that pulls nothing leaves to the next one.
func (p *Pull) carried() *Pull {
	if p == nil {
		return nil
	}
	carried := &Pull{Org: p.Org, Instance: p.Instance, PersonAccounts: p.PersonAccounts, Whole: p.Whole}
	for _, o := range p.Objects {
		carried.Objects = append(carried.Objects, PulledObject{Name: o.Name, Lacking: o.Lacking})
	}
	return carried
}

func (s Store) pulls() string { return filepath.Join(s.Dir, "pull") }

// pullDir is where this run's pages lie until their rows are in the store.
func (r *run) pullDir() string { return filepath.Join(r.store.pulls(), r.record.ID) }

// removePages removes the pages of this run, whose rows are in the store, and of runs that are not taken up again. A dry
// run leaves alone what is not its own. What cannot be removed now is tried again by the next run.
func (r *run) removePages() {
	os.RemoveAll(r.pullDir()) //nolint:errcheck // see above
	if r.record.ID != dryRunID {
		os.RemoveAll(r.store.pulls()) //nolint:errcheck // see above
	}
	os.Remove(r.store.pulls()) //nolint:errcheck // not while it holds something
}

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

// abandon gives up the pulls of runs that are not taken up again: their jobs at Salesforce, and their pages.
func (r *run) abandon(ctx context.Context, client *salesforce.Client) {
	entries, _ := os.ReadDir(r.store.pulls()) // before the first pull there is none
	for _, e := range entries {
		if mine, dry := e.Name() == r.record.ID, r.record.ID == dryRunID; mine != dry {
			continue // what this run goes on with; or what another one may, beside a dry run, which goes on with nothing
		}
		dir := filepath.Join(r.store.pulls(), e.Name())
		client.Abandon(ctx, dir) //nolint:errcheck // Salesforce forgets the jobs by itself after seven days
		os.RemoveAll(dir)        //nolint:errcheck // tried again by the next run
	}
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

// notePull writes down what the pull did, as soon as it is known.
func (r *run) notePull(link *session, last Record, p *pulled) error {
	note := &Pull{Org: link.stored.Org, Instance: link.stored.Instance, Version: p.Version, Calls: p.Calls, Limits: p.Limits, BulkRows: p.BulkRows,
		RESTRows: p.RESTRows, PersonAccounts: p.PersonAccounts, Whole: map[string]time.Time{}}
	if last.Pull != nil {
		maps.Copy(note.Whole, last.Pull.Whole)
	}
	every := true
	for _, o := range p.Objects {
		object := PulledObject{Name: o.Name, API: o.API, Whole: o.Whole, Pages: len(o.Files), Rows: o.Rows, Lacking: o.Lacking,
			Calculated: o.Calculated, Notes: o.Notes}
		for _, f := range o.Files {
			object.Bytes += f.Bytes
		}
		note.Objects = append(note.Objects, object)
		switch {
		case o.API == apiNone:
		case o.Whole:
			note.Whole[o.Name] = o.Cursor
		default:
			every = false
		}
	}
	if every {
		r.record.Import = FullImport
	}
	r.record.Pull = note
	return r.write()
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

// notePulled notes what an administrator should know of the org.
func (r *run) notePulled(p *pulled, last Record) {
	for _, o := range p.Objects {
		for _, note := range o.Notes {
			r.notice("%s: %s", o.Name, note)
		}
	}
	if p.PersonAccounts && (last.Pull == nil || !last.Pull.PersonAccounts) {
		r.notice("the org has Person Accounts: they are left out, with the status person_account")
	}
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

// listPulls adds the pages that no run takes up to the leftovers: all but those of a run that was killed before its rows
// were in the store.
func (s Store) listPulls(inv *inventory) error {
	return s.each("pull", func(name string, f storedFile) error {
		var record Record
		json.Unmarshal(inv.records[name], &record) //nolint:errcheck // then nobody takes it up
		if !record.unfinished() || record.Extract != nil {
			inv.leftovers = append(inv.leftovers, f)
		}
		return nil
	})
}

// Instance is the org's address: what the configuration says, else that of the connection that the published run had.
func (s Store) Instance(c Config) string {
	if address := c.Text("org.instance_url"); address != "" || c.Text("org.kind") != Salesforce {
		return address
	}
	id, err := s.Current()
	if err != nil || id == "" {
		return ""
	}
	record, err := s.Record(id)
	if err != nil || record.Pull == nil {
		return ""
	}
	return record.Pull.Instance
}
