package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/bases"
)

var chaosKills = flag.Int("chaos", 0, "kill runs over a large org that many times, and over a small one at every boundary, and write docs/reliability.md")

// smallKills is at how many random instants runs over the small org are killed for docs/reliability.md.
const smallKills = 50

const (
	firstTime  = "2026-10-01T04:00:00Z"
	secondTime = "2026-10-02T04:00:00Z"
)

// chaos is an org with one publication, files for a second run, and what that run publishes when nobody disturbs it.
type chaos struct {
	kept  string // the org as it is before the second run
	begun string // the org with a second run that was killed when only the switch was left to do
	dir   string // where each trial has its copy
	first pipeline.Record
	want  pipeline.Record
	steps int // lines that an undisturbed run writes about its steps
	took  time.Duration
}

// newChaos is a small org. What nobody disturbs happens once for all tests.
func newChaos(t *testing.T) *chaos {
	t.Helper()
	base := bases.Once(t, "chaos", func(base string) {
		dir := filepath.Join(base, "org")
		if _, err := demo.Generate(t.Context(), demo.Config{Accounts: 40, Contacts: 100, Leads: 40, Seed: 4, Out: dir}); err != nil {
			t.Fatal(err)
		}
		smallChaos = chaosIn(t, dir)
		smallChaos.begin(t, filepath.Join(base, "begun"))
	})
	c := *smallChaos
	c.kept, c.begun, c.dir = filepath.Join(base, "org"), filepath.Join(base, "begun"), filepath.Join(t.TempDir(), "org")
	return &c
}

var smallChaos *chaos // written and read with the base

