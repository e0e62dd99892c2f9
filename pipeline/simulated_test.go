package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/oracle"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// simulated is a Salesforce org in the process, with a clock that only the test moves.
type simulated struct {
	*simulator.Server
	address string
	mu      sync.Mutex
	at      time.Time
}

func (s *simulated) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *simulated) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

// simulate opens an org with the records of a folder.
func simulate(t *testing.T, crm string, org simulator.Org) *simulated {
	t.Helper()
	s := &simulated{at: oracleTime}
	s.Server = simulator.New(simulator.Options{Org: org, Clock: s.now, Strict: true, Switches: simulator.Switches{PageRows: 40, RunningPolls: -1}})
	if crm != "" {
		if err := s.Load(crm); err != nil {
			t.Fatal(err)
		}
	}
	address, stop, err := s.Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.address = address
	t.Cleanup(func() {
		stop()
		for _, v := range s.Violations() {
			t.Errorf("careless: %s", v)
		}
	})
	return s
}

// crmOf writes the records of a world to a folder, as a CRM holds them: exports of a world have every spelling that csv
// orgs may have.
func crmOf(t *testing.T, world *oracle.World) string {
	t.Helper()
	dir := t.TempDir()
	for name, sheet := range world.CRM {
		object, ok := schemas.ObjectNamed(name)
		if !ok {
			t.Fatalf("there is no object %s", name)
		}
		var body [][]string
		for _, row := range sheet.Rows {
			cells := make([]string, len(sheet.Columns))
			for i, column := range sheet.Columns {
				field, _ := object.Field(column)
				cells[i] = canonical(field, row[column])
			}
			body = append(body, cells)
		}
		writeCSV(t, filepath.Join(dir, name+".csv"), sheet.Columns, body)
	}
	return dir
}

// canonical is a value as the CRM writes it; one that it could not hold is empty.
func canonical(field schemas.Field, value string) string {
	switch {
	case value == "":
		return ""
	case field.ID:
		full, ok := schemas.FullID(value)
		if !ok {
			return ""
		}
		return full
	case field.Type == schemas.Bool:
		return strings.ToLower(value)
	case field.Type == schemas.Timestamp:
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05"} {
			if at, err := time.Parse(layout, value); err == nil {
				return at.UTC().Format("2006-01-02T15:04:05.000Z")
			}
		}
		return ""
	case field.Type == schemas.Number || field.Type == schemas.Int:
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return ""
		}
	}
	return value
}

// salesforceOrg writes the configuration and lists of a world to a folder, with the CRM's records in a simulated org, and
// connects them.
func salesforceOrg(t *testing.T, world *oracle.World, org *simulated) string {
	t.Helper()
	dir := t.TempDir()
	file, err := world.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "crm")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, file, orgLine.ReplaceAllString(string(text), orgOf(org)))
	writeText(t, filepath.Join(dir, "app.secret"), "simulated-secret\n")
	connect(t, dir)
	return dir
}

// orgOf is the configuration's line of a simulated org.
func orgOf(org *simulated) string {
	return fmt.Sprintf("org: {kind: salesforce, login: %q, client_id: 3MVG9simulated, flow: client-credentials, secret_file: app.secret, key_file: app.key, instance_url: %q}",
		org.address, oracle.InstanceURL)
}

func writeText(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, dir string) pipeline.Connected {
	t.Helper()
	done, err := pipeline.Connect(t.Context(), pipeline.ConnectOptions{Config: loadConfig(t, dir), Who: pipeline.Person{By: "eve", Login: "root"}, At: oracleTime})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// sync runs an org as of the simulated clock.
func (s *simulated) sync(t *testing.T, dir string, change func(*pipeline.Options)) (pipeline.Result, error) {
	t.Helper()
	o := pipeline.Options{Config: loadConfig(t, dir), AsOf: s.now(), Now: s.now, Tries: 2, Threads: 1}
	if change != nil {
		change(&o)
	}
	return pipeline.Run(t.Context(), o)
}

func (s *simulated) mustSync(t *testing.T, dir string, change func(*pipeline.Options)) pipeline.Result {
	t.Helper()
	result, err := s.sync(t, dir, change)
	if err != nil {
		t.Fatal(err)
	}
	return result
}
