package sql

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
)

// amending is a table of candidates beside what it must hold: a value for each rank of each record.
type amending struct {
	t      *testing.T
	s      *Session
	random *rand.Rand
	rows   map[string][]int
	rest   int // further records, of one row each, which stay as they are
	snap   Snapshot
}

const candidateRow = `SELECT CAST('Lead' AS VARCHAR) AS object, id AS crm_id, CAST(rank AS BIGINT) AS rank, CAST('e' AS VARCHAR) AS entity_id, CAST(v AS BIGINT) AS weight,
	CAST(0.5 AS DECIMAL(9, 6)) AS probability, CAST(0 AS BIGINT) AS prior, [CAST(v AS INTEGER)] AS levels, CAST([] AS INTEGER[]) AS weights,
	CAST(NULL AS INTEGER[]) AS frequencies, CAST('r' AS VARCHAR) AS rule, CAST(1 AS BIGINT) AS candidates FROM `

// query gives the rows of some records.
func (a *amending) query(ids []string) string {
	var values []string
	for _, id := range ids {
		for rank, v := range a.rows[id] {
			values = append(values, fmt.Sprintf("('%s', %d, %d)", id, rank+1, v))
		}
	}
	if len(values) == 0 {
		return candidateRow + "(SELECT '' AS id, 1 AS rank, 1 AS v WHERE false)"
	}
	return candidateRow + "(VALUES " + strings.Join(values, ", ") + ") x(id, rank, v)"
}

