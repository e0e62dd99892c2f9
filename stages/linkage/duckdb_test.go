package linkage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/crmlink/crmlink/schemas"
)

// engine is a DuckDB in memory.
type engine struct {
	t    testing.TB
	conn *sql.Conn
}

func openEngine(t testing.TB) engine {
	t.Helper()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return engine{t, conn}
}

func (e engine) exec(query string) {
	e.t.Helper()
	if _, err := e.conn.ExecContext(context.Background(), query); err != nil {
		e.t.Fatalf("%v\n%s", err, query)
	}
}

// load makes a table of a batch.
func (e engine) load(name string, batch arrow.RecordBatch) {
	e.t.Helper()
	err := e.conn.Raw(func(c any) error {
		a, err := duckdb.NewArrowFromConn(c.(driver.Conn))
		if err != nil {
			return err
		}
		reader, err := array.NewRecordReader(batch.Schema(), []arrow.RecordBatch{batch})
		if err != nil {
			return err
		}
		release, err := a.RegisterView(reader, "loading")
		if err != nil {
			return err
		}
		defer release()
		_, err = c.(driver.ExecerContext).ExecContext(context.Background(), "CREATE OR REPLACE TABLE "+name+" AS SELECT * FROM loading", nil)
		return err
	})
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e engine) query(query string, row func(scan func(...any))) {
	e.t.Helper()
	rows, err := e.conn.QueryContext(context.Background(), query)
	if err != nil {
		e.t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		row(func(to ...any) {
			if err := rows.Scan(to...); err != nil {
				e.t.Fatal(err)
			}
		})
	}
	if err := rows.Err(); err != nil {
		e.t.Fatal(err)
	}
}

// values are a record's columns by name: a string or []string each; the id is under "id".
type values map[string]any

// batchOf makes a batch of a table's columns, and of table known for the CRM side.
func batchOf(s Section, table schemas.Table, records []values) arrow.RecordBatch {
	columns := append([]schemas.Column{}, table.Columns...)
	if table.Name == s.LeftTable().Name {
		for _, name := range []string{"known_ids", "known_groups", "known_keys", "known_parents", "known_parent_groups"} {
			c, _ := schemas.Known.Column(name)
			columns = append(columns, c)
		}
	}
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type, Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	for _, r := range records {
		for i, c := range columns {
			v := r[c.Name]
			if i == 0 {
				v = r["id"]
			}
			switch f := b.Field(i).(type) {
			case *array.StringBuilder:
				if s, ok := v.(string); ok {
					f.Append(s)
				} else {
					f.AppendNull()
				}
			case *array.ListBuilder:
				list, ok := v.([]string)
				f.Append(ok)
				for _, s := range list {
					f.ValueBuilder().(*array.StringBuilder).Append(s)
				}
			case *array.BooleanBuilder:
				f.Append(true)
			}
		}
	}
	return b.NewRecordBatch()
}

// indexOf builds an index and fails the test where that fails.
func indexOf(t testing.TB, s Section, records []values) *Index {
	t.Helper()
	b, err := NewBuilder(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Records().Append(batchOf(s, s.RightTable(), byID(records))); err != nil {
		t.Fatal(err)
	}
	x, err := b.Build(2)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func byID(records []values) []values {
	return slices.SortedFunc(slices.Values(records), func(a, b values) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
}

func recordsOf(t testing.TB, x *Index, records []values) *Records {
	t.Helper()
	r := x.NewRecords()
	s := x.plan.section
	if err := r.Append(batchOf(s, s.LeftTable(), records)); err != nil {
		t.Fatal(err)
	}
	return r
}

func shippedModel(t testing.TB) Model {
	t.Helper()
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
