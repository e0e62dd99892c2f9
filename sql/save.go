package sql

import (
	"context"
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Save runs an embedded file and stores its result as the table its header names. Values are bound to $names.
func (s *Session) Save(ctx context.Context, file string, values map[string]any) (Snapshot, error) {
	f, err := Named(file)
	if err != nil {
		return Snapshot{}, err
	}
	table, ok := schemas.Lookup(f.Out)
	if !ok {
		return Snapshot{}, fmt.Errorf("sql file %s: header names no output table", file)
	}
	return s.SaveTable(ctx, file, table, values)
}

// SaveTable is Save for a file that serves several tables.
func (s *Session) SaveTable(ctx context.Context, file string, table schemas.Table, values map[string]any) (Snapshot, error) {
	f, err := Named(file)
	if err != nil {
		return Snapshot{}, err
	}
	for name := range f.Values {
		if _, ok := values[name]; !ok {
			return Snapshot{}, fmt.Errorf("%s: value $%s is not given", file, name)
		}
	}
	snap, err := s.SaveQuery(ctx, f.Text, table, values)
	if err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", file, err)
	}
	return snap, nil
}

// SaveQuery stores the result of SQL text that does not come from a file: what the linkage model renders.
func (s *Session) SaveQuery(ctx context.Context, query string, table schemas.Table, values map[string]any) (Snapshot, error) {
	name := s.tempName(table.Name)
	defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+name) //nolint:errcheck // temporary
	if !table.Large {
		rows, err := s.rows(ctx, "CREATE TEMP TABLE "+name+" AS "+query, usedValues(query, values)...)
		if err != nil {
			return Snapshot{}, fmt.Errorf("table %s: %w", table.Name, err)
		}
		return s.store(ctx, name, table, rows)
	}
	// A table that may be large is divided at once: it is not copied for that.
	rows, err := s.divide(ctx, name, "("+query+"\n)", table, usedValues(query, values))
	if err != nil {
		return Snapshot{}, err
	}
	if err := s.check(ctx, "(SELECT * EXCLUDE ("+partColumn+") FROM "+name+")", table); err != nil { // planning the query again costs more
		return Snapshot{}, err
	}
	return s.writeParts(ctx, name, table, true, isSplit(table, rows))
}

// divide makes a temporary table of a relation: its rows with the number of the
// part that each falls to, which is worked out once, and the rows of a part together, in key order. 64 queries that hash
// and scan the whole table cost many times the writing.
func (s *Session) divide(ctx context.Context, name, relation string, table schemas.Table, values []any) (rows int64, err error) {
	rows, err = s.rows(ctx, fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT *, part_of(%s) AS %s FROM %s ORDER BY %s, %s",
		name, schemas.Quote(table.PartKey()), partColumn, relation, partColumn, keyOrder(table)), values...)
	if err != nil {
		return 0, fmt.Errorf("table %s: %w", table.Name, err)
	}
	return rows, nil
}

// Step runs a file whose result is only for the files after it: they read it under its table's name until the name is
// bound anew or the session ends. It is checked as a stored table is, and never stored.
func (s *Session) Step(ctx context.Context, file string, values map[string]any) error {
	f, err := Named(file)
	if err != nil {
		return err
	}
	table, ok := schemas.Lookup(f.Out)
	if !ok {
		return fmt.Errorf("sql file %s: header names no output table", file)
	}
	if err := s.stepQuery(ctx, f.Text, table, values); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// StepQuery is Step for a part of a table, by a query of the caller's.
func (s *Session) StepQuery(ctx context.Context, query string, table schemas.Table) error {
	return s.stepQuery(ctx, query, table, nil)
}

func (s *Session) stepQuery(ctx context.Context, query string, table schemas.Table, values map[string]any) error {
	name := s.tempName(table.Name)
	if _, err := s.conn.ExecContext(ctx, "CREATE TEMP TABLE "+name+" AS "+query, usedValues(query, values)...); err != nil {
		return fmt.Errorf("table %s: %w", table.Name, err)
	}
	return s.step(ctx, name, table)
}

// step checks a temporary table and makes it readable under its table's name.
func (s *Session) step(ctx context.Context, name string, table schemas.Table) error {
	err := s.check(ctx, name, table)
	if err == nil {
		_, err = s.partCounts(ctx, name, table, keyOrder(table), false)
	}
	if err == nil {
		err = s.bindStep(ctx, table.Name, name)
	}
	if err != nil {
		s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+name) //nolint:errcheck // temporary
	}
	return err
}

// bindStep makes a temporary table readable under another name, and drops the one that was.
func (s *Session) bindStep(ctx context.Context, name, temp string) error {
	if _, err := s.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP VIEW "+schemas.Quote(name)+" AS FROM "+temp); err != nil {
		return bound(name, err)
	}
	if err := s.dropStep(ctx, name); err != nil {
		return err
	}
	s.steps[name] = temp
	return nil
}

func (s *Session) dropStep(ctx context.Context, name string) error {
	temp, ok := s.steps[name]
	if !ok {
		return nil
	}
	delete(s.steps, name)
	_, err := s.conn.ExecContext(ctx, "DROP TABLE IF EXISTS "+temp)
	return bound(name, err)
}

func keyOrder(table schemas.Table) string {
	order := make([]string, len(table.Key))
	for i, k := range table.Key {
		order[i] = schemas.Quote(k)
	}
	return strings.Join(order, ", ")
}

// partColumn numbers the rows of a table that is about to be stored in many parts.
const partColumn = "stored_in_part"