func (a *amending) ids() []string {
	ids := make([]string, 0, len(a.rows))
	for id := range a.rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// whole stores all rows anew.
func (a *amending) whole() Snapshot {
	a.t.Helper()
	rest := fmt.Sprintf(candidateRow+"(SELECT 'rest' || range AS id, 1 AS rank, 1 AS v FROM range(%d))", a.rest)
	snap, err := a.s.SaveQuery(a.t.Context(), a.query(a.ids())+" UNION ALL "+rest, schemas.Candidate, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return snap
}

// change replaces, removes and adds n records at random, and amends the table.
func (a *amending) change(n int) {
	a.t.Helper()
	known := a.ids()
	changed := map[string]bool{}
	for range n {
		id := fmt.Sprint("r", a.random.IntN(2*len(known)+10))
		switch a.random.IntN(4) {
		case 0:
			delete(a.rows, id)
		case 1: // said to be replaced, and is not
		default:
			a.rows[id] = make([]int, 1+a.random.IntN(3))
			for i := range a.rows[id] {
				a.rows[id][i] = a.random.IntN(5)
			}
		}
		changed[id] = true
	}
	a.amend(changed)
}

func (a *amending) amend(changed map[string]bool) {
	a.t.Helper()
	var ids, quoted []string
	for id := range changed {
		ids, quoted = append(ids, id), append(quoted, literal(id))
	}
	w, err := a.s.Writer(a.t.Context(), schemas.Candidate)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := w.Take(a.t.Context(), a.query(ids)); err != nil {
		a.t.Fatal(err)
	}
	if a.snap, err = w.Amend(a.t.Context(), a.snap, "SELECT unnest(["+strings.Join(quoted, ", ")+"]::VARCHAR[])"); err != nil {
		a.t.Fatal(err)
	}
}

// changes are the rows that Changed finds, as text.
func (a *amending) changes(before, after Snapshot) string {
	a.t.Helper()
	c, err := a.s.Changed(a.t.Context(), before, after, "")
	if err != nil {
		a.t.Fatal(err)
	}
	defer c.Drop(a.t.Context()) //nolint:errcheck // temporary
	var text string
	if err := a.s.conn.QueryRowContext(a.t.Context(), "SELECT coalesce(string_agg(line, ' ' ORDER BY line), '') FROM (SELECT concat_ws(',', later, crm_id, rank, weight, levels) AS line FROM "+c.Name+")").
		Scan(&text); err != nil {
		a.t.Fatal(err)
	}
	return fmt.Sprint(c.Rows, " ", text)
}

// keysBeside fails where keys that changed are not found, and counts those that are found beside them.
func (a *amending) keysBeside(before, after, wholeBefore, wholeAfter Snapshot) (extra int) {
	a.t.Helper()
	c, err := a.s.Changed(a.t.Context(), wholeBefore, wholeAfter, "")
	if err != nil {
		a.t.Fatal(err)
	}
	defer c.Drop(a.t.Context()) //nolint:errcheck // temporary
	k, err := a.s.ChangedKeys(a.t.Context(), before, after)
	if err != nil {
		a.t.Fatal(err)
	}
	defer k.Drop(a.t.Context()) //nolint:errcheck // temporary
	var missed int
	if err := a.s.conn.QueryRowContext(a.t.Context(), "SELECT (SELECT count(*) FROM "+c.Name+" ANTI JOIN "+k.Name+" USING (crm_id)), (SELECT count(*) FROM "+k.Name+" ANTI JOIN "+
		c.Name+" USING (crm_id))").Scan(&missed, &extra); err != nil || missed > 0 {
		a.t.Fatalf("%d rows changed under keys that are not found: %v", missed, err)
	}
	return extra
}

// bindsFor fails where BindFor leaves out a row of some records.
func (a *amending) bindsFor(amended, whole Snapshot, ids ...string) {
	a.t.Helper()
	keys := "(SELECT unnest(['" + strings.Join(ids, "', '") + "']))"
	if err := errors.Join(a.s.BindFor(a.t.Context(), "few_rows", amended, keys), a.s.BindAs(a.t.Context(), "all_rows", whole)); err != nil {
		a.t.Fatal(err)
	}
	a.sameRows("all_rows WHERE crm_id IN "+keys, "few_rows WHERE crm_id IN "+keys)
}

func (a *amending) sameRows(want, got string) {
	a.t.Helper()
	var differ int
	if err := a.s.conn.QueryRowContext(a.t.Context(), fmt.Sprintf("SELECT (SELECT count(*) FROM (FROM %s EXCEPT ALL FROM %s)) + (SELECT count(*) FROM (FROM %s EXCEPT ALL FROM %s))",
		want, got, got, want)).Scan(&differ); err != nil || differ > 0 {
		a.t.Fatalf("%d rows differ between %s and %s: %v", differ, want, got, err)
	}
}

// keepsSome fails where KeepSome keeps other rows of some records in two versions than these have.
func (a *amending) keepsSome(before, after, wholeBefore, wholeAfter Snapshot, ids ...string) {
	a.t.Helper()
	keys := "(SELECT unnest(['" + strings.Join(ids, "', '") + "']))"
	columns := []string{"object", "crm_id", "rank", "weight"}
	if err := errors.Join(a.s.KeepSome(a.t.Context(), "was_some", "is_some", before, after, columns, keys),
		a.s.BindAs(a.t.Context(), "was_rows", wholeBefore), a.s.BindAs(a.t.Context(), "is_rows", wholeAfter)); err != nil {
		a.t.Fatal(err)
	}
	for _, side := range []string{"was", "is"} {
		a.sameRows("(SELECT "+strings.Join(columns, ", ")+" FROM "+side+"_rows WHERE crm_id IN "+keys+")", side+"_some")
	}
}

// remember lets the session recall the rows of some records, at random and beside one that is given.
func (a *amending) remember(amended, whole Snapshot, id string) {
	a.t.Helper()
	if err := a.s.BindAs(a.t.Context(), "all_rows", whole); err != nil {
		a.t.Fatal(err)
	}
	ids := "'" + id + "'"
	for range a.random.IntN(100) {
		ids += fmt.Sprintf(", 'r%d'", a.random.IntN(200))
	}
	if err := a.s.remember(a.t.Context(), amended, "(SELECT unnest(["+ids+"]))", "(FROM all_rows WHERE crm_id IN ("+ids+"))"); err != nil {
		a.t.Fatal(err)
	}
}

// reads fails where the rows of some records are other ones without the engine.
func (a *amending) reads(ids ...string) {
	a.t.Helper()
	var want, got []string
	for _, id := range ids {
		for rank, v := range a.rows[id] {
			want = append(want, fmt.Sprint(id, rank+1, v, []int{v}, "r"))
		}
	}
	rows, err := Folder(a.s.options.Objects).Rows(a.t.Context(), a.snap, []string{"crm_id", "rank", "weight", "levels", "frequencies", "rule", "lacking"}, ids...)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, r := range rows {
		if r[4] != nil || r[6] != nil {
			a.t.Errorf("%v should be null", r)
		}
		got = append(got, fmt.Sprint(r.Text(0), *r.Int(1), *r.Int(2), r.Ints(3), r.Text(5)))
	}
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) {
		a.t.Errorf("rows of %v\n got %v\nwant %v", ids, got, want)
	}
}

// An amended table holds what the whole one holds, whatever was amended how often: its rows, how many each part has, what
// differs from any earlier version, and its bytes once it is stored whole, whether rows of it are remembered or not.
func TestAmend_HoldsTheRowsOfTheWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	amended := 0
	for seed := range uint64(3) {
		a := amending{t: t, s: openSession(t, 1+int(seed%2)), random: rand.New(rand.NewPCG(seed, 1)), rows: map[string][]int{}, snap: Empty("candidate"), rest: 50}
		a.snap = a.whole()
		type version struct{ amended, whole Snapshot }
		var versions []version
		for step := range 8 {
			n := []int{1, 3, 8}[a.random.IntN(3)]
			if step == 0 || a.random.IntN(8) == 0 {
				n = 100
			}
			a.change(n)
			now := version{a.snap, a.whole()}
			if a.snap.Amended() {
				amended++
			}
			if a.snap.Rows != now.whole.Rows {
				t.Fatalf("seed %d, step %d: %d rows, want %d", seed, step, a.snap.Rows, now.whole.Rows)
			}
			for _, part := range a.snap.Split() {
				if err := a.s.BindAs(t.Context(), "piece", part); err != nil {
					t.Fatal(err)
				}
				var n int64
				if err := a.s.conn.QueryRowContext(t.Context(), "SELECT count(*) FROM piece").Scan(&n); err != nil || n != part.Rows {
					t.Fatalf("seed %d, step %d: a part has %d rows, want %d: %v", seed, step, n, part.Rows, err)
				}
			}
			whole, err := a.s.Whole(t.Context(), a.snap)
			if err != nil || whole.ID != now.whole.ID {
				t.Fatalf("seed %d, step %d: stored whole it is %s, want %s: %v", seed, step, whole.ID, now.whole.ID, err)
			}
			one, other := fmt.Sprint("r", a.random.IntN(60)), fmt.Sprint("r", a.random.IntN(200))
			if seed > 0 {
				a.remember(now.amended, now.whole, one)
			}
			for i, before := range versions[max(0, len(versions)-2):] {
				if got, want := a.changes(before.amended, now.amended), a.changes(before.whole, now.whole); got != want {
					t.Fatalf("seed %d: from version %d of the last to step %d\n got %s\nwant %s", seed, i, step, got, want)
				}
				a.reads(a.ids()...)
				a.bindsFor(now.amended, now.whole, one, other)
				a.keepsSome(before.amended, now.amended, before.whole, now.whole, one, other)
				both := func(a, b Snapshot) Snapshot { return Together(a.Table, a, b) }
				a.keepsSome(both(before.amended, now.amended), both(now.amended, now.amended), both(before.whole, now.whole), both(now.whole, now.whole), one, other)
				if extra := a.keysBeside(before.amended, now.amended, before.whole, now.whole); extra > 60 {
					t.Fatalf("seed %d, step %d: %d keys changed that did not", seed, step, extra)
				}
				if got, want := a.changes(now.amended, before.amended), a.changes(now.whole, before.whole); got != want {
					t.Fatalf("seed %d: from step %d back to version %d of the last\n got %s\nwant %s", seed, step, i, got, want)
				}
			}
			versions = append(versions, now)
		}
	}
	if amended < 8 {
		t.Errorf("only %d tables were amended", amended)
	}
}

