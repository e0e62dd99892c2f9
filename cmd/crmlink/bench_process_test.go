package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

var benchOne = flag.String("one", "", "a file that says what one process is to run and gets what it took; set by the benchmarks themselves")

// benchRun is one run in a process of its own, so that its memory is its own, and what it took.
type benchRun struct {
	Config   string
	Full     bool   // the input holds every live record
	Estimate bool   // the model is estimated, though the run before had one
	Accept   string // why checks that fail are passed over
	Memory   string // in place of limits.memory

	Steps []benchStep
	CPU   time.Duration // of the process, the engine's threads included
	Wall  time.Duration // of the process
	Peak  int64         // resident memory in bytes, pages of mapped files included
	Pairs int64         // compared in the rounds that are published
}

type benchStep struct {
	pipeline.Step
	Peak int64
}

// TestBenchOne is the process that a benchmark starts; started by hand it does nothing.
func TestBenchOne(t *testing.T) {
	if *benchOne == "" {
		t.Skip("started by the benchmarks")
	}
	data, err := os.ReadFile(*benchOne)
	if err != nil {
		t.Fatal(err)
	}
	var r benchRun
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	config, err := pipeline.LoadConfig(r.Config)
	if err != nil {
		t.Fatal(err)
	}
	peaks := map[string]int64{}
	result, err := pipeline.Run(t.Context(), pipeline.Options{Config: config, Full: r.Full, Estimate: r.Estimate, Accept: r.Accept, Memory: r.Memory,
		Report: func(e pipeline.Event) {
			switch e.State {
			case "start":
				r.Peak = max(r.Peak, peakMemory())
				resetPeak()
			case "done":
				peaks[e.Step] = peakMemory()
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	r.Peak = max(r.Peak, peakMemory())
	for _, s := range result.Record.Steps {
		r.Steps = append(r.Steps, benchStep{s, peaks[s.Name]})
		r.Peak = max(r.Peak, peaks[s.Name])
	}
	if data, err = json.Marshal(r); err == nil {
		err = os.WriteFile(*benchOne, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// benched runs one org in a process of its own, and says so, for a benchmark takes minutes.
func benched(t *testing.T, what string, r benchRun) benchRun {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "run.json")
	data, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	began(what)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestBenchOne$", "-one", file)
	started := time.Now()
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", what, err, said)
	}
	r.Wall = time.Since(started)
	if data, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	r.Wall, r.CPU = time.Since(started), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	for _, n := range candidatePairs(t, filepath.Dir(r.Config)) {
		r.Pairs += n
	}
	ended(r.CPU)
	return r
}

// began and ended tell the terminal how far a benchmark is; go test keeps a test's own log until its end.
func began(what string) {
	fmt.Fprintf(os.Stderr, "%s  %s … ", time.Now().Format(time.TimeOnly), what)
}

func ended(cpu time.Duration) { fmt.Fprintf(os.Stderr, "%.1f CPU s\n", cpu.Seconds()) }

// stages are the parts of a run that figures are given for, and the beginnings of the names of their steps. Reading comes
// first and publishing last; steps between that have no stage here belong to the one before.
var stages = []struct{ name, steps string }{
	{"read", "extract inspect"}, {"normalize", "normalize"}, {"block", "block"}, {"estimate", "estimate"}, {"score", "score"}, {"resolve", "resolve known"},
	{"reasons", "propose rescore"}, {"mapping", "answers"}, {"publish", "model publish changes switch"},
}

func stageOf(step string) string {
	if strings.HasPrefix(step, "changes by ") { // computed to tell causes apart, after the mapping
		return "publish"
	}
	for _, s := range stages {
		for _, first := range strings.Fields(s.steps) {
			if strings.HasPrefix(step, first) {
				return s.name
			}
		}
	}
	return "publish"
}

// cpuOf is the CPU time of some stages.
func (r benchRun) cpuOf(names ...string) (cpu time.Duration) {
	for _, s := range r.Steps {
		for _, name := range names {
			if stageOf(s.Name) == name {
				cpu += s.CPU
			}
		}
	}
	return cpu
}

// candidatePairs are the pairs that were compared in the published rounds, by object.
func candidatePairs(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	publication, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Open(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	defer publication.Close()
	answer, err := publication.Select(t.Context(), "SELECT object, sum(candidates)::BIGINT FROM candidate WHERE rank = 1 GROUP BY object")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	pairs := map[string]int64{}
	for {
		row, err := answer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if row == nil {
			return pairs
		}
		pairs[row[0].(string)] = row[1].(int64)
	}
}

// resetPeak starts a new measurement of the process's peak memory, where the system can.
func resetPeak() {
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) //nolint:errcheck // elsewhere the peak is that of the whole run
}

// peakMemory is the peak of resident memory in bytes since resetPeak.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
