package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// remembered are rows of a table that a stage had at hand, as two temporary tables: to find the rows of one record in a hundred the engine
// decodes most of a table's files, and several stages ask for those of the records that differ.
type remembered struct {
	snap       Snapshot
	keys, rows string
}

// mostRemembered is the share of a table, one row in so many, up to which its rows are remembered: copying more of them costs more than it saves.
const mostRemembered = 8

// Remembers says whether Remember keeps so many rows of a table.
func (s Snapshot) Remembers(rows int64) bool {
	base, _ := divided(s)
	return len(base.Parts) > 0 && rows*mostRemembered <= s.Rows
}

// Remember lets later calls take from a relation the rows that a table has for some records, those whose part keys stand in the one column of
// another: all of their rows, in the table's columns. It changes no result, and holds until the session ends.
func (s *Session) Remember(ctx context.Context, snap Snapshot, keys, rows string) error {
	if n, err := s.Count(ctx, rows); err != nil || !snap.Remembers(n) {
		return err
	}
	return s.remember(ctx, snap, keys, rows)
}

func (s *Session) remember(ctx context.Context, snap Snapshot, keys, rows string) error {
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return fmt.Errorf("remember rows of %s: it is not declared", snap.Table)
	}
	r := remembered{snap, s.tempName("remembered_keys"), s.tempName("remembered_rows")}
	if _, err := s.conn.ExecContext(ctx, fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT DISTINCT k FROM (FROM %s) r(k) WHERE k IS NOT NULL; "+
		"CREATE TEMP TABLE %s AS SELECT * FROM %s WHERE %s IN (FROM %s)", r.keys, keys, r.rows, rows, schemas.Quote(table.PartKey()), r.keys)); err != nil {
		return fmt.Errorf("remember rows of %s: %w", snap.Table, err)
	}
	s.remembered = append(s.remembered, r)
	return nil
}

// recall finds what is remembered of a table or of some of its parts: the parts that it is remembered of, the others, and files that are not
// asked for, with records whose rows are remembered too.
func (s *Session) recall(snap Snapshot) (r remembered, of, others, beside Snapshot, ok bool) {
	type file struct{ id, without string }
	files := func(snap Snapshot) map[file]bool {
		all := map[file]bool{}
		for _, p := range snap.Parts {
			all[file{p.ID, p.Without}] = true
		}
		return all
	}
	asked := files(snap)
	for _, r := range slices.Backward(s.remembered) {
		if r.snap.Table != snap.Table {
			continue
		}
		base, later := divided(r.snap)
		missing := func(p Part) bool { return !asked[file{p.ID, p.Without}] }
		beside = later.Only(missing)
		if slices.ContainsFunc(base.Parts, missing) || len(beside.Parts) > 0 && len(beside.Parts) < len(later.Parts) {
			continue
		}
		known := files(r.snap)
		of = snap.Only(func(p Part) bool { return known[file{p.ID, p.Without}] })
		return r, of, snap.Only(func(p Part) bool { return !known[file{p.ID, p.Without}] }), beside, true
	}
	return remembered{}, Snapshot{}, Snapshot{}, Snapshot{}, false
}

// recalled is a query of the rows that some records have in a table as far as they are remembered, beside the files that can hold those of the
// others; empty where nothing is remembered.
func (s *Session) recalled(ctx context.Context, snap Snapshot, keys string) (string, error) {
	table, _ := schemas.Lookup(snap.Table)
	key := schemas.Quote(table.PartKey())
	var selects []string
	read := func(snap Snapshot, keys, where string) error {
		holding, err := s.Holding(ctx, snap, keys)
		if err != nil || len(holding.Parts) == 0 {
			return err
		}
		if err := s.intact(holding); err != nil {
			return err
		}
		lacking, err := s.Lacks(holding)
		selects = append(selects, s.readParquet(table, holding, lacking)+where)
		return err
	}
	for {
		r, of, others, beside, ok := s.recall(snap)
		if !ok {
			break
		}
		snap = others
		where := ""
		if len(beside.Parts) > 0 { // these records have no row in what is asked for
			if err := s.intact(beside); err != nil {
				return "", err
			}
			where = fmt.Sprintf(" WHERE %s NOT IN (SELECT %s FROM %s)", key, key, s.files(beside))
		}
		selects = append(selects, r.read()+where)
		further := fmt.Sprintf("(SELECT k FROM (FROM %s) r(k) WHERE k NOT IN (FROM %s))", keys, r.keys)
		if err := read(of, further, " WHERE "+key+" NOT IN (FROM "+r.keys+")"); err != nil {
			return "", err
		}
	}
	if len(selects) > 0 && len(snap.Parts) > 0 {
		if err := read(snap, keys, ""); err != nil {
			return "", err
		}
	}
	return strings.Join(selects, " UNION ALL "), nil
}

// recalledOnly is a SELECT of what is remembered of a table, where it is all that is wanted of some records; else empty. These have rows in
// the files that are asked for.
func (s *Session) recalledOnly(ctx context.Context, snap Snapshot, keys string) (string, error) {
	r, _, others, _, ok := s.recall(snap)
	if !ok || len(others.Parts) > 0 {
		return "", nil
	}
	if more, err := s.Count(ctx, "(FROM "+keys+") r(k) WHERE k NOT IN (FROM "+r.keys+")"); err != nil || more > 0 {
		return "", err
	}
	return r.read(), nil
}

func (r remembered) read() string {
	table, _ := schemas.Lookup(r.snap.Table)
	columns := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		columns[i] = schemas.Quote(c.Name)
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + r.rows
}
