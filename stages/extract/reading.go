package extract

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Memory keeps what became of an object's files, so that files which have not changed are not read again. It never
// changes a result. Without functions every file is read.
type Memory struct {
	// Recall gives what Keep was given for an equal input, and the id it was kept under.
	Recall func(ReadingIn) (id string, known Reading, ok bool)
	Keep   func(ReadingIn, Reading) (id string, err error)
}

// ReadingIn is all that a Reading follows from, beside the program.
type ReadingIn struct {
	Object string `json:"object"`
	// Files are the SHA-256 of each file by its name in extract_log, How the way in which they are read.
	Files map[string]string `json:"files"`
	How   string            `json:"how"`
	// Over is what a CRM object is merged over; lists stand for themselves.
	Over *Over `json:"over,omitempty"`
}

// Over is what an import of a CRM object is merged over, and how. The run's time is no part of it: it says since when
// records are missing, and a Reading that says so of one is not kept.
type Over struct {
	Previous string   `json:"previous"` // id of the mirror
	Full     bool     `json:"full"`     // every live record of the object is there
	Fresh    bool     `json:"fresh,omitempty"`
	Doubtful []string `json:"doubtful,omitempty"`
}

// Reading is what became of one object's files.
type Reading struct {
	Table     sql.Snapshot  `json:"table"`
	Rejects   *sql.Snapshot `json:"reject,omitempty"`
	Overruled *sql.Snapshot `json:"overruled,omitempty"`
	Log       []FileLog     `json:"log"`
	Count     Count         `json:"count"`
	Unsettled []string      `json:"unsettled,omitempty"`
	// Digests is an object with a digest of each row of a list, which a later version is held against (In.Earlier).
	Digests string `json:"row_digests,omitempty"`
	// repeats says that the same files over Table would give the same Table again.
	repeats bool
	// marked are the records that are missing since this run's time.
	marked int64
}

// Objects lists what the result needs in the store beside tables.
func (r Reading) Objects() []string {
	if r.Digests == "" {
		return nil
	}
	return []string{r.Digests}
}

// ask is what the memory is asked about an object; nil where nothing can be told from the files' content, or nothing is
// worth keeping.
func (r *run) ask(ctx context.Context, j *job) (*ReadingIn, error) {
	if r.in.Memory.Recall == nil || j.source == nil && j.parquet == nil {
		return nil, nil
	}
	in := &ReadingIn{Object: j.object}
	var err error
	if j.parquet != nil {
		in.Files, in.How = r.parquetContents(j)
	} else {
		in.Files, in.How, err = j.source.Contents(ctx, j.object)
	}
	if err != nil || in.Files == nil {
		return nil, err
	}
	if j.mirrored {
		previous := r.in.Previous[j.table.Name]
		in.Over = &Over{Previous: previous.ID, Full: r.isWhole(*j), Fresh: r.in.Fresh}
		if previous.Rows > 0 {
			in.Over.Doubtful, err = r.doubtful(ctx, *j, previous)
		}
	}
	return in, err
}

// recall takes over what became of the same files before.
func (r *run) recall(ctx context.Context, j job, in *ReadingIn, out *Out) (bool, error) {
	if in == nil {
		return false, nil
	}
	id, known, ok := r.in.Memory.Recall(*in)
	if !ok {
		return false, nil
	}
	r.log = append(r.log, known.Log...)
	if known.Rejects != nil {
		if err := r.session.BindAs(ctx, "known_reject", *known.Rejects); err != nil {
			return false, err
		}
		if err := r.rejects.Take(ctx, "SELECT * FROM known_reject"); err != nil {
			return false, err
		}
	}
	out.Readings = append(out.Readings, id)
	out.Unchanged = append(out.Unchanged, j.object)
	out.take(j, known)
	if in.Over == nil {
		return true, nil
	}
	for _, full := range []bool{false, true} { // what the next import may be like stays in the store with this one
		if id, _, ok := r.in.Memory.Recall(r.next(*in, known, full)); ok && !slices.Contains(out.Readings, id) {
			out.Readings = append(out.Readings, id)
		}
	}
	return true, nil
}

// next is what the memory is asked when the same files are read again over what they gave.
func (r *run) next(in ReadingIn, made Reading, full bool) ReadingIn {
	doubtful := slices.Clone(made.Unsettled)
	for name := range r.columnsNow()[in.Object].absent {
		doubtful = append(doubtful, name)
	}
	slices.Sort(doubtful)
	in.Over = &Over{Previous: made.Table.ID, Full: full, Fresh: in.Over.Fresh, Doubtful: slices.Compact(doubtful)}
	return in
}

