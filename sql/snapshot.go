package sql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Snapshot is a stored table, named by its content: equal rows have an equal ID.
type Snapshot struct {
	Table string `json:"table"`
	ID    string `json:"id"`
	Parts []Part `json:"parts,omitempty"`
	Rows  int64  `json:"rows"`
}

// Part is one Parquet file of a table; ID is the SHA-256 of its bytes. It holds the rows whose record falls to Number
// of Of parts. Parts without rows are not stored.
type Part struct {
	Number int    `json:"number"`
	Of     int    `json:"of"`
	ID     string `json:"id"`
	Rows   int64  `json:"rows"`
}

// Empty is the snapshot of a table without rows.
func Empty(table string) Snapshot { return newSnapshot(table, nil) }

func newSnapshot(table string, parts []Part) Snapshot {
	s := Snapshot{Table: table, Parts: parts}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", table)
	for _, p := range parts {
		fmt.Fprintf(h, "%d/%d %s\n", p.Number, p.Of, p.ID)
		s.Rows += p.Rows
	}
	s.ID = hex.EncodeToString(h.Sum(nil))
	return s
}

// Together is one relation over the rows of several snapshots of a table, which must not share a key.
func Together(table string, snapshots ...Snapshot) Snapshot {
	var parts []Part
	for _, s := range snapshots {
		parts = append(parts, s.Parts...)
	}
	return newSnapshot(table, parts)
}

// Split gives one snapshot per stored part, so that a large table can be read in pieces of bounded size.
func (s Snapshot) Split() []Snapshot {
	pieces := make([]Snapshot, len(s.Parts))
	for i, p := range s.Parts {
		pieces[i] = newSnapshot(s.Table, []Part{p})
	}
	return pieces
}

// ObjectPath is where the object with an id lies below the objects folder.
func ObjectPath(objects, id, extension string) string {
	return filepath.Join(objects, id[:2], id+extension)
}

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
	if _, err := s.conn.ExecContext(ctx, "CREATE TEMP TABLE "+name+" AS "+query, usedValues(query, values)...); err != nil {
		return Snapshot{}, fmt.Errorf("table %s: %w", table.Name, err)
	}
	return s.store(ctx, name, table)
}

// partColumn numbers the rows of a table that is about to be stored in many parts.
const partColumn = "stored_in_part"

// store checks a temporary table against its declaration, writes it part by part in key order, and drops it.
func (s *Session) store(ctx context.Context, name string, table schemas.Table) (Snapshot, error) {
	defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+name) //nolint:errcheck // temporary
	if err := s.check(ctx, name, table); err != nil {
		return Snapshot{}, err
	}
	order := make([]string, len(table.Key))
	for i, k := range table.Key {
		order[i] = schemas.Quote(k)
	}
	split, err := s.isSplit(ctx, name, table)
	if err != nil {
		return Snapshot{}, err
	}
	if split {
		// Which part a row falls to is worked out once: a hash in the filter of 64 queries cost five times the writing.
		divided := name + "_divided"
		if _, err := s.conn.ExecContext(ctx, fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT *, part_of(%s) AS %s FROM %s",
			divided, schemas.Quote(table.PartKey()), partColumn, name)); err != nil {
			return Snapshot{}, fmt.Errorf("table %s: %w", table.Name, err)
		}
		if _, err := s.conn.ExecContext(ctx, "DROP TABLE "+name); err != nil {
			return Snapshot{}, fmt.Errorf("table %s: %w", table.Name, err)
		}
		defer s.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+divided) //nolint:errcheck // temporary
		name = divided
	}
	counts, err := s.partCounts(ctx, name, table, strings.Join(order, ", "), split)
	if err != nil {
		return Snapshot{}, err
	}
	var parts []Part
	for _, p := range counts {
		columns, where := "*", ""
		if split {
			columns, where = "* EXCLUDE ("+partColumn+")", fmt.Sprintf(" WHERE %s = %d", partColumn, p.Number)
		}
		query := fmt.Sprintf("SELECT %s FROM %s%s ORDER BY %s", columns, name, where, strings.Join(order, ", "))
		if p.ID, err = s.writeParquet(ctx, query); err != nil {
			return Snapshot{}, fmt.Errorf("table %s: %w", table.Name, err)
		}
		parts = append(parts, p)
	}
	return newSnapshot(table.Name, parts), nil
}

