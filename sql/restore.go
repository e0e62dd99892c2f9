package sql

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/schemas"
)

// Restore writes the lost files of rows that were added to an amended table, out of a query that gives all rows of the table,
// or all that were stored together: the rows of the records that were struck, and those that the table's other files do not
// hold. Equal rows give equal files, so that what it writes has the lost file's name if the query gives the rows of then.
func (s *Session) Restore(ctx context.Context, snap Snapshot, rows string) error {
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return fmt.Errorf("restore table %q: it is not declared", snap.Table)
	}
	key := schemas.Quote(table.PartKey())
	for i, p := range snap.Parts {
		if p.Of != 0 || exists(s.place(p.ID, ".parquet")) {
			continue
		}
		from := i // its base are the parts before it, up to what was added to another one
		for from > 0 && snap.Parts[from-1].Of != 0 {
			from--
		}
		base := snap.Parts[from:i]
		query := "SELECT r.* FROM (" + rows + "\n) r"
		if len(base) > 0 {
			query += fmt.Sprintf(" ANTI JOIN %s b ON b.%s = r.%s", s.files(newSnapshot(snap.Table, base)), key, key)
		}
		if _, err := s.writeParquet(ctx, "SELECT * FROM ("+query+") ORDER BY "+keyOrder(table)); err != nil {
			return fmt.Errorf("restore table %s: %w", snap.Table, err)
		}
	}
	return nil
}
