// Package score compares CRM records with their candidates and keeps the best few with every number that counted.
//
// Run is a thin frame around the kernel in stages/linkage: it reads records, hands them over and writes what comes
// back. Estimate learns the parameters that a run is given; it decides nothing about using them.
package score

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// In is all that candidates depend on. CRM is crm_company or crm_person, Known what the other half of the loop knows
// (an empty snapshot in the first round), Index the object that block stored for the directory.
type In struct {
	Section     linkage.Section    `json:"section"`
	CRM         sql.Snapshot       `json:"crm"`
	Known       sql.Snapshot       `json:"known"`
	Index       string             `json:"index"`
	Parameters  linkage.Parameters `json:"parameters"`
	Frequencies sql.Snapshot       `json:"frequencies"`
	Directory   sql.Snapshot       `json:"directory"` // dir_company or dir_member, which Index was made of
	// Earlier is an earlier call whose results may be taken over where they hold, nil for none.
	Earlier *Earlier `json:"-"`
	// Observe asks for what the records look like by the model.
	Observe bool `json:"observe,omitempty"`
}

// Out is the table candidate for the section's objects, and what the records look like by the model (Drift). Totals is an
// object with what a later call must know of all candidates of each record together, Roll one with the records as they were
// read, and RollSince those that differ from them, empty for none.
type Out struct {
	Candidates sql.Snapshot     `json:"candidates"`
	Observed   linkage.Observed `json:"observed"`
	Totals     string           `json:"totals"`
	Roll       string           `json:"roll"`
	RollSince  string           `json:"roll_since,omitempty"`
}

// Objects are what In names that is no table: an earlier call is built upon where they are there.
func (in In) Objects() []string { return []string{in.Index} }

// Objects are what Out names that is no table.
func (o Out) Objects() []string { return append([]string{o.Totals}, o.Rolls()...) }

// Rolls are the objects that hold the records as they were read.
func (o Out) Rolls() []string {
	if o.RollSince == "" {
		return []string{o.Roll}
	}
	return []string{o.Roll, o.RollSince}
}

// recordsAtOnce bounds how many records are in memory together, in whole parts of the table.
const recordsAtOnce = 200_000

// Run scores every live record.
func Run(ctx context.Context, s *sql.Session, in In) (Out, error) {
	out, err := run(ctx, s, in)
	if err != nil {
		return Out{}, fmt.Errorf("score: %w", err)
	}
	return out, nil
}

func run(ctx context.Context, s *sql.Session, in In) (Out, error) {
	index, close, err := openIndex(s, in.Section, in.Index)
	if err != nil {
		return Out{}, err
	}
	defer close() //nolint:errcheck // nothing was written
	r, err := begin(ctx, s, in, index)
	if err != nil {
		return Out{}, err
	}
	return r.run(ctx)
}

func begin(ctx context.Context, s *sql.Session, in In, index *linkage.Index) (*scoring, error) {
	scorer, err := linkage.NewScorer(index, in.Parameters, nil)
	if err != nil {
		return nil, err
	}
	r := &scoring{session: s, in: in, index: index, scorer: scorer, observer: scorer.NewObserver(in.CRM.Rows),
		totals: in.Section.Renew(nil), workers: s.Threads()}
	r.to, err = s.Writer(ctx, schemas.Candidate)
	return r, err
}

func (r *scoring) run(ctx context.Context) (Out, error) {
	var out Out
	var err error
	if r.in.Earlier.fits(r.in) {
		out, err = r.again(ctx, *r.in.Earlier)
	} else {
		out, err = r.all(ctx)
	}
	out.Observed = r.observer.Seen()
	return out, err
}

// out is a call's result but for what was observed.
func (r *scoring) out(candidates sql.Snapshot) (Out, error) {
	totals, err := r.session.WriteObject(func(w io.Writer) error {
		_, err := r.totals.WriteTo(w)
		return err
	})
	return Out{Candidates: candidates, Totals: totals, Roll: r.rolls.Roll, RollSince: r.rolls.RollSince}, err
}

// scoring is one call of Run.
type scoring struct {
	session  *sql.Session
	in       In
	index    *linkage.Index
	scorer   *linkage.Scorer
	observer *linkage.Observer
	totals   *linkage.NewTotals
	rolls    Out // Roll and RollSince alone
	workers  int
	to       *sql.Writer
	changed  map[string]bool // records that differ from those of an earlier call
	replaced []string        // records whose earlier candidates no longer count
	scored   int             // records
	renewed  int             // records of which only some pairs were compared
}

// all scores every live record. Records are read in whole parts of their table, and their candidates are stored in parts by
// the same ids, but for a table that was amended: its parts are not whole.
func (r *scoring) all(ctx context.Context) (Out, error) {
	if err := readFrequencies(ctx, r.session, r.in, []*linkage.Scorer{r.scorer}); err != nil {
		return Out{}, err
	}
	roll, err := r.session.NewObject()
	if err != nil {
		return Out{}, err
	}
	defer roll.Discard()
	var snapshot sql.Snapshot
	if r.in.CRM.Amended() {
		if err = r.each(ctx, roll, r.score); err == nil {
			snapshot, err = r.to.Save(ctx)
		}
	} else {
		snapshot, err = r.allInParts(ctx, roll)
	}
	if err != nil {
		return Out{}, err
	}
	if r.rolls.Roll, err = roll.Save(); err != nil {
		return Out{}, err
	}
	return r.out(snapshot)
}

