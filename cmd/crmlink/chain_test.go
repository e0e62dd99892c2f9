package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/crmlink/crmlink/cmd/crmlink/demo"
	"github.com/crmlink/crmlink/pipeline"
)

var chainDays = flag.Int("chain", 0, "days of the chain that is made and replayed")

// A chain of daily runs over the demo org, replayed from its first run to its last, gives the same bytes (invariant 1).
func TestChainOfDailyRunsReplays_Invariant1(t *testing.T) {
	days, size := 3, demo.Config{Accounts: 30, Contacts: 80, Leads: 30, Seed: 1}
	switch {
	case *chainDays > 0:
		days, size = *chainDays, demo.Config{Accounts: 300, Contacts: 800, Leads: 300, Seed: 1}
	case testing.Short():
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	dir := t.TempDir()
	size.Out = dir
	if _, err := demo.Generate(t.Context(), size); err != nil {
		t.Fatal(err)
	}
	config, err := pipeline.LoadConfig(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(90, 1))
	start := time.Date(2026, 8, 1, 4, 0, 0, 0, time.UTC)
	var first, last pipeline.Record
	changed := int64(0)
	for day := range days {
		at := start.AddDate(0, 0, day)
		if day > 0 {
			ordinaryDay(t, dir, random, at)
		}
		result, err := pipeline.Run(t.Context(), pipeline.Options{Config: config, AsOf: at, Threads: 1})
		if err != nil {
			t.Fatalf("day %d: %v", day, err)
		}
		if day == 0 {
			first = result.Record
		}
		last = result.Record
		for _, c := range last.Changes {
			changed += c.Added + c.Removed + c.Changed
		}
	}
	if changed == 0 {
		t.Error("nothing changed on any day")
	}
	all, err := pipeline.Replay(t.Context(), pipeline.ReplayOptions{Config: config, Store: pipeline.Store{Dir: config.Path("store")},
		From: first.ID, To: last.ID, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != days {
		t.Errorf("%d runs were replayed, want %d", len(all), days)
	}
	tables := 0
	for _, r := range all {
		tables += r.Identical
		if len(r.Differing) > 0 || len(r.Unchecked) > 0 || r.Identical < 40 {
			t.Errorf("run %s: %d tables identical, differing %v, unchecked %v", r.ID, r.Identical, r.Differing, r.Unchecked)
		}
	}
	t.Logf("%d runs with %d changed rows, replayed: %d tables identical", len(all), changed, tables)
}

// ordinaryDay changes the org's files as a day does: titles and phones, owners, stages, deletions, a decision now and then.
func ordinaryDay(t *testing.T, dir string, random *rand.Rand, at time.Time) {
	t.Helper()
	stamp := at.Add(-6 * time.Hour).Format("2006-01-02T15:04:05.000Z")
	users := column(t, filepath.Join(dir, "crm", "User.csv"), "Id")
	change := func(file string, share float64, edit func(cell func(string) *string)) {
		path := filepath.Join(dir, "crm", file)
		header, rows := readSheet(t, path)
		for _, row := range rows {
			if random.Float64() >= share {
				continue
			}
			cell := func(name string) *string { return &row[slices.Index(header, name)] }
			edit(cell)
			*cell("LastModifiedDate"), *cell("SystemModstamp") = stamp, stamp
		}
		writeSheet(t, path, header, rows)
	}
	change("Contact-1.csv", 0.02, func(cell func(string) *string) {
		*cell("Title") = []string{"Head of Sales", "CFO", "Engineer", "Buyer"}[random.IntN(4)]
		*cell("Phone") = fmt.Sprintf("+49 30 %07d", random.IntN(1e7))
		if random.IntN(6) == 0 {
			*cell("LastName") += "-Weber"
		}
	})
	change("Contact-3.csv", 0.005, func(cell func(string) *string) { *cell("IsDeleted") = "true" })
	change("Lead-1.csv", 0.02, func(cell func(string) *string) { *cell("OwnerId") = users[random.IntN(len(users))] })
	change("Opportunity-1.csv", 0.05, func(cell func(string) *string) { *cell("OwnerId") = users[random.IntN(len(users))] })
	change("Account-1.csv", 0.01, func(cell func(string) *string) { *cell("Name") += " Group" })
	if at.Day()%5 == 0 {
		header, rows := readSheet(t, filepath.Join(dir, "decisions.csv"))
		row := make([]string, len(header))
		contacts := column(t, filepath.Join(dir, "crm", "Contact-1.csv"), "Id")
		for name, value := range map[string]string{"seq": fmt.Sprint(10_000 + at.YearDay()), "object": "Contact",
			"crm_id": contacts[random.IntN(len(contacts))], "verdict": "none"} {
			row[slices.Index(header, name)] = value
		}
		writeSheet(t, filepath.Join(dir, "decisions.csv"), header, append(rows, row))
	}
}

func readSheet(t *testing.T, path string) (header []string, rows [][]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %v", path, err)
	}
	return all[0], all[1:]
}

func writeSheet(t *testing.T, path string, header []string, rows [][]string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := csv.NewWriter(f)
	if err := w.WriteAll(append([][]string{header}, rows...)); err != nil {
		t.Fatal(err)
	}
}

func column(t *testing.T, path, name string) []string {
	t.Helper()
	header, rows := readSheet(t, path)
	values := make([]string, len(rows))
	for i, row := range rows {
		values[i] = row[slices.Index(header, name)]
	}
	return values
}
