package pipeline

import (
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// Answer is the result of a user's query, read row by row.
type Answer struct {
	Columns []string
	Types   []string // the engine's names of the columns' types
	rows    *stdsql.Rows
	db      *stdsql.DB
}

// Select runs the user's own SELECT on the published tables. The database is opened read-only, files below the store
// and nothing else can be read, the configuration is locked, and only one statement that is a SELECT is taken:
// COPY TO would be allowed to write below the store otherwise.
func (p *Publication) Select(ctx context.Context, query string) (*Answer, error) {
	db, err := p.openLocked(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := selectLocked(ctx, db, query)
	if err != nil {
		db.Close() //nolint:errcheck // nothing was written
		return nil, err
	}
	return answer, nil
}

func selectLocked(ctx context.Context, db *stdsql.DB, query string) (*Answer, error) {
	if err := onlySelect(ctx, db, query); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, queryError(err)
	}
	answer := &Answer{rows: rows, db: db}
	types, err := rows.ColumnTypes()
	if err != nil {
		rows.Close() //nolint:errcheck // the first error is the one to tell
		return nil, queryError(err)
	}
	for _, t := range types {
		answer.Columns = append(answer.Columns, t.Name())
		answer.Types = append(answer.Types, t.DatabaseTypeName())
	}
	return answer, nil
}

// Next reads a row; nil after the last.
func (a *Answer) Next() ([]any, error) {
	if !a.rows.Next() {
		return nil, queryError(a.rows.Err())
	}
	values := make([]any, len(a.Columns))
	places := make([]any, len(values))
	for i := range values {
		places[i] = &values[i]
	}
	return values, queryError(a.rows.Scan(places...))
}

// Close ends the query.
func (a *Answer) Close() error {
	err := a.rows.Close()
	if e := a.db.Close(); err == nil {
		err = e
	}
	return err
}

// openLocked opens the run's analytics database. What is set here cannot be unset by a query.
func (p *Publication) openLocked(ctx context.Context) (*stdsql.DB, error) {
	db, err := p.openFile(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.lockDown(ctx, db); err != nil {
		db.Close() //nolint:errcheck // nothing was written
		return nil, fmt.Errorf("open run %s: %w", p.Record.ID, err)
	}
	return db, nil
}

// openFile opens the run's analytics database for reading.
func (p *Publication) openFile(ctx context.Context) (*stdsql.DB, error) {
	path := p.store.Analytics(p.Record.ID)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open run %s: %w", p.Record.ID, err)
	}
	connector, err := duckdb.NewConnector(path+"?access_mode=READ_ONLY&autoinstall_known_extensions=false"+
		"&autoload_known_extensions=false&allow_community_extensions=false", nil)
	if err != nil {
		return nil, fmt.Errorf("open run %s: %w", p.Record.ID, err)
	}
	db := stdsql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

func (p *Publication) lockDown(ctx context.Context, db *stdsql.DB) error {
	store, err := filepath.Abs(p.store.Dir)
	if err != nil {
		return err
	}
	if err := followStore(ctx, db, filepath.Join(store, "objects")); err != nil {
		return err
	}
	folders := []string{quoted(store)}
	if real, err := filepath.EvalSymlinks(store); err == nil && real != store {
		folders = append(folders, quoted(real)) // the views name the folder as the run did
	}
	for _, statement := range []string{
		"SET TimeZone = 'UTC'",
		"SET temp_directory = " + quoted(p.store.spill()),
		"SET allowed_directories = [" + strings.Join(folders, ", ") + "]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// sideEffects are functions that a SELECT could call to write files, to change what is locked or to run text that
// nobody has looked at. The engine lets enable_logging and enable_profiling through although its configuration is
// locked, and both write files below the allowed folders.
var sideEffects = map[string]bool{
	"enable_logging": true, "disable_logging": true, "truncate_duckdb_logs": true, "write_log": true,
	"enable_profiling": true, "disable_profiling": true, "checkpoint": true, "force_checkpoint": true,
	"enable_peg_parser": true, "disable_peg_parser": true,
	"query": true, "json_execute_serialized_sql": true,
}

// onlySelect refuses everything but one SELECT. The text is parsed by the engine and looked at before anything of it
// is prepared, because the driver, given several statements, runs all but the last while preparing.
func onlySelect(ctx context.Context, db *stdsql.DB, query string) error {
	refused := func(problem string) error {
		return &InputError{Problem: "sql: " + problem, Next: "write one SELECT; crmlink schema lists the tables"}
	}
	var text string
	if err := db.QueryRowContext(ctx, "SELECT CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR)", query).Scan(&text); err != nil {
		return queryError(err)
	}
	var parsed struct {
		Error      bool   `json:"error"`
		Kind       string `json:"error_type"`
		Message    string `json:"error_message"`
		Statements []any  `json:"statements"`
	}
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return fmt.Errorf("sql: %w", err)
	}
	switch {
	case parsed.Error && parsed.Kind == "not implemented":
		return refused("only a SELECT is possible here: the published tables are read-only")
	case parsed.Error:
		return refused(parsed.Message)
	case len(parsed.Statements) != 1:
		return refused(fmt.Sprintf("there are %d statements, want one", len(parsed.Statements)))
	}
	if name := calls(parsed.Statements, sideEffects); name != "" {
		return refused("the function " + name + " is not possible here: it does more than read")
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return queryError(err)
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		prepared, err := c.(*duckdb.Conn).PrepareContext(ctx, query)
		if err != nil {
			return queryError(err)
		}
		defer prepared.Close()
		return checkStatement(prepared, refused)
	})
}

func checkStatement(prepared driver.Stmt, refused func(string) error) error {
	s, ok := prepared.(*duckdb.Stmt)
	if !ok {
		return fmt.Errorf("sql: the driver prepares %T", prepared)
	}
	kind, err := s.StatementType()
	if err != nil {
		return queryError(err)
	}
	if kind != duckdb.STATEMENT_TYPE_SELECT {
		return refused("only a SELECT is possible here: the published tables are read-only")
	}
	if s.NumInput() > 0 {
		return refused("the query has parameters, and nothing gives them values")
	}
	return nil
}

// calls finds a function of the set anywhere in a parsed query.
func calls(node any, set map[string]bool) string {
	switch node := node.(type) {
	case []any:
		for _, n := range node {
			if name := calls(n, set); name != "" {
				return name
			}
		}
	case map[string]any:
		if name, ok := node["function_name"].(string); ok && set[strings.ToLower(name)] {
			return strings.ToLower(name)
		}
		for _, n := range node {
			if name := calls(n, set); name != "" {
				return name
			}
		}
	}
	return ""
}

// queryError tells what is wrong with a query. The engine's message stands where it can only quote the query and the
// names of tables; where it could quote a value of a record, it is left out (invariant 8).
func queryError(err error) error {
	var engine *duckdb.Error
	if err == nil || !errors.As(err, &engine) {
		return err
	}
	switch engine.Type {
	case duckdb.ErrorTypeParser, duckdb.ErrorTypeSyntax, duckdb.ErrorTypeCatalog, duckdb.ErrorTypeBinder:
		next := "crmlink schema TABLE lists a table's columns"
		if strings.Contains(engine.Msg, "Table with name roi_") {
			next = "write roi: {enabled: true} under settings in crmlink.yaml and run again; see docs/roi.md first"
		}
		return &InputError{Problem: "sql: " + strings.TrimSpace(engine.Msg), Next: next}
	case duckdb.ErrorTypePermission:
		return &InputError{Problem: "sql: files outside of the store and changes are not possible here",
			Next: "crmlink schema lists the tables; bring data together outside of crmlink"}
	case duckdb.ErrorTypeConversion, duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypeOutOfRange, duckdb.ErrorTypeMismatchType,
		duckdb.ErrorTypeInvalid, duckdb.ErrorTypeExecutor:
		return &InputError{Problem: "sql: a value does not fit what the query does with it",
			Next: "use TRY_CAST or try(…) where a text may not be a number or a date"}
	case duckdb.ErrorTypeInterrupt:
		return context.Canceled
	case duckdb.ErrorTypeOutOfMemory:
		return fmt.Errorf("sql: the query needs more memory than there is")
	}
	kind, _, _ := strings.Cut(engine.Msg, ":")
	return fmt.Errorf("sql: the engine says %s", strings.ToLower(strings.TrimSpace(kind)))
}
