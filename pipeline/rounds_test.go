package pipeline_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/crmlink/crmlink/pipeline"
)

// Where contacts tell of few accounts, the last round is made on top of the first. A replay makes each by itself, and its rows are
// the same (invariant 2).
func TestRun_Invariant2_LastRoundOnTopOfTheFirst(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../data/demo")); err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(filepath.Join(dir, "store")) //nolint:errcheck // there is none in a fresh clone
	pages, err := filepath.Glob(filepath.Join(dir, "crm", "Contact-*"))
	if err != nil || len(pages) < 2 {
		t.Fatalf("%d pages of contacts: %v", len(pages), err)
	}
	for _, page := range pages[:len(pages)-1] {
		if err := os.Remove(page); err != nil {
			t.Fatal(err)
		}
	}
	org := &testOrg{dir: dir}
	result := org.run(t, oracleTime)
	var told, accounts int
	if err := org.db.QueryRow("SELECT count(*), (SELECT count(*) FROM crm_company) FROM known WHERE object = 'Account'").Scan(&told, &accounts); err != nil {
		t.Fatal(err)
	}
	if told == 0 || told*8 > accounts {
		t.Fatalf("of %d in %d accounts something is told: this test is of a few", told, accounts)
	}
	config := loadConfig(t, dir)
	replayed, err := pipeline.Replay(t.Context(), pipeline.ReplayOptions{Config: config, Store: pipeline.Store{Dir: config.Path("store")},
		From: result.Record.ID, To: result.Record.ID})
	if err != nil {
		t.Fatal(err)
	}
	if r := replayed[0]; len(r.Differing) > 0 || r.Identical < 30 {
		t.Errorf("%d tables are identical, %+v", r.Identical, r.Differing)
	}
}
