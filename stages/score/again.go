package score

import (
	"context"
	"reflect"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// Earlier is what an earlier call of Run was given and gave. It changes no result, only what the result costs: records
// that neither differ nor can meet a directory record that does keep their candidates.
type Earlier struct {
	In  In
	Out Out
}

// fits says whether records were scored with the same numbers. The directory may be another.
func (e *Earlier) fits(in In) bool {
	return e != nil && e.In.Observe == in.Observe && e.In.Frequencies.ID == in.Frequencies.ID && linkage.ObservedAlike(e.In.CRM.Rows, in.CRM.Rows) &&
		reflect.DeepEqual(e.In.Section, in.Section) && reflect.DeepEqual(e.In.Parameters, in.Parameters)
}

// scoredAnew names the temporary table of records that differ, and touchedRecords that of records that meet a directory
// record that does.
const (
	scoredAnew     = "scored_anew"
	touchedRecords = "touched_records"
)

// mostTouched is the share of directory records, one in so many, from which on it costs less to score every record than to
// find those that share a key with one that differs: each has many keys. It changes no result.
const mostTouched = 20

// again scores the records whose candidates can have changed, and takes over those of all others.
func (r *scoring) again(ctx context.Context, e Earlier) (sql.Snapshot, error) {
	s := r.session
	sameDirectory := e.In.Index == r.in.Index
	var touched *linkage.Touched
	if !sameDirectory {
		before, closeBefore, err := openIndex(s, e.In.Section, e.In.Index)
		if err != nil {
			return sql.Snapshot{}, err
		}
		defer closeBefore() //nolint:errcheck // nothing was written
		differing := linkage.NewDiffering(before, r.index)
		if differing.Len()*mostTouched > r.index.Len() {
			return r.all(ctx)
		}
		touched = linkage.NewTouched(differing)
		if err := readFrequencies(ctx, s, r.scorer, r.in); err != nil {
			return sql.Snapshot{}, err
		}
	}
	changed, err := r.changedRecords(ctx, e)
	if err != nil {
		return sql.Snapshot{}, err
	}
	defer s.Drop(ctx, scoredAnew) //nolint:errcheck // temporary
	r.observer.Take(e.Out.Observed, sameDirectory)
	if len(changed) == 0 && sameDirectory {
		return e.Out.Candidates, r.to.Discard(ctx)
	}
	if err := r.scoreChanged(ctx, e, sameDirectory); err != nil {
		return sql.Snapshot{}, err
	}
	if !sameDirectory {
		for _, piece := range r.in.CRM.Pieces(recordsAtOnce) {
			if err := r.scoreTouched(ctx, e, piece, touched, changed); err != nil {
				return sql.Snapshot{}, err
			}
		}
	}
	return r.amend(ctx, e.Out.Candidates)
}

// changedRecords makes the table scoredAnew of the records that differ, and gives their ids.
func (r *scoring) changedRecords(ctx context.Context, e Earlier) (map[string]bool, error) {
	s := r.session
	records, err := s.ChangedKeys(ctx, e.In.CRM, r.in.CRM)
	if err != nil {
		return nil, err
	}
	defer records.Drop(ctx) //nolint:errcheck // temporary
	known, err := s.ChangedKeys(ctx, e.In.Known.Or(schemas.Known.Name), r.in.Known.Or(schemas.Known.Name))
	if err != nil {
		return nil, err
	}
	defer known.Drop(ctx) //nolint:errcheck // temporary
	if err := s.Keep(ctx, scoredAnew, "SELECT crm_id FROM "+records.Name+" UNION SELECT crm_id FROM "+known.Name); err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	err = s.Each(ctx, "FROM "+scoredAnew, nil, func(batch arrow.RecordBatch) error {
		column := batch.Column(0).(*array.String)
		for i := range column.Len() {
			ids[strings.Clone(column.Value(i))] = true
		}
		return nil
	})
	return ids, err
}

// scoreChanged scores the records that differ.
func (r *scoring) scoreChanged(ctx context.Context, e Earlier, sameDirectory bool) error {
	s, observe := r.session, r.in.Observe && sameDirectory // with another directory all records are counted
	if observe {
		gone := r.index.NewRecords()
		if err := eachRecordOf(ctx, s, r.in.Section, e.In.CRM, e.In.Known, scoredAnew, gone.Append); err != nil {
			return err
		}
		r.observer.RemoveRecords(gone)
	}
	records := r.index.NewRecords()
	if err := eachRecordOf(ctx, s, r.in.Section, r.in.CRM, r.in.Known, scoredAnew, records.Append); err != nil {
		return err
	}
	if sameDirectory {
		if err := readFrequencies(ctx, s, r.scorer, r.in, records); err != nil {
			return err
		}
	}
	if observe {
		r.observer.AddRecords(records)
	}
	return r.rescore(ctx, e.Out.Candidates, scoredAnew, records)
}

// scoreTouched scores the records of a piece of the table that meet a directory record that differs, but for those that
// differ themselves. All are read for it, and observed: random pairs with another directory are others.
func (r *scoring) scoreTouched(ctx context.Context, e Earlier, piece sql.Snapshot, touched *linkage.Touched, changed map[string]bool) error {
	s := r.session
	var batches []arrow.RecordBatch
	defer func() {
		for _, b := range batches {
			b.Release()
		}
	}()
	if err := eachRecord(ctx, s, r.in.Section, piece, r.in.Known, func(batch arrow.RecordBatch) error {
		batch.Retain()
		batches = append(batches, batch)
		return nil
	}); err != nil {
		return err
	}
	found := make([]glance, len(batches))
	if err := r.glance(batches, touched, found); err != nil {
		return err
	}
	records, drawn, ids := r.index.NewRecords(), r.index.NewRecords(), []string(nil)
	for i, batch := range batches {
		at := -1 // AppendIf asks for each record in order
		if err := records.AppendIf(batch, func(id string) bool {
			at++
			if !found[i].touched[at] || changed[id] {
				return false
			}
			ids = append(ids, strings.Clone(id))
			return true
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
	if len(ids) == 0 {
		return nil
	}
	if err := s.Keep(ctx, touchedRecords, "SELECT '' AS crm_id WHERE false"); err != nil {
		return err
	}
	defer s.Drop(ctx, touchedRecords) //nolint:errcheck // temporary
	if err := s.Add(ctx, touchedRecords, ids); err != nil {
		return err
	}
	return r.rescore(ctx, e.Out.Candidates.Beside(piece), touchedRecords, records)
}

// glance is what is found of the records of a batch before they are read.
type glance struct {
	touched []bool
	counts  linkage.Counts
	err     error
}

func (r *scoring) glance(batches []arrow.RecordBatch, touched *linkage.Touched, found []glance) error {
	next := make(chan int)
	var wait sync.WaitGroup
	for range r.workers {
		wait.Go(func() {
			for i := range next {
				g := &found[i]
				if g.touched, g.err = touched.In(batches[i]); g.err == nil && r.in.Observe {
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
