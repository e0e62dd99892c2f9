package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
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
	r := &run{store: store, report: o.Report, now: o.Now, log: io.Discard}
	if err := r.open(ctx, o); err != nil {
		release()
		return nil, nil, err
	}
	logFile, _ := r.log.(*os.File)
	return r, func(err error) error {
		err = r.finish(err)
		r.session.Close() //nolint:errcheck // nothing is in it that the store lacks
		if logFile != nil {
			logFile.Close() //nolint:errcheck // the story is told already
		}
		os.RemoveAll(store.spill()) //nolint:errcheck // made anew by the next run
		release()
		return err
	}, nil
}

func (r *run) open(ctx context.Context, o Options) error {
	memory, err := memorySize(o.Config.Text("limits.memory"), machineMemory())
	if err != nil {
		return fmt.Errorf("limits.memory: %w", err)
	}
	threads := o.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	options := sql.Options{Objects: r.store.objects(), Spill: r.store.spill(), Threads: threads, Memory: fmt.Sprintf("%dMiB", memory>>20)}
	if r.session, err = sql.Open(ctx, options); err != nil {
		return err
	}
	started := r.now().UTC()
	asOf := o.AsOf.UTC().Truncate(time.Second)
	if o.AsOf.IsZero() {
		asOf = started.Truncate(time.Second)
	}
	engine, err := r.session.EngineVersion(ctx)
	if err == nil {
		r.program, err = programHash()
	}
	previous, e := r.store.Current()
	if err = errors.Join(err, e); err != nil {
		r.session.Close() //nolint:errcheck // the first error is the one to tell
		return err
	}
	r.record = Record{AsOf: asOf, Started: started, Status: Running, Import: importKind(o, previous), Program: r.program[:12], Engine: engine,
		Config: o.Config.Effective(), Previous: previous}
	if o.DryRun {
		r.record.ID = "dry-run"
		return nil
	}
	return r.makeFolder()
}

// makeFolder gives the run its id, the run's time made sortable, and the folder of that name.
func (r *run) makeFolder() error {
	stamp := r.record.AsOf.Format("20060102T150405Z")
	for n := 1; ; n++ {
		r.record.ID = stamp
		if n > 1 {
			r.record.ID = fmt.Sprintf("%s-%d", stamp, n)
		}
		dir := r.store.runDir(r.record.ID)
		if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
			return fmt.Errorf("start run: %w", err)
		}
		if err := os.Mkdir(dir, 0o700); errors.Is(err, os.ErrExist) {
			continue
		} else if err != nil {
			return fmt.Errorf("start run: %w", err)
		}
		log, err := os.OpenFile(filepath.Join(dir, "log.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("start run: %w", err)
		}
		r.log = log
		return r.write()
	}
}

// previous is the record of the published run, empty before the first.
func (r *run) previous() (Record, error) {
	if r.record.Previous == "" {
		return Record{Tables: map[string]sql.Snapshot{}}, nil
	}
	last, err := r.store.Record(r.record.Previous)
	if err != nil {
		return Record{}, err
	}
	for name, snap := range last.Tables {
		if missing := r.session.Missing(snap); len(missing) > 0 {
			return Record{}, fmt.Errorf("the published run %s lacks %d files of table %s in the store", last.ID, len(missing), name)
		}
	}
	return last, nil
}

// publish writes what readers open and then moves the link: the only commit point.
func (r *run) publish(ctx context.Context) error {
	var tables []sql.Snapshot
	for _, t := range sortedTables(r.record.Tables) {
		tables = append(tables, r.record.Tables[t])
	}
	views, err := analyticsViews()
	if err != nil {
		return err
	}
	if err := r.session.WriteDatabase(ctx, r.store.Analytics(r.record.ID), tables, views); err != nil {
		return err
	}
	r.record.Status = Published
	finished := r.now().UTC()
	r.record.Finished = &finished
	if err := r.write(); err != nil {
		return err
	}
	return r.store.switchTo(r.record.ID)
}

// finish notes how the run ended. A run that published has written its record already.
func (r *run) finish(err error) error {
	if r.record.Status == Published && err == nil || r.record.Status == DryRun {
		return err
	}
	r.record.Status = Failed
	var stopped *CheckError
	if errors.As(err, &stopped) {
		r.record.Status = Stopped
	}
	if err != nil {
		r.record.Problem = strings.SplitN(err.Error(), "\n", 2)[0]
	}
	finished := r.now().UTC()
	r.record.Finished = &finished
	if r.record.ID != "dry-run" {
		err = errors.Join(err, r.write())
	}
	return err
}

// write makes run.json say what the run is now.
func (r *run) write() error {
	data, err := encodeRecord(r.record)
	if err != nil {
		return err
	}
	return writeFile(r.store.runFile(r.record.ID), data)
}

// machineMemory is the machine's memory in bytes, or the container's where that is less.
func machineMemory() int64 {
	var bytes int64 = 4 << 30 // where the system does not say
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib int64
		if _, err := fmt.Sscanf(string(data), "MemTotal: %d kB", &kib); err == nil {
			bytes = kib << 10
		}
	}
	if data, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		var limit int64
		if _, err := fmt.Sscanf(string(data), "%d", &limit); err == nil && limit < bytes {
			bytes = limit
		}
	}
	return bytes
}
