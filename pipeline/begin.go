package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/crmlink/crmlink/sql"
)

// begin takes the store, names the run and opens its session. finish, which must be called, writes the run's record
// with how it ended and frees everything.
func begin(ctx context.Context, o Options) (*run, func(error) error, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	store, err := OpenStore(o.Config.Path("store"))
	if err != nil {
		return nil, nil, err
	}
	release, err := store.lock()
	if err != nil {
		return nil, nil, err
	}
	store.sweep()
	r := &run{store: store, report: o.Report, now: o.Now, log: io.Discard}
	if err := r.open(ctx, o); err != nil {
		release()
		return nil, nil, err
	}
	return r, func(err error) error {
		err = r.finish(ctx, err)
		r.close()
		release()
		return err
	}, nil
}

// openSession starts the engine within the configured limits. The session reads the objects of other stores too.
func (r *run) openSession(ctx context.Context, o Options, sources ...string) error {
	text, from := o.Memory, "--memory"
	if text == "" {
		text, from = o.Config.Text("limits.memory"), "limits.memory"
	}
	memory, err := memorySize(text, machineMemory())
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	r.room, r.roomFrom = memory, from
	engine, heap := shareMemory(memory)
	r.heapBefore = debug.SetMemoryLimit(heap)
	threads := o.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	r.session, err = sql.Open(ctx, sql.Options{Objects: r.store.objects(), Sources: sources, Spill: r.store.spill(), Threads: threads,
		Memory: fmt.Sprintf("%dMiB", engine>>20), Heap: heap, Resident: memory, Checked: true})
	if err != nil {
		return err
	}
	if r.engine, err = r.session.EngineVersion(ctx); err == nil {
		r.program, err = programHash()
	}
	return err
}

func (r *run) close() {
	if r.heapBefore != 0 {
		debug.SetMemoryLimit(r.heapBefore)
	}
	if r.session != nil {
		r.session.Close() //nolint:errcheck // nothing is in it that the store lacks
	}
	if f, ok := r.log.(*os.File); ok {
		f.Close() //nolint:errcheck // the story is told already
	}
}

func (r *run) open(ctx context.Context, o Options) (err error) {
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if err := r.openSession(ctx, o); err != nil {
		return err
	}
	previous, err := r.store.Current()
	if err != nil {
		return err
	}
	request := Request{Full: o.Full, Estimate: o.Estimate, Decisions: o.Decisions, Accept: o.Accept}
	started := r.now().UTC()
	asOf := started.Truncate(time.Second)
	if !o.AsOf.IsZero() {
		asOf = o.AsOf.UTC().Truncate(time.Second)
		request.AsOf = &asOf
	}
	if !o.DryRun {
		if resumed, err := r.resume(previous, request, o.Config); resumed || err != nil {
			return err
		}
	}
	if err := r.store.checkClock(previous, asOf, request.AsOf != nil); err != nil {
		return err
	}
	r.record = Record{AsOf: asOf, Started: started, Status: Running, Import: importKind(o, previous), Program: r.program[:12], Engine: r.engine,
		Config: o.Config.Recorded(), Previous: previous, Request: request}
	if o.DryRun {
		r.record.ID = dryRunID
		return nil
	}
	return r.makeFolder()
}

const (
	dryRunID = "dry-run"
	newRun   = ".new-" // begins the name of a run's folder until its record is in it
)

// checkClock refuses a run that would lie before the last publication: times in published rows never go back.
func (s Store) checkClock(previous string, asOf time.Time, chosen bool) error {
	if previous == "" {
		return nil
	}
	last, err := s.Record(previous)
	if err != nil || !asOf.Before(last.AsOf) {
		return err
	}
	problem := fmt.Sprintf("the run would be as of %s, before the last publication's %s; nothing was changed",
		asOf.Format(time.RFC3339), last.AsOf.Format(time.RFC3339))
	if chosen {
		return &InputError{Problem: problem, Next: "give --as-of a time that is not before it, or replay a run: crmlink replay --help"}
	}
	return &ClockError{problem}
}

// ClockError says that the machine's clock went back.
type ClockError struct{ Problem string }

func (e *ClockError) Error() string { return "the clock went back: " + e.Problem }

// Try is the next step.
func (e *ClockError) Try() string {
	return "set the machine's clock right, or give the run's time with --as-of"
}