// A table that crosses the number of rows from which it is split, either way, is amended as any other. Stored whole it is split or not
// by its rows alone.
func TestAmend_OfManyParts(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	a := amending{t: t, s: openSession(t, 0), random: rand.New(rand.NewPCG(1, 1)), rows: map[string][]int{"r7": {1}, "r8": {1}},
		rest: schemas.LargeFrom - 2}
	a.snap = a.whole()
	steps := []struct {
		what    string
		do      func()
		parts   int
		amended bool
	}{
		{"a row changes", func() { a.rows["r7"] = []int{2} }, schemas.ManyParts + 1, true},
		{"a row is added", func() { a.rows["r7"] = []int{2, 3} }, schemas.ManyParts + 1, true},
		{"too few are left", func() { delete(a.rows, "r7") }, schemas.ManyParts + 1, true},
		{"stored whole", nil, 1, false},
		{"fewer are left", func() { delete(a.rows, "r8") }, 1, true},
		{"enough are there", func() { a.rows["r7"], a.rows["r8"] = []int{4}, []int{5} }, 2, true},
	}
	for _, step := range steps {
		if step.do == nil {
			a.snap = a.whole()
		} else {
			step.do()
			a.amend(map[string]bool{"r7": true, "r8": true})
		}
		if len(a.snap.Parts) != step.parts || a.snap.Amended() != step.amended {
			t.Errorf("%s: %d parts, amended: %v; want %d, %v", step.what, len(a.snap.Parts), a.snap.Amended(), step.parts, step.amended)
		}
		a.bindsFor(a.snap, a.snap, "r7", "rest5", "rest17")
		a.reads("r7", "r8", "nobody")
		whole, err := a.s.Whole(t.Context(), a.snap)
		if err != nil {
			t.Fatal(err)
		}
		if want := a.whole(); whole.ID != want.ID || whole.Rows != a.snap.Rows {
			t.Errorf("%s: other rows: %d, want %d", step.what, a.snap.Rows, want.Rows)
		}
	}
}

