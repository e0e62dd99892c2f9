package pipeline_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

var asOf = time.Date(2026, 10, 1, 4, 0, 0, 0, time.UTC)

// copyDemo copies the checked-in demo org, without a store, to a folder of its own.
func copyDemo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../data/demo")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "store")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func runOrg(t *testing.T, dir string, change func(*pipeline.Options)) (pipeline.Result, error) {
	t.Helper()
	config, err := pipeline.LoadConfig(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	o := pipeline.Options{Config: config, AsOf: asOf}
	if change != nil {
		change(&o)
	}
	return pipeline.Run(t.Context(), o)
}

// describesTheRun are the tables that say how a run went rather than what it found.
var describesTheRun = map[string]bool{"run": true, "extract_log": true, "reject": true}

func differences(a, b pipeline.Record) []string {
	var names []string
	for name, snap := range a.Tables {
		if !describesTheRun[name] && b.Tables[name].ID != snap.ID {
			names = append(names, name)
		}
	}
	return names
}

func TestSameIdsForAnyThreadsAndOrder_Invariant9(t *testing.T) {
	first, err := runOrg(t, copyDemo(t), func(o *pipeline.Options) { o.Threads = 1 })
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Record.Tables) < 20 {
		t.Fatalf("only %d tables", len(first.Record.Tables))
	}
	for _, seed := range []uint64{1, 2} {
		dir := copyDemo(t)
		shuffle(t, dir, seed)
		other, err := runOrg(t, dir, func(o *pipeline.Options) { o.Threads = 4 })
		if err != nil {
			t.Fatal(err)
		}
		if names := differences(first.Record, other.Record); len(names) > 0 {
			t.Errorf("seed %d, 4 threads, shuffled: tables differ: %v", seed, names)
		}
	}
}

// shuffle deals the rows of every CRM object to new pages in random order, and shuffles the directory's rows.
func shuffle(t *testing.T, dir string, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	pages, err := filepath.Glob(filepath.Join(dir, "crm", "*.csv"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	rows, headers := map[string][][]string{}, map[string][]string{}
	for _, page := range pages {
		object, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(page), ".csv"), "-")
		header, body := readCSV(t, page)
		if known, ok := headers[object]; ok && strings.Join(known, ",") != strings.Join(header, ",") {
			t.Fatalf("%s: pages have different headers", object)
		}
		headers[object], rows[object] = header, append(rows[object], body...)
		if err := os.Remove(page); err != nil {
			t.Fatal(err)
		}
	}
	for object, body := range rows {
		random.Shuffle(len(body), func(i, j int) { body[i], body[j] = body[j], body[i] })
		half := random.IntN(len(body) + 1)
		writeCSV(t, filepath.Join(dir, "crm", object+"-7.csv"), headers[object], body[:half])
		writeCSV(t, filepath.Join(dir, "crm", object+"-3.csv"), headers[object], body[half:])
	}
	companies := filepath.Join(dir, "directory", "companies.csv")
	header, body := readCSV(t, companies)
	random.Shuffle(len(body), func(i, j int) { body[i], body[j] = body[j], body[i] })
	writeCSV(t, companies, header, body)
}

func readCSV(t *testing.T, path string) ([]string, [][]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1:]
}

