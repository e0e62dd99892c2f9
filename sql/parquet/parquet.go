// Package parquet reads single rows of Parquet files that the engine wrote: flat columns of text, whole numbers, decimals of up
// to 18 digits, booleans and times, and lists of those. Opening the engine and planning a query takes many times as long as
// finding a row by its key, which is all that a question about one record needs.
package parquet

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"
)

// ErrDamaged says that a file is cut off or has bytes that mean nothing.
var ErrDamaged = errors.New("the file is damaged")

func damaged(err error) error { return fmt.Errorf("%w: %w", ErrDamaged, err) }

// Rows gives the rows of a file whose text in column key is one of keys, in the order of the file; nil keys give all rows. A row
// holds the cells of the columns that were asked for: string, bool, int64 (a whole number, an unscaled decimal, a time in
// microseconds or days), []any of these, or nil for null. A column that the file lacks is null.
func Rows(path, key string, keys, columns []string) (rows [][]any, err error) {
	err = open(path, func(file *parquet.File) error {
		for _, group := range file.RowGroups() {
			some, err := groupRows(file, group, key, keys, columns)
			if err != nil {
				return err
			}
			rows = append(rows, some...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Columns are the names of a file's columns, in order.
func Columns(path string) (names []string, err error) {
	return names, open(path, func(file *parquet.File) error {
		for _, column := range file.Root().Columns() {
			names = append(names, column.Name())
		}
		return nil
	})
}

// open opens a file for as long as read takes.
func open(path string, read func(*parquet.File) error) (err error) {
	defer func() {
		if fault := recover(); fault != nil { // the library gives up on some damage by a panic
			err = fmt.Errorf("%w: %v", ErrDamaged, fault)
		}
		if err != nil {
			err = fmt.Errorf("read %s: %w", path, err)
		}
	}()
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return damaged(err)
	}
	return read(file)
}

func groupRows(file *parquet.File, group parquet.RowGroup, key string, keys, columns []string) ([][]any, error) {
	places, err := holding(file, group, key, keys)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", key, err)
	}
	rows := make([][]any, len(places))
	for i := range rows {
		rows[i] = make([]any, len(columns))
	}
	for c, name := range columns {
		if column := file.Root().Column(name); column != nil && len(rows) > 0 {
			if err := fill(column, group, places, rows, c); err != nil {
				return nil, fmt.Errorf("column %s: %w", name, err)
			}
		}
	}
	return rows, nil
}

// holding gives the places of the rows of a group with one of some keys; nil keys give all.
func holding(file *parquet.File, group parquet.RowGroup, key string, keys []string) (places []int64, err error) {
	if keys == nil {
		for i := range group.NumRows() {
			places = append(places, i)
		}
		return places, nil
	}
	column := file.Root().Column(key)
	if column == nil || !column.Leaf() || column.Type().Kind() != parquet.ByteArray {
		return nil, errors.New("there is no text of that name")
	}
	wanted := map[string]bool{}
	for _, k := range keys {
		wanted[k] = true
	}
	pages := group.ColumnChunks()[column.Index()].Pages()
	defer pages.Close()
	row := int64(0)
	return places, eachValue(pages, func(v parquet.Value) bool {
		if !v.IsNull() && wanted[string(v.ByteArray())] {
			places = append(places, row)
		}
		row++
		return true
	})
}

// fill puts a column's cells of some rows, in ascending order, in their place.
func fill(column *parquet.Column, group parquet.RowGroup, places []int64, rows [][]any, c int) error {
	list := !column.Leaf()
	for !column.Leaf() {
		if len(column.Columns()) != 1 {
			return errors.New("it has fields")
		}
		column = column.Columns()[0]
	}
	if column.MaxRepetitionLevel() > 1 || list != (column.MaxRepetitionLevel() == 1) {
		return errors.New("of what is nested only lists are read")
	}
	kind := column.Type().Kind()
	if kind != parquet.ByteArray && kind != parquet.Int64 && kind != parquet.Int32 && kind != parquet.Boolean {
		return fmt.Errorf("type %s is not read", kind)
	}
	pages := group.ColumnChunks()[column.Index()].Pages()
	defer pages.Close()
	empty := column.MaxDefinitionLevel() - 2 // of a list; below it there is none
	next, row := 0, places[0]-1
	if err := pages.SeekToRow(places[0]); err != nil {
		return damaged(err)
	}
	return eachValue(pages, func(v parquet.Value) bool {
		if v.RepetitionLevel() == 0 {
			row++
		}
		if next < len(places) && places[next] < row {
			next++
		}
		switch {
		case next == len(places):
			return false
		case places[next] > row:
		case !list:
			rows[next][c] = cell(v, kind)
		case v.DefinitionLevel() >= empty:
			held, _ := rows[next][c].([]any)
			if held == nil {
				held = []any{}
			}
			if v.DefinitionLevel() > empty {
				held = append(held, cell(v, kind))
			}
			rows[next][c] = held
		}
		return true
	})
}

func cell(v parquet.Value, kind parquet.Kind) any {
	switch {
	case v.IsNull():
		return nil
	case kind == parquet.ByteArray:
		return string(v.ByteArray())
	case kind == parquet.Boolean:
		return v.Boolean()
	case kind == parquet.Int32:
		return int64(v.Int32())
	}
	return v.Int64()
}

// eachValue hands over the values of pages until visit has had enough. They are valid only during the call.
func eachValue(pages parquet.Pages, visit func(parquet.Value) bool) error {
	some := make([]parquet.Value, 512)
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		more, err := valuesOf(page, some, visit)
		parquet.Release(page)
		if err != nil || !more {
			return err
		}
	}
}

func valuesOf(page parquet.Page, some []parquet.Value, visit func(parquet.Value) bool) (more bool, err error) {
	values := page.Values()
	for {
		n, err := values.ReadValues(some)
		for _, v := range some[:n] {
			if !visit(v) {
				return false, nil
			}
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, damaged(err)
		}
	}
}
