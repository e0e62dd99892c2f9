package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
)

var (
	chaosRecords = flag.Int("chaos-records", 100_000, "Accounts, Contacts and Leads together of the large org")
	chaosFor     = flag.Duration("chaos-for", 2*time.Hour, "kill runs over the large org for no longer than that")
)

// collections is how many collections are killed for docs/reliability.md.
const collections = 24

// largeOrg is the org whose runs are killed many times each.
func largeOrg(t *testing.T) *chaos {
	t.Helper()
	if *chaosKills == 0 {
		return newChaos(t)
	}
	dir := filepath.Join(t.TempDir(), "org")
	n := *chaosRecords
	size := demo.Config{Accounts: n / 5, Contacts: n / 2, Leads: n - n/5 - n/2, Seed: 4, Out: dir}
	if _, err := demo.Generate(t.Context(), size); err != nil {
		t.Fatal(err)
	}
	return chaosIn(t, dir)
}

// A run over many records that is killed again and again still gets to its end: after each kill the last publication opens
// with all its rows, each start takes up the same run without reading its files again, and in the end every table has the
// bytes of an undisturbed run. Collections are killed after that, on the stores that the runs leave.
func TestKilledAtSize_Invariant3(t *testing.T) {
	if testing.Short() {
		t.Skip("processes of their own: the race detector sees nothing of them")
	}
	c := largeOrg(t)
	kills, gcs, until := 2, 2, time.Now().Add(*chaosFor)
	if *chaosKills > 0 {
		kills, gcs = *chaosKills, collections
	}
	random := rand.New(rand.NewPCG(uint64(kills), 7))
	where := map[string]int{}
	runs, made := 0, 0
	for ; made < kills && time.Now().Before(until); runs++ {
		for _, step := range c.killOver(t, random, kills-made, until) {
			where[step]++
			made++
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d kills of %d runs, which take %v undisturbed", made, runs, c.took.Round(time.Second))
	gcWhere := c.killCollections(t, random, gcs)
	if *chaosKills > 0 {
		c.writeKills(t, runs, made, where, gcWhere)
	}
}

// killOver kills one run up to so many times, each time it is started, and then lets it end. It gives the step of each kill.
func (c *chaos) killOver(t *testing.T, random *rand.Rand, kills int, until time.Time) (steps []string) {
	t.Helper()
	dir := c.copy(t)
	// A start that is killed too early to end the step it came to gets more time at the next try.
	least := max(c.took/40, 100*time.Millisecond)
	longest, before := least, -1
	var extract []byte
	for len(steps) < kills && time.Now().Before(until) {
		wait := time.Duration(random.Int64N(int64(longest)))
		told := len(c.log(dir))
		over := killAfter(t, dir, func() { time.Sleep(wait) }, "run", "--as-of", secondTime)
		published := current(t, dir)
		c.checkReadable(t, "killed", dir, published)
		if over {
			break // it ended before its time came
		}
		step, done := c.killedAt(dir, published, told)
		steps = append(steps, step)
		if published.ID == c.want.ID {
			break
		}
		if published.ID != c.first.ID {
			t.Fatalf("%s: %s is published", step, published.ID)
		}
		if longest = longest * 7 / 5; done > before {
			longest, before = least, done
		}
		extract = c.checkBegun(t, dir, step, extract)
	}
	if published := current(t, dir); published.ID == c.first.ID {
		if out, err := crmlink(t, dir, "run", "--as-of", secondTime).CombinedOutput(); err != nil {
			t.Fatalf("the run that was killed %d times does not end: %v\n%s", len(steps), err, out)
		}
	}
	after := current(t, dir)
	c.checkSame(t, fmt.Sprintf("after %d kills", len(steps)), after)
	c.checkReadable(t, "at the end", dir, after)
	if extract != nil && after.Resumed == 0 {
		t.Error("the run was not taken up")
	}
	checkWhole(t, dir)
	return steps
}

// killAfter runs a command and kills it when wait returns; over says that it had ended by then.
func killAfter(t *testing.T, dir string, wait func(), args ...string) (over bool) {
	t.Helper()
	cmd := crmlink(t, dir, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		wait()
		cmd.Process.Kill() //nolint:errcheck // it may be over already
	}()
	if err := cmd.Wait(); err == nil {
		return true
	}
	if cmd.ProcessState.Exited() {
		t.Fatalf("%v ended by itself: %v\n%s", args, cmd.ProcessState, said.String())
	}
	return false
}

// checkBegun looks at the run that a kill left: it is the same as after the kill before, and what it had read stays what it
// was. From then on its files are taken away, so that a start that reads them again fails.
func (c *chaos) checkBegun(t *testing.T, dir, step string, extract []byte) []byte {
	t.Helper()
	runs, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Runs()
	if err != nil {
		t.Fatalf("%s: %v", step, err)
	}
	if len(runs) == 1 && extract == nil {
		return nil // killed before the run had a record
	}
	if len(runs) != 2 || runs[1].ID != c.want.ID || !runs[1].AsOf.Equal(c.want.AsOf) {
		t.Fatalf("%s: %d runs, the last is %s as of %s", step, len(runs), runs[len(runs)-1].ID, runs[len(runs)-1].AsOf)
	}
	if runs[1].Extract == nil {
		if extract != nil {
			t.Errorf("%s: what was read is forgotten", step)
		}
		return nil
	}
	now, err := json.Marshal(runs[1].Extract)
	if err != nil {
		t.Fatal(err)
	}
	if extract == nil {
		crm := filepath.Join(dir, "crm")
		if err := os.Rename(crm, crm+".away"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(crm, 0o700); err != nil {
			t.Fatal(err)
		}
	} else if string(now) != string(extract) {
		t.Errorf("%s: other files were read than before", step)
	}
	return now
}

const starting = "while the process starts"

// log is what the second run has told so far.
func (c *chaos) log(dir string) []byte {
	data, err := os.ReadFile(filepath.Join(dir, "store", "runs", c.want.ID, "log.jsonl"))
	if err != nil {
		return nil // not begun yet
	}
	return data
}

// killedAt is the step that a kill fell into, by the run's own log of which the process found the first bytes there, and
// how many steps had ever been finished.
func (c *chaos) killedAt(dir string, published pipeline.Record, found int) (step string, done int) {
	data := c.log(dir)
	finished := map[string]bool{}
	step = starting
	for line := range strings.Lines(string(data)) {
		var e pipeline.Event
		if json.Unmarshal([]byte(line), &e) != nil {
			continue // the line that the kill cut
		}
		switch e.State {
		case "start":
			step = e.Step
		case "done":
			finished[e.Step], step = true, "between two steps"
		}
	}
	switch {
	case published.ID == c.want.ID:
		step = "after the switch"
	case len(data) == found:
		step = starting
	case step == "switch":
		step = "switch: " + c.switching(filepath.Join(dir, "store", "runs", c.want.ID))
	}
	return step, len(finished)
}

// switching is how far the publication had come.
func (c *chaos) switching(folder string) string {
	var r pipeline.Record
	if data, err := os.ReadFile(filepath.Join(folder, "run.json")); err == nil && json.Unmarshal(data, &r) == nil && r.Status == pipeline.Published {
		return "the record says published"
	}
	if _, err := os.Stat(filepath.Join(folder, "analytics.duckdb")); err == nil {
		return "the database is written"
	}
	return "the database is being written"
}

// checkWhole reads the whole store: every object has the content that it is named after.
func checkWhole(t *testing.T, dir string) {
	t.Helper()
	v, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Verify(t.Context(), pipeline.VerifyOptions{})
	if err != nil || len(v.Damage) > 0 {
		t.Errorf("the store is damaged: %v %+v", err, v.Damage)
	}
}

// killCollections kills crmlink gc on the store that the last killed run left, of which one publication goes. It gives how
// far each had come.
func (c *chaos) killCollections(t *testing.T, random *rand.Rand, kills int) map[string]int {
	t.Helper()
	dir, full := c.dir, c.dir+".full"
	copyTree(t, dir, full)
	removing := func() { // returns when the first file is gone
		record := filepath.Join(dir, "store", "runs", c.first.ID, "run.json")
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Microsecond) {
			if _, err := os.Lstat(record); err != nil {
				return
			}
		}
	}
	cmd := crmlink(t, dir, "gc", "--keep", "1")
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	removing()
	began := time.Now()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	took, removal := time.Since(started), time.Since(began)
	all, least := storeFiles(t, full), storeFiles(t, dir)
	where := map[string]int{}
	for n := range kills {
		copyTree(t, full, dir)
		pause := time.Duration(random.Int64N(int64(took)))
		wait := func() { time.Sleep(pause) }
		if n%2 == 1 {
			pause = time.Duration(random.Int64N(int64(removal)))
			wait = func() {
				removing()
				time.Sleep(pause)
			}
		}
		over := killAfter(t, dir, wait, "gc", "--keep", "1")
		left := storeFiles(t, dir)
		switch {
		case over:
			where["over before the kill"]++
		case len(left) == len(all):
			where["before the first file was removed"]++
		case len(left) == len(least):
			where["after the last file was removed"]++
		default:
			where["while files were removed"]++
		}
		checkWhole(t, dir) // every publication that is still listed has all its files
		c.checkReadable(t, fmt.Sprintf("collection %d", n+1), dir, current(t, dir))
		if out, err := crmlink(t, dir, "gc", "--keep", "1").CombinedOutput(); err != nil {
			t.Fatalf("the next collection fails: %v\n%s", err, out)
		}
		if again := storeFiles(t, dir); !slices.Equal(again, least) {
			t.Errorf("collection %d: %d files are left, want %d", n+1, len(again), len(least))
		}
		c.checkSame(t, fmt.Sprintf("collection %d", n+1), current(t, dir))
	}
	t.Logf("%d collections of %d of %d files, which take %v undisturbed, %v of it removing: %v",
		kills, len(all)-len(least), len(all), took.Round(time.Millisecond), removal.Round(time.Millisecond), where)
	return where
}

// storeFiles lists what is in a store.
func storeFiles(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "store"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// writeKills writes where the kills fell, the steps in the order of the run.
func (c *chaos) writeKills(t *testing.T, runs, made int, where, collected map[string]int) {
	t.Helper()
	order := []string{starting}
	for _, s := range c.want.Steps {
		if s.Name != "switch" {
			order = append(order, s.Name)
		}
	}
	order = append(order, "between two steps", "switch: the database is being written", "switch: the database is written",
		"switch: the record says published", "after the switch")
	records := int64(0)
	for _, s := range c.want.Stats {
		records += s.Records
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d kills of %d runs over %d records; each start took the run up again, and all %d runs ended with the bytes of an undisturbed one.\n\n",
		made, runs, records, runs)
	b.WriteString("| killed in | kills |\n|---|---|\n")
	for _, step := range order {
		if n := where[step]; n > 0 {
			fmt.Fprintf(&b, "| %s | %d |\n", step, n)
		}
	}
	fmt.Fprintf(&b, "| all | %d |\n\n| `crmlink gc` killed | kills |\n|---|---|\n", made)
	for _, at := range slices.Sorted(maps.Keys(collected)) {
		fmt.Fprintf(&b, "| %s | %d |\n", at, collected[at])
	}
	writeTable(t, "kills at size", b.String())
}
