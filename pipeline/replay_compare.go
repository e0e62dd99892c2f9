package pipeline

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// TableDifference counts the rows of a table that only the original or only the replay has.
type TableDifference struct {
	Table    string `json:"table"`
	Original int64  `json:"only_original"`
	Replay   int64  `json:"only_replay"`
}

// Same says whether all rows are those of the original.
func (r Replayed) Same() bool {
	return !slices.ContainsFunc(r.Differing, func(d TableDifference) bool { return d.Original+d.Replay > 0 })
}

// compareReplay logs changes as the original did, against the run before; or, with other inputs, against the original.
func (r *run) compareReplay(ctx context.Context, o ReplayOptions, original Record, last *Record, inputs Inputs, other bool, result *Replayed) error {
	if other {
		err := r.compareWith(ctx, original, inputs, func(from *Inputs) { from.Mapping, from.AutoSave = inputs.Mapping, inputs.AutoSave })
		result.Changes = r.record.Changes
		return err
	}
	before := Record{Tables: map[string]sql.Snapshot{}}
	switch {
	case last != nil:
		before = *last
	case original.Previous != "":
		record, err := o.Store.Record(original.Previous)
		if errors.Is(err, os.ErrNotExist) {
			result.Unchecked = []string{schemas.BlastRadius.Name, schemas.Change.Name}
			for _, name := range result.Unchecked {
				r.record.Tables[name] = original.Tables[name]
			}
			r.record.Changes, r.record.Effects = original.Changes, original.Effects
			break
		} else if err != nil {
			return err
		}
		before = record
	}
	if result.Unchecked == nil {
		if err := r.compare(ctx, before, inputs); err != nil {
			return err
		}
	}
	for _, name := range sortedTables(original.Tables) {
		was, is := original.Tables[name], r.record.Tables[name]
		switch {
		case slices.Contains(result.Unchecked, name):
		case was.ID == is.ID:
			result.Identical++
		default:
			difference, err := r.rowDifference(ctx, name, was, is)
			if err != nil {
				return err
			}
			if was.Amended() && difference.Original+difference.Replay == 0 { // stored in other files, not in other rows
				result.Identical++
				continue
			}
			result.Differing = append(result.Differing, difference)
		}
	}
	return nil
}

// rowDifference counts the rows that only one of two versions of a table has.
func (r *run) rowDifference(ctx context.Context, name string, was, is sql.Snapshot) (TableDifference, error) {
	d := TableDifference{Table: name}
	if is.Table == "" {
		is = sql.Empty(name)
	}
	for as, snap := range map[string]sql.Snapshot{"original": was, "replayed": is} {
		if err := r.session.BindAs(ctx, as, snap); err != nil {
			return d, err
		}
	}
	return d, readFile(ctx, r.session, "row_difference", nil, func(rows *sql.Rows) error { return rows.Scan(&d.Original, &d.Replay) })
}
