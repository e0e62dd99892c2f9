package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Files are the absolute paths of a table's Parquet files, for programs that read them without DuckDB. Together they
// are the table: each row is in one of them. A table without rows has none. One that the run amended is written whole for it,
// into objects that stay until the next gc.
func (p *Publication) Files(ctx context.Context, table string) ([]string, error) {
	entry, err := Describe(table)
	if err != nil {
		return nil, err
	}
	if t, _ := schemas.Lookup(entry.Table); t.View {
		return nil, &InputError{Problem: entry.Table + " is a view: it is computed when it is read, and has no files",
			Next: fmt.Sprintf("crmlink sql --csv \"FROM %s\"", entry.Table)}
	}
	objects, err := filepath.Abs(p.store.objects())
	if err != nil {
		return nil, fmt.Errorf("files of %s: %w", strings.ToLower(table), err)
	}
	session, err := p.engine(ctx)
	if err != nil {
		return nil, err
	}
	snap, err := session.Whole(ctx, p.snapshot(entry.Table))
	if err != nil {
		return nil, fmt.Errorf("files of %s: %w", strings.ToLower(table), err)
	}
	paths := []string{}
	for _, part := range snap.Parts {
		paths = append(paths, sql.ObjectPath(objects, part.ID, ".parquet"))
	}
	return paths, nil
}
