package pipeline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/bases"
	"github.com/crmlink/crmlink/pipeline/oracle"
)

// fixtureWorld is a small org of which nearly all tables have rows.
func fixtureWorld() *oracle.World { return oracle.Random(12, 3) }

// syncedOrg is a small org with one published run. All tests share it: what changes something changes a copy.
func syncedOrg(t *testing.T) (dir string, first pipeline.Record) {
	t.Helper()
	return syncedOnce(t, "fixture", fixtureWorld, oracleTime)
}

// smallOrg is a copy of an even smaller one, with one published run.
func smallOrg(t *testing.T) (dir string, first pipeline.Record) {
	t.Helper()
	dir, first = syncedOnce(t, "small", func() *oracle.World { return oracle.Random(11, 1) }, asOf)
	return bases.Copy(t, dir), first
}

func syncedOnce(t *testing.T, name string, world func() *oracle.World, at time.Time) (dir string, first pipeline.Record) {
	t.Helper()
	dir = bases.Once(t, name, func(dir string) {
		if _, err := world().Write(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf = at }); err != nil {
			t.Fatal(err)
		}
	})
	first, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Find("latest")
	if err != nil {
		t.Fatal(err)
	}
	return dir, first
}

func copyOrg(t *testing.T, dir string) (string, pipeline.Store) {
	t.Helper()
	to := bases.Copy(t, dir)
	return to, pipeline.Store{Dir: filepath.Join(to, "store")}
}