// isSplit says whether a table is stored in many parts: by its number of rows alone.
func (s *Session) isSplit(ctx context.Context, name string, table schemas.Table) (bool, error) {
	if !table.Large {
		return false, nil
	}
	var rows int64
	if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+name).Scan(&rows); err != nil {
		return false, fmt.Errorf("table %s: %w", table.Name, err)
	}
	return rows >= schemas.LargeFrom, nil
}

func (s *Session) check(ctx context.Context, name string, table schemas.Table) error {
	rows, err := s.conn.QueryContext(ctx, "SELECT * FROM "+name+" LIMIT 0")
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
// not total would give other bytes on another run.
func (s *Session) partCounts(ctx context.Context, name string, table schemas.Table, order string, split bool) ([]Part, error) {
	number := "0"
	if split {
		number = partColumn
	}
	var nulls []string
	for _, c := range table.Columns {
		if c.NotNull {
			nulls = append(nulls, fmt.Sprintf("count(*) - count(%s)", schemas.Quote(c.Name)))
		}
	}
	query := fmt.Sprintf(`SELECT number, sum(n)::BIGINT, max(n), max(missing) FROM (
		SELECT %s AS number, count(*) AS n, %s AS missing FROM %s GROUP BY number, %s) GROUP BY number ORDER BY number`,
		number, strings.Join(append(nulls, "0"), " + "), name, order)
	rows, err := s.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", table.Name, err)
	}
	defer rows.Close()
	var parts []Part
	for rows.Next() {
		p := Part{Of: 1}
		if split {
			p.Of = schemas.ManyParts
		}
		var most, missing int64
		if err := rows.Scan(&p.Number, &p.Rows, &most, &missing); err != nil {
			return nil, fmt.Errorf("table %s: %w", table.Name, err)
		}
		if most > 1 {
			return nil, fmt.Errorf("table %s: its key (%s) is not unique", table.Name, strings.Join(table.Key, ", "))
		}
		if missing > 0 {
			return nil, fmt.Errorf("table %s: a column that must hold a value is null", table.Name)
		}
		parts = append(parts, p)
	}
	return parts, rows.Err()
}

// writeParquet writes a query to an object and returns its id. The object appears under its name only when whole.
func (s *Session) writeParquet(ctx context.Context, query string) (string, error) {
	temp, err := s.tempFile()
	if err != nil {
		return "", err
	}
	defer os.Remove(temp)
	copying := fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd)", query, literal(temp))
	if _, err := s.conn.ExecContext(ctx, copying); err != nil {
		return "", fmt.Errorf("write parquet: %w", err)
	}
	return s.adopt(temp, ".parquet")
}

// tempFile reserves a name below the objects folder, on the same disk as its final place.
func (s *Session) tempFile() (string, error) {
	dir := filepath.Join(s.options.Objects, "tmp")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	f, err := os.CreateTemp(dir, "object-*")
	if err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	return f.Name(), f.Close()
}

// adopt hashes a finished temporary file, makes it durable and moves it to the place its content gives it.
func (s *Session) adopt(temp, extension string) (string, error) {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	id := hex.EncodeToString(h.Sum(nil))
	place := ObjectPath(s.options.Objects, id, extension)
	if _, err := os.Stat(place); err == nil {
		return id, nil
	}
	if err := f.Sync(); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	if err := os.Rename(temp, place); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	return id, nil
}

// PutObject stores bytes that are not a table, such as a blocking index, and returns their id.
func (s *Session) PutObject(data []byte) (string, error) {
	temp, err := s.tempFile()
	if err != nil {
		return "", err
	}
	defer os.Remove(temp)
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return "", fmt.Errorf("write object: %w", err)
	}
	return s.adopt(temp, ".bin")
}

// Object reads what PutObject stored.
func (s *Session) Object(id string) ([]byte, error) {
	data, err := os.ReadFile(ObjectPath(s.options.Objects, id, ".bin"))
	if err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	return data, nil
}

// Missing lists the objects of a snapshot that are not in the store.
func (s *Session) Missing(snap Snapshot) []string {
	var ids []string
	for _, p := range snap.Parts {
		if _, err := os.Stat(ObjectPath(s.options.Objects, p.ID, ".parquet")); errors.Is(err, fs.ErrNotExist) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
