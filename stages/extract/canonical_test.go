package extract_test

import (
	"testing"

	"github.com/crmlink/crmlink/sql/sqltest"
)

// The text that decides between rows with equal stamps must differ where the rows do: the file that would otherwise
// decide could have another name tomorrow.
func TestTextOfARowIsUnambiguous(t *testing.T) {
	s := sqltest.Open(t)
	rows, err := s.Query(t.Context(), `WITH value AS (SELECT unnest([NULL, '', 'NULL', 'null', '''NULL''', 'a, b', 'a', ' a', 'a ', '''', '''''', '"', '\', '\\',
			'\''', '}', '{', '[a]', ', ''y'': b', 'a'', ''y'': ''b', chr(10), '\n', 'ä', 'a:b', '''a''']) AS v),
		made AS (SELECT struct_pack(x := a.v, y := b.v, z := 1.50::DECIMAL(38,10)) AS record FROM value a, value b)
		SELECT count(DISTINCT record), count(DISTINCT CAST(record AS VARCHAR)) FROM made`, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var records, texts int
		if err := rows.Scan(&records, &texts); err != nil || records != texts || records != 625 {
			t.Errorf("%d rows have %d texts, error %v", records, texts, err)
		}
	}
}
