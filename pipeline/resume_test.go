package pipeline_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/bases"
)

// interruptedOrg is a small org with a publication and a second run that was stopped after a step.
func interruptedOrg(t *testing.T, step string) (dir string, first pipeline.Record) {
	t.Helper()
	small, first := smallOrg(t)
	base := bases.Once(t, "interrupted after "+step, func(dir string) {
		if err := os.CopyFS(dir, os.DirFS(small)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := pipeline.Run(ctx, pipeline.Options{Config: loadConfig(t, dir), AsOf: asOf.Add(time.Hour), Threads: 1, Report: func(e pipeline.Event) {
			if e.Step == step && e.State == "done" {
				cancel()
			}
		}})
		if err == nil {
			t.Fatal("the run was not interrupted")
		}
	})
	return bases.Copy(t, base), first
}

func loadConfig(t *testing.T, dir string) pipeline.Config {
	t.Helper()
	config, err := pipeline.LoadConfig(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// A run that was stopped on its way goes on with what it read, and only if it is asked for the same.
func TestResume_Invariant3_OnlyTheSameRunGoesOn(t *testing.T) {
	at := asOf.Add(time.Hour)
	for name, test := range map[string]struct {
		change func(t *testing.T, dir string, o *pipeline.Options)
		why    string // why it does not go on
	}{
		"the same":     {func(*testing.T, string, *pipeline.Options) {}, ""},
		"other flags":  {func(_ *testing.T, _ string, o *pipeline.Options) { o.Estimate = true }, "asked for something else"},
		"another time": {func(_ *testing.T, _ string, o *pipeline.Options) { o.AsOf = at.Add(time.Minute) }, "asked for something else"},
		"other configuration": {func(t *testing.T, dir string, o *pipeline.Options) {
			o.Config = replacedSetting(t, dir, "yellow: [0-9.]+", "yellow: 0.51")
		}, "another configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, first := interruptedOrg(t, "resolve companies")
			store := pipeline.Store{Dir: filepath.Join(dir, "store")}
			runs, err := store.Runs()
			if err != nil || len(runs) != 2 || runs[1].Status != pipeline.Interrupted || runs[1].Extract == nil {
				t.Fatalf("runs %v, %v: want an interrupted one that has read", runs, err)
			}
			read := 0
			result, err := runOrg(t, dir, func(o *pipeline.Options) {
				o.AsOf = at
				o.Report = func(e pipeline.Event) {
					if e.Step == "extract" && e.State == "progress" {
						read++
					}
				}
				test.change(t, dir, o)
			})
			if err != nil {
				t.Fatal(err)
			}
			resumed := result.Record.ID == runs[1].ID
			if resumed != (test.why == "") || (read == 0) != resumed || result.Record.Previous != first.ID {
				t.Errorf("resumed %v, rows read %d times, previous %s", resumed, read, result.Record.Previous)
			}
			if resumed {
				return
			}
			closed, err := store.Record(runs[1].ID)
			if err != nil || closed.Status != pipeline.Failed || !strings.Contains(closed.Problem, test.why) {
				t.Errorf("the interrupted run is %s: %q, %v; want failed: %s", closed.Status, closed.Problem, err, test.why)
			}
		})
	}
}

// A clock that went back begins nothing.
func TestClockThatWentBack_Invariant7(t *testing.T) {
	dir, first := smallOrg(t)
	_, err := pipeline.Run(t.Context(), pipeline.Options{Config: loadConfig(t, dir), Now: func() time.Time { return asOf.Add(-time.Second) }})
	var back *pipeline.ClockError
	if !errors.As(err, &back) || !strings.Contains(err.Error(), "nothing was changed") || back.Try() == "" {
		t.Errorf("a clock that went back: %v", err)
	}
	_, err = runOrg(t, dir, func(o *pipeline.Options) { o.AsOf = asOf.Add(-time.Second) })
	if !pipeline.IsInput(err) {
		t.Errorf("--as-of before the last publication: %v, want an input error", err)
	}
	runs, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Runs()
	if err != nil || len(runs) != 1 || runs[0].ID != first.ID {
		t.Errorf("runs %v, %v: want the first alone", runs, err)
	}
	if _, err := runOrg(t, dir, nil); err != nil {
		t.Errorf("the same time again: %v", err)
	}
}
