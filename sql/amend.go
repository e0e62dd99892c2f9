package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// mostAmended is the share of a table, one row in so many, from which on it is stored whole again: reading it would cost
// more and more, and writing costs what was changed since it was stored whole.
const mostAmended = 8

// Amended says whether a table was made of another one by Amend and is not stored whole.
func (s Snapshot) Amended() bool {
	return slices.ContainsFunc(s.Parts, func(p Part) bool { return p.Of == 0 || p.Without != "" })
}

// Amend ends the writer and stores the table that an earlier one becomes when other rows stand for some of its records: those
// whose part key replaced gives, a query of one column, and those of which the writer has rows. The files of the earlier
// table stay what they are; one of the keys to leave out and one of the rows to add are written, so that it costs what
// changed. Where most of it would be left out, it is stored whole, as Save does.
func (w *Writer) Amend(ctx context.Context, before Snapshot, replaced string) (Snapshot, error) {
	snap, err := w.amend(ctx, before, replaced)
	if e := w.Discard(ctx); err == nil {
		err = e
	}
	if err != nil {
		return Snapshot{}, fmt.Errorf("amend table %s: %w", w.table.Name, err)
	}
	return snap, nil
}

func (w *Writer) amend(ctx context.Context, before Snapshot, replaced string) (Snapshot, error) {
	s, key := w.session, schemas.Quote(w.table.PartKey())
	if before.Table != w.table.Name {
		return Snapshot{}, fmt.Errorf("it was %s before", before.Table)
	}
	gone, struck := s.tempName("replaced"), s.tempName("struck")
	defer s.conn.ExecContext(context.WithoutCancel(ctx), dropping("TABLE", gone, struck)) //nolint:errcheck // temporary
	if err := s.intact(before); err != nil {
		return Snapshot{}, err
	}
	if records, err := s.rows(ctx, fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT DISTINCT k AS %s FROM (SELECT k FROM (%s\n) r(k) UNION ALL SELECT %s FROM %s)",
		gone, key, replaced, key, w.name)); err != nil || records == 0 {
		return before, err
	}
	amends, err := s.canAmend(w.table, before)
	if err != nil {
		return Snapshot{}, err
	}
	if !amends {
		return w.whole(ctx, before, gone)
	}
	base, later := divided(before)
	if err := w.takeBut(ctx, later, gone); err != nil {
		return Snapshot{}, err
	}
	left, records, err := s.strike(ctx, w.table, base, gone, struck)
	if err != nil {
		return Snapshot{}, err
	}
	after := newSnapshot(w.table.Name, left)
	if (w.rows+records)*mostAmended > after.Rows+w.rows {
		return w.whole(ctx, newSnapshot(before.Table, stripped(base.Parts)), struck)
	}
	return w.storeAmended(ctx, after, struck, records)
}

// canAmend says whether there is something that can be amended: by this program's columns, and stored as it stores.
func (s *Session) canAmend(table schemas.Table, before Snapshot) (bool, error) {
	base, _ := divided(before)
	if !table.Large || len(base.Parts) == 0 ||
		slices.ContainsFunc(base.Parts, func(p Part) bool { return p.Without != base.Parts[0].Without || p.Of != base.Parts[0].Of }) {
		return false, nil
	}
	lacking, err := s.Lacks(before)
	return len(lacking) == 0, err
}

// divided are the parts that were stored whole, and those that were added.
func divided(snap Snapshot) (base, later Snapshot) {
	return snap.Only(func(p Part) bool { return p.Of != 0 }), snap.Only(func(p Part) bool { return p.Of == 0 })
}

// Replaced is what has to be read of a table for the rows of records that were replaced when it was amended: the files that
// were added. Of a table that is stored whole it is all.
func (s Snapshot) Replaced() Snapshot {
	if !s.Amended() {
		return s
	}
	_, later := divided(s)
	return later
}

// stripped are parts with all rows of their files.
func stripped(parts []Part) []Part {
	all := slices.Clone(parts)
	for i := range all {
		all[i].Without = ""
	}
	return all
}

// takeBut adds the rows of a table but those of some records, by part key.
func (w *Writer) takeBut(ctx context.Context, from Snapshot, gone string) error {
	if len(from.Parts) == 0 {
		return nil
	}
	view := w.session.tempName("before")
	if err := w.session.BindAs(ctx, view, from); err != nil {
		return err
	}
	defer w.session.conn.ExecContext(context.WithoutCancel(ctx), "DROP VIEW IF EXISTS "+view) //nolint:errcheck // temporary
	return w.Take(ctx, fmt.Sprintf("SELECT * FROM %s ANTI JOIN %s USING (%s)", view, gone, schemas.Quote(w.table.PartKey())))
}

