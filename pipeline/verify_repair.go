package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// quarantine is the folder for what a repair sets aside; its files lie there as they lay in the store.
const quarantine = "quarantine"

// repair sets damaged files aside, so that nothing reads or reuses them, and makes again what it can: tables from the
// copies in analytics.duckdb, what steps made from the raw tables that the run read, and databases from the tables.
// Results of steps that name what is missing are set aside too, so that nothing takes them for finished. Raw tables come
// from nowhere but the source, and records, the link current and the control database are left alone: nothing here knows
// them better.
func (v *verifier) repair(ctx context.Context) error {
	if len(v.damage) == 0 {
		return nil
	}
	for _, file := range slices.Sorted(maps.Keys(v.damage)) {
		if d := v.damage[file]; d.Problem != missing && !strings.HasSuffix(file, "/run.json") && file != "current" && file != control.FileName {
			if err := v.setAside(file); err != nil {
				return err
			}
		}
	}
	session, err := sql.Open(ctx, sql.Options{Objects: v.store.objects(), Spill: v.store.spill()})
	if err != nil {
		return err
	}
	defer session.Close()
	for _, id := range slices.Sorted(maps.Keys(v.records)) {
		if err := v.remakeTables(ctx, session, v.records[id]); err != nil {
			return err
		}
	}
	if err := v.setAsideActions(); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(v.records)) { // the oldest first: later ones build on their answers
		if err := v.remakeResults(ctx, session, v.records[id]); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.records)) {
		if err := v.remakeDatabase(ctx, session, v.records[id]); err != nil {
			return err
		}
	}
	return nil
}

// setAside moves a file to the quarantine. An earlier one of that name is kept beside it.
func (v *verifier) setAside(file string) error {
	to := filepath.Join(v.store.Dir, quarantine, file)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	for n, name := 2, to; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return fmt.Errorf("set aside: %w", err)
		}
		to = fmt.Sprintf("%s.%d", name, n)
	}
	from := filepath.Join(v.store.Dir, file)
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	if err := errors.Join(syncDir(filepath.Dir(to)), syncDir(filepath.Dir(from))); err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	v.found.SetAside = append(v.found.SetAside, file)
	return nil
}

