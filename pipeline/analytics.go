package pipeline

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// writeAnalytics makes the database of a run that analysts open. Its views name the store's files by absolute paths,
// because no client resolves relative ones against the database.
func writeAnalytics(ctx context.Context, session *sql.Session, store Store, r Record) error {
	var tables []sql.Snapshot
	for _, t := range sortedTables(r.Tables) {
		tables = append(tables, r.Tables[t])
	}
	model, err := programmeOf(session, r)
	if err != nil {
		return err
	}
	views, err := analyticsViews(model)
	if err != nil {
		return err
	}
	return session.WriteDatabase(ctx, store.Analytics(r.ID), tables, views)
}

// RemakeViews makes the databases of runs again with the paths that the store has now: after it was moved. Without a
// run it is that of the latest; with all, that of every published run. It returns the ids of those runs.
func (s Store) RemakeViews(ctx context.Context, run string, all bool) ([]string, error) {
	release, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer release()
	var records []Record
	if all {
		runs, err := s.Runs()
		if err != nil {
			return nil, err
		}
		for _, r := range runs {
			if r.Status == Published {
				records = append(records, r)
			}
		}
	} else {
		r, err := s.publishedRun(run)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	session, err := sql.Open(ctx, sql.Options{Objects: s.objects(), Spill: s.spill()})
	if err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	defer session.Close()
	ids := []string{}
	for _, r := range records {
		for _, t := range sortedTables(r.Tables) {
			if lost := session.Missing(r.Tables[t]); len(lost) > 0 {
				return ids, &DamageError{Problem: fmt.Sprintf("views: the store lacks %d files of table %s of run %s", len(lost), t, r.ID)}
			}
		}
		if err := s.repoint(ctx, session, r); err != nil {
			return ids, fmt.Errorf("views: run %s: %w", r.ID, err)
		}
		ids = append(ids, r.ID)
	}
	return ids, nil
}

// repoint copies a run's database, gives its views the paths that the store has now, and puts the copy in its place. So
// a run of another version of crmlink keeps the tables and views that it was published with. A database that is not
// there or cannot be read is made from the run's tables.
func (s Store) repoint(ctx context.Context, session *sql.Session, r Record) error {
	path := s.Analytics(r.ID)
	if db, err := (&Publication{Record: r, store: s}).openFile(ctx); err != nil {
		return writeAnalytics(ctx, session, s, r)
	} else if err := db.Close(); err != nil {
		return err
	}
	objects, err := filepath.Abs(s.objects())
	if err != nil {
		return err
	}
	temp := path + ".new"
	for _, old := range []string{temp, temp + ".wal"} {
		if err := remove(old); err != nil {
			return err
		}
	}
	if err := copyFile(path, temp); err != nil {
		return err
	}
	connector, err := duckdb.NewConnector(temp+"?autoinstall_known_extensions=false&autoload_known_extensions=false", nil)
	if err != nil {
		return err
	}
	db := stdsql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	err = moveViews(ctx, db, objects, "CREATE OR REPLACE VIEW ")
	if err == nil {
		_, err = db.ExecContext(ctx, "CHECKPOINT")
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if _, err := os.Stat(temp + ".wal"); err == nil {
		return fmt.Errorf("a write-ahead log is left beside it")
	}
	if err := syncFile(temp); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// moveViews makes the views that read files again, reading from another folder of objects. Those over other views find
// them by name and stay as they are.
func moveViews(ctx context.Context, db *stdsql.DB, objects, create string) error {
	views, err := viewsOf(ctx, db)
	for _, v := range views {
		if !inObjects.MatchString(v.text) {
			continue
		}
		_, e := db.ExecContext(ctx, strings.Replace(v.at(objects), "CREATE VIEW ", create, 1))
		if e == nil {
			_, e = db.ExecContext(ctx, "COMMENT ON VIEW "+schemas.Quote(v.name)+" IS "+quoted(v.comment))
		}
		err = errors.Join(err, e)
	}
	return err
}

// storedView is a view as a database holds it.
type storedView struct{ name, text, comment string }

// viewsOf lists the views of a database.
func viewsOf(ctx context.Context, db *stdsql.DB) ([]storedView, error) {
	rows, err := db.QueryContext(ctx, "SELECT view_name, sql, coalesce(comment, '') FROM duckdb_views() WHERE NOT internal ORDER BY view_oid")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []storedView
	for rows.Next() {
		var v storedView
		if err := rows.Scan(&v.name, &v.text, &v.comment); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// inObjects is a path in the text of a view, up to the folder of objects.
var inObjects = regexp.MustCompile(`'((?:[^']|'')*/objects)(/[0-9a-f]{2}/[0-9a-f]{64}\.parquet')`)

// at is the view's text, reading from another folder of objects.
func (v storedView) at(objects string) string {
	return inObjects.ReplaceAllString(v.text, strings.ReplaceAll("'"+strings.ReplaceAll(objects, "'", "''"), "$", "$$")+"$2")
}

// objectsInViews is the folder that the views of a database read from; empty where no view reads a file.
func objectsInViews(ctx context.Context, db *stdsql.DB) (string, error) {
	views, err := viewsOf(ctx, db)
	if err != nil {
		return "", err
	}
	for _, v := range views {
		if found := inObjects.FindStringSubmatch(v.text); found != nil {
			return strings.ReplaceAll(found[1], "''", "'"), nil
		}
	}
	return "", nil
}

// followStore lets a database of a store that was moved be read without writing it again: temporary views that read
// from where the store is now stand before those of the file.
func followStore(ctx context.Context, db *stdsql.DB, objects string) error {
	from, err := objectsInViews(ctx, db)
	if err != nil || from == "" || sameFolder(from, objects) {
		return err
	}
	// A view whose files are lost is left as it is, and says so to whoever reads it.
	moveViews(ctx, db, objects, "CREATE TEMP VIEW ") //nolint:errcheck // see above
	return ctx.Err()
}

func sameFolder(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
