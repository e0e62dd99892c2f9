package pipeline_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/pipeline/oracle"
)

// The ROI tables of 200 random orgs equal, to the last digit of every amount, what plain loops over the same files find.
func TestROI_I2_I3_I4_Z13_Z14_AgainstOracle(t *testing.T) {
	runs, orgs := 10, 20
	if testing.Short() {
		runs = 2 // under the race detector
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

// A later run without settings.roi.enabled publishes no ROI table, though an earlier one did.
func TestROI_I1_SwitchedOffLeavesNoTable(t *testing.T) {
	t.Parallel()
	org := newOrg(t, oracle.RandomROI(1, 1, oracleTime))
	for _, on := range []bool{true, false} {
		org.world.Settings.ROI = on
		org.write(t)
		result := org.run(t, oracleTime)
		found := 0
		if err := org.db.QueryRow(`SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'roi_%'`).Scan(&found); err != nil {
			t.Fatal(err)
		}
		recorded := 0
		for name := range result.Record.Tables {
			if strings.HasPrefix(name, "roi_") {
				recorded++
			}
		}
		if want := map[bool]int{true: 3}[on]; found != want || recorded != want {
			t.Errorf("enabled %t: %d ROI tables in the database and %d in the record, want %d", on, found, recorded, want)
		}
	}
}
