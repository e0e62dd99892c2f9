package block

import (
	"flag"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// Invariant 2: what an earlier call gave changes no result, whatever differs, and whether the directory is stored whole or
// amended.
func TestAgain_EqualsWhole(t *testing.T) {
	checks := flag.Lookup("rapid.checks").Value // a hundred take a minute and a half; the merging itself is tested in linkage
	defer checks.Set(checks.String())           //nolint:errcheck // it was that
	checks.Set("15")                            //nolint:errcheck // it is a number
	m, err := linkage.Default()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, err := sql.Open(t.Context(), sql.Options{Objects: dir + "/objects", Spill: dir + "/spill", Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		section, table := m.Person, schemas.DirMember
		// A record's values follow from its number and its version.
		directory := func(of string) string {
			query := "SELECT 'm' || n AS entity_id"
			for _, c := range table.Columns[1:] {
				value := fmt.Sprintf("CASE WHEN hash(n, v, '%s') %% 3 > 0 THEN 'w' || hash(n, v, 1, '%s') %% 40 END", c.Name, c.Name)
				switch schemas.SQLType(c.Type) {
				case "VARCHAR":
				case "VARCHAR[]":
					value = fmt.Sprintf("['x' || hash(n, v, 2, '%s') %% 30, 'x' || hash(n, v, 3, '%s') %% 30]", c.Name, c.Name)
				default:
					value = "NULL"
				}
				query += ", CAST(" + value + " AS " + schemas.SQLType(c.Type) + ") AS " + schemas.Quote(c.Name)
			}
			return query + " FROM " + of
		}
		many := rapid.SampledFrom([]int{0, 20, 300, 2000}).Draw(t, "records")
		versions := fmt.Sprintf("(SELECT range AS n, 0 AS v FROM range(%d))", many)
		saved, err := s.SaveQuery(ctx, directory(versions), table, nil)
		if err != nil {
			t.Fatal(err)
		}
		in := In{Section: section, Directory: saved}
		out, err := Run(ctx, s, in)
		if err != nil {
			t.Fatal(err)
		}
		for version := range rapid.IntRange(1, 3).Draw(t, "versions") {
			one := rapid.SampledFrom([]int{3, 25, 60, 400}).Draw(t, "one in")
			gone := fmt.Sprintf("SELECT 'm' || range FROM range(%d) WHERE hash(range, %d) %% %d = 0", many+20, version, one)
			added := directory(fmt.Sprintf("(SELECT range AS n, %d AS v FROM range(%d) WHERE hash(range, %d) %% %d = 0 AND hash(range, %d) %% 4 > 0)",
				version+1, many+20, version, one, version+9))
			var after sql.Snapshot
			if err := s.Keep(ctx, "gone", "SELECT x AS entity_id FROM ("+gone+") g(x)"); err != nil {
				t.Fatal(err)
			}
			w, err := s.Writer(ctx, table)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Take(ctx, added); err != nil {
				t.Fatal(err)
			}
			if after, err = w.Amend(ctx, in.Directory, "FROM gone"); err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "stored whole") {
				if after, err = s.Whole(ctx, after); err != nil {
					t.Fatal(err)
				}
			}
			next := In{Section: section, Directory: after}
			want, err := Run(ctx, s, next)
			if err != nil {
				t.Fatal(err)
			}
			next.Earlier = &Earlier{In: in, Out: out}
			got, err := Run(ctx, s, next)
			if err != nil {
				t.Fatal(err)
			}
			if got.Index != want.Index || got.Cost.ID != want.Cost.ID {
				t.Fatalf("on top of the earlier one: index %s and cost %s, want %s and %s", got.Index, got.Cost.ID, want.Index, want.Cost.ID)
			}
			in, out = next, got
			in.Earlier = nil
		}
	})
}

// An index of another model is not built upon.
func TestAgain_OtherRules(t *testing.T) {
	m, err := linkage.Default()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, err := sql.Open(t.Context(), sql.Options{Objects: dir + "/objects", Spill: dir + "/spill", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.Writer(t.Context(), schemas.DirMember)
	if err != nil {
		t.Fatal(err)
	}
	directory, err := w.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := In{Section: m.Person, Directory: directory}
	out, err := Run(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	next := In{Section: m.Person, Directory: directory, Earlier: &Earlier{In: in, Out: out}}
	next.Section.Rules = next.Section.Rules[1:]
	got, err := Run(t.Context(), s, next)
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.Object(got.Index)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := linkage.ReadIndex(next.Section, data); err != nil {
		t.Error(err)
	}
}
