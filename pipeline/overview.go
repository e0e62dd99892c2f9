package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Overview is what a store says of itself in its small files: no table is opened, no lock is taken.
type Overview struct {
	Published *Brief    `json:"published,omitempty"` // what readers see
	Latest    *Brief    `json:"latest,omitempty"`    // the run that did something last, where it is another one
	Running   *Underway `json:"running,omitempty"`
	Holder    int       `json:"holder,omitempty"` // process that holds the store: a run, or gc
}

// Brief is a run in short.
type Brief struct {
	Run      string           `json:"run"`
	Status   Status           `json:"status"`
	Import   string           `json:"import"`
	AsOf     time.Time        `json:"as_of"`
	Started  time.Time        `json:"started"`
	Finished *time.Time       `json:"finished,omitempty"`
	Resumed  int              `json:"resumed,omitempty"`
	Peak     int64            `json:"peak_memory_bytes,omitempty"`
	Problem  string           `json:"problem,omitempty"`
	Try      string           `json:"try,omitempty"`
	Checks   []string         `json:"checks,omitempty"` // that stopped it
	Stats    []ObjectStats    `json:"stats,omitempty"`
	Tables   map[string]int64 `json:"-"` // rows
}

// Underway is the run that is going on.
type Underway struct {
	Run     string    `json:"run"`
	Import  string    `json:"import"`
	Started time.Time `json:"started"`
	Step    string    `json:"step,omitempty"`   // empty between two steps
	Since   time.Time `json:"since,omitempty"`  // when the step began, or the one before it ended
	Detail  string    `json:"detail,omitempty"` // what the step said last
}

func inShort(r Record) *Brief {
	b := &Brief{Run: r.ID, Status: r.Status, Import: r.Import, AsOf: r.AsOf, Started: r.Started, Finished: r.Finished, Resumed: r.Resumed,
		Peak: r.PeakMemory, Problem: r.Problem, Try: r.Try, Stats: r.Stats, Tables: map[string]int64{}}
	for _, c := range r.Checks {
		if !c.Passed && !c.Accepted {
			b.Checks = append(b.Checks, c.Name)
		}
	}
	for name, snap := range r.Tables {
		b.Tables[name] = snap.Rows
	}
	return b
}

// Overview reads what the store says of itself.
func (s Store) Overview() (Overview, error) {
	var o Overview
	current, err := s.Current()
	if err != nil {
		return o, err
	}
	if current != "" {
		record, err := s.Record(current)
		if err != nil {
			return o, err
		}
		o.Published = inShort(record)
	}
	if s.Busy() {
		o.Holder = s.holder()
	}
	latest, err := s.lastTouched()
	if err != nil || latest == "" || latest == current {
		return o, err
	}
	record, err := s.Record(latest)
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil // gc was faster
	} else if err != nil {
		return o, err
	}
	if record.Status != Running || o.Holder == 0 {
		o.Latest = inShort(record)
		if record.unfinished() {
			o.Latest.Status, o.Latest.Problem, o.Latest.Try = Interrupted, "stopped or killed on its way", "crmlink run takes it up"
		}
		return o, nil
	}
	o.Running = &Underway{Run: record.ID, Import: record.Import, Started: record.Started}
	o.Running.Step, o.Running.Since, o.Running.Detail, err = s.stepOf(record.ID)
	return o, err
}

// lastTouched is the run whose record was written last, empty without runs.
func (s Store) lastTouched() (string, error) {
	entries, err := os.ReadDir(filepath.Join(s.Dir, "runs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read store: %w", err)
	}
	latest, at := "", time.Time{}
	for _, e := range entries {
		info, err := os.Stat(s.runFile(e.Name()))
		if err == nil && !info.ModTime().Before(at) {
			latest, at = e.Name(), info.ModTime()
		}
	}
	return latest, nil
}

// stepOf reads from the end of a run's story which step it is at, and since when.
func (s Store) stepOf(id string) (step string, since time.Time, detail string, err error) {
	f, err := os.Open(filepath.Join(s.runDir(id), "log.jsonl"))
	if err != nil {
		return "", since, "", fmt.Errorf("read run %s: %w", id, err)
	}
	defer f.Close()
	const enough = 16 << 10 // a line is some 150 bytes; only starts and ends of steps and notes are among them
	if info, err := f.Stat(); err == nil && info.Size() > enough {
		if _, err := f.Seek(-enough, io.SeekEnd); err != nil {
			return "", since, "", fmt.Errorf("read run %s: %w", id, err)
		}
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return "", since, "", fmt.Errorf("read run %s: %w", id, err)
	}
	for line := range bytes.Lines(data) {
		var e Event
		if json.Unmarshal(line, &e) != nil {
			continue // the first line of the rest may be cut, the last be on its way
		}
		switch e.State {
		case "start":
			step, since, detail = e.Step, e.At, ""
		case "done", "failed":
			step, since, detail = "", e.At, ""
		case "job":
			detail = e.Detail
		}
	}
	return step, since, detail, nil
}

// Covering says when the latest published runs began that read everything (full), and that read the CRM at all (any),
// as far as they began after a moment. Zero: none.
func (s Store) Covering(after time.Time) (full, any time.Time, err error) {
	id, err := s.Current()
	for err == nil && id != "" {
		var record Record
		if record, err = s.Record(id); errors.Is(err, fs.ErrNotExist) {
			return full, any, nil // gc has removed it: it is older than those that count
		} else if err != nil || record.Started.Before(after) {
			break
		}
		if any.IsZero() && record.Import != DecisionsImport {
			any = record.Started
		}
		if record.Import == FullImport {
			return record.Started, any, nil
		}
		id = record.Previous
	}
	return full, any, err
}
