package pipeline_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/oracle"
)

var (
	increments     = flag.Int("increment.sequences", 1, "how many random sequences of incremental runs are compared with full ones")
	incrementFirst = flag.Uint64("increment.sequence", 1, "seed of the first of them")
	incrementSteps = flag.Int("increment.runs", 3, "runs in a sequence")
)

// An incremental run takes over what cannot have changed. Whatever happens between two runs (records come, change, go, merge,
// are converted and get other owners; people decide; settings change; the directory is refreshed), it publishes what a
// run that takes nothing over makes of the same inputs: every table has the same bytes (invariant 2).
func TestIncremental_Invariant2_EqualsFull(t *testing.T) {
	n, steps := *increments, *incrementSteps
	if testing.Short() {
		n = min(n, 1)
	}
	for i := range n {
		seed := *incrementFirst + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			org := &testOrg{dir: t.TempDir()}
			world, memory := oracle.NewSequence(seed, 10), oracle.History{}
			random := rand.New(rand.NewPCG(seed, 2))
			for step := range steps {
				asOf := oracleTime.Add(time.Duration(step) * 12 * time.Hour)
				full := step == 0 || random.IntN(4) == 0
				if step > 0 {
					world.Change()
				}
				next, err := memory, error(oracle.ErrUndefined)
				for again := 0; errors.Is(err, oracle.ErrUndefined) && again < 60; again++ {
					world.Settle(err)
					if err := world.Write(org.dir, full); err != nil {
						t.Fatal(err)
					}
					_, next, err = memory.Import(org.dir, world.Settings, asOf, full)
				}
				if err != nil {
					t.Fatalf("run %d: %v", step, err)
				}
				result := org.runImport(t, asOf, full)
				world.Done()
				memory = next
				if step == 0 {
					continue
				}
				config, err := pipeline.LoadConfig(org.dir + "/crmlink.yaml")
				if err != nil {
					t.Fatal(err)
				}
				store := pipeline.Store{Dir: config.Path("store")}
				replayed, err := pipeline.Replay(t.Context(), pipeline.ReplayOptions{Config: config, Store: store, From: result.Record.ID, To: result.Record.ID, Threads: 1})
				if err != nil {
					t.Fatal(err)
				}
				if r := replayed[0]; len(r.Differing) > 0 || r.Identical < 30 {
					t.Fatalf("run %d (full import: %t): %d tables are identical, %+v", step, full, r.Identical, r.Differing)
				}
			}
		})
	}
}
