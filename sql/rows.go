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
		if lacking, e := s.Lacks(holding); e == nil && len(lacking) > 0 {
			_, err = s.conn.ExecContext(ctx, view(lacking))
		}
	}
	if err != nil {
		return bound(name, err)
	}
	return s.dropStep(ctx, name)
}

// HoldRows is BindOnly for rows that are read more than once: it copies some columns of them, all where none are given.
func (s *Session) HoldRows(ctx context.Context, name string, snap Snapshot, column, keys string, columns ...string) error {
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return fmt.Errorf("hold %s: table %q is not declared", name, snap.Table)
	}
	held, read := s.tempName(name), "*"
	if len(columns) > 0 {
		read = strings.Join(columns, ", ")
	}
	// One statement, without views: binding one over many files costs as much as reading a few rows of them.
	hold := func(rows string) error {
		_, err := s.conn.ExecContext(ctx, "CREATE TEMP TABLE "+held+" AS SELECT "+read+" FROM ("+rows+") a SEMI JOIN (FROM "+keys+") k(k) ON k.k = a."+schemas.Quote(column))
		return err
	}
	rows, err := "", error(nil)
	if column == table.PartKey() {
		if rows, err = s.recalled(ctx, snap, keys); err == nil && rows == "" {
			snap, err = s.Holding(ctx, snap, keys)
		}
	}
	if err != nil {
		return bound(name, err)
	}
	if rows == "" && len(snap.Parts) == 0 {
		return s.BindAs(ctx, name, snap)
	}
	if rows != "" {
		err = hold(rows)
	} else if err = s.intact(snap); err == nil {
		if err = hold(s.readParquet(table, snap, nil)); err != nil { // as in BindAs
			if lacking, e := s.Lacks(snap); e == nil && len(lacking) > 0 {
				err = hold(s.readParquet(table, snap, lacking))
			}
		}
	}
	if err != nil {
		return bound(name, err)
	}
	return s.bindStep(ctx, name, held)
}
