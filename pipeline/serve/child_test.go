package serve

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// script is a program that stands for crmlink.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crmlink")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestChild_SaysHowItEnded(t *testing.T) {
	t.Setenv(SecretVariable, "very-secret")
	for _, c := range []struct {
		name, text string
		full       bool
		want       Ended
		log        string
	}{
		{"published", `echo "$@" >&2; echo '{"run": {"id": "r1"}, "stats": []}'`, true, Ended{Run: "r1"}, "run --json -c the file.yaml --full\n"},
		{"incremental", `echo "$@" >&2; echo '{"run": {"id": "r2"}}'`, false, Ended{Run: "r2"}, "run --json -c the file.yaml\n"},
		{"no secret", `echo "[$` + SecretVariable + `]" >&2; printf 'half a line' >&2`, false, Ended{}, "[]\nhalf a line\n"},
		{"stopped", `echo '✓ extract' >&2; echo '{"error":"gone","try":"look","exit":4,"run":"r3","checks":["records_gone"]}' >&2; exit 4`, false,
			Ended{Exit: 4, Run: "r3", Problem: "gone", Try: "look", Checks: []string{"records_gone"}}, "✓ extract\n"},
		{"passes", `echo '{"error":"disk full","exit":1,"passes":true}' >&2; exit 1`, false, Ended{Exit: 1, Problem: "disk full", Passes: true}, ""},
		{"killed", `kill -9 $$`, false, Ended{Exit: -1, Passes: true, Problem: "the run was killed (signal: killed)", Try: "look for what killed it: out of memory, the machine's log"}, ""},
		{"silent", `exit 9`, false, Ended{Exit: 9, Problem: "the run ended with exit code 9 and did not say why", Try: "crmlink status"}, ""},
	} {
		var log strings.Builder
		got := Child(script(t, c.text), "the file.yaml", &log)(t.Context(), c.full)
		if !equal(got, c.want) || log.String() != c.log {
			t.Errorf("%s: %+v, want %+v; log %q", c.name, got, c.want, log.String())
		}
	}
	got := Child(filepath.Join(t.TempDir(), "nowhere"), "x", &strings.Builder{})(t.Context(), true)
	if got.Exit != 1 || got.Problem == "" || got.Try == "" || got.Passes {
		t.Errorf("no program: %+v", got)
	}
}

func equal(a, b Ended) bool {
	same := slices.Equal(a.Checks, b.Checks)
	a.Checks, b.Checks = nil, nil
	return same && a.Exit == b.Exit && a.Run == b.Run && a.Problem == b.Problem && a.Try == b.Try && a.Passes == b.Passes && a.Deadline == b.Deadline
}

// A run that hangs is asked to stop at its deadline, and killed when it does not; one that was done in time is done. The
// deadline comes when the run has said that it is on: how fast a process starts is the machine's affair.
func TestChild_StoppedAtItsDeadline(t *testing.T) {
	defer func(before time.Duration) { grace = before }(grace)
	for name, c := range map[string]struct {
		text  string
		grace time.Duration
		exit  int
	}{
		"goes when asked":   {`trap 'echo "{\"error\":\"interrupted\",\"passes\":true}" >&2; exit 1' TERM`, time.Minute, 1},
		"has to be killed":  {`trap '' TERM`, time.Second / 5, -1},
		"was done meantime": {`trap 'exit 0' TERM`, time.Minute, 0},
	} {
		grace = c.grace
		ctx, cancel := context.WithCancelCause(t.Context())
		began := time.Now()
		got := Child(script(t, c.text+"\necho on >&2; while :; do sleep 0.05; done"), "x", onWrite(func() { cancel(errDeadline) }))(ctx, false)
		if got.Exit != c.exit || got.Deadline != (c.exit != 0) || got.Passes != (c.exit != 0) || time.Since(began) > time.Minute {
			t.Errorf("%s: %+v after %s", name, got, time.Since(began))
		}
	}
}

// onWrite is called with each line that a run writes.
type onWrite func()

func (w onWrite) Write(line []byte) (int, error) {
	w()
	return len(line), nil
}
