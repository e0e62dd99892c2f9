package sql

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql/parquet"
)

// Lacks lists the declared columns that a snapshot's files do not have: another version of the program wrote them. They
// read as null. All parts of a snapshot are written by one program, so the first one speaks for all.
func (s *Session) Lacks(snap Snapshot) ([]string, error) {
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return nil, fmt.Errorf("table %q is not declared", snap.Table)
	}
	if len(snap.Parts) == 0 {
		return nil, nil
	}
	stored, err := s.columnsIn(snap.Parts[0].ID)
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

// columnsIn are the columns of a file. Reading them out of it takes a tenth of the time in which the engine tells them, and several steps ask.
func (s *Session) columnsIn(id string) ([]string, error) {
	if columns, ok := s.columns[id]; ok {
		return columns, nil
	}
	columns, err := parquet.Columns(s.place(id, ".parquet"))
	if errors.Is(err, parquet.ErrDamaged) {
		return nil, &DamagedError{id}
	}
	if err == nil {
		s.columns[id] = columns
	}
	return columns, err
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

// files is the FROM clause over a snapshot's files, without the rows that no longer belong to it; paths are absolute, so that
// a stored view works from any folder. A store may lie below a folder such as env=prod, which the engine would take for a column.
func (s *Session) files(snap Snapshot) string {
	var selects []string
	for i := 0; i < len(snap.Parts); {
		var paths []string
		without := snap.Parts[i].Without
		for ; i < len(snap.Parts) && snap.Parts[i].Without == without; i++ {
			paths = append(paths, literal(s.place(snap.Parts[i].ID, ".parquet")))
		}
		from := "read_parquet([" + strings.Join(paths, ", ") + "], hive_partitioning = false)"
		if without != "" {
			table, _ := schemas.Lookup(snap.Table)
			key := schemas.Quote(table.PartKey())
			// Both sides need names: two files without are one relation to the engine.
			from = fmt.Sprintf("(SELECT stored.* FROM %s stored ANTI JOIN %s struck ON stored.%s = struck.%s)", from, s.keysIn(without), key, key)
		}
		selects = append(selects, from)
	}
	if len(selects) == 1 {
		return selects[0]
	}
	return "(SELECT * FROM " + strings.Join(selects, " UNION ALL BY NAME SELECT * FROM ") + ")"
}

// keysIn is the relation of the keys in a file that a part is without.
func (s *Session) keysIn(id string) string {
	return "read_parquet([" + literal(s.place(id, ".parquet")) + "], hive_partitioning = false)"
}
