package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
)

// Store is the folder in which one org's results live:
//
//	objects/ab/ab….parquet   tables by content, immutable
//	actions/<id>.json        what a stage made of which inputs
//	runs/<run id>/           run.json, log.jsonl, report.html, analytics.duckdb
//	pull/<run id>/           pages out of Salesforce, until their rows are in the store; a killed run goes on with them
//	control.sqlite           decisions and other things that people change between runs; see package control
//	current                  link to the published run: its rename is the only commit point
//	model.json               the model last proposed, and the one that the next run is to adopt
//	serve                    held by the process that runs the schedule, where one does
//	renew                    held by the process that changes the tokens of the connection
//	spill/                   what sessions cannot hold in memory, and what a replay computes; empty between commands
//
// Objects are written before actions, actions before runs, runs before the link, so a kill at any point leaves a
// usable store.
type Store struct{ Dir string }

// StoreFormat is the number of the layout above; a store says its own in the file `format`.
const StoreFormat = 1

// OpenStore opens a store for reading, or makes it.
func OpenStore(dir string) (Store, error) {
	s := Store{Dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, fmt.Errorf("open store: %w", err)
	}
	format := filepath.Join(dir, "format")
	data, err := os.ReadFile(format)
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return s, fmt.Errorf("open store: %w", err)
		}
		for _, e := range entries {
			if e.Name() != "lock" {
				return s, &InputError{Problem: fmt.Sprintf("the folder %s is not empty and not a store", dir), Next: "name another folder in store:"}
			}
		}
		return s, writeFile(format, []byte(fmt.Sprintln(StoreFormat)))
	} else if err != nil {
		return s, fmt.Errorf("open store: %w", err)
	}
	if got := strings.TrimSpace(string(data)); got != fmt.Sprint(StoreFormat) {
		return s, &InputError{Problem: fmt.Sprintf("the store %s has format %s, this crmlink reads %d", dir, got, StoreFormat),
			Next: "use the version of crmlink that wrote it"}
	}
	return s, nil
}

func (s Store) objects() string          { return filepath.Join(s.Dir, "objects") }
func (s Store) runDir(id string) string  { return filepath.Join(s.Dir, "runs", id) }
func (s Store) action(id string) string  { return filepath.Join(s.Dir, "actions", id+".json") }
func (s Store) currentLink() string      { return filepath.Join(s.Dir, "current") }
func (s Store) runFile(id string) string { return filepath.Join(s.runDir(id), "run.json") }

var spills atomic.Int64

// spill names a folder for what one session cannot hold in memory; the session removes it when it closes.
func (s Store) spill() string {
	return filepath.Join(s.Dir, "spill", fmt.Sprintf("%d-%d", os.Getpid(), spills.Add(1)))
}

// sweep removes what a killed process left on its way; only the holder of the lock may. What cannot be removed is in
// nobody's way.
func (s Store) sweep() {
	for _, pattern := range []string{"objects/tmp/*", "actions/.tmp-*", "runs/" + newRun + "*", "runs/*/.tmp-*", "runs/*/*.new", "runs/*/*.new.wal", ".tmp-*"} {
		left, _ := filepath.Glob(filepath.Join(s.Dir, pattern)) // the patterns are well-formed
		for _, path := range left {
			os.RemoveAll(path) //nolint:errcheck // see above
		}
	}
	left, _ := filepath.Glob(filepath.Join(s.Dir, "spill", "*"))
	for _, path := range left {
		owner, _, _ := strings.Cut(filepath.Base(path), "-")
		if pid, err := strconv.Atoi(owner); err != nil || !alive(pid) {
			os.RemoveAll(path) //nolint:errcheck // see above
		}
	}
}

// Analytics is the path of a run's analytics database.
func (s Store) Analytics(id string) string { return filepath.Join(s.runDir(id), "analytics.duckdb") }

// Current is the id of the published run; empty before the first.
func (s Store) Current() (string, error) {
	target, err := os.Readlink(s.currentLink())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("read store: %w", err)
	}
	return filepath.Base(target), nil
}

// switchTo publishes a run. The rename is the commit point: before it readers see the old run, after it the new one.
func (s Store) switchTo(id string) error {
	temp := s.currentLink() + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("switch: %w", err)
	}
	if err := os.Symlink(filepath.Join("runs", id), temp); err != nil {
		return fmt.Errorf("switch: %w", err)
	}
	if err := os.Rename(temp, s.currentLink()); err != nil {
		return fmt.Errorf("switch: %w", err)
	}
	return syncDir(s.Dir)
}

// Runs lists the records of all runs, oldest first.
func (s Store) Runs() ([]Record, error) {
	entries, err := os.ReadDir(filepath.Join(s.Dir, "runs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read store: %w", err)
	}
	var records []Record
	for _, e := range entries {
		rec, err := s.Record(e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue // killed before its record was written
		} else if err != nil {
			return nil, err
		}
		records = append(records, rec)
	}
	sort.SliceStable(records, func(i, j int) bool { return records[i].Started.Before(records[j].Started) })
	return records, nil
}

// Record reads one run's record.
func (s Store) Record(id string) (Record, error) {
	var rec Record
	data, err := os.ReadFile(s.runFile(id))
	if err != nil {
		return rec, fmt.Errorf("read run %s: %w", id, err)
	}
	if err := json.Unmarshal(data, &rec); err != nil {
		return rec, fmt.Errorf("read run %s: %w", id, err)
	}
	return rec, nil
}

// Find turns what a person types for RUN into a published run: its id, an unambiguous prefix, or latest.
func (s Store) Find(run string) (Record, error) {
	if run == "" || run == "latest" {
		id, err := s.Current()
		if err != nil {
			return Record{}, err
		}
		if id == "" {
			return Record{}, &InputError{Problem: "nothing is published yet", Next: "crmlink run"}
		}
		return s.Record(id)
	}
	records, err := s.Runs()
	if err != nil {
		return Record{}, err
	}
	var found []Record
	var ids []string
	for _, r := range records {
		if r.ID == run {
			return r, nil
		}
		if strings.HasPrefix(r.ID, run) {
			found = append(found, r)
			ids = append(ids, r.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Record{}, &InputError{Problem: fmt.Sprintf("there is no run %s", run), Next: "crmlink runs lists them; latest is the published one"}
	}
	return Record{}, &InputError{Problem: fmt.Sprintf("%s could be %s", run, strings.Join(ids, ", ")), Next: "type more of the id"}
}

// writeFile writes a whole file durably: it is there complete or not at all.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// syncDir makes a rename in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
