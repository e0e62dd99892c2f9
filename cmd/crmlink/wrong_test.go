package main

import (
	stdsql "database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/crmlink/crmlink/pipeline"
)

// wrongPairs is where make quality lists every wrong answer on labelled data, which is public or made up; git ignores it.
var wrongPairs = filepath.Join("..", "..", "bin", "quality", "wrong_pairs.tsv")

const wrongAnswers = `
SELECT m.object, m.crm_id,
    CASE WHEN coalesce(t.entity_id, '') = '' THEN 'false match' WHEN m.entity_id IS NULL THEN 'missed' ELSE 'wrong entity' END AS fault,
    coalesce(p.name, a.name, ''), coalesce(t.entity_id, ''), coalesce(tm.name, tc.name, ''), coalesce(m.entity_id, u.best_entity_id, ''),
    coalesce(em.name, ec.name, ''), coalesce(m.probability, u.best_probability, 0)::VARCHAR, coalesce(u.reason, '')
FROM mapping m
JOIN read_csv($1, all_varchar = true) t ON t.object = m.object AND t.crm_id = m.crm_id
LEFT JOIN unmatched u ON u.object = m.object AND u.crm_id = m.crm_id
LEFT JOIN crm_person p ON p.crm_id = m.crm_id
LEFT JOIN crm_company a ON a.crm_id = m.crm_id
LEFT JOIN dir_member tm ON tm.entity_id = t.entity_id
LEFT JOIN dir_company tc ON tc.entity_id = t.entity_id
LEFT JOIN dir_member em ON em.entity_id = coalesce(m.entity_id, u.best_entity_id)
LEFT JOIN dir_company ec ON ec.entity_id = coalesce(m.entity_id, u.best_entity_id)
WHERE m.status IN ('matched', 'decided', 'duplicate', 'unmatched') AND coalesce(t.entity_id, '') <> coalesce(m.entity_id, '')
ORDER BY ALL`

// listWrong appends an org's wrong answers to the list: a missed record with its best rejected candidate.
func listWrong(t *testing.T, set, dir string) {
	t.Helper()
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	record, err := store.Find("latest")
	if err != nil {
		t.Fatal(err)
	}
	db, err := stdsql.Open("duckdb", store.Analytics(record.ID)+"?access_mode=read_only")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), wrongAnswers, filepath.Join(dir, "truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		cells := make([]string, 10)
		into := make([]any, len(cells))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\t%s\n", set, strings.Join(cells, "\t"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	appendWrong(t, b.String())
}

// wrongBegun makes the first test that finds a wrong answer begin the list anew, whichever it is.
var wrongBegun sync.Once

func appendWrong(t *testing.T, lines string) {
	t.Helper()
	wrongBegun.Do(func() { startWrong(t) })
	f, err := os.OpenFile(wrongPairs, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(lines); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func startWrong(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(wrongPairs), 0o755); err != nil {
		t.Fatal(err)
	}
	header := "set\tobject\tcrm_id\tfault\tcrm_name\ttrue_entity\ttrue_name\tentity\tname\tprobability\treason\n"
	if err := os.WriteFile(wrongPairs, []byte(header), 0o644); err != nil {
		t.Fatal(err)
	}
}
