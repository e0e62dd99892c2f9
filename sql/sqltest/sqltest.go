// Package sqltest runs a stage on small tables written as text. A case is one txtar file: what the case shows, then
// in/<relation>.csv for each input, files for the stage's settings, and want/<table>.csv with the columns that matter.
//
// An empty cell is null, lists are separated by |, and a column that an input leaves out is null, or zero where the
// table wants a value. `go test -update` writes what came out into the want files, keeping their columns.
package sqltest

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

var update = flag.Bool("update", false, "write what came out into the cases' want files")

// Seeds is how many random histories a test tries: one under the race detector, few otherwise, and with CRMLINK_TEST_SEEDS,
// which make sequences sets, that many times as many.
func Seeds(few uint64) uint64 {
	if testing.Short() {
		return 1
	}
	if times, err := strconv.ParseUint(os.Getenv("CRMLINK_TEST_SEEDS"), 10, 32); err == nil {
		return few * times
	}
	return few
}

// Case is one txtar file, loaded.
type Case struct {
	Name string
	// In holds the inputs by relation; a relation previous_<table> has the columns of <table>.
	In map[string]sql.Snapshot
	// Files are the case's other files, such as settings.json.
	Files map[string][]byte
}

// Table is an input, or the empty table where the case has none.
func (c Case) Table(relation string) sql.Snapshot {
	if snap, ok := c.In[relation]; ok {
		return snap
	}
	return sql.Empty(strings.TrimPrefix(relation, "previous_"))
}

// Open starts a session whose objects live as long as the test.
func Open(t testing.TB) *sql.Session {
	t.Helper()
	dir := t.TempDir()
	s, err := sql.Open(t.Context(), sql.Options{Objects: dir + "/objects", Spill: dir + "/spill"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Run runs every case of a folder. Its function gives the tables the stage made, by name; a table may also be bound
// on the session only, as a view is, and is then compared under its own name.
func Run(t *testing.T, folder string, stage func(*testing.T, *sql.Session, Case) map[string]sql.Snapshot) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s (error %v)", folder, err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) { runCase(t, path, name, stage) })
	}
}

func runCase(t *testing.T, path, name string, stage func(*testing.T, *sql.Session, Case) map[string]sql.Snapshot) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := Open(t)
	c := Case{Name: name, In: map[string]sql.Snapshot{}, Files: map[string][]byte{}}
	for _, f := range archive.Files {
		dir, base := filepath.Split(f.Name)
		relation := strings.TrimSuffix(base, ".csv")
		switch dir {
		case "in/":
			c.In[relation] = Load(t, s, relation, string(f.Data))
		case "want/":
		default:
			c.Files[f.Name] = f.Data
		}
	}
	tables := stage(t, s, c)
	for i, f := range archive.Files {
		relation, ok := strings.CutPrefix(f.Name, "want/")
		if !ok {
			continue
		}
		relation = strings.TrimSuffix(relation, ".csv")
		snap, ok := tables[relation]
		if !ok {
			t.Errorf("%s: the stage gave no table %s", f.Name, relation)
			continue
		}
		header, _, _ := strings.Cut(strings.TrimSpace(string(f.Data)), "\n")
		got := Dump(t, s, snap, header)
		if *update {
			archive.Files[i].Data = []byte(got)
		} else if want := string(f.Data); got != want {
			t.Errorf("%s\n got:\n%s\nwant:\n%s", f.Name, got, want)
		}
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Load stores CSV text as the table of a relation.
func Load(t testing.TB, s *sql.Session, relation, text string) sql.Snapshot {
	t.Helper()
	table, ok := schemas.Lookup(strings.TrimPrefix(relation, "previous_"))
	if !ok {
		t.Fatalf("%s is not a declared table", relation)
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.TrimLeadingSpace = true
	records, err := reader.ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("table %s: error %v, %d lines", relation, err, len(records))
	}
	header := records[0]
	for _, name := range header {
		if _, ok := table.Column(name); !ok {
			t.Fatalf("table %s has no column %q", table.Name, name)
		}
	}
	if len(records) == 1 {
		return sql.Empty(table.Name)
	}
	columns := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		columns[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", value(c, header), schemas.SQLType(c.Type), schemas.Quote(c.Name))
	}
	rows := make([]string, 0, len(records)-1)
	for _, record := range records[1:] {
		cells := make([]string, len(record))
		for i, cell := range record {
			cells[i] = "NULL::VARCHAR"
			if cell != "" {
				cells[i] = "'" + strings.ReplaceAll(cell, "'", "''") + "'"
			}
		}
		rows = append(rows, "("+strings.Join(cells, ", ")+")")
	}
	names := make([]string, len(header))
	for i, name := range header {
		names[i] = schemas.Quote(name)
	}
	query := fmt.Sprintf("SELECT %s FROM (VALUES %s) v(%s)", strings.Join(columns, ", "), strings.Join(rows, ", "), strings.Join(names, ", "))
	snap, err := s.SaveQuery(t.Context(), query, table, nil)
	if err != nil {
		t.Fatalf("table %s: %v", relation, err)
	}
	return snap
}

// value is the SQL of one column of an input: its text where the case gives it, else null or zero.
func value(c schemas.Column, header []string) string {
	given := slices.ContainsFunc(header, func(name string) bool { return strings.EqualFold(name, c.Name) })
	_, isList := c.Type.(*arrow.ListType)
	switch {
	case given && isList:
		return "string_split(" + schemas.Quote(c.Name) + ", '|')"
	case given:
		return schemas.Quote(c.Name)
	case !c.NotNull:
		return "NULL"
	case c.Type == schemas.Text:
		return "''"
	case c.Type == schemas.Bool:
		return "false"
	}
	return "0"
}

// Dump is a table as CSV in key order, with the given columns, or all where none are given.
func Dump(t testing.TB, s *sql.Session, snap sql.Snapshot, header string) string {
	t.Helper()
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		t.Fatalf("%s is not a declared table", snap.Table)
	}
	names := table.ColumnNames()
	if header = strings.TrimSpace(header); header != "" {
		names = strings.Split(header, ",")
	}
	if err := s.BindAs(t.Context(), "sqltest_dump", snap); err != nil {
		t.Fatal(err)
	}
	columns := make([]string, len(names))
	for i, name := range names {
		column, ok := table.Column(strings.TrimSpace(name))
		if !ok {
			t.Fatalf("table %s has no column %q", table.Name, name)
		}
		columns[i] = cell(column)
	}
	order := make([]string, len(table.Key))
	for i, k := range table.Key {
		order[i] = schemas.Quote(k)
	}
	query := fmt.Sprintf("SELECT [%s] FROM sqltest_dump ORDER BY %s", strings.Join(columns, ", "), strings.Join(order, ", "))
	rows, err := s.Query(t.Context(), query, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(names) // a buffer takes every write
	for rows.Next() {
		var cells []any
		if err := rows.Scan(&cells); err != nil {
			t.Fatal(err)
		}
		record := make([]string, len(cells))
		for i, c := range cells {
			record[i] = c.(string)
		}
		_ = w.Write(record)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	return b.String()
}

// cell is the SQL of one column as text, null as the empty text.
func cell(c schemas.Column) string {
	name := schemas.Quote(c.Name)
	if _, ok := c.Type.(*arrow.ListType); ok {
		return "coalesce(array_to_string(" + name + ", '|'), '')"
	}
	if c.Type == schemas.Timestamp {
		return "coalesce(strftime(" + name + ", '%Y-%m-%d %H:%M:%S'), '')"
	}
	return "coalesce(CAST(" + name + " AS VARCHAR), '')"
}
