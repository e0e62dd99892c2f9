package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
)

var measureBench = flag.Bool("measure", false, "measure a large run by stage and write docs/performance.md")

// TestBench runs an org of 100,000 contacts, 40,000 leads and 30,000 accounts against some 210,000 members and 90,000
// companies, twice: the second run shows what reuse saves. Figures only; nothing is asserted about time.
func TestBench(t *testing.T) {
	if !*measureBench {
		t.Skip("measured by make bench")
	}
	dir := t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Accounts: 30_000, Contacts: 100_000, Leads: 40_000, Seed: 1, Out: dir}); err != nil {
		t.Fatal(err)
	}
	config, err := pipeline.LoadConfig(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %d processors, %s, %s/%s.\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, title := range []string{"First run", "Second run over the same files"} {
		peaks := map[string]int64{}
		result, err := pipeline.Run(t.Context(), pipeline.Options{Config: config, Report: func(e pipeline.Event) {
			switch e.State {
			case "start":
				resetPeak()
			case "done":
				peaks[e.Step] = peakMemory()
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		pairs := candidatePairs(t, dir)
		fmt.Fprintf(&b, "\n## %s\n\n| step | rows out | CPU s | wall s | rows per CPU s | pairs | pairs per CPU s | peak memory MB |\n|---|---|---|---|---|---|---|---|\n", title)
		var cpu, wall time.Duration
		var peak int64
		for _, s := range result.Record.Steps {
			cpu, wall, peak = cpu+s.CPU, wall+s.Elapsed, max(peak, peaks[s.Name])
			name := s.Name
			scored := map[string]int64{"score companies again": pairs["Account"], "score people": pairs["Contact"] + pairs["Lead"]}[s.Name]
			if s.Reused {
				fmt.Fprintf(&b, "| %s (reused) | %d | | %.2f | | | | %d |\n", name, s.Rows, s.Elapsed.Seconds(), peaks[s.Name]>>20)
				continue
			}
			fmt.Fprintf(&b, "| %s | %d | %.2f | %.2f | %s | %s | %s | %d |\n", name, s.Rows, s.CPU.Seconds(), s.Elapsed.Seconds(),
				perSecond(s.Rows, s.CPU), counted(scored), perSecond(scored, s.CPU), peaks[s.Name]>>20)
		}
		fmt.Fprintf(&b, "| **all** | | **%.1f** | **%.1f** | | | | **%d** |\n", cpu.Seconds(), wall.Seconds(), peak>>20)
	}
	t.Log("\n" + b.String())
	writeDoc(t, "performance.md", b.String())
}

func perSecond(n int64, d time.Duration) string {
	if n == 0 || d < time.Millisecond {
		return ""
	}
	return fmt.Sprintf("%.0f", float64(n)/d.Seconds())
}

func counted(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
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
	runtime.GC()
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
