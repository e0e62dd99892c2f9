package pipeline

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/crmlink/crmlink/stages/systems/salesforce"
)

func (s Store) pulls() string { return filepath.Join(s.Dir, "pull") }

// pullDir is where this run's pages lie until their rows are in the store.
func (r *run) pullDir() string { return filepath.Join(r.store.pulls(), r.record.ID) }

// removePages removes the pages of this run, whose rows are in the store, and of runs that are not taken up again. A dry
// run leaves alone what is not its own. What cannot be removed now is tried again by the next run.
func (r *run) removePages() {
	os.RemoveAll(r.pullDir()) //nolint:errcheck // see above
	if r.record.ID != dryRunID {
		os.RemoveAll(r.store.pulls()) //nolint:errcheck // see above
	}
	os.Remove(r.store.pulls()) //nolint:errcheck // not while it holds something
}

// abandon gives up the pulls of runs that are not taken up again: their jobs at Salesforce, and their pages.
func (r *run) abandon(ctx context.Context, client *salesforce.Client) {
	entries, _ := os.ReadDir(r.store.pulls()) // before the first pull there is none
	for _, e := range entries {
		if mine, dry := e.Name() == r.record.ID, r.record.ID == dryRunID; mine != dry {
			continue // what this run goes on with; or what another one may, beside a dry run, which goes on with nothing
		}
		dir := filepath.Join(r.store.pulls(), e.Name())
		client.Abandon(ctx, dir) //nolint:errcheck // Salesforce forgets the jobs by itself after seven days
		os.RemoveAll(dir)        //nolint:errcheck // tried again by the next run
	}
}

// listPulls adds the pages that no run takes up to the leftovers: all but those of a run that was killed before its rows
// were in the store.
func (s Store) listPulls(inv *inventory) error {
	return s.each("pull", func(name string, f storedFile) error {
		var record Record
		json.Unmarshal(inv.records[name], &record) //nolint:errcheck // then nobody takes it up
		if !record.unfinished() || record.Extract != nil {
			inv.leftovers = append(inv.leftovers, f)
		}
		return nil
	})
}
