package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 10, 1, 12, 0, 0, 123000, time.UTC)

func opened(t *testing.T, store string) *DB {
	t.Helper()
	db, err := Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func decision(n int) Decision {
	return Decision{Object: "Contact", CRMID: "0035g000015aIx5AAE", Verdict: "is", EntityID: fmt.Sprint("m", n), By: "eve", At: noon,
		Note: "line one\nline two", Via: "decide", Run: "20261001T000000Z"}
}

func TestDecisions_D7_D11_WhoWhenWhat(t *testing.T) {
	store := filepath.Join(t.TempDir(), "a store?#%") // a path that is no URL
	if err := os.Mkdir(store, 0o700); err != nil {
		t.Fatal(err)
	}
	db := opened(t, store)
	act := Act{By: "eve", Login: "root", At: noon, What: "decide", Detail: "1 decision"}
	if seqs, err := db.Add(t.Context(), act, decision(1)); err != nil || len(seqs) != 1 || seqs[0] != 1 {
		t.Fatal(seqs, err)
	}
	none := Decision{Object: "Lead", CRMID: "00Q5g000015aIx5AAE", Verdict: "none", By: "ann", At: noon, Via: "import"}
	if _, err := db.Add(t.Context(), act, none, decision(2)); err != nil {
		t.Fatal(err)
	}
	all, err := db.Decisions(t.Context())
	want := decision(1)
	want.Seq = 1
	if err != nil || len(all) != 3 || all[0] != want || all[1].Verdict != "none" || all[1].EntityID != "" || all[2].Seq != 3 {
		t.Errorf("%+v, error %v", all, err)
	}
	if about, err := db.About(t.Context(), none.CRMID); err != nil || len(about) != 1 {
		t.Errorf("%+v, error %v", about, err)
	}
	log, err := db.Log(t.Context())
	if err != nil || len(log) != 2 || log[0].Act != act || log[1].ID != 2 {
		t.Errorf("%+v, error %v", log, err)
	}
	for _, name := range []string{FileName, FileName + "-wal"} {
		info, err := os.Stat(filepath.Join(store, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, error %v", name, info.Mode(), err)
		}
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// All of an act is stored or nothing of it, its line in the log too; and what is stored is never changed.
func TestAdd_AllOrNothing_NothingChanges(t *testing.T) {
	db := opened(t, t.TempDir())
	bad := decision(2)
	bad.Verdict = "maybe"
	if _, err := db.Add(t.Context(), Act{At: noon}, decision(1), bad); err == nil {
		t.Error("a verdict that is none was stored")
	}
	all, _ := db.Decisions(t.Context())
	log, _ := db.Log(t.Context())
	if len(all)+len(log) != 0 {
		t.Errorf("left behind: %v, %v", all, log)
	}
	if _, err := db.Add(t.Context(), Act{At: noon}, decision(1)); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"UPDATE decision SET note = 'other'", "DELETE FROM decision", "DELETE FROM audit", "UPDATE audit SET what = 'x'"} {
		if _, err := db.sql.Exec(query); err == nil || !strings.Contains(err.Error(), "only ever added to") {
			t.Errorf("%s: error %v", query, err)
		}
	}
}

// Two processes are two pools here. Each waits for the other; nothing is lost, and numbers are given once.
func TestAdd_SeveralAtOnce(t *testing.T) {
	store := t.TempDir()
	var all sync.WaitGroup
	for p := range 4 {
		all.Go(func() {
			db, err := Open(context.Background(), store)
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			for n := range 10 {
				if _, err := db.Add(context.Background(), Act{At: noon}, decision(100*p+n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, err := opened(t, store).Decisions(t.Context())
	if err != nil || len(got) != 40 || got[39].Seq != 40 {
		t.Errorf("%d decisions, error %v", len(got), err)
	}
}

func TestOpen_OfWhatIsNotOurs(t *testing.T) {
	if db, err := OpenIfThere(t.Context(), t.TempDir()); db != nil || err != nil {
		t.Errorf("without a file: %v, %v", db, err)
	}
	store := t.TempDir()
	if err := os.WriteFile(filepath.Join(store, FileName), []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	var told *Error
	if _, err := Open(t.Context(), store); !errors.As(err, &told) || !told.Damaged || told.Try() == "" {
		t.Errorf("no database: %v", err)
	}
	store = t.TempDir()
	db := opened(t, store)
	if _, err := db.sql.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), store); !errors.As(err, &told) || told.Damaged || !strings.Contains(told.Problem, "version 99") {
		t.Errorf("a newer version: %v", err)
	}
	if _, err := db.sql.Exec("PRAGMA user_version = 1; PRAGMA application_id = 5"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), store); !errors.As(err, &told) || !told.Damaged {
		t.Errorf("another program's: %v", err)
	}
}

func TestSample_KeepsWhatWasAnswered(t *testing.T) {
	db := opened(t, t.TempDir())
	s := Sample{Run: "r1", At: noon, Strata: []Stratum{{"answer 99", true, 1, 40}, {"none 10", false, 2, 7}},
		Records: []Sampled{{"Contact", "0035g000015aIx5AAE", "answer 99", 1, "m1", 998000}, {"Lead", "00Q5g000015aIx5AAE", "none 10", 2, "", 90000}}}
	if err := db.SaveSample(t.Context(), Act{At: noon, What: "sample"}, s); err != nil {
		t.Fatal(err)
	}
	more := Sample{Run: "r1", At: noon.Add(time.Hour), Records: []Sampled{{"Contact", "0035g000015aIx5AAE", "answer 99", 9, "m2", 1}, {"Contact", "0035g000015aIx6AAE", "answer 99", 3, "m3", 990000}}}
	if err := db.SaveSample(t.Context(), Act{At: noon, What: "sample"}, more); err != nil {
		t.Fatal(err)
	}
	all, err := db.Samples(t.Context())
	if err != nil || len(all) != 1 || len(all[0].Strata) != 2 || len(all[0].Records) != 3 {
		t.Fatalf("%+v, error %v", all, err)
	}
	if r := all[0].Records[0]; r != s.Records[0] {
		t.Errorf("drawn before: %+v", r)
	}
}
