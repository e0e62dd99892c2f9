package pipeline_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
)

// Files that have not changed are taken over by a full run too, after a collection that keeps one run, and after a run
// that read decisions only; a file that has another content is read, though its rows are the same (invariant 2).
func TestUnchangedFilesAreTakenOver_Invariant2(t *testing.T) {
	t.Parallel()
	dir, first := smallOrg(t)
	if len(first.Extract.Unchanged) > 0 {
		t.Errorf("the first run took over %v", first.Extract.Unchanged)
	}
	day := 0
	next := func(change func(*pipeline.Options)) pipeline.Record {
		t.Helper()
		day++
		result, err := runOrg(t, dir, func(o *pipeline.Options) {
			o.AsOf = asOf.Add(time.Duration(day) * time.Hour)
			change(o)
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, snap := range first.Tables {
			if strings.HasPrefix(name, "raw_") && result.Record.Tables[name].ID != snap.ID {
				t.Errorf("run %d: %s is another one", day+1, name)
			}
		}
		store := pipeline.Store{Dir: filepath.Join(dir, "store")}
		if _, err := store.Collect(pipeline.CollectOptions{Keep: 1}); err != nil {
			t.Fatal(err)
		}
		return result.Record
	}
	full := func(o *pipeline.Options) { o.Full = true }
	taken := func(r pipeline.Record, object string) bool { return slices.Contains(r.Extract.Unchanged, object) }
	second := next(full)
	next(func(o *pipeline.Options) { o.Decisions = true })
	for n, r := range []pipeline.Record{second, next(func(*pipeline.Options) {}), next(full)} {
		for _, object := range []string{"Account", "Contact", "Lead", "company", "member"} {
			if !taken(r, object) {
				t.Errorf("%d: %s was read again; taken over %v", n, object, r.Extract.Unchanged)
			}
		}
		if r.Tables["extract_log"].ID != first.Tables["extract_log"].ID || r.Tables["reject"].ID != first.Tables["reject"].ID {
			t.Errorf("%d: the log or the rejects are others", n)
		}
	}
	pages, _ := filepath.Glob(filepath.Join(dir, "crm", "Account*.csv"))
	if len(pages) == 0 {
		t.Fatal("no page of accounts")
	}
	text, err := os.ReadFile(pages[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pages[0], append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := next(full); taken(r, "Account") || !taken(r, "Contact") || !taken(r, "member") {
		t.Errorf("after a change of accounts: taken over %v", r.Extract.Unchanged)
	}
}
