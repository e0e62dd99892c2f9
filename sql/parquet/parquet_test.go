package parquet

import (
	stdsql "database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
)

// kinds are columns of every kind that tables have, as they are stored and as they are to be read: with few and with many
// values, nulls, empty texts and lists, lists of nulls, texts of more than one byte a letter.
var kinds = []struct{ name, stored, read string }{
	{"id", "'k' || (n * 7919 % 5000)", ""},
	{"many", "CASE WHEN n % 3 <> 0 THEN 'Ünï ' || n END", ""},
	{"few", "['a', 'b', NULL, '', 'a long one that is told by its first letters'][n % 5 + 1]", ""},
	{"none", "CAST(NULL AS VARCHAR)", ""},
	{"number", "CASE WHEN n % 7 <> 0 THEN (n - 100) * 1000003 END", ""},
	{"small", "CAST(n % 11 AS INTEGER)", "CAST(n % 11 AS BIGINT)"},
	{"share", "CASE WHEN n % 2 = 0 THEN CAST(n / 5000 AS DECIMAL(9,6)) END", "CASE WHEN n % 2 = 0 THEN CAST(CAST(n / 5000 AS DECIMAL(9,6)) * 1000000 AS BIGINT) END"},
	{"amount", "CAST(n / 8 AS DECIMAL(18,3))", "CAST(CAST(n / 8 AS DECIMAL(18,3)) * 1000 AS BIGINT)"},
	{"flag", "CASE WHEN n % 13 > 0 THEN n % 3 = 1 END", ""},
	{"day", "DATE '2026-01-01' + CAST(n AS INTEGER)", "CAST((DATE '2026-01-01' + CAST(n AS INTEGER)) - DATE '1970-01-01' AS BIGINT)"},
	{"moment", "make_timestamptz(1700000000000000 + n * 1000001)", "1700000000000000 + n * 1000001"},
	{"texts", "CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN [] WHEN 2 THEN ['x', NULL, ''] ELSE ['y' || n, 'é', 'z'] END", ""},
	{"numbers", "CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN [] ELSE [CAST(n AS INTEGER), NULL, -5] END", ""},
}

// What is read by key is what the engine reads, whatever kind, compression and size of row groups.
func TestRows_AreTheEngines(t *testing.T) {
	db := engine(t)
	var columns []string
	for _, k := range kinds {
		columns = append(columns, k.name)
	}
	columns = append(columns, "lacking")
	keys := []string{"k0", "k17", "k4999", "k2500", "it's nobody"}
	for _, how := range []string{"COMPRESSION snappy", "COMPRESSION zstd", "COMPRESSION uncompressed", "COMPRESSION snappy, ROW_GROUP_SIZE 2048"} {
		path := store(t, db, 5000, how)
		for _, some := range [][]string{keys, nil, {}} {
			got, err := Rows(path, "id", some, columns)
			if err != nil {
				t.Fatal(err)
			}
			want := asked(t, db, 5000, some)
			if len(got) != len(want) || some == nil && len(want) != 5000 {
				t.Fatalf("%s: %d rows of %d keys, want %d", how, len(got), len(some), len(want))
			}
			for i := range want {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Fatalf("%s: row %d\n got %#v\nwant %#v", how, i, got[i], want[i])
				}
			}
		}
	}
}

// A file that is cut off or has another byte somewhere gives rows or an error: it never ends the program.
func TestRows_OfADamagedFile(t *testing.T) {
	db := engine(t)
	for _, how := range []string{"COMPRESSION snappy", "COMPRESSION zstd", "COMPRESSION uncompressed"} {
		whole, err := os.ReadFile(store(t, db, 30, how))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "x.parquet")
		read := func(data []byte) error {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Rows(path, "id", []string{"k0", "k2919"}, []string{"many", "few", "number", "flag", "texts", "numbers"})
			if err != nil && !errors.Is(err, ErrDamaged) && !strings.Contains(err.Error(), "read") {
				t.Errorf("error %v", err)
			}
			return err
		}
		if err := read(whole); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(whole); n += 61 {
			if read(whole[:n]) == nil {
				t.Errorf("%s: %d of %d bytes are taken for a file", how, n, len(whole))
			}
		}
		faults := 0
		for n := 0; n < len(whole); n += 23 {
			data := []byte(string(whole))
			data[n] ^= byte(1 + n*37%255)
			if read(data) != nil {
				faults++
			}
		}
		if faults < len(whole)/23/20 {
			t.Errorf("%s: %d of %d changes of a byte were noticed", how, faults, len(whole)/23)
		}
	}
}

// What is not read says so.
func TestRows_RefusesWhatItDoesNotKnow(t *testing.T) {
	db := engine(t)
	for problem, copying := range map[string]string{
		"type DOUBLE":         "(SELECT 'a' AS id, 1.5::DOUBLE AS x) TO '%s' (FORMAT parquet, COMPRESSION zstd)",
		"only lists are read": "(SELECT 'a' AS id, [[1]] AS x) TO '%s' (FORMAT parquet, COMPRESSION zstd)",
		"no text":             "(SELECT 1 AS id) TO '%s' (FORMAT parquet, COMPRESSION zstd)",
	} {
		path := filepath.Join(t.TempDir(), "x.parquet")
		if _, err := db.ExecContext(t.Context(), "COPY "+fmt.Sprintf(copying, path)); err != nil {
			t.Fatal(err)
		}
		if _, err := Rows(path, "id", []string{"a"}, []string{"x"}); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%v, want one that says %q", err, problem)
		}
	}
}

func engine(t *testing.T) *stdsql.DB {
	t.Helper()
	db, err := stdsql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	if _, err := db.ExecContext(t.Context(), "SET TimeZone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	return db
}

func store(t *testing.T, db *stdsql.DB, rows int, how string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	var items []string
	for _, k := range kinds {
		items = append(items, k.stored+" AS "+k.name)
	}
	if _, err := db.ExecContext(t.Context(), fmt.Sprintf("COPY (SELECT %s FROM range(%d) r(n) ORDER BY n) TO '%s' (FORMAT parquet, %s)",
		strings.Join(items, ", "), rows, path, how)); err != nil {
		t.Fatal(err)
	}
	return path
}

// asked are the rows as the engine has them, with a null for the column that is not there.
func asked(t *testing.T, db *stdsql.DB, rows int, keys []string) (all [][]any) {
	t.Helper()
	var items []string
	for _, k := range kinds {
		if k.read == "" {
			k.read = k.stored
		}
		items = append(items, k.read)
	}
	query := fmt.Sprintf("SELECT %s FROM range(%d) r(n)", strings.Join(items, ", "), rows)
	if keys != nil {
		query += " WHERE list_contains(['" + strings.Join(keys[:min(4, len(keys))], "', '") + "'], " + kinds[0].stored + ")"
	}
	answer, err := db.QueryContext(t.Context(), query+" ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	for answer.Next() {
		row, places := make([]any, len(kinds)+1), make([]any, len(kinds))
		for i := range places {
			places[i] = &row[i]
		}
		if err := answer.Scan(places...); err != nil {
			t.Fatal(err)
		}
		for _, cell := range row {
			list, _ := cell.([]any)
			for i, v := range list {
				if n, ok := v.(int32); ok {
					list[i] = int64(n)
				}
			}
		}
		all = append(all, row)
	}
	if err := answer.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
