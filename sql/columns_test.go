package sql

import (
	stdsql "database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
)

// older stores rows as a program with other columns would have: raw_role without ParentRoleId and with one that is no
// longer declared, in another order.
func older(t testing.TB, s *Session) Snapshot {
	t.Helper()
	id, err := s.writeParquet(t.Context(), `SELECT 'gone' AS Retired, 'Sales' AS Name, '00E000000000001AAA' AS Id,
		TIMESTAMPTZ '2026-01-01 00:00:00+00' AS LastModifiedDate, CAST(NULL AS TIMESTAMPTZ) AS missing_since`)
	if err != nil {
		t.Fatal(err)
	}
	return newSnapshot("raw_user_role", []Part{{Of: 1, ID: id, Rows: 1}})
}

// What another version of the program stored can be read: columns it did not know are null, columns that are no longer
// declared are left out, and what is saved from it has the declared columns again.
func TestBind_Z23_FilesOfAnOlderProgram(t *testing.T) {
	s := openSession(t, 1)
	snap := older(t, s)
	lacking, err := s.Lacks(snap)
	if got := strings.Join(lacking, " "); err != nil || got != "ParentRoleId IsDeleted SystemModstamp CurrencyIsoCode" {
		t.Errorf("lacks %q, error %v", got, err)
	}
	if err := s.BindAs(t.Context(), "before", snap); err != nil {
		t.Fatal(err)
	}
	table, _ := schemas.Lookup("raw_user_role")
	again, err := s.SaveQuery(t.Context(), "SELECT * FROM before", table, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lacking, err := s.Lacks(again); err != nil || len(lacking) > 0 {
		t.Errorf("saved again it lacks %v, error %v", lacking, err)
	}
	path := filepath.Join(t.TempDir(), "analytics.duckdb")
	if err := s.WriteDatabase(t.Context(), path, []Snapshot{snap}, nil); err != nil {
		t.Fatal(err)
	}
	db, err := stdsql.Open("duckdb", path+"?access_mode=read_only")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var name string
	var parent stdsql.NullString
	if err := db.QueryRow("SELECT Name, ParentRoleId FROM raw_user_role").Scan(&name, &parent); err != nil || name != "Sales" || parent.Valid {
		t.Errorf("the database has %q, %v, error %v", name, parent, err)
	}
}

func TestBind_FilesThatAreNotThere(t *testing.T) {
	s := openSession(t, 1)
	snap := newSnapshot("raw_user_role", []Part{{Of: 1, ID: strings.Repeat("ab", 32), Rows: 1}})
	if err := s.Bind(t.Context(), snap); err == nil || !strings.Contains(err.Error(), "bind raw_user_role") {
		t.Errorf("error %v", err)
	}
	if _, err := s.Lacks(snap); err == nil {
		t.Error("no error of files that are not there")
	}
}

// BenchmarkBind is what a run does most often; parts is that of a small and of a large table.
func BenchmarkBind(b *testing.B) {
	for _, parts := range []int{1, 64} {
		b.Run(fmt.Sprint("parts=", parts), func(b *testing.B) {
			dir := b.TempDir()
			s, err := Open(b.Context(), Options{Objects: dir + "/objects", Spill: dir + "/spill", Threads: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			query := "SELECT 'x' || range AS old_id, 'y' AS new_id FROM range(10)"
			snap, err := s.SaveQuery(b.Context(), query, schemas.RawRedirect, nil)
			if err != nil {
				b.Fatal(err)
			}
			for len(snap.Parts) < parts {
				snap.Parts = append(snap.Parts, snap.Parts[0])
			}
			for b.Loop() {
				if err := s.Bind(b.Context(), snap); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
