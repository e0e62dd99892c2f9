package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// ReplayOptions say which runs to compute again, with what, and where to.
type ReplayOptions struct {
	Config Config // of the store that is replayed: limits
	Store  Store
	From   string // first run of the chain; the same as To for one run
	To     string
	// WithConfig and WithModel answer what would have been: another configuration's settings, another model.
	WithConfig *Config
	WithModel  string // path of a model file
	// Into is the store that the replayed runs are published to. Empty: they are computed, compared and thrown away.
	Into    string
	Threads int
	Report  func(Event)
}

// Replayed is one run that was computed again.
type Replayed struct {
	ID        string `json:"id"`
	Identical int    `json:"identical_tables"`
	// Differing are the tables whose bytes are others, with the rows that only one side has.
	Differing []TableDifference `json:"differing_tables,omitempty"`
	// Program says whether the program or engine is another than the one that made the run: then bytes may differ.
	OtherProgram bool `json:"other_program"`
	// Unchecked are tables that cannot be computed again, because the run before is no longer in the store.
	Unchecked []string      `json:"unchecked_tables,omitempty"`
	Changes   []ChangeCount `json:"changes,omitempty"` // against the original, with other inputs
}

// Replay computes runs again from what they recorded, oldest first, each on top of the one computed before, and says how
// they compare with the originals (invariant 1). It takes no lock on the store it replays and writes nothing to it but
// its own scratch folder.
func Replay(ctx context.Context, o ReplayOptions) ([]Replayed, error) {
	chain, err := o.Store.chain(o.From, o.To)
	if err != nil {
		return nil, err
	}
	r := &run{whole: true, report: o.Report, now: time.Now, log: io.Discard}
	if o.Into == "" {
		r.store = Store{Dir: o.Store.spill()}
		defer os.RemoveAll(r.store.Dir) //nolint:errcheck // a scratch folder, swept by the next run at the latest
	} else {
		release, err := o.open(r)
		if err != nil {
			return nil, err
		}
		defer release()
	}
	if err := r.openSession(ctx, Options{Config: o.Config, Threads: o.Threads}, o.Store.objects()); err != nil {
		return nil, err
	}
	defer r.close()
	var all []Replayed
	var last *Record // as replayed
	for _, original := range chain {
		one, err := r.replay(ctx, o, original, last)
		if err != nil {
			return all, fmt.Errorf("replay %s: %w", original.ID, err)
		}
		all = append(all, one)
		replayed := r.record
		last = &replayed
	}
	return all, nil
}

// open takes the other store, which must not be the one that is replayed.
func (o ReplayOptions) open(r *run) (release func(), err error) {
	if r.store, err = OpenStore(o.Into); err != nil {
		return nil, err
	}
	if a, b := realPath(o.Into), realPath(o.Store.Dir); a == b {
		return nil, &InputError{Problem: "a replay cannot go into the store that it replays", Next: "name another folder with --into"}
	}
	current, err := r.store.Current()
	if err != nil {
		return nil, err
	}
	if current != "" {
		return nil, &InputError{Problem: fmt.Sprintf("the store %s has publications of its own", o.Into), Next: "name an empty folder with --into, or remove that one"}
	}
	return r.store.lock()
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}

// chain lists published runs from one to another, each the one before the next.
func (s Store) chain(from, to string) ([]Record, error) {
	last, err := s.publishedRun(to)
	if err != nil {
		return nil, err
	}
	first, err := s.publishedRun(from)
	if err != nil {
		return nil, err
	}
	chain := []Record{last}
	for chain[0].ID != first.ID {
		before := chain[0].Previous
		if before == "" {
			return nil, &InputError{Problem: fmt.Sprintf("run %s does not lead to run %s", first.ID, last.ID), Next: "crmlink runs lists them; --from is the earlier one"}
		}
		record, err := s.Record(before)
		if errors.Is(err, os.ErrNotExist) {
			return nil, &InputError{Problem: fmt.Sprintf("run %s, on the way to %s, is no longer in the store", before, last.ID), Next: "begin after it with --from " + chain[0].ID}
		} else if err != nil {
			return nil, err
		}
		chain = slices.Insert(chain, 0, record)
	}
	return chain, nil
}

