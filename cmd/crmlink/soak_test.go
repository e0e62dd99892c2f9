package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
)

var soakRuns = flag.Int("soak", 0, "that many incremental runs in one process, and write docs/reliability.md")

// held is what the process and the store hold after a run.
type held struct {
	resident, heap, store int64 // bytes
	files, goroutines     int   // open files, goroutines
	mapped                int   // objects of the store that are mapped
	records               int64
}

// A process that runs again and again holds no more memory, open files and mapped objects later than earlier, and a store
// that is collected after each run stops growing once it holds the runs that are kept.
func TestSoak(t *testing.T) {
	runs, keep, size := 4, 2, demo.Config{Accounts: 40, Contacts: 100, Leads: 40, Seed: 5}
	switch {
	case *soakRuns > 0:
		runs, keep, size = *soakRuns, 30, demo.Config{Accounts: 500, Contacts: 1200, Leads: 500, Seed: 5}
	case testing.Short():
		t.Skip("not under the race detector, which holds memory of its own")
	}
	dir := t.TempDir()
	size.Out = dir
	if _, err := demo.Generate(t.Context(), size); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 1, 4, 0, 0, 0, time.UTC)
	var all []held
	for n := range runs + 1 { // the first is the full one
		at := start.Add(time.Duration(n) * 12 * time.Hour)
		if n > 0 {
			nextHalfDay(t, dir, n, at)
		}
		config, err := pipeline.LoadConfig(filepath.Join(dir, "crmlink.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		result, err := pipeline.Run(t.Context(), pipeline.Options{Config: config, AsOf: at})
		if err != nil {
			t.Fatalf("run %d: %v", n, err)
		}
		if kind := result.Record.Import; n > 0 && kind != "delta" {
			t.Fatalf("run %d is a %s import", n, kind)
		}
		store := pipeline.Store{Dir: config.Path("store")}
		if _, err := store.Collect(pipeline.CollectOptions{Keep: keep}); err != nil {
			t.Fatal(err)
		}
		h := holding(t, store.Dir)
		for _, s := range result.Record.Stats {
			h.records += s.Records
		}
		all = append(all, h)
		if n%5 == 0 || n == runs {
			t.Logf("run %3d: %+v", n, h)
		}
	}
	checkFlat(t, all[1:], keep)
	if *soakRuns > 0 {
		writeSoak(t, all, size, keep)
	}
}

// nextHalfDay makes the folder of the CRM's files one with what changed; every tenth time the directory has changed too.
func nextHalfDay(t *testing.T, dir string, n int, at time.Time) {
	t.Helper()
	delta := fmt.Sprintf("delta-%d", n)
	changes := demo.Changes{Org: dir, PerMille: 10, Seed: uint64(n), At: at.Add(-time.Hour), Delta: filepath.Join(dir, delta)}
	if _, err := demo.ChangeCRM(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if n%10 == 0 {
		if _, err := demo.ChangeDirectory(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
	}
	before := "crm"
	if n > 1 {
		before = fmt.Sprintf("delta-%d", n-1)
		if err := os.RemoveAll(filepath.Join(dir, before)); err != nil {
			t.Fatal(err)
		}
	}
	edit(t, filepath.Join(dir, "crmlink.yaml"), "path: "+before+" ", "path: "+delta+" ")
}

// holding looks at this process and at a store. What is only waiting to be collected is collected first.
func holding(t *testing.T, store string) held {
	t.Helper()
	debug.FreeOSMemory()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	h := held{heap: int64(memory.HeapAlloc), goroutines: runtime.NumGoroutine()}
	eachLine(t, "/proc/self/status", func(line string) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			h.resident = kib << 10
		}
	})
	eachLine(t, "/proc/self/maps", func(line string) {
		if strings.Contains(line, store+"/objects/") {
			h.mapped++
		}
	})
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	h.files = len(open)
	for _, path := range storeFiles(t, filepath.Dir(store)) {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		h.store += info.Size()
	}
	return h
}

func eachLine(t *testing.T, path string, fn func(string)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		fn(scanner.Text())
	}
}

// mean of some value over some runs.
func mean(runs []held, value func(held) int64) int64 {
	sum := int64(0)
	for _, h := range runs {
		sum += value(h)
	}
	return sum / int64(len(runs))
}

// stretches are the runs that are compared: the last fifth, and a fifth of an earlier time, when the store had all the runs
// that are kept.
func stretches(all []held, keep int) (early, late []held) {
	fifth := max(1, len(all)/5)
	from := min(max(keep, fifth), len(all)-2*fifth)
	return all[from : from+fifth], all[len(all)-fifth:]
}

func checkFlat(t *testing.T, all []held, keep int) {
	t.Helper()
	early, late := stretches(all, keep)
	for _, c := range []struct {
		what         string
		value        func(held) int64
		share, spare int64 // allowed growth: percent, and what is too small to count
	}{
		{"resident memory", func(h held) int64 { return h.resident }, 20, 48 << 20},
		{"Go heap", func(h held) int64 { return h.heap }, 20, 8 << 20},
		{"store", func(h held) int64 { return h.store }, 25, 1 << 20},
		{"open files", func(h held) int64 { return int64(h.files) }, 0, 1},
		{"goroutines", func(h held) int64 { return int64(h.goroutines) }, 0, 1},
		{"mapped objects", func(h held) int64 { return int64(h.mapped) }, 0, 0},
	} {
		was, is := mean(early, c.value), mean(late, c.value)
		if is > was+was*c.share/100+c.spare {
			t.Errorf("%s grew from %d to %d", c.what, was, is)
		}
	}
	if late[len(late)-1].mapped > 0 {
		t.Errorf("%d objects are mapped between runs", late[len(late)-1].mapped)
	}
}

func writeSoak(t *testing.T, all []held, size demo.Config, keep int) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%d incremental runs, one after the other in one process, over an org of at first %d records.\n\n",
		len(all)-1, size.Accounts+size.Contacts+size.Leads)
	b.WriteString("| after run | records | resident MB | Go heap MB | open files | goroutines | mapped objects | store MB |\n|---|---|---|---|---|---|---|---|\n")
	for n := 0; n < len(all); n += 10 {
		h := all[n]
		fmt.Fprintf(&b, "| %d | %d | %d | %.1f | %d | %d | %d | %.1f |\n", n, h.records, h.resident>>20, float64(h.heap)/(1<<20), h.files, h.goroutines, h.mapped,
			float64(h.store)/(1<<20))
	}
	early, late := stretches(all[1:], keep)
	fmt.Fprintf(&b, "\nMeans of %d runs, from run %d on and of the last ones: resident %d and %d MB, heap %.1f and %.1f MB, store %.1f and %.1f MB.\n", len(early),
		max(keep, len(early))+1, mean(early, func(h held) int64 { return h.resident })>>20, mean(late, func(h held) int64 { return h.resident })>>20,
		float64(mean(early, func(h held) int64 { return h.heap }))/(1<<20), float64(mean(late, func(h held) int64 { return h.heap }))/(1<<20),
		float64(mean(early, func(h held) int64 { return h.store }))/(1<<20), float64(mean(late, func(h held) int64 { return h.store }))/(1<<20))
	writeTable(t, "soak", b.String())
}
