package extract

import (
	"context"
	"slices"

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
	lacking, err := r.session.Lacks(previous)
	return len(lacking) == 0, err // another program's table is written anew, with the columns of this one
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
	return r.rejects.TakeBy(ctx, query, values)
}
