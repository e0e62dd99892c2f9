package pipeline_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/oracle"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/systems/csvdir"
)

// stages are the first two of a run, extract and inspect, over a folder: what a check of the input depends on.
type stages struct {
	session *sql.Session
	memory  extract.Memory
	last    extract.Out
	n       int
}

func openStages(t *testing.T) *stages {
	known := map[string][]byte{}
	return &stages{session: sqltest.Open(t), memory: extract.Memory{
		Recall: func(in extract.ReadingIn) (id string, made extract.Reading, ok bool) {
			id = readingID(t, in)
			data, ok := known[id]
			ok = ok && json.Unmarshal(data, &made) == nil
			return id, made, ok
		},
		Keep: func(in extract.ReadingIn, made extract.Reading) (id string, err error) {
			id = readingID(t, in)
			known[id], err = json.Marshal(made)
			return id, err
		},
	}}
}

func readingID(t *testing.T, in extract.ReadingIn) string {
	t.Helper()
	id, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(id)
}

func (s *stages) run(t *testing.T, dir string) extract.InspectOut {
	t.Helper()
	config, err := pipeline.LoadConfig(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string]csvdir.Input{}
	for entry, object := range map[string]string{"directory.companies": "company", "directory.members": "member", "seats": "seat",
		"activities": "activity", "decisions": "decision", "redirects": "redirect"} {
		if path := config.Text(entry + ".path"); path != "" {
			lists[object] = csvdir.Input{Path: path}
		}
	}
	previous := map[string]sql.Snapshot{}
	for name, snap := range s.last.Tables {
		if strings.HasPrefix(name, "raw_") {
			previous[name] = snap
		}
	}
	s.n++
	raw, err := extract.Run(t.Context(), s.session, csvdir.CRM(csvdir.Options{Path: config.Path("org.path")}), csvdir.Lists(dir, lists, nil),
		extract.In{Previous: previous, AsOf: asOf.Add(time.Duration(s.n) * time.Hour), Full: true, Memory: s.memory})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := extract.Inspect(t.Context(), s.session, extract.InspectIn{After: raw.Tables, Before: maps.Clone(s.last.Tables), Overruled: raw.Overruled,
		Log: raw.Log, BeforeLog: s.last.Log, Rejects: raw.Rejects, Counts: raw.Counts, GoneMicros: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	s.last = raw
	return seen
}

// Sixty ordinary runs and no stop: thirty kinds of days on the demo, fifteen of them in a row, and small orgs.
func TestOrdinaryRunsAreNotStopped_Invariant7(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	t.Parallel()
	start := openStages(t)
	base := t.TempDir()
	demoFiles(t, 1).write(t, base, "store")
	if seen := start.run(t, base); len(seen.Findings) > 0 {
		t.Errorf("the first run: %+v", seen.Findings)
	}
	runs := 1
	for i, day := range ordinary {
		t.Run(day.name, func(t *testing.T) {
			f, dir := demoFiles(t, uint64(i)), t.TempDir()
			day.change(f)
			f.write(t, dir, "store")
			today := *start
			if seen := today.run(t, dir); len(seen.Findings) > 0 {
				t.Errorf("%+v", seen.Findings)
			}
			runs++
		})
	}
	t.Run("days in a row", func(t *testing.T) {
		f, days := demoFiles(t, 99), *start
		for i := range 15 {
			day := ordinary[(7*i+1)%len(ordinary)]
			day.change(f)
			dir := t.TempDir()
			f.write(t, dir, "store")
			if seen := days.run(t, dir); len(seen.Findings) > 0 {
				t.Errorf("day %d, %s: %+v", i, day.name, seen.Findings)
			}
			runs++
		}
	})
	t.Run("small orgs", func(t *testing.T) {
		for seed := range uint64(7) {
			org := newOrg(t, oracle.Random(seed+500, 1))
			small := openStages(t)
			if seen := small.run(t, org.dir); len(seen.Findings) > 0 {
				t.Errorf("seed %d, first run: %+v", seed, seen.Findings)
			}
			w := org.world
			w.Change(w.Row("Account", 0), "Name", "Another Name", "OwnerId", "")
			w.Change(w.Row("User", 0), "IsActive", "false")
			w.Members.Rows = w.Members.Rows[1:]
			org.write(t)
			if seen := small.run(t, org.dir); len(seen.Findings) > 0 {
				t.Errorf("seed %d, second run: %+v", seed, seen.Findings)
			}
			runs += 2
		}
	})
	if runs < 60 {
		t.Errorf("only %d runs", runs)
	}
}

// The whole pipeline passes days that change much, and the run's record has every check.
func TestOrdinaryRunsPublish_Invariant7(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	t.Parallel()
	base, _ := pipeline.PublishedDemo(t)
	store := filepath.Join(base, "store")
	f := demoFiles(t, 1)
	for i, name := range []string{"all of Monday's work", "the directory is refreshed", "all names in capitals"} {
		at := slices.IndexFunc(ordinary, func(d day) bool { return d.name == name })
		ordinary[at].change(f)
		dir := t.TempDir()
		f.write(t, dir, store)
		result, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf = asOf.Add(time.Duration(i+1) * time.Hour) })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var names []string
		for _, c := range result.Record.Checks {
			names = append(names, c.Name)
			if !c.Passed || c.Accepted {
				t.Errorf("%s: %+v", name, c)
			}
		}
		for _, want := range append(slices.Clone(extract.Inspections), "rejected_share", "match_rate") {
			if !slices.Contains(names, want) {
				t.Errorf("%s: the record lacks the check %s: %v", name, want, names)
			}
		}
	}
}
