package salesforce

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

const demoCRM = "../../../data/demo/crm"

// org is a simulated org with the demo's records, strict, and a clock that only waiting moves.
type org struct {
	*simulator.Server
	t       testing.TB
	address string
	clock   *clock
	stop    func()
	dir     string // of its pull, where a test changes that
}

// rewrite changes what the manifest says.
func (o *org) rewrite(from, to string) {
	place := filepath.Join(o.dir, ManifestName)
	text, err := os.ReadFile(place)
	if err != nil || !strings.Contains(string(text), from) {
		o.t.Fatal(err, "the manifest does not say "+from)
	}
	if err := os.WriteFile(place, []byte(strings.ReplaceAll(string(text), from, to)), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func serve(t testing.TB, s simulator.Switches) *org {
	t.Helper()
	o := bare(t, s)
	if err := o.Load(demoCRM); err != nil {
		t.Fatal(err)
	}
	return o
}

// bare is an org without records.
func bare(t testing.TB, s simulator.Switches, change ...func(*simulator.Options)) *org {
	t.Helper()
	o := &org{t: t, clock: &clock{at: time.Date(2026, 11, 2, 4, 0, 0, 0, time.UTC)}}
	options := simulator.Options{Strict: true, Clock: o.clock.now, Switches: s}
	for _, c := range change {
		c(&options)
	}
	o.Server = simulator.New(options)
	address, stop, err := o.Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	o.address, o.stop = address, stop
	t.Cleanup(func() {
		stop()
		for _, v := range o.Violations() {
			t.Errorf("careless: %s", v)
		}
	})
	return o
}

// client is one that waits by the simulated clock.
func (o *org) client(change ...func(*Options)) *Client {
	o.t.Helper()
	options := Options{
		Instance: o.address,
		User:     o.user(),
		HTTP:     &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}},
		Token:    func(context.Context, string) (string, error) { return o.Token(), nil },
		sleep: func(ctx context.Context, d time.Duration) error {
			o.clock.pass(d)
			return context.Cause(ctx)
		},
		jitter: func(span time.Duration) time.Duration { return span / 2 },
	}
	for _, c := range change {
		c(&options)
	}
	c, err := New(options)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// app is the app that the org knows.
func (o *org) app() App {
	return App{Login: o.address, ClientID: "3MVG9simulated", Secret: "simulated-secret", sleep: func(_ context.Context, d time.Duration) error {
		o.clock.pass(d)
		return nil
	}}
}

// user is the Id of the integration user.
func (o *org) user() string {
	g, err := o.app().ClientCredentials(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return g.UserID()
}

// records are rows by Id and field.
type records map[string]map[string]string

// read reads the files of a pull and checks that each holds what the pull says.
func read(t testing.TB, dir string, done Pulled) map[string]records {
	t.Helper()
	all := map[string]records{}
	for _, o := range done.Objects {
		rows := records{}
		total := int64(0)
		for _, f := range o.Files {
			text := unzipped(t, filepath.Join(dir, f.Name))
			lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			if err != nil || len(lines) == 0 {
				t.Fatalf("%s: %d lines, %v", f.Name, len(lines), err)
			}
			if int64(len(lines)-1) != f.Rows {
				t.Errorf("%s has %d rows, the pull says %d", f.Name, len(lines)-1, f.Rows)
			}
			total += f.Rows
			for _, line := range lines[1:] {
				row := map[string]string{}
				for i, name := range lines[0] {
					row[name] = line[i]
				}
				rows[row["Id"]] = row
			}
		}
		if total != o.Rows {
			t.Errorf("%s has %d rows, the pull says %d", o.Name, total, o.Rows)
		}
		all[o.Name] = rows
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{ManifestName: true}
	for _, o := range done.Objects {
		for _, f := range o.Files {
			known[f.Name] = true
		}
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("%s is left over", e.Name())
		}
	}
	return all
}

func unzipped(t testing.TB, place string) string {
	t.Helper()
	file, err := os.Open(place)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wanted is what a folder of Bulk results holds, newest version of each record by its stamp.
func wanted(t testing.TB, dir string) map[string]records {
	t.Helper()
	all := map[string]records{}
	places, err := filepath.Glob(filepath.Join(dir, "*.csv*"))
	if err != nil || len(places) == 0 {
		t.Fatal(err, len(places))
	}
	for _, place := range places {
		object, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(filepath.Base(place), ".gz"), ".csv"), "-")
		var text string
		if strings.HasSuffix(place, ".gz") {
			text = unzipped(t, place)
		} else {
			raw, err := os.ReadFile(place)
			if err != nil {
				t.Fatal(err)
			}
			text = string(raw)
		}
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if all[object] == nil {
			all[object] = records{}
		}
		for _, line := range lines[1:] {
			row := map[string]string{}
			for i, name := range lines[0] {
				row[name] = line[i]
			}
			if old, ok := all[object][row["Id"]]; !ok || old["SystemModstamp"] < row["SystemModstamp"] {
				all[object][row["Id"]] = row
			}
		}
	}
	return all
}

// differ compares records in the fields that both sides have.
func differ(want, have records) error {
	for id, w := range want {
		h, ok := have[id]
		if !ok {
			return fmt.Errorf("%s was lost", id)
		}
		for name, value := range w {
			if got, ok := h[name]; ok && got != value {
				return fmt.Errorf("%s.%s is %q, want %q", id, name, got, value)
			}
		}
	}
	for id := range have {
		if _, ok := want[id]; !ok {
			return fmt.Errorf("%s is none of the org's records", id)
		}
	}
	return nil
}

// smallCRM is the demo's CRM cut down to some records of each object, so that pages can be small and tests quick.
var smallCRM = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "crmlink-small-crm-")
	if err != nil {
		return "", err
	}
	places, err := filepath.Glob(filepath.Join(demoCRM, "*-1.csv"))
	if err != nil {
		return "", err
	}
	for _, name := range []string{"User", "UserRole", "OpportunityStage", "CurrencyType", "DatedConversionRate", "Organization"} {
		if _, err := os.Stat(filepath.Join(demoCRM, name+".csv")); err == nil {
			places = append(places, filepath.Join(demoCRM, name+".csv"))
		}
	}
	for _, place := range places {
		raw, err := os.ReadFile(place)
		if err != nil {
			return "", err
		}
		lines, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
		if err != nil {
			return "", err
		}
		var text []byte
		for _, line := range lines[:min(len(lines), 101)] {
			text = appendRow(text, line)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(place)), text, 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(childOf) != "" {
		child(os.Getenv("ADDRESS"), os.Getenv("FOLDER"), os.Getenv("TOKEN"), os.Getenv("CRMUSER"))
		os.Exit(0)
	}
	code := m.Run()
	if dir, err := smallCRM(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// small is an org with a hundred records of each object at most.
func small(t testing.TB, s simulator.Switches, change ...func(*simulator.Options)) *org {
	t.Helper()
	o := bare(t, s, change...)
	dir, err := smallCRM()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Load(dir); err != nil {
		t.Fatal(err)
	}
	return o
}
