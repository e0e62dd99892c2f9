package pipeline_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/pipeline"
)

// What explain shows of a record's candidates is what the view evidence has of them, row by row; so it is where only those that are told are read.
func TestExplain_EvidenceIsTheView(t *testing.T) {
	dir, _ := syncedOrg(t)
	_, store := copyOrg(t, dir)
	p, err := store.Open(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	want := map[string]string{}
	ask(t, p, `SELECT crm_id, rank, comparison, coalesce(max(level) FILTER (part = 'level'), 0),
			coalesce(max(label) FILTER (part <> 'frequency'), ''), coalesce(sum(weight) FILTER (part <> 'frequency'), 0)::BIGINT,
			coalesce(sum(weight) FILTER (part = 'frequency'), 0)::BIGINT, coalesce(max(crm_value), ''), coalesce(max(directory_value), '')
		FROM evidence GROUP BY crm_id, rank, position, comparison ORDER BY crm_id, rank, position`, func(row []any) {
		want[row[0].(string)] += fmt.Sprintln(row[1:]...)
	})
	objects, rows := map[string]bool{}, 0
	ask(t, p, "SELECT crm_id FROM mapping ORDER BY crm_id", func(row []any) {
		x, err := p.Explain(t.Context(), row[0].(string), "")
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, c := range x.Candidates {
			for _, e := range c.Evidence {
				fmt.Fprintln(&got, c.Rank, e.Comparison, e.Level, e.Label, e.Weight, e.Frequency, e.CRM, e.Directory)
				objects[x.Object], rows = true, rows+1
			}
		}
		told, err := p.ExplainTold(t.Context(), x.CRMID, "")
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range []*pipeline.Considered{first(told.Told()), second(told.Told())} {
			if all := []*pipeline.Considered{first(x.Told()), second(x.Told())}[i]; !reflect.DeepEqual(c, all) || told.Summary != x.Summary {
				t.Errorf("%s: candidate %d as it is told is %+v, want %+v", x.CRMID, i, c, all)
			}
		}
		if got.String() != want[x.CRMID] {
			t.Errorf("%s\n got %s\nwant %s", x.CRMID, got.String(), want[x.CRMID])
		}
	})
	if len(objects) != 3 || rows == 0 {
		t.Errorf("%d rows of %v: some object has no evidence in this org", rows, objects)
	}
}

func first(c, _ *pipeline.Considered) *pipeline.Considered  { return c }
func second(_, c *pipeline.Considered) *pipeline.Considered { return c }

func ask(t *testing.T, p *pipeline.Publication, query string, row func([]any)) {
	t.Helper()
	answer, err := p.Select(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	for {
		values, err := answer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if values == nil {
			return
		}
		row(values)
	}
}
