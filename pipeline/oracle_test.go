package pipeline_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // to read what a run publishes, as an analyst would

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/oracle"
)

var (
	oracleSeeds = flag.Int("oracle.seeds", 150, "how many random orgs are compared with the oracle")
	oracleFirst = flag.Uint64("oracle.first", 1, "seed of the first of them")
	oracleKeep  = flag.String("oracle.keep", "", "write the orgs below this folder and leave them there")
)

var oracleTime = time.Date(2026, 6, 15, 4, 0, 0, 0, time.UTC)

// Everything that a first run publishes about answers, lists, seats and statistics equals what plain loops over the
// same CSV files find.
func TestListsAndStatistics_F1_F2_F11_Z19_Z20_Z21_Z22_AgainstOracle(t *testing.T) {
	n := uint64(*oracleSeeds)
	if testing.Short() {
		n = min(n, 30) // under the race detector
	}
	// Most runs read several orgs, because the cost of a run hardly depends on their number; one org in eighty has a run of
	// its own, so that the statistics are those of small orgs and empty ones too.
	alone := n / 80
	for first, orgs := uint64(0), uint64(1); first < n; first += orgs {
		if first >= alone {
			orgs = min(75, n-first)
		}
		seed, orgs := *oracleFirst+first, int(orgs)
		t.Run(fmt.Sprintf("first=%d,seeds=%d", seed, orgs), func(t *testing.T) {
			t.Parallel()
			org := newOrg(t, oracle.Random(seed, orgs))
			want, err := oracle.Expect(org.dir, org.world.Settings, oracleTime)
			for again := uint64(1); errors.Is(err, oracle.ErrUndefined) && again < 5; again++ {
				org = newOrg(t, oracle.Random(seed+again<<32, orgs)) // one world in two hundred
				want, err = oracle.Expect(org.dir, org.world.Settings, oracleTime)
			}
			if err != nil {
				t.Fatal(err)
			}
			org.run(t, oracleTime)
			org.compare(t, want)
			org.checkRanks(t)
		})
	}
}

// testOrg is an org on disk with a store of its own.
type testOrg struct {
	dir   string
	world *oracle.World
	db    *sql.DB // the last publication
}

func newOrg(t *testing.T, world *oracle.World) *testOrg {
	t.Helper()
	org := &testOrg{dir: t.TempDir(), world: world}
	if *oracleKeep != "" {
		org.dir = filepath.Join(*oracleKeep, strings.ReplaceAll(filepath.Base(t.Name()), "=", "-"))
	}
	org.write(t)
	return org
}

// write puts the org's files in place of those of the run before.
func (o *testOrg) write(t *testing.T) {
	t.Helper()
	if _, err := o.world.Write(o.dir); err != nil {
		t.Fatal(err)
	}
}

// run syncs and opens what was published.
func (o *testOrg) run(t *testing.T, asOf time.Time) pipeline.Result {
	t.Helper()
	config, err := pipeline.LoadConfig(o.dir + "/crmlink.yaml")
	if err != nil {
		t.Fatal(err)
	}
	result, err := pipeline.Run(context.Background(), pipeline.Options{Config: config, AsOf: asOf, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	o.open(t, result)
	return result
}

// open opens what a run published.
func (o *testOrg) open(t *testing.T, result pipeline.Result) {
	t.Helper()
	var err error
	o.db, err = sql.Open("duckdb", o.dir+"/store/runs/"+result.Record.ID+"/analytics.duckdb?access_mode=read_only&threads=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.db.Close() })
}

// rows reads a published table as the oracle writes it.
func (o *testOrg) rows(t *testing.T, table string, columns []string) []string {
	t.Helper()
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = `"` + c + `"`
	}
	found, err := o.db.Query(`SELECT ` + strings.Join(quoted, ", ") + ` FROM ` + table)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var all []string
	for found.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := found.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			switch v {
			case "no_candidate", "below_threshold", "free_mail_only", "company_unknown", "tie", "group_collision":
				values[i] = oracle.NoMatch
			case "sure", "match":
				if values[i-1] == nil { // no decision made it
					values[i] = oracle.ByProbability
				}
			}
		}
		all = append(all, oracle.RowText(columns, values))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	sort.Strings(all)
	return all
}

// compare reports every row that only one of the two has.
func (o *testOrg) compare(t *testing.T, want []oracle.Table) {
	t.Helper()
	for _, table := range want {
		got := o.rows(t, table.Name, table.Columns)
		if slices.Equal(got, table.Rows) {
			continue
		}
		t.Errorf("%s: %d rows published, %d expected", table.Name, len(got), len(table.Rows))
		for _, row := range minus(table.Rows, got) {
			t.Errorf("  missing:    %s", row)
		}
		for _, row := range minus(got, table.Rows) {
			t.Errorf("  unexpected: %s", row)
		}
	}
}

// minus keeps the rows of a that b has not, as often as a has more of them.
func minus(a, b []string) []string {
	count := map[string]int{}
	for _, row := range b {
		count[row]++
	}
	var rest []string
	for _, row := range a {
		if count[row]--; count[row] < 0 {
			rest = append(rest, row)
		}
	}
	return rest
}

// checkRanks: the ranks of a seat's suggestions are 1 to n, and those at open deals come first (F12).
func (o *testOrg) checkRanks(t *testing.T) {
	t.Helper()
	found, err := o.db.Query(`SELECT seat_id, "rank", reason FROM suggested_lead ORDER BY seat_id, "rank"`)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	order := []string{"at_open_opportunity", "recent_activity", "unread", "assigned"}
	var seat string
	var last, place int
	for found.Next() {
		var at, reason string
		var rank int
		if err := found.Scan(&at, &rank, &reason); err != nil {
			t.Fatal(err)
		}
		if at != seat {
			seat, last, place = at, 0, 0
		}
		if rank != last+1 {
			t.Errorf("suggested_lead: seat %s has rank %d after %d", seat, rank, last)
		}
		if p := slices.Index(order, reason); p < place {
			t.Errorf("suggested_lead: seat %s has %q at rank %d, behind %q", seat, reason, rank, order[place])
		} else {
			place = p
		}
		last = rank
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
}
