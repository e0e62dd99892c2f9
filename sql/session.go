package sql

import (
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/crmlink/crmlink/schemas"
)

// Options say where a session keeps things and what it may use. None of them changes a result.
type Options struct {
	Objects string // folder of content-addressed objects: where new ones are written
	// Sources are folders of objects that are read as well, and never written to: a replay reads the store it replays.
	Sources []string
	Spill   string // folder of the session's own for what does not fit in memory; inside the store, so that a purge reaches it
	Threads int    // 0: as many as there are processors
	Memory  string // DuckDB's memory limit, such as 4GB; empty: its default
	// Heap is what stages may use beside the engine, and Resident what the process may have in memory with all pages of
	// mapped files, both in bytes; 0 bounds nothing.
	Heap, Resident int64
	// Checked sessions hash each file of a table before they read it. Runs do, who build on it; readers, who look at a few
	// rows of large tables, do not.
	Checked bool
}

// Session is one in-memory DuckDB database with one connection, plus the object store it saves tables to.
// It is not safe for concurrent use.
type Session struct {
	options Options
	db      *stdsql.DB
	conn    *stdsql.Conn
	temp    int                 // number of the next temporary name
	steps   map[string]string   // temporary tables by the name under which Step made them readable
	whole   map[string]bool     // objects that this session wrote, or has hashed
	columns map[string][]string // of files, by id

	remembered  []remembered
	changedKeys map[[2]string]Changes // by the ids of two versions of a table
	shared      map[string]any

	resident resident
}

// Open starts an empty session.
func Open(ctx context.Context, o Options) (*Session, error) {
	for _, dir := range []string{o.Objects, o.Spill} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("open session: %w", err)
		}
	}
	settings := "?autoinstall_known_extensions=false&autoload_known_extensions=false&allow_community_extensions=false"
	if o.Threads > 0 {
		settings += fmt.Sprintf("&threads=%d", o.Threads)
	}
	if o.Memory != "" {
		settings += "&memory_limit=" + o.Memory
	}
	connector, err := duckdb.NewConnector(settings, nil)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	o.Objects, o.Spill = absolute(o.Objects), absolute(o.Spill)
	o.Sources = slices.Clone(o.Sources)
	for i, dir := range o.Sources {
		o.Sources[i] = absolute(dir)
	}
	s := &Session{options: o, db: stdsql.OpenDB(connector), steps: map[string]string{}, whole: map[string]bool{}, columns: map[string][]string{}, changedKeys: map[[2]string]Changes{},
		shared: map[string]any{}, resident: resident{most: o.Resident}}
	s.db.SetMaxOpenConns(1)
	if s.conn, err = s.db.Conn(ctx); err != nil {
		s.db.Close()
		return nil, fmt.Errorf("open session: %w", err)
	}
	prelude, err := files.ReadFile("prelude/duckdb.sql")
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		"SET TimeZone = 'UTC'",
		"SET preserve_insertion_order = true",
		"SET temp_directory = " + literal(o.Spill),
		// Objects never change, and a table of 64 files costs more to open than to be looked at for a few rows.
		"SET parquet_metadata_cache = true",
		string(prelude),
	} {
		if _, err := s.conn.ExecContext(ctx, statement); err != nil {
			s.Close()
			return nil, fmt.Errorf("open session: %w", err)
		}
	}
	return s, nil
}

// Close ends the session, frees its memory and removes its spill folder.
func (s *Session) Close() error {
	err := s.conn.Close()
	if e := s.db.Close(); err == nil {
		err = e
	}
	os.RemoveAll(s.options.Spill) //nolint:errcheck // empty unless the engine was cut off
	return err
}

// Room is what the session's engine may use of memory, in bytes, for a stage that keeps rows beside it: it never changes a result.
func (s *Session) Room() uint64 {
	n, err := strconv.ParseUint(strings.TrimSuffix(s.options.Memory, "MiB"), 10, 34)
	if err != nil {
		return 1 << 30 // it is not told
	}
	return n << 20
}

