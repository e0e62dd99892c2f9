package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// BindFor is BindAs for reading some records, those whose part keys stand in the one column of a relation: files that hold none
// of them are left out. Rows of others may be in the files that are not.
func (s *Session) BindFor(ctx context.Context, name string, snap Snapshot, keys string) error {
	recalled, err := s.recalled(ctx, snap, keys)
	if err == nil && recalled != "" {
		return s.View(ctx, name, recalled)
	}
	if err != nil {
		return bound(name, err)
	}
	holding, err := s.Holding(ctx, snap, keys)
	if err != nil {
		return bound(name, err)
	}
	return s.BindAs(ctx, name, holding)
}

// manyKeys is how many keys fall into all parts of a table, as a rule: of more there is hardly a file that holds none.
const manyKeys = 400

// Holding leaves out the files of a table that hold none of some records, as BindFor does. A record with rows that were added
// has none in the files that were amended: new records would ask for all of them.
func (s *Session) Holding(ctx context.Context, snap Snapshot, keys string) (Snapshot, error) {
	table, _ := schemas.Lookup(snap.Table)
	base, later := divided(snap)
	for i, p := range base.Parts {
		if p.Without != base.Parts[0].Without || p.Of != base.Parts[0].Of || i > 0 && p.Number <= base.Parts[i-1].Number { // not one table
			return snap, nil
		}
	}
	if len(base.Parts) == 0 {
		return snap, nil
	}
	query := fmt.Sprintf("SELECT k FROM (FROM %s) r(k) WHERE k IS NOT NULL", keys)
	var elsewhere []string
	if without := base.Parts[0].Without; without != "" {
		elsewhere = append(elsewhere, "FROM "+s.keysIn(without))
	}
	if len(later.Parts) > 0 {
		elsewhere = append(elsewhere, "SELECT "+schemas.Quote(table.PartKey())+" FROM "+s.files(later))
	}
	if len(elsewhere) > 0 {
		if err := s.intact(newSnapshot(snap.Table, append(slices.Clone(base.Parts[:1]), later.Parts...))); err != nil {
			return Snapshot{}, err
		}
		query += " AND k NOT IN (" + strings.Join(elsewhere, " UNION ALL ") + ")"
	}
	// Their parts are worked out here: that takes the engine longer than finding the keys.
	rows, err := s.conn.QueryContext(ctx, fmt.Sprintf("%s LIMIT %d", query, manyKeys))
	if err != nil {
		return Snapshot{}, err
	}
	defer rows.Close()
	holds, found := map[int]bool{}, 0
	for ; rows.Next(); found++ {
		var key string
		if err := rows.Scan(&key); err != nil {
			return Snapshot{}, err
		}
		holds[PartOf(key)%base.Parts[0].Of] = true
	}
	if err := rows.Err(); err != nil || found == manyKeys {
		return snap, err
	}
	return snap.Only(func(p Part) bool { return p.Of == 0 || holds[p.Number] }), nil
}

// BindOnly makes the rows of a snapshot readable as name whose column has a value that stands in the one column of a relation.
func (s *Session) BindOnly(ctx context.Context, name string, snap Snapshot, column, keys string) error {
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return fmt.Errorf("bind %s: table %q is not declared", name, snap.Table)
	}
	if len(snap.Parts) == 0 {
		return s.BindAs(ctx, name, snap)
	}
	all, err := name+"_of_all", error(nil)
	if column == table.PartKey() {
		err = s.BindFor(ctx, all, snap, keys)
	} else {
		err = s.BindAs(ctx, all, snap)
	}
	if err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP VIEW %s AS SELECT a.* FROM %s a SEMI JOIN (FROM %s) k(k) ON k.k = a.%s",
		schemas.Quote(name), schemas.Quote(all), keys, schemas.Quote(column))); err != nil {
		return bound(name, err)
	}
	return s.dropStep(ctx, name)
}
