package score

import (
	"context"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// renewing is what tells the candidates of records that do not differ, where the directory does.
type renewing struct {
	*linkage.Renewer
	totals  *linkage.Totals
	changed map[string]bool // records that differ
}

// renewAll renews the candidates of the records that meet a directory record that differs, but for those that differ
// themselves, and notes all on a new roll. Random pairs with another directory are others, too.
func (r *scoring) renewAll(ctx context.Context, e Earlier, before *openedRoll, by renewing, changed *linkage.Records) error {
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
	met := by.NewRecords()
	if err := before.Each(by.changed, func(piece *linkage.RollPiece) error {
		if err := piece.Copy(met, glancer.Met(piece, r.workers)); err != nil {
			return err
		}
		if r.in.Observe {
			drawn := r.index.NewRecords()
			if err := piece.Copy(drawn, piece.Drawn(r.observer)); err != nil {
				return err
			}
			r.observer.AddPairs(drawn)
		}
		if err := piece.WriteAfter(by.Meetings, roll); err != nil || met.Len() < recordsAtOnce {
			return err
		}
		some := met
		met = by.NewRecords()
		return r.renew(ctx, e.Out.Candidates, by, some)
	}); err != nil {
		return err
	}
	if observer != nil {
		observer.AddGlances(glancer)
	}
	if err := r.renew(ctx, e.Out.Candidates, by, met); err != nil {
		return err
	}
	if err := changed.WriteRoll(roll, nil); err != nil {
		return err
	}
	r.rolls.Roll, err = roll.Save()
	return err
}

// renew writes the candidates of records that come to others than they had. Of most it is known from a few pairs that they
// do not; of some the rows that were kept must be read; and some are scored whole.
func (r *scoring) renew(ctx context.Context, earlier sql.Snapshot, by renewing, met *linkage.Records) error {
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
			unsure = append(unsure, renewal.Record)
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
	if err := met.Copy(records, unsure); err != nil {
		return err
	}
	scored, err := r.compare(records)
	if err != nil {
		return err
	}
	return r.write(ctx, had, records, scored)
}
