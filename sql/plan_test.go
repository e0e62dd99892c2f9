package sql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// A join that compares every row with every row costs the square of the data. The engine falls back to one where a
// condition of an outer join is about the left side alone, which is easily written and hardly seen on small data.
func TestNoFileJoinsEveryRowWithEveryRow(t *testing.T) {
	s := openSession(t, 0)
	inputs := inputsOf(s, manyRows)
	for _, name := range Files() {
		t.Run(name, func(t *testing.T) {
			f, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			inputs.bind(t, f)
			values := map[string]any{}
			for value, kind := range f.Values {
				values[value] = sampleValue(t, kind)
			}
			rows, err := s.conn.QueryContext(t.Context(), "EXPLAIN "+f.Text, usedValues(f.Text, values)...)
			if err != nil {
				if !hasOthers(f) {
					t.Fatal(err)
				}
				t.Skip("has inputs of its own: ", err)
			}
			defer rows.Close()
			for rows.Next() {
				var kind, plan string
				if err := rows.Scan(&kind, &plan); err != nil {
					t.Fatal(err)
				}
				for _, join := range []string{"NL_JOIN", "NESTED_LOOP"} { // a cross product is asked for: with a relation of one row
					if strings.Contains(plan, join) {
						t.Errorf("%s in the plan:\n%s", join, plan)
					}
				}
			}
		})
	}
}

// manyRows is a relation of a table's columns that the engine can neither foresee to be empty nor to be small.
func manyRows(t schemas.Table) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = "CAST(" + manyValues(c.Type) + " AS " + schemas.SQLType(c.Type) + ") AS " + schemas.Quote(c.Name)
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM range(100000)"
}

func manyValues(kind arrow.DataType) string {
	switch kind.ID() {
	case arrow.LIST:
		return fmt.Sprintf("[%s]", manyValues(kind.(*arrow.ListType).Elem()))
	case arrow.BOOL:
		return "range % 2 = 0"
	case arrow.TIMESTAMP:
		return "TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(range)"
	case arrow.DATE32:
		return "DATE '2026-01-01' + CAST(range % 1000 AS INTEGER)"
	case arrow.DECIMAL128:
		return "(range % 2)"
	}
	return "range"
}
