package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/pipeline"
)

// writeWrongPairs lists what a set's run got wrong in bin/quality/wrong_pairs.<set>.tsv, worst first: what the record is called, what
// it was taken for, and what it is. The people and companies of the labelled sets are public or invented.
func writeWrongPairs(t *testing.T, set, dir string) {
	t.Helper()
	truth, err := pipeline.ReadTruth(filepath.Join(dir, "truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	publication, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Open(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	defer publication.Close()
	names := map[string]string{}
	for _, table := range []string{"dir_company", "dir_member"} {
		eachRow(t, publication, "SELECT entity_id, name FROM "+table, func(row []any) { names[fmt.Sprint(row[0])] = fmt.Sprint(row[1]) })
	}
	folder := filepath.Join("..", "..", "bin", "quality")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(folder, "wrong_pairs."+strings.Fields(strings.ReplaceAll(set, ",", ""))[0]+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := csv.NewWriter(f)
	w.Comma = '\t'
	w.Write([]string{"what", "object", "crm_id", "name", "matched_id", "matched_name", "true_id", "true_name", "probability", "cases"}) //nolint:errcheck // Flush tells
	query := `SELECT m.object, m.crm_id, coalesce(c.name, p.name), coalesce(m.entity_id, ''), coalesce(m.probability, u.best_probability)
		FROM mapping m LEFT JOIN crm_company c ON m.object = 'Account' AND c.crm_id = m.crm_id
		LEFT JOIN crm_person p ON p.object = m.object AND p.crm_id = m.crm_id
		LEFT JOIN unmatched u ON u.object = m.object AND u.crm_id = m.crm_id
		WHERE m.status IN ('matched', 'duplicate', 'unmatched')
		ORDER BY m.probability DESC NULLS LAST, m.object, m.crm_id`
	eachRow(t, publication, query, func(row []any) {
		object, id, entity := fmt.Sprint(row[0]), fmt.Sprint(row[1]), fmt.Sprint(row[3])
		want, judged := truth[pipeline.TruthKey{Object: object, CRMID: id}]
		what := ""
		switch {
		case !judged || entity == want.Entity:
			return
		case entity == "":
			what = "missed"
		case want.Entity == "":
			what = "false match"
		default:
			what = "wrong entity"
		}
		w.Write([]string{what, object, id, fmt.Sprint(row[2]), entity, names[entity], want.Entity, names[want.Entity], fmt.Sprint(row[4]), //nolint:errcheck // Flush tells
			strings.Join(want.Cases, "|")})
	})
	w.Flush()
	if err := w.Error(); err != nil {
		t.Fatal(err)
	}
}

func eachRow(t *testing.T, p *pipeline.Publication, query string, fn func(row []any)) {
	t.Helper()
	answer, err := p.Select(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	for {
		row, err := answer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if row == nil {
			return
		}
		fn(row)
	}
}
