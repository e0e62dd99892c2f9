package pipeline_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/crmlink/crmlink/pipeline"
)

// After a move crmlink reads on as before; other programs do after `crmlink views`, from any folder.
func TestViews_AfterAMove(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	base, first := syncedOrg(t)
	dir, store := copyOrg(t, base)
	if _, err := store.RemakeViews(t.Context(), "latest", false); err != nil { // as if it had been made here
		t.Fatal(err)
	}
	if v := verified(t, store, pipeline.VerifyOptions{}); len(v.Moved) > 0 {
		t.Fatalf("moved before the move: %v", v.Moved)
	}
	moved := filepath.Join(t.TempDir(), "it's = moved")
	if err := os.Rename(filepath.Join(dir, "store"), moved); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	store = pipeline.Store{Dir: moved}
	ask := func(table string) (n int64, err error) {
		db, err := sql.Open("duckdb", store.Analytics(first.ID)+"?access_mode=read_only")
		if err != nil {
			return 0, err
		}
		defer db.Close()
		err = db.QueryRow("SELECT count(*) FROM " + table).Scan(&n)
		return n, err
	}
	askUs := func(table string) int64 {
		t.Helper()
		p, err := store.Open(t.Context(), "latest")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		answer, err := p.Select(t.Context(), "SELECT count(*) FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Close()
		row, err := answer.Next()
		if err != nil {
			t.Fatal(err)
		}
		return row[0].(int64)
	}
	evidence := askUs("evidence") // a view over views over files
	if got, want := askUs("raw_contact"), first.Tables["raw_contact"].Rows; got != want || evidence == 0 {
		t.Errorf("%d contacts and %d rows of evidence, want %d and some", got, evidence, want)
	}
	if n, err := ask("raw_contact"); err == nil {
		t.Errorf("another program reads %d contacts from where the store lay before", n)
	}
	v := verified(t, store, pipeline.VerifyOptions{})
	if len(v.Damage) > 0 || len(v.Moved) != 1 || v.Next() == "" {
		t.Errorf("a move is no damage, but worth a word: %+v", v)
	}
	if ids, err := store.RemakeViews(t.Context(), "latest", false); err != nil || len(ids) != 1 || ids[0] != first.ID {
		t.Fatalf("%v, %v", ids, err)
	}
	for table, want := range map[string]int64{"raw_contact": first.Tables["raw_contact"].Rows, "mapping": first.Tables["mapping"].Rows, "evidence": evidence} {
		if n, err := ask(table); err != nil || n != want {
			t.Errorf("another program reads %d rows of %s, %v; want %d", n, table, err, want)
		}
		if n := askUs(table); n != want {
			t.Errorf("we read %d rows of %s, want %d", n, table, want)
		}
	}
	if v := verified(t, store, pipeline.VerifyOptions{}); len(v.Moved) > 0 {
		t.Errorf("still moved: %v", v.Moved)
	}
}

// A copy of a store is a store of its own: it does not read the files of the one it was copied from.
func TestViews_ACopyReadsItsOwnFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	dir, first := syncedOrg(t)
	_, store := copyOrg(t, dir)
	p, err := store.Open(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	answer, err := p.Select(t.Context(), "SELECT count(*) FROM raw_account")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	row, err := answer.Next()
	if err != nil || row[0] != first.Tables["raw_account"].Rows {
		t.Errorf("%v, %v", row, err)
	}
	files, err := p.Files(t.Context(), "raw_account")
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if rel, err := filepath.Rel(store.Dir, files[0]); err != nil || rel != tableFile(t, first, "raw_account") {
		t.Errorf("the file is %s", files[0])
	}
	if _, err := p.Files(t.Context(), "evidence"); !pipeline.IsInput(err) {
		t.Errorf("a view has no files: %v", err)
	}
}
