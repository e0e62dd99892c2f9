package extract

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// run holds what the objects of one extraction share.
type run struct {
	session *sql.Session
	in      In
	rejects *sql.Writer
	log     []FileLog
	columns map[string]columnsRead // of the import before, by object
}

func begin(ctx context.Context, s *sql.Session, in In) (*run, error) {
	rejects, err := s.Writer(ctx, schemas.Reject)
	if err != nil {
		return nil, err
	}
	r := &run{session: s, in: in, rejects: rejects}
	r.columns, err = r.columnsBefore(ctx)
	return r, err
}

// job is the extraction of one object.
type job struct {
	object   string
	table    schemas.Table
	source   Source // nil where no source has it
	parquet  *Parquet
	list     userList
	mirrored bool // a CRM object, merged over the previous mirror; lists are as they are now

	landed *sql.Writer
	held   *held // rows that are not landed yet
	// superseded are the places of landed rows that another version beats.
	superseded *sql.Writer
	// touched are the names that a small delta has rows of, known what the mirror had under them; nil where the whole mirror
	// is merged. mirror names the relation of either.
	touched, known *sql.Writer
	mirror         string
	files          []parquetFile
}

// The columns that lead from a landed row to the place it was read from.
var place = []schemas.Column{
	{Name: "file", Type: schemas.Text, NotNull: true},
	{Name: "line", Type: schemas.Int, NotNull: true},
}

// landing is the table a source's rows are landed in: the raw table's columns, without the one that merging fills,
// and the row's place. It lives only as long as the object's extraction.
func (j job) landing() schemas.Table {
	return schemas.Table{Name: "landed_" + j.table.Name, Columns: append(j.columns(), place...)}
}

func (j job) columns() []schemas.Column {
	var columns []schemas.Column
	for _, c := range j.table.Columns {
		if c.Name != "missing_since" {
			columns = append(columns, c)
		}
	}
	return columns
}

// land reads the object's rows into a temporary table.
func (r *run) land(ctx context.Context, j *job) (next string, err error) {
	if j.landed, err = r.session.Writer(ctx, j.landing()); err != nil {
		return "", err
	}
	if j.parquet != nil {
		if err := r.openParquet(ctx, j); err != nil {
			return "", err
		}
	}
	if j.source == nil {
		return "", nil
	}
	if j.held, err = r.hold(ctx, *j, true); err != nil {
		return "", err
	}
	if j.held != nil && j.held.over {
		if next, err = r.readOver(ctx, j); !errors.Is(err, errReadAll) {
			return next, err
		}
		j.held.Release()
		if j.held, err = r.hold(ctx, *j, false); err != nil {
			return "", err
		}
	}
	var kept func([]string)
	if j.held != nil {
		kept = j.held.Kept
	}
	return j.source.Read(ctx, j.object, r.in.Cursors[j.object], nil, kept, func(table string, rows arrow.RecordBatch) error {
		switch table {
		case j.table.Name:
			if j.held == nil {
				return j.landed.Write(ctx, rows)
			}
			if j.held.Add(rows); j.held.isFull() {
				return j.landHeld(ctx)
			}
			return nil
		case schemas.Reject.Name:
			return r.rejects.Write(ctx, rows)
		case schemas.ExtractLog.Name:
			logs, err := logsOf(rows)
			r.log = append(r.log, logs...)
			return err
		}
		return fmt.Errorf("the source emits table %s for %s", table, j.object)
	})
}

// errReadAll says that all rows of a list must be read: too many of them are others, or some have one key.
var errReadAll = errors.New("too much differs from the earlier version")

