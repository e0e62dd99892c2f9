package sql

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/schemas"
)

// Take adds the rows of a query, whose columns are the table's, in order.
func (w *Writer) Take(ctx context.Context, query string) error { return w.TakeBy(ctx, query, nil) }

// TakeBy is Take of a query with values.
func (w *Writer) TakeBy(ctx context.Context, query string, values map[string]any) error {
	rows, err := w.session.rows(ctx, "INSERT INTO "+w.name+" "+query, usedValues(query, values)...)
	if err != nil {
		return fmt.Errorf("table %s: take rows: %w", w.table.Name, err)
	}
	w.rows += rows
	return nil
}

// Keep makes a temporary table of a query's rows, under a name of the caller's, until it is dropped.
func (s *Session) Keep(ctx context.Context, name, query string) error {
	_, err := s.Kept(ctx, name, query)
	return err
}

// Kept is Keep that says how many rows there are.
func (s *Session) Kept(ctx context.Context, name, query string) (int64, error) {
	rows, err := s.rows(ctx, "CREATE OR REPLACE TEMP TABLE "+schemas.Quote(name)+" AS "+query)
	if err != nil {
		return 0, fmt.Errorf("keep %s: %w", name, err)
	}
	return rows, nil
}

// rows makes or fills a table by one statement, whose result is the number of rows: counting them would be another of the many short statements
// that cost more together than they look.
func (s *Session) rows(ctx context.Context, statement string, values ...any) (n int64, err error) {
	err = s.conn.QueryRowContext(ctx, statement, values...).Scan(&n)
	return n, err
}

// KeepFile is Keep of what a file gives that names no table.
func (s *Session) KeepFile(ctx context.Context, name, file string) error {
	f, err := Named(file)
	if err != nil {
		return err
	}
	if err := s.Keep(ctx, name, f.Text); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// KeepIDs is Keep of ids, as crm_id, each once.
func (s *Session) KeepIDs(ctx context.Context, name string, ids []string) error {
	if err := s.Keep(ctx, name, "SELECT '' AS crm_id WHERE false"); err != nil {
		return err
	}
	return s.Add(ctx, name, ids)
}

// View makes a query readable under a name, in the place of what was bound there.
func (s *Session) View(ctx context.Context, name, query string) error {
	if _, err := s.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP VIEW "+schemas.Quote(name)+" AS "+query); err != nil {
		return bound(name, err)
	}
	return s.dropStep(ctx, name)
}

// Drop removes what Keep made.
func (s *Session) Drop(ctx context.Context, name string) error {
	_, err := s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+schemas.Quote(name))
	return err
}

// AddRows adds a query's rows to a table that Keep made.
func (s *Session) AddRows(ctx context.Context, name, query string) error {
	if _, err := s.conn.ExecContext(ctx, "INSERT INTO "+schemas.Quote(name)+" "+query); err != nil {
		return fmt.Errorf("add to %s: %w", name, err)
	}
	return nil
}

// Add adds texts to a table of one text column that Keep made, but for those that it has.
func (s *Session) Add(ctx context.Context, name string, texts []string) error {
	if _, err := s.conn.ExecContext(ctx, "INSERT INTO "+schemas.Quote(name)+" SELECT DISTINCT t FROM unnest($1::VARCHAR[]) x(t) ANTI JOIN "+schemas.Quote(name)+
		" k ON k.crm_id = t", texts); err != nil {
		return fmt.Errorf("add to %s: %w", name, err)
	}
	return nil
}
