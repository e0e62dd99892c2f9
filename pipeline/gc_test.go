package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whatever the runs, pins, links and leftovers are: a collection keeps what it must, all that this needs, and no more.
func TestCollect_RemovesWhatNothingNeedsAndNeverMore(t *testing.T) {
	p := newPool(t)
	n := uint64(40)
	if testing.Short() {
		n = 10
	}
	for seed := range n {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 4))
			s := newRandomStore(t, p, random, 1+random.IntN(8))
			keep := 1 + random.IntN(4)
			before := tree(t, s.Dir)
			planned, err := s.Collect(CollectOptions{Keep: keep, DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			if after := tree(t, s.Dir); withoutLock(after) != withoutLock(before) {
				t.Errorf("a dry run changed the store:\n%s\nwas\n%s", after, before)
			}
			runs, needed := s.keeps(keep)
			done, err := s.Collect(CollectOptions{Keep: keep})
			if err != nil {
				t.Fatal(err)
			}
			if done.DryRun = true; !slices.Equal(done.Removed, planned.Removed) || done.Files != planned.Files || done.Bytes != planned.Bytes {
				t.Errorf("removed %+v, planned %+v", done, planned)
			}
			if got, want := s.ids(t, "runs/*"), slices.Sorted(maps.Keys(runs)); !slices.Equal(got, want) {
				t.Errorf("runs %v, want %v", got, want)
			}
			if got, want := s.ids(t, "objects/??/*", "actions/*"), slices.Sorted(maps.Keys(needed)); !slices.Equal(got, want) {
				t.Errorf("%d objects and actions, want %d", len(got), len(want))
			}
			if left := s.ids(t, "objects/tmp/*", "actions/.tmp*", ".tmp*", "current.new"); len(left) > 0 {
				t.Errorf("leftovers stay: %v", left)
			}
			if got := strings.Count(withoutLock(before), "\n") - strings.Count(withoutLock(tree(t, s.Dir)), "\n"); int64(got) != done.Files {
				t.Errorf("%d files fewer, %d reported", got, done.Files)
			}
			s.isReadable(t, runs)
			again, err := s.Collect(CollectOptions{Keep: keep})
			if err != nil || again.Files > 0 || len(again.Removed) > 0 {
				t.Errorf("the second time: %+v, %v", again, err)
			}
		})
	}
}

// withoutLock leaves out the file lock, which the first collection makes.
func withoutLock(tree string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(tree, "\n"), func(l string) bool { return strings.Contains(l, "/lock ") }), "\n")
}

func TestCollect_RefusesWhatItCannotKnow(t *testing.T) {
	p := newPool(t)
	fresh := func() *randomStore {
		for seed := uint64(0); ; seed++ {
			if s := newRandomStore(t, p, rand.New(rand.NewPCG(seed, 5)), 5); s.current != "" && s.current != s.runs[0].record.ID {
				return s
			}
		}
	}
	t.Run("a record that cannot be read", func(t *testing.T) {
		s := fresh()
		s.put(t, "runs/"+s.runs[0].record.ID+"/run.json", []byte(`{"id": "20`))
		s.refuses(t, "the record of run "+s.runs[0].record.ID+" cannot be read")
	})
	t.Run("a publication without record", func(t *testing.T) {
		s := fresh()
		if err := os.Remove(s.runFile(s.current)); err != nil {
			t.Fatal(err)
		}
		s.refuses(t, "the published run "+s.current+" has no record")
	})
	t.Run("a run that is on", func(t *testing.T) {
		s := fresh()
		release, err := s.lock()
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		s.refuses(t, "another run holds the store")
		if _, err := s.Pin("latest"); err == nil {
			t.Error("pinned a run that may be being removed")
		}
	})
	t.Run("nothing to keep", func(t *testing.T) {
		if _, err := fresh().Collect(CollectOptions{}); !IsInput(err) {
			t.Error(err)
		}
	})
}

