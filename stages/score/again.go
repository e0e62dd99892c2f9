package score

import (
	"context"
	"errors"
	"reflect"
	"strings"

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

// fits says whether records were scored with the same numbers, and observed if they are to be. The directory may be another.
func (e *Earlier) fits(in In) bool {
	return e != nil && (e.In.Observe || !in.Observe) && e.In.Frequencies.ID == in.Frequencies.ID && linkage.ObservedAlike(e.In.CRM.Rows, in.CRM.Rows) &&
		reflect.DeepEqual(e.In.Section, in.Section) && reflect.DeepEqual(e.In.Parameters, in.Parameters)
}

// scoredAnew names the temporary table of records that differ, and touchedRecords that of records whose candidates may.
const (
	scoredAnew     = "scored_anew"
	touchedRecords = "touched_records"
)

// mostScoredTwice is the share of records, one in so many, up to which scoring them as they were costs less than reading which candidates
// they had, for which a table is decoded that has several rows for each record. It changes no result.
const mostScoredTwice = 40

// again scores the records whose candidates can have changed, and takes over those of all others.
func (r *scoring) again(ctx context.Context, e Earlier) (Out, error) {
	s := r.session
	sameDirectory := e.In.Index == r.in.Index
	var before *linkage.Index
	var renewer *linkage.Renewer
	if !sameDirectory {
		var closeBefore func() error
		var err error
		before, closeBefore, err = openIndex(s, e.In.Section, e.In.Index)
		if sql.Damaged(err) {
			return r.all(ctx)
		}
		if err != nil {
			return Out{}, err
		}
		defer closeBefore() //nolint:errcheck // nothing was written
		if renewer, err = renewerOf(ctx, s, r.in, e.In.Index, before, r.index); err != nil {
			return Out{}, err
		}
		if renewer == nil {
			return r.all(ctx)
		}
	}
	totals, closeTotals, err := openTotals(s, e)
	if sql.Damaged(err) {
		return r.all(ctx)
	}
	if err != nil {
		return Out{}, err
	}
	defer closeTotals() //nolint:errcheck // nothing was written
	roll, err := r.openRoll(e, before)
	if sql.Damaged(err) {
		return r.all(ctx)
	}
	if err != nil {
		return Out{}, err
	}
	defer roll.close()
	if err := r.changedRecords(ctx, e); err != nil {
		return Out{}, err
	}
	defer s.Drop(ctx, scoredAnew) //nolint:errcheck // temporary
	if r.in.Observe {
		r.observer.Take(e.Out.Observed, sameDirectory)
	}
	if len(r.changed) == 0 && sameDirectory {
		return e.Out, r.to.Discard(ctx)
	}
	r.totals = r.in.Section.Renew(totals)
	if sameDirectory {
		err = r.scoreChanged(ctx, e, roll)
	} else {
		err = r.renewAll(ctx, e, roll, renewing{renewer, totals})
	}
	if err != nil {
		return Out{}, err
	}
	snapshot, err := r.amend(ctx, e.Out.Candidates)
	if err != nil {
		return Out{}, err
	}
	return r.out(snapshot)
}

// openTotals maps the totals that the earlier call left. Nothing of them may be used after close.
func openTotals(s *sql.Session, e Earlier) (totals *linkage.Totals, close func() error, err error) {
	data, close, err := s.MapObject(e.Out.Totals)
	if err != nil {
		return nil, nil, err
	}
	if totals, err = linkage.ReadTotals(e.In.Section, data); err != nil {
		return nil, nil, errors.Join(err, close())
	}
	return totals, close, nil
}

// changedRecords makes the table scoredAnew of the records that differ, and notes their ids.
func (r *scoring) changedRecords(ctx context.Context, e Earlier) error {
	s := r.session
	records, err := s.ChangedKeys(ctx, e.In.CRM, r.in.CRM)
	if err != nil {
		return err
	}
	defer records.Drop(ctx) //nolint:errcheck // temporary
	known, err := s.ChangedKeys(ctx, e.In.Known.Or(schemas.Known.Name), r.in.Known.Or(schemas.Known.Name))
	if err != nil {
		return err
	}
	defer known.Drop(ctx) //nolint:errcheck // temporary
	if err := s.Keep(ctx, scoredAnew, "SELECT crm_id FROM "+records.Name+" UNION SELECT crm_id FROM "+known.Name); err != nil {
		return err
	}
	r.changed = map[string]bool{}
	return s.EachText(ctx, "FROM "+scoredAnew, func(id string) { r.changed[strings.Clone(id)] = true })
}

// scoreChanged scores the records that differ, for the same directory, and notes them beside the roll.
func (r *scoring) scoreChanged(ctx context.Context, e Earlier, since *openedRoll) error {
	s := r.session
	gone, records := r.index.NewRecords(), r.index.NewRecords()
	few := int64(len(r.changed))*mostScoredTwice <= r.in.CRM.Rows
	if r.in.Observe || few {
		if err := eachRecordOf(ctx, s, r.in.Section, e.In.CRM, e.In.Known, scoredAnew, gone.Append); err != nil {
			return err
		}
	}
	if err := eachRecordOf(ctx, s, r.in.Section, r.in.CRM, r.in.Known, scoredAnew, records.Append); err != nil {
		return err
	}
	if err := readFrequencies(ctx, s, r.in, []*linkage.Scorer{r.scorer}, gone, records); err != nil {
		return err
	}
	if r.in.Observe {
		r.observer.ReplaceRecords(gone, records)
	}
	var had map[string]*digest
	var err error
	if few {
		had, err = r.scoreAsBefore(gone)
	} else {
		had, err = r.forget(ctx, e.Out.Candidates, scoredAnew, nil)
	}
	if err != nil {
		return err
	}
	if err := r.noteChanged(e, since, records); err != nil {
		return err
	}
	return r.rescore(ctx, had, records)
}
