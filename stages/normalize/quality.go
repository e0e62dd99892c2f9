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

// tally counts findings. There are some fifty kinds (with all fields of all objects and all that can be found in one, fewer
// than there are slots) and several findings in each record; hashing the texts of a kind takes longer than finding it by
// what it begins with.
type tally struct {
	kinds []finding
	slots [512]uint16 // the number of a kind, from 1; 0 where the slot is empty
}

type finding struct {
	check
	records int64
}

func (t *tally) add(c check) {
	for at := c.slot(); ; at = (at + 1) % len(t.slots) {
		k := t.slots[at]
		if k == 0 {
			t.kinds = append(t.kinds, finding{c, 1})
			t.slots[at] = uint16(len(t.kinds))
			return
		}
		if t.kinds[k-1].check == c {
			t.kinds[k-1].records++
			return
		}
	}
}

// slot is where a kind is looked for first.
func (c check) slot() int {
	n := 5*len(c.object) + 11*len(c.field) + 83*len(c.what)
	if c.field != "" {
		n += 7*int(c.field[0]) + 29*int(c.field[len(c.field)-1]) + 3*int(c.what[0])
	}
	return n % len(tally{}.slots)
}

func (t *tally) clone() *tally {
	other := *t
	other.kinds = slices.Clone(t.kinds)
	return &other
}

func (w *worker) looked(object string) { w.tally.add(check{object: object}) }

func (w *worker) found(object, field, what string) { w.tally.add(check{object, field, what}) }

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
		for _, f := range w.tally.kinds {
			total[f.check] += f.records
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
