package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
)

var (
	measureBench = flag.Bool("measure", false, "measure runs by stage and write docs/performance.md")
	measureLarge = flag.Bool("large", false, "measure runs over millions of members and write docs/performance.md")
	benchPeople  = flag.Int("people", 500_000, "records and members of the benchmarks' org; accounts are a fifth, large orgs up to twenty times as many")
)

// people is an org of leads only against as many members: nothing but people is matched. Some 73 % of the records are a
// member. With two countries as many people share their names as in a CRM of one large market.
func people(t *testing.T, dir string, records, members int) string {
	return generated(t, demo.Config{Leads: records, Members: members, Companies: max(members/10, 40), Countries: 2, Seed: 1, Out: dir})
}

// generated writes an org and gives its configuration.
func generated(t *testing.T, c demo.Config) string {
	t.Helper()
	began(fmt.Sprintf("writing %d records", c.Accounts+c.Contacts+c.Leads))
	started := time.Now()
	if _, err := demo.Generate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(os.Stderr, "%.0f s\n", time.Since(started).Seconds())
	return filepath.Join(c.Out, "crmlink.yaml")
}

// TestBench measures runs by stage: two sizes of people, an org of all objects, of both the same files again and one record of a
// hundred changed on either side, and accounts. Figures only; nothing is asserted about time.
func TestBench(t *testing.T) {
	if !*measureBench {
		t.Skip("measured by make bench")
	}
	n := *benchPeople
	var b strings.Builder
	b.WriteString(machine())
	small := benched(t, "a tenth of the people", benchRun{Config: people(t, t.TempDir(), n/10, n/10)})
	dir := t.TempDir()
	answers := ""
	leads := incremented(t, people(t, dir, n, n), func() { answers = latencies(t, dir) })
	remove(t, dir)
	mix := mixedOrg(t, n)
	mixed := incremented(t, generated(t, mix), func() {})
	remove(t, mix.Out)
	accounts := benched(t, "accounts", benchRun{Config: generated(t, demo.Config{Accounts: n / 5, Companies: 2 * n / 5, Seed: 1, Out: t.TempDir()})})

	b.WriteString("\n### Growth and increments\n\n")
	titles := []string{fmt.Sprintf("%d people × %d members", n/10, n/10)}
	titles = append(titles, leads.titles(fmt.Sprintf("%d × %d", n, n))...)
	titles = append(titles, mixed.titles(fmt.Sprintf("%d accounts, %d contacts, %d leads × %d companies, %d members", mix.Accounts, mix.Contacts, mix.Leads, mix.Companies, mix.Members))...)
	titles = append(titles, fmt.Sprintf("%d accounts × %d companies", n/5, 2*n/5))
	runs := append([]benchRun{small}, leads.runs()...)
	writeStages(&b, titles, append(append(runs, mixed.runs()...), accounts))
	b.WriteString("\nLeads alone:\n")
	leads.writeShares(&b)
	b.WriteString("\nAccounts, contacts and leads:\n")
	mixed.writeShares(&b)
	writeGrowth(&b, small, leads.first)
	b.WriteString(answers)
	leads.writeSteps(&b, "people")
	mixed.writeSteps(&b, "accounts, contacts and leads")
	writeSteps(&b, "Accounts", accounts)
	t.Log("\n" + b.String())
	writeSection(t, "performance.md", "stages", b.String())
}

// mixedOrg has objects as a CRM has them, with as many records as people has: contacts tell of their accounts, and accounts of
// their contacts.
func mixedOrg(t *testing.T, n int) demo.Config {
	return demo.Config{Accounts: n * 4 / 25, Contacts: n * 12 / 25, Leads: n * 9 / 25, Companies: n * 8 / 25, Members: n * 24 / 25, Seed: 3, Out: t.TempDir()}
}

// increments are a first run over an org and those after it.
type increments struct{ first, again, delta, directory benchRun }

