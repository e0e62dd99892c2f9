package score

import (
	"context"
	"fmt"
	"reflect"
	"strings"

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

// scoredAnew names the temporary table of the records that are scored anew.
const scoredAnew = "scored_anew"

// again scores the records whose candidates can have changed, and takes over those of all others.
func (r *scoring) again(ctx context.Context, e Earlier) (sql.Snapshot, error) {
	s := r.session
	sameDirectory := e.In.Index == r.in.Index
	var entities sql.Changes
	if !sameDirectory {
		var err error
		if entities, err = r.changedEntities(ctx, e); err != nil {
			return sql.Snapshot{}, err
		}
		defer entities.Drop(ctx) //nolint:errcheck // temporary
		if entities.Rows*mostTouched > int64(r.index.Len()) {
			return r.all(ctx)
		}
	}
	n, err := r.changedRecords(ctx, e)
	if err != nil {
		return sql.Snapshot{}, err
	}
	defer s.Drop(ctx, scoredAnew) //nolint:errcheck // temporary
	if n == 0 && sameDirectory {
		r.observer.Take(e.Out.Observed, true)
		return e.Out.Candidates, r.to.Discard(ctx)
	}
	r.observer.Take(e.Out.Observed, sameDirectory)
	if !sameDirectory {
		if err := r.touchedRecords(ctx, e, entities); err != nil {
			return sql.Snapshot{}, err
		}
	}
	if r.in.Observe && sameDirectory {
		gone := r.index.NewRecords()
		if err := eachRecordOf(ctx, s, r.in.Section, e.In.CRM, e.In.Known, scoredAnew, gone.Append); err != nil {
			return sql.Snapshot{}, err
		}
		r.observer.RemoveRecords(gone)
	}
	if r.in.Observe {
		if err := r.forgetCandidates(ctx, e.Out.Candidates); err != nil {
			return sql.Snapshot{}, err
		}
	}
	records := r.index.NewRecords()
	if err := eachRecordOf(ctx, s, r.in.Section, r.in.CRM, r.in.Known, scoredAnew, records.Append); err != nil {
		return sql.Snapshot{}, err
	}
	if r.in.Observe && sameDirectory {
		r.observer.AddRecords(records)
	}
	if err := r.score(ctx, records); err != nil {
		return sql.Snapshot{}, err
	}
	return r.to.Amend(ctx, e.Out.Candidates, "SELECT crm_id FROM "+scoredAnew)
}

// mostTouched is the share of directory records, one in so many, from which on it costs less to score every record than to
// find those that share a key with one that differs: each has many keys. It changes no result.
const mostTouched = 200

// changedEntities are the directory records that differ in what is compared of them.
func (r *scoring) changedEntities(ctx context.Context, e Earlier) (sql.Changes, error) {
	columns, err := r.in.Section.RightColumns()
	if err != nil {
		return sql.Changes{}, err
	}
	for i, c := range columns {
		columns[i] = schemas.Quote(c)
	}
	return r.session.Changed(ctx, e.In.Directory, r.in.Directory, "SELECT "+strings.Join(columns, ", ")+" FROM "+r.in.Section.RightTable().Name)
}

// changedRecords makes the table scoredAnew of the records that may differ, and says whether there are any.
func (r *scoring) changedRecords(ctx context.Context, e Earlier) (int64, error) {
	s := r.session
	records, err := s.ChangedKeys(ctx, e.In.CRM, r.in.CRM)
	if err != nil {
		return 0, err
	}
	defer records.Drop(ctx) //nolint:errcheck // temporary
	known, err := s.ChangedKeys(ctx, e.In.Known.Or(schemas.Known.Name), r.in.Known.Or(schemas.Known.Name))
	if err != nil {
		return 0, err
	}
	defer known.Drop(ctx) //nolint:errcheck // temporary
	return records.Rows + known.Rows, s.Keep(ctx, scoredAnew, "SELECT crm_id FROM "+records.Name+" UNION SELECT crm_id FROM "+known.Name)
}

// touchedRecords adds the records that share a key with a directory record that differs, as it was or as it is. All records
// are read for it, and observed: random pairs with another directory are others.
func (r *scoring) touchedRecords(ctx context.Context, e Earlier, changed sql.Changes) error {
	s := r.session
	before, closeBefore, err := openIndex(s, e.In.Section, e.In.Index)
	if err != nil {
		return err
	}
	defer closeBefore() //nolint:errcheck // nothing was written
	touched := linkage.NewTouched(before, r.index)
	entities := touched.NewEntities()
	if err := s.Each(ctx, "SELECT * EXCLUDE ("+sql.LaterColumn+") FROM "+changed.Name, nil, entities.Append); err != nil {
		return err
	}
	touched.Add(entities)
	var found []string
	for _, part := range inPieces(r.in.CRM) {
		records := r.index.NewRecords()
		if err := eachRecord(ctx, s, r.in.Section, part, r.in.Known, records.Append); err != nil {
			return err
		}
		if r.in.Observe {
			r.observer.AddRecords(records)
		}
		for i := range records.Len() {
			if touched.Finds(records, i) {
				found = append(found, records.ID(i))
			}
		}
	}
	return s.Add(ctx, scoredAnew, found)
}

// forgetCandidates takes the candidates of records that are scored anew out of what was observed.
func (r *scoring) forgetCandidates(ctx context.Context, earlier sql.Snapshot) error {
	if err := r.session.BindAs(ctx, schemas.Candidate.Name, earlier); err != nil {
		return err
	}
	return r.session.Each(ctx, "SELECT CAST(probability * 1000000 AS BIGINT), levels FROM candidate SEMI JOIN "+scoredAnew+" USING (crm_id)", nil,
		func(batch arrow.RecordBatch) error {
			probability, levels := batch.Column(0).(*array.Int64), batch.Column(1).(array.ListLike)
			codes, ok := levels.ListValues().(*array.Int32)
			if !ok {
				return fmt.Errorf("levels are %s", levels.ListValues().DataType())
			}
			for i := range int(batch.NumRows()) {
				from, to := levels.ValueOffsets(i)
				r.observer.RemoveCandidate(probability.Value(i), codes.Int32Values()[from:to])
			}
			return nil
		})
}