// remakeTables writes lost tables again from the copies that the run's database has. Equal rows in an equal order give
// equal bytes, so the object's name says whether that worked.
func (v *verifier) remakeTables(ctx context.Context, session *sql.Session, r Record) error {
	path := v.store.Analytics(r.ID)
	if r.Status != Published || v.damage["runs/"+r.ID+"/analytics.duckdb"] != nil {
		return nil
	}
	db, err := (&Publication{Record: r, store: v.store}).openFile(ctx)
	if err != nil {
		return err
	}
	copies, err := tablesOf(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	for _, name := range copies {
		table, declared := schemas.Lookup(name)
		if !declared || len(v.lost(r.Tables[name])) == 0 {
			continue
		}
		query := fmt.Sprintf("SELECT * FROM read_duckdb(%s, table_name => %s)", quoted(path), quoted(name))
		for _, rows := range storedApart(table) {
			if len(v.lost(r.Tables[name])) == 0 {
				break
			}
			_, err := session.SaveQuery(ctx, query+rows, table, nil)
			if err == nil {
				err = session.Restore(ctx, r.Tables[name], query+rows)
			}
			if err != nil && ctx.Err() != nil {
				return err // else the copy does not fit the table as it is declared today: it stays lost
			}
		}
	}
	v.noteRemade()
	return nil
}

// storedApart are the rows that may have been stored together: all, or in tables of both kinds of records those of each.
func storedApart(table schemas.Table) []string {
	if _, ok := table.Column("object"); ok {
		return []string{"", " WHERE object = 'Account'", " WHERE object <> 'Account'"}
	}
	return []string{""}
}

// noteRemade notes which lost objects are there again. An object's name is its content, so one of that name is the one.
func (v *verifier) noteRemade() {
	for file, d := range v.damage {
		if strings.HasPrefix(file, "objects/") && v.there(file) {
			d.Remade = true
		}
	}
}

// remakeResults computes a published run again from what it recorded, where something that its steps made is lost and all
// that they began with is there. Steps whose results are whole are not computed. The same program makes the same bytes, so
// the lost objects are there afterwards; another one may make others, and then they stay lost.
func (v *verifier) remakeResults(ctx context.Context, session *sql.Session, original Record) error {
	inputs, err := original.inputs()
	if original.Status != Published || !v.lacks(original) || err != nil || !v.hasInputs(inputs) {
		return nil // a run that recorded no inputs cannot be computed again
	}
	r := &run{store: v.store, session: session, report: v.options.Report, now: time.Now, log: io.Discard}
	if r.engine, err = session.EngineVersion(ctx); err != nil {
		return err
	}
	if r.program, err = programHash(); err != nil {
		return err
	}
	inputs = inputs.clone()
	r.record = original.again(&inputs.Given)
	r.last = v.records[original.Previous] // what it amended lies in files of its own only when it is amended again
	made, err := r.compute(ctx, inputs)
	if err == nil {
		r.record.Model, r.record.Tables = made.model, made.collect(*original.Extract)
		err = v.restore(ctx, session, original.Tables, r.record.Tables)
	}
	if err == nil {
		if last, known := v.records[original.Previous]; known && v.hasAll(last) {
			err = r.compare(ctx, last, inputs)
		} else if original.Previous == "" {
			err = r.compare(ctx, Record{Tables: map[string]sql.Snapshot{}}, inputs)
		}
	}
	if ctx.Err() != nil || sql.IsDiskFull(err) {
		return err
	}
	if err != nil { // what it lacks stays lost, and the rest can still be repaired
		r.tell(Event{Step: "verify", State: "note", Detail: "run " + original.ID + " cannot be computed again: " + err.Error()})
	}
	v.noteRemade()
	return nil
}

// restore writes lost files of amended tables out of the tables as they were computed again. Where the run before is not there
// any more, they could not be amended again, and were stored whole.
func (v *verifier) restore(ctx context.Context, session *sql.Session, lacking, made map[string]sql.Snapshot) error {
	for name, snap := range lacking {
		table, declared := schemas.Lookup(name)
		if !declared || len(v.lost(snap)) == 0 || len(v.lost(made[name])) > 0 {
			continue
		}
		const again = "computed_again"
		if err := session.BindAs(ctx, again, made[name].Or(name)); err != nil {
			return err
		}
		for _, rows := range storedApart(table) {
			if len(v.lost(snap)) == 0 {
				break
			}
			if err := session.Restore(ctx, snap, "SELECT * FROM "+again+rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// lacks says whether something is lost that a run names, or the result of one of its steps.
func (v *verifier) lacks(r Record) bool {
	steps := map[string]bool{}
	for _, s := range r.Steps {
		steps[s.Action] = s.Action != ""
	}
	for name, namings := range v.named {
		if v.damage[objectFile(name)] != nil && !v.there(objectFile(name)) &&
			slices.ContainsFunc(namings, func(n naming) bool { return n.run == r.ID || steps[n.action] }) {
			return true
		}
	}
	return false
}

// hasInputs says whether all that a run was given and read is there.
func (v *verifier) hasInputs(in Inputs) bool {
	whole := v.there(objectFile(in.Sections + ".bin"))
	for _, list := range in.Knowledge {
		whole = whole && v.there(objectFile(list+".bin"))
	}
	eachSnapshot(reflect.ValueOf(in), func(snap sql.Snapshot) { whole = whole && len(v.lost(snap)) == 0 })
	return whole
}

// hasAll says whether all tables of a run are there.
func (v *verifier) hasAll(r Record) bool {
	for _, snap := range r.Tables {
		if len(v.lost(snap)) > 0 {
			return false
		}
	}
	return true
}

// remakeDatabase writes a lost database again, where all its tables are there.
func (v *verifier) remakeDatabase(ctx context.Context, session *sql.Session, r Record) error {
	d := v.damage["runs/"+r.ID+"/analytics.duckdb"]
	if d == nil || !v.hasAll(r) {
		return nil
	}
	if err := writeAnalytics(ctx, session, v.store, r); err != nil {
		return err
	}
	d.Remade = true
	return nil
}

// setAsideActions takes away the results of steps that name what is not there: the index of a half of the directory,
// for example, is looked for by its name alone.
func (v *verifier) setAsideActions() error {
	ids := map[string]bool{}
	for name, namings := range v.named {
		if v.damage[objectFile(name)] == nil || v.there(objectFile(name)) {
			continue
		}
		for _, n := range namings {
			if n.action != "" {
				ids[n.action] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if err := v.setAside(v.inventory.actions[id].path); err != nil {
			return err
		}
	}
	return nil
}

// lost are the files of a table that are not there.
func (v *verifier) lost(snap sql.Snapshot) []string {
	var files []string
	for _, id := range snap.Objects() {
		if file := objectFile(id + ".parquet"); !v.there(file) {
			files = append(files, file)
		}
	}
	return files
}

func (v *verifier) there(file string) bool {
	_, err := os.Stat(filepath.Join(v.store.Dir, file))
	return err == nil
}
