package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/crmlink/crmlink/schemas"
)

// inlineRows is the number of rows up to which a table is copied into a database file; larger ones, and those that are
// not part of the promise to analysts, are views over the store's Parquet objects.
const inlineRows = 100_000

// WriteDatabase makes a DuckDB file that any DuckDB client opens: the given tables, then the views by name and SELECT,
// each with its doc text as comment. The file appears under its name only when whole; a file of that name is replaced.
func (s *Session) WriteDatabase(ctx context.Context, path string, snapshots []Snapshot, views []View) (err error) {
	temp := path + ".new"
	for _, old := range []string{temp, temp + ".wal"} {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("write %s: %w", filepath.Base(path), err)
		}
	}
	// A database of its own: in the session, names would mean the session's views.
	connector, err := duckdb.NewConnector(temp+"?autoinstall_known_extensions=false&autoload_known_extensions=false", nil)
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	db := stdsql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	statements, err := s.databaseStatements(ctx, snapshots, views)
	if err != nil {
		db.Close()
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			db.Close()
			return fmt.Errorf("write %s: %w", filepath.Base(path), err)
		}
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if _, err := os.Stat(temp + ".wal"); err == nil {
		return fmt.Errorf("write %s: a write-ahead log is left beside it", filepath.Base(path))
	}
	if err := syncFile(temp); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// View is a relation computed when it is read.
type View struct{ Name, Query string }

func (s *Session) databaseStatements(ctx context.Context, snapshots []Snapshot, views []View) ([]string, error) {
	statements := []string{"SET TimeZone = 'UTC'", "BEGIN"}
	for _, snap := range snapshots {
		table, _ := schemas.Lookup(snap.Table)
		body := emptyRelation(table)
		if len(snap.Parts) > 0 {
			lacking, err := s.Lacks(snap)
			if err != nil {
				return nil, err
			}
			body = s.readParquet(table, snap, lacking)
		}
		kind := "TABLE"
		if table.Internal || strings.HasPrefix(table.Name, "raw_") || snap.Rows > inlineRows {
			kind = "VIEW"
		} else if err := s.intact(snap); err != nil { // it is copied
			return nil, err
		}
		statements = append(statements, "CREATE "+kind+" "+schemas.Quote(table.Name)+" AS "+body)
		statements = append(statements, comments(kind, table)...)
	}
	for _, v := range views {
		table, _ := schemas.Lookup(v.Name)
		statements = append(statements, "CREATE VIEW "+schemas.Quote(v.Name)+" AS "+v.Query)
		statements = append(statements, comments("VIEW", table)...)
	}
	return append(statements, "COMMIT", "CHECKPOINT"), nil
}

func comments(kind string, t schemas.Table) []string {
	out := []string{fmt.Sprintf("COMMENT ON %s %s IS %s", kind, schemas.Quote(t.Name), literal(t.Doc))}
	if kind == "VIEW" {
		return out // each comment on a view's column binds the whole view again, which took most of the time
	}
	for _, c := range t.Columns {
		out = append(out, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", schemas.Quote(t.Name), schemas.Quote(c.Name), literal(c.Doc)))
	}
	return out
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// EngineVersion is the version of the DuckDB library that is linked in.
func (s *Session) EngineVersion(ctx context.Context) (string, error) {
	var v string
	if err := s.conn.QueryRowContext(ctx, "SELECT version()").Scan(&v); err != nil {
		return "", fmt.Errorf("engine version: %w", err)
	}
	return "duckdb " + v, nil
}
