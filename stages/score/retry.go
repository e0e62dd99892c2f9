package score

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// Temporary tables of records by crm_id, where not all are tried, and of answers.
const (
	retriedRecords  = "retried_records" // those whose patches are tried
	unsureRecords   = "unsure_records"  // those of them that do not differ themselves
	settledRecords  = "settled_records" // those whose answers are the same with another probability
	keptRemedies    = "kept_remedy"     // what was found for all of them
	changedRemedies = "changed_remedy"  // those for whom something else was found
)

// trial is one call of Remedies.
type trial struct {
	session *sql.Session
	in      RemediesIn
	index   *linkage.Index
	scorer  *linkage.Scorer
	grounds *linkage.NewGrounds
	workers int
	some    bool             // not all records are tried
	share   int64            // of the records with patches, at most one in so many is one of unsureRecords; 0 where there are none
	settled map[string]int64 // the probability by id, of settledRecords
}

// run tries the patches.
func (t *trial) run(ctx context.Context) (sql.Snapshot, error) {
	w, err := t.session.Writer(ctx, schemas.Remedy)
	if err != nil {
		return sql.Snapshot{}, err
	}
	if !t.some {
		if t.in.Patches.Rows > 0 {
			if err := readFrequencies(ctx, t.session, t.in.In, []*linkage.Scorer{t.scorer}); err != nil {
				return sql.Snapshot{}, err
			}
		}
		for _, piece := range t.in.Patches.Pieces(recordsAtOnce) {
			if err := t.try(ctx, w, t.in.CRM.Beside(piece), "", proposed{piece, ""}); err != nil {
				return sql.Snapshot{}, err
			}
		}
		return w.Save(ctx)
	}
	if err := t.trySome(ctx, w); err != nil {
		return sql.Snapshot{}, err
	}
	if t.in.KeptIndex == t.in.Index {
		return w.Amend(ctx, t.in.Kept, "SELECT crm_id FROM "+retriedRecords)
	}
	return t.amend(ctx, w)
}

// trySome tries the patches of retriedRecords: of those that differ they were made anew. The records are read together where few
// others are tried.
func (t *trial) trySome(ctx context.Context, w *sql.Writer) error {
	anew, unsure := proposed{t.in.Patches.Replaced(), t.in.Only.Table}, []proposed(nil)
	if t.share > 0 {
		for _, piece := range t.in.Patches.Pieces(recordsAtOnce * t.share) {
			unsure = append(unsure, proposed{piece, unsureRecords})
		}
	}
	if len(unsure) <= 1 {
		return t.try(ctx, w, t.in.CRM, retriedRecords, append([]proposed{anew}, unsure...)...)
	}
	if err := t.try(ctx, w, t.in.CRM, anew.of, anew); err != nil {
		return err
	}
	for _, piece := range unsure {
		if err := t.try(ctx, w, t.in.CRM.Beside(piece.patches), piece.of, piece); err != nil {
			return err
		}
	}
	return nil
}

// try tries changes of the records that a relation names, empty for all.
func (t *trial) try(ctx context.Context, w *sql.Writer, crm sql.Snapshot, of string, from ...proposed) error {
	q := quest{records: t.index.NewRecords(), rows: map[string]int{}, begun: map[int]bool{}, names: map[string]string{}}
	if of == retriedRecords {
		if err := t.pick(ctx, q.records, of); err != nil {
			return err
		}
	}
	if err := q.read(ctx, t.session, t.in, crm, of, from...); err != nil {
		return err
	}
	if t.some && q.records.Len() > 0 {
		if err := readFrequencies(ctx, t.session, t.in.In, []*linkage.Scorer{t.scorer}, q.records); err != nil {
			return err
		}
	}
	return q.answer(ctx, t, w)
}

// pick takes the records that a relation names from the roll: the engine decodes whole columns of their table to find them.
func (t *trial) pick(ctx context.Context, to *linkage.Records, of string) error {
	if len(t.in.Rolls) == 0 {
		return nil
	}
	roll, err := mapRoll(t.session, t.index, t.in.Rolls)
	if sql.Damaged(err) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer roll.close()
	ids := map[string]bool{}
	if err := t.session.EachText(ctx, "SELECT crm_id FROM "+of, func(id string) { ids[strings.Clone(id)] = true }); err != nil {
		return err
	}
	return roll.Pick(ids, to)
}

// amend takes over the answers that are as they were: most of those that are tried again are, and whoever reads what changed
// would look at them too.
func (t *trial) amend(ctx context.Context, tried *sql.Writer) (out sql.Snapshot, err error) {
	s, kept := t.session, t.in.Kept.Or(schemas.Remedy.Name)
	defer func() { err = errors.Join(err, tried.Discard(ctx)) }()
	if err := s.HoldRows(ctx, keptRemedies, kept, "crm_id", "(FROM "+retriedRecords+" UNION FROM "+settledRecords+")"); err != nil {
		return out, err
	}
	if err := t.addSettled(ctx, tried); err != nil {
		return out, err
	}
	const either = "SELECT crm_id FROM (FROM %s EXCEPT FROM %s)"
	if err := s.Keep(ctx, changedRemedies, fmt.Sprintf(either+" UNION "+either, tried.Name(), keptRemedies, keptRemedies, tried.Name())); err != nil {
		return out, err
	}
	defer s.Drop(ctx, changedRemedies) //nolint:errcheck // temporary
	w, err := s.Writer(ctx, schemas.Remedy)
	if err != nil {
		return out, err
	}
	if err := w.Take(ctx, "SELECT * FROM "+tried.Name()+" WHERE crm_id IN (FROM "+changedRemedies+")"); err != nil {
		return out, errors.Join(err, w.Discard(ctx))
	}
	return w.Amend(ctx, kept, "FROM "+changedRemedies)
}