func writeCSV(t *testing.T, path string, header []string, body [][]string) {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := errors.Join(w.Write(header), w.WriteAll(body)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSecondRunOverTheSameFactsReusesAndAgrees(t *testing.T) {
	dir := copyDemo(t)
	first, err := runOrg(t, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := runOrg(t, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if first.Record.ID == second.Record.ID {
		t.Errorf("two runs have the id %s", first.Record.ID)
	}
	if names := differences(first.Record, second.Record); len(names) > 0 {
		t.Errorf("tables differ though nothing changed: %v", names)
	}
	reused := 0
	for _, s := range second.Record.Steps {
		if s.Reused {
			reused++
		}
	}
	if reused < 4 {
		t.Errorf("only %d steps were reused: %+v", reused, second.Record.Steps)
	}
}

func TestAnotherRunIsRefused(t *testing.T) {
	dir := copyDemo(t)
	var inner error
	asked := false
	_, err := runOrg(t, dir, func(o *pipeline.Options) {
		config := o.Config
		o.Report = func(e pipeline.Event) {
			if e.Step == "normalize" && e.State == "start" && !asked {
				asked = true
				_, inner = pipeline.Run(context.Background(), pipeline.Options{Config: config, AsOf: asOf})
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var locked *pipeline.LockedError
	if !errors.As(inner, &locked) {
		t.Errorf("second run while one is on its way: %v, want a LockedError", inner)
	}
}

func TestWriteErrorAtEachStageKeepsThePublication_Invariant7(t *testing.T) {
	dir := copyDemo(t)
	first, err := runOrg(t, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	store := pipeline.Store{Dir: filepath.Join(dir, "store")}
	for _, s := range first.Record.Steps {
		t.Run(s.Name, func(t *testing.T) {
			clear := breakStoreAt(t, store.Dir, s.Name)
			_, err := runOrg(t, dir, func(o *pipeline.Options) {
				o.Report = clear.report
				o.Estimate = true
				o.AsOf = asOf.Add(time.Hour)
				o.Config = withSetting(t, dir, "settings: {candidates: 5}")
			})
			clear.mend()
			if err == nil {
				t.Fatal("the run did not notice that it could not write")
			}
			current, err := store.Find("latest")
			if err != nil || current.ID != first.Record.ID {
				t.Fatalf("current is %q, %v; want %s", current.ID, err, first.Record.ID)
			}
			publication, err := store.Open(t.Context(), "latest")
			if err != nil {
				t.Fatalf("the last publication does not open: %v", err)
			}
			publication.Close()
		})
	}
	if _, err := runOrg(t, dir, nil); err != nil {
		t.Errorf("the store did not recover: %v", err)
	}
}

// fault turns the places a step writes to into files, so that every write below them fails for real.
type fault struct {
	report func(pipeline.Event)
	mend   func()
}

func breakStoreAt(t *testing.T, store, step string) fault {
	t.Helper()
	places := []string{filepath.Join(store, "objects", "tmp"), filepath.Join(store, "actions")}
	moved := false
	move := func() {
		if moved {
			return
		}
		moved = true
		for _, p := range places {
			if err := os.Rename(p, p+".away"); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(p, nil, 0o600); err != nil {
				t.Error(err)
			}
		}
		if step == "switch" {
			if err := os.Mkdir(filepath.Join(store, "current.new"), 0o700); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(filepath.Join(store, "current.new", "in-the-way"), nil, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	return fault{
		report: func(e pipeline.Event) {
			if e.Step == step && e.State == "start" {
				move()
			}
		},
		mend: func() {
			if !moved {
				t.Errorf("step %s never started", step)
				return
			}
			os.RemoveAll(filepath.Join(store, "current.new"))
			for _, p := range places {
				os.Remove(p)
				if err := os.Rename(p+".away", p); err != nil {
					t.Error(err)
				}
			}
		},
	}
}

// withSetting is the org's configuration with one more section merged in.
func withSetting(t *testing.T, dir, section string) pipeline.Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(section, ":")
	inner := strings.Trim(strings.TrimSpace(value), "{}")
	changed := strings.Replace(string(text), "\n"+name+":\n", "\n"+name+":\n  "+inner+"\n", 1)
	if changed == string(text) {
		t.Fatalf("crmlink.yaml of the demo has no section %s", name)
	}
	path := filepath.Join(dir, "changed.yaml")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := pipeline.LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestNoPersonalValueLeavesTheStoreTables_Invariant8(t *testing.T) {
	dir := copyDemo(t)
	planted := plant(t, dir)
	var told bytes.Buffer
	report := func(e pipeline.Event) {
		line, err := json.Marshal(e)
		if err != nil {
			t.Error(err)
		}
		told.Write(line)
	}
	var texts []string
	_, err := runOrg(t, dir, func(o *pipeline.Options) { o.Report = report })
	if err != nil {
		texts = append(texts, err.Error())
	}
	// Faults of every kind, each of which could quote what it found.
	for _, damage := range []func(string){
		func(p string) { appendText(t, p, "\"unfinished "+planted[0]) },
		func(p string) { appendText(t, p, strings.Repeat(planted[1]+",", 3)+"\n") },
		func(p string) { appendText(t, p, planted[2]+"\xff\xfe\n") },
	} {
		broken := copyDemo(t)
		plant(t, broken)
		damage(filepath.Join(broken, "crm", "Contact-1.csv"))
		_, err := runOrg(t, broken, func(o *pipeline.Options) { o.Report = report })
		texts = append(texts, fmt.Sprint(err))
		texts = append(texts, ownWords(t, broken)...)
	}
	texts = append(texts, told.String())
	texts = append(texts, ownWords(t, dir)...)
	for _, text := range texts {
		for _, p := range planted {
			if strings.Contains(strings.ToLower(text), strings.ToLower(p)) {
				t.Fatalf("a planted value appears in a log, an error or run.json, %d bytes long", len(text))
			}
		}
	}
}

// plant writes 1,000 unmistakable names, emails and phones, and some unusable cells, over rows of the CRM.
func plant(t *testing.T, dir string) []string {
	t.Helper()
	var planted []string
	pages, _ := filepath.Glob(filepath.Join(dir, "crm", "Contact-*.csv"))
	n := 0
	for _, page := range pages {
		header, body := readCSV(t, page)
		at := map[string]int{}
		for i, h := range header {
			at[h] = i
		}
		for i, row := range body {
			if n >= 334 {
				break
			}
			values := map[string]string{"LastName": fmt.Sprintf("Zqplantname%04d", n), "Email": fmt.Sprintf("zqplant%04d@zqplant%04d.example", n, n),
				"Phone": fmt.Sprintf("+4999%07d77", n)}
			for field, v := range values {
				row[at[field]] = v
				planted = append(planted, v)
			}
			if i%97 == 5 {
				row[at["CreatedDate"]] = fmt.Sprintf("Zqplantname%04d", n)
			}
			n++
		}
		writeCSV(t, page, header, body)
	}
	if len(planted) < 1000 {
		t.Fatalf("only %d values planted", len(planted))
	}
	return planted
}

func appendText(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
}

// ownWords are all files of a store that are not tables: logs, records, actions.
func ownWords(t *testing.T, dir string) []string {
	t.Helper()
	var texts []string
	err := filepath.WalkDir(filepath.Join(dir, "store"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.HasSuffix(path, ".json") || strings.HasSuffix(path, ".jsonl") || filepath.Base(path) == "lock") {
			data, e := os.ReadFile(path)
			texts = append(texts, string(data))
			return e
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return texts
}
