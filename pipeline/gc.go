package pipeline

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// CollectOptions say what to keep.
type CollectOptions struct {
	Keep       int  // how many published runs, the newest; the current one and pinned ones stay in any case
	DryRun     bool // remove nothing, only count
	Quarantine bool // remove what a repair has set aside, too
}

// Collected is what a collection removed, or with DryRun would remove.
type Collected struct {
	Kept       []string `json:"kept"`    // runs
	Removed    []string `json:"removed"` // runs
	Actions    int      `json:"actions"`
	Objects    int      `json:"objects"`
	Leftovers  int      `json:"leftovers"`
	Quarantine int64    `json:"quarantine"` // files
	Files      int64    `json:"files"`      // in all
	Bytes      int64    `json:"bytes"`
	DryRun     bool     `json:"dry_run"`
}

// collection is what one Collect has worked out.
type collection struct {
	store     Store
	inventory inventory
	current   string // run id, empty for none
	keep      []Record
	remove    []Record
	actions   []string // ids, to be removed
	objects   []string // file names, to be removed
}

// Collect removes what nothing needs: published runs beyond those to keep, older runs that published nothing, and the
// actions, objects and temporary files that only they had. What a kept run's record names stays, and what the actions
// among it name, but for what only makes the next run cheaper: of that, what the current run and those after it have.
//
// Whoever names goes before what is named: records, then actions, then objects. So a kill in between leaves a store in
// which everything named is there, and the next collection finishes.
func (s Store) Collect(o CollectOptions) (Collected, error) {
	if o.Keep < 1 {
		return Collected{}, &InputError{Problem: fmt.Sprintf("gc: cannot keep %d runs", o.Keep), Next: "keep 1 or more"}
	}
	release, err := s.lock()
	if err != nil {
		return Collected{}, err
	}
	defer release()
	c, err := s.plan(o.Keep)
	if err != nil {
		return Collected{}, fmt.Errorf("gc: %w", err)
	}
	report, err := c.report(o)
	if err != nil || o.DryRun {
		return report, err
	}
	if err := c.removeAll(o.Quarantine); err != nil {
		return Collected{}, fmt.Errorf("gc: %w", err)
	}
	return report, nil
}

// plan decides what stays. A record that cannot be read stops it: nobody knows what that run needs.
func (s Store) plan(keep int) (*collection, error) {
	c := &collection{store: s}
	var err error
	if c.inventory, err = s.inventory(); err != nil {
		return nil, err
	}
	records, err := c.records()
	if err != nil {
		return nil, err
	}
	if c.current, err = s.Current(); err != nil {
		return nil, err
	}
	if _, ok := c.inventory.records[c.current]; c.current != "" && !ok {
		return nil, &DamageError{Problem: fmt.Sprintf("the published run %s has no record", c.current)}
	}
	c.divide(records, keep)
	return c, c.choose()
}

// records are all runs, the newest first.
func (c *collection) records() ([]Record, error) {
	var all []Record
	for id, text := range c.inventory.records {
		var r Record
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, &DamageError{Problem: fmt.Sprintf("the record of run %s cannot be read", id)}
		}
		r.ID = id // the folder's name is what counts
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Record) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.ID, a.ID))
	})
	return all, nil
}

// divide keeps the current run, the newest published ones, pinned ones, and whatever began after the current one: it may
// be resumed, its work may be reused, and its story is what somebody wants to read next.
func (c *collection) divide(records []Record, keep int) {
	published, sawCurrent := 0, false
	for i, r := range records {
		stays := r.ID == c.current || c.store.Pinned(r.ID) || !sawCurrent && r.Status != Published || i == 0 && r.unfinished()
		if r.Status == Published {
			if published < keep {
				stays = true
			}
			published++
		}
		sawCurrent = sawCurrent || r.ID == c.current
		if stays {
			c.keep = append(c.keep, r)
		} else {
			c.remove = append(c.remove, r)
		}
	}
}

