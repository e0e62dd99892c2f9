package extract

import (
	"context"
	"slices"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// before is the previous mirror of the object; lists and first runs have none. Of a small delta it is only the records
// that the delta has something to say of.
func (r *run) before(ctx context.Context, j *job, read string, values map[string]any) (relation, error) {
	previous, ok := r.in.Previous[j.table.Name]
	if !j.mirrored || !ok {
		previous = sql.Empty(j.table.Name)
	}
	name := "previous_" + j.table.Name
	if err := r.session.BindAs(ctx, name, previous); err != nil {
		return relation{}, err
	}
	var more []string
	if j.mirrored {
		more = []string{"missing_since"}
	}
	j.mirror = name
	if r.isSmall(*j, previous) {
		if err := r.findTouched(ctx, j, name, read, values); err != nil {
			return relation{}, err
		}
		j.mirror = j.known.Name()
	}
	return inline("before", j.versions(j.mirror, more...)), nil
}

// smallDelta is how many times as many records as a delta has rows the mirror must have for it to be merged by key.
const smallDelta = 4

// isSmall says whether an import is a delta so small beside the mirror that what it does not touch is left as it lies. It is
// found by what the parts of the table go by.
func (r *run) isSmall(j job, previous sql.Snapshot) bool {
	rows := int64(0)
	for _, l := range r.log {
		if l.Object == j.object {
			rows += l.RowsIn
		}
	}
	return j.mirrored && !r.isWhole(j) && previous.Rows > 0 && rows <= previous.Rows/smallDelta &&
		j.name() == "CAST("+schemas.Quote(j.table.PartKey())+" AS VARCHAR)"
}

// findTouched notes the names of all rows read, rejected ones too, and copies what the mirror has under them.
func (r *run) findTouched(ctx context.Context, j *job, previous, read string, values map[string]any) (err error) {
	names := schemas.Table{Name: "touched_" + j.table.Name, Columns: []schemas.Column{{Name: "row_name", Type: schemas.Text, NotNull: true}}}
	if j.touched, err = r.session.Writer(ctx, names); err != nil {
		return err
	}
	if err := j.touched.TakeBy(ctx, "SELECT "+j.name()+" AS row_name FROM ("+read+") WHERE reason IS NULL UNION "+r.turnedAway(*j), values); err != nil {
		return err
	}
	if j.known, err = r.session.Writer(ctx, schemas.Table{Name: "known_" + j.table.Name, Columns: j.table.Columns}); err != nil {
		return err
	}
	if err := j.known.Take(ctx, "SELECT * FROM "+previous+" WHERE "+j.name()+" IN (FROM "+j.touched.Name()+")"); err != nil {
		return err
	}
	return r.session.Remember(ctx, r.in.Previous[j.table.Name], j.touched.Name(), j.known.Name())
}

// turnedAway renders the names of records of which a row was read and rejected.
func (r *run) turnedAway(j job) string {
	return "SELECT crm_id AS row_name FROM " + r.rejects.Name() + " WHERE object = '" + j.object + "' AND crm_id IS NOT NULL"
}

// findSuperseded decides which landed rows another version of the same record beats.
func (r *run) findSuperseded(ctx context.Context, j *job, usable string, landed, before relation, values map[string]any) (err error) {
	if j.superseded, err = r.session.Writer(ctx, schemas.Table{Name: "superseded_" + j.table.Name, Columns: place}); err != nil {
		return err
	}
	file, relations := "repeated", []relation{landed, inline("stamped", j.stamped(usable))}
	if r.isMerged(*j) {
		file, relations = "superseded", append(relations, before)
	}
	query, err := text(file)
	if err != nil {
		return err
	}
	return j.superseded.TakeBy(ctx, over(query, relations...), values)
}

// isMerged says whether there is a mirror that the rows read are merged over.
func (r *run) isMerged(j job) bool { return j.mirrored && r.in.Previous[j.table.Name].Rows > 0 }

func (r *run) merge(ctx context.Context, j job, count Count, usable string, values map[string]any) (sql.Snapshot, error) {
	file := "kept"
	relations := []relation{inline("landed", j.whole(usable, "file", "line")), inline("superseded", "FROM "+j.superseded.Name())}
	switch {
	case j.touched != nil:
		relations = append(relations, inline("before", j.whole(j.mirror, "missing_since")))
		return r.extend(ctx, j, relations, values)
	case r.isMerged(j):
		file = "merged"
		relations = append(relations, inline("before", j.whole(j.mirror, "missing_since")), inline("turned_away", r.turnedAway(j)))
		// A reject names its record by Id. Where that is not the key, any known one could be meant.
		named := slices.Equal(j.table.Key, []string{"Id"})
		values["full"], values["as_of"] = r.isWhole(j) && (named || count.Rejected == 0), r.in.AsOf.UTC()
	case j.mirrored:
		file = "first"
	}
	query, err := text(file)
	if err != nil {
		return sql.Snapshot{}, err
	}
	return r.session.SaveQuery(ctx, over(query, relations...), j.table, values)
}

// extend amends the mirror with what a small delta says of its records.
func (r *run) extend(ctx context.Context, j job, relations []relation, values map[string]any) (sql.Snapshot, error) {
	query, err := text("extended")
	if err != nil {
		return sql.Snapshot{}, err
	}
	w, err := r.session.Writer(ctx, j.table)
	if err != nil {
		return sql.Snapshot{}, err
	}
	if err := w.TakeBy(ctx, over(query, relations...), values); err != nil {
		w.Discard(ctx) //nolint:errcheck // the first error counts
		return sql.Snapshot{}, err
	}
	return w.Amend(ctx, r.in.Previous[j.table.Name], "FROM "+j.touched.Name())
}
