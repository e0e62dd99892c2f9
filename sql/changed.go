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
	kept    bool // for who asks again, until the session ends
}

// Changed compares two snapshots of a table row by row, by the table's key. Parts with one id are equal and are not
// read; of files that both have, only rows that one of them is without. reading is a SELECT over the table's own name that
// gives the columns that count, the key among them; empty, all of the table's columns count. Drop must be called.
func (s *Session) Changed(ctx context.Context, before, after Snapshot, reading string) (Changes, error) {
	table, ok := schemas.Lookup(after.Table)
	if !ok || before.Table != after.Table {
		return Changes{}, fmt.Errorf("compare %s with %s: two snapshots of one declared table are wanted", before.Table, after.Table)
	}
	fail := func(err error) (Changes, error) {
		return Changes{}, fmt.Errorf("compare table %s: %w", table.Name, err)
	}
	sides, err := s.compared(ctx, table, before, after, reading)
	defer sides.drop(ctx, s)
	if err != nil {
		return fail(err)
	}
	var old, new []string
	for _, name := range sides.columns {
		c := schemas.Quote(name)
		old, new = append(old, `"was".`+c), append(new, `"is".`+c)
	}
	// One join finds what differs; only then are the two sides of it taken apart.
	pairs := s.tempName("pairs")
	differ, err := s.rows(ctx, fmt.Sprintf(`CREATE TEMP TABLE %s AS SELECT {%s} AS "was", {%s} AS "is" FROM %s`,
		pairs, fields(sides.columns, old), fields(sides.columns, new), sides.differing))
	if err != nil {
		return fail(err)
	}
	defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+pairs) //nolint:errcheck // temporary
	c := Changes{Name: s.tempName("changed"), Rows: differ, session: s}
	key := schemas.Quote(table.Key[0])
	if _, err := s.conn.ExecContext(ctx, fmt.Sprintf(`CREATE TEMP TABLE %s AS SELECT false AS %s, unnest("was") FROM %s WHERE "was".%s IS NOT NULL
		UNION ALL SELECT true, unnest("is") FROM %s WHERE "is".%s IS NOT NULL`, c.Name, LaterColumn, pairs, key, pairs, key)); err != nil {
		return fail(err)
	}
	return c, nil
}

// sides are two versions of a table as they are compared.
type sides struct {
	columns   []string // that are compared
	differing string   // a FROM clause over "was" and "is", a pair for each key in which they differ
	views     string   // drops what it reads
}

func (c sides) drop(ctx context.Context, s *Session) {
	s.conn.ExecContext(context.WithoutCancel(ctx), c.views) //nolint:errcheck // temporary
}

// compared makes readable what two versions of a table do not share. It is to be dropped after an error, too.
func (s *Session) compared(ctx context.Context, table schemas.Table, before, after Snapshot, reading string) (c sides, err error) {
	if reading == "" {
		reading = "SELECT * FROM " + schemas.Quote(table.Name)
	}
	was, is := without(before, after), without(after, before)
	relations := map[string]string{}
	for side, of := range map[string][2]Snapshot{"was": {was, is}, "is": {is, was}} {
		view := s.tempName(side)
		temporary, err := s.bindDifferent(ctx, view, of[0], of[1])
		c.views += dropping("VIEW", view) + dropping("TABLE", temporary...)
		if err != nil {
			return c, err
		}
		// The table's name means this side's rows inside.
		relations[side] = fmt.Sprintf("(WITH %s AS (FROM %s) SELECT * FROM (%s\n)) AS %q", schemas.Quote(table.Name), view, reading, side)
	}
	if c.columns, err = s.columnsOf(ctx, relations["is"]); err != nil {
		return c, err
	}
	var differ, same []string
	for _, name := range c.columns {
		q := schemas.Quote(name)
		if slices.Contains(table.Key, name) {
			same = append(same, `"was".`+q+` = "is".`+q)
		}
		differ = append(differ, `"was".`+q+` IS DISTINCT FROM "is".`+q)
	}
	if len(same) != len(table.Key) {
		return c, fmt.Errorf("what is read lacks a column of the key (%s)", strings.Join(table.Key, ", "))
	}
	c.differing = fmt.Sprintf("%s FULL JOIN %s ON %s WHERE %s", relations["was"], relations["is"], strings.Join(same, " AND "), strings.Join(differ, " OR "))
	return c, nil
}

