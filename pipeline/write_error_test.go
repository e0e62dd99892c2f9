package pipeline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

func TestWriteErrorAtEachStageKeepsThePublication_Invariant7(t *testing.T) {
	t.Parallel()
	base, first := syncedOrg(t) // of any org: a write fails for the step, whatever it writes
	dir, _ := copyOrg(t, base)
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	// The last step is not in the record, which it publishes.
	for i, s := range append(first.Steps, pipeline.Step{Name: "switch"}) {
		if testing.Short() && i%8 != 0 {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			clear := breakStoreAt(t, store.Dir, s.Name)
			_, err := runOrg(t, dir, func(o *pipeline.Options) {
				o.Report = clear.report
				o.Estimate = true
				o.AsOf = oracleTime.Add(time.Hour)
				o.Config = withSetting(t, dir, "settings: {candidates: 5}")
			})
			clear.mend()
			if err == nil {
				t.Fatal("the run did not notice that it could not write")
			}
			current, err := store.Find("latest")
			if err != nil || current.ID != first.ID {
				t.Fatalf("current is %q, %v; want %s", current.ID, err, first.ID)
			}
			publication, err := store.Open(t.Context(), "latest")
			if err != nil {
				t.Fatalf("the last publication does not open: %v", err)
			}
			publication.Close()
		})
	}
	if _, err := runOrg(t, dir, func(o *pipeline.Options) { o.AsOf = oracleTime.Add(time.Hour) }); err != nil {
		t.Errorf("the store did not recover: %v", err)
	}
}

// fault turns the places a step writes to into files, so that every write below them fails for real.
type fault struct {
	report func(pipeline.Event)
	mend   func()
}

func breakStoreAt(t *testing.T, store, step string) fault {
	t.Helper()
	places := []string{filepath.Join(store, "objects", "tmp"), filepath.Join(store, "actions")}
	moved := false
	move := func() {
		if moved {
			return
		}
		moved = true
		for _, p := range places {
			if err := os.Rename(p, p+".away"); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(p, nil, 0o600); err != nil {
				t.Error(err)
			}
		}
		if step == "switch" {
			if err := os.Mkdir(filepath.Join(store, "current.new"), 0o700); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(filepath.Join(store, "current.new", "in-the-way"), nil, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	return fault{
		report: func(e pipeline.Event) {
			if e.Step == step && e.State == "start" {
				move()
			}
		},
		mend: func() {
			if !moved {
				t.Errorf("step %s never started", step)
				return
			}
			os.RemoveAll(filepath.Join(store, "current.new"))
			for _, p := range places {
				os.Remove(p)
				if err := os.Rename(p+".away", p); err != nil {
					t.Error(err)
				}
			}
		},
	}
}

// withSetting is the org's configuration with one more section merged in.
func withSetting(t *testing.T, dir, section string) pipeline.Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(section, ":")
	inner := strings.Trim(strings.TrimSpace(value), "{}")
	changed := strings.Replace(string(text), "\n"+name+":\n", "\n"+name+":\n  "+inner+"\n", 1)
	if changed == string(text) {
		t.Fatalf("crmlink.yaml of the demo has no section %s", name)
	}
	path := filepath.Join(dir, "changed.yaml")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := pipeline.LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	return config
}
