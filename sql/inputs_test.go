package sql

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// inputs are what the headers of files name: declared tables, those as another call had them, and what another file of the stage gives that
// names no table of its own.
type inputs struct {
	session *Session
	rows    func(schemas.Table) string // a table's
	bound   map[string]bool
}

func inputsOf(s *Session, rows func(schemas.Table) string) inputs {
	return inputs{s, rows, map[string]bool{}}
}

// bind makes readable what a file's header names.
func (i inputs) bind(t *testing.T, f File) {
	t.Helper()
	for _, in := range f.In {
		if i.bound[in] {
			continue
		}
		query, ok := inputRows(in, i.rows)
		if !ok {
			made := keptBy(t, f, in)
			i.bind(t, made)
			query = i.rows(columnsGiven(t, i.session, made))
		}
		if _, err := i.session.conn.ExecContext(t.Context(), "CREATE OR REPLACE TEMP VIEW "+schemas.Quote(in)+" AS "+query); err != nil {
			t.Fatalf("input %s: %v", in, err)
		}
		i.bound[in] = true
	}
}

// columnsGiven is a table of the columns that a file gives.
func columnsGiven(t *testing.T, s *Session, f File) (given schemas.Table) {
	t.Helper()
	kinds := map[string]arrow.DataType{}
	for _, table := range schemas.All() {
		for _, c := range table.Columns {
			kinds[schemas.SQLType(c.Type)] = c.Type
		}
	}
	rows, err := s.conn.QueryContext(t.Context(), "SELECT column_name, column_type FROM (DESCRIBE "+f.Text+")")
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			t.Fatal(err)
		}
		if kinds[kind] == nil {
			t.Fatalf("%s: column %s has type %s, which no declared column has", f.Name, name, kind)
		}
		given.Columns = append(given.Columns, schemas.Column{Name: name, Type: kinds[kind]})
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return given
}

// inputRows are the rows of a declared table, under its name or as it was or is in another call; of the rows in which two versions of it
// differ it is told in which of the two they stand.
func inputRows(in string, rows func(schemas.Table) string) (query string, ok bool) {
	for _, as := range []string{"", "previous_", "earlier_", "was_", "is_", "named_was_", "named_is_", "replaced_", "changed_"} {
		name, ok := strings.CutPrefix(in, as)
		if table, declared := schemas.Lookup(name); ok && declared {
			if as == "changed_" {
				return "SELECT true AS " + LaterColumn + ", * FROM (" + rows(table) + ")", true
			}
			return rows(table), true
		}
	}
	return "", false
}

// keptBy is the file that gives an input, by its name.
func keptBy(t *testing.T, f File, in string) File {
	t.Helper()
	stage, _, _ := strings.Cut(f.Name, "/")
	for _, name := range Files() {
		if path.Base(name) == in && strings.HasPrefix(name, stage+"/") {
			made, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			return made
		}
	}
	t.Fatalf("input %s is neither a declared table nor what a file of %s gives", in, stage)
	return File{}
}

// hasOthers says whether a file reads relations that its header cannot name.
func hasOthers(f File) bool { return strings.Contains(f.Text, "-- Beside the header's tables") }

var (
	readFrom = regexp.MustCompile(`\b(?:FROM|JOIN)\s+(\w+)`)
	named    = regexp.MustCompile(`\b(\w+) AS (?:MATERIALIZED )?\(`)
	comment  = regexp.MustCompile(`(?m)--.*$`)
)

// What a header does not name is not bound for the file: it would read what some other file left there. What it names and does not read is
// bound in vain, and the file's result made anew where only that differs. Publish binds by headers alone.
func TestPublish_HeadersNameWhatFilesRead(t *testing.T) {
	var kept []string
	for _, name := range Files() {
		kept = append(kept, path.Base(name))
	}
	for _, name := range Files() {
		if !strings.HasPrefix(name, "publish/") {
			continue
		}
		f, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		text := comment.ReplaceAllString(f.Text, "")
		var read, own []string
		for _, m := range readFrom.FindAllStringSubmatch(text, -1) {
			read = append(read, m[1])
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			own = append(own, m[1])
		}
		for _, in := range f.In {
			if !slices.Contains(read, in) {
				t.Errorf("%s does not read %s", name, in)
			}
		}
		for _, in := range read {
			_, declared := inputRows(in, func(schemas.Table) string { return "" })
			if (declared || slices.Contains(kept, in)) && !slices.Contains(f.In, in) && !slices.Contains(own, in) {
				t.Errorf("%s reads %s, which its header does not name", name, in)
			}
		}
	}
}
