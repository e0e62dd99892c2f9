package extract

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// settle makes an object's raw table of its landed rows and accounts for each of them.
func (r *run) settle(ctx context.Context, j job, out *Out) error {
	if !r.hasRows(j) { // most of the helpers and lists of most runs
		out.Tables[j.table.Name] = sql.Empty(j.table.Name)
		out.Counts = append(out.Counts, Count{Object: j.object, Files: r.files(j.object)})
		return nil
	}
	read, values := j.rows()
	if j.list.recordID != "" {
		var err error
		if read, err = j.list.identified(read); err != nil {
			return err
		}
	}
	if err := r.rejectListed(ctx, j, read, values); err != nil {
		return err
	}
	before, err := r.before(ctx, j)
	if err != nil {
		return err
	}
	carried, err := r.carry(ctx, j)
	if err != nil {
		return err
	}
	landed := relation{"landed", j.versions("("+carried.over(j, read)+") WHERE reason IS NULL", "file", "line",
		among("file", carried.fuller)+" AS is_fuller", among("file", carried.unstamped)+" AS is_unstamped")}
	if err := r.findSuperseded(ctx, &j, landed, before, values); err != nil {
		return err
	}
	count, err := r.account(ctx, j, landed, values)
	if err != nil {
		return err
	}
	snap, err := r.merge(ctx, j, count, landed, before, values)
	if err != nil {
		return err
	}
	if j.mirrored && r.in.Full && r.in.Previous[j.table.Name].Rows > 0 {
		if count.Known, count.Missing, err = r.missing(ctx, j, snap); err != nil {
			return err
		}
	}
	switch known := r.in.Previous[j.table.Name].Rows; {
	case !j.mirrored && snap.Rows != count.Kept:
		return rowsLost("%d rows kept, but %s holds %d", count.Kept, j.table.Name, snap.Rows)
	case j.mirrored && (snap.Rows < max(known, count.Kept) || snap.Rows > known+count.Kept):
		return rowsLost("%d rows known and %d kept, but %s holds %d", known, count.Kept, j.table.Name, snap.Rows)
	}
	out.Tables[j.table.Name] = snap
	out.Counts = append(out.Counts, count)
	for _, name := range carried.unsettled {
		out.Unsettled = append(out.Unsettled, Column{j.object, name})
	}
	return r.saveOverruled(ctx, j, landed, before, count, values, out)
}

// hasRows says whether there is anything to settle: rows read, or rows known before.
func (r *run) hasRows(j job) bool {
	if j.mirrored && r.in.Previous[j.table.Name].Rows > 0 {
		return true
	}
	for _, l := range r.log {
		if l.object == j.object && l.rowsIn > 0 {
			return true
		}
	}
	return j.source != nil && r.files(j.object) == 0 // a source that says nothing of its files is counted, and refused
}

func (r *run) files(object string) int {
	n := 0
	for _, l := range r.log {
		if l.object == object {
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

// before is the previous mirror of the object; lists and first runs have none.
func (r *run) before(ctx context.Context, j job) (relation, error) {
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
	return relation{"before", j.versions(name, more...)}, nil
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
func (r *run) findSuperseded(ctx context.Context, j *job, landed, before relation, values map[string]any) (err error) {
	if j.superseded, err = r.session.Writer(ctx, schemas.Table{Name: "superseded_" + j.table.Name, Columns: place}); err != nil {
		return err
	}
	query, err := text("superseded")
	if err != nil {
		return err
	}
	return r.copyTo(ctx, j.superseded, over(query, landed, before), values)
}

func (r *run) merge(ctx context.Context, j job, count Count, landed, before relation, values map[string]any) (sql.Snapshot, error) {
	file := "kept"
	relations := []relation{landed, {"superseded", "FROM " + j.superseded.Name()}}
	if j.mirrored {
		file = "merged"
		relations = append(relations, before, relation{"turned_away",
			"SELECT crm_id AS name FROM " + r.rejects.Name() + " WHERE object = '" + j.object + "' AND crm_id IS NOT NULL"})
		// A reject names its record by Id. Where that is not the key, any known one could be meant.
		named := slices.Equal(j.table.Key, []string{"Id"})
		values["full"], values["as_of"] = r.in.Full && (named || count.Rejected == 0), r.in.AsOf.UTC()
	}
	query, err := text(file)
	if err != nil {
		return sql.Snapshot{}, err
	}
	return r.session.SaveQuery(ctx, over(query, relations...), j.table, values)
}

// missing counts the records that this import lacks, for the check that stops a publication from which many vanish.
func (r *run) missing(ctx context.Context, j job, after sql.Snapshot) (known, missing int64, err error) {
	if err := r.session.BindAs(ctx, "after_"+j.table.Name, after); err != nil {
		return 0, 0, err
	}
	query, err := text("missing")
	if err != nil {
		return 0, 0, err
	}
	names := func(of string) string { return j.versions(of, "missing_since") }
	rows, err := r.session.Query(ctx, over(query, relation{"before", names("previous_" + j.table.Name)},
		relation{"after", names("after_" + j.table.Name)}), nil)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&known, &missing); err != nil {
			return 0, 0, err
		}
	}
	return known, missing, rows.Err()
}
