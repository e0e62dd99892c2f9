package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
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
	passing map[string]string   // id of an action → the object beside them that only makes the next run cheaper
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
	s := &randomStore{Store: store, actions: map[string][]string{}, passing: map[string]string{}}
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
	totals := p.indexes[random.IntN(len(p.indexes))]
	a := map[string]any{"stage": fmt.Sprintf("step %d", n), "in": map[string]any{"deep": []any{map[string]any{"x": in}}},
		"out": map[string]any{"index": index, "totals": totals, "tables": map[string]any{"y": out}}}
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	id := hex.EncodeToString(sum[:])
	s.put(t, "actions/"+id+".json", data)
	s.actions[id], s.passing[id] = []string{in.Parts[0].ID, out.Parts[0].ID, index}, totals
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
			if r.record.ID >= s.current {
				needed[s.passing[a]] = true
			}
		}
	}
	if newest := s.runs[len(s.runs)-1]; newest.record.Status != Running {
		return runs, needed
	}
	// What no run names may be the unfinished run's work.
	theirs := map[string]bool{}
	for _, r := range s.runs {
		if runs[r.record.ID] && r.record.ID >= s.current {
			continue
		}
		for _, o := range r.objects {
			theirs[o] = true
		}
		for _, a := range r.actions {
			theirs[a], theirs[s.passing[a]] = true, true
			for _, o := range s.actions[a] {
				theirs[o] = true
			}
		}
	}
	for id := range s.actions {
		if !theirs[id] {
			needed[id] = true
			needed[s.passing[id]] = true
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
