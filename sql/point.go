package sql

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql/parquet"
)

// Folder is a folder of objects, for who reads a few rows of them by key: no session is opened for it.
type Folder string

// Cells are a row's cells in the order in which its columns were asked for.
type Cells []any

// Text is a cell's text, empty for null.
func (c Cells) Text(i int) string {
	s, _ := c[i].(string)
	return s
}

// Texts are the texts in a cell that holds a list, but for nulls.
func (c Cells) Texts(i int) []string {
	list, _ := c[i].([]any)
	texts := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// Int is a cell's number, nil for null; of a share millionths, of a time microseconds.
func (c Cells) Int(i int) *int64 {
	if n, ok := c[i].(int64); ok {
		return &n
	}
	return nil
}

// Share is a proportion as a number, nil for null.
func (c Cells) Share(i int) *float64 {
	if n, ok := c[i].(int64); ok {
		f := float64(n) / 1e6
		return &f
	}
	return nil
}

// Ints are the numbers in a cell that holds a list; null is 0.
func (c Cells) Ints(i int) []int64 {
	list, _ := c[i].([]any)
	numbers := make([]int64, len(list))
	for i, v := range list {
		numbers[i], _ = v.(int64)
	}
	return numbers
}

// Rows reads the rows of some keys, by the table's PartKey, out of the files that can hold them: part by part, in the order of
// the table's key within each. Columns that another version of the program did not write are null.
func (f Folder) Rows(ctx context.Context, snap Snapshot, columns []string, keys ...string) ([]Cells, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return f.rows(ctx, snap, columns, keys)
}

// All reads all rows of a table, which must be small.
func (f Folder) All(ctx context.Context, snap Snapshot, columns []string) ([]Cells, error) {
	return f.rows(ctx, snap, columns, nil)
}

func (f Folder) rows(ctx context.Context, snap Snapshot, columns, keys []string) ([]Cells, error) {
	table, ok := schemas.Lookup(snap.Table)
	if !ok {
		return nil, fmt.Errorf("table %q is not declared", snap.Table)
	}
	found := make([][]Cells, len(snap.Parts))
	err := sideBySide(len(snap.Parts), runtime.GOMAXPROCS(0), func(i int) (err error) {
		if err := ctx.Err(); err != nil {
			return err
		}
		part, sought := snap.Parts[i], keys
		if keys != nil {
			sought = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !part.canHold(key) })
			if len(sought) == 0 {
				return nil
			}
		}
		found[i], err = f.partRows(part, table.PartKey(), sought, columns)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", table.Name, err)
	}
	var all []Cells
	for _, rows := range found {
		all = append(all, rows...)
	}
	return all, nil
}

// partRows are the rows of a part that still belong to the table.
func (f Folder) partRows(p Part, key string, keys, columns []string) ([]Cells, error) {
	rows, err := f.objectRows(p.ID, key, keys, append([]string{key}, columns...))
	if err != nil {
		return nil, err
	}
	struck := map[any]bool{}
	if p.Without != "" && len(rows) > 0 {
		gone, err := f.objectRows(p.Without, key, keys, []string{key})
		if err != nil {
			return nil, err
		}
		for _, row := range gone {
			struck[row[0]] = true
		}
	}
	var left []Cells
	for _, row := range rows {
		if !struck[row[0]] {
			left = append(left, row[1:])
		}
	}
	return left, nil
}

func (f Folder) objectRows(id, key string, keys, columns []string) ([][]any, error) {
	rows, err := parquet.Rows(f.table(id), key, keys, columns)
	if errors.Is(err, parquet.ErrDamaged) {
		return nil, &DamagedError{id}
	}
	return rows, err
}

func (f Folder) table(id string) string { return ObjectPath(string(f), id, ".parquet") }

// Missing lists the objects of a snapshot that are not there.
func (f Folder) Missing(snap Snapshot) []string {
	return slices.DeleteFunc(snap.Objects(), func(id string) bool { return exists(f.table(id)) })
}

// Object reads what PutObject stored.
func (f Folder) Object(id string) ([]byte, error) {
	data, err := os.ReadFile(ObjectPath(string(f), id, ".bin"))
	if err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	return data, isObject(id, data)
}