func (r *scoring) allInParts(ctx context.Context, roll io.Writer) (sql.Snapshot, error) {
	parts, err := r.session.PartWriter(schemas.Candidate)
	if err != nil {
		return sql.Snapshot{}, err
	}
	err = r.each(ctx, roll, func(ctx context.Context, records *linkage.Records) error {
		scored, err := r.compare(records)
		if err != nil {
			return err
		}
		return writeParts(ctx, parts, r.in.Section, r.scorer, records, scored)
	})
	if e := r.to.Discard(ctx); err == nil {
		err = e
	}
	if err != nil {
		return sql.Snapshot{}, err
	}
	return parts.Save(ctx)
}

// each reads all live records piece by piece, and notes them on a roll.
func (r *scoring) each(ctx context.Context, roll io.Writer, fn func(context.Context, *linkage.Records) error) error {
	for _, part := range r.in.CRM.Pieces(recordsAtOnce) {
		records := r.index.NewRecords()
		if err := eachRecord(ctx, r.session, r.in.Section, part, r.in.Known, records.Append); err != nil {
			return err
		}
		if r.in.Observe {
			r.observer.AddRecords(records)
		}
		if err := records.WriteRoll(roll, nil); err != nil {
			return err
		}
		if err := fn(ctx, records); err != nil {
			return err
		}
	}
	return nil
}

// score scores records that are not all.
func (r *scoring) score(ctx context.Context, records *linkage.Records) error {
	scored, err := r.compare(records)
	if err != nil {
		return err
	}
	return writeCandidates(ctx, r.to, r.in.Section, r.scorer, records, scored)
}

func (r *scoring) compare(records *linkage.Records) ([]linkage.Scored, error) {
	r.scored += records.Len()
	scored, err := r.scorer.Score(records, r.workers)
	if err != nil {
		return nil, err
	}
	if r.in.Observe {
		r.observer.AddScored(scored)
	}
	for i := range scored {
		r.totals.Put(records.ID(scored[i].Record), scored[i].Total())
	}
	return scored, nil
}

// openIndex maps the index that block stored. Nothing of it may be used after close.
func openIndex(s *sql.Session, section linkage.Section, id string) (index *linkage.Index, close func() error, err error) {
	data, close, err := s.MapObject(id)
	if err != nil {
		return nil, nil, err
	}
	if index, err = linkage.ReadIndex(section, data); err != nil {
		return nil, nil, errors.Join(err, close())
	}
	return index, close, nil
}

// eachRecord reads the live records of a CRM table with what is known about each.
func eachRecord(ctx context.Context, s *sql.Session, section linkage.Section, crm, known sql.Snapshot, fn func(arrow.RecordBatch) error) error {
	return eachRecordOf(ctx, s, section, crm, known, "", fn)
}

// eachRecordOf is eachRecord for those that a relation names in crm_id; empty, for all.
func eachRecordOf(ctx context.Context, s *sql.Session, section linkage.Section, crm, known sql.Snapshot, only string, fn func(arrow.RecordBatch) error) error {
	table, and := section.LeftTable(), ""
	bind := s.BindAs
	if only != "" {
		only = "(SELECT crm_id FROM " + only + ")"
		and = " AND c.crm_id IN " + only
		bind = func(ctx context.Context, name string, snap sql.Snapshot) error {
			return s.BindFor(ctx, name, snap, only)
		}
	}
	if err := bind(ctx, table.Name, crm); err != nil {
		return err
	}
	if err := bind(ctx, schemas.Known.Name, known.Or(schemas.Known.Name).Beside(crm)); err != nil {
		return err
	}
	columns, err := section.LeftColumns()
	if err != nil {
		return err
	}
	for i, c := range columns {
		from := "k."
		if _, own := table.Column(c); own {
			from = "c."
		}
		columns[i] = from + schemas.Quote(c)
	}
	object := "'" + schemas.Account + "'"
	if section.Kind == linkage.Person {
		object = "c.object"
	}
	return s.Each(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+table.Name+" c LEFT JOIN known k ON k.object = "+object+
		" AND k.crm_id = c.crm_id WHERE c.live"+and, nil, fn)
}

// readFrequencies tells scorers the term frequencies: those of the values that some records have, or of all, where none are
// given.
func readFrequencies(ctx context.Context, s *sql.Session, in In, scorers []*linkage.Scorer, only ...*linkage.Records) error {
	if err := s.BindAs(ctx, schemas.TermFrequency.Name, in.Frequencies); err != nil {
		return err
	}
	rarities := make([]*linkage.Rarities, len(scorers))
	for i, scorer := range scorers {
		rarities[i] = scorer.Rarities(only...)
	}
	err := s.Each(ctx, "SELECT field, value, records FROM term_frequency WHERE kind = '"+in.Section.EntityKind()+"'", nil,
		func(batch arrow.RecordBatch) error {
			field, value := batch.Column(0).(*array.String), batch.Column(1).(*array.String)
			records := batch.Column(2).(*array.Int64)
			for _, r := range rarities {
				for i := range int(batch.NumRows()) {
					r.Add(field.Value(i), value.Value(i), records.Value(i))
				}
			}
			return nil
		})
	for i, scorer := range scorers {
		if err == nil {
			scorer.Know(rarities[i])
		}
	}
	return err
}