// choose finds the actions and objects to remove. While the newest run is unfinished, what no record names may be its
// work: such actions stay with what they name, and only what the removed runs had goes.
func (c *collection) choose() error {
	var latest, earlier, removed [][]byte
	for _, r := range c.keep {
		if text := c.inventory.records[r.ID]; isLatest(r.ID, c.current) {
			latest = append(latest, text)
		} else {
			earlier = append(earlier, text)
		}
	}
	for _, r := range c.remove {
		removed = append(removed, c.inventory.records[r.ID])
	}
	if len(c.inventory.models) > 0 {
		latest = append(latest, c.inventory.models)
	}
	needed, err := c.needed(latest, earlier)
	if err != nil {
		return err
	}
	goes := func(id string) bool { return !needed[id] }
	if len(c.keep) > 0 && c.keep[0].unfinished() {
		theirs, err := c.store.needs(c.inventory, slices.Concat(earlier, removed)...)
		if err != nil {
			return err
		}
		for id, f := range c.inventory.actions {
			if !needed[id] && !theirs[id] {
				text, err := os.ReadFile(filepath.Join(c.store.Dir, f.path))
				if err != nil {
					return err
				}
				latest = append(latest, text)
			}
		}
		if needed, err = c.needed(latest, earlier); err != nil {
			return err
		}
		goes = func(id string) bool { return !needed[id] && theirs[id] }
	}
	for _, id := range slices.Sorted(maps.Keys(c.inventory.actions)) {
		if goes(id) {
			c.actions = append(c.actions, id)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.inventory.objects)) {
		if goes(name[:64]) {
			c.objects = append(c.objects, name)
		}
	}
	return nil
}

// needed is all that records of the latest runs need, and of earlier ones what their results are.
func (c *collection) needed(latest, earlier [][]byte) (map[string]bool, error) {
	needed, err := c.store.needs(c.inventory, latest...)
	if err != nil {
		return nil, err
	}
	return needed, c.store.addResults(c.inventory, needed, earlier)
}

func (c *collection) report(o CollectOptions) (Collected, error) {
	r := Collected{Kept: []string{}, Removed: []string{}, Actions: len(c.actions), Objects: len(c.objects),
		Leftovers: len(c.inventory.leftovers), DryRun: o.DryRun}
	add := func(path string) (int64, error) {
		bytes, files, err := c.store.sizeOf(path)
		r.Bytes, r.Files = r.Bytes+bytes, r.Files+files
		return files, err
	}
	for _, k := range c.keep {
		r.Kept = append(r.Kept, k.ID)
	}
	paths := []string{}
	for _, x := range c.remove {
		r.Removed = append(r.Removed, x.ID)
		paths = append(paths, "runs/"+x.ID)
	}
	for _, id := range c.actions {
		paths = append(paths, c.inventory.actions[id].path)
	}
	for _, name := range c.objects {
		paths = append(paths, c.inventory.objects[name].path)
	}
	for _, f := range c.inventory.leftovers {
		if !c.goesAnyway(f) {
			paths = append(paths, f.path)
		}
	}
	for _, p := range paths {
		if _, err := add(p); err != nil {
			return r, fmt.Errorf("gc: %w", err)
		}
	}
	if o.Quarantine {
		var err error
		if r.Quarantine, err = add(quarantine); err != nil {
			return r, fmt.Errorf("gc: %w", err)
		}
	}
	return r, nil
}

// goesAnyway says whether a leftover lies in the folder of a run that is removed.
func (c *collection) goesAnyway(f storedFile) bool {
	return slices.ContainsFunc(c.remove, func(r Record) bool { return filepath.ToSlash(filepath.Dir(f.path)) == "runs/"+r.ID })
}

func (c *collection) removeAll(withQuarantine bool) error {
	s := c.store
	// Without its record a run is not listed and not opened any more; the rest of its folder can go at leisure.
	for _, r := range c.remove {
		if err := remove(s.runFile(r.ID)); err != nil {
			return err
		}
		if err := syncDir(s.runDir(r.ID)); err != nil {
			return err
		}
	}
	for _, r := range c.remove {
		if err := os.RemoveAll(s.runDir(r.ID)); err != nil {
			return err
		}
	}
	for _, id := range c.actions {
		if err := remove(s.action(id)); err != nil {
			return err
		}
	}
	for _, folder := range []string{"runs", "actions"} {
		if err := syncDir(filepath.Join(s.Dir, folder)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, name := range c.objects {
		if err := remove(filepath.Join(s.Dir, c.inventory.objects[name].path)); err != nil {
			return err
		}
	}
	for _, f := range c.inventory.leftovers {
		if err := os.RemoveAll(filepath.Join(s.Dir, f.path)); err != nil {
			return err
		}
	}
	if withQuarantine {
		if err := os.RemoveAll(filepath.Join(s.Dir, quarantine)); err != nil {
			return err
		}
	}
	return syncDir(s.Dir)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
