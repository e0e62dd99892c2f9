package pipeline

import (
	"context"
	"runtime/debug"
	"strings"
	"testing"
)

// What the engine and Go's heap may use is never more than what the run may, and neither is starved.
func TestShareMemory(t *testing.T) {
	for _, all := range []int64{256 << 20, 700 << 20, 4 << 30, 12 << 30} {
		engine, heap := shareMemory(all)
		if engine+heap >= all || engine < all/3 || heap < all/5 {
			t.Errorf("of %d MiB the engine gets %d and the heap %d", all>>20, engine>>20, heap>>20)
		}
	}
}

// --memory takes the place of the configured limit, and the process has its own limit back afterwards.
func TestMemoryOfARun(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	r := &run{store: Store{Dir: t.TempDir()}}
	if err := r.openSession(context.Background(), Options{Memory: "500MiB"}); err != nil {
		t.Fatal(err)
	}
	engine, heap := shareMemory(500 << 20)
	if got := debug.SetMemoryLimit(-1); got != heap {
		t.Errorf("the heap's limit is %d, want %d", got, heap)
	}
	rows, err := r.session.Query(context.Background(), "SELECT current_setting('memory_limit')", nil)
	if err != nil {
		t.Fatal(err)
	}
	var limit string
	for rows.Next() {
		if err := rows.Scan(&limit); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if size, err := memorySize(strings.ReplaceAll(limit, " ", ""), 1<<30); err != nil || size > engine || size < engine*9/10 {
		t.Errorf("the engine's limit is %s, want %d MiB", limit, engine>>20)
	}
	r.close()
	if after := debug.SetMemoryLimit(-1); after != before {
		t.Errorf("the heap's limit stays at %d", after)
	}
	if err := (&run{store: Store{Dir: t.TempDir()}}).openSession(context.Background(), Options{Memory: "lots"}); err == nil || !strings.Contains(err.Error(), "--memory") {
		t.Errorf("lots of memory: %v", err)
	}
}

// A run that needed more memory than it was given says so, with both figures and where the limit stands; one that did not says nothing.
func TestNoteMemory(t *testing.T) {
	if peak := peakMemory(); peak < 10<<20 || peak > machineMemory() {
		t.Errorf("this process has had %d bytes at its peak", peak)
	}
	r := &run{room: 300 << 20, roomFrom: "limits.memory"}
	r.noteMemory(300 << 20)
	if r.record.PeakMemory != 300<<20 || len(r.record.Notices) != 0 {
		t.Errorf("all that it may: %d, %q", r.record.PeakMemory, r.record.Notices)
	}
	r.noteMemory(489 << 20)
	if n := r.record.Notices; len(n) != 1 || !strings.Contains(n[0], "489 MiB") || !strings.Contains(n[0], "300 MiB of limits.memory") {
		t.Errorf("more than it may: %q", n)
	}
}
