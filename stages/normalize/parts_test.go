package normalize_test

import (
	"testing"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/normalize"
)

// An id with a space in front lies in another part than the record's normal form, whose id has none.
func TestDirectory_AnIdWithASpaceInFront(t *testing.T) {
	s := sqltest.Open(t)
	save := func(id string) sql.Snapshot {
		columns := ""
		for _, c := range schemas.RawMember.Columns[1:] {
			columns += ", CAST(" + map[string]string{"last_name": "'Smith'", "phones": "['nothing']"}[c.Name]
			if columns[len(columns)-1] == '(' {
				columns += "NULL"
			}
			columns += " AS " + schemas.SQLType(c.Type) + ") AS " + schemas.Quote(c.Name)
		}
		snap, err := s.SaveQuery(t.Context(), "SELECT "+id+" AS member_id"+columns+" FROM range(60000) r(i)", schemas.RawMember, nil)
		if err != nil {
			t.Fatal(err)
		}
		return snap
	}
	member := func(raw sql.Snapshot) normalize.DirectoryOut {
		out, err := normalize.Directory(t.Context(), s, normalize.DirectoryIn{Companies: sql.Empty("raw_company"), Members: raw, Redirects: sql.Empty("raw_redirect")})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	want, got := member(save("'m' || i")), member(save("CASE WHEN i = 59999 THEN ' m' ELSE 'm' END || i"))
	if got.DirMember.ID != want.DirMember.ID || got.DirMember.Rows != 60000 || len(got.DirMember.Parts) != schemas.ManyParts {
		t.Errorf("%d rows in %d parts, %s; want those of ids without spaces, %s", got.DirMember.Rows, len(got.DirMember.Parts), got.DirMember.ID, want.DirMember.ID)
	}
	if got.Quality.ID != want.Quality.ID {
		t.Error("what is missing is counted otherwise")
	}
}
