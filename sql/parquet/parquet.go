// Package parquet reads single rows of Parquet files that the engine wrote: flat columns of text, whole numbers, decimals of up
// to 18 digits, booleans and times, and lists of those. Opening the engine and planning a query takes some fifty times as long
// as finding a row by its key does, which is all that a question about one record needs. Whatever else a file may hold is
// refused with an error, not guessed.
package parquet

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
)

// ErrDamaged says that a file is cut off or has bytes that mean nothing.
var ErrDamaged = errors.New("the file is damaged")

// Rows gives the rows of a file whose text in column key is one of keys, in the order of the file; nil keys give all rows. A row
// holds the cells of the columns that were asked for: string, bool, int64 (a whole number, an unscaled decimal, a time in
// microseconds or days), []any of these, or nil for null. A column that the file lacks is null.
func Rows(path, key string, keys, columns []string) ([][]any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	m := memories.Get().(*memory)
	defer memories.Put(m)
	rows, err := readRows(&file{f, info.Size(), m}, key, keys, columns)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return rows, nil
}

// file is what is read of one.
type file struct {
	io.ReaderAt
	size int64
	*memory
}

// memory is used again for each column and file: to take it anew costs half as much as unpacking into it.
type memory struct {
	packed, unpacked, dictionary []byte
	values                       []value
}

var memories = sync.Pool{New: func() any { return &memory{} }}

// part reads some bytes, which are valid until the next call.
func (f *file) part(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || at > f.size || n > f.size-at {
		return nil, ErrDamaged
	}
	f.packed = slices.Grow(f.packed[:0], int(n))[:n]
	data := f.packed
	if got, err := f.ReadAt(data, at); int64(got) < n {
		return nil, err
	}
	return data, nil
}

func readRows(f *file, key string, keys, columns []string) ([][]any, error) {
	m, err := readFooter(f)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, k := range keys {
		wanted[k] = true
	}
	var all [][]any
	for _, g := range m.groups {
		places := make([]int, 0, len(keys))
		if keys == nil {
			for i := range int(g.rows) {
				places = append(places, i)
			}
		} else if places, err = holding(f, m, g, key, wanted); err != nil {
			return nil, err
		}
		if len(places) == 0 {
			continue
		}
		rows := make([][]any, len(places))
		for i := range rows {
			rows[i] = make([]any, len(columns))
		}
		for c, name := range columns {
			if err := m.fill(f, g, name, places, rows, c); err != nil {
				return nil, fmt.Errorf("column %s: %w", name, err)
			}
		}
		all = append(all, rows...)
	}
	return all, nil
}

// holding gives the places of the rows of a group with one of some keys.
func holding(f *file, m footer, g group, key string, wanted map[string]bool) (places []int, err error) {
	n := m.column(key)
	if n < 0 || m.columns[n].kind != kindBytes || m.columns[n].maxRep > 0 {
		return nil, fmt.Errorf("column %s: there is no text of that name", key)
	}
	err = eachCell(f, m.columns[n], g.chunks[n], func(c cell) bool {
		if !c.null && wanted[string(c.bytes)] {
			places = append(places, c.row)
		}
		return true
	})
	return places, err
}

// fill puts a column's cells of some rows, in ascending order, in their place.
func (m footer) fill(f *file, g group, name string, places []int, rows [][]any, c int) error {
	n := m.column(name)
	if n < 0 {
		return nil
	}
	column, at := m.columns[n], 0
	return eachCell(f, column, g.chunks[n], func(x cell) bool {
		for at < len(places) && places[at] < x.row {
			at++
		}
		if at == len(places) {
			return false
		}
		if places[at] > x.row {
			return true
		}
		switch {
		case column.maxRep == 0 && !x.null:
			rows[at][c] = x.value(column)
		case column.maxRep > 0 && x.def >= column.listDef: // below that the list is null
			list, _ := rows[at][c].([]any)
			if list == nil {
				list = []any{}
			}
			if x.def > column.listDef { // else it is empty
				list = append(list, x.value(column))
			}
			rows[at][c] = list
		}
		return true
	})
}

// value is a cell's value, nil for a null.
func (x cell) value(c column) any {
	switch {
	case x.null:
		return nil
	case c.kind == kindBytes:
		return string(x.bytes)
	case c.kind == kindBool:
		return x.number != 0
	}
	return x.number
}

func (m footer) column(name string) int {
	return slices.IndexFunc(m.columns, func(c column) bool { return c.name == name })
}