// Passes says that the same run may work later: clocks that went back are set right, or catch up.
func (e *ClockError) Passes() bool { return true }

// makeFolder gives the run its id, the run's time made sortable, and the folder of that name, which appears with the
// run's record in it.
func (r *run) makeFolder() error {
	runs := filepath.Dir(r.store.runDir("any"))
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return fmt.Errorf("start run: %w", err)
	}
	entries, err := os.ReadDir(runs)
	if err != nil {
		return fmt.Errorf("start run: %w", err)
	}
	taken := func(id string) bool {
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == id })
	}
	stamp := r.record.AsOf.Format("20060102T150405Z")
	r.record.ID = stamp
	for n := 2; taken(r.record.ID); n++ {
		r.record.ID = fmt.Sprintf("%s-%d", stamp, n)
	}
	temp, err := os.MkdirTemp(runs, newRun)
	if err != nil {
		return fmt.Errorf("start run: %w", err)
	}
	data, err := encodeRecord(r.record)
	if err == nil {
		err = writeFile(filepath.Join(temp, "run.json"), data)
	}
	if err == nil {
		err = os.Rename(temp, r.store.runDir(r.record.ID))
	}
	if err == nil {
		err = syncDir(runs)
	}
	if err != nil {
		os.RemoveAll(temp) //nolint:errcheck // the first error is the one to tell
		return fmt.Errorf("start run: %w", err)
	}
	return r.openLog()
}

func (r *run) openLog() error {
	log, err := os.OpenFile(filepath.Join(r.store.runDir(r.record.ID), "log.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("start run: %w", err)
	}
	r.log = log
	return nil
}

// previous is the record of the published run, empty before the first.
func (r *run) previous(o Options) (Record, error) {
	if r.record.Previous == "" {
		return Record{Tables: map[string]sql.Snapshot{}}, nil
	}
	last, err := r.store.Record(r.record.Previous)
	if err != nil {
		return Record{}, err
	}
	return r.withoutLost(last, o)
}

// hasTables says whether all files of a publication are there.
func (r *run) hasTables(record Record) error {
	for _, name := range sortedTables(record.Tables) {
		if missing := r.session.Missing(record.Tables[name]); len(missing) > 0 {
			return &DamageError{Problem: fmt.Sprintf("run %s lacks %s of table %s in the store", record.ID, filesOf(len(missing)), name)}
		}
	}
	return nil
}

// publish writes what readers open and then moves the link: the only commit point.
func (r *run) publish(ctx context.Context) error {
	if err := writeAnalytics(ctx, r.session, r.store, r.record); err != nil {
		return err
	}
	r.record.Status = Published
	r.record.Problem, r.record.Try = "", ""
	r.noteMemory(peakMemory())
	finished := r.now().UTC()
	r.record.Finished = &finished
	if err := r.writeReport(ctx); err != nil {
		return err
	}
	if err := r.write(); err != nil {
		return err
	}
	return r.store.switchTo(r.record.ID)
}

// finish notes how the run ended. A run that published has written its record already; one that was interrupted stays
// as it is, for the next start to take it up.
func (r *run) finish(ctx context.Context, err error) error {
	if r.record.Status == Published && err == nil || r.record.Status == DryRun {
		return err
	}
	r.record.Status = Failed
	var stopped *CheckError
	switch {
	case errors.As(err, &stopped):
		r.record.Status = Stopped
	case ctx.Err() != nil:
		r.record.Status = Interrupted
	}
	if err != nil {
		r.record.Problem = strings.SplitN(err.Error(), "\n", 2)[0]
		var try interface{ Try() string }
		if errors.As(err, &try) {
			r.record.Try = try.Try()
		}
	}
	if r.record.Status != Interrupted {
		finished := r.now().UTC()
		r.record.Finished = &finished
	}
	if r.record.ID == dryRunID {
		return err
	}
	if r.record.Status == Stopped {
		err = errors.Join(err, r.writeReport(ctx))
	}
	return errors.Join(err, r.write())
}

// write makes run.json say what the run is now.
func (r *run) write() error {
	if r.record.ID == dryRunID {
		return nil
	}
	data, err := encodeRecord(r.record)
	if err != nil {
		return err
	}
	return writeFile(r.store.runFile(r.record.ID), data)
}