// replay computes one run, and compares it.
func (r *run) replay(ctx context.Context, o ReplayOptions, original Record, last *Record) (Replayed, error) {
	result := Replayed{ID: original.ID, OtherProgram: original.Program != r.program[:12] || original.Engine != r.engine}
	inputs, err := original.inputs()
	if err != nil {
		return result, err
	}
	inputs = inputs.clone()
	other := o.WithConfig != nil || o.WithModel != ""
	if err := r.exchange(o, original, &inputs); err != nil {
		return result, err
	}
	if last != nil {
		inputs.Mapping, inputs.AutoSave = tableOf(*last, schemas.Mapping), tableOf(*last, schemas.AutoSave)
		if inputs.Model != nil && other && o.WithModel == "" {
			inputs.Model = &last.Model // the chain keeps its own model
		}
	}
	r.record = original.again(&inputs.Given)
	if other {
		r.record.ReplayOf, r.record.Program, r.record.Engine = original.ID, r.program[:12], r.engine
		if o.WithConfig != nil {
			r.record.Config = o.WithConfig.Recorded()
		}
	}
	made, err := r.compute(ctx, inputs)
	if err != nil {
		return result, err
	}
	r.record.Model, r.record.Tables = made.model, made.collect(*original.Extract)
	if err := r.compareReplay(ctx, o, original, last, inputs, other, &result); err != nil {
		return result, err
	}
	if err := r.readFigures(ctx); err != nil {
		return result, err
	}
	if o.Into == "" {
		return result, nil
	}
	return result, r.publishReplay(ctx)
}

// again is the record of a run that is computed again: what it was told and what it read, and nothing of what it made.
func (r Record) again(given *Given) Record {
	return Record{ID: r.ID, AsOf: r.AsOf, Started: r.Started, Status: Running, Import: r.Import, Program: r.Program, Engine: r.Engine,
		Config: r.Config, Previous: r.Previous, Request: r.Request, Extract: r.Extract, Given: given, Notices: r.Notices, Checks: r.Checks,
		Accepted: r.Accepted, Unsettled: r.Unsettled, ReadLog: r.ReadLog, Pull: r.Pull}
}

// exchange puts the other configuration's settings and the other model in the place of the recorded ones.
func (r *run) exchange(o ReplayOptions, original Record, inputs *Inputs) error {
	if c := o.WithConfig; c != nil {
		inputs.Settings, inputs.Candidates = publishSettings(*c, inputs.Settings.InstanceURL), c.Int("settings.candidates")
		var err error
		if inputs.Knowledge, err = r.putKnowledge(*c); err != nil {
			return err
		}
	}
	if o.WithModel == "" {
		return nil
	}
	sections, numbers, err := readModelFile(o.WithModel)
	if err != nil {
		return err
	}
	if inputs.Model = nil; numbers != nil { // a programme alone needs numbers of its own
		named := NamedModel{Name: o.WithModel, Sections: sections, Model: *numbers}
		if err := named.here(r.session, original); err != nil {
			return err
		}
		inputs.Model = &named.Model
	}
	inputs.Sections, err = r.putSections(sections)
	return err
}

// publishReplay makes the replayed run the other store's publication, with everything it needs from the first.
func (r *run) publishReplay(ctx context.Context) error {
	err := r.session.BringObject(r.record.Given.Sections)
	for _, list := range r.record.Given.Knowledge {
		if err == nil {
			err = r.session.BringObject(list)
		}
	}
	eachSnapshot(reflect.ValueOf(r.record), func(snap sql.Snapshot) {
		if err == nil {
			err = r.session.Bring(snap)
		}
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(r.store.runDir(r.record.ID), 0o700); err != nil {
		return fmt.Errorf("publish replay: %w", err)
	}
	return r.publish(ctx)
}
