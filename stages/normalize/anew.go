package normalize

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Both halves can build upon an earlier call of theirs, in one way. What the earlier call knew of all records together is
// read (was); the raw rows that differ are found, and what is known now made of both (is); records whose own row is the
// same, but not what they are normalised with, follow. All these are normalised twice, as they were, for what was found
// in them then, and as they are; the rows of the others are taken over.

// errFromScratch says that it is simpler, or costs less, to build upon nothing.
var errFromScratch = errors.New("nothing is to be built upon")

// mostRenewed is the share of records, one in so many, from which on normalising all of them costs less.
const mostRenewed = 2

// renewed are the records of one raw table that must be normalised anew: those whose raw row differs, and more, whose
// own row is the same.
type renewed struct {
	raw     sql.Snapshot
	file    string // that reads the table
	id      string // column
	changed sql.Changes
	more    map[string]bool
	held    string // a relation with the rows of more as they are; empty where the raw table must be read for them
}

// rows is a query over the raw rows that differ, as they are or as they were, in the columns of the file that reads them.
func (r renewed) rows(later bool) string {
	return fmt.Sprintf("SELECT * EXCLUDE (%s) FROM %s WHERE %s = %v", sql.LaterColumn, r.changed.Name, sql.LaterColumn, later)
}

func (r renewed) drop(ctx context.Context, s *sql.Session) {
	if r.held != "" {
		s.Drop(ctx, r.held) //nolint:errcheck // temporary
	}
	if r.changed.Name != "" {
		r.changed.Drop(ctx) //nolint:errcheck // temporary
	}
}

// hold reads in one piece, as they were, the rows of records that may differ and of those that follow from others. The engine decodes
// whole columns to find one record in a hundred, and both rawChanges and renew ask for some of these. Rows of more are the
// same in both versions unless they are among those that differ.
func (r *run) hold(ctx context.Context, before, after sql.Snapshot, of *renewed) error {
	if !after.Amended() || before.Table != after.Table {
		return nil
	}
	changed, err := r.session.ChangedKeys(ctx, before, after)
	if err != nil {
		return err
	}
	defer changed.Drop(ctx) //nolint:errcheck // temporary
	if !before.Remembers(changed.Rows + int64(len(of.more))) {
		return nil
	}
	more, err := r.putMore(ctx, []half{{of: of}})
	if err != nil {
		return err
	}
	defer more.Discard(ctx) //nolint:errcheck // temporary
	keys, all, held := "(FROM "+changed.Name+" UNION FROM "+more.Name()+")", after.Table+"_of_all", after.Table+"_held"
	if err := r.session.BindOnly(ctx, all, before, tableNamed(after.Table).PartKey(), keys); err != nil {
		return err
	}
	if err := r.session.Keep(ctx, held, "FROM "+all); err != nil {
		return err
	}
	of.held = held
	return r.session.Remember(ctx, before, keys, held)
}

// rawChanges finds the raw rows that differ in what normal forms are made of.
func rawChanges(ctx context.Context, s *sql.Session, before, after sql.Snapshot, file string) (renewed, error) {
	f, err := sql.Named("normalize/" + file)
	if err != nil {
		return renewed{}, err
	}
	if before.Table != after.Table { // one of them was not given
		before.Table, after.Table = f.In[0], f.In[0]
	}
	r := renewed{raw: after, file: f.Text, id: schemas.Quote(tableNamed(after.Table).Key[0]), more: map[string]bool{}}
	r.changed, err = s.Changed(ctx, before, after, f.Text)
	return r, err
}

// worthwhile gives errFromScratch where it does not pay to take rows over.
func worthwhile(of ...renewed) error {
	some, all := int64(0), int64(0)
	for _, r := range of {
		some += r.changed.Rows + int64(len(r.more))
		all += r.raw.Rows
	}
	if some*mostRenewed > all {
		return errFromScratch
	}
	return nil
}

// half is how the records of one raw table are normalised: as they were, for what was found in them then, and as they are.
type half struct {
	of              *renewed
	before, further rowMaker
}

// writeAnew takes rows over from the earlier table and normalises the others.
func writeAnew(ctx context.Context, was, is *run, t schemas.Table, earlier sql.Snapshot, halves ...half) (sql.Snapshot, error) {
	more, err := is.putMore(ctx, halves)
	if err != nil {
		return sql.Snapshot{}, err
	}
	defer more.Discard(ctx) //nolint:errcheck // temporary
	replaced, rows := "FROM "+more.Name(), int64(0)
	for _, h := range halves {
		replaced += " UNION SELECT " + h.of.id + " FROM " + h.of.changed.Name
		rows += h.of.changed.Rows + int64(len(h.of.more))
	}
	if rows == 0 {
		return earlier, nil
	}
	var old *sql.Writer
	if earlier.Remembers(rows) { // later steps ask for these rows
		if old, err = is.session.Writer(ctx, t); err != nil {
			return sql.Snapshot{}, err
		}
		defer old.Discard(ctx) //nolint:errcheck // temporary
	}
	before := was.landing(t, old)
	defer before.release()
	return is.land(ctx, t, func(l landing) error {
		for _, h := range halves {
			if err := renew(ctx, l, before, more.Name(), h); err != nil {
				return err
			}
		}
		if old == nil {
			return nil
		}
		return is.session.Remember(ctx, earlier, "("+replaced+")", old.Name())
	}, func(out *sql.Writer) (sql.Snapshot, error) { return out.Amend(ctx, earlier, replaced) })
}

