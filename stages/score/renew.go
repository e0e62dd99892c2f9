package score

import (
	"context"
	"errors"
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
// those that differ themselves. All are read for it: random pairs with another directory are others, too.
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
	found := make([][]bool, len(batches))
	if err := r.glance(batches, by, found); err != nil {
		return err
	}
	met, drawn := by.NewRecords(), r.index.NewRecords()
	for i, batch := range batches {
		at := -1 // AppendIf asks for each record in order
		if err := met.AppendIf(batch, func(string) bool {
			at++
			return found[i][at]
		}); err != nil {
			return err
		}
		if r.in.Observe {
			if err := drawn.AppendIf(batch, func(id string) bool { return r.observer.Draws(id) && !by.changed[id] }); err != nil {
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

// glance finds which records of each batch meet a directory record that differs, and counts their equal pairs.
func (r *scoring) glance(batches []arrow.RecordBatch, by renewing, met [][]bool) error {
	next := make(chan int)
	failed := make([]error, len(batches))
	var observer *linkage.Observer
	if r.in.Observe {
		observer = r.observer
	}
	var glancers []*linkage.Glancer
	var wait sync.WaitGroup
	for range r.workers {
		g := by.NewGlancer(observer)
		glancers = append(glancers, g)
		wait.Go(func() {
			for i := range next {
				met[i], failed[i] = g.Met(batches[i], func(id string) bool { return by.changed[id] })
			}
		})
	}
	for i := range batches {
		next <- i
	}
	close(next)
	wait.Wait()
	if observer != nil {
		for _, g := range glancers {
			observer.AddGlances(g)
		}
	}
	return errors.Join(failed...)
}
