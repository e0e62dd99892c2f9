package pipeline_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/pipeline"
)

// A members file of which few rows differ amends the table, also after the run before it was collected; without the digests
// that it is held against it is stored whole (invariant 2).
func TestListsAreAmended_Invariant2(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	t.Parallel()
	dir := copyDemo(t)
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	members := filepath.Join(dir, "directory", "members.csv")
	unpackMembers(t, dir, members)
	header, rows := readCSV(t, members)
	next := func(change int) pipeline.Record {
		t.Helper()
		rows[change][slices.Index(header, "title")] = "Chief Anything Officer"
		writeCSV(t, members, header, rows)
		result, err := runOrg(t, dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Collect(pipeline.CollectOptions{Keep: 1}); err != nil {
			t.Fatal(err)
		}
		if v := verified(t, store, pipeline.VerifyOptions{}); len(v.Damage) > 0 {
			t.Errorf("damaged: %+v", v.Damage)
		}
		return result.Record
	}
	next(0)
	for change, want := range []bool{true, true, false, true} {
		if !want {
			objects, err := filepath.Glob(filepath.Join(store.Dir, "objects", "*", "*.bin"))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range objects {
				if file, _ := filepath.Rel(store.Dir, path); isDigests(t, path) {
					drop(t, store, filepath.ToSlash(file))
				}
			}
		}
		if r := next(change + 1); r.Tables["raw_member"].Amended() != want {
			t.Errorf("change %d: amended %v", change, !want)
		}
	}
}

func isDigests(t *testing.T, path string) bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.HasPrefix(string(data), "crmlink row digests")
}

// unpackMembers writes the demo's members as plain text and has them read from there.
func unpackMembers(t *testing.T, dir, to string) {
	t.Helper()
	packed, err := os.Open(to + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	config := filepath.Join(dir, "crmlink.yaml")
	settings, e := os.ReadFile(config)
	if err = errors.Join(err, e); err == nil {
		err = os.WriteFile(config, bytes.Replace(settings, []byte("members.csv.gz"), []byte("members.csv"), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
