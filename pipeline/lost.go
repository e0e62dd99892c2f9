package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// withoutLost leaves out of the published run what the store has lost, so that a damaged table does not stop the next
// run for ever. A table that the next run only compares with is done without and noticed. Those that it builds on are
// another matter: rows as read can be read again by a full run, weights estimated again when asked to, and what was
// saved and answered before is never given up without a word.
func (r *run) withoutLost(last Record, o Options) (Record, error) {
	for _, name := range sortedTables(last.Tables) {
		n := len(r.session.Missing(last.Tables[name]))
		if n == 0 {
			continue
		}
		next := "crmlink verify --repair, or put the files back from a backup of the store"
		switch {
		case name == schemas.Mapping.Name || name == schemas.AutoSave.Name:
		case name == schemas.TermFrequency.Name && !o.Estimate:
			next += "; else crmlink run --estimate"
		case strings.HasPrefix(name, "raw_") && !o.Full:
			next += "; else crmlink run --full with a complete export: what is only in the lost files is gone then"
		default:
			r.notice("the published run %s lacks %s of table %s, which are done without", last.ID, filesOf(n), name)
			last.Tables = withoutTable(last.Tables, name)
			continue
		}
		return Record{}, &DamageError{Problem: fmt.Sprintf("the published run %s lacks %s of table %s in the store", last.ID, filesOf(n), name), Next: next}
	}
	return last, nil
}

// blame looks, after a step failed without anybody knowing why, whether what the last publication needs is damaged: the
// engine's words about a file that it cannot read help nobody. A run that ends well does not pay for that.
func (r *run) blame(ctx context.Context, err error) error {
	var knows interface{ Try() string }
	if err == nil || ctx.Err() != nil || r.record.Previous == "" || errors.As(err, &knows) || sql.IsDiskFull(err) {
		return err
	}
	v, e := r.store.Verify(ctx, VerifyOptions{Run: r.record.Previous})
	if e != nil || len(v.Damage) == 0 {
		return err
	}
	return errors.Join(&DamageError{Problem: fmt.Sprintf("the store is damaged: %s of run %s", filesOf(len(v.Damage)), r.record.Previous),
		Next: "crmlink verify --repair"}, err)
}

func filesOf(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

func withoutTable(tables map[string]sql.Snapshot, name string) map[string]sql.Snapshot {
	rest := map[string]sql.Snapshot{}
	for _, t := range slices.DeleteFunc(sortedTables(tables), func(t string) bool { return t == name }) {
		rest[t] = tables[t]
	}
	return rest
}
