package pipeline_test

import (
	"archive/zip"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

var updateStores = flag.Bool("stores.update", false, "write the store of the present format in testdata/stores anew")

// A store of every format that was ever released opens, can be read in every way, and takes a new run on top of it.
// Each lies in testdata/stores as <format>.zip: the org's files and the store that its program made of them. One of a
// released format is never written again; docs/operations.md says how a new one is added.
func TestStoresOfEveryFormatOpen(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	present := filepath.Join("testdata", "stores", fmt.Sprint(pipeline.StoreFormat)+".zip")
	if *updateStores {
		dir, _ := syncedOrg(t)
		pack(t, dir, present)
	}
	all, err := filepath.Glob("testdata/stores/*.zip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(present); err != nil {
		t.Errorf("the present format has no store here: %v", err)
	}
	for _, file := range all {
		t.Run(filepath.Base(file), func(t *testing.T) {
			dir := t.TempDir()
			unpack(t, file, dir)
			store, err := pipeline.OpenStore(filepath.Join(dir, "store"))
			if err != nil {
				t.Fatal(err)
			}
			if v := verified(t, store, pipeline.VerifyOptions{}); len(v.Damage) > 0 || len(v.Moved) == 0 {
				t.Errorf("it is whole, and was moved here: %+v", v)
			}
			old, err := store.Find("latest")
			if err != nil {
				t.Fatal(err)
			}
			readEverything(t, store, old) // as it lies here
			if _, err := store.RemakeViews(t.Context(), "", true); err != nil {
				t.Fatal(err)
			}
			readEverything(t, store, old)
			next, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf = old.AsOf.Add(24 * time.Hour) })
			if err != nil {
				t.Fatal(err)
			}
			if next.Record.Previous != old.ID {
				t.Errorf("the new run follows %q, want %s", next.Record.Previous, old.ID)
			}
			latest, err := store.Find("latest")
			if err != nil || latest.ID != next.Record.ID {
				t.Fatalf("latest is %s, %v", latest.ID, err)
			}
			readEverything(t, store, latest)
			readEverything(t, store, old)
			if _, err := store.Collect(pipeline.CollectOptions{Keep: 1}); err != nil {
				t.Fatal(err)
			}
			readEverything(t, store, latest)
			if v := verified(t, store, pipeline.VerifyOptions{}); len(v.Damage) > 0 || v.Runs != 1 {
				t.Errorf("after a collection: %+v", v)
			}
		})
	}
}

// readEverything asks a publication everything that can be asked of one.
func readEverything(t *testing.T, store pipeline.Store, r pipeline.Record) {
	t.Helper()
	p, err := store.Open(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	one := func(query string) any {
		t.Helper()
		answer, err := p.Select(t.Context(), query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			return nil
		}
		defer answer.Close()
		row, err := answer.Next()
		if err != nil || row == nil {
			t.Errorf("%s: %v, %v", query, row, err)
			return nil
		}
		return row[0]
	}
	for name, snap := range r.Tables {
		if got := one("SELECT count(*) FROM " + name); got != snap.Rows {
			t.Errorf("%s has %v rows, want %d", name, got, snap.Rows)
		}
	}
	for _, view := range []string{"evidence", "in_crm", "profile"} {
		if n, _ := one("SELECT count(*) FROM " + view).(int64); n == 0 {
			t.Errorf("view %s is empty", view)
		}
	}
	contact, seat, err := p.Examples(t.Context())
	if err != nil || contact == "" || seat == "" {
		t.Fatalf("examples %q, %q, %v", contact, seat, err)
	}
	if x, err := p.Explain(t.Context(), contact, seat); err != nil || len(x.Candidates) == 0 {
		t.Errorf("explain: %+v, %v", x, err)
	}
	if l, err := p.List(t.Context(), seat); err != nil || len(l.Rows) == 0 {
		t.Errorf("list: %+v, %v", l, err)
	}
	if stats, err := p.Stats(t.Context()); err != nil || len(stats) != 3 {
		t.Errorf("statistics: %+v, %v", stats, err)
	}
}

// pack writes a folder as a zip file. Empty folders and the lock are left out; a link is kept as one.
func pack(t *testing.T, dir, file string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(out)
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lock" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: filepath.ToSlash(name), Method: zip.Deflate, Modified: oracleTime}
		header.SetMode(e.Type() | 0o600)
		w, err := z.CreateHeader(header)
		if err != nil {
			return err
		}
		if e.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			if err == nil {
				_, err = io.WriteString(w, target)
			}
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
	if err == nil {
		err = z.Close()
	}
	if e := out.Close(); err == nil {
		err = e
	}
	if err != nil {
		t.Fatal(err)
	}
}

func unpack(t *testing.T, file, dir string) {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if !filepath.IsLocal(f.Name) {
			t.Fatalf("%s leaves the folder", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o700)
		}
		if err == nil && f.Mode()&fs.ModeSymlink != 0 {
			err = os.Symlink(strings.TrimSpace(string(data)), path)
		} else if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
}
