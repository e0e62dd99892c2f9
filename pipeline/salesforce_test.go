package pipeline_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/pipeline/oracle"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

var orgLine = regexp.MustCompile(`(?m)^org: .*$`)

// The same records, out of Salesforce or out of a folder: the same bytes in every table that does not describe the run.
// What is pulled is gone from the store when its rows are there.
func TestSalesforce_A18_SameBytesAsAFolderOfTheSameOrg(t *testing.T) {
	t.Parallel()
	world := oracle.Random(21, 3)
	folder := t.TempDir()
	file, err := world.Write(folder)
	if err != nil {
		t.Fatal(err)
	}
	org := simulate(t, crmOf(t, world), simulator.Org{})
	if err := os.RemoveAll(filepath.Join(folder, "crm")); err != nil {
		t.Fatal(err)
	}
	if err := org.Export(filepath.Join(folder, "crm")); err != nil {
		t.Fatal(err)
	}
	dir := salesforceOrg(t, world, org)
	pulled := org.mustSync(t, dir, nil)
	read, err := pipeline.Run(t.Context(), pipeline.Options{Config: loadConfig(t, filepath.Dir(file)), AsOf: org.now(), Now: org.now, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if names := differences(read.Record, pulled.Record); len(names) > 0 || len(read.Record.Tables) < 20 {
		t.Errorf("of %d tables differ: %v", len(read.Record.Tables), names)
	}
	if read.Record.Tables["raw_account"].Rows == 0 || pulled.Record.Import != pipeline.FullImport {
		t.Errorf("%d accounts, import %s", read.Record.Tables["raw_account"].Rows, pulled.Record.Import)
	}
	p := pulled.Record.Pull
	if p == nil || p.BulkRows == 0 || p.Calls["describe"] != 11 || p.Limits["DailyApiRequests"].Max == 0 || len(pulled.Record.Extract.Cursors) < 7 {
		t.Errorf("the pull is told as %+v, cursors %v", p, pulled.Record.Extract.Cursors)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "store", "pull*")); left != nil {
		t.Errorf("left in the store: %v", left)
	}
	replayed, err := pipeline.Replay(t.Context(), pipeline.ReplayOptions{Config: loadConfig(t, dir), Store: pipeline.Store{Dir: filepath.Join(dir, "store")},
		From: pulled.Record.ID, To: pulled.Record.ID})
	if err != nil || len(replayed[0].Differing) > 0 {
		t.Errorf("the replay: %+v, %v", replayed, err)
	}

	// The folder's store goes on with Salesforce itself, if it is the same org.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(folder, "app.secret"), "simulated-secret\n")
	writeText(t, file, orgLine.ReplaceAllString(string(text), orgOf(simulate(t, "", simulator.Org{ID: "00D5g000015aIx5EAE"}))))
	var foreign *control.OtherOrgError
	if _, err := pipeline.Connect(t.Context(), pipeline.ConnectOptions{Config: loadConfig(t, folder), At: org.now()}); !errors.As(err, &foreign) {
		t.Errorf("another org than the folder's: %v", err)
	}
	writeText(t, file, orgLine.ReplaceAllString(string(text), orgOf(org)))
	connect(t, folder)
	org.pass(time.Hour)
	after := org.mustSync(t, folder, nil)
	if names := differences(read.Record, after.Record); len(names) > 0 || after.Record.Import != pipeline.FullImport {
		t.Errorf("after the folder, import %s: %v differ", after.Record.Import, names)
	}
}

// Whatever users do in the org, deltas and whole pulls come to the same tables (invariant 2): edits, owners, new records,
// deletions, merges, conversions, rows that commit late. What moves no stamp is found by the next whole pull, which an
// old enough one asks for: records that were hard-deleted, that became visible, fields that are calculated.
func TestSalesforce_Invariant2_DeltasEqualWholePulls(t *testing.T) {
	t.Parallel()
	for n := range uint64(*increments) {
		seed := *incrementFirst + n
		world := oracle.Random(seed, 2)
		org := simulate(t, crmOf(t, world), simulator.Org{})
		deltas, whole := salesforceOrg(t, world, org), salesforceOrg(t, world, org)
		random := rand.New(rand.NewPCG(seed, 8))
		steps := 3
		if *increments > 1 {
			steps = *incrementSteps
		}
		for step := range steps {
			if step > 0 {
				if _, err := org.Churn(0.1, random.Uint64()); err != nil {
					t.Fatal(err)
				}
				late(t, org, random)
				org.pass(12 * time.Hour)
			}
			last := step == steps-1
			if last {
				unstamped(t, org, random)
				org.pass(7 * 24 * time.Hour)
			}
			one := org.mustSync(t, deltas, func(o *pipeline.Options) { o.Accept = "a lead of a few is gone" })
			two := org.mustSync(t, whole, func(o *pipeline.Options) { o.Full, o.Accept = true, "a lead of a few is gone" })
			if names := differences(storedWhole(t, deltas, one.Record), storedWhole(t, whole, two.Record)); len(names) > 0 {
				t.Fatalf("seed %d, run %d: %v differ", seed, step+1, names)
			}
			want := pipeline.DeltaImport
			if step == 0 || last {
				want = pipeline.FullImport
			}
			missing := int64(0)
			for _, c := range one.Record.Extract.Counts {
				missing += c.Missing
			}
			if last != (missing >= 2) {
				t.Errorf("run %d: %d records are missing", step+1, missing)
			}
			if one.Record.Import != want || two.Record.Import != pipeline.FullImport {
				t.Errorf("run %d: imports %s and %s, want %s", step+1, one.Record.Import, two.Record.Import, want)
			}
			if calls := one.Record.Pull.AllCalls(); !last && step > 0 && one.Record.Pull.BulkRows > two.Record.Pull.BulkRows/2 {
				t.Errorf("run %d: a delta of %d rows (%d calls) beside %d", step+1, one.Record.Pull.BulkRows, calls, two.Record.Pull.BulkRows)
			}
		}
	}
}

// late commits a change that is stamped some minutes before the window's end that was.
func late(t *testing.T, org *simulated, random *rand.Rand) {
	t.Helper()
	ids := org.IDs("Contact")
	id := ids[random.IntN(len(ids))]
	if _, err := org.Upsert("Contact", simulator.Cells{"Id": id, "Phone": fmt.Sprint("+49 30 555", random.IntN(1000)),
		"SystemModstamp": org.now().Add(-time.Duration(random.IntN(9)) * time.Minute).Format("2006-01-02T15:04:05.000Z")}); err != nil {
		t.Fatal(err)
	}
}

// unstamped does what no stamp tells of.
func unstamped(t *testing.T, org *simulated, random *rand.Rand) {
	t.Helper()
	live := func(object string) []string {
		return slices.DeleteFunc(org.IDs(object), func(id string) bool { record, _ := org.Record(object, id); return record["IsDeleted"] == "true" })
	}
	one := func(object string) string { ids := live(object); return ids[random.IntN(len(ids))] }
	gone := "Lead"
	if len(live(gone)) == 0 { // users have deleted them all
		gone = "Contact"
	}
	if err := org.Purge(gone, one(gone)); err != nil {
		t.Fatal(err)
	}
	if err := org.Share("Contact", false, one("Contact")); err != nil {
		t.Fatal(err)
	}
}

// An unchanged org costs fewer than 25 calls and publishes what it did (A18). Calls, rows by API and what is left of the
// day are in the record.
func TestSalesforce_A18_UnchangedPullIsCheap(t *testing.T) {
	t.Parallel()
	world := oracle.Random(4, 1)
	org := simulate(t, crmOf(t, world), simulator.Org{})
	dir := salesforceOrg(t, world, org)
	first := org.mustSync(t, dir, nil)
	org.pass(12 * time.Hour)
	second := org.mustSync(t, dir, nil)
	if names := differences(first.Record, second.Record); len(names) > 0 {
		t.Errorf("%v differ", names)
	}
	if p := second.Record.Pull; p.AllCalls() >= 25 || p.BulkRows != 0 || second.Record.Import != pipeline.DeltaImport {
		t.Errorf("%d calls %v, %d rows by Bulk, import %s", p.AllCalls(), p.Calls, p.BulkRows, second.Record.Import)
	}
	for object, cursor := range second.Record.Extract.Cursors {
		if cursor <= first.Record.Extract.Cursors[object] {
			t.Errorf("the cursor of %s stayed at %s", object, cursor)
		}
	}
	// A run without pull hands the cursors on.
	org.pass(time.Hour)
	decided := org.mustSync(t, dir, func(o *pipeline.Options) { o.Decisions = true })
	if decided.Record.Extract.Cursors["Account"] != second.Record.Extract.Cursors["Account"] || decided.Record.Pull.AllCalls() != 0 {
		t.Errorf("decisions alone: cursors %v, pull %+v", decided.Record.Extract.Cursors, decided.Record.Pull)
	}
	org.pass(time.Hour)
	if third := org.mustSync(t, dir, nil); third.Record.Import != pipeline.DeltaImport || third.Record.Pull.AllCalls() >= 25 {
		t.Errorf("after decisions: import %s, %d calls", third.Record.Import, third.Record.Pull.AllCalls())
	}
	dry := org.mustSync(t, dir, func(o *pipeline.Options) { o.DryRun = true })
	if dry.Record.Pull.AllCalls() == 0 {
		t.Error("a dry run did not look")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "store", "pull*")); left != nil {
		t.Errorf("left in the store: %v", left)
	}
}

