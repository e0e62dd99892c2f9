package pipeline_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

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
