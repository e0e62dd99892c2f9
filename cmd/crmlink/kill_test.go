package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

// killed is what became of one trial.
type killed struct {
	where    string
	survived bool // the run was over before it could be killed
	resumed  bool // the next start took the same run up
}

// atLine kills after the nth line about a step.
func atLine(n int) func(string, <-chan string) {
	return func(_ string, lines <-chan string) {
		seen := 0
		for text := range lines {
			if strings.HasPrefix(text, "✓ ") || strings.HasPrefix(text, "= ") {
				seen++
			}
			if seen == n {
				return
			}
		}
	}
}

// when kills as soon as a file of the run has come to be, or holds a text: between the writes of the publication. It
// gives up when the run is over.
func when(path, text string) func(string, <-chan string) {
	return func(dir string, lines <-chan string) {
		for {
			select {
			case _, running := <-lines:
				if !running {
					return
				}
			case <-time.After(200 * time.Microsecond): // Go notes every file that a test asks for: without a pause that grows to gigabytes
			}
			if text == "" {
				if _, err := os.Lstat(filepath.Join(dir, path)); err == nil {
					return
				}
			} else if data, err := os.ReadFile(filepath.Join(dir, path)); err == nil && bytes.Contains(data, []byte(text)) {
				return
			}
		}
	}
}

// A run that is killed at any instant leaves the last publication readable, and the next start ends it (invariant 3).
func TestKilledRunIsTakenUp_Invariant3(t *testing.T) {
	c := newChaos(t)
	random, boundaries := 1, []int{c.steps / 2}
	if testing.Short() {
		random, boundaries = 1, boundaries[:1]
	}
	if *chaosKills > 0 {
		random, boundaries = smallKills, nil
		for n := range c.steps {
			boundaries = append(boundaries, n+1)
		}
	}
	var all []killed
	source := rand.New(rand.NewPCG(uint64(random), 3))
	for n := range random {
		wait := time.Duration(source.Int64N(int64(c.took)))
		all = append(all, c.kill(t, c.kept, 0, fmt.Sprintf("random instant %d", n+1), func(string, <-chan string) { time.Sleep(wait) }))
	}
	for _, n := range boundaries {
		all = append(all, c.kill(t, c.kept, 0, fmt.Sprintf("after step %d", n), atLine(n)))
	}
	// All that these instants are about is done by the switch. So but for docs/reliability.md it is a start that takes a run up
	// which is killed at them, and the steps before need not be made again for each.
	from, before := c.begun, 1
	if *chaosKills > 0 {
		from, before = c.kept, 0
	}
	folder := filepath.Join("store", "runs", c.want.ID)
	for where, now := range map[string]func(string, <-chan string){
		"while the database is written":              when(filepath.Join(folder, "analytics.duckdb.new"), ""),
		"after the database was written":             when(filepath.Join(folder, "analytics.duckdb"), ""),
		"after the record says that it is published": when(filepath.Join(folder, "run.json"), `"status": "published"`),
		"before the link is moved":                   when(filepath.Join("store", "current.new"), ""),
	} {
		if !testing.Short() {
			all = append(all, c.kill(t, from, before, where, now))
		}
	}
	resumed, survived := 0, 0
	for _, k := range all {
		if k.resumed {
			resumed++
		}
		if k.survived {
			survived++
		}
	}
	t.Logf("%d kills: %d runs taken up, %d over before the kill", len(all), resumed, survived)
	if resumed == 0 {
		t.Error("no run was killed on its way")
	}
	if *chaosKills > 0 {
		writeReliability(t, all)
	}
}

// Without --as-of the killed run keeps the time that it took from the clock.
func TestKilledRunKeepsItsTime_Invariant3(t *testing.T) {
	if testing.Short() {
		t.Skip("a process of its own: the race detector sees nothing of it that the other kills do not show")
	}
	c := newChaos(t)
	dir := c.copy(t)
	cmd := crmlink(t, dir, "run")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	atLine(2)(dir, linesOf(stderr))
	cmd.Process.Kill() //nolint:errcheck // it may be over already
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatalf("the run was not killed: %v", err)
	}
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	runs, err := store.Runs()
	if err != nil || len(runs) != 2 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	time.Sleep(1100 * time.Millisecond) // into another second
	if out, err := crmlink(t, dir, "run").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := current(t, dir); got.ID != runs[1].ID || !got.AsOf.Equal(runs[1].AsOf) {
		t.Errorf("run %s as of %s, want %s as of %s", got.ID, got.AsOf, runs[1].ID, runs[1].AsOf)
	}
}
