package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sync"
	"syscall"
	"time"

	"github.com/crmlink/crmlink/sql"
)

// run is one execution on its way.
type run struct {
	store   Store
	session *sql.Session
	record  Record
	program string // hash of the executable, part of every action's id
	engine  string
	prefix  string // before the names of steps that do not make the publication itself
	last    Record // the publication before, whose steps may be built upon; none where nothing is to be
	whole   bool   // nothing at all is built upon, not even an earlier round of this run
	lends   Store  // another store whose finished actions may be reused; none without a folder
	report  func(Event)
	log     io.Writer
	now     func() time.Time
	// heapBefore is the limit of Go's heap that the process had before this run set its own.
	heapBefore int64
	// room is the memory in bytes that this run may use, and roomFrom the setting that says so.
	room     int64
	roomFrom string
}

// Event is one line of a run's story. It feeds the terminal and log.jsonl alike, and holds no personal value.
type Event struct {
	At     time.Time `json:"at"`
	Step   string    `json:"step"`
	State  string    `json:"state"` // start, progress, done, failed; note, or job in the log alone: Detail is what there is to say
	Rows   int64     `json:"rows,omitempty"`
	Done   int64     `json:"done,omitempty"` // bytes of Total, or rows, where a step knows how far it is
	Total  int64     `json:"total,omitempty"`
	Reused bool      `json:"reused,omitempty"`
	Detail string    `json:"detail,omitempty"`
}

func (r *run) tell(e Event) {
	e.At = r.now()
	if e.State != "progress" {
		r.note(e)
	}
	if r.report != nil {
		r.report(e)
	}
}

// note writes an event to the log alone.
func (r *run) note(e Event) {
	e.At = r.now()
	if line, err := json.Marshal(e); err == nil {
		fmt.Fprintf(r.log, "%s\n", line)
	}
}

// action is what the store remembers of a finished step.
type action struct {
	Stage string          `json:"stage"`
	In    json.RawMessage `json:"in"`
	Out   json.RawMessage `json:"out"`
}

// do runs a stage, or takes the stored result of an equal action: same program, same engine, same stage, same In.
// In names tables by content, so a stage whose result did not change stops a change from spreading.
func do[In, Out any](ctx context.Context, r *run, name string, stage func(context.Context, *sql.Session, In) (Out, error), in In) (Out, error) {
	var out Out
	id, encoded, err := r.actionID(name, in)
	if err != nil {
		return out, err
	}
	return step(r, name, id, func() (Out, bool, error) {
		if out, ok := resultOf[Out](r, id); ok {
			return out, true, nil
		}
		if out, err = stage(ctx, r.session, in); err != nil {
			return out, false, err
		}
		return out, false, r.remember(id, name, encoded, out)
	})
}

// actionID is the id of what a stage makes of an input, and that input encoded.
func (r *run) actionID(name string, in any) (id string, encoded []byte, err error) {
	if encoded, err = json.Marshal(in); err != nil {
		return "", nil, fmt.Errorf("%s: encode input: %w", name, err)
	}
	return r.actionOf(name, encoded), encoded, nil
}

func (r *run) actionOf(name string, encoded []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "crmlink action\nprogram %s\nengine %s\nstage %s\nin %d\n%s\n", r.program, r.engine, name, len(encoded), encoded)
	return hex.EncodeToString(h.Sum(nil))
}

// earlierOf is what a step of the last publication read and gave, for a stage that can build upon it.
func earlierOf[In, Out any](r *run, name string) (in In, out Out, ok bool) {
	for _, s := range r.last.Steps {
		if s.Name != name || s.Action == "" {
			continue
		}
		if in, out, ok = madeBefore[In, Out](r, s.Action); ok {
			return in, out, true
		}
	}
	return in, out, false
}