// take adds what became of one object.
func (o *Out) take(j job, r Reading) {
	o.Tables[j.table.Name] = r.Table
	o.Counts = append(o.Counts, r.Count)
	for _, name := range r.Unsettled {
		o.Unsettled = append(o.Unsettled, Column{j.object, name})
	}
	if r.Overruled != nil {
		if o.Overruled == nil {
			o.Overruled = map[string]sql.Snapshot{}
		}
		o.Overruled[j.table.Name] = *r.Overruled
	}
}

// keep remembers what became of an object's files, if they are still those that the memory was asked about: what counts
// is the content that was parsed.
func (r *run) keep(ctx context.Context, j job, in *ReadingIn, made Reading, out *Out) error {
	if in == nil || r.in.Memory.Keep == nil || made.marked > 0 {
		return nil
	}
	read := map[string]string{}
	for _, l := range r.log {
		if l.Object == j.object {
			read[l.File] = l.SHA256
			made.Log = append(made.Log, l)
		}
	}
	if !maps.Equal(read, in.Files) {
		return nil
	}
	if j.parquet != nil { // the engine reads those itself, some time after they were hashed
		if again, _ := r.parquetContents(&j); !maps.Equal(again, in.Files) {
			return nil
		}
	}
	if made.Count.Rejected > 0 {
		snap, err := r.session.SaveQuery(ctx, "SELECT * FROM "+r.rejects.Name()+" WHERE object = '"+j.object+"'", schemas.Reject, nil)
		if err != nil {
			return err
		}
		made.Rejects = &snap
	}
	put := func(in ReadingIn, made Reading) error {
		id, err := r.in.Memory.Keep(in, made)
		if err == nil && !slices.Contains(out.Readings, id) {
			out.Readings = append(out.Readings, id)
		}
		return err
	}
	if err := put(*in, made); err != nil || !made.repeats {
		return err
	}
	return r.keepNext(ctx, j, *in, made, put)
}

// keepNext remembers what the same files give when they are read again over what they gave: the same. A full import after
// a delta is another matter, for it asks which records are missing.
func (r *run) keepNext(ctx context.Context, j job, in ReadingIn, made Reading, put func(ReadingIn, Reading) error) error {
	made.Overruled, made.Count.Known = nil, 0
	if err := put(r.next(in, made, false), made); err != nil || !in.Over.Full {
		return err
	}
	name := "after_" + j.table.Name
	if err := r.session.BindAs(ctx, name, made.Table); err != nil {
		return err
	}
	rows, err := r.session.Query(ctx, "SELECT count(*) FROM "+name+" WHERE missing_since IS NULL AND NOT coalesce(IsDeleted, false)", nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&made.Count.Known); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return put(r.next(in, made, true), made)
}

// willRepeat says whether the same files over what they gave would give the same, row by row and count by count. That
// is so where all files have the same columns, so that none is filled with what another one brought, and where no row
// lost to an equally new one, which over the mirror would count as overruled.
func (r *run) willRepeat(ctx context.Context, j job, count Count, after sql.Snapshot, landed relation, values map[string]any) (bool, error) {
	if !j.mirrored || r.in.Memory.Keep == nil || after.Rows == 0 {
		return false, nil
	}
	var absent []string
	read := false
	for _, l := range r.log {
		if l.Object != j.object || l.RowsIn == 0 {
			continue
		}
		if read && !slices.Equal(absent, l.AbsentColumns) {
			return false, nil
		}
		absent, read = l.AbsentColumns, true
	}
	if !read || count.Superseded == 0 {
		return read, nil
	}
	name := "after_" + j.table.Name
	if err := r.session.BindAs(ctx, name, after); err != nil {
		return false, err
	}
	query, err := text("equally_new")
	if err != nil {
		return false, err
	}
	rows, err := r.session.Query(ctx, over(query, landed, relation{name: "after", query: j.versions(name)},
		relation{name: "superseded", query: "FROM " + j.superseded.Name()}), values)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return false, err
		}
	}
	return n == 0, rows.Err()
}

// Detail names what was taken over unread.
func (o Out) Detail() string {
	switch n := len(o.Unchanged); {
	case n == 0:
		return ""
	case n == len(o.Counts):
		return "no file has changed"
	default:
		return fmt.Sprintf("files of %d of %d objects and lists have not changed", n, len(o.Counts))
	}
}