// incremented runs an org, the same files again, and then with one record of a hundred changed in the CRM, and in the directory.
func incremented(t *testing.T, config string, afterFirst func()) (i increments) {
	t.Helper()
	dir := filepath.Dir(config)
	i.first = benched(t, "first run", benchRun{Config: config})
	afterFirst()
	i.again = benched(t, "the same files again", benchRun{Config: config})
	crm := demo.Changes{Org: dir, PerMille: 10, Seed: 1001, At: time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC), Delta: filepath.Join(dir, "delta")}
	if _, err := demo.ChangeCRM(t.Context(), crm); err != nil {
		t.Fatal(err)
	}
	replaceIn(t, config, "path: crm ", "path: delta ")
	i.delta = benched(t, "1 % of the CRM changed", benchRun{Config: config})
	if _, err := demo.ChangeDirectory(t.Context(), demo.Changes{Org: dir, PerMille: 10, Seed: 1001}); err != nil {
		t.Fatal(err)
	}
	i.directory = benched(t, "1 % of the directory changed", benchRun{Config: config})
	return i
}

func (i increments) runs() []benchRun {
	return []benchRun{i.first, i.again, i.delta, i.directory}
}

func (i increments) titles(org string) []string {
	return []string{org, "the same files again", "1 % of the CRM changed, as a delta", "1 % of the directory changed"}
}

func (i increments) writeSteps(b *strings.Builder, org string) {
	for k, title := range []string{"First run", "The same files again", "1 % of the CRM changed", "1 % of the directory changed"} {
		writeSteps(b, title+": "+org, i.runs()[k])
	}
}

// TestBenchLarge measures what grows: four and twenty times as many members as the benchmark has.
func TestBenchLarge(t *testing.T) {
	if !*measureLarge {
		t.Skip("measured by make bench-large")
	}
	n := *benchPeople
	var titles []string
	var runs []benchRun
	for _, size := range []struct {
		records, members int
		memory           string
	}{{4 * n, 10 * n, ""}, {2 * n, 20 * n, "12GiB"}} {
		dir := t.TempDir()
		title := fmt.Sprintf("%d people × %d members", size.records, size.members)
		runs = append(runs, benched(t, title, benchRun{Config: people(t, dir, size.records, size.members), Memory: size.memory}))
		remove(t, dir)
		if size.memory != "" {
			title += ", --memory " + size.memory
		}
		titles = append(titles, title)
		var b strings.Builder // written after each run: the next takes half an hour
		b.WriteString(machine())
		writeStages(&b, titles, runs)
		t.Log("\n" + b.String())
		writeSection(t, "performance.md", "large", b.String())
	}
}

