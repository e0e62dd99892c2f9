package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Lacks lists the declared columns that a snapshot's files do not have: another version of the program wrote them. They
// read as null. All parts of a snapshot are written by one program, so the first one speaks for all.
func (s *Session) Lacks(ctx context.Context, snap Snapshot) ([]string, error) {
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return nil, fmt.Errorf("table %q is not declared", snap.Table)
	}
	if len(snap.Parts) == 0 {
		return nil, nil
	}
	first := Snapshot{Table: snap.Table, Parts: snap.Parts[:1]}
	rows, err := s.conn.QueryContext(ctx, "SELECT * FROM "+s.files(first)+" LIMIT 0")
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", snap.Table, err)
	}
	defer rows.Close()
	stored, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", snap.Table, err)
	}
	var lacking []string
	for _, c := range table.Columns {
		if !slices.Contains(stored, c.Name) {
			lacking = append(lacking, c.Name)
		}
	}
	return lacking, nil
}

// readParquet is the SELECT of a table's declared columns over a snapshot's files; those the files lack are null, and
// what is no longer declared is left out.
func (s *Session) readParquet(table schemas.Table, snap Snapshot, lacking []string) string {
	columns := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		columns[i] = schemas.Quote(c.Name)
		if slices.Contains(lacking, c.Name) {
			columns[i] = "CAST(NULL AS " + schemas.SQLType(c.Type) + ") AS " + columns[i]
		}
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + s.files(snap)
}

// files is the FROM clause over a snapshot's files; paths are absolute, so that a stored view works from any folder.
// A store may lie below a folder such as env=prod, which the engine would take for a column.
func (s *Session) files(snap Snapshot) string {
	paths := make([]string, len(snap.Parts))
	for i, p := range snap.Parts {
		paths[i] = literal(s.place(p.ID, ".parquet"))
	}
	return "read_parquet([" + strings.Join(paths, ", ") + "], hive_partitioning = false)"
}