// readOver reads the rows that an earlier version of a list has not. Nothing is noted where that version turns out to be of no use.
func (r *run) readOver(ctx context.Context, j *job) (next string, err error) {
	var rejects []arrow.RecordBatch
	defer func() {
		for _, b := range rejects {
			b.Release()
		}
	}()
	var log []FileLog
	next, err = j.source.Read(ctx, j.object, r.in.Cursors[j.object], j.held.Known, j.held.Kept, func(table string, rows arrow.RecordBatch) error {
		switch table {
		case j.table.Name:
			if j.held.Add(rows); j.held.isFull() || !j.held.IsFew() {
				return errReadAll
			}
			return nil
		case schemas.Reject.Name:
			rows.Retain()
			rejects = append(rejects, rows)
			return nil
		case schemas.ExtractLog.Name:
			logs, err := logsOf(rows)
			log = append(log, logs...)
			return err
		}
		return fmt.Errorf("the source emits table %s for %s", table, j.object)
	})
	if err != nil {
		return next, err
	}
	fit, err := r.session.StandsOver(ctx, j.held.Held)
	if err == nil && !fit {
		err = errReadAll
	}
	for _, b := range rejects {
		if err == nil {
			err = r.rejects.Write(ctx, b)
		}
	}
	if err == nil {
		r.log = append(r.log, log...)
	}
	return next, err
}

func (j job) discard(ctx context.Context) error {
	if j.held != nil {
		j.held.Release()
	}
	for _, w := range []*sql.Writer{j.landed, j.superseded, j.touched, j.known} {
		if w != nil {
			if err := w.Discard(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// relation is a named SELECT in front of a file's SELECT. The files of this stage serve every object, so the stage
// gives them the object's rows under one name; a file's own text is never changed.
type relation struct {
	name, query string
	// inline relations are worked out wherever they stand, for the columns that are asked for there. Otherwise the engine
	// may copy one that stands in several places, which costs more than reading a table twice.
	inline bool
}

// inline is a relation that is worked out wherever it stands.
func inline(name, query string) relation { return relation{name, query, true} }

func over(text string, relations ...relation) string {
	with := make([]string, len(relations))
	for i, rel := range relations {
		as := " AS "
		if rel.inline {
			as += "NOT MATERIALIZED "
		}
		with[i] = rel.name + as + "(\n" + rel.query + "\n)"
	}
	return "WITH " + strings.Join(with, ", ") + "\nSELECT * FROM (\n" + text + "\n)"
}

// text is an embedded file of this stage.
func text(file string) (string, error) {
	f, err := sql.Named("extract/" + file)
	return f.Text, err
}

// versions renders the rows of a relation as name, stamp and record: what it takes to tell which of two is newer. More
// columns follow as they are.
func (j job) versions(from string, more ...string) string {
	fields := make([]string, 0, len(j.table.Columns))
	for _, c := range j.columns() {
		fields = append(fields, schemas.Quote(c.Name)+" := "+schemas.Quote(c.Name))
	}
	return j.stamped(from, append([]string{"struct_pack(" + strings.Join(fields, ", ") + ") AS record"}, more...)...)
}

// stamped renders the rows of a relation as name and stamp, and more columns as they are.
func (j job) stamped(from string, more ...string) string {
	var stamps []string
	for _, stamp := range j.stamps() {
		stamps = append(stamps, schemas.Quote(stamp))
	}
	parts := []string{j.name() + " AS name", "coalesce(" + strings.Join(append(stamps, "CAST(NULL AS TIMESTAMPTZ)"), ", ") + ") AS stamp"}
	return "SELECT " + strings.Join(append(parts, more...), ", ") + " FROM " + from
}

// whole renders the rows of a relation as row_name, which no table has, and the columns of the raw table, and more as
// they are.
func (j job) whole(from string, more ...string) string {
	parts := []string{j.name() + " AS row_name"}
	for _, c := range j.columns() {
		parts = append(parts, schemas.Quote(c.Name)+" AS "+schemas.Quote(c.Name))
	}
	return "SELECT " + strings.Join(append(parts, more...), ", ") + " FROM " + from
}

// name renders what a row is known by: its key as text.
func (j job) name() string {
	var key []string
	for _, k := range j.table.Key {
		key = append(key, "CAST("+schemas.Quote(k)+" AS VARCHAR)")
	}
	if len(key) == 1 {
		return key[0]
	}
	return "concat_ws(chr(31), " + strings.Join(key, ", ") + ")"
}
