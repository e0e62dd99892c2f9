package normalize

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// half is how the records of one raw table are normalised: as they were, for what was found in them then, and as they are.
type half struct {
	of              *renewed
	before, further rowMaker
}

// write takes rows over from the earlier table and normalises the others.
func (r *renewal) write(ctx context.Context, t schemas.Table, earlier sql.Snapshot, halves ...half) (sql.Snapshot, error) {
	more, err := r.putMore(ctx, halves)
	if err != nil {
		return sql.Snapshot{}, err
	}
	defer more.Discard(ctx) //nolint:errcheck // temporary
	before := r.was.landing(t, nil)
	defer before.release()
	replaced, any := "FROM "+more.Name(), false
	for _, h := range halves {
		replaced += ` UNION SELECT "Id" FROM ` + h.of.changed.Name
		any = any || len(h.of.more) > 0 || h.of.changed.Rows > 0
	}
	if !any {
		return earlier, nil
	}
	return r.is.land(ctx, t, func(l landing) error {
		for _, h := range halves {
			if err := r.renew(ctx, l, before, more.Name(), h); err != nil {
				return err
			}
		}
		return nil
	}, func(out *sql.Writer) (sql.Snapshot, error) { return out.Amend(ctx, earlier, replaced) })
}

func (r *renewal) renew(ctx context.Context, l, before landing, more string, h half) error {
	old := func(batch arrow.RecordBatch) error { return before.add(batch, h.before) }
	now := func(batch arrow.RecordBatch) error { return l.add(batch, h.further) }
	if err := r.session.Each(ctx, h.of.rows(false), nil, old); err != nil {
		return err
	}
	if err := r.session.Each(ctx, h.of.rows(true), nil, now); err != nil {
		return err
	}
	if len(h.of.more) > 0 {
		if err := r.session.Bind(ctx, h.of.raw); err != nil {
			return err
		}
		same := fmt.Sprintf(`SELECT * FROM (%s) WHERE "Id" IN (FROM %s) AND "Id" NOT IN (SELECT "Id" FROM %s)`, h.of.file, more, h.of.changed.Name)
		if err := r.session.Each(ctx, same, nil, func(batch arrow.RecordBatch) error {
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

// putMore lands the Ids of records whose own row is the same in a temporary table.
func (r *renewal) putMore(ctx context.Context, halves []half) (*sql.Writer, error) {
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

// finish counts what was found in the records that were normalised anew instead of what had been found in them.
func (r *renewal) finish(ctx context.Context, out *CRMOut) error {
	for c, n := range r.is.tally() {
		r.is.found[c] += n
	}
	for c, n := range r.was.tally() {
		r.is.found[c] -= n
	}
	maps.DeleteFunc(r.is.found, func(_ check, n int64) bool { return n == 0 })
	return r.is.finish(ctx, out)
}
