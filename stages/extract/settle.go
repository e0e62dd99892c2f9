package extract

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// settle makes an object's raw table of its landed rows and accounts for each of them.
func (r *run) settle(ctx context.Context, j *job) (made Reading, err error) {
	made.Count = Count{Object: j.object, Files: r.files(j.object)}
	if !r.hasRows(*j) { // most of the helpers and lists of most runs
		made.Table = sql.Empty(j.table.Name)
		return made, nil
	}
	if stays, err := r.stays(ctx, *j); err != nil {
		return made, err
	} else if stays {
		carried, err := r.carry(ctx, *j)
		made.Table, made.Unsettled = r.in.Previous[j.table.Name], carried.unsettled
		return made, err
	}
	if err := j.landRepeated(ctx); err != nil {
		return made, err
	}
	read, values := j.rows()
	if j.list.recordID != "" {
		if read, err = j.list.identified(read); err != nil {
			return made, err
		}
	}
	if err := r.rejectListed(ctx, *j, read, values); err != nil {
		return made, err
	}
	before, err := r.before(ctx, j, read, values)
	if err != nil {
		return made, err
	}
	carried, err := r.carry(ctx, *j)
	if err != nil {
		return made, err
	}
	made.Unsettled = carried.unsettled
	usable := "(" + carried.over(*j, read) + ") WHERE reason IS NULL"
	landed := inline("landed", j.versions(usable, "file", "line",
		r.outdoing(carried)+" AS is_fuller", among("file", carried.unstamped)+" AS is_unstamped"))
	if err := r.findSuperseded(ctx, j, usable, landed, before, values); err != nil {
		return made, err
	}
	if made.Count, err = r.account(ctx, *j, landed, values); err != nil {
		return made, err
	}
	if j.held != nil {
		err = r.saveHeld(ctx, j, &made)
	} else {
		made.Table, err = r.merge(ctx, *j, made.Count, usable, values)
	}
	if err != nil {
		return made, err
	}
	if err := r.compareCounts(ctx, *j, &made); err != nil {
		return made, err
	}
	if made.repeats, err = r.willRepeat(ctx, *j, made.Count, made.Table, landed, values); err != nil {
		return made, err
	}
	made.Overruled, err = r.saveOverruled(ctx, *j, landed, before, made.Count, values)
	return made, err
}

// isWhole says whether the input holds every live record of an object.
func (r *run) isWhole(j job) bool { return r.in.Full || slices.Contains(r.in.Complete, j.object) }

// outdoing renders which rows read count against the mirror's at equal stamps.
func (r *run) outdoing(c carried) string {
	if r.in.Fresh {
		return "true"
	}
	return among("file", c.fuller)
}

// stays says whether the mirror of an object stays as it is: a delta that has no row of it says nothing of it.
func (r *run) stays(ctx context.Context, j job) (bool, error) {
	previous := r.in.Previous[j.table.Name]
	if !j.mirrored || r.isWhole(j) || previous.Rows == 0 || j.source != nil && r.files(j.object) == 0 {
		return false, nil
	}
	for _, l := range r.log {
		if l.Object == j.object && l.RowsIn > 0 {
			return false, nil
		}
	}
	lacking, err := r.session.Lacks(ctx, previous)
	return len(lacking) == 0, err // another program's table is written anew, with the columns of this one
}

// compareCounts counts the records that a full import lacks, and fails where a row was lost.
func (r *run) compareCounts(ctx context.Context, j job, made *Reading) error {
	snap, known := made.Table, r.in.Previous[j.table.Name].Rows
	if j.mirrored && r.isWhole(j) && known > 0 {
		if err := r.missing(ctx, j, made); err != nil {
			return err
		}
	}
	switch kept := made.Count.Kept; {
	case !j.mirrored && snap.Rows != kept:
		return rowsLost("%d rows kept, but %s holds %d", kept, j.table.Name, snap.Rows)
	case j.mirrored && (snap.Rows < max(known, kept) || snap.Rows > known+kept):
		return rowsLost("%d rows known and %d kept, but %s holds %d", known, kept, j.table.Name, snap.Rows)
	}
	return nil
}

