package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// quarantine is the folder for what a repair sets aside; its files lie there as they lay in the store.
const quarantine = "quarantine"

// repair sets damaged files aside, so that nothing reads or reuses them, and makes again what it can: tables from the
// copies in analytics.duckdb, and databases from the tables. Results of steps that name what is still missing are set
// aside too, so that the next run computes them again. Records, the link current and the control database are left alone: nothing here knows
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
		if _, err := session.SaveQuery(ctx, query, table, nil); err != nil && ctx.Err() != nil {
			return err // else the copy does not fit the table as it is declared today: it stays lost
		}
		for _, p := range r.Tables[name].Parts {
			file := objectFile(p.ID + ".parquet")
			if d := v.damage[file]; d != nil && v.there(file) {
				d.Remade = true
			}
		}
	}
	return nil
}

// remakeDatabase writes a lost database again, where all its tables are there.
func (v *verifier) remakeDatabase(ctx context.Context, session *sql.Session, r Record) error {
	d := v.damage["runs/"+r.ID+"/analytics.duckdb"]
	if d == nil {
		return nil
	}
	for _, snap := range r.Tables {
		if len(v.lost(snap)) > 0 {
			return nil
		}
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
	for _, p := range snap.Parts {
		if file := objectFile(p.ID + ".parquet"); !v.there(file) {
			files = append(files, file)
		}
	}
	return files
}

func (v *verifier) there(file string) bool {
	_, err := os.Stat(filepath.Join(v.store.Dir, file))
	return err == nil
}
