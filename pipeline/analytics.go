package pipeline

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/crmlink/crmlink/sql"
)

// writeAnalytics makes the database of a run that analysts open. Its views name the store's files by absolute paths,
// because no client resolves relative ones against the database.
func writeAnalytics(ctx context.Context, session *sql.Session, store Store, r Record) error {
	var tables []sql.Snapshot
	for _, t := range sortedTables(r.Tables) {
		tables = append(tables, r.Tables[t])
	}
	views, err := analyticsViews()
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
		if err := writeAnalytics(ctx, session, s, r); err != nil {
			return ids, fmt.Errorf("views: run %s: %w", r.ID, err)
		}
		ids = append(ids, r.ID)
	}
	return ids, nil
}

// inObjects is a path in the text of a view, up to the folder of objects.
var inObjects = regexp.MustCompile(`'((?:[^']|'')*/objects)/[0-9a-f]{2}/[0-9a-f]{64}\.parquet'`)

// objectsInViews is the folder that the views of a database read from; empty where no view reads a file.
func objectsInViews(ctx context.Context, db *stdsql.DB) (string, error) {
	texts, err := names(ctx, db, "SELECT sql FROM duckdb_views() WHERE NOT internal ORDER BY view_oid")
	if err != nil {
		return "", err
	}
	for _, text := range texts {
		if found := inObjects.FindStringSubmatch(text); found != nil {
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
	texts, err := names(ctx, db, "SELECT sql FROM duckdb_views() WHERE NOT internal ORDER BY view_oid")
	if err != nil {
		return err
	}
	old, now := strings.ReplaceAll(from, "'", "''"), strings.ReplaceAll(objects, "'", "''")
	for _, text := range texts {
		text = strings.ReplaceAll(text, "'"+old+"/", "'"+now+"/")
		// A view whose files are lost is left as it is, and says so to whoever reads it.
		db.ExecContext(ctx, strings.Replace(text, "CREATE VIEW ", "CREATE TEMP VIEW ", 1)) //nolint:errcheck // see above
	}
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

// names reads a column of texts.
func names(ctx context.Context, db *stdsql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