// A field that the user may see from now on is pulled for all records with the run after, and the run says so; one that
// vanishes keeps what is known and costs no whole pull.
func TestSalesforce_FieldsThatComeAndGo(t *testing.T) {
	t.Parallel()
	world := oracle.Random(4, 1)
	org := simulate(t, crmOf(t, world), simulator.Org{})
	dir := salesforceOrg(t, world, org)
	hide := func(hidden bool) {
		if err := org.HideField("Contact", "Title", hidden); err != nil {
			t.Fatal(err)
		}
	}
	touch := func() {
		id := org.IDs("Contact")[0]
		if _, err := org.Upsert("Contact", simulator.Cells{"Id": id, "Phone": fmt.Sprint("+49 30 1", org.now().Unix()%1000)}); err != nil {
			t.Fatal(err)
		}
		org.pass(time.Hour)
	}
	whole := func(r pipeline.Result) bool {
		i := slices.IndexFunc(r.Record.Pull.Objects, func(o pipeline.PulledObject) bool { return o.Name == "Contact" })
		return r.Record.Pull.Objects[i].Whole
	}
	said := func(r pipeline.Result, text string) bool {
		return slices.ContainsFunc(r.Record.Notices, func(n string) bool { return strings.Contains(n, text) })
	}
	hide(true)
	org.mustSync(t, dir, nil)
	hide(false)
	touch()
	came := org.mustSync(t, dir, nil)
	if whole(came) || !said(came, "Contact: column Title came; records that did not change get theirs with the next run") {
		t.Errorf("whole %v, notices %q", whole(came), came.Record.Notices)
	}
	touch()
	if filled := org.mustSync(t, dir, nil); !whole(filled) {
		t.Error("the run after the field came did not pull the object whole")
	}
	touch()
	hide(true)
	gone := org.mustSync(t, dir, nil)
	if whole(gone) || !said(gone, "Contact: no column Title this time; known records keep their values") {
		t.Errorf("whole %v, notices %q", whole(gone), gone.Record.Notices)
	}
	touch()
	if still := org.mustSync(t, dir, nil); whole(still) {
		t.Error("a field that is away makes every pull a whole one")
	}
}
