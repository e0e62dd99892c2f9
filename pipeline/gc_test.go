package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// pool is a folder of objects that random stores are made of.
type pool struct {
	dir     string
	tables  []sql.Snapshot // tiny tables of three kinds, each with rows of its own
	indexes []string       // objects that are no table
}

func newPool(t *testing.T) pool {
	t.Helper()
	p := pool{dir: t.TempDir()}
	session, err := sql.Open(t.Context(), sql.Options{Objects: p.dir, Spill: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for i := range 24 {
		table := []schemas.Table{schemas.Mapping, schemas.Badge, schemas.TermFrequency}[i%3]
		var texts []string
		for _, k := range table.Key {
			texts = append(texts, fmt.Sprintf("'%d' AS %s", i, schemas.Quote(k)))
		}
		snap, err := session.SaveQuery(t.Context(), filled(t, session, table, "SELECT "+strings.Join(texts, ", ")), table, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.tables = append(p.tables, snap)
		id, err := session.PutObject(fmt.Appendf(nil, "index %d", i))
		if err != nil {
			t.Fatal(err)
		}
		p.indexes = append(p.indexes, id)
	}
	return p
}

// randomStore is a store of random runs, and what they need as told by those who made it rather than by their files.
type randomStore struct {
	Store
	runs    []randomRun // the oldest first
	current string
	actions map[string][]string // id → objects named
}

type randomRun struct {
	record  Record
	pinned  bool
	objects []string // that the record names
	actions []string
}

var day = time.Date(2026, 7, 1, 4, 0, 0, 0, time.UTC)

func newRandomStore(t *testing.T, p pool, random *rand.Rand, runs int) *randomStore {
	t.Helper()
	store, err := OpenStore(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(store.objects(), os.DirFS(p.dir)); err != nil {
		t.Fatal(err)
	}
	s := &randomStore{Store: store, actions: map[string][]string{}}
	var actions []string
	for i := range 2 * runs {
		actions = append(actions, s.addAction(t, p, random, i))
	}
	for i := range runs {
		s.addRun(t, p, random, i, actions)
	}
	for _, r := range s.runs {
		if r.record.Status == Published && (s.current == "" || random.IntN(3) > 0) {
			s.current = r.record.ID // mostly the newest, but a switch can have been missed
		}
	}
	if s.current != "" {
		if err := s.switchTo(s.current); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"objects/tmp/object-1", "actions/.tmp-1", "runs/20250101T000000Z/log.jsonl", ".tmp-2", "current.new"} {
		if random.IntN(2) == 0 {
			s.put(t, f, []byte("left over"))
		}
	}
	return s
}

func (s *randomStore) put(t *testing.T, file string, data []byte) {
	t.Helper()
	path := filepath.Join(s.Dir, file)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
		t.Fatal(err)
	}
}

func (s *randomStore) addAction(t *testing.T, p pool, random *rand.Rand, n int) string {
	t.Helper()
	in, out, index := p.tables[random.IntN(len(p.tables))], p.tables[random.IntN(len(p.tables))], p.indexes[random.IntN(len(p.indexes))]
	a := map[string]any{"stage": fmt.Sprintf("step %d", n), "in": map[string]any{"deep": []any{map[string]any{"x": in}}},
		"out": map[string]any{"index": index, "tables": map[string]any{"y": out}}}
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	id := hex.EncodeToString(sum[:])
	s.put(t, "actions/"+id+".json", data)
	s.actions[id] = []string{in.Parts[0].ID, out.Parts[0].ID, index}
	return id
}

func (s *randomStore) addRun(t *testing.T, p pool, random *rand.Rand, n int, actions []string) {
	t.Helper()
	at := day.Add(time.Duration(n) * 12 * time.Hour)
	r := randomRun{record: Record{ID: at.Format("20060102T150405Z"), AsOf: at, Started: at, Tables: map[string]sql.Snapshot{}}}
	r.record.Status = []Status{Published, Published, Published, Published, Failed, Stopped, Running}[random.IntN(7)]
	if r.record.Status == Published {
		for range 3 {
			snap := p.tables[random.IntN(len(p.tables))]
			r.record.Tables[snap.Table] = snap
		}
		for _, snap := range r.record.Tables {
			r.objects = append(r.objects, snap.Parts[0].ID)
		}
		r.record.Model.Company.Frequencies = p.tables[random.IntN(len(p.tables))]
		r.objects = append(r.objects, r.record.Model.Company.Frequencies.Parts[0].ID)
	}
	for range random.IntN(4) {
		id := actions[random.IntN(len(actions))]
		r.actions = append(r.actions, id)
		r.record.Steps = append(r.record.Steps, Step{Name: "step", Action: id})
	}
	if r.pinned = random.IntN(5) == 0; r.pinned {
		s.put(t, "runs/"+r.record.ID+"/pinned", nil)
	}
	data, err := encodeRecord(r.record)
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, "runs/"+r.record.ID+"/run.json", data)
	s.put(t, "runs/"+r.record.ID+"/log.jsonl", []byte("{}\n"))
	s.runs = append(s.runs, r)
}

// keeps says what must be there after a collection and nothing else: runs, and the objects and actions they need.
func (s *randomStore) keeps(keep int) (runs, needed map[string]bool) {
	runs, needed = map[string]bool{}, map[string]bool{}
	published, before := 0, false
	for i, r := range slices.Backward(s.runs) {
		id, status := r.record.ID, r.record.Status
		if id == s.current || r.pinned || i == len(s.runs)-1 && status == Running || status != Published && !before {
			runs[id] = true
		}
		if status == Published {
			if published++; published <= keep {
				runs[id] = true
			}
		}
		before = before || id == s.current
	}
	for _, r := range s.runs {
		if !runs[r.record.ID] {
			continue
		}
		for _, o := range r.objects {
			needed[o] = true
		}
		for _, a := range r.actions {
			needed[a] = true
			for _, o := range s.actions[a] {
				needed[o] = true
			}
		}
	}
	if newest := s.runs[len(s.runs)-1]; newest.record.Status != Running {
		return runs, needed
	}
	// What no run names may be the unfinished run's work.
	theirs := map[string]bool{}
	for _, r := range s.runs {
		if runs[r.record.ID] {
			continue
		}
		for _, o := range r.objects {
			theirs[o] = true
		}
		for _, a := range r.actions {
			theirs[a] = true
			for _, o := range s.actions[a] {
				theirs[o] = true
			}
		}
	}
	for id := range s.actions {
		if !theirs[id] {
			needed[id] = true
			for _, o := range s.actions[id] {
				needed[o] = true
			}
		}
	}
	for _, o := range s.ids(nil, "objects/??/*") {
		if !theirs[o] {
			needed[o] = true
		}
	}
	return runs, needed
}

// ids are the names of files without extension, sorted.
func (s *randomStore) ids(t *testing.T, patterns ...string) []string {
	all := []string{}
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join(s.Dir, p))
		if err != nil && t != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			name, _, _ := strings.Cut(filepath.Base(path), ".")
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// isReadable opens every kept publication and reads its tables, and asks that nothing named is missing.
func (s *randomStore) isReadable(t *testing.T, runs map[string]bool) {
	t.Helper()
	for _, r := range s.runs {
		if !runs[r.record.ID] || r.record.Status != Published {
			continue
		}
		p, err := s.Open(t.Context(), r.record.ID)
		if err != nil {
			t.Errorf("kept run %s does not open: %v", r.record.ID, err)
			continue
		}
		for name := range r.record.Tables {
			var n int64
			if err := p.bind(t.Context(), name); err != nil {
				t.Errorf("kept run %s: %v", r.record.ID, err)
			} else if err := p.each(t.Context(), "SELECT count(*) FROM "+name, nil, func(r *sql.Rows) error { return r.Scan(&n) }); err != nil || n != 1 {
				t.Errorf("kept run %s: table %s has %d rows, %v", r.record.ID, name, n, err)
			}
		}
		p.Close()
	}
	s.isWhole(t)
}

// isWhole verifies the store. Its runs were never given a database, so that they lack one is no news.
func (s *randomStore) isWhole(t *testing.T) {
	t.Helper()
	v, err := s.Verify(t.Context(), VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range v.Damage {
		if !strings.HasSuffix(d.File, "/analytics.duckdb") {
			t.Errorf("damaged: %+v", d)
		}
	}
}

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
	kills, inTheMiddle := 12, 0
	if testing.Short() {
		kills = 3
	}
	for seed := range uint64(kills) {
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
	t.Logf("%d of %d were killed in the middle", inTheMiddle, kills)
}
