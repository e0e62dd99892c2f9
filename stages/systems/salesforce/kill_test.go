package salesforce

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

var errKilled = errors.New("killed")

// killer ends everything at a call: the context is cancelled as the call is made, and its answer is lost.
type killer struct {
	next  http.RoundTripper
	after atomic.Int64
	kill  context.CancelCauseFunc
}

func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	if k.after.Add(-1) == 0 {
		k.kill(errKilled)
	}
	return k.next.RoundTrip(r)
}

// durable are the pages that a folder's manifest names as kept, by file.
func durable(t *testing.T, dir string) map[string]page {
	t.Helper()
	kept := map[string]page{}
	m, err := readManifest(dir)
	if errors.Is(err, errNoPull) {
		return kept
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range m.Objects {
		for _, part := range o.Parts {
			for _, g := range part.Pages {
				if g.Kept {
					kept[g.File] = *g
				}
			}
		}
	}
	return kept
}

// resumed checks that a pull went on: what was durable is there still, byte by byte, and was not fetched again.
func resumed(t *testing.T, o *org, before map[string]page, requests int, done Pulled) {
	t.Helper()
	files := map[string]PulledFile{}
	for _, object := range done.Objects {
		for _, f := range object.Files {
			files[f.Name] = f
		}
	}
	for name, g := range before {
		if files[name].SHA256 != g.Sum {
			t.Errorf("%s was durable and is another file now", name)
		}
		if g.From != "" && slices.ContainsFunc(o.Requests()[requests:], func(r simulator.Request) bool { return r.Path == g.From }) {
			t.Errorf("%s was durable and was fetched again", name)
		}
	}
}

// Killed at any call, a pull goes on at the page, and ends with the same rows.
func TestPull_KilledAtEachCall(t *testing.T) {
	step := 3
	if testing.Short() {
		step = 9
	}
	dir, err := smallCRM()
	if err != nil {
		t.Fatal(err)
	}
	want := wanted(t, dir)
	for at := 1; ; at += step {
		o := small(t, simulator.Switches{PageRows: 30})
		dir := t.TempDir()
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := o.client(func(c *Options) {
			c.parallelFrom = 60
			k := &killer{next: c.HTTP.Transport, kill: cancel}
			k.after.Store(int64(at))
			c.HTTP.Transport = k
		}).Pull(ctx, PullIn{Dir: dir})
		if err == nil {
			if at < 60 {
				t.Errorf("a pull has %d calls", at)
			}
			return
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("killed at %d: %v", at, err)
		}
		before, requests := durable(t, dir), len(o.Requests())
		done, err := o.client(func(c *Options) { c.parallelFrom = 60 }).Pull(t.Context(), PullIn{Dir: dir})
		if err != nil {
			t.Fatalf("after a kill at %d: %v", at, err)
		}
		resumed(t, o, before, requests, done)
		have := read(t, dir, done)
		for object := range want {
			if err := differ(want[object], have[object]); err != nil {
				t.Errorf("after a kill at %d: %s: %v", at, object, err)
			}
		}
		if jobs := o.asked("job", 200); jobs > 5 {
			t.Errorf("after a kill at %d: %d jobs were made", at, jobs)
		}
		o.stop()
	}
}

// childOf is the variable that makes this test binary a process that pulls.
const childOf = "CRMLINK_TEST_PULL"

// child pulls into a folder until it is killed.
func child(address, dir, token, user string) {
	c, err := New(Options{Instance: address, User: user, parallelFrom: 60,
		Token: func(context.Context, string) (string, error) { return token, nil },
		sleep: func(context.Context, time.Duration) error { return nil }})
	if err == nil {
		_, err = c.Pull(context.Background(), PullIn{Dir: dir})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A process that is killed (SIGKILL) leaves pages and a manifest that agree, and the next one goes on.
func TestPull_ProcessKilled(t *testing.T) {
	small0, err := smallCRM()
	if err != nil {
		t.Fatal(err)
	}
	want := wanted(t, small0)
	o := small(t, simulator.Switches{PageRows: 8, Faults: []simulator.Fault{{Kind: "page", Delay: 3 * time.Millisecond}}})
	token, dir := o.Token(), t.TempDir()
	kills := 0
	for ; ; kills++ {
		before, requests := durable(t, dir), len(o.Requests())
		command := exec.Command(os.Args[0], "-test.run=^$")
		command.Env = append(os.Environ(), childOf+"=1", "ADDRESS="+o.address, "FOLDER="+dir, "TOKEN="+token, "CRMUSER="+o.user())
		command.Stderr = os.Stderr
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- command.Wait() }()
		pages := o.pages() + 1 + rand.IntN(12)
		for kills < 6 {
			select {
			case err := <-ended:
				if err != nil {
					t.Fatal(err)
				}
				kills = 6
				ended <- nil
			case <-time.After(time.Millisecond):
			}
			if o.pages() >= pages {
				command.Process.Kill() //nolint:errcheck // it may have ended
				break
			}
		}
		err := <-ended
		for name, g := range before {
			if slices.ContainsFunc(o.Requests()[requests:], func(r simulator.Request) bool { return r.Path == g.From }) {
				t.Errorf("%s was durable and was fetched again", name)
			}
		}
		if err == nil {
			break
		}
		for name, g := range durable(t, dir) {
			if lost, err := lacksFile(dir, name, g.Bytes); err != nil || lost {
				t.Errorf("the manifest names %s, which is not there", name)
			}
		}
	}
	if kills < 2 {
		t.Errorf("%d kills", kills)
	}
	done, err := o.client(func(c *Options) { c.Token = func(context.Context, string) (string, error) { return token, nil } }).Pull(t.Context(), PullIn{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	have := read(t, dir, done)
	for object := range want {
		if err := differ(want[object], have[object]); err != nil {
			t.Errorf("%s: %v", object, err)
		}
	}
}

// A page that went from the folder is fetched again, its query with it; other folders' files are left alone.
func TestPull_LostPage(t *testing.T) {
	o := small(t, simulator.Switches{PageRows: 30})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.client().Pull(t.Context(), PullIn{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "Lead-2.csv.gz")); err != nil {
		t.Fatal(err)
	}
	done, err := o.client().Pull(t.Context(), PullIn{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "notes.txt")); err != nil {
		t.Fatal(err)
	}
	small0, _ := smallCRM()
	if err := differ(wanted(t, small0)["Lead"], read(t, dir, done)["Lead"]); err != nil {
		t.Error(err)
	}
	if jobs := o.asked("job", 200); jobs != 6 {
		t.Errorf("%d jobs", jobs)
	}
}

// Another pull's folder is emptied, and its jobs are taken back; so does Abandon.
func TestPull_OtherPullsFolder(t *testing.T) {
	o := small(t, simulator.Switches{PageRows: 30, Faults: []simulator.Fault{{Kind: "page", Skip: 3, Status: 503}}})
	dir := t.TempDir()
	few := func(c *Options) { c.Tries = 1 }
	if _, err := o.client(few).Pull(t.Context(), PullIn{Dir: dir}); !isCode(err, API) {
		t.Fatal(err)
	}
	if _, err := o.client(few).Pull(t.Context(), PullIn{Dir: dir, Overlap: time.Hour}); !isCode(err, API) {
		t.Fatal(err)
	}
	if made, gone := o.asked("job", 200), o.asked("delete", 204); made-gone > 5 {
		t.Errorf("%d jobs made, %d deleted", made, gone)
	}
	if err := o.client(few).Abandon(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if made, gone := o.asked("job", 200), o.asked("delete", 204); made != gone {
		t.Errorf("%d jobs made, %d deleted", made, gone)
	}
	if err := o.client().Abandon(t.Context(), t.TempDir()); err != nil {
		t.Errorf("a folder without a pull: %v", err)
	}
}

// A window whose job Salesforce has forgotten meanwhile is asked for again, wherever the pull was killed: that the job's rows
// are gone does not mean that the window has none (C8).
func TestPull_WindowWhoseJobIsGone(t *testing.T) {
	o := bare(t, simulator.Switches{PageRows: 2})
	defer o.stop()
	m := newMirror(t)
	if _, err := m.pull(t, t.Context(), o.client(), true); err != nil {
		t.Fatal(err)
	}
	killed := 0
	for after := int64(8); after <= 30; after += 2 {
		for range 3 {
			if _, err := o.Upsert(schemas.Account, simulator.Cells{"Name": "a"}); err != nil {
				t.Fatal(err)
			}
		}
		o.clock.pass(2 * behind)
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := m.pull(t, ctx, o.client(func(c *Options) {
			k := &killer{next: c.HTTP.Transport, kill: cancel}
			k.after.Store(after)
			c.HTTP.Transport = k
		}), false)
		cancel(nil)
		if errors.Is(err, errKilled) {
			killed++
			o.clock.pass(8 * 24 * time.Hour)
			_, err = m.pull(t, t.Context(), o.client(), false)
		}
		if err == nil {
			err = m.lag(o, nil, nil)
		}
		if err != nil {
			t.Fatalf("killed at call %d: %v", after, err)
		}
	}
	if killed < 4 {
		t.Errorf("killed only %d times", killed)
	}
}