// chaosIn runs an org once, makes its files those of another day, and lets a second run end in peace.
func chaosIn(t *testing.T, dir string) *chaos {
	t.Helper()
	c := &chaos{kept: dir, dir: dir + ".trial"}
	if out, err := crmlink(t, dir, "run", "--as-of", firstTime).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c.first = current(t, dir)
	// The second run has something to tell: other records, another setting and fewer decisions, so that changes are walked.
	changes := demo.Changes{Org: dir, PerMille: 10, Seed: 2, At: c.first.AsOf.Add(12 * time.Hour)}
	if _, err := demo.ChangeCRM(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.ChangeDirectory(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, "crmlink.yaml"), "auto_sync: all", "auto_sync: per_seat")
	decisions, err := os.ReadFile(filepath.Join(dir, "decisions.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSpace(string(decisions)), "\n")
	if err := os.WriteFile(filepath.Join(dir, "decisions.csv"), []byte(strings.Join(lines[:len(lines)-1], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	calm := c.copy(t)
	started := time.Now()
	out, err := crmlink(t, calm, "run", "--as-of", secondTime).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c.took = time.Since(started)
	c.steps = strings.Count(string(out), "✓ ") + strings.Count(string(out), "= ")
	c.want = current(t, calm)
	if c.want.ID == c.first.ID || len(c.want.Changes) == 0 {
		t.Fatal("the second run changes nothing")
	}
	return c
}

// begin lays an org down whose second run was killed when nearly all was done that comes before the switch.
func (c *chaos) begin(t *testing.T, dir string) {
	t.Helper()
	database := filepath.Join(dir, "store", "runs", c.want.ID, "analytics.duckdb")
	for n := c.steps - 2; n > 0; n-- { // the kill may come later than the line
		copyTree(t, c.kept, dir)
		c.start(t, dir, atLine(n))
		if left, err := filepath.Glob(database + "*"); err != nil {
			t.Fatal(err)
		} else if len(left) == 0 {
			return
		}
	}
	t.Fatal("no run was killed before its switch")
}

// copy lays the org down as it was before the second run, in the same place each time.
func (c *chaos) copy(t *testing.T) string {
	t.Helper()
	copyTree(t, c.kept, c.dir)
	return c.dir
}

// copying copies an org to an empty folder. Objects are never written to, so both may have the same files.
const copying = `cd "$0" && tar -c --exclude ./store/objects . | tar -x -C "$1" && cp -al store/objects "$1/store/"`

// copyTree copies an org over another.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("bash", "-c", copying, from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// crmlink is this program as a process of its own, which can be killed. One processor is what a small org keeps busy.
func crmlink(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("crmlink", args...)
	cmd.Dir = dir
	if *chaosKills == 0 {
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	}
	return cmd
}

func current(t *testing.T, dir string) pipeline.Record {
	t.Helper()
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	record, err := store.Find("latest")
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// start starts the second run and kills it with SIGKILL when now says so. It says whether the run was over by then.
func (c *chaos) start(t *testing.T, dir string, now func(dir string, lines <-chan string)) (over bool) {
	t.Helper()
	cmd := crmlink(t, dir, "run", "--as-of", secondTime)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := linesOf(stderr)
	now(dir, lines)
	cmd.Process.Kill() //nolint:errcheck // it may be over already
	for range lines {  // the pipe is read to its end before the process is waited for
	}
	return cmd.Wait() == nil
}

// kill starts the second run over a copy of an org, where it was killed before if so many times as told, and kills it. It
// checks invariant 3: what was published is readable, and the next start ends with the same id, the same time and the same
// bytes.
func (c *chaos) kill(t *testing.T, from string, before int, where string, now func(dir string, lines <-chan string)) killed {
	t.Helper()
	copyTree(t, from, c.dir)
	dir := c.dir
	k := killed{where: where, survived: c.start(t, dir, now)}

	published := current(t, dir)
	c.checkReadable(t, where, dir, published)
	if published.ID != c.first.ID && published.ID != c.want.ID {
		t.Errorf("%s: %s is published", where, published.ID)
	}
	runs, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Runs()
	if err != nil {
		t.Fatal(err)
	}
	begun := len(runs) == 2 && published.ID == c.first.ID
	if published.ID == c.first.ID { // otherwise it was killed after the switch, and there is nothing to take up
		if out, err := crmlink(t, dir, "run", "--as-of", secondTime).CombinedOutput(); err != nil {
			t.Errorf("%s: the next start fails: %v\n%s", where, err, out)
			return k
		}
	}
	after := current(t, dir)
	k.resumed = begun && after.ID == runs[1].ID && after.Resumed == before+1
	if begun && !k.resumed {
		t.Errorf("%s: run %s was begun, the next start made %s (resumed %d times)", where, runs[1].ID, after.ID, after.Resumed)
	}
	c.checkSame(t, where, after)
	c.checkReadable(t, where, dir, after)
	return k
}

// linesOf reads what a process writes, so that its pipe never holds it up. The channel is closed when the process is over.
func linesOf(pipe io.Reader) <-chan string {
	lines := make(chan string, 10_000)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(pipe); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	return lines
}

// checkSame compares a publication with the undisturbed one, byte for byte.
func (c *chaos) checkSame(t *testing.T, where string, after pipeline.Record) {
	t.Helper()
	if after.ID != c.want.ID || !after.AsOf.Equal(c.want.AsOf) {
		t.Errorf("%s: ended as run %s as of %s, want %s", where, after.ID, after.AsOf, c.want.ID)
	}
	if len(after.Tables) != len(c.want.Tables) {
		t.Errorf("%s: %d tables, want %d", where, len(after.Tables), len(c.want.Tables))
	}
	for name, snap := range c.want.Tables {
		if after.Tables[name].ID != snap.ID {
			t.Errorf("%s: table %s has other bytes", where, name)
		}
	}
}

// checkReadable opens a publication as readers do, and asks something of every kind.
func (c *chaos) checkReadable(t *testing.T, where, dir string, record pipeline.Record) {
	t.Helper()
	p, err := pipeline.Store{Dir: filepath.Join(dir, "store")}.Open(t.Context(), record.ID)
	if err != nil {
		t.Errorf("%s: the publication does not open: %v", where, err)
		return
	}
	defer p.Close()
	if stats, err := p.Stats(t.Context()); err != nil || len(stats) != 3 {
		t.Errorf("%s: statistics: %v, %v", where, stats, err)
	}
	var counts []string // in one query: to open the database for each took most of these tests' time
	for name := range record.Tables {
		counts = append(counts, fmt.Sprintf("SELECT '%s', count(*) FROM %s", name, name))
	}
	answer, err := p.Select(t.Context(), strings.Join(counts, " UNION ALL "))
	if err != nil {
		t.Errorf("%s: a table does not read: %v", where, err)
		return
	}
	defer answer.Close()
	read := 0
	for row, err := answer.Next(); row != nil || err != nil; row, err = answer.Next() {
		if err != nil {
			t.Errorf("%s: a table does not read: %v", where, err)
			return
		}
		read++
		if name := row[0].(string); row[1] != record.Tables[name].Rows {
			t.Errorf("%s: table %s has %v rows, want %d", where, name, row[1], record.Tables[name].Rows)
		}
	}
	if read != len(record.Tables) {
		t.Errorf("%s: %d tables are read, want %d", where, read, len(record.Tables))
	}
}

// writeReliability writes the table of docs/reliability.md.
func writeReliability(t *testing.T, all []killed) {
	t.Helper()
	groups := []string{"random instant", "after step", "while the database", "after the database", "after the record", "before the link"}
	var b strings.Builder
	fmt.Fprintf(&b, "| killed with SIGKILL | kills | taken up again: same id, time and bytes | over before the kill |\n|---|---|---|---|\n")
	for _, g := range groups {
		kills, resumed, survived := 0, 0, 0
		name := g
		for _, k := range all {
			if strings.HasPrefix(k.where, g) {
				kills++
				if k.resumed {
					resumed++
				}
				if k.survived {
					survived++
				}
				if len(groups) > 2 && !strings.HasPrefix(g, "random") && !strings.HasPrefix(g, "after step") {
					name = k.where
				}
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", name, kills, resumed, survived)
	}
	fmt.Fprintf(&b, "| all | %d | | |\n", len(all))
	writeTable(t, "kills", b.String())
}

// writeTable puts a table between its marks in docs/reliability.md.
func writeTable(t *testing.T, mark, table string) {
	t.Helper()
	t.Log("\n" + table)
	path := filepath.Join("..", "..", "docs", "reliability.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), "<!-- "+mark+" -->\n")
	_, tail, ok2 := strings.Cut(rest, "<!-- /"+mark+" -->")
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table %s", path, mark)
	}
	if err := os.WriteFile(path, []byte(head+"<!-- "+mark+" -->\n"+table+"<!-- /"+mark+" -->"+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}
