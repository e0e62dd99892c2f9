package sql

import (
	"testing"

	"github.com/crmlink/crmlink/schemas"
)

// Every SQL file is run over empty inputs; what comes out must have the declared columns. No data needed.
func TestEveryFileHasItsDeclaredColumns(t *testing.T) {
	s := openSession(t, 0)
	inputs := inputsOf(s, func(table schemas.Table) string { return manyRows(table) + " LIMIT 0" })
	for _, name := range Files() {
		t.Run(name, func(t *testing.T) {
			f, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			if len(f.In) == 0 {
				t.Error("header `-- in:` is missing")
			}
			inputs.bind(t, f)
			values := map[string]any{}
			for value, kind := range f.Values {
				values[value] = sampleValue(t, kind)
			}
			if f.Out == "" {
				if rows, err := s.Query(t.Context(), f.Text, values); err == nil {
					rows.Close()
				} else if !hasOthers(f) {
					t.Error(err)
				}
				return
			}
			table, _ := schemas.Lookup(f.Out)
			if _, err := s.SaveTable(t.Context(), name, table, values); err != nil {
				t.Error(err)
			}
		})
	}
}

func sampleValue(t *testing.T, kind string) any {
	t.Helper()
	// A text may be a time zone, which the engine looks up before it reads a row.
	samples := map[string]any{"TEXT": "UTC", "VARCHAR": "", "BIGINT": int64(0), "INTEGER": int32(0), "BOOLEAN": false, "DOUBLE": 0.5,
		"TIMESTAMPTZ": sampleTime, "VARCHAR[]": []string{"a"}, "TEXT[]": []string{"a"}}
	v, ok := samples[kind]
	if !ok {
		t.Fatalf("no sample value of type %s", kind)
	}
	return v
}
