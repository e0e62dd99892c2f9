package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// LaterColumn says of a row that Changed found in which of the two snapshots it stands: true for the later one.
const LaterColumn = "later"

// Changes are the rows in which two snapshots of a table differ.
type Changes struct {
	// Name is a temporary table: LaterColumn, then the columns that were compared. A row that differs stands in it twice,
	// one that was added or removed once.
	Name string
	Rows int64 // keys that differ, were added or removed

	session *Session
}

// Changed compares two snapshots of a table row by row, by the table's key. Parts with one id are equal and are not
// read. reading is a SELECT over the table's own name that gives the columns that count, the key among them; empty, all
// of the table's columns count. Drop must be called.
func (s *Session) Changed(ctx context.Context, before, after Snapshot, reading string) (Changes, error) {
	table, ok := schemas.Lookup(after.Table)
	if !ok || before.Table != after.Table {
		return Changes{}, fmt.Errorf("compare %s with %s: two snapshots of one declared table are wanted", before.Table, after.Table)
	}
	fail := func(err error) (Changes, error) {
		return Changes{}, fmt.Errorf("compare table %s: %w", table.Name, err)
	}
	if reading == "" {
		reading = "SELECT * FROM " + schemas.Quote(table.Name)
	}
	was, is := without(before, after), without(after, before)
	sides := map[string]string{}
	for side, snap := range map[string]Snapshot{"was": was, "is": is} {
		view := s.tempName(side)
		if err := s.BindAs(ctx, view, snap); err != nil {
			return fail(err)
		}
		defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP VIEW IF EXISTS "+view) //nolint:errcheck // temporary
		// The table's name means this side's rows inside.
		sides[side] = fmt.Sprintf("(WITH %s AS (FROM %s) SELECT * FROM (%s\n)) AS %q", schemas.Quote(table.Name), view, reading, side)
	}
	columns, err := s.columnsOf(ctx, sides["is"])
	if err != nil {
		return fail(err)
	}
	var differ, same, old, new []string
	for _, name := range columns {
		c := schemas.Quote(name)
		if slices.Contains(table.Key, name) {
			same = append(same, `"was".`+c+` = "is".`+c)
		}
		differ = append(differ, `"was".`+c+` IS DISTINCT FROM "is".`+c)
		old, new = append(old, `"was".`+c), append(new, `"is".`+c)
	}
	if len(same) != len(table.Key) {
		return fail(fmt.Errorf("what is read lacks a column of the key (%s)", strings.Join(table.Key, ", ")))
	}
	// One join finds what differs; only then are the two sides of it taken apart.
	pairs := s.tempName("pairs")
	if _, err := s.conn.ExecContext(ctx, fmt.Sprintf(`CREATE TEMP TABLE %s AS SELECT {%s} AS "was", {%s} AS "is" FROM %s FULL JOIN %s ON %s WHERE %s`,
		pairs, fields(columns, old), fields(columns, new), sides["was"], sides["is"], strings.Join(same, " AND "), strings.Join(differ, " OR "))); err != nil {
		return fail(err)
	}
	defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+pairs) //nolint:errcheck // temporary
	c := Changes{Name: s.tempName("changed"), session: s}
	key := schemas.Quote(table.Key[0])
	if _, err := s.conn.ExecContext(ctx, fmt.Sprintf(`CREATE TEMP TABLE %s AS SELECT false AS %s, unnest("was") FROM %s WHERE "was".%s IS NOT NULL
		UNION ALL SELECT true, unnest("is") FROM %s WHERE "is".%s IS NOT NULL`, c.Name, LaterColumn, pairs, key, pairs, key)); err != nil {
		return fail(err)
	}
	if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+pairs).Scan(&c.Rows); err != nil {
		return fail(err)
	}
	return c, nil
}

// Drop removes the temporary table.
func (c Changes) Drop(ctx context.Context) error {
	_, err := c.session.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+c.Name)
	return err
}

// fields writes a struct's fields: their names and what they are.
func fields(names, values []string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = schemas.Quote(name) + ": " + values[i]
	}
	return strings.Join(all, ", ")
}

// without leaves out the parts that another snapshot has as well.
func without(snap, other Snapshot) Snapshot {
	has := map[string]bool{}
	for _, p := range other.Parts {
		has[p.ID] = true
	}
	return newSnapshot(snap.Table, slices.DeleteFunc(slices.Clone(snap.Parts), func(p Part) bool { return has[p.ID] }))
}

func (s *Session) columnsOf(ctx context.Context, relation string) ([]string, error) {
	rows, err := s.conn.QueryContext(ctx, "SELECT * FROM "+relation+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Columns()
}

// Take adds the rows of a query, whose columns are the table's, in order.
func (w *Writer) Take(ctx context.Context, query string) error {
	if _, err := w.session.conn.ExecContext(ctx, "INSERT INTO "+w.name+" "+query); err != nil {
		return fmt.Errorf("table %s: take rows: %w", w.table.Name, err)
	}
	return nil
}
