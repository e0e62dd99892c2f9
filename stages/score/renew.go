package score

import (
	"context"
	"errors"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// renewing is what tells the candidates of records that do not differ, where the directory does.
type renewing struct {
	*linkage.Renewer
	totals *linkage.Totals
}

// renewAll renews the candidates of the records that meet a directory record that differs, scores those that differ
// themselves, and notes all on a new roll. Random pairs with another directory are others, too.
func (r *scoring) renewAll(ctx context.Context, e Earlier, before *openedRoll, by renewing) error {
	roll, err := r.session.NewObject()
	if err != nil {
		return err
	}
	defer roll.Discard()
	var observer *linkage.Observer
	if r.in.Observe {
		observer = r.observer
	}
	glancer := by.NewGlancer(observer)
	met, was, is := by.NewRecords(), r.index.NewRecords(), r.index.NewRecords()
	if err := before.Each(r.changed, func(piece *linkage.RollPiece) error {
		glanced := glancer.Glance(piece, r.workers)
		if err := errors.Join(glanced.CopyMet(met), glanced.CopyOut(was)); err != nil {
			return err
		}
		if observer != nil {
			drawn := r.index.NewRecords()
			if err := glanced.CopyDrawn(observer, drawn); err != nil {
				return err
			}
			observer.AddPairs(drawn)
		}
		if err := glanced.WriteAfter(roll); err != nil || met.Len() < recordsAtOnce {
			return err
		}
		some := met
		met = by.NewRecords()
		return r.renew(ctx, e.Out.Candidates, by, some, r.index.NewRecords(), "SELECT '' AS crm_id WHERE false")
	}); err != nil {
		return err
	}
	if err := r.readChanged(ctx, was, is); err != nil {
		return err
	}
	if observer != nil {
		observer.AddGlances(glancer)
		observer.ReplaceGlanced(was, is)
	}
	if err := is.WriteRoll(roll, nil); err != nil {
		return err
	}
	if r.rolls.Roll, err = roll.Save(); err != nil {
		return err
	}
	return r.renew(ctx, e.Out.Candidates, by, met, is, "SELECT crm_id FROM "+scoredAnew)
}

// renew writes the candidates of records that come to others than they had. Of most that were met it is known from a few pairs
// that they do not; of some the rows that were kept must be read; and some are scored whole, beside others, which a
// relation names together with those that are gone.
func (r *scoring) renew(ctx context.Context, earlier sql.Snapshot, by renewing, met *linkage.ToRenew, whole *linkage.Records, named string) error {
	s := r.session
	differ, unsure := []*linkage.Renewal(nil), []int(nil)
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
			unsure = append(unsure, renewal.Record)
		}
		ids = append(ids, id)
	}
	r.renewed += met.Len()
	if err := s.Keep(ctx, touchedRecords, named); err != nil {
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
			unsure = append(unsure, renewal.Record)
			continue
		}
		r.totals.Put(id, renewal.Total)
		merged = append(merged, scored)
	}
	if r.in.Observe {
		r.observer.AddScored(merged)
	}
	if err := r.write(ctx, had, met.Records, merged); err != nil {
		return err
	}
	r.renewed -= len(unsure)
	if err := met.Copy(whole, unsure); err != nil {
		return err
	}
	if err := readFrequencies(ctx, s, r.in, []*linkage.Scorer{r.scorer}, whole); err != nil {
		return err
	}
	return r.rescore(ctx, had, whole)
}
