package pipeline_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
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

// A run over a damaged store says so, or publishes what it would have published without the damage; it never publishes
// anything else. What it only compares with it does without, and says that it did.
func TestRun_OverDamage(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	dir, first := syncedOrg(t)
	next := func(t *testing.T, dir string) (pipeline.Record, error) {
		t.Helper()
		file := filepath.Join(dir, "crmlink.yaml") // more candidates: the index is searched and everything after it is made again
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, bytes.Replace(text, []byte("settings:\n"), []byte("settings:\n  candidates: 4\n"), 1), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		r, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf = oracleTime.Add(time.Hour) })
		return r.Record, err
	}
	whole, _ := copyOrg(t, dir)
	want, err := next(t, whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, file string
		harm       func(*testing.T, pipeline.Store, string)
		stops      bool
		notice     string
	}{
		{"a changed index, which is made again", indexFile(t, pipeline.Store{Dir: filepath.Join(dir, "store")}), spoil, false, ""},
		{"half of the answers", tableFile(t, first, "mapping"), half, true, ""},
		{"changed answers", tableFile(t, first, "mapping"), spoil, true, ""},
		{"half of the rows between two stages", tableFile(t, first, "crm_person"), half, true, ""},
		{"no rows between two stages", tableFile(t, first, "dir_member"), drop, false, "table dir_member, which"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, store := copyOrg(t, dir)
			c.harm(t, store, c.file)
			got, err := next(t, dir)
			var says interface{ Try() string }
			switch {
			case err == nil && c.stops:
				t.Errorf("published without a word; other tables than without the damage: %v", differences(want, got))
			case err != nil && (!c.stops || !errors.As(err, &says) || !strings.Contains(says.Try(), "crmlink verify --repair")):
				t.Errorf("got %v", err)
			case err == nil:
				if d := differences(want, got); len(d) > 0 || !strings.Contains(strings.Join(got.Notices, "\n"), c.notice) {
					t.Errorf("other tables %v, notices %v", d, got.Notices)
				}
			}
			if latest, e := store.Find("latest"); err != nil && (e != nil || latest.ID != first.ID) {
				t.Errorf("%s is published, %v", latest.ID, e)
			}
		})
	}
}

// What was saved and answered before is not given up without a word, however the run is called.
func TestRun_DoesNotGiveUpWhatWasSaved_Invariant5(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	base, first := syncedOrg(t)
	dir, store := copyOrg(t, base)
	drop(t, store, tableFile(t, first, "auto_save"))
	_, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf, o.Full, o.Estimate = oracleTime.Add(time.Hour), true, true })
	var lost *pipeline.DamageError
	if !errors.As(err, &lost) || !strings.Contains(err.Error(), "lacks 1 file of table auto_save") {
		t.Errorf("got %v", err)
	}
	if latest, err := store.Find("latest"); err != nil || latest.ID != first.ID {
		t.Errorf("latest is %s, %v", latest.ID, err)
	}
}

// Weights whose term frequencies are lost are estimated anew only when asked to: they change answers.
func TestRun_EstimatesLostWeightsOnlyWhenAsked(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	base, first := syncedOrg(t)
	dir, store := copyOrg(t, base)
	drop(t, store, tableFile(t, first, "term_frequency"))
	_, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf = oracleTime.Add(time.Hour) })
	var lost *pipeline.DamageError
	if !errors.As(err, &lost) || !strings.Contains(lost.Try(), "--estimate") {
		t.Fatalf("got %v", err)
	}
	r, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf, o.Estimate = oracleTime.Add(time.Hour), true })
	if err != nil || r.Record.Status != pipeline.Published || r.Record.Model.Pinned {
		t.Errorf("%s, %v", r.Record.Status, err)
	}
}
