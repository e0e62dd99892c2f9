package extract

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Column is a column of an object, by our names.
type Column struct {
	Object string `json:"object"`
	Column string `json:"column"`
}

// Drift is a column that the files of an object had in the import before and have not now, or the other way round.
type Drift struct {
	Column
	Kind string `json:"kind"` // went, came, or new: one that crmlink does not import
}

// The kinds of drift.
const (
	Went = "went"
	Came = "came"
	New  = "new"
)

// stampColumns tell a version's time, the first that a row has. They are a row's own and never filled from the mirror: a
// row would pass for as old as the version that it replaces.
var stampColumns = []string{"SystemModstamp", "LastModifiedDate"}

// columnsRead is what the files of an object had by way of columns in one import.
type columnsRead struct{ absent, unknown map[string]bool }

// columnsBefore reads the log of the import before: what its files lacked and had too much, by object.
func (r *run) columnsBefore(ctx context.Context) (map[string]columnsRead, error) {
	before := map[string]columnsRead{}
	log, ok := r.in.Previous[schemas.ExtractLog.Name]
	if !ok {
		return before, nil
	}
	if err := r.session.BindAs(ctx, "previous_extract_log", log); err != nil {
		return nil, err
	}
	rows, err := r.session.Query(ctx, "SELECT object, absent_columns, unknown_columns FROM previous_extract_log", nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var object string
		var absent, unknown any
		if err := rows.Scan(&object, &absent, &unknown); err != nil {
			return nil, err
		}
		c, ok := before[object]
		if !ok {
			c = columnsRead{map[string]bool{}, map[string]bool{}}
			before[object] = c
		}
		note(c.absent, absent)
		note(c.unknown, unknown)
	}
	return before, rows.Err()
}

// note adds the members of a list as the driver gives it.
func note(to map[string]bool, list any) {
	members, _ := list.([]any)
	for _, m := range members {
		if name, ok := m.(string); ok {
			to[name] = true
		}
	}
}

// columnsNow is what the files read in this import had.
func (r *run) columnsNow() map[string]columnsRead {
	now := map[string]columnsRead{}
	for _, l := range r.log {
		c, ok := now[l.Object]
		if !ok {
			c = columnsRead{map[string]bool{}, map[string]bool{}}
			now[l.Object] = c
		}
		for _, name := range l.AbsentColumns {
			c.absent[name] = true
		}
		for _, name := range l.UnknownColumns {
			c.unknown[name] = true
		}
	}
	return now
}

// drift compares the columns of this import with those of the one before, for the objects that both read.
func drift(before, now map[string]columnsRead) []Drift {
	var found []Drift
	add := func(object, kind string, in, notIn map[string]bool) {
		for name := range in {
			if !notIn[name] {
				found = append(found, Drift{Column{object, name}, kind})
			}
		}
	}
	for object, n := range now {
		if b, ok := before[object]; ok {
			add(object, Went, n.absent, b.absent)
			add(object, Came, b.absent, n.absent)
			add(object, New, n.unknown, b.unknown)
		}
	}
	slices.SortFunc(found, func(a, b Drift) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name(), b.Name()))
	})
	return found
}

// Name is the column's name.
func (d Drift) Name() string { return d.Column.Column }

// carried is how the files of an object that lack columns are read over the mirror.
type carried struct {
	// filled are columns that the mirror has values in, with the files that lack them.
	filled map[string][]string
	// fuller are files with a column that the mirror's rows may not tell the truth about.
	fuller []string
	// unstamped are files that cannot say how new their rows are.
	unstamped []string
	// unsettled are the columns of the object that stay in doubt after this import.
	unsettled []string
}

