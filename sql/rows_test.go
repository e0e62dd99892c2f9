package sql

import (
	"fmt"
	"os"
	"testing"

	"github.com/crmlink/crmlink/schemas"
)

// The rows of a few keys are read although every part that cannot hold them is gone: no other file is opened.
func TestBindRows_OpensOnlyThePartsOfItsKeys(t *testing.T) {
	s := openSession(t, 0)
	snap, err := s.SaveQuery(t.Context(), fmt.Sprintf("SELECT 'v' || range AS old_id, 'n' AS new_id FROM range(%d)", schemas.LargeFrom), large, nil)
	if err == nil && len(snap.Parts) != schemas.ManyParts {
		err = fmt.Errorf("%d parts, want %d", len(snap.Parts), schemas.ManyParts)
	}
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"v0", "v17777", "v17777", "it's nobody"}
	needed := map[string]bool{}
	for _, key := range keys {
		for _, part := range snap.Holding(key).Parts {
			needed[part.ID] = true
		}
	}
	if len(needed) > 3 {
		t.Fatalf("%d parts for three keys", len(needed))
	}
	for _, part := range snap.Parts {
		if !needed[part.ID] {
			if err := os.Remove(s.place(part.ID, ".parquet")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.BindRows(t.Context(), "wanted", snap, keys...); err != nil {
		t.Fatal(err)
	}
	if rows, err := Folder(s.options.Objects).Rows(t.Context(), snap, []string{"new_id"}, keys...); err != nil || len(rows) != 2 || rows[0].Text(0) != "n" {
		t.Errorf("without the engine %v, %v", rows, err)
	}
	var rows, found int
	err = s.conn.QueryRowContext(t.Context(), "SELECT count(*), count(*) FILTER (old_id IN ('v0', 'v17777')) FROM wanted").Scan(&rows, &found)
	if err != nil || rows != 2 || found != 2 {
		t.Errorf("%d rows, %d of them wanted, error %v", rows, found, err)
	}
}

// large is a table under a declared name, stored in many parts.
var large = schemas.Table{Name: schemas.Redirected.Name, Key: schemas.Redirected.Key, Columns: schemas.Redirected.Columns, Large: true}
