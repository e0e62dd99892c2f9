package salesforce

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// mirror is what a sequence of pulls leaves behind: of each record the newest row, and where the next windows begin.
type mirror struct {
	rows    map[string]records
	cursors map[string]time.Time
	dir     string
	names   FieldNames
}

func newMirror(t testing.TB) *mirror {
	return &mirror{rows: map[string]records{}, cursors: map[string]time.Time{}, dir: t.TempDir()}
}

// pull takes what the org has to tell. The folder goes when its rows are in the mirror, as in a run.
func (m *mirror) pull(t testing.TB, ctx context.Context, c *Client, whole bool) (Pulled, error) {
	in := PullIn{Dir: m.dir, Since: m.cursors, Fields: m.names}
	if whole {
		in.Since = nil
	}
	done, err := c.Pull(ctx, in)
	if err != nil {
		return done, err
	}
	for object, rows := range read(t, m.dir, done) {
		if m.rows[object] == nil || whole {
			m.rows[object] = records{}
		}
		for id, row := range rows {
			if old, ok := m.rows[object][id]; !ok || old["SystemModstamp"] <= row["SystemModstamp"] {
				m.rows[object][id] = row
			}
		}
	}
	for _, o := range done.Objects {
		if o.Cursor.Before(m.cursors[o.Name]) {
			t.Errorf("the cursor of %s goes back", o.Name)
		}
		m.cursors[o.Name] = o.Cursor
	}
	return done, os.RemoveAll(m.dir)
}

// lag compares the mirror with the org. Rows that changed without a stamp, and rows behind the cursor, are left out after
// a window.
func (m *mirror) lag(o *org, unseen, silent map[string]bool) error {
	for _, object := range bulkObjects {
		want := records{}
		for _, id := range o.IDs(object) {
			row, _ := o.Record(object, id)
			if unseen[id] || silent[id] || row["SystemModstamp"] >= m.cursors[object].Format("2006-01-02T15:04:05.000Z") {
				continue
			}
			want[id] = row
		}
		for id, row := range want {
			have, ok := m.rows[object][id]
			if !ok {
				return fmt.Errorf("%s %s of %s is not in the mirror of %s", object, id, row["SystemModstamp"], m.cursors[object])
			}
			for name, value := range have {
				if row[name] != value {
					return fmt.Errorf("%s %s.%s is %q in the mirror and %q in the org", object, id, name, value, row[name])
				}
			}
		}
	}
	return nil
}

// Whatever people do to an org between pulls, and wherever pulls are killed: nothing is lost (C8, and §6 of the protocol:
// late commits, mass stamps, deletions, purges, merges, conversions, rows that become visible).
func TestPull_SequencesLoseNothing(t *testing.T) {
	checks, steps := "12", "40"
	if testing.Short() {
		checks, steps = "20", "25" // rapid makes a fifth of that
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps} {
		old := flag.Lookup(name).Value.String()
		flag.Set(name, value)                     //nolint:errcheck // it exists
		t.Cleanup(func() { flag.Set(name, old) }) //nolint:errcheck // it exists
	}
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, r)
		defer w.o.stop()
		r.Repeat(map[string]func(*rapid.T){
			"insert":  w.insert,
			"update":  w.update,
			"mass":    w.mass,
			"late":    w.late,
			"delete":  w.delete,
			"purge":   w.purge,
			"merge":   w.merge,
			"convert": w.convert,
			"share":   w.share,
			"formula": w.formula,
			"wait": func(r *rapid.T) {
				w.o.clock.pass(time.Duration(rapid.IntRange(1, 40).Draw(r, "minutes")) * time.Minute)
			},
			"window":  func(r *rapid.T) { w.pull(r, false) },
			"window2": func(r *rapid.T) { w.pull(r, false) },
			"whole":   func(r *rapid.T) { w.pull(r, true) },
		})
		w.pull(r, false)
		w.pull(r, true)
	})
}

