package score

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

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

// scoredAnew names the temporary table of records that differ, readAnew that of those of them whose normal form may, and touchedRecords
// that of records whose candidates may.
const (
	scoredAnew     = "scored_anew"
	readAnew       = "read_anew"
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
	of := before
	if sameDirectory {
		of = r.index
	}
	roll, err := mapRoll(s, of, e.Out.Rolls())
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
	defer s.Drop(ctx, readAnew)   //nolint:errcheck // temporary
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

// changedRecords makes the tables scoredAnew and readAnew of the records that differ, and notes their ids.
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
	if err := s.Keep(ctx, readAnew, "SELECT crm_id FROM "+records.Name); err != nil {
		return err
	}
	if err := s.Keep(ctx, scoredAnew, "FROM "+readAnew+" UNION SELECT crm_id FROM "+known.Name); err != nil {
		return err
	}
	r.changed = map[string]bool{}
	return s.EachText(ctx, "FROM "+scoredAnew, func(id string) { r.changed[strings.Clone(id)] = true })
}

// scoreChanged scores the records that differ, for the same directory, and notes them beside the roll.
func (r *scoring) scoreChanged(ctx context.Context, e Earlier, roll *openedRoll) error {
	s := r.session
	gone, records := r.index.NewRecords(), r.index.NewRecords()
	if err := roll.Pick(r.changed, gone); err != nil {
		return err
	}
	if err := r.readChanged(ctx, gone, records); err != nil {
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
	if int64(len(r.changed))*mostScoredTwice <= r.in.CRM.Rows {
		had, err = r.scoreAsBefore(gone)
	} else {
		had, err = r.forget(ctx, e.Out.Candidates, scoredAnew, nil)
	}
	if err != nil {
		return err
	}
	if err := r.noteChanged(e, roll, records); err != nil {
		return err
	}
	return r.rescore(ctx, had, records)
}

// readChanged reads the records that differ. Of many nothing does but what is known about them: contacts of an account whose answer
// is another. Finding these in their table would decode most of it, so they are taken as they were, and what is known is put in.
func (r *scoring) readChanged(ctx context.Context, was, to *linkage.Records) error {
	s := r.session
	if err := eachRecordOf(ctx, s, r.in.Section, r.in.CRM, sql.Snapshot{}, readAnew, to.Append); err != nil {
		return err
	}
	anew := map[string]bool{}
	if err := s.EachText(ctx, "FROM "+readAnew, func(id string) { anew[strings.Clone(id)] = true }); err != nil {
		return err
	}
	var same []int
	for i := range was.Len() {
		if !anew[was.ID(i)] {
			same = append(same, i)
		}
	}
	if err := was.Copy(to, same); err != nil {
		return err
	}
	return r.putKnown(ctx, to)
}

// putKnown puts what is known now into records that differ.
func (r *scoring) putKnown(ctx context.Context, to *linkage.Records) error {
	s, table := r.session, r.in.Section.LeftTable()
	columns, err := r.in.Section.LeftColumns()
	if err != nil {
		return err
	}
	columns = slices.DeleteFunc(columns, func(c string) bool {
		_, own := table.Column(c)
		return own
	})
	rows := make(map[string]int, to.Len())
	for i := range to.Len() {
		rows[to.ID(i)] = i
	}
	if err := s.BindFor(ctx, schemas.Known.Name, r.in.Known.Or(schemas.Known.Name), "(FROM "+scoredAnew+")"); err != nil {
		return err
	}
	query := "SELECT a.crm_id"
	for _, c := range columns {
		query += ", k." + schemas.Quote(c)
	}
	return s.Each(ctx, query+" FROM "+scoredAnew+" a LEFT JOIN known k ON k.crm_id = a.crm_id AND (k.object = '"+schemas.Account+"') = "+
		strconv.FormatBool(r.in.Section.Kind == linkage.Company), nil, func(batch arrow.RecordBatch) error { return to.Replace(batch, rows, columns) })
}
