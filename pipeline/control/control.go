// Package control is the database of what changes between runs: people's decisions, the samples drawn to measure the
// answers, a log of who did what when, and what became of each scheduled run. It is one SQLite file in the store, control.sqlite, written by commands while
// runs come and go; a run reads it once, at its start, and copies what it uses into its snapshot.
//
// Nothing in it is ever changed or removed, only added to: triggers refuse anything else. Decisions and notes are
// personal values, so the file has mode 0600. The package is a leaf: it knows ids and words, no tables of the engine.
package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// FileName is the database's name in the store. SQLite keeps FileName-wal and FileName-shm beside it while it is open.
const FileName = "control.sqlite"

// wait is how long a command waits for another one that is writing. A write takes milliseconds.
const wait = 20 * time.Second

// DB is the open database.
type DB struct {
	path string
	sql  *sql.DB
}

// Open opens the database of a store, and makes it when it is not there.
func Open(ctx context.Context, store string) (*DB, error) {
	path := filepath.Join(store, FileName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, &Error{Problem: "the control database cannot be opened", Next: "check that you may write in the store's folder", Err: err}
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open control database: %w", err)
	}
	return open(ctx, path)
}

// OpenIfThere is Open for reading: a store in which nobody decided anything has no database, and gets none; then the
// result is nil.
func OpenIfThere(ctx context.Context, store string) (*DB, error) {
	path := filepath.Join(store, FileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("open control database: %w", err)
	}
	return open(ctx, path)
}

func open(ctx context.Context, path string) (*DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open control database: %w", err)
	}
	// Every transaction that may write begins as one, so that two processes wait for each other instead of failing.
	name := "file:" + (&url.URL{Path: absolute}).EscapedPath() + fmt.Sprintf(
		"?_pragma=busy_timeout(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_txlock=immediate", wait.Milliseconds())
	pool, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open control database: %w", err)
	}
	pool.SetMaxOpenConns(1)
	db := &DB{path: path, sql: pool}
	if err := db.migrate(ctx); err != nil {
		pool.Close() //nolint:errcheck // the first error is the one to tell
		return nil, explain(err)
	}
	return db, nil
}

// Close ends the use of the database. The last one to close it folds the write-ahead log into the file.
func (db *DB) Close() error {
	if db == nil {
		return nil
	}
	return db.sql.Close()
}

// write runs a function in a transaction.
func (db *DB) write(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	if err := work(tx); err != nil {
		tx.Rollback() //nolint:errcheck // the first error is the one to tell
		return explain(err)
	}
	return explain(tx.Commit())
}

// rows runs a query and hands each row to scan.
func (db *DB) rows(ctx context.Context, query string, scan func(*sql.Rows) error, args ...any) error {
	rows, err := db.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return explain(err)
		}
	}
	return explain(rows.Err())
}

// Check reads the whole file and says whether it is whole.
func (db *DB) Check(ctx context.Context) error {
	var text string
	if err := db.sql.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&text); err != nil {
		return explain(err)
	}
	if text != "ok" {
		return damaged(nil)
	}
	return nil
}

// moment writes a time as the database holds it: UTC, to the microsecond, in the order of its text.
func moment(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }

func parseMoment(text string) (time.Time, error) {
	at, err := time.Parse("2006-01-02T15:04:05.000000Z", text)
	if err != nil {
		return at, fmt.Errorf("control database: a time cannot be read: %w", err)
	}
	return at, nil
}

func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}
