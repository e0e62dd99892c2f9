package control

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

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