// hasRows says whether there is anything to settle: rows read, or rows known before.
func (r *run) hasRows(j job) bool {
	if j.mirrored && r.in.Previous[j.table.Name].Rows > 0 {
		return true
	}
	for _, l := range r.log {
		if l.Object == j.object && l.RowsIn > 0 {
			return true
		}
	}
	return j.source != nil && r.files(j.object) == 0 // a source that says nothing of its files is counted, and refused
}

func (r *run) files(object string) int {
	n := 0
	for _, l := range r.log {
		if l.Object == object {
			n++
		}
	}
	return n
}

// rows is the query over everything read of an object, with fault and reason of rows to reject, and its values.
func (j job) rows() (query string, values map[string]any) {
	query = "SELECT *, CAST(NULL AS VARCHAR) AS fault, CAST(NULL AS VARCHAR) AS reason FROM " + j.landed.Name()
	values = map[string]any{}
	for i, f := range j.files {
		name := pathName(i)
		values[name], values[name+"_name"] = f.pattern(), f.name
		query += "\nUNION ALL " + j.parquetRows(f, name)
	}
	return query, values
}

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
	if err := r.copyTo(ctx, j.touched, "SELECT "+j.name()+" AS row_name FROM ("+read+") WHERE reason IS NULL UNION "+r.turnedAway(*j), values); err != nil {
		return err
	}
	if j.known, err = r.session.Writer(ctx, schemas.Table{Name: "known_" + j.table.Name, Columns: j.table.Columns}); err != nil {
		return err
	}
	if err := r.copyTo(ctx, j.known, "SELECT * FROM "+previous+" WHERE "+j.name()+" IN (FROM "+j.touched.Name()+")", nil); err != nil {
		return err
	}
	return r.session.Remember(ctx, r.in.Previous[j.table.Name], j.touched.Name(), j.known.Name())
}

// turnedAway renders the names of records of which a row was read and rejected.
func (r *run) turnedAway(j job) string {
	return "SELECT crm_id AS row_name FROM " + r.rejects.Name() + " WHERE object = '" + j.object + "' AND crm_id IS NOT NULL"
}

// rejectListed moves what the rules of a list refuse to the rejects. Sources reject what they read themselves.
func (r *run) rejectListed(ctx context.Context, j job, read string, values map[string]any) error {
	if j.mirrored {
		return nil
	}
	id := "CAST(NULL AS VARCHAR)"
	if c, _ := j.table.Column(j.table.Key[0]); c.Type == schemas.Text {
		id = "nullif(" + schemas.Quote(c.Name) + ", '')"
	}
	query := "SELECT CAST('" + j.object + "' AS VARCHAR) AS object, file, line, " + id + ` AS crm_id, fault AS "column", reason FROM (` + read + ") WHERE reason IS NOT NULL"
	return r.copyTo(ctx, r.rejects, query, values)
}

// copyTo writes the rows of a query, which must be few beside a table's: they are held until the query is done.
func (r *run) copyTo(ctx context.Context, w *sql.Writer, query string, values map[string]any) error {
	var held []arrow.RecordBatch
	defer func() {
		for _, b := range held {
			b.Release()
		}
	}()
	err := r.session.Each(ctx, query, values, func(b arrow.RecordBatch) error {
		b.Retain()
		held = append(held, b)
		return nil
	})
	for _, b := range held {
		if err == nil {
			err = w.Write(ctx, b)
		}
	}
	return err
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
	return r.copyTo(ctx, j.superseded, over(query, relations...), values)
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
	if err := r.copyTo(ctx, w, over(query, relations...), values); err != nil {
		w.Discard(ctx) //nolint:errcheck // the first error counts
		return sql.Snapshot{}, err
	}
	return w.Amend(ctx, r.in.Previous[j.table.Name], "FROM "+j.touched.Name())
}

// missing counts the records that this import lacks, for the check that stops a publication from which many vanish.
func (r *run) missing(ctx context.Context, j job, made *Reading) error {
	if err := r.session.BindAs(ctx, "after_"+j.table.Name, made.Table); err != nil {
		return err
	}
	query, err := text("missing")
	if err != nil {
		return err
	}
	names := func(of string) string { return j.stamped(of, "missing_since", "IsDeleted") }
	rows, err := r.session.Query(ctx, over(query, inline("before", names("previous_"+j.table.Name)),
		inline("after", names("after_"+j.table.Name))), nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&made.Count.Known, &made.Count.Missing, &made.marked); err != nil {
			return err
		}
	}
	return rows.Err()
}