// whole stores the writer's rows and those of a table but of some records.
func (w *Writer) whole(ctx context.Context, before Snapshot, gone string) (Snapshot, error) {
	if err := w.takeBut(ctx, before, gone); err != nil {
		return Snapshot{}, err
	}
	return w.Save(ctx)
}

// strike makes a table of the records that a table's files hold and that no longer belong to it, and gives its parts with
// the rows that are left, and how many records were struck.
func (s *Session) strike(ctx context.Context, table schemas.Table, base Snapshot, gone, struck string) (left []Part, records int64, err error) {
	key, without, part := schemas.Quote(table.PartKey()), base.Parts[0].Without, "0"
	if base.Parts[0].Of > 1 {
		part = "part_of(" + key + ")"
	}
	query, err := s.holds(ctx, table, base, gone, part)
	if err != nil {
		return nil, 0, err
	}
	if records, err = s.rows(ctx, "CREATE TEMP TABLE "+struck+" AS "+query); err != nil {
		return nil, 0, err
	}
	newly := ""
	if without != "" {
		newly = " WHERE " + key + " NOT IN (FROM " + s.keysIn(without) + ")"
	}
	fewer := map[int]int64{}
	rows, err := s.conn.QueryContext(ctx, fmt.Sprintf(`SELECT %s AS part, sum("rows")::BIGINT FROM %s%s GROUP BY part`, part, struck, newly))
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var number int
		var n int64
		if err := rows.Scan(&number, &n); err != nil {
			return nil, 0, err
		}
		fewer[number] = n
	}
	for _, p := range base.Parts {
		if p.Rows -= fewer[p.Number]; p.Rows > 0 {
			left = append(left, p)
		}
	}
	return left, records, rows.Err()
}

// holds is a query of the records that a table's files hold and that do not belong to it, now or before, with their rows. Where the rows of
// those that do not belong to it now are remembered, the files are not looked at.
func (s *Session) holds(ctx context.Context, table schemas.Table, base Snapshot, gone, part string) (string, error) {
	key, without := schemas.Quote(table.PartKey()), base.Parts[0].Without
	recalled, err := s.recalled(ctx, base, gone)
	if err != nil {
		return "", err
	}
	query := func(rows, keys string) string {
		return fmt.Sprintf(`SELECT %s, count(*) AS "rows" FROM %s SEMI JOIN %s USING (%s) GROUP BY %s`, key, rows, keys, key, key)
	}
	switch {
	case recalled != "" && without != "":
		var numbers []string
		for _, p := range base.Parts {
			numbers = append(numbers, fmt.Sprint(p.Number))
		}
		return fmt.Sprintf("%s UNION ALL SELECT %s, 0 FROM %s WHERE %s IN (%s)", query("("+recalled+")", gone), key, s.keysIn(without), part, strings.Join(numbers, ", ")), nil
	case recalled != "":
		return query("("+recalled+")", gone), nil
	case without != "":
		gone = "(FROM " + gone + " UNION FROM " + s.keysIn(without) + ")"
	}
	return query(fmt.Sprintf("(SELECT %s FROM %s)", key, s.files(newSnapshot(table.Name, stripped(base.Parts)))), gone), nil
}

// storeAmended writes the two files.
func (w *Writer) storeAmended(ctx context.Context, after Snapshot, struck string, records int64) (Snapshot, error) {
	s, without, err := w.session, "", error(nil)
	if records > 0 {
		key := schemas.Quote(w.table.PartKey())
		if without, err = s.writeParquet(ctx, fmt.Sprintf("SELECT %s FROM %s ORDER BY %s", key, struck, key)); err != nil {
			return Snapshot{}, err
		}
	}
	parts := stripped(after.Parts)
	for i := range parts {
		parts[i].Without = without
	}
	if w.rows > 0 {
		if _, err := s.partCounts(ctx, w.name, w.table, keyOrder(w.table), false); err != nil {
			return Snapshot{}, err
		}
		id, err := s.writeParquet(ctx, fmt.Sprintf("SELECT * FROM %s ORDER BY %s", w.name, keyOrder(w.table)))
		if err != nil {
			return Snapshot{}, err
		}
		parts = append(parts, Part{ID: id, Rows: w.rows})
	}
	return newSnapshot(w.table.Name, parts), nil
}

// Whole stores an amended table as Save stores its rows; any other is given back.
func (s *Session) Whole(ctx context.Context, snap Snapshot) (Snapshot, error) {
	if !snap.Amended() {
		return snap, nil
	}
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return Snapshot{}, fmt.Errorf("store table %q whole: it is not declared", snap.Table)
	}
	view := s.tempName("amended")
	if err := s.BindAs(ctx, view, snap); err != nil {
		return Snapshot{}, err
	}
	defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP VIEW IF EXISTS "+view) //nolint:errcheck // temporary
	return s.SaveQuery(ctx, "FROM "+view, table, nil)
}
