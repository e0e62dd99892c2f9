package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/crmlink/crmlink/stages/extract"
)

// What another program or engine made of the same input is never built upon: it may have made other values (invariant 2).
func TestMadeBefore_BySameProgram(t *testing.T) {
	store := Store{Dir: t.TempDir()}
	r := &run{store: store, lends: store, program: "this program", engine: "v1"}
	in := extract.ReadingIn{Object: "member", Files: map[string]string{"members.csv": "5e2b"}, How: "commas"}
	id, encoded, err := r.actionID("read member", in)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(store.action(id)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := r.remember(id, "read member", encoded, extract.Reading{Unsettled: []string{"title"}}); err != nil {
		t.Fatal(err)
	}
	for _, by := range []struct {
		program, engine string
		ok              bool
	}{{r.program, r.engine, true}, {"another program", r.engine, false}, {r.program, "v2", false}} {
		now := &run{store: store, lends: store, program: by.program, engine: by.engine}
		read, made, ok := madeBefore[extract.ReadingIn, extract.Reading](now, id)
		if ok != by.ok || ok && (read.How != in.How || len(made.Unsettled) != 1) || !ok && read.Object != "" {
			t.Errorf("%s with %s: %v, %+v gave %+v", by.program, by.engine, ok, read, made)
		}
	}
}