func renew(ctx context.Context, l, before landing, more string, h half) error {
	s := l.run.session
	old := func(batch arrow.RecordBatch) error { return before.add(batch, h.before) }
	now := func(batch arrow.RecordBatch) error { return l.add(batch, h.further) }
	if err := s.Each(ctx, h.of.rows(false), nil, old); err != nil {
		return err
	}
	if err := s.Each(ctx, h.of.rows(true), nil, now); err != nil {
		return err
	}
	if len(h.of.more) > 0 {
		if err := h.of.bindMore(ctx, s); err != nil {
			return err
		}
		same := fmt.Sprintf(`SELECT * FROM (%s) WHERE %s IN (FROM %s) AND %s NOT IN (SELECT %s FROM %s)`,
			h.of.file, h.of.id, more, h.of.id, h.of.id, h.of.changed.Name)
		if err := s.Each(ctx, same, nil, func(batch arrow.RecordBatch) error {
			if err := old(batch); err != nil {
				return err
			}
			return now(batch)
		}); err != nil {
			return err
		}
	}
	if err := before.flush(ctx, 1); err != nil {
		return err
	}
	return l.flush(ctx, 1)
}

// bindMore makes the rows of more readable under the raw table's name, perhaps among others.
func (r renewed) bindMore(ctx context.Context, s *sql.Session) error {
	if r.held == "" {
		return s.Bind(ctx, r.raw)
	}
	return s.View(ctx, r.raw.Table, "FROM "+r.held)
}

// putMore lands the ids of records whose own row is the same in a temporary table.
func (r *run) putMore(ctx context.Context, halves []half) (*sql.Writer, error) {
	table := schemas.Table{Name: "renewed", Key: []string{"crm_id"}, Columns: []schemas.Column{{Name: "crm_id", Type: schemas.Text, NotNull: true}}}
	w, err := r.session.Writer(ctx, table)
	if err != nil {
		return nil, err
	}
	to := newRowWriter(table)
	defer to.release()
	for _, h := range halves {
		for _, id := range slices.Sorted(maps.Keys(h.of.more)) {
			to.text(id)
			to.end()
		}
	}
	batch := to.batch()
	defer batch.Release()
	if err := w.Write(ctx, batch); err != nil {
		w.Discard(ctx) //nolint:errcheck // the first error counts
		return nil, err
	}
	return w, nil
}

// renewFindings counts what was found in the records that were normalised anew instead of what had been found in them.
func renewFindings(found map[check]int64, was, is *run) {
	for c, n := range is.tally() {
		found[c] += n
	}
	for c, n := range was.tally() {
		found[c] -= n
	}
	maps.DeleteFunc(found, func(_ check, n int64) bool { return n == 0 })
}

// turned are the domains that are shared in the one and not in the other.
func turned(was, is *run) map[string]bool {
	flipped := map[string]bool{}
	for _, r := range []*run{was, is} {
		for _, domains := range [][]string{r.survey.sites.all(), slices.Collect(maps.Keys(r.mail))} {
			for _, d := range domains {
				if was.isShared(d) != is.isShared(d) {
					flipped[d] = true
				}
			}
		}
	}
	return flipped
}

// anyMoved gives a function that says whether the rarest word of one of some keys is another one now.
func anyMoved(was, is *run) func(keys []string) bool {
	moved := was.survey.moved(is.survey)
	return func(keys []string) bool { return slices.ContainsFunc(keys, moved) }
}

// eachOf reads columns of a whole table, which the query calls earlier, some parts after the other.
func (r *run) eachOf(ctx context.Context, snap sql.Snapshot, query string, look func(w *worker, in *rows, i int)) error {
	for _, piece := range snap.Pieces(rowsPerRead) {
		if err := r.session.BindAs(ctx, "earlier", piece); err != nil {
			return err
		}
		err := r.session.Each(ctx, query, nil, func(batch arrow.RecordBatch) error {
			in, err := rowsIn(batch)
			for i := 0; i < int(batch.NumRows()) && err == nil; i++ {
				look(r.workers[0], in, i)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func holdsAny(set map[string]bool, values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return set[v] })
}

// hostsAny says whether one of some addresses is at a domain of a set.
func (w *worker) hostsAny(set map[string]bool, addresses []string) bool {
	return slices.ContainsFunc(addresses, func(address string) bool {
		_, domain, _ := strings.Cut(address, "@")
		return set[w.host.get(domain).domain]
	})
}