func machine() string {
	return fmt.Sprintf("Measured on %d processors, %s, %s/%s.\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// writeStages is a line per run: CPU seconds by stage.
func writeStages(b *strings.Builder, titles []string, runs []benchRun) {
	b.WriteString("\n| CPU s |")
	for _, s := range stages {
		b.WriteString(" " + s.name + " |")
	}
	b.WriteString(" process | wall s | pairs | peak memory MB |\n|---|" + strings.Repeat("---|", len(stages)+4) + "\n")
	for i, r := range runs {
		fmt.Fprintf(b, "| %s |", titles[i])
		for _, s := range stages {
			fmt.Fprintf(b, " %.1f |", r.cpuOf(s.name).Seconds())
		}
		fmt.Fprintf(b, " **%.1f** | %.1f | %d | **%d** |\n", r.CPU.Seconds(), r.Wall.Seconds(), r.Pairs, r.Peak>>20)
	}
}

// matchStages are those from normalize to resolve.
var matchStages = []string{"normalize", "block", "estimate", "score", "resolve", "reasons", "mapping"}

// writeShares holds increments against the first run.
func (i increments) writeShares(b *strings.Builder) {
	all := func(r benchRun) (cpu time.Duration) {
		for _, s := range r.Steps {
			cpu += s.CPU
		}
		return cpu
	}
	percent := func(x, of time.Duration) string { return fmt.Sprintf("%.1f %%", 100*x.Seconds()/of.Seconds()) }
	match, estimate := i.first.cpuOf(matchStages...), i.first.cpuOf("estimate")
	fmt.Fprintf(b, "\n| against the first run | normalize to resolve | whole run | and if the first run had not estimated the model |\n|---|---|---|---|\n")
	for _, x := range []struct {
		title string
		run   benchRun
	}{{"the same files again", i.again}, {"1 % of the CRM changed", i.delta}, {"1 % of the directory changed", i.directory}} {
		mine := x.run.cpuOf(matchStages...)
		fmt.Fprintf(b, "| %s | **%s** | **%s** | %s, %s |\n", x.title, percent(mine, match), percent(all(x.run), all(i.first)),
			percent(mine, match-estimate), percent(all(x.run), all(i.first)-estimate))
	}
}

// writeGrowth holds a large org against a small one.
func writeGrowth(b *strings.Builder, small, large benchRun) {
	fmt.Fprintf(b, "\nTen times as many records on both sides cost **%.1f ×** the CPU (process), and from normalize to resolve %.1f ×.\n",
		large.CPU.Seconds()/small.CPU.Seconds(), large.cpuOf(matchStages...).Seconds()/small.cpuOf(matchStages...).Seconds())
}

// writeSteps is a table of one run's steps.
func writeSteps(b *strings.Builder, title string, r benchRun) {
	fmt.Fprintf(b, "\n### %s\n\n| step | rows out | CPU s | wall s | rows per CPU s | peak memory MB |\n|---|---|---|---|---|---|\n", title)
	for _, s := range r.Steps {
		if s.Reused {
			fmt.Fprintf(b, "| %s (reused) | %d | | %.2f | | %d |\n", s.Name, s.Rows, s.Elapsed.Seconds(), s.Peak>>20)
			continue
		}
		fmt.Fprintf(b, "| %s | %d | %.2f | %.2f | %s | %d |\n", s.Name, s.Rows, s.CPU.Seconds(), s.Elapsed.Seconds(), perSecond(s.Rows, s.CPU), s.Peak>>20)
	}
}

func perSecond(n int64, d time.Duration) string {
	if n == 0 || d < time.Millisecond {
		return ""
	}
	return fmt.Sprintf("%.0f", float64(n)/d.Seconds())
}

// latencies are how long show and explain take as processes, each over eleven different records where it takes one.
func latencies(t *testing.T, dir string) string {
	t.Helper()
	rows := readAll(t, filepath.Join(dir, "truth.csv"))[1:]
	var b strings.Builder
	b.WriteString("\n| on that store | median ms | slowest of 11, ms | median CPU ms |\n|---|---|---|---|\n")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"show", "explain"} {
		began("crmlink " + verb)
		var wall, cpu []time.Duration
		for i := range 11 {
			args := []string{"crmlink", verb, "-c", filepath.Join(dir, "crmlink.yaml")}
			if verb == "explain" {
				args = append(args, rows[i*len(rows)/11][1])
			}
			cmd := &exec.Cmd{Path: self, Args: args} // by that name the test's executable is the program: TestMain
			started := time.Now()
			if said, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", verb, err, said)
			}
			wall, cpu = append(wall, time.Since(started)), append(cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		}
		slices.Sort(wall)
		slices.Sort(cpu)
		ended(cpu[5] * 11)
		fmt.Fprintf(&b, "| `crmlink %s` | **%d** | %d | %d |\n", verb, wall[5].Milliseconds(), wall[10].Milliseconds(), cpu[5].Milliseconds())
	}
	return b.String()
}

// replaceIn changes one place of a file.
func replaceIn(t *testing.T, path, old, with string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), old) != 1 {
		t.Fatalf("%s has %d times %q", filepath.Base(path), strings.Count(string(text), old), old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, with, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// remove frees the disk before the test ends.
func remove(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
}
