package sql

import (
	"path"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
)

// bindInputs makes readable what a file's header names, with the rows that a table is given: declared tables, those as another call had
// them, and what another file of the stage gives that names no table of its own.
func bindInputs(t *testing.T, s *Session, f File, rows func(schemas.Table) string) {
	t.Helper()
	for _, in := range f.In {
		query, ok := inputRows(in, rows)
		if !ok {
			made := keptBy(t, f, in)
			bindInputs(t, s, made, rows)
			query = made.Text
		}
		if _, err := s.conn.ExecContext(t.Context(), "CREATE OR REPLACE TEMP VIEW "+schemas.Quote(in)+" AS "+query); err != nil {
			t.Fatalf("input %s: %v", in, err)
		}
	}
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
