package score

import (
	"context"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// renewing is what tells the candidates of records that do not differ, where the directory does.
type renewing struct {
	*linkage.Renewer
	totals  *linkage.Totals
	changed map[string]bool // records that differ
}

// renewPiece renews the candidates of the records of a piece of the table that meet a directory record that differs, but for
// those that differ themselves. All are read for it, and observed: random pairs with another directory are others.
func (r *scoring) renewPiece(ctx context.Context, e Earlier, piece sql.Snapshot, by renewing) error {
	var batches []arrow.RecordBatch
	defer func() {
		for _, b := range batches {
			b.Release()
		}
	}()
	if err := eachRecord(ctx, r.session, r.in.Section, piece, r.in.Known, func(batch arrow.RecordBatch) error {
		batch.Retain()
		batches = append(batches, batch)
		return nil
	}); err != nil {
		return err
	}
	found := make([]glance, len(batches))
	if err := r.glance(batches, by.Meetings, found); err != nil {
		return err
	}
	met, drawn := by.NewRecords(), r.index.NewRecords()
	for i, batch := range batches {
		at := -1 // AppendIf asks for each record in order
		if err := met.AppendIf(batch, func(id string) bool {
			at++
			return found[i].met[at] && !by.changed[id]
		}); err != nil {
			return err
		}
		if r.in.Observe {
			r.observer.AddCounts(found[i].counts)
			if err := drawn.AppendIf(batch, r.observer.Draws); err != nil {
				return err
			}
		}
	}
	r.observer.AddPairs(drawn)
	return r.renew(ctx, e.Out.Candidates.Beside(piece), by, met, batches)
}

// renew writes the candidates of records that come to others than they had. Of most it is known from a few pairs that they
// do not; of some the rows that were kept must be read; and some are scored whole.
func (r *scoring) renew(ctx context.Context, earlier sql.Snapshot, by renewing, met *linkage.Records, batches []arrow.RecordBatch) error {
	s := r.session
	differ, unsure := []*linkage.Renewal(nil), map[string]bool{}
	kept := map[string]*[]linkage.Kept{}
	var ids []string
	renewals := by.Renew(met, by.totals, r.workers)
	for i := range renewals {
		renewal, id := &renewals[i], met.ID(renewals[i].Record)
		switch renewal.Rows {
		case linkage.RowsHold:
			r.totals.Put(id, renewal.Total)
			continue
		case linkage.RowsDiffer:
			differ, kept[id] = append(differ, renewal), &[]linkage.Kept{}
		case linkage.RowsUnsure:
			unsure[id] = true
		}
		ids = append(ids, id)
	}
	if r.renewed += met.Len(); len(ids) == 0 {
		return nil
	}
	if err := s.Keep(ctx, touchedRecords, "SELECT '' AS crm_id WHERE false"); err != nil {
		return err
	}
	defer s.Drop(ctx, touchedRecords) //nolint:errcheck // temporary
	if err := s.Add(ctx, touchedRecords, ids); err != nil {
		return err
	}
	had, err := r.forget(ctx, earlier, touchedRecords, kept)
	if err != nil {
		return err
	}
	var merged []linkage.Scored
	for _, renewal := range differ {
		id := met.ID(renewal.Record)
		scored, ok := by.Merge(renewal, *kept[id])
		if !ok {
			unsure[id] = true
			continue
		}
		r.totals.Put(id, renewal.Total)
		merged = append(merged, scored)
	}
	if r.in.Observe {
		r.observer.AddScored(merged)
	}
	if err := r.write(ctx, had, met, merged); err != nil {
		return err
	}
	r.renewed -= len(unsure)
	records := r.index.NewRecords()
	for _, batch := range batches {
		if err := records.AppendIf(batch, func(id string) bool { return unsure[id] }); err != nil {
			return err
		}
	}
	scored, err := r.compare(records)
	if err != nil {
		return err
	}
	return r.write(ctx, had, records, scored)
}

// glance is what is found of the records of a batch before they are read.
type glance struct {
	met    []bool
	counts linkage.Counts
	err    error
}

func (r *scoring) glance(batches []arrow.RecordBatch, meetings *linkage.Meetings, found []glance) error {
	next := make(chan int)
	var wait sync.WaitGroup
	for range r.workers {
		wait.Go(func() {
			for i := range next {
				g := &found[i]
				if g.met, g.err = meetings.In(batches[i]); g.err == nil && r.in.Observe {
					g.counts, g.err = r.observer.CountsOf(batches[i])
				}
			}
		})
	}
	for i := range batches {
		next <- i
	}
	close(next)
	wait.Wait()
	for _, g := range found {
		if g.err != nil {
			return g.err
		}
	}
	return nil
}