// carry finds what the files of an object lack. Call it after before, which binds the mirror.
func (r *run) carry(ctx context.Context, j job) (c carried, err error) {
	previous := r.in.Previous[j.table.Name]
	if !j.mirrored {
		return c, nil
	}
	var doubtful []string
	if previous.Rows > 0 {
		if doubtful, err = r.doubtful(ctx, j, previous); err != nil {
			return c, err
		}
	}
	lacking, having := map[string][]string{}, map[string][]string{}
	read := false
	for _, l := range r.log {
		if l.Object != j.object || l.RowsIn == 0 {
			continue
		}
		read = true
		for _, column := range j.columns() {
			if slices.Contains(l.AbsentColumns, column.Name) {
				lacking[column.Name] = append(lacking[column.Name], l.File)
			} else {
				having[column.Name] = append(having[column.Name], l.File)
			}
		}
		if slices.ContainsFunc(doubtful, func(name string) bool { return !slices.Contains(l.AbsentColumns, name) }) {
			c.fuller = append(c.fuller, l.File)
		}
		stamps := j.stamps()
		if len(stamps) > 0 && !slices.ContainsFunc(stamps, func(name string) bool { return !slices.Contains(l.AbsentColumns, name) }) {
			c.unstamped = append(c.unstamped, l.File)
		}
	}
	valued, err := r.valued(ctx, j, previous, lacking)
	if err != nil {
		return c, err
	}
	c.filled = map[string][]string{}
	absent := r.columnsNow()[j.object].absent
	for _, column := range j.columns() {
		name := column.Name
		switch {
		case len(lacking[name]) > 0 && (valued[name] || len(having[name]) > 0):
			c.unsettled = append(c.unsettled, name)
		case slices.Contains(doubtful, name) && !absent[name] && (!r.isWhole(j) || !read):
			c.unsettled = append(c.unsettled, name)
		}
		if valued[name] && !slices.Contains(stampColumns, name) {
			c.filled[name] = lacking[name]
		}
	}
	return c, nil
}

// doubtful are columns in which the mirror may lack what the CRM has: absent from files since the last full import that
// had them, or not known to the program that wrote the mirror.
func (r *run) doubtful(ctx context.Context, j job, previous sql.Snapshot) ([]string, error) {
	names, err := r.session.Lacks(previous)
	if err != nil {
		return nil, err
	}
	for _, u := range r.in.Unsettled {
		if u.Object == j.object {
			names = append(names, u.Column)
		}
	}
	for name := range r.columns[j.object].absent {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// valued says which of the lacking columns have a value in the mirror.
func (r *run) valued(ctx context.Context, j job, previous sql.Snapshot, lacking map[string][]string) (map[string]bool, error) {
	valued := map[string]bool{}
	if previous.Rows == 0 || len(lacking) == 0 {
		return valued, nil
	}
	var names, counts []string
	for _, column := range j.columns() {
		if len(lacking[column.Name]) > 0 {
			names = append(names, column.Name)
			counts = append(counts, "count("+schemas.Quote(column.Name)+")")
		}
	}
	rows, err := r.session.Query(ctx, "SELECT "+strings.Join(counts, ", ")+" FROM previous_"+j.table.Name, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		found, targets := make([]int64, len(names)), make([]any, len(names))
		for i := range found {
			targets[i] = &found[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		for i, n := range found {
			valued[names[i]] = n > 0
		}
	}
	return valued, rows.Err()
}

// over renders the rows read of an object, those of known records with the mirror's values where their file lacks a
// column: a column that is not there says nothing, and must not empty what is known.
func (c carried) over(j job, read string) string {
	if len(c.filled) == 0 {
		return read
	}
	var columns, keys []string
	for _, column := range j.columns() {
		if files := c.filled[column.Name]; len(files) > 0 {
			name := schemas.Quote(column.Name)
			columns = append(columns, "CASE WHEN "+among("l.file", files)+" THEN b."+name+" ELSE l."+name+" END AS "+name)
		}
	}
	for _, k := range j.table.Key {
		keys = append(keys, "b."+schemas.Quote(k)+" = l."+schemas.Quote(k))
	}
	return "SELECT l.* REPLACE (" + strings.Join(columns, ",\n  ") + ")\nFROM (" + read + ") l LEFT JOIN " + j.mirror +
		" b ON " + strings.Join(keys, " AND ")
}

// among renders whether a text is one of some.
func among(what string, texts []string) string {
	if len(texts) == 0 {
		return "false"
	}
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = "'" + strings.ReplaceAll(t, "'", "''") + "'"
	}
	return what + " IN (" + strings.Join(quoted, ", ") + ")"
}

// stamps are the object's columns that tell a version's time, the one that counts first.
func (j job) stamps() []string {
	var names []string
	for _, name := range stampColumns {
		if _, ok := j.table.Column(name); ok && j.mirrored {
			names = append(names, name)
		}
	}
	return names
}