func verified(t *testing.T, s pipeline.Store, o pipeline.VerifyOptions) pipeline.Verification {
	t.Helper()
	v, err := s.Verify(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// tableFile is the first file of a run's table, below the store.
func tableFile(t *testing.T, r pipeline.Record, table string) string {
	t.Helper()
	if len(r.Tables[table].Parts) == 0 {
		t.Fatalf("table %s has no rows in this org", table)
	}
	id := r.Tables[table].Parts[0].ID
	return "objects/" + id[:2] + "/" + id + ".parquet"
}

// indexFile is the blocking index of the directory's people, which only results of steps name.
func indexFile(t *testing.T, s pipeline.Store) string {
	t.Helper()
	actions, _ := filepath.Glob(filepath.Join(s.Dir, "actions", "*.json"))
	for _, path := range actions {
		var a struct {
			Stage string
			Out   struct{ Index string }
		}
		if data, err := os.ReadFile(path); err != nil || json.Unmarshal(data, &a) != nil {
			t.Fatal(path, err)
		}
		if a.Stage == "block people" {
			return "objects/" + a.Out.Index[:2] + "/" + a.Out.Index + ".bin"
		}
	}
	t.Fatal("no step built an index of people")
	return ""
}

// spoil changes one byte in the middle of a file, as a bad disk does.
func spoil(t *testing.T, s pipeline.Store, file string) {
	t.Helper()
	path := filepath.Join(s.Dir, file)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// half cuts a file in its middle, as a crash of the machine does.
func half(t *testing.T, s pipeline.Store, file string) {
	t.Helper()
	path := filepath.Join(s.Dir, file)
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()/2)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// usersOf are the steps whose stored input or result names a run's table.
func usersOf(t *testing.T, s pipeline.Store, r pipeline.Record, table string) (steps []string) {
	t.Helper()
	for _, step := range r.Steps {
		if step.Action == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(s.Dir, "actions", step.Action+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(r.Tables[table].Parts[0].ID)) {
			steps = append(steps, step.Name)
		}
	}
	slices.Sort(steps)
	if len(steps) < 2 {
		t.Fatalf("only %v name table %s", steps, table)
	}
	return slices.Compact(steps)
}

func drop(t *testing.T, s pipeline.Store, file string) {
	t.Helper()
	if err := os.Remove(filepath.Join(s.Dir, file)); err != nil {
		t.Fatal(err)
	}
}

// Every kind of damage is found, with the tables, runs and steps it belongs to, and nothing else is.
func TestVerify_NamesWhatIsDamaged(t *testing.T) {
	dir, first := syncedOrg(t)
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	if v := verified(t, store, pipeline.VerifyOptions{}); len(v.Damage) != 0 || v.Next() != "" || v.Runs != 1 || v.Actions == 0 || v.Objects == 0 {
		t.Fatalf("a new store: %+v", v)
	}
	run, index := "runs/"+first.ID, indexFile(t, store)
	action := ""
	for _, s := range first.Steps {
		if s.Name == "resolve people" {
			action = "actions/" + s.Action + ".json"
		}
	}
	for _, c := range []struct {
		name, file string
		harm       func(*testing.T, pipeline.Store, string)
		want       pipeline.Damage
	}{
		{"a changed byte", tableFile(t, first, "badge"), spoil, pipeline.Damage{Problem: "its content is not what it is named after",
			Tables: []string{"badge"}, Runs: []string{first.ID}, Steps: []string{"changes", "publish"}, Current: true}},
		{"a missing table", tableFile(t, first, "seat_map"), drop, pipeline.Damage{Problem: "it is missing",
			Tables: []string{"seat_map"}, Runs: []string{first.ID}, Steps: []string{"changes", "publish"}, Current: true}},
		{"a missing index", index, drop, pipeline.Damage{Problem: "it is missing",
			Steps: []string{"block people", "estimate people", "rescore people", "score people"}}},
		{"a cut table", tableFile(t, first, "dir_member"), half, pipeline.Damage{Problem: "its content is not what it is named after",
			Tables: []string{"dir_member"}, Runs: []string{first.ID}, Steps: usersOf(t, store, first, "dir_member"), Current: true}},
		{"a changed index", index, spoil, pipeline.Damage{Problem: "its content is not what it is named after",
			Steps: []string{"block people", "estimate people", "rescore people", "score people"}}},
		{"a cut index", index, half, pipeline.Damage{Problem: "its content is not what it is named after",
			Steps: []string{"block people", "estimate people", "rescore people", "score people"}}},
		{"a cut database", run + "/analytics.duckdb", func(t *testing.T, s pipeline.Store, file string) {
			if err := os.Truncate(filepath.Join(s.Dir, file), 100_000); err != nil {
				t.Fatal(err)
			}
		}, pipeline.Damage{Problem: "it cannot be opened and read", Runs: []string{first.ID}, Current: true}},
		{"no database", run + "/analytics.duckdb", drop, pipeline.Damage{Problem: "it is missing", Runs: []string{first.ID}, Current: true}},
		{"a cut record", run + "/run.json", func(t *testing.T, s pipeline.Store, file string) {
			if err := os.Truncate(filepath.Join(s.Dir, file), 1000); err != nil {
				t.Fatal(err)
			}
		}, pipeline.Damage{Problem: "it cannot be read as the record of this run", Runs: []string{first.ID}}},
		{"an empty action", action, func(t *testing.T, s pipeline.Store, file string) {
			if err := os.Truncate(filepath.Join(s.Dir, file), 0); err != nil {
				t.Fatal(err)
			}
		}, pipeline.Damage{Problem: "it cannot be read as the result of a step"}},
		{"a link to nowhere", "current", func(t *testing.T, s pipeline.Store, file string) {
			drop(t, s, file)
			if err := os.Symlink("runs/20000101T000000Z", filepath.Join(s.Dir, file)); err != nil {
				t.Fatal(err)
			}
		}, pipeline.Damage{Problem: "it points to run 20000101T000000Z, which has no record"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, store := copyOrg(t, dir)
			c.harm(t, store, c.file)
			v := verified(t, store, pipeline.VerifyOptions{})
			c.want.File = c.file
			if len(v.Damage) != 1 || !equalJSON(v.Damage[0], c.want) {
				t.Errorf("got %+v\nwant %+v", v.Damage, c.want)
			}
			if v.Next() == "" {
				t.Error("no next step")
			}
		})
	}
	t.Run("what one run needs", func(t *testing.T) {
		_, store := copyOrg(t, dir)
		stray := filepath.Join(store.Dir, "objects", "ab", strings.Repeat("ab", 32)+".parquet")
		if err := errors.Join(os.MkdirAll(filepath.Dir(stray), 0o700), os.WriteFile(stray, []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
		if v := verified(t, store, pipeline.VerifyOptions{Run: "latest"}); len(v.Damage) != 0 {
			t.Errorf("the run does not need the damaged object: %+v", v.Damage)
		}
		if v := verified(t, store, pipeline.VerifyOptions{}); len(v.Damage) != 1 {
			t.Errorf("the damaged object is not named: %+v", v.Damage)
		}
	})
}

func equalJSON(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}