// The files that were amended are not asked for records that were added since: new ones would fall to any of them.
func TestHolding_AddedRecords(t *testing.T) {
	a := amending{t: t, s: openSession(t, 0), random: rand.New(rand.NewPCG(1, 1)), rows: map[string][]int{"r7": {1}}, rest: schemas.LargeFrom}
	a.snap = a.whole()
	for _, id := range []string{"r7", "new"} { // one that was there, and one that was not
		a.rows[id] = []int{2}
		a.amend(map[string]bool{id: true})
	}
	for keys, want := range map[string]int{"'r7', 'new'": 1, "'r7', 'new', 'rest5'": 2} {
		held, err := a.s.Holding(t.Context(), a.snap, "(SELECT unnest(["+keys+"]))")
		if err != nil || len(held.Parts) != want {
			t.Errorf("%d files are read for %s, want %d: %v", len(held.Parts), keys, want, err)
		}
	}
	both := Together(schemas.Candidate.Name, a.snap, a.snap)
	if held, err := a.s.Holding(t.Context(), both, "(SELECT 'r7')"); err != nil || held.ID != both.ID {
		t.Errorf("of two tables %d files are read, want %d: %v", len(held.Parts), len(both.Parts), err)
	}
}

// Files that an amended table needs beside its parts are missed and hashed as they are.
func TestAmend_NeedsItsFiles(t *testing.T) {
	a := amending{t: t, s: openSession(t, 0), random: rand.New(rand.NewPCG(3, 1)), rows: map[string][]int{}}
	for i := range 100 {
		a.rows[fmt.Sprint("r", i)] = []int{1}
	}
	a.snap = a.whole()
	a.rows["r7"] = []int{2}
	a.amend(map[string]bool{"r7": true})
	if n := len(a.snap.Objects()); n != 3 || len(a.s.Missing(a.snap)) != 0 {
		t.Fatalf("%d objects, missing %v", n, a.s.Missing(a.snap))
	}
	for _, id := range a.snap.Objects() {
		reader, err := Open(t.Context(), Options{Objects: t.TempDir(), Spill: t.TempDir(), Sources: []string{a.s.options.Objects}, Checked: true})
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		if err := reader.Bind(t.Context(), a.snap); err != nil {
			t.Fatal(err)
		}
		if err := reader.Bring(a.snap); err != nil || len(reader.Missing(a.snap)) != 0 {
			t.Fatal(err)
		}
		place := ObjectPath(reader.options.Objects, id, ".parquet")
		if err := errors.Join(os.Remove(place), os.WriteFile(place, []byte("spoilt"), 0o600)); err != nil { // a link until now
			t.Fatal(err)
		}
		reader.whole = map[string]bool{}
		if err := reader.Bind(t.Context(), a.snap); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("bound with a damaged file: %v", err)
		}
	}
}
