package pipeline_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

// A damaged store is set aside, made again at once or by the next run, and then is as if nothing had happened: each file
// has the bytes that it had, so that the next run finds what it would have found; and after all damage at once, the next
// publication has the tables that it has without the damage, and is whole.
func TestVerify_RepairedStorePublishesTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	dir, first := syncedOrg(t)
	next := func(t *testing.T, dir string, full bool) (pipeline.Record, error) {
		r, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf, o.Full = oracleTime.Add(time.Hour), full })
		return r.Record, err
	}
	whole, _ := copyOrg(t, dir)
	want, err := next(t, whole, false)
	if err != nil {
		t.Fatal(err)
	}
	named := func(table string) func(*testing.T, pipeline.Store) string {
		return func(t *testing.T, _ pipeline.Store) string { return tableFile(t, first, table) }
	}
	sameNext := func(t *testing.T, got pipeline.Record, store pipeline.Store) {
		t.Helper()
		if d := differences(want, got); len(d) > 0 {
			t.Errorf("other tables than without the damage: %v", d)
		}
		if v := verified(t, store, pipeline.VerifyOptions{Run: got.ID}); len(v.Damage) > 0 {
			t.Errorf("the new publication is not whole: %+v", v.Damage)
		}
	}
	atOnce, undamaged := map[string]func(*testing.T, pipeline.Store, string){}, contents(t, pipeline.Store{Dir: filepath.Join(dir, "store")})
	for _, c := range []struct {
		name   string
		file   func(t *testing.T, s pipeline.Store) string
		harm   func(*testing.T, pipeline.Store, string)
		remade bool // by the repair itself
		full   bool // needs a full run
	}{
		{"a table that is copied in the database", named("mapping"), spoil, true, false},
		{"what was saved", named("auto_save"), spoil, true, false},
		{"an index", indexFile, spoil, true, false},
		{"half an index", indexFile, half, true, false},
		{"no index", indexFile, drop, true, false},
		{"rows between two stages", named("dir_member"), spoil, true, false},
		{"half of the rows between two stages", named("crm_person"), half, true, false},
		{"no rows between two stages", named("dir_company"), drop, true, false},
		{"rows as read", named("raw_contact"), spoil, false, true},
		{"a database", func(*testing.T, pipeline.Store) string { return "runs/" + first.ID + "/analytics.duckdb" }, drop, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, store := copyOrg(t, dir)
			file := c.file(t, store)
			c.harm(t, store, file)
			if c.remade {
				atOnce[file] = c.harm
			}
			bad, err := os.ReadFile(filepath.Join(store.Dir, file))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			v := verified(t, store, pipeline.VerifyOptions{Repair: true})
			if len(v.Damage) != 1 || v.Damage[0].File != file || v.Damage[0].Remade != c.remade {
				t.Fatalf("%+v", v.Damage)
			}
			if aside, err := os.ReadFile(filepath.Join(store.Dir, "quarantine", file)); slices.Contains(v.SetAside, file) && (err != nil || !bytes.Equal(aside, bad)) {
				t.Errorf("what was set aside is not in the quarantine: %v", err)
			}
			if again := verified(t, store, pipeline.VerifyOptions{}); c.remade && len(again.Damage) > 0 {
				t.Errorf("still damaged: %+v", again.Damage)
			}
			if c.remade {
				repaired := contents(t, store)
				for path, sum := range undamaged {
					if repaired[path] != sum {
						t.Errorf("%s is not what it was", path)
					}
				}
				for path := range repaired { // an object that a repaired step made as well and nothing names does no harm
					if _, was := undamaged[path]; !was && !strings.HasPrefix(path, "objects/") {
						t.Errorf("%s is there since the repair", path)
					}
				}
			}
			if !c.full {
				return
			}
			_, err = next(t, dir, false)
			var lost *pipeline.DamageError
			if !errors.As(err, &lost) || !strings.Contains(lost.Try(), "--full") {
				t.Fatalf("rows as read are gone, and a run went on without a word: %v", err)
			}
			got, err := next(t, dir, true)
			if err != nil {
				t.Fatal(err)
			}
			sameNext(t, got, store)
		})
	}
	t.Run("all at once", func(t *testing.T) {
		dir, store := copyOrg(t, dir)
		for file, harm := range atOnce {
			harm(t, store, file)
		}
		v := verified(t, store, pipeline.VerifyOptions{Repair: true})
		if len(v.Damage) != len(atOnce) || len(atOnce) < 6 || slices.ContainsFunc(v.Damage, func(d pipeline.Damage) bool { return !d.Remade }) {
			t.Fatalf("%d files were damaged: %+v", len(atOnce), v.Damage)
		}
		got, err := next(t, dir, false)
		if err != nil {
			t.Fatal(err)
		}
		sameNext(t, got, store)
	})
}

// contents are a store's files that a run builds upon or readers read, with the sums of their bytes. A database has other
// bytes each time that it is written.
func contents(t *testing.T, s pipeline.Store) map[string][32]byte {
	t.Helper()
	all := map[string][32]byte{}
	for _, part := range []string{"objects", "actions", "runs"} {
		err := filepath.WalkDir(filepath.Join(s.Dir, part), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() || e.Name() == "analytics.duckdb" {
				return err
			}
			data, err := os.ReadFile(path)
			name, _ := filepath.Rel(s.Dir, path)
			all[name] = sha256.Sum256(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Rows that were added to a table come back though the run before, on which they were put, was collected.
func TestVerify_AddedRowsComeBackWithoutTheRunBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	t.Parallel()
	dir, _ := pipeline.PublishedDemo(t)
	path := filepath.Join(dir, "crm", "Contact-1.csv")
	header, rows := readCSV(t, path)
	for i := 0; i < len(rows); i += 20 {
		rows[i][slices.Index(header, "LastName")] = "Zimmermann"
		rows[i][slices.Index(header, "SystemModstamp")] = "2026-07-28T00:00:00.000Z"
	}
	writeCSV(t, path, header, rows)
	second, err := runOrg(t, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	if done, err := store.Collect(pipeline.CollectOptions{Keep: 1}); err != nil || len(done.Removed) == 0 {
		t.Fatalf("collected %+v, %v", done, err)
	}
	lost := map[string]bool{}
	for _, table := range []string{"crm_person", "candidate", "mapping", "unmatched"} {
		before := len(lost)
		for _, p := range second.Record.Tables[table].Parts {
			if file := "objects/" + p.ID[:2] + "/" + p.ID + ".parquet"; p.Of == 0 && !lost[file] {
				lost[file] = true
				drop(t, store, file)
			}
		}
		if len(lost) == before {
			t.Errorf("table %s was not amended", table)
		}
	}
	for _, d := range verified(t, store, pipeline.VerifyOptions{Repair: true}).Damage {
		if !lost[d.File] || !d.Remade {
			t.Errorf("%+v", d)
		}
	}
	if v := verified(t, store, pipeline.VerifyOptions{}); len(v.Damage) > 0 {
		t.Errorf("still damaged: %+v", v.Damage)
	}
}
