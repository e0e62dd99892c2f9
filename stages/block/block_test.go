package block

import (
	"testing"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

func TestRun(t *testing.T) {
	m, err := linkage.Default()
	if err != nil {
		t.Fatal(err)
	}
	var indexes []string
	for _, threads := range []int{1, 3} {
		dir := t.TempDir()
		s, err := sql.Open(t.Context(), sql.Options{Objects: dir + "/objects", Spill: dir + "/spill", Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		w, err := s.Writer(t.Context(), schemas.DirCompany)
		if err != nil {
			t.Fatal(err)
		}
		directory, err := w.Save(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		empty, err := Run(t.Context(), s, In{Section: m.Company, Directory: directory})
		if err != nil {
			t.Fatal(err)
		}
		if empty.Cost.Rows != int64(len(m.Company.Rules)) {
			t.Errorf("%d rows of block_cost for %d rules", empty.Cost.Rows, len(m.Company.Rules))
		}
		query := "SELECT 'c' || range AS entity_id"
		for _, c := range schemas.DirCompany.Columns[1:] {
			value := "NULL"
			switch c.Name {
			case "name_key", "name_compact":
				value = "'name' || range % 70"
			case "domains":
				value = "['d' || range % 90 || '.com', 'shared.com']"
			}
			query += ", CAST(" + value + " AS " + schemas.SQLType(c.Type) + ") AS " + schemas.Quote(c.Name)
		}
		save := func(rest string) sql.Snapshot {
			saved, err := s.SaveQuery(t.Context(), query+rest, schemas.DirCompany, nil)
			if err != nil {
				t.Fatal(err)
			}
			return saved
		}
		directory = save(" FROM range(100)")
		out, err := Run(t.Context(), s, In{Section: m.Company, Directory: directory})
		if err != nil {
			t.Fatal(err)
		}
		indexes = append(indexes, out.Index+out.Cost.ID)
		// Invariant 9: how the directory is divided changes nothing.
		divided := sql.Together(directory.Table, save(" FROM range(100) WHERE range % 3 = 2"), save(" FROM range(100) WHERE range % 3 < 2"))
		if again, err := Run(t.Context(), s, In{Section: m.Company, Directory: divided}); err != nil || again.Index != out.Index {
			t.Errorf("of a divided directory the index is %s, want %s: %v", again.Index, out.Index, err)
		}
		data, err := s.Object(out.Index)
		if err != nil {
			t.Fatal(err)
		}
		index, err := linkage.ReadIndex(m.Company, data)
		if err != nil || index.Len() != 100 {
			t.Errorf("the stored index: %v", err)
		}
		if err := s.Bind(t.Context(), out.Cost); err != nil {
			t.Fatal(err)
		}
		rows, err := s.Query(t.Context(), "SELECT keys, largest, hot_keys FROM block_cost WHERE kind = 'company' AND rule = 'domain'", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var keys, largest, hot int
		for rows.Next() {
			if err := rows.Scan(&keys, &largest, &hot); err != nil {
				t.Fatal(err)
			}
		}
		if keys != 91 || largest != 100 || hot != 1 {
			t.Errorf("domain: %d keys, %d largest, %d hot", keys, largest, hot)
		}
	}
	if indexes[0] != indexes[1] {
		t.Error("the index depends on the number of threads")
	}
}
