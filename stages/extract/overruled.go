package extract

import (
	"context"

	"github.com/crmlink/crmlink/sql"
)

// saveOverruled stores the rows read that the mirror's version of their record beat though neither is newer, for
// Inspect: a file with garbled or shifted values may lose row by row against what was known, and is an accident still.
func (r *run) saveOverruled(ctx context.Context, j job, landed, before relation, count Count, values map[string]any) (*sql.Snapshot, error) {
	if !j.mirrored || count.Superseded == 0 || r.in.Previous[j.table.Name].Rows == 0 {
		return nil, nil
	}
	query, err := text("overruled")
	if err != nil {
		return nil, err
	}
	values["parts"] = int32(sampleShare(max(count.Kept+count.Superseded, r.in.Previous[j.table.Name].Rows)))
	snap, err := r.session.SaveQuery(ctx, over(query, landed, before, relation{name: "superseded", query: "FROM " + j.superseded.Name()}), j.table, values)
	if err != nil || snap.Rows == 0 {
		return nil, err
	}
	return &snap, nil
}
