package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Holding leaves of a snapshot the parts that can hold the rows of a key.
func (s Snapshot) Holding(key string) Snapshot {
	return s.Only(func(p Part) bool { return p.canHold(key) })
}

// canHold says whether a part can hold the rows of a key: added rows are of any.
func (p Part) canHold(key string) bool { return p.Of == 0 || PartOf(key)%p.Of == p.Number }

// BindRows makes the rows of some keys, by the table's PartKey, readable as name. It opens the parts that can hold them and
// no other. The keys stand in the view's text: the engine passes over what a scan does not want only where it knows the
// value when it plans, and a $name is not known by then.
func (s *Session) BindRows(ctx context.Context, name string, snap Snapshot, keys ...string) error {
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return fmt.Errorf("bind %s: table %q is not declared", name, snap.Table)
	}
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	holding := snap.Only(func(p Part) bool { return slices.ContainsFunc(keys, p.canHold) })
	if err := s.intact(holding); err != nil {
		return bound(name, err)
	}
	view := func(lacking []string) string {
		relation := emptyRelation(table)
		if len(holding.Parts) > 0 {
			literals := make([]string, len(keys))
			for i, key := range keys {
				literals[i] = literal(key)
			}
			relation = s.readParquet(table, holding, lacking) + " WHERE " + schemas.Quote(table.PartKey()) + " IN (" + strings.Join(literals, ", ") + ")"
		}
		return "CREATE OR REPLACE TEMP VIEW " + schemas.Quote(name) + " AS " + relation
	}
	_, err := s.conn.ExecContext(ctx, view(nil))
	if err != nil && len(holding.Parts) > 0 { // as in BindAs
		if lacking, e := s.Lacks(ctx, holding); e == nil && len(lacking) > 0 {
			_, err = s.conn.ExecContext(ctx, view(lacking))
		}
	}
	if err != nil {
		return bound(name, err)
	}
	return s.dropStep(ctx, name)
}

// HoldRows is BindOnly for rows that are read more than once: it copies some columns of them.
func (s *Session) HoldRows(ctx context.Context, name string, snap Snapshot, column, keys string, columns ...string) error {
	if err := s.BindOnly(ctx, name, snap, column, keys); err != nil || len(snap.Parts) == 0 {
		return err
	}
	read := "*"
	if len(columns) > 0 {
		read = strings.Join(columns, ", ")
	}
	held := s.tempName(name)
	if _, err := s.conn.ExecContext(ctx, "CREATE TEMP TABLE "+held+" AS SELECT "+read+" FROM "+schemas.Quote(name)); err != nil {
		return bound(name, err)
	}
	return s.bindStep(ctx, name, held)
}
