package pipeline_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/sql"
)

// The CRM's normal forms are made on top of those of the run before: what comes out is what a run without one makes, and
// where what it would build upon is lost it does without.
func TestRun_NormalisesOnTopOfTheRunBefore_Invariant2(t *testing.T) {
	t.Parallel()
	dir, first := pipeline.PublishedDemo(t)
	path := filepath.Join(dir, "crm", "Contact-1.csv")
	header, rows := readCSV(t, path)
	for i, row := range rows {
		if i%10 == 0 {
			row[slices.Index(header, "Title")], row[slices.Index(header, "LastName")] = "Chief Executive Officer", "Zimmermann"
			row[slices.Index(header, "SystemModstamp")] = "2026-07-28T00:00:00.000Z"
		}
	}
	writeCSV(t, path, header, rows)

	state := objectOf(t, dir, first, "normalize CRM", "crm_state")
	kept, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}

	// Another state than the one it made shows that it is what the run builds upon.
	if err := os.WriteFile(state, []byte("no state"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := runOrg(t, dir, nil); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("with a damaged state: %v", err)
	}
	results, whole := map[string]pipeline.Record{}, map[string]sql.Snapshot{}
	for what, prepare := range map[string]func(state string) error{
		"with":    func(state string) error { return os.WriteFile(state, kept, 0o600) },
		"without": os.Remove,
	} {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := prepare(filepath.Join(copied, strings.TrimPrefix(state, dir))); err != nil {
			t.Fatal(err)
		}
		got, err := runOrg(t, copied, func(o *pipeline.Options) { o.DryRun = true })
		if err != nil {
			t.Fatal(err)
		}
		results[what] = got.Record
		whole[what] = storedWhole(t, copied, got.Record).Tables["crm_person"]
		for _, s := range got.Record.Steps {
			if s.Name == "normalize directory" && !s.Reused || s.Name == "normalize CRM" && s.Reused {
				t.Errorf("%s the state of the run before: step %s: reused %v", what, s.Name, s.Reused)
			}
		}
	}
	if !results["with"].Tables["crm_person"].Amended() || results["without"].Tables["crm_person"].Amended() {
		t.Error("the normal forms are amended only on top of others")
	}
	results["with"].Tables["crm_person"] = whole["with"]
	if names := differences(results["with"], results["without"]); len(names) > 0 {
		t.Errorf("tables differ: %v", names)
	}
	if results["with"].Tables["crm_person"].ID == first.Tables["crm_person"].ID {
		t.Error("nothing was changed")
	}
}

// The directory's normal forms are made on top of those of the run before as well, and the CRM's although the directory is
// another one: what is published is what a run makes that finds nothing to build upon.
func TestRun_NormalisesAnotherDirectoryOnTopOfTheRunBefore_Invariant2(t *testing.T) {
	t.Parallel()
	dir, first := pipeline.PublishedDemo(t)
	path := filepath.Join(dir, "directory", "companies.csv")
	header, rows := readCSV(t, path)
	for i, row := range rows {
		switch name := slices.Index(header, "name"); i % 40 {
		case 0:
			row[name], row[slices.Index(header, "phone")] = row[name]+" International", ""
		case 1:
			row[slices.Index(header, "domains")] = ""
		}
	}
	writeCSV(t, path, header, rows)

	results := map[string]pipeline.Record{}
	for _, what := range []string{"with", "without"} {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if what == "without" {
			for step, field := range map[string]string{"normalize directory": "directory_state", "normalize CRM": "crm_state"} {
				if err := os.Remove(objectOf(t, copied, first, step, field)); err != nil {
					t.Fatal(err)
				}
			}
		}
		got, err := runOrg(t, copied, func(o *pipeline.Options) { o.DryRun = true })
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"dir_company", "dir_member"} {
			if got.Record.Tables[name].Amended() != (what == "with") {
				t.Errorf("%s what the run before knew: %s amended %v", what, name, what != "with")
			}
		}
		results[what] = storedWhole(t, copied, got.Record)
	}
	if names := differences(results["with"], results["without"]); len(names) > 0 {
		t.Errorf("tables differ: %v", names)
	}
}

// objectOf is the file of an object that a step of a run gave, by the name its result has for it.
func objectOf(t *testing.T, dir string, r pipeline.Record, step, field string) string {
	t.Helper()
	at := slices.IndexFunc(r.Steps, func(s pipeline.Step) bool { return s.Name == step })
	data, err := os.ReadFile(filepath.Join(dir, "store", "actions", r.Steps[at].Action+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct{ Out map[string]any }
	if err := json.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	id, ok := action.Out[field].(string)
	if !ok {
		t.Fatalf("%s gave no %s", step, field)
	}
	return sql.ObjectPath(filepath.Join(dir, "store", "objects"), id, ".bin")
}
