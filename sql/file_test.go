package sql

import (
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
)

// Every SQL file is run over empty inputs; what comes out must have the declared columns. No data needed.
func TestEveryFileHasItsDeclaredColumns(t *testing.T) {
	s := openSession(t, 0)
	for _, name := range Files() {
		t.Run(name, func(t *testing.T) {
			f, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			if len(f.In) == 0 {
				t.Error("header `-- in:` is missing")
			}
			for _, in := range f.In {
				table, ok := schemas.Lookup(strings.TrimPrefix(in, "previous_"))
				if !ok {
					t.Fatalf("input %s is not a declared table", in)
				}
				if err := s.BindAs(t.Context(), in, Empty(table.Name)); err != nil {
					t.Fatal(err)
				}
			}
			if f.Out == "" {
				return // generic over tables, or an answer on the screen: run by its stage's tests
			}
			table, _ := schemas.Lookup(f.Out)
			values := map[string]any{}
			for value, kind := range f.Values {
				values[value] = sampleValue(t, kind)
			}
			if _, err := s.SaveTable(t.Context(), name, table, values); err != nil {
				t.Error(err)
			}
		})
	}
}

func sampleValue(t *testing.T, kind string) any {
	t.Helper()
	samples := map[string]any{"TEXT": "", "VARCHAR": "", "BIGINT": int64(0), "INTEGER": int32(0), "BOOLEAN": false, "DOUBLE": 0.5,
		"TIMESTAMPTZ": sampleTime, "VARCHAR[]": []string{"a"}, "TEXT[]": []string{"a"}}
	v, ok := samples[kind]
	if !ok {
		t.Fatalf("no sample value of type %s", kind)
	}
	return v
}
