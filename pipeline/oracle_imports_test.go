package pipeline_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/oracle"
)

var (
	sequences     = flag.Int("oracle.sequences", 1, "how many random sequences of imports are compared with the oracle")
	sequenceFirst = flag.Uint64("oracle.sequence", 1, "seed of the first of them")
	sequenceSteps = flag.Int("oracle.imports", 8, "imports in a sequence")
)

// Over sequences of 8 imports, with make sequences of 20, full ones and deltas with everything that happens in a CRM between them, each
// publication equals what plain loops make of the same files and their own memory: nothing leaves, deleted records keep
// their answer, what is undeleted is back, new owners get their rows and every row that no longer holds says why.
func TestImports_Z23_Z19_F8_F9_F10_SequencesAgainstOracle(t *testing.T) {
	n, steps := *sequences, *sequenceSteps
	if testing.Short() {
		n, steps = min(n, 1), min(steps, 6)
	}
	for i := range n {
		seed := *sequenceFirst + uint64(i)
		orgs := []int{1, 5, 10}[i%3] // small ones by themselves have the statistics of small orgs
		t.Run(fmt.Sprintf("sequence=%d,orgs=%d", seed, orgs), func(t *testing.T) {
			t.Parallel()
			runSequence(t, seed, orgs, steps)
		})
	}
}

func runSequence(t *testing.T, seed uint64, orgs, steps int) {
	org := &testOrg{dir: t.TempDir()}
	if *oracleKeep != "" {
		org.dir = filepath.Join(*oracleKeep, fmt.Sprint("sequence-", seed))
		if err := os.RemoveAll(org.dir); err != nil {
			t.Fatal(err)
		}
	}
	world, memory := oracle.NewSequence(seed, orgs), oracle.History{}
	random := rand.New(rand.NewPCG(seed, 23))
	for step := range steps {
		asOf := oracleTime.Add(time.Duration(step) * 12 * time.Hour)
		full := step == 0 || random.IntN(3) == 0
		if step > 0 {
			world.Change()
		}
		var want []oracle.Table
		next, err := memory, error(oracle.ErrUndefined)
		for again := 0; errors.Is(err, oracle.ErrUndefined) && again < 60; again++ {
			world.Settle(err)
			if err := world.Write(org.dir, full); err != nil {
				t.Fatal(err)
			}
			want, next, err = memory.Import(org.dir, world.Settings, asOf, full)
		}
		if err != nil {
			t.Fatalf("import %d: %v", step, err)
		}
		result := org.runImport(t, asOf, full)
		if kind := map[bool]string{true: "full", false: "delta"}[full]; result.Record.Import != kind {
			t.Errorf("import %d is recorded as %s, want %s", step, result.Record.Import, kind)
		}
		org.compare(t, want)
		org.checkRanks(t)
		if t.Failed() {
			t.Fatalf("import %d (%s, as of %s) is the first that differs", step, result.Record.Import, asOf.Format(time.RFC3339))
		}
		world.Done()
		memory = next
	}
}

// runImport syncs and opens what was published in place of the publication before.
func (o *testOrg) runImport(t *testing.T, asOf time.Time, full bool) pipeline.Result {
	t.Helper()
	config, err := pipeline.LoadConfig(o.dir + "/crmlink.yaml")
	if err != nil {
		t.Fatal(err)
	}
	result, err := pipeline.Run(context.Background(), pipeline.Options{Config: config, AsOf: asOf, Threads: 1, Full: full,
		Accept: "in an org of a few records most of them may go at once"})
	if err != nil {
		t.Fatal(err)
	}
	if o.db != nil {
		o.db.Close()
	}
	o.db, err = sql.Open("duckdb", o.dir+"/store/runs/"+result.Record.ID+"/analytics.duckdb?access_mode=read_only&threads=1")
	if err != nil {
		t.Fatal(err)
	}
	db := o.db
	t.Cleanup(func() { db.Close() })
	return result
}