// addSettled adds the answers that are the same with another probability.
func (t *trial) addSettled(ctx context.Context, to *sql.Writer) error {
	if len(t.settled) == 0 {
		return nil
	}
	var batches []arrow.RecordBatch
	defer func() {
		for _, b := range batches {
			b.Release()
		}
	}()
	found := 0
	err := t.session.Each(ctx, "SELECT * FROM "+keptRemedies+" SEMI JOIN "+settledRecords+" USING (crm_id)", nil, func(batch arrow.RecordBatch) error {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.Remedy.Arrow())
		defer b.Release()
		ids, probability := batch.Column(1).(*array.String), b.Field(5).(*array.Decimal128Builder)
		for i := range int(batch.NumRows()) {
			probability.Append(decimal128.FromI64(t.settled[ids.Value(i)]))
			found++
		}
		now := probability.NewArray()
		defer now.Release()
		columns := append(append([]arrow.Array{}, batch.Columns()[:5]...), now)
		batches = append(batches, array.NewRecordBatch(schemas.Remedy.Arrow(), columns, batch.NumRows()))
		return nil
	})
	if err != nil {
		return err
	}
	if found != len(t.settled) {
		return fmt.Errorf("%d answers were settled and %d of them found before", len(t.settled), found)
	}
	for _, b := range batches {
		if err := to.Write(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// begin finds which records are tried: those that differ, and those of whose answers it is not sure what another directory makes of
// them. Where so much of it differs that all are tried it finds none. Nothing of the earlier grounds may be used after close.
func (t *trial) begin(ctx context.Context) (close func() error, err error) {
	s := t.session
	data, closeGrounds, err := s.MapObject(t.in.KeptGrounds)
	if sql.Damaged(err) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeGrounds())
		}
	}()
	kept, err := linkage.ReadGrounds(data)
	if err != nil {
		return nil, err
	}
	if err = s.Bind(ctx, t.in.Only); err != nil {
		return nil, err
	}
	if err = s.Keep(ctx, retriedRecords, "SELECT crm_id FROM differing"); err != nil {
		return nil, err
	}
	grounds, differ := linkage.OverGrounds(kept), map[uint64]bool{}
	if err = s.EachText(ctx, "SELECT crm_id FROM "+retriedRecords, func(id string) {
		grounds.Put(id, -1) // none, until it is asked about
		differ[linkage.HashOf(id)] = true
	}); err != nil {
		return nil, err
	}
	if t.in.KeptIndex != t.in.Index {
		var settled []linkage.Settled
		var few bool
		if settled, few, err = t.settle(ctx, kept, differ); err != nil || !few {
			return closeGrounds, err
		}
		if err = t.take(ctx, kept, grounds, settled); err != nil {
			return nil, err
		}
	}
	t.some, t.grounds = true, grounds
	return closeGrounds, nil
}

// settle tells what another directory makes of the answers that rest on what differs in it; false where so much does that all are tried.
func (t *trial) settle(ctx context.Context, kept *linkage.Grounds, differ map[uint64]bool) (settled []linkage.Settled, few bool, err error) {
	s := t.session
	before, close, err := openIndex(s, t.in.Section, t.in.KeptIndex)
	if sql.Damaged(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer close() //nolint:errcheck // nothing was written
	renewer, err := renewerOf(ctx, s, t.in.In, t.in.KeptIndex, before, t.index)
	if err != nil || renewer == nil {
		return nil, false, err
	}
	s.Share(shareOf(t.in.In), nil) // nobody asks after this
	unsettled, err := kept.Unsettle(renewer.Meetings, func(hash uint64) bool { return differ[hash] })
	if err != nil {
		return nil, false, err
	}
	settled, err = renewer.Settle(unsettled, t.in.ThresholdMicros, t.workers)
	return settled, true, err
}

// take notes what was settled, and names the records that were not.
func (t *trial) take(ctx context.Context, kept *linkage.Grounds, grounds *linkage.NewGrounds, settled []linkage.Settled) error {
	s := t.session
	var unsure, changed []string
	t.settled = map[string]int64{}
	for i := range settled {
		switch one := &settled[i]; {
		case !one.Sure:
			unsure = append(unsure, one.ID)
			grounds.Put(one.ID, -1)
		case one.Probability != one.Before:
			changed, t.settled[one.ID] = append(changed, one.ID), one.Probability
			fallthrough
		default:
			grounds.Take(one)
		}
	}
	for name, ids := range map[string][]string{unsureRecords: unsure, settledRecords: changed} {
		if err := s.KeepIDs(ctx, name, ids); err != nil {
			return err
		}
	}
	if len(unsure) > 0 {
		t.share = int64(max(1, kept.Len()/len(unsure)))
	}
	return s.AddRows(ctx, retriedRecords, "FROM "+unsureRecords)
}
