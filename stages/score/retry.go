package score

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// retriedRecords names the temporary table of the records whose patches are tried, where not all are, keptRemedies that of what was
// found for them, and changedRemedies that of those for whom something else was.
const (
	retriedRecords  = "retried_records"
	keptRemedies    = "kept_remedy"
	changedRemedies = "changed_remedy"
)

// trial is one call of Remedies.
type trial struct {
	session *sql.Session
	in      RemediesIn
	index   *linkage.Index
	scorer  *linkage.Scorer
	grounds *linkage.NewGrounds
	some    bool  // records of retriedRecords alone
	share   int64 // of the records with patches, one in so many is tried, at most
}

// run tries the patches piece by piece.
func (t *trial) run(ctx context.Context) (sql.Snapshot, error) {
	s, in := t.session, t.in
	w, err := s.Writer(ctx, schemas.Remedy)
	if err != nil {
		return sql.Snapshot{}, err
	}
	few := t.some && in.KeptIndex == in.Index
	patches := in.Patches
	if few { // the patches of these records were made anew
		patches = patches.Replaced()
	}
	if !few && patches.Rows > 0 {
		if err := readFrequencies(ctx, s, in.In, []*linkage.Scorer{t.scorer}); err != nil {
			return sql.Snapshot{}, err
		}
	}
	for _, piece := range patches.Pieces(recordsAtOnce * t.share) {
		q := quest{records: t.index.NewRecords(), rows: map[string]int{}, begun: map[int]bool{}, names: map[string]string{}, some: t.some}
		if err := q.read(ctx, s, in, piece); err != nil {
			return sql.Snapshot{}, err
		}
		if few {
			if err := readFrequencies(ctx, s, in.In, []*linkage.Scorer{t.scorer}, q.records); err != nil {
				return sql.Snapshot{}, err
			}
		}
		if err := q.answer(ctx, s, w, t.scorer, t.grounds, in.ThresholdMicros); err != nil {
			return sql.Snapshot{}, err
		}
	}
	switch {
	case !t.some:
		return w.Save(ctx)
	case few:
		return w.Amend(ctx, in.Kept, "SELECT crm_id FROM "+retriedRecords)
	}
	return t.amend(ctx, w)
}

// amend takes over the answers that are as they were: most of those that are tried again are, and whoever reads what changed
// would look at them too.
func (t *trial) amend(ctx context.Context, tried *sql.Writer) (out sql.Snapshot, err error) {
	s, kept := t.session, t.in.Kept.Or(schemas.Remedy.Name)
	defer func() { err = errors.Join(err, tried.Discard(ctx)) }()
	if err := s.HoldRows(ctx, keptRemedies, kept, "crm_id", retriedRecords); err != nil {
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

// begin makes retriedRecords: records that differ, and those whose answers may be others by another directory. Where so much
// of it differs that all are tried it makes none. Nothing of the earlier grounds may be used after close.
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
	var ids []string
	if t.in.KeptIndex != t.in.Index {
		var few bool
		if ids, few, err = t.unsettled(ctx, kept); err != nil || !few {
			return closeGrounds, err
		}
	}
	if err = s.Bind(ctx, t.in.Only); err != nil {
		return nil, err
	}
	if err = s.Keep(ctx, retriedRecords, "SELECT crm_id FROM differing"); err != nil {
		return nil, err
	}
	if len(ids) > 0 {
		if err = s.Add(ctx, retriedRecords, ids); err != nil {
			return nil, err
		}
	}
	t.some, t.grounds = true, linkage.OverGrounds(kept)
	retried := 0
	err = s.EachText(ctx, "SELECT crm_id FROM "+retriedRecords, func(id string) {
		t.grounds.Put(id) // none, until it is asked about
		retried++
	})
	if t.in.KeptIndex != t.in.Index {
		t.share = max(1, int64(kept.Len()/max(1, retried)))
	}
	return closeGrounds, err
}

// unsettled gives the records with patches whose answers may be others by another directory; false where so much of it differs
// that all are tried.
func (t *trial) unsettled(ctx context.Context, kept *linkage.Grounds) (ids []string, few bool, err error) {
	s := t.session
	before, close, err := openIndex(s, t.in.Section, t.in.KeptIndex)
	if sql.Damaged(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer close() //nolint:errcheck // nothing was written
	differing := linkage.NewDiffering(before, t.index)
	if differing.Len()*mostTouched > t.index.Len() {
		return nil, false, nil
	}
	found := kept.Unsettled(linkage.NewMeetings(differing))
	if err := s.BindAs(ctx, "patch", t.in.Patches); err != nil {
		return nil, false, err
	}
	err = s.EachText(ctx, "SELECT crm_id FROM patch", func(id string) { // those of one record mostly stand together
		if (len(ids) == 0 || ids[len(ids)-1] != id) && found.Has(id) {
			ids = append(ids, strings.Clone(id))
		}
	})
	return ids, true, err
}
