package sql

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/schemas"
)

// beside is what two parts over one file are without: this one, and the other.
type beside struct{ own, other string }

// bindDifferent makes those rows of a snapshot readable that another one may not have: of a file that both have, the rows
// that only the other one is without. It gives the temporary tables that the view reads.
func (s *Session) bindDifferent(ctx context.Context, view string, snap, other Snapshot) (temporary []string, err error) {
	var own []Part
	shared, pairs := map[beside][]Part{}, []beside(nil)
	theirs := map[string]string{}
	for _, p := range other.Parts {
		theirs[p.ID] = p.Without
	}
	for _, p := range snap.Parts {
		w, ok := theirs[p.ID]
		pair := beside{p.Without, w}
		switch {
		case !ok:
			own = append(own, p)
		case len(shared[pair]) == 0:
			pairs = append(pairs, pair)
			fallthrough
		default:
			shared[pair] = append(shared[pair], p)
		}
	}
	if len(shared) == 0 {
		return nil, s.BindAs(ctx, view, snap)
	}
	table, _ := schemas.Lookup(snap.Table)
	if err := s.intact(Together(snap.Table, snap, other)); err != nil {
		return nil, err
	}
	lacking, err := s.Lacks(snap)
	if err != nil {
		return nil, err
	}
	relation := emptyRelation(table)
	if len(own) > 0 {
		relation = s.readParquet(table, newSnapshot(snap.Table, own), lacking)
	}
	for i, pair := range pairs {
		if pair.other == "" {
			continue
		}
		keys := fmt.Sprintf("%s_keys_%d", view, i)
		temporary = append(temporary, keys)
		query := "FROM " + s.keysIn(pair.other)
		if pair.own != "" {
			query += " EXCEPT FROM " + s.keysIn(pair.own)
		}
		if n, err := s.rows(ctx, "CREATE TEMP TABLE "+keys+" AS "+query); err != nil {
			return temporary, err
		} else if n == 0 { // the files need not be looked at
			continue
		}
		rows, err := s.recalledOnly(ctx, newSnapshot(snap.Table, shared[pair]), keys)
		if err != nil {
			return temporary, err
		}
		if rows == "" {
			rows = s.readParquet(table, newSnapshot(snap.Table, stripped(shared[pair])), lacking)
		}
		relation += " UNION ALL " + rows + " WHERE " + schemas.Quote(table.PartKey()) + " IN (FROM " + keys + ")"
	}
	_, err = s.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP VIEW "+view+" AS "+relation)
	return temporary, err
}

// without leaves out the parts that another snapshot has as well.
func without(snap, other Snapshot) Snapshot {
	has := map[[2]string]bool{}
	for _, p := range other.Parts {
		has[[2]string{p.ID, p.Without}] = true
	}
	return snap.Only(func(p Part) bool { return !has[[2]string{p.ID, p.Without}] })
}

// BindLater makes those rows of a snapshot readable as name that an earlier one may not have, until the function that is given
// is called: of files that both have, only rows that the earlier one is without.
func (s *Session) BindLater(ctx context.Context, name string, before, after Snapshot) (drop func(), err error) {
	rows := without(after, before)
	temporary, err := s.bindDifferent(ctx, name, rows, without(before, after))
	drop = func() {
		s.conn.ExecContext(context.WithoutCancel(ctx), dropping("VIEW", schemas.Quote(name))+dropping("TABLE", temporary...)) //nolint:errcheck // temporary
	}
	if err != nil {
		drop()
		return nil, bound(name, err)
	}
	return drop, nil
}