// ChangedKeys is like Changed, but gives part keys in one column, and where both versions are amended from the same files also
// such as were only said to be replaced: the files are not looked at for it.
func (s *Session) ChangedKeys(ctx context.Context, before, after Snapshot) (Changes, error) {
	table, ok := schemas.Lookup(after.Table)
	if !ok {
		return Changes{}, fmt.Errorf("table %q is not declared", after.Table)
	}
	if c, ok := s.changedKeys[[2]string{before.ID, after.ID}]; ok {
		return c, nil
	}
	key := schemas.Quote(table.PartKey())
	own, selects := [2][]Part{}, []string(nil)
	theirs := map[string]string{}
	for _, p := range after.Parts {
		theirs[p.ID] = p.Without
	}
	pairs, shared := map[beside]bool{}, map[string]bool{}
	for _, p := range before.Parts {
		if w, ok := theirs[p.ID]; ok {
			pairs[beside{p.Without, w}], shared[p.ID] = true, true
		}
	}
	for i, snap := range []Snapshot{before, after} {
		for _, p := range snap.Parts {
			if !shared[p.ID] {
				own[i] = append(own[i], p)
			}
		}
	}
	for pair := range pairs {
		for _, only := range []beside{pair, {pair.other, pair.own}} {
			if only.own == only.other || only.own == "" {
				continue
			}
			query := "SELECT " + key + " FROM " + s.keysIn(only.own)
			if only.other != "" {
				query += " WHERE " + key + " NOT IN (FROM " + s.keysIn(only.other) + ")"
			}
			selects = append(selects, query)
		}
	}
	c := Changes{Name: s.tempName("changed"), session: s}
	if len(own[0]) > 0 && len(own[1]) > 0 {
		rest, err := s.compared(ctx, table, newSnapshot(table.Name, own[0]), newSnapshot(table.Name, own[1]), "")
		defer rest.drop(ctx, s)
		if err != nil {
			return Changes{}, fmt.Errorf("compare table %s: %w", table.Name, err)
		}
		selects = append(selects, fmt.Sprintf(`SELECT coalesce("was".%s, "is".%s) AS %s FROM %s`, key, key, key, rest.differing))
	} else if parts := slices.Concat(own[0], own[1]); len(parts) > 0 { // there is nothing to compare with
		selects = append(selects, "SELECT "+key+" FROM "+s.files(newSnapshot(table.Name, parts)))
	}
	query := strings.Join(append(selects, "SELECT NULL::VARCHAR AS "+key+" WHERE false"), " UNION ")
	if err := s.intact(Together(table.Name, before, after)); err != nil {
		return Changes{}, err
	}
	var err error
	if c.Rows, err = s.rows(ctx, "CREATE TEMP TABLE "+c.Name+" AS SELECT DISTINCT "+key+" FROM ("+query+")"); err != nil {
		return Changes{}, fmt.Errorf("compare table %s: %w", table.Name, err)
	}
	if c.kept = c.Rows*mostRemembered <= after.Rows; c.kept { // several steps follow from what differs in one table
		s.changedKeys[[2]string{before.ID, after.ID}] = c
	}
	return c, nil
}

// dropping drops what a statement of several made.
func dropping(kind string, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString("DROP " + kind + " IF EXISTS " + name + ";")
	}
	return b.String()
}

// Drop removes the temporary table, unless the session keeps it.
func (c Changes) Drop(ctx context.Context) error {
	if c.kept {
		return nil
	}
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

func (s *Session) columnsOf(ctx context.Context, relation string) ([]string, error) {
	rows, err := s.conn.QueryContext(ctx, "SELECT * FROM "+relation+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Columns()
}
