package pipeline

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/publish"
)

// Diff is what differs between two publications, and why.
type Diff struct {
	From   string        `json:"from"`
	To     string        `json:"to"`
	Counts []ChangeCount `json:"counts"`
	Rows   []ChangedRow  `json:"rows"`
}

// ChangedRow is a row of the log of changes.
type ChangedRow struct {
	Table       string `json:"table"`
	Key         string `json:"key"`
	Kind        string `json:"kind"`
	Cause       string `json:"cause"`
	Object      string `json:"object,omitempty"`
	CRMID       string `json:"crm_id,omitempty"`
	Opportunity string `json:"opportunity_id,omitempty"`
	Seat        string `json:"seat_id,omitempty"`
	Entity      string `json:"entity_id,omitempty"`
	Before      string `json:"before,omitempty"`
	After       string `json:"after,omitempty"`
}

// DiffOptions say which two runs of a store to compare.
type DiffOptions struct {
	Config   Config // limits
	Store    Store
	From, To string
	Limit    int // rows to return; 0 is all
	Report   func(Event)
}

// Compare tells what differs between any two published runs, with causes. Between a run and the one before it that is
// the run's own log; otherwise the way between the two is walked as a run would. It takes no lock and leaves the store
// as it is.
func Compare(ctx context.Context, o DiffOptions) (Diff, error) {
	from, err := o.Store.publishedRun(o.From)
	if err != nil {
		return Diff{}, err
	}
	to, err := o.Store.publishedRun(o.To)
	if err != nil {
		return Diff{}, err
	}
	r := &run{store: Store{Dir: o.Store.spill()}, lends: o.Store, report: o.Report, now: time.Now, log: io.Discard}
	defer os.RemoveAll(r.store.Dir) //nolint:errcheck // a scratch folder, swept by the next run at the latest
	if err := r.openSession(ctx, Options{Config: o.Config}, o.Store.objects()); err != nil {
		return Diff{}, err
	}
	defer r.close()
	d := Diff{From: from.ID, To: to.ID}
	log, ok := to.Tables[schemas.Change.Name]
	if !ok || to.Previous != from.ID || to.ReplayOf != "" {
		if log, err = r.logBetween(ctx, from, to); err != nil {
			return Diff{}, err
		}
	}
	if d.Counts, err = changeCounts(ctx, r.session, log); err != nil {
		return Diff{}, err
	}
	limit := int64(o.Limit)
	if o.Limit == 0 {
		limit = log.Rows
	}
	err = readFile(ctx, r.session, "changes", map[string]any{"limit": limit}, func(rows *sql.Rows) error {
		var c ChangedRow
		err := rows.Scan(&c.Table, &c.Key, &c.Kind, &c.Cause, &c.Object, &c.CRMID, &c.Opportunity, &c.Seat, &c.Entity, &c.Before, &c.After)
		d.Rows = append(d.Rows, c)
		return err
	})
	return d, err
}

// logBetween is the log of changes of two publications that need not follow each other.
func (r *run) logBetween(ctx context.Context, from, to Record) (sql.Snapshot, error) {
	for _, record := range []Record{from, to} {
		if err := r.hasTables(record); err != nil {
			return sql.Snapshot{}, err
		}
	}
	inputs, err := to.inputs()
	if err != nil {
		return sql.Snapshot{}, err
	}
	inputs.Model = &to.Model
	r.record = to
	r.record.Steps = nil
	way, err := r.way(ctx, from, inputs, to, func(in *Inputs) {
		in.Mapping, in.AutoSave = tableOf(from, schemas.Mapping), tableOf(from, schemas.AutoSave)
	})
	if err != nil {
		return sql.Snapshot{}, err
	}
	out, err := do(ctx, r, "changes", publish.Changes, publish.ChangesIn{Way: way, Before: from.Tables, After: to.Tables})
	return out.Change, err
}
