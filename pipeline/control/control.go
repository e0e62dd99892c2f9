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
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// FileName is the database's name in the store. SQLite keeps FileName-wal and FileName-shm beside it while it is open.
const FileName = "control.sqlite"

// wait is how long a command waits for another one that is writing. A write takes milliseconds.
const wait = 20 * time.Second

// applicationID marks the file as ours: "crml".
const applicationID = 0x63726d6c

// migrations bring the schema from version i to i+1; the version stands in PRAGMA user_version. One that was released
// is never changed.
var migrations = []string{
	`CREATE TABLE decision (
		seq       INTEGER PRIMARY KEY AUTOINCREMENT,
		object    TEXT NOT NULL CHECK (object IN ('Account', 'Contact', 'Lead')),
		crm_id    TEXT NOT NULL CHECK (length(crm_id) = 18),
		verdict   TEXT NOT NULL CHECK (verdict IN ('is', 'is_not', 'none', 'undo')),
		entity_id TEXT,
		"by"      TEXT NOT NULL,
		"at"      TEXT NOT NULL,
		note      TEXT,
		via       TEXT NOT NULL,
		run       TEXT,
		CHECK (verdict NOT IN ('is', 'is_not') OR entity_id IS NOT NULL)
	) STRICT;
	CREATE INDEX decision_record ON decision (crm_id);
	CREATE TABLE audit (
		id     INTEGER PRIMARY KEY AUTOINCREMENT,
		"at"   TEXT NOT NULL,
		"by"   TEXT NOT NULL,
		login  TEXT NOT NULL,
		what   TEXT NOT NULL,
		detail TEXT NOT NULL
	) STRICT;
	CREATE TABLE sample (
		id   INTEGER PRIMARY KEY AUTOINCREMENT,
		run  TEXT NOT NULL UNIQUE,
		"at" TEXT NOT NULL
	) STRICT;
	CREATE TABLE stratum (
		sample  INTEGER NOT NULL REFERENCES sample (id),
		name    TEXT NOT NULL,
		answer  INTEGER NOT NULL,
		place   INTEGER NOT NULL,
		records INTEGER NOT NULL,
		PRIMARY KEY (sample, name)
	) STRICT;
	CREATE TABLE sampled (
		sample      INTEGER NOT NULL REFERENCES sample (id),
		object      TEXT NOT NULL,
		crm_id      TEXT NOT NULL,
		stratum     TEXT NOT NULL,
		place       INTEGER NOT NULL,
		entity_id   TEXT,
		probability INTEGER,
		PRIMARY KEY (sample, crm_id)
	) STRICT;
	` + keep("decision") + keep("audit") + keep("sample") + keep("stratum") + keep("sampled"),
	`CREATE TABLE scheduled (
		id       INTEGER PRIMARY KEY AUTOINCREMENT,
		entry    TEXT NOT NULL,
		spec     TEXT NOT NULL,
		due      TEXT NOT NULL,
		state    TEXT NOT NULL CHECK (state IN ('began', 'first', 'started', 'again', 'waiting', 'interrupted',
			'published', 'covered', 'failed', 'stopped', 'missed')),
		"at"     TEXT NOT NULL,
		attempt  INTEGER NOT NULL,
		retry_at TEXT,
		run      TEXT,
		exit     INTEGER NOT NULL,
		problem  TEXT,
		next     TEXT,
		checks   TEXT
	) STRICT;
	CREATE INDEX scheduled_entry ON scheduled (entry);
	` + keep("scheduled"),
	// The connection alone may change and go: tokens that are no longer good are nobody's history.
	`CREATE TABLE org (
		one  INTEGER PRIMARY KEY CHECK (one = 1),
		id   TEXT NOT NULL,
		"at" TEXT NOT NULL
	) STRICT;
	CREATE TABLE connection (
		one       INTEGER PRIMARY KEY CHECK (one = 1),
		login     TEXT NOT NULL,
		client_id TEXT NOT NULL,
		flow      TEXT NOT NULL,
		org       TEXT NOT NULL,
		user      TEXT NOT NULL,
		instance  TEXT NOT NULL,
		"by"      TEXT NOT NULL,
		since     TEXT NOT NULL,
		sealed    BLOB NOT NULL
	) STRICT;
	` + keep("org"),
}

// keep refuses to change or remove rows of a table.
func keep(table string) string {
	var b strings.Builder
	for _, change := range []string{"UPDATE", "DELETE"} {
		fmt.Fprintf(&b, "CREATE TRIGGER %s_no_%s BEFORE %s ON %s BEGIN SELECT RAISE(ABORT, '%s is only ever added to'); END;\n",
			table, strings.ToLower(change), change, table, table)
	}
	return b.String()
}

// DB is the open database.
type DB struct {
	path string
	sql  *sql.DB
}

// Error is a failure of the database as a whole, with a next step.
type Error struct {
	Problem string
	Next    string
	Damaged bool // the file is not what it should be
	Passing bool // the same may work later
	Err     error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Problem
	}
	return e.Problem + ": " + e.Err.Error()
}

// Unwrap is what SQLite says.
func (e *Error) Unwrap() error { return e.Err }

// Try is the next step.
func (e *Error) Try() string { return e.Next }

// Passes says that the same may work later.
func (e *Error) Passes() bool { return e.Passing }

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

// migrate brings the schema to the present version, in one transaction.
func (db *DB) migrate(ctx context.Context) error {
	version, err := db.version(ctx, db.sql)
	if err != nil || version == len(migrations) {
		return err
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		version, err := db.version(ctx, tx) // another process may have been faster
		if err != nil {
			return err
		}
		for ; version < len(migrations); version++ {
			if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version))
		return err
	})
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (db *DB) version(ctx context.Context, q querier) (version int, err error) {
	var application int
	if err := q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, err
	}
	if err := q.QueryRowContext(ctx, "PRAGMA application_id").Scan(&application); err != nil {
		return 0, err
	}
	switch {
	case version > 0 && application != applicationID:
		return 0, &Error{Problem: db.path + " is not crmlink's", Damaged: true, Next: "move it out of the store, or put the right one back from a backup of the store"}
	case version > len(migrations):
		return 0, &Error{Problem: fmt.Sprintf("the control database has version %d, this crmlink reads %d", version, len(migrations)),
			Next: "use the version of crmlink that wrote it"}
	}
	return version, nil
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

func damaged(err error) error {
	return &Error{Problem: "the control database is damaged", Damaged: true, Err: err,
		Next: "put " + FileName + " back from a backup of the store; decisions that a run has read are in its table raw_decision, too"}
}

// explain gives SQLite's errors that a person can do something about their next step.
func explain(err error) error {
	var known *Error
	var engine *sqlite.Error
	if err == nil || errors.As(err, &known) || !errors.As(err, &engine) {
		return err
	}
	switch engine.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &Error{Problem: "another command has held the control database for too long", Next: "wait until it ends and try again; nothing was changed", Passing: true, Err: err}
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return damaged(err)
	case sqlite3.SQLITE_FULL:
		return &Error{Problem: "the disk is full; nothing was changed", Next: "make room where the store lies, then try again", Passing: true, Err: err}
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return &Error{Problem: "the control database cannot be written", Next: "check that you may write in the store's folder", Err: err}
	}
	return fmt.Errorf("control database: %w", err)
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