// Threads is how many goroutines a stage may use beside the engine, as many as there are processors unless the options say
// otherwise; it never changes a result (invariant 9).
func (s *Session) Threads() int {
	if s.options.Threads > 0 {
		return s.options.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// Heap is how many bytes a stage may use beside the engine, 0 for any number; it never changes a result.
func (s *Session) Heap() int64 { return s.options.Heap }

// Bind makes each snapshot readable as a view under its table's name.
func (s *Session) Bind(ctx context.Context, snapshots ...Snapshot) error {
	for _, snap := range snapshots {
		if err := s.BindAs(ctx, snap.Table, snap); err != nil {
			return err
		}
	}
	return nil
}

// BindAs makes a snapshot readable under another name, in a checked session only when its files hold what they are
// named after. A snapshot without parts is an empty relation.
func (s *Session) BindAs(ctx context.Context, name string, snap Snapshot) error {
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return fmt.Errorf("bind %s: table %q is not declared", name, snap.Table)
	}
	if err := s.intact(snap); err != nil {
		return bound(name, err)
	}
	view := "CREATE OR REPLACE TEMP VIEW " + schemas.Quote(name) + " AS "
	relation := emptyRelation(table)
	if len(snap.Parts) > 0 {
		relation = s.readParquet(table, snap, nil)
	}
	_, err := s.conn.ExecContext(ctx, view+relation)
	if err != nil && len(snap.Parts) > 0 { // only then are the files' columns looked at, for binding is what a run does most often
		if lacking, e := s.Lacks(snap); e == nil && len(lacking) > 0 {
			_, err = s.conn.ExecContext(ctx, view+s.readParquet(table, snap, lacking))
		}
	}
	if err != nil {
		return bound(name, err)
	}
	return s.dropStep(ctx, name)
}

func bound(name string, err error) error {
	if err != nil {
		return fmt.Errorf("bind %s: %w", name, err)
	}
	return nil
}

// emptyRelation is a SELECT with a table's columns and no rows.
func emptyRelation(t schemas.Table) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = "CAST(NULL AS " + schemas.SQLType(c.Type) + ") AS " + schemas.Quote(c.Name)
	}
	return "SELECT " + strings.Join(columns, ", ") + " WHERE false"
}

// Each runs a query and hands its result to fn in Arrow batches, which are valid only during the call.
// No other call on the session is allowed inside fn.
func (s *Session) Each(ctx context.Context, query string, values map[string]any, fn func(arrow.RecordBatch) error) error {
	if used := usedValues(query, values); len(used) > 0 {
		// The driver's Arrow interface takes no named values, so the result is made a table first.
		name := s.tempName("each")
		if _, err := s.conn.ExecContext(ctx, "CREATE TEMP TABLE "+name+" AS "+query, used...); err != nil {
			return fmt.Errorf("query: %w", err)
		}
		defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE "+name) //nolint:errcheck // temporary
		query = "FROM " + name
	}
	return s.conn.Raw(func(c any) error {
		a, err := duckdb.NewArrowFromConn(c.(driver.Conn))
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		reader, err := a.QueryContext(ctx, query)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		defer reader.Release()
		for reader.Next() {
			if err := fn(reader.RecordBatch()); err != nil {
				return err
			}
		}
		if err := reader.Err(); err != nil {
			return fmt.Errorf("query: %w", err)
		}
		return nil
	})
}

// EachText hands over the texts in a query's only column, but for nulls. They are valid only during the call.
func (s *Session) EachText(ctx context.Context, query string, fn func(string)) error {
	return s.Each(ctx, query, nil, func(batch arrow.RecordBatch) error {
		column, ok := batch.Column(0).(*array.String)
		if !ok {
			return fmt.Errorf("query: texts are wanted, not %s", batch.Column(0).DataType())
		}
		for i := range column.Len() {
			if !column.IsNull(i) {
				fn(column.Value(i))
			}
		}
		return nil
	})
}

// Rows are the rows of a query.
type Rows = stdsql.Rows

// Query runs a query whose result is small.
func (s *Session) Query(ctx context.Context, query string, values map[string]any) (*Rows, error) {
	rows, err := s.conn.QueryContext(ctx, query, usedValues(query, values)...)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return rows, nil
}

// Count is the number of rows of a relation.
func (s *Session) Count(ctx context.Context, relation string) (n int64, err error) {
	if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+relation).Scan(&n); err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	return n, nil
}

var valueName = regexp.MustCompile(`\$([a-z_]+)`)

// usedValues are the values a query names, as driver arguments.
func usedValues(query string, values map[string]any) []any {
	var used []any
	seen := map[string]bool{}
	for _, match := range valueName.FindAllStringSubmatch(stripComments(query), -1) {
		if v, ok := values[match[1]]; ok && !seen[match[1]] {
			seen[match[1]] = true
			used = append(used, stdsql.Named(match[1], v))
		}
	}
	return used
}

func stripComments(query string) string {
	var b strings.Builder
	for line := range strings.Lines(query) {
		code, _, commented := strings.Cut(line, "--")
		b.WriteString(code)
		if commented {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (s *Session) tempName(kind string) string {
	s.temp++
	return fmt.Sprintf("temp_%s_%d", kind, s.temp)
}

// literal makes any text a SQL string literal; values of users go through $names, this is for our own paths.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
