package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/crmlink/crmlink/sql"
)

// Publication is a published run, opened for reading. Its own questions (Stats, Explain, List, Eval) read the run's
// objects by what the record says, and only the part of a table that can hold the record asked about, so they answer
// at once however large the store is. Questions in the user's own SQL go through Select, which is locked.
type Publication struct {
	Record  Record
	store   Store
	session *sql.Session // nil until a question needs the engine
}

// Open opens a run for reading: an id, an unambiguous prefix or latest. It takes no lock: a run never blocks readers.
func (s Store) Open(ctx context.Context, run string) (*Publication, error) {
	record, err := s.publishedRun(run)
	if err != nil {
		return nil, err
	}
	return s.read(record), nil
}

// publishedRun is Find for what needs a publication.
func (s Store) publishedRun(run string) (Record, error) {
	record, err := s.Find(run)
	if err == nil && record.Status != Published {
		err = &InputError{Problem: fmt.Sprintf("run %s is not published: it is %s", record.ID, record.Status),
			Next: "crmlink runs lists all runs; latest is the published one"}
	}
	return record, err
}

// OpenResult opens what a run just made, published or, after a dry run, only stored.
func (s Store) OpenResult(ctx context.Context, r Result) (*Publication, error) {
	return s.read(r.Record), nil
}

func (s Store) read(record Record) *Publication { return &Publication{Record: record, store: s} }

// engine opens the engine for the first question that needs it: rows are found by their keys without it (rows).
func (p *Publication) engine(ctx context.Context) (*sql.Session, error) {
	if p.session != nil {
		return p.session, nil
	}
	session, err := sql.Open(ctx, sql.Options{Objects: p.store.objects(), Spill: p.store.spill()})
	if err != nil {
		return nil, fmt.Errorf("open run %s: %w", p.Record.ID, err)
	}
	p.session = session
	return session, nil
}

// Close frees what reading took.
func (p *Publication) Close() error {
	if p.session == nil {
		return nil
	}
	return p.session.Close()
}

func (p *Publication) folder() sql.Folder { return sql.Folder(p.store.objects()) }

// rows reads the rows of the given keys out of the parts that can hold them, without the engine.
func (p *Publication) rows(ctx context.Context, name string, columns []string, keys ...string) ([]sql.Cells, error) {
	snap := p.snapshot(name)
	rows, err := p.folder().Rows(ctx, snap, columns, keys...)
	return rows, p.damage(name, snap, err)
}

// all reads all rows of a small table without the engine.
func (p *Publication) all(ctx context.Context, name string, columns []string) ([]sql.Cells, error) {
	snap := p.snapshot(name)
	rows, err := p.folder().All(ctx, snap, columns)
	return rows, p.damage(name, snap, err)
}

// damage names a store whose files are gone or cannot be read as a damaged one.
func (p *Publication) damage(name string, snap sql.Snapshot, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return cmp.Or(p.there(name, snap), err)
	case sql.Damaged(err):
		return &DamageError{Problem: fmt.Sprintf("read %s: a file of the store %s is damaged", name, p.store.Dir)}
	}
	return err
}

// bind makes whole tables of the run readable by name. A table the run did not make is empty.
func (p *Publication) bind(ctx context.Context, tables ...string) error {
	for _, name := range tables {
		if err := p.bindParts(ctx, name, p.snapshot(name)); err != nil {
			return err
		}
	}
	return nil
}

// bindFor makes the rows of the given keys readable by a table's name, out of the parts that can hold them.
func (p *Publication) bindFor(ctx context.Context, name string, keys ...string) error {
	snap := p.snapshot(name)
	for _, key := range keys {
		if err := p.there(name, snap.Holding(key)); err != nil {
			return err
		}
	}
	session, err := p.engine(ctx)
	if err != nil {
		return err
	}
	return session.BindRows(ctx, name, snap, keys...)
}

// bindParts binds a table as a whole.
func (p *Publication) bindParts(ctx context.Context, name string, snap sql.Snapshot) error {
	if err := p.there(name, snap); err != nil {
		return err
	}
	session, err := p.engine(ctx)
	if err != nil {
		return err
	}
	return session.BindAs(ctx, name, snap)
}

// there looks whether a table's files are there before they are read, so that a damaged store is named as one.
func (p *Publication) there(name string, snap sql.Snapshot) error {
	if missing := p.folder().Missing(snap); len(missing) > 0 {
		return &DamageError{Problem: fmt.Sprintf("read %s: the store %s lacks %d of its files", name, p.store.Dir, len(missing))}
	}
	return nil
}

func (p *Publication) snapshot(table string) sql.Snapshot {
	if snap, ok := p.Record.Tables[table]; ok {
		return snap
	}
	return sql.Empty(table)
}

// read runs one of the files in sql/read over tables that are bound already.
func (p *Publication) read(ctx context.Context, file string, values map[string]any, row func(*sql.Rows) error) error {
	session, err := p.engine(ctx)
	if err != nil {
		return err
	}
	return readFile(ctx, session, file, values, row)
}

func (p *Publication) each(ctx context.Context, query string, values map[string]any, row func(*sql.Rows) error) error {
	session, err := p.engine(ctx)
	if err != nil {
		return err
	}
	return eachRow(ctx, session, query, values, row)
}

func readFile(ctx context.Context, s *sql.Session, file string, values map[string]any, row func(*sql.Rows) error) error {
	f, err := sql.Named("read/" + file)
	if err != nil {
		return err
	}
	if err := eachRow(ctx, s, f.Text, values, row); err != nil {
		return fmt.Errorf("read/%s: %w", file, err)
	}
	return nil
}

func eachRow(ctx context.Context, s *sql.Session, query string, values map[string]any, row func(*sql.Rows) error) error {
	rows, err := s.Query(ctx, query, values)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Examples are ids of this run that a newcomer can try the other commands with: a contact that is matched and has a
// runner-up, and the seat with the longest list. Either is empty where there is none.
func (p *Publication) Examples(ctx context.Context) (contact, seat string, err error) {
	if err := p.bind(ctx, "mapping", "auto_save", "suggested_lead", "seat_map"); err != nil {
		return "", "", err
	}
	// One part of the candidates is enough for an example, and a large store has many.
	candidates := p.snapshot("candidate")
	if len(candidates.Parts) > 1 {
		candidates = candidates.Split()[0]
	}
	if err := p.bindParts(ctx, "candidate", candidates); err != nil {
		return "", "", err
	}
	err = p.read(ctx, "examples", nil, func(r *sql.Rows) error { return r.Scan(&contact, &seat) })
	return contact, seat, err
}