// madeBefore is what an action read and gave, if it can be built upon: the same program and engine made it, and nothing of it is
// lost.
func madeBefore[In, Out any](r *run, id string) (in In, out Out, ok bool) {
	for _, store := range []Store{r.store, r.lends} {
		var a action
		data, err := os.ReadFile(store.action(id))
		if err == nil && json.Unmarshal(data, &a) == nil && id == r.actionOf(a.Stage, a.In) &&
			json.Unmarshal(a.In, &in) == nil && json.Unmarshal(a.Out, &out) == nil &&
			r.complete(reflect.ValueOf(in)) && r.complete(reflect.ValueOf(out)) {
			return in, out, true
		}
		in, out = *new(In), *new(Out)
	}
	return in, out, false
}

// resultOf takes the stored result of an action, if all of it is there.
func resultOf[Out any](r *run, id string) (Out, bool) {
	for _, store := range []Store{r.store, r.lends} {
		var a action
		var out Out
		data, err := os.ReadFile(store.action(id))
		if err == nil && json.Unmarshal(data, &a) == nil && json.Unmarshal(a.Out, &out) == nil && r.complete(reflect.ValueOf(out)) {
			return out, true
		}
	}
	return *new(Out), false
}

// remember stores the result of an action.
func (r *run) remember(id, name string, encoded []byte, out any) error {
	result, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	data, err := json.Marshal(action{name, encoded, result})
	if err != nil {
		return fmt.Errorf("encode action: %w", err)
	}
	return writeFile(r.store.action(id), data)
}

// once runs a step that touches the world outside, once per run and never from memory.
func once[Out any](r *run, name string, work func() (Out, error)) (Out, error) {
	return step(r, name, "", func() (Out, bool, error) {
		out, err := work()
		return out, false, err
	})
}

// step tells the story of one step and notes it in the run's record.
func step[Out any](r *run, name, action string, work func() (Out, bool, error)) (Out, error) {
	name = r.prefix + name
	r.tell(Event{Step: name, State: "start"})
	started, cpu := r.now(), processTime()
	out, reused, err := work()
	if err != nil {
		r.tell(Event{Step: name, State: "failed"})
		return out, fmt.Errorf("%s: %w", name, err)
	}
	s := Step{Name: name, Action: action, Reused: reused, Elapsed: r.now().Sub(started), CPU: processTime() - cpu}
	eachSnapshot(reflect.ValueOf(out), func(snap sql.Snapshot) { s.Rows += snap.Rows })
	if d, ok := any(out).(interface{ Detail() string }); ok {
		s.Detail = d.Detail()
	}
	r.record.Steps = append(r.record.Steps, s)
	r.tell(Event{Step: name, State: "done", Rows: s.Rows, Reused: reused, Detail: s.Detail})
	return out, nil
}

// complete says whether all objects of a result are still in the store.
func (r *run) complete(out reflect.Value) bool {
	complete := true
	_, table := out.Interface().(sql.Snapshot) // its objects are files of a table
	if more, ok := out.Interface().(interface{ Objects() []string }); ok && !table {
		for _, id := range more.Objects() {
			complete = complete && r.session.HasObject(id)
		}
	}
	eachSnapshot(out, func(snap sql.Snapshot) { complete = complete && len(r.session.Missing(snap)) == 0 })
	return complete
}

// eachSnapshot visits every table in a stage's input or output.
func eachSnapshot(v reflect.Value, visit func(sql.Snapshot)) {
	if snap, ok := v.Interface().(sql.Snapshot); ok {
		visit(snap)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachSnapshot(v.Elem(), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachSnapshot(v.Field(i), visit)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			for i := range v.Len() {
				eachSnapshot(v.Index(i), visit)
			}
		}
	case reflect.Map:
		if v.Type().Elem().Kind() == reflect.Struct {
			for _, k := range v.MapKeys() {
				eachSnapshot(v.MapIndex(k), visit)
			}
		}
	}
}

// programHash is the hash of the running executable: no version constant to forget. Read once per process.
var programHash = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
})

// processTime is the CPU time this process has used, its threads in the engine included.
func processTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// IsInput says whether an error is the user's input rather than a fault of ours.
func IsInput(err error) bool {
	var input interface{ Input() bool }
	return errors.As(err, &input) && input.Input()
}