// world is an org with people who change it, and the mirror of it.
type world struct {
	t      *testing.T
	o      *org
	m      *mirror
	unseen map[string]bool // not shared with the user
	silent map[string]bool // changed since the last whole pull without a stamp that says so
	killed bool            // the folder holds a pull that did not end
	whole  bool            // and that is whole
}

func newWorld(t *testing.T, r *rapid.T) *world {
	w := &world{t: t, o: bare(t, simulator.Switches{PageRows: rapid.IntRange(1, 4).Draw(r, "page rows"), MergeKeepsStamps: rapid.Bool().Draw(r, "merge keeps stamps")}),
		m: newMirror(t), unseen: map[string]bool{}, silent: map[string]bool{}}
	if err := w.o.AddField(schemas.Account, "Sum__c", "double", true); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		w.insert(r)
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// some draws an object and one of its records; empty where it has none.
func (w *world) some(r *rapid.T, objects ...string) (object, id string) {
	object = rapid.SampledFrom(objects).Draw(r, "object")
	ids := w.o.IDs(object)
	if len(ids) == 0 {
		return object, ""
	}
	return object, rapid.SampledFrom(ids).Draw(r, "id")
}

func (w *world) cells(r *rapid.T, object string) simulator.Cells {
	text := rapid.SampledFrom([]string{"a", "N/A", "two\nlines", `"quoted", and so on`, "ß字🙂", " blank "}).Draw(r, "text")
	switch object {
	case schemas.Opportunity:
		_, account := w.some(r, schemas.Account)
		return simulator.Cells{"Name": text, "StageName": text, "AccountId": account}
	case schemas.OpportunityContactRole:
		_, opportunity := w.some(r, schemas.Opportunity)
		_, contact := w.some(r, schemas.Contact)
		return simulator.Cells{"Role": text, "OpportunityId": opportunity, "ContactId": contact}
	case schemas.Contact:
		_, account := w.some(r, schemas.Account)
		return simulator.Cells{"LastName": text, "AccountId": account}
	case schemas.Lead:
		return simulator.Cells{"LastName": text, "Company": text}
	}
	return simulator.Cells{"Name": text}
}

func (w *world) insert(r *rapid.T) {
	object := rapid.SampledFrom(bulkObjects).Draw(r, "object")
	_, err := w.o.Upsert(object, w.cells(r, object))
	w.must(err)
}

func (w *world) update(r *rapid.T) {
	object, id := w.some(r, bulkObjects...)
	if id == "" {
		return
	}
	cells := w.cells(r, object)
	cells["Id"] = id
	_, err := w.o.Upsert(object, cells)
	w.must(err)
	delete(w.silent, id)
}

// mass gives many records one stamp, more than a page holds.
func (w *world) mass(r *rapid.T) {
	object := rapid.SampledFrom(bulkObjects).Draw(r, "object")
	for range 9 {
		_, err := w.o.Upsert(object, w.cells(r, object))
		w.must(err)
	}
}

// late commits a record after its stamp.
func (w *world) late(r *rapid.T) {
	object, id := w.some(r, bulkObjects...)
	cells := w.cells(r, object)
	ago := time.Duration(rapid.IntRange(0, 299).Draw(r, "seconds")) * time.Second
	cells["SystemModstamp"] = w.o.clock.now().Add(-ago).UTC().Format("2006-01-02T15:04:05.000Z")
	if row, _ := w.o.Record(object, id); id != "" && rapid.Bool().Draw(r, "update") && row["SystemModstamp"] < cells["SystemModstamp"] {
		cells["Id"] = id
		delete(w.silent, id)
	}
	_, err := w.o.Upsert(object, cells)
	w.must(err)
}

func (w *world) delete(r *rapid.T) {
	object, id := w.some(r, bulkObjects...)
	if id == "" {
		return
	}
	if rapid.Bool().Draw(r, "undelete") {
		w.must(w.o.Undelete(object, id))
		return
	}
	w.must(w.o.Delete(object, id))
}

func (w *world) purge(r *rapid.T) {
	object, id := w.some(r, bulkObjects...)
	if id == "" {
		return
	}
	if rapid.Bool().Draw(r, "one") {
		w.must(w.o.Purge(object, id))
		return
	}
	w.must(w.o.Purge(object))
}

func (w *world) merge(r *rapid.T) {
	object, winner := w.some(r, schemas.Account, schemas.Contact, schemas.Lead)
	_, loser := w.some(r, object)
	if winner == loser || winner == "" {
		return
	}
	// Children may get another parent without a stamp that says so; only a whole pull shows that.
	for _, child := range bulkObjects {
		for _, id := range w.o.IDs(child) {
			row, _ := w.o.Record(child, id)
			if row["AccountId"] == loser || row["ContactId"] == loser || row["ParentId"] == loser {
				w.silent[id] = true
			}
		}
	}
	w.must(w.o.Merge(object, winner, loser))
}

func (w *world) convert(r *rapid.T) {
	_, id := w.some(r, schemas.Lead)
	if row, ok := w.o.Record(schemas.Lead, id); !ok || row["IsConverted"] == "true" {
		return
	}
	_, err := w.o.Convert(id, simulator.Conversion{WithOpportunity: rapid.Bool().Draw(r, "opportunity")})
	w.must(err)
}

func (w *world) share(r *rapid.T) {
	object, id := w.some(r, bulkObjects...)
	if id == "" {
		return
	}
	w.must(w.o.Share(object, w.unseen[id], id))
	if w.unseen[id] = !w.unseen[id]; !w.unseen[id] {
		w.silent[id] = true
	}
}

func (w *world) formula(r *rapid.T) {
	_, id := w.some(r, schemas.Account)
	if id != "" {
		w.must(w.o.Calculate(schemas.Account, "Sum__c", map[string]string{id: fmt.Sprint(rapid.IntRange(0, 9).Draw(r, "sum"))}))
		w.silent[id] = true
	}
}

// pull pulls, killed after a random number of calls now and then; the next pull goes on with what that one left.
func (w *world) pull(r *rapid.T, whole bool) {
	if w.killed {
		whole = w.whole
	}
	for {
		ctx, cancel := context.WithCancelCause(w.t.Context())
		after := rapid.SampledFrom([]int{0, 0, 3, 14, 17, 20, 25, 33}).Draw(r, "kill after")
		client := w.o.client(func(o *Options) {
			o.parallelFrom = 6
			if after > 0 {
				k := &killer{next: o.HTTP.Transport, kill: cancel}
				k.after.Store(int64(after))
				o.HTTP.Transport = k
			}
		})
		before := w.o.clock.now()
		_, err := w.m.pull(w.t, ctx, client, whole)
		cancel(nil)
		if errors.Is(err, errKilled) {
			w.killed, w.whole = true, whole
			if rapid.Bool().Draw(r, "life goes on") {
				w.o.clock.pass(time.Duration(rapid.IntRange(0, 60*24*9).Draw(r, "later")) * time.Minute)
				return
			}
			continue
		}
		w.must(err)
		resumed := w.killed
		w.killed = false
		if whole && !resumed {
			clear(w.silent)
		}
		if err := w.m.lag(w.o, w.unseen, w.silent); err != nil {
			r.Fatalf("after a pull at %s (whole %v, resumed %v): %v", before, whole, resumed, err)
		}
		if !whole || resumed {
			return
		}
		for _, object := range bulkObjects {
			want := slices.DeleteFunc(w.o.IDs(object), func(id string) bool { return w.unseen[id] })
			have := slices.Collect(maps.Keys(w.m.rows[object]))
			slices.Sort(want)
			slices.Sort(have)
			if !slices.Equal(want, have) {
				r.Fatalf("%s: the whole pull has %v, the org %v", object, have, want)
			}
		}
		return
	}
}