// store checks a temporary table of so many rows against its declaration, writes it part by part in key order, and drops it.
func (s *Session) store(ctx context.Context, name string, table schemas.Table, rows int64) (Snapshot, error) {
	defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+name) //nolint:errcheck // temporary
	if err := s.check(ctx, name, table); err != nil {
		return Snapshot{}, err
	}
	split := isSplit(table, rows)
	if split {
		divided := name + "_divided"
		defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+divided) //nolint:errcheck // temporary
		if _, err := s.divide(ctx, divided, name, table, nil); err != nil {
			return Snapshot{}, err
		}
		if _, err := s.conn.ExecContext(ctx, "DROP TABLE "+name); err != nil {
			return Snapshot{}, fmt.Errorf("table %s: %w", table.Name, err)
		}
		name = divided
	}
	return s.writeParts(ctx, name, table, split, split)
}

// rowGroup is how many rows the engine puts together in a Parquet file. How more of them are cut may depend on the pieces in
// which they come.
const rowGroup = 122_880

// writeParts writes the files of a table, each in key order. A divided table has the column of its parts' numbers, whether
// it is large enough to be split or not. The rows of a part lie in that order already, and sorting them again would cost a quarter
// of writing them.
func (s *Session) writeParts(ctx context.Context, name string, table schemas.Table, divided, split bool) (Snapshot, error) {
	order := keyOrder(table)
	counts, err := s.partCounts(ctx, name, table, order, split)
	if err != nil {
		return Snapshot{}, err
	}
	columns := "*"
	if divided {
		columns = "* EXCLUDE (" + partColumn + ")"
	}
	var parts []Part
	for _, p := range counts {
		which := ""
		if split {
			which = fmt.Sprintf(" WHERE %s = %d", partColumn, p.Number)
		}
		if !split || p.Rows > rowGroup {
			which += " ORDER BY " + order
		}
		if p.ID, err = s.writeParquet(ctx, fmt.Sprintf("SELECT %s FROM %s%s", columns, name, which)); err != nil {
			return Snapshot{}, fmt.Errorf("table %s: %w", table.Name, err)
		}
		parts = append(parts, p)
	}
	return newSnapshot(table.Name, parts), nil
}

// isSplit says whether a table is stored in many parts: by its number of rows alone.
func isSplit(table schemas.Table, rows int64) bool { return table.Large && rows >= schemas.LargeFrom }

func (s *Session) check(ctx context.Context, relation string, table schemas.Table) error {
	rows, err := s.conn.QueryContext(ctx, "SELECT * FROM "+relation+" LIMIT 0")
	if err != nil {
		return fmt.Errorf("table %s: %w", table.Name, err)
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return fmt.Errorf("table %s: %w", table.Name, err)
	}
	var names, types []string
	for _, c := range columns {
		names = append(names, c.Name())
		kind := c.DatabaseTypeName()
		if kind == "TIMESTAMPTZ" {
			kind = "TIMESTAMP WITH TIME ZONE"
		}
		types = append(types, kind)
	}
	return table.Check(names, types)
}

// partCounts says which parts have rows and how many, and fails when a key is null or occurs twice: an order that is
// not total would give other bytes on another run. Keys are told apart by their hashes, which the engine groups in two thirds of the
// time; where two hashes are equal, by what they are.
func (s *Session) partCounts(ctx context.Context, name string, table schemas.Table, order string, split bool) ([]Part, error) {
	parts, once, err := s.partCountsBy(ctx, name, table, "hash("+order+")", split)
	if err == nil && !once {
		parts, once, err = s.partCountsBy(ctx, name, table, order, split)
	}
	if err == nil && !once {
		err = fmt.Errorf("table %s: its key (%s) is not unique", table.Name, strings.Join(table.Key, ", "))
	}
	return parts, err
}

// partCountsBy is partCounts by what tells keys apart; once says that nothing occurs twice.
func (s *Session) partCountsBy(ctx context.Context, name string, table schemas.Table, by string, split bool) (parts []Part, once bool, err error) {
	var nulls []string
	for _, c := range table.Columns {
		if c.NotNull {
			nulls = append(nulls, fmt.Sprintf("count(*) - count(%s)", schemas.Quote(c.Name)))
		}
	}
	// Of few rows, counting parts where there is one costs as much as all else.
	number, of, ended := "0", "", "HAVING count(*) > 0"
	if split {
		number, of, ended = partColumn, partColumn+", ", "GROUP BY "+partColumn+" ORDER BY "+partColumn
	}
	query := fmt.Sprintf(`SELECT %s, sum(n)::BIGINT, max(n), max(missing) FROM (
		SELECT %s count(*) AS n, %s AS missing FROM %s GROUP BY %s%s) %s`,
		number, of, strings.Join(append(nulls, "0"), " + "), name, of, by, ended)
	rows, err := s.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, false, fmt.Errorf("table %s: %w", table.Name, err)
	}
	defer rows.Close()
	once = true
	for rows.Next() {
		p := Part{Of: 1}
		if split {
			p.Of = schemas.ManyParts
		}
		var most, missing int64
		if err := rows.Scan(&p.Number, &p.Rows, &most, &missing); err != nil {
			return nil, false, fmt.Errorf("table %s: %w", table.Name, err)
		}
		if missing > 0 {
			return nil, false, fmt.Errorf("table %s: a column that must hold a value is null", table.Name)
		}
		once = once && most <= 1
		parts = append(parts, p)
	}
	return parts, once, rows.Err()
}
