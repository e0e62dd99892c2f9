package pipeline

import (
	"context"
	"crypto/sha256"
	stdsql "database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/crmlink/crmlink/schemas"
)

// checked is what reading one object gave.
type checked struct {
	name    string
	size    int64
	problem string
	err     error
}

// checkObjects hashes the given objects on all processors, and misses those that somebody names and that are not there.
func (v *verifier) checkObjects(ctx context.Context, objects map[string]storedFile) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var total int64
	for _, f := range objects {
		total += f.size
	}
	v.tell(Event{State: "start"})
	work, results := make(chan string), make(chan checked)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for name := range work {
				results <- v.checkObject(name)
			}
		})
	}
	go func() {
		defer close(results)
		defer workers.Wait()
		defer close(work)
		for _, name := range slices.Sorted(maps.Keys(objects)) {
			select {
			case work <- name:
			case <-ctx.Done():
				return
			}
		}
	}()
	var failed error
	for c := range results {
		if failed = errors.Join(failed, c.err); c.err != nil {
			stop()
			continue
		}
		v.found.Objects++
		v.found.Bytes += c.size
		if c.problem != "" {
			v.damagedObject(c.name, c.problem)
		}
		v.tell(Event{State: "progress", Done: v.found.Bytes, Total: total})
	}
	if err := errors.Join(failed, ctx.Err()); err != nil {
		v.tell(Event{State: "failed"})
		return err
	}
	if err := v.missObjects(); err != nil {
		return err
	}
	v.tell(Event{State: "done", Detail: fmt.Sprintf("%d objects", v.found.Objects)})
	return nil
}

func (v *verifier) checkObject(name string) checked {
	c := checked{name: name}
	f, err := os.Open(filepath.Join(v.store.Dir, objectFile(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return c // removed meanwhile; if somebody still names it, it is missed below
	} else if err != nil {
		c.problem = "it cannot be read"
		return c
	}
	defer f.Close()
	h := sha256.New()
	if c.size, err = io.Copy(h, f); err != nil {
		c.problem = "it cannot be read to its end"
	} else if hex.EncodeToString(h.Sum(nil)) != name[:64] {
		c.problem = "its content is not what it is named after"
	}
	return c
}

// missObjects finds objects that are named and not there. What names them may have been removed since it was read, and
// the object with it; then nothing is missing. Nor is what only made the run after an earlier one cheaper: a collection takes it.
func (v *verifier) missObjects() error {
	var latest [][]byte
	for id, text := range v.inventory.records {
		if isLatest(id, v.current) {
			latest = append(latest, text)
		}
	}
	wanted, err := v.store.needs(v.inventory, latest...)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(v.named)) {
		if _, err := os.Stat(filepath.Join(v.store.Dir, objectFile(name))); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		v.named[name] = slices.DeleteFunc(v.named[name], func(n naming) bool {
			file := v.store.action(n.action)
			switch {
			case n.run != "":
				file = v.store.runFile(n.run)
			case n.action == "":
				file = filepath.Join(v.store.Dir, modelsFile)
			}
			_, err := os.Stat(file)
			return errors.Is(err, fs.ErrNotExist) || n.passing && !wanted[name[:64]]
		})
		if len(v.named[name]) > 0 {
			v.damagedObject(name, missing)
		}
	}
	return nil
}

const missing = "it is missing"

// checkDatabases opens the analytics databases and reads all that is in them; the engine knows the checksum of each
// block. Views are not read: what they read are objects.
func (v *verifier) checkDatabases(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(v.records)) {
		if v.records[id].Status != Published {
			continue
		}
		moved, err := v.checkDatabase(ctx, v.records[id])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if _, e := os.Stat(v.store.runFile(id)); errors.Is(e, fs.ErrNotExist) {
				continue // removed meanwhile
			}
			d := v.damaged("runs/"+id+"/analytics.duckdb", "it cannot be opened and read")
			if errors.Is(err, fs.ErrNotExist) {
				d.Problem = missing
			} else if errors.Is(err, errRows) {
				d.Problem = err.Error()
			}
			d.Runs, d.Current = []string{id}, id == v.current
		} else if moved {
			v.found.Moved = append(v.found.Moved, id)
		}
	}
	return nil
}

var errRows = errors.New("it has not the rows that the run's record says")

func (v *verifier) checkDatabase(ctx context.Context, r Record) (moved bool, err error) {
	p := &Publication{Record: r, store: v.store}
	db, err := p.openFile(ctx)
	if err != nil {
		return false, err
	}
	defer db.Close()
	from, err := objectsInViews(ctx, db)
	if err != nil {
		return false, err
	}
	tables, err := tablesOf(ctx, db)
	if err != nil {
		return false, err
	}
	for _, t := range tables {
		var rows int64
		var content stdsql.NullString // forces the engine to read every column
		if err := db.QueryRowContext(ctx, "SELECT count(*), CAST(bit_xor(hash(t)) AS VARCHAR) FROM "+schemas.Quote(t)+" AS t").Scan(&rows, &content); err != nil {
			return false, err
		}
		if rows != r.Tables[t].Rows {
			return false, errRows
		}
	}
	return from != "" && !sameFolder(from, v.store.objects()), nil
}

// tablesOf lists the tables of a database, not its views.
func tablesOf(ctx context.Context, db *stdsql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		all = append(all, name)
	}
	return all, rows.Err()
}