func (s *randomStore) refuses(t *testing.T, want string) {
	t.Helper()
	before := withoutLock(tree(t, s.Dir))
	if _, err := s.Collect(CollectOptions{Keep: 1}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if after := withoutLock(tree(t, s.Dir)); after != before {
		t.Errorf("the store changed:\n%s\nwas\n%s", after, before)
	}
}

func TestPin_KeepsARun(t *testing.T) {
	s := newRandomStore(t, newPool(t), rand.New(rand.NewPCG(1, 6)), 6)
	for i := range s.runs { // all published, none pinned
		r := s.runs[i].record
		r.Status = Published
		data, err := encodeRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		s.put(t, "runs/"+r.ID+"/run.json", data)
		if _, err := s.Unpin(r.ID); err != nil || s.Pinned(r.ID) {
			t.Fatal(err)
		}
	}
	if err := s.switchTo(s.runs[5].record.ID); err != nil {
		t.Fatal(err)
	}
	pinned, err := s.Pin(s.runs[1].record.ID[:11]) // a prefix, as people type it
	if err != nil || pinned.ID != s.runs[1].record.ID || !s.Pinned(pinned.ID) {
		t.Fatalf("%s, %v", pinned.ID, err)
	}
	r, err := s.Collect(CollectOptions{Keep: 2})
	if want := []string{s.runs[5].record.ID, s.runs[4].record.ID, pinned.ID}; err != nil || !slices.Equal(r.Kept, want) {
		t.Errorf("kept %v, %v, want %v", r.Kept, err, want)
	}
	if _, err := s.Unpin(pinned.ID); err != nil {
		t.Fatal(err)
	}
	if r, err = s.Collect(CollectOptions{Keep: 2}); err != nil || !slices.Equal(r.Removed, []string{pinned.ID}) {
		t.Errorf("removed %v, %v", r.Removed, err)
	}
}

const collectStore = "CRMLINK_TEST_COLLECT_STORE"

// TestCollectInAChild is the process that TestCollect_Killed kills.
func TestCollectInAChild(t *testing.T) {
	dir := os.Getenv(collectStore)
	if dir == "" {
		t.Skip("run by TestCollect_Killed")
	}
	if _, err := (Store{Dir: dir}).Collect(CollectOptions{Keep: 1}); err != nil {
		t.Fatal(err)
	}
}

// A collection killed at any instant leaves all that is named in place, and the next one finishes its work.
func TestCollect_Killed_Invariant3(t *testing.T) {
	p := newPool(t)
	kills, tries, inTheMiddle := 12, 0, 0
	if testing.Short() {
		kills = 3
	}
	// On a busy machine the kill may come late each time; then there are more tries.
	for seed := uint64(0); tries < kills || inTheMiddle == 0 && tries < 100; seed++ {
		tries++
		random := rand.New(rand.NewPCG(seed, 7))
		var s *randomStore
		for s = newRandomStore(t, p, random, 40); s.current == ""; {
			s = newRandomStore(t, p, random, 40)
		}
		runs, needed := s.keeps(1)
		plan, err := s.plan(1)
		if err != nil {
			t.Fatal(err)
		}
		var order []string // one of these files vanishes, and the process is killed
		for _, r := range plan.remove {
			order = append(order, s.runFile(r.ID))
		}
		for _, id := range plan.actions {
			order = append(order, s.action(id))
		}
		for _, name := range plan.objects {
			order = append(order, filepath.Join(s.Dir, objectFile(name)))
		}
		victim := order[random.IntN(len(order))]
		child := exec.Command(os.Args[0], "-test.run=^TestCollectInAChild$")
		child.Env = append(os.Environ(), collectStore+"="+s.Dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
			if _, err := os.Stat(victim); errors.Is(err, os.ErrNotExist) {
				break
			}
		}
		child.Process.Kill() //nolint:errcheck // it may have ended
		child.Wait()         //nolint:errcheck // killed
		left := slices.DeleteFunc(order, func(path string) bool { _, err := os.Stat(path); return errors.Is(err, os.ErrNotExist) })
		if len(left) > 0 && len(left) < len(plan.remove)+len(plan.actions)+len(plan.objects) {
			inTheMiddle++
		}
		s.isReadable(t, runs)
		if _, err := s.Collect(CollectOptions{Keep: 1}); err != nil {
			t.Fatalf("the next collection: %v", err)
		}
		if got, want := s.ids(t, "runs/*"), slices.Sorted(maps.Keys(runs)); !slices.Equal(got, want) {
			t.Errorf("seed %d: runs %v, want %v", seed, got, want)
		}
		got := s.ids(t, "objects/??/*", "actions/*")
		for id := range needed {
			if !slices.Contains(got, id) {
				t.Errorf("seed %d: %s is needed and was removed", seed, id)
			}
		}
		if newest := s.runs[len(s.runs)-1]; newest.record.Status != Running && len(got) != len(needed) {
			t.Errorf("seed %d: %d objects and actions, want %d", seed, len(got), len(needed))
		}
		s.isReadable(t, runs)
	}
	if inTheMiddle == 0 {
		t.Error("no collection was killed in the middle: the test shows nothing")
	}
	t.Logf("%d of %d were killed in the middle", inTheMiddle, tries)
}
