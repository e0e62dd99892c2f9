// Package sql runs the project's SQL: one SELECT per embedded file, over named inputs, into tables whose columns
// package schemas declares. It alone knows the engine (DuckDB) and how a table becomes content-addressed Parquet.
// It knows nothing of stages, runs or configuration.
package sql

import (
	"embed"
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

//go:embed */*.sql */*/*.sql
var files embed.FS

// File is one SQL file: its header and its SELECT.
type File struct {
	Name string // folder and name without .sql: publish/auto_save
	Text string
	In   []string // relations it reads, by logical name
	Out  string   // declared table it makes; empty where the caller names one
	// Values are the $names the SELECT uses, with their SQL types.
	Values map[string]string
}

// Named returns an embedded file, for instance publish/auto_save.
func Named(name string) (File, error) {
	text, err := files.ReadFile(name + ".sql")
	if err != nil {
		return File{}, fmt.Errorf("sql file %s: %w", name, err)
	}
	f := File{Name: name, Text: string(text), Values: map[string]string{}}
	for line := range strings.Lines(f.Text) {
		header, ok := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		if !ok {
			continue
		}
		switch label, rest, _ := strings.Cut(header, ":"); label {
		case "in":
			for _, in := range strings.Split(rest, ",") {
				if in = strings.TrimSpace(in); in != "" {
					f.In = append(f.In, in)
				}
			}
		case "out":
			f.Out = strings.TrimSpace(rest)
		case "values":
			for _, v := range strings.Split(rest, ",") {
				name, kind, ok := strings.Cut(strings.TrimSpace(v), " ")
				if !ok || !strings.HasPrefix(name, "$") {
					return File{}, fmt.Errorf("sql file %s: header values: want $name TYPE, got %q", name, v)
				}
				f.Values[name[1:]] = strings.TrimSpace(kind)
			}
		}
	}
	if f.Out != "" {
		if _, ok := schemas.Lookup(f.Out); !ok {
			return File{}, fmt.Errorf("sql file %s: header out: %s is not a declared table", name, f.Out)
		}
	}
	return f, nil
}

// Files lists all embedded SELECT files in alphabetical order; the prelude is not one of them.
func Files() []string {
	var names []string
	_ = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(path, "prelude/") {
			names = append(names, strings.TrimSuffix(path, ".sql"))
		}
		return err
	})
	sort.Strings(names)
	return names
}
