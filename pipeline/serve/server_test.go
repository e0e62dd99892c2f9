package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/pipeline/schedule"
)

// world is a store, a clock that the test moves, and runs that end as the test says.
type world struct {
	t      *testing.T
	dir    string
	now    time.Time
	server *Server
	// run says how a run that starts now ends; nil publishes.
	run    func(full bool) Ended
	starts []string // when which run was started
}

func newWorld(t *testing.T, lines string, start string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), now: clock(t, start)}
	for name, text := range map[string]string{"crm/Account.csv": "", "directory/companies.csv": "", "directory/members.csv": "",
		"tell": "#!/bin/sh\ncat >> " + w.dir + "/told\nenv >> " + w.dir + "/environment\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(w.dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.configure(lines)
	w.restart()
	return w
}

func (w *world) configure(lines string) {
	w.t.Helper()
	text := fmt.Sprintf("org: {instance_url: \"https://acme.example\"}\nnotify: {command: [%s/tell]}\n%s\n", w.dir, lines)
	if err := os.WriteFile(filepath.Join(w.dir, "crmlink.yaml"), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// restart is a new process on the same store.
func (w *world) restart() {
	w.t.Helper()
	if w.server != nil {
		w.server.hooks.all.Wait()
	}
	config, err := pipeline.LoadConfig(filepath.Join(w.dir, "crmlink.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.server, err = New(Options{Config: config, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return w.now },
		Child: func(_ context.Context, full bool) Ended {
			w.starts = append(w.starts, w.now.Format("02T15:04 ")+map[bool]string{true: "full", false: "incremental"}[full])
			if w.run != nil {
				return w.run(full)
			}
			return Ended{Run: w.publish(full)}
		}})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.server.remember(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// publish leaves what a run that was published leaves.
func (w *world) publish(full bool) string {
	w.t.Helper()
	store := filepath.Join(w.dir, "store")
	id := w.now.Format("20060102T150405Z")
	previous, _ := pipeline.Store{Dir: store}.Current()
	finished := w.now.Add(time.Minute)
	record := pipeline.Record{ID: id, AsOf: w.now, Started: w.now, Finished: &finished, Status: pipeline.Published, PeakMemory: 700 << 20, Previous: previous,
		Import: map[bool]string{true: pipeline.FullImport, false: pipeline.DeltaImport}[full || previous == ""],
		Stats:  []pipeline.ObjectStats{{Object: "Account", Records: 10, Matched: 7}}}
	data, err := json.Marshal(record)
	if err == nil {
		err = os.MkdirAll(filepath.Join(store, "runs", id), 0o755)
	}
	for _, name := range []string{"run.json", "analytics.duckdb"} {
		if err == nil {
			err = os.WriteFile(filepath.Join(store, "runs", id, name), data, 0o644)
		}
	}
	os.Remove(filepath.Join(store, "current"))
	if err == nil {
		err = os.Symlink(filepath.Join("runs", id), filepath.Join(store, "current"))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// until moves the clock in steps and lets the server look at it each time.
func (w *world) until(text string, step time.Duration) {
	w.t.Helper()
	for end := clock(w.t, text); !w.now.After(end); w.now = w.now.Add(step) {
		for range 3 { // a run that ends makes room for the next one at once
			w.server.tick(w.t.Context())
			if w.server.current() != nil {
				w.server.settle(w.t.Context(), <-w.server.ended)
			}
		}
	}
	w.now = clock(w.t, text)
}

// expect compares the runs that were started since the last call.
func (w *world) expect(what string, want ...string) {
	w.t.Helper()
	if !slices.Equal(w.starts, want) {
		w.t.Errorf("%s: started %v, want %v", what, w.starts, want)
	}
	w.starts = nil
}

// notices are what people were told since the last call.
func (w *world) notices() []Notice {
	w.t.Helper()
	w.server.hooks.all.Wait()
	data, _ := os.ReadFile(filepath.Join(w.dir, "told"))
	os.Remove(filepath.Join(w.dir, "told"))
	var all []Notice
	for line := range strings.Lines(string(data)) {
		var n Notice
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

func (w *world) last(entry string) control.Scheduled {
	w.t.Helper()
	db, err := control.Open(w.t.Context(), filepath.Join(w.dir, "store"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	last, err := db.LastScheduled(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return last[entry]
}

func clock(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Everything is imported at first, then nightly, and every 12 hours what changed; each can be switched off.
func TestServe_G1_G2_G3_Z1_FirstAtOnceThenNightlyAndEvery12Hours(t *testing.T) {
	w := newWorld(t, "", "2026-11-20T09:30")
	w.until("2026-11-22T10:00", 15*time.Minute)
	w.expect("from the first start on", "20T09:30 full", "20T16:00 incremental", "21T04:00 full", "21T16:00 incremental", "22T04:00 full")
	w.configure("schedule: {incremental: off}")
	w.until("2026-11-23T10:00", 15*time.Minute)
	w.expect("incremental off", "23T04:00 full")
	w.configure("schedule: {full: off, zone: Europe/Berlin}")
	w.until("2026-11-24T23:00", 15*time.Minute)
	w.expect("full off, another zone", "23T15:00 incremental", "24T15:00 incremental")
	if told := w.notices(); len(told) > 0 {
		t.Errorf("told of %+v", told)
	}
}

// What was missed while the process was down is made up for once, within the window; a full run makes up for both.
func TestServe_G1_MissedRunsAreMadeUpForOnce(t *testing.T) {
	w := newWorld(t, "", "2026-11-20T09:30")
	w.until("2026-11-20T10:00", 15*time.Minute)
	w.expect("first", "20T09:30 full")
	w.now = clock(t, "2026-11-23T06:10") // down for three days
	w.restart()
	w.until("2026-11-23T15:00", 15*time.Minute)
	w.expect("after three days", "23T06:10 full")
	w.restart()
	w.until("2026-11-23T15:30", 15*time.Minute)
	w.expect("after a second start")
	if told := w.notices(); len(told) != 1 || told[0].Event != "run.missed" || told[0].Entry != schedule.Incremental {
		t.Errorf("of the incremental run of the evening before: told of %+v", told)
	}
	w.now = clock(t, "2026-11-24T15:00") // past the window of 04:00
	w.restart()
	w.until("2026-11-24T15:30", 15*time.Minute)
	w.expect("too late")
	told := w.notices()
	if len(told) != 2 || !slices.ContainsFunc(told, func(n Notice) bool {
		return n.Event == "run.missed" && n.Entry == schedule.Full && n.Try != "" && n.Published != ""
	}) {
		t.Errorf("told of %+v", told)
	}
}

// Reasons that pass are tried again with growing waits; then people are told, once.
func TestServe_PassingReasonsAreTriedAgain(t *testing.T) {
	w := newWorld(t, "schedule: {retries: 2, backoff: 10m}", "2026-11-20T09:30")
	w.until("2026-11-20T10:00", 15*time.Minute)
	w.starts = nil
	w.run = func(bool) Ended {
		return Ended{Exit: 3, Passes: true, Problem: "not there", Try: "mount it"}
	}
	w.until("2026-11-20T17:00", 5*time.Minute)
	w.expect("three attempts", "20T16:00 incremental", "20T16:10 incremental", "20T16:30 incremental")
	told := w.notices()
	if len(told) != 1 || told[0].Event != "run.failed" || told[0].Attempts != 3 || told[0].Exit != 3 || told[0].Problem != "not there" || told[0].Org != "https://acme.example" {
		t.Errorf("told of %+v", told)
	}
	n := 0
	w.run = func(full bool) Ended {
		if n++; n == 1 {
			return Ended{Exit: -1, Passes: true, Problem: "killed"}
		}
		return Ended{Run: w.publish(full)}
	}
	w.until("2026-11-21T10:00", 5*time.Minute)
	w.expect("killed once", "21T04:00 full", "21T04:10 full")
	if told := w.notices(); len(told) > 0 || w.last(schedule.Full).State != control.Published {
		t.Errorf("told of %+v; %+v", told, w.last(schedule.Full))
	}
	// The wait between two attempts outlives the process.
	w.run = func(bool) Ended { return Ended{Exit: 1, Passes: true, Problem: "disk full"} }
	w.until("2026-11-21T16:05", 5*time.Minute)
	w.restart()
	w.until("2026-11-21T16:25", 5*time.Minute)
	w.expect("over a restart", "21T16:00 incremental", "21T16:10 incremental")
}

// What a check stopped, and what is somebody's input, is not tried again.
func TestServe_CircuitBreakerAndInputAreToldAtOnce(t *testing.T) {
	w := newWorld(t, "", "2026-11-20T09:30")
	w.until("2026-11-20T10:00", 15*time.Minute)
	w.starts = nil
	w.run = func(full bool) Ended {
		if full {
			return Ended{Exit: 4, Run: "r4", Checks: []string{"records_gone"}, Problem: "stopped before publishing", Try: "look"}
		}
		return Ended{Exit: 2, Problem: "Contact-1.csv line 3", Try: "correct it"}
	}
	w.until("2026-11-21T16:30", 15*time.Minute)
	w.expect("once each", "20T16:00 incremental", "21T04:00 full", "21T16:00 incremental")
	told := w.notices()
	if len(told) != 3 || !slices.ContainsFunc(told, func(n Notice) bool {
		return n.Event == "run.stopped" && n.Run == "r4" && slices.Equal(n.Checks, []string{"records_gone"}) && n.Exit == 4
	}) {
		t.Errorf("told of %+v", told)
	}
	if l := w.last(schedule.Full); l.State != control.Stopped || !slices.Equal(l.Checks, []string{"records_gone"}) {
		t.Errorf("%+v", l)
	}
	if env, err := os.ReadFile(filepath.Join(w.dir, "environment")); err != nil || !strings.Contains(string(env), "CRMLINK_EVENT=run.stopped") || !strings.Contains(string(env), "CRMLINK_CHECKS=records_gone") {
		t.Errorf("the command's environment: %v", err)
	}
}

// Another run that holds the store is waited for. That counts as no attempt, and what it publishes counts as done.
func TestServe_AnotherRunIsWaitedFor(t *testing.T) {
	w := newWorld(t, "schedule: {retries: 0}", "2026-11-20T09:30")
	w.until("2026-11-20T10:00", 15*time.Minute)
	w.starts = nil
	busy := clock(t, "2026-11-21T05:00")
	w.run = func(full bool) Ended {
		if w.now.Before(busy) {
			return Ended{Exit: 5, Passes: true, Problem: "another run holds the store"}
		}
		return Ended{Run: w.publish(full)}
	}
	w.until("2026-11-20T20:00", time.Minute)
	if n := len(w.starts); n < 40 || n > 60 {
		t.Errorf("asked %d times in four hours", n)
	}
	if l := w.last(schedule.Incremental); l.State != control.Waiting || l.Attempt != 0 {
		t.Errorf("%+v", l)
	}
	w.starts = nil
	w.until("2026-11-21T05:30", time.Minute)
	if last := w.starts[len(w.starts)-1]; !strings.HasSuffix(last, " full") || w.last(schedule.Full).State != control.Published {
		t.Errorf("%s, %+v", last, w.last(schedule.Full))
	}
	if told := w.notices(); len(told) != 1 || told[0].Event != "run.missed" || !strings.Contains(told[0].Problem, "another run holds the store") {
		t.Errorf("of the incremental run that never got the store, told of %+v", told)
	}
	// Somebody runs it by hand at the due time, and publishes.
	busy = clock(t, "2026-11-22T00:00")
	w.until("2026-11-21T16:00", time.Minute)
	w.publish(false)
	w.starts = nil
	w.until("2026-11-21T17:00", time.Minute)
	w.expect("done by hand")
	if l := w.last(schedule.Incremental); l.State != control.Covered {
		t.Errorf("%+v", l)
	}
}

// A server that is killed with its run starts it again, which takes it up; one that is asked to stop counts no attempt.
func TestServe_KilledAndInterruptedRunsGoOn(t *testing.T) {
	w := newWorld(t, "schedule: {retries: 1}", "2026-11-20T09:30")
	w.until("2026-11-20T15:45", 15*time.Minute)
	w.starts = nil
	w.now = clock(t, "2026-11-20T16:00")
	for n := range 2 { // killed twice: what the child says is never heard
		w.server.tick(t.Context())
		if <-w.server.ended; w.last(schedule.Incremental).Attempt != n+1 {
			t.Errorf("%+v", w.last(schedule.Incremental))
		}
		os.Remove(filepath.Join(w.dir, "store", "current")) // nor did it publish
		w.publishAt("2026-11-20T09:30")
		w.restart()
	}
	w.until("2026-11-20T17:00", time.Minute)
	w.expect("killed twice", "20T16:00 incremental", "20T16:00 incremental")
	if told := w.notices(); len(told) != 1 || told[0].Event != "run.failed" || told[0].Attempts != 2 {
		t.Errorf("told of %+v", told)
	}
	w.now = clock(t, "2026-11-21T04:00")
	w.run = func(bool) Ended { return Ended{Exit: 1, Passes: true, Interrupted: true, Run: "r"} }
	for range 5 {
		w.server.tick(t.Context())
		w.server.settle(t.Context(), <-w.server.ended)
		w.restart()
	}
	if l := w.last(schedule.Full); l.State != control.Interrupted || l.Attempt != 0 || len(w.starts) != 5 {
		t.Errorf("%+v after %v", l, w.starts)
	}
	w.run = nil
	w.starts = nil
	w.until("2026-11-21T05:00", time.Minute)
	w.expect("goes on", "21T04:00 full")
}

// publishAt is publish at another time.
func (w *world) publishAt(text string) {
	now := w.now
	w.now = clock(w.t, text)
	w.publish(true)
	w.now = now
}

// A changed configuration is taken over; a faulty one is told of and the old one stays. A changed entry begins anew.
func TestServe_ConfigurationIsReadAgain(t *testing.T) {
	w := newWorld(t, "", "2026-11-20T09:30")
	w.until("2026-11-20T10:00", 15*time.Minute)
	w.starts = nil
	w.configure("schedule: {incremental: \"45 9 * * *\"}") // a quarter of an hour ago: not missed
	w.until("2026-11-20T11:00", 15*time.Minute)
	w.expect("changed")
	w.configure("schedule: {incremental: \"45 9 * *\"}")
	w.until("2026-11-21T10:00", 15*time.Minute)
	w.expect("faulty", "21T04:00 full", "21T09:45 incremental")
	if w.server.faulty == nil {
		t.Error("the fault is not told")
	}
	w.configure("schedule: {incremental: off}")
	w.until("2026-11-21T11:00", 15*time.Minute)
	if w.server.faulty != nil {
		t.Errorf("corrected, and still %v", w.server.faulty)
	}
}
