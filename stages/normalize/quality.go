package normalize

import (
	"cmp"
	"context"
	"slices"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// check is one kind of finding. Records looked at are counted under the empty field.
type check struct{ object, field, what string }

const (
	missing    = "missing"
	unusable   = "unusable"
	unknown    = "unknown"
	notFound   = "not_found"
	companyObj = "company"
	memberObj  = "member"
)

func (w *worker) looked(object string) { w.tally[check{object: object}]++ }

func (w *worker) found(object, field, what string) { w.tally[check{object, field, what}]++ }

// judge counts a field that is empty, or holds something that came to nothing.
func (w *worker) judge(object, field, raw, usable string) {
	switch {
	case raw == "":
		w.found(object, field, missing)
	case usable == "":
		w.found(object, field, unusable)
	}
}

func compareChecks(a, b check) int {
	return cmp.Or(cmp.Compare(a.object, b.object), cmp.Compare(a.field, b.field), cmp.Compare(a.what, b.what))
}

// tally counts the findings of all workers.
func (r *run) tally() map[check]int64 {
	total := map[check]int64{}
	for _, w := range r.workers {
		for c, n := range w.tally {
			total[c] += n
		}
	}
	return total
}

// writeQuality stores findings, one row for each kind that occurred. It holds no value of any record.
func (r *run) writeQuality(ctx context.Context, total map[check]int64) (sql.Snapshot, error) {
	checks := make([]check, 0, len(total))
	for c := range total {
		if c.field != "" {
			checks = append(checks, c)
		}
	}
	slices.SortFunc(checks, compareChecks)
	out, err := r.session.Writer(ctx, schemas.DataQuality)
	if err != nil {
		return sql.Snapshot{}, err
	}
	to := newRowWriter(schemas.DataQuality)
	defer to.release()
	for _, c := range checks {
		to.text(c.object)
		to.text(c.field)
		to.text(c.what)
		to.count(total[c])
		to.count(total[check{object: c.object}])
		to.end()
	}
	batch := to.batch()
	defer batch.Release()
	if err := out.Write(ctx, batch); err != nil {
		return sql.Snapshot{}, err
	}
	return out.Save(ctx)
}
