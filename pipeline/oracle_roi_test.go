package pipeline_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/crmlink/crmlink/pipeline/oracle"
)

// The ROI tables of 200 random orgs equal, to the last digit of every amount, what plain loops over the same files find.
func TestROI_I2_I3_I4_Z13_Z14_AgainstOracle(t *testing.T) {
	runs, orgs := 4, 50 // the cost of a run hardly depends on the number of orgs
	if testing.Short() {
		runs = 1 // under the race detector
	}
	for run := range runs {
		seed := *oracleFirst + 7000 + uint64(run*orgs)
		t.Run(fmt.Sprintf("first=%d,seeds=%d", seed, orgs), func(t *testing.T) {
			t.Parallel()
			org := newOrg(t, oracle.RandomROI(seed, orgs, oracleTime))
			want, err := oracle.Expect(org.dir, org.world.Settings, oracleTime)
			for again := uint64(1); errors.Is(err, oracle.ErrUndefined) && again < 9; again++ {
				org = newOrg(t, oracle.RandomROI(seed+again<<32, orgs, oracleTime))
				want, err = oracle.Expect(org.dir, org.world.Settings, oracleTime)
			}
			if err != nil {
				t.Fatal(err)
			}
			org.run(t, oracleTime)
			org.compare(t, want)
		})
	}
}
