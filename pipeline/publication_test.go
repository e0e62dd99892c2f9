package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline/bases"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// writePublication publishes tables written by hand, as a run would: name of the table → SELECT with some of its
// columns; the others are null, or empty where they must hold a value. Equal ones are written once and copied.
func writePublication(t *testing.T, tables map[string]string) Store {
	t.Helper()
	name := fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, tables))) // printed in the order of the keys
	base := bases.Once(t, name, func(dir string) { writePublicationIn(t, dir, tables) })
	return Store{Dir: filepath.Join(bases.Copy(t, base), "store")}
}

func writePublicationIn(t *testing.T, dir string, tables map[string]string) {
	t.Helper()
	store, err := OpenStore(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	session, err := sql.Open(t.Context(), sql.Options{Objects: store.objects(), Spill: store.spill()})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	record := Record{ID: "20260729T040000Z", AsOf: time.Date(2026, 7, 29, 4, 0, 0, 0, time.UTC), Status: Published, Tables: map[string]sql.Snapshot{}}
	var all []sql.Snapshot
	for _, table := range schemas.All() {
		if table.View {
			continue
		}
		snap := sql.Empty(table.Name)
		if query, ok := tables[table.Name]; ok {
			if snap, err = session.SaveQuery(t.Context(), filled(t, session, table, query), table, nil); err != nil {
				t.Fatal(err)
			}
		}
		record.Tables[table.Name] = snap
		all = append(all, snap)
	}
	model, err := linkage.Default()
	if err != nil {
		t.Fatal(err)
	}
	views, err := analyticsViews(model)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(store.runDir(record.ID), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := session.WriteDatabase(t.Context(), store.Analytics(record.ID), all, views); err != nil {
		t.Fatal(err)
	}
	data, err := encodeRecord(record)
	if err == nil {
		err = writeFile(store.runFile(record.ID), data)
	}
	if err == nil {
		err = store.switchTo(record.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// filled completes a SELECT to all columns of a table.
func filled(t *testing.T, s *sql.Session, table schemas.Table, query string) string {
	t.Helper()
	rows, err := s.Query(t.Context(), query+" LIMIT 0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	given, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, g := range given {
		has[g] = true
	}
	var columns []string
	for _, c := range table.Columns {
		value, kind := "NULL", schemas.SQLType(c.Type)
		switch {
		case has[c.Name]:
			value = schemas.Quote(c.Name)
		case c.NotNull && kind == "VARCHAR":
			value = "''"
		case c.NotNull && kind == "BOOLEAN":
			value = "false"
		case c.NotNull:
			value = "0"
		}
		columns = append(columns, fmt.Sprintf("CAST(%s AS %s) AS %s", value, kind, schemas.Quote(c.Name)))
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM (" + query + ")"
}

func openPublication(t *testing.T, tables map[string]string) *Publication {
	t.Helper()
	p, err := writePublication(t, tables).Open(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func selectAll(ctx context.Context, p *Publication, query string) ([][]any, error) {
	answer, err := p.Select(ctx, query)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	var all [][]any
	for {
		row, err := answer.Next()
		if row == nil || err != nil {
			return all, err
		}
		all = append(all, row)
	}
}

const twoAnswers = `SELECT * FROM (VALUES ('Contact', '003A', 'member', 'm1', 'matched'), ('Lead', '00QB', NULL, NULL, 'unmatched'))
	AS t(object, crm_id, entity_kind, entity_id, status)`

func TestSelect_ReadsPublishedTablesAndViews(t *testing.T) {
	p := openPublication(t, map[string]string{"mapping": twoAnswers, "raw_contact": "SELECT '003A' AS \"Id\""})
	for query, want := range map[string]string{
		"SELECT crm_id FROM mapping WHERE status = 'matched'": "[[003A]]",
		"FROM mapping SELECT count(*)":                        "[[2]]",
		"SELECT Id FROM raw_contact":                          "[[003A]]", // a view over the store's Parquet files
		"SELECT count(*) FROM evidence":                       "[[0]]",
		"WITH m AS (FROM mapping) SELECT count(*) FROM m;":    "[[2]]",
		"VALUES (1)": "[[1]]",
		"SELECT count(*) FROM (DESCRIBE mapping)":                            fmt.Sprintf("[[%d]]", len(schemas.Mapping.Columns)),
		"SELECT count(*) > 0 FROM read_text('" + p.store.Dir + "/runs/*/*')": "[[true]]",
		"SELECT current_setting('TimeZone')":                                 "[[UTC]]",
	} {
		got, err := selectAll(t.Context(), p, query)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s = %v, %v, want %s", query, got, err, want)
		}
	}
}

// Nothing that a query says may write, reach outside of the store or change what is locked, and no file may appear.
func TestSelect_RefusesEverythingElse(t *testing.T) {
	p := openPublication(t, map[string]string{"mapping": twoAnswers})
	store, outside := p.store.Dir, t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret.csv"), []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(outside, "other.duckdb"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(t, store) + tree(t, outside)
	in := func(text string) string { return strings.NewReplacer("STORE", store, "OUTSIDE", outside).Replace(text) }
	for _, query := range []string{
		"COPY mapping TO 'STORE/x.csv'", "COPY mapping TO 'OUTSIDE/x.csv'", "COPY (SELECT 1) TO 'STORE/x.parquet' (FORMAT parquet)",
		"COPY mapping FROM 'OUTSIDE/secret.csv'",
		"ATTACH 'STORE/new.duckdb' AS a", "ATTACH 'OUTSIDE/other.duckdb' AS a (READ_ONLY)", "DETACH analytics", "USE memory",
		"INSTALL httpfs", "LOAD httpfs", "FORCE INSTALL spatial FROM community", "EXPORT DATABASE 'STORE/dump'", "IMPORT DATABASE 'STORE'",
		"PRAGMA database_list", "PRAGMA enable_profiling", "SET enable_external_access = true", "SET threads = 1",
		"SET lock_configuration = false", "RESET allowed_directories", "SET VARIABLE x = 1",
		"CREATE TABLE t (i INT)", "CREATE TEMP TABLE t AS SELECT 1", "CREATE VIEW v AS SELECT 1", "CREATE MACRO m() AS 1",
		"CREATE SECRET (TYPE s3)", "INSERT INTO mapping SELECT * FROM mapping", "UPDATE mapping SET status = 'x'", "DELETE FROM mapping",
		"DROP TABLE mapping", "TRUNCATE mapping", "ALTER TABLE mapping ADD COLUMN x INT", "VACUUM", "ANALYZE", "CHECKPOINT",
		"BEGIN", "CALL pragma_version()", "PREPARE p AS SELECT 1", "EXECUTE p", "DEALLOCATE p", "EXPLAIN ANALYZE SELECT 1", "COMMENT ON TABLE mapping IS 'x'",
		// several statements: the driver runs all but the last while it prepares
		"SELECT 1; SELECT 2", "COPY (SELECT 1) TO 'STORE/x.csv'; SELECT 1", "SELECT 1; COPY (SELECT 1) TO 'STORE/x.csv'",
		"SET threads = 1; SELECT 1", "CREATE TEMP TABLE t AS SELECT 1; SELECT * FROM t", "; DROP TABLE mapping", "-- nothing", "", " ",
		"SELECT $1", "SELECT $name", "not sql",
		// reading outside of the store
		"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_blob('/etc/passwd')",
		"SELECT * FROM glob('/etc/*')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM 'OUTSIDE/secret.csv'", "SELECT * FROM read_json('/etc/passwd')",
		"SELECT * FROM read_csv('STORE/../../../../../../../etc/passwd')", "SELECT * FROM read_parquet('OUTSIDE/*.parquet')",
		"SELECT * FROM sniff_csv('OUTSIDE/secret.csv')", "SELECT * FROM parquet_metadata('/etc/passwd')", "SELECT * FROM read_duckdb('OUTSIDE/other.duckdb')",
		"SELECT * FROM read_csv('https://example.com/x.csv')", "SELECT * FROM read_csv('/dev/stdin')", "SELECT getenv('HOME')",
		// functions that write files, change what is locked or run text
		"SELECT * FROM enable_logging(level = 'trace', storage = 'file', storage_path = 'STORE/logs')",
		"SELECT * FROM Enable_Logging('QueryLog')", "SELECT * FROM enable_profiling(save_location = 'STORE/p.txt')",
		"SELECT * FROM query('SELECT * FROM enable_logging()')", "WITH x AS (SELECT * FROM \"enable_profiling\"()) SELECT * FROM x",
		"SELECT (SELECT count(*) FROM system.main.enable_logging())", "SELECT * FROM checkpoint()", "SELECT * FROM force_checkpoint()",
		"SELECT write_log('x')", "SELECT * FROM json_execute_serialized_sql('{}')", "SELECT * FROM query('COPY mapping TO ''STORE/x''')",
		"PIVOT mapping ON status USING count(*)",
	} {
		got, err := selectAll(t.Context(), p, in(query))
		if err == nil {
			t.Errorf("%s gave %v, want an error", query, got)
			continue
		}
		if !IsInput(err) {
			t.Errorf("%s: %v is not called the user's input", query, err)
		}
		if strings.Contains(err.Error(), "root:") {
			t.Errorf("%s: the error quotes what it read", query)
		}
	}
	if after := tree(t, store) + tree(t, outside); after != before {
		t.Errorf("files changed:\n%s\nwere:\n%s", after, before)
	}
	if got, err := selectAll(t.Context(), p, "SELECT count(*) FROM mapping"); err != nil || fmt.Sprint(got) != "[[2]]" {
		t.Errorf("afterwards: %v, %v", got, err)
	}
}

// tree lists all files below a folder with their sizes; the engine's empty spill folder is not one.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			fmt.Fprintln(&b, path, info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Invariant 8: the engine quotes the value it cannot cast; we do not.
func TestSelect_ErrorsQuoteNoValue_Invariant8(t *testing.T) {
	p := openPublication(t, map[string]string{"raw_contact": `SELECT '003A' AS "Id", 'Zebedee' AS "LastName"`})
	for _, query := range []string{
		"SELECT CAST(LastName AS INT) FROM raw_contact", "SELECT CAST(LastName AS DATE) FROM raw_contact",
		"SELECT error(LastName) FROM raw_contact", "SELECT strptime(LastName, '%Y') FROM raw_contact",
		"SELECT regexp_matches('a', '(' || LastName) FROM raw_contact", "SELECT json_extract(LastName, '$.a') FROM raw_contact",
		"SELECT LastName::ENUM('a') FROM raw_contact",
	} {
		_, err := selectAll(t.Context(), p, query)
		if err == nil {
			t.Errorf("%s: no error", query)
		} else if strings.Contains(err.Error(), "Zebedee") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestSelect_StopsWhenAsked(t *testing.T) {
	p := openPublication(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := selectAll(ctx, p, "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range % 7 = 1")
	if err == nil {
		t.Fatal("no error")
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a cancellation", err)
	}
}

func TestOpen_SaysWhyNot(t *testing.T) {
	store := writePublication(t, nil)
	failed := Record{ID: "20260730T040000Z", Status: Failed}
	data, err := encodeRecord(failed)
	if err == nil {
		err = writeFile(store.runFile(failed.ID), data)
	}
	if err != nil {
		t.Fatal(err)
	}
	for run, want := range map[string]string{
		"20260730":         "is not published: it is failed",
		"2026":             "could be 20260729T040000Z, 20260730T040000Z",
		"nothing":          "there is no run nothing",
		"20260730T040000Z": "is not published",
	} {
		if _, err := store.Open(t.Context(), run); err == nil || !IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", run, err, want)
		}
	}
	for _, run := range []string{"", "latest", "20260729", "20260729T040000Z"} {
		p, err := store.Open(t.Context(), run)
		if err != nil {
			t.Errorf("%q: %v", run, err)
			continue
		}
		p.Close()
	}
}

func TestOpen_NamesADamagedStore(t *testing.T) {
	p := openPublication(t, map[string]string{"mapping": twoAnswers})
	file := sql.ObjectPath(p.store.objects(), p.snapshot("mapping").Parts[0].ID, ".parquet")
	if err := os.Truncate(file, 100); err != nil {
		t.Fatal(err)
	}
	var damage *DamageError
	if _, err := p.Explain(t.Context(), "003000000000001AAA", ""); !errors.As(err, &damage) || !strings.Contains(err.Error(), "read mapping: a file") {
		t.Errorf("cut off: got %v", err)
	}
	if err := os.RemoveAll(p.store.objects()); err != nil {
		t.Fatal(err)
	}
	_, err := p.Explain(t.Context(), "003000000000001AAA", "")
	if err == nil || !strings.Contains(err.Error(), "lacks 1 of its files") {
		t.Errorf("got %v", err)
	}
}

// A record of a large table is read by itself, from the one part that can hold it.
func TestBindFor_ReadsOneRecordOfALargeTable(t *testing.T) {
	p := openPublication(t, map[string]string{"mapping": `SELECT 'Contact' AS object, '003' || lpad(CAST(range AS VARCHAR), 15, '0') AS crm_id,
		'matched' AS status FROM range(` + fmt.Sprint(schemas.LargeFrom) + `)`})
	if n := len(p.snapshot("mapping").Parts); n != schemas.ManyParts {
		t.Fatalf("%d parts, want %d", n, schemas.ManyParts)
	}
	for _, id := range []string{"003000000000000000", "003000000000017777", "003000000000049999"} {
		if err := p.bindFor(t.Context(), "mapping", id); err != nil {
			t.Fatal(err)
		}
		var found, all int
		err := p.each(t.Context(), "SELECT count(*) FILTER (crm_id = $id), count(*) FROM mapping", map[string]any{"id": id},
			func(r *sql.Rows) error { return r.Scan(&found, &all) })
		if err != nil || found != 1 || all != 1 {
			t.Errorf("%s: found %d times among %d rows, error %v", id, found, all, err)
		}
	}
}
