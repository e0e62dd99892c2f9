// Package csvdir reads CSV files as typed Arrow batches: a folder of Bulk API results, and the user's own lists such
// as the directory's members. It is a source of the extract stage and knows nothing of it, of DuckDB or of earlier
// runs: it does not merge versions of a record, and reads every file in full each time.
package csvdir

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Options describe a folder of CRM files. The file of an object is <Object>.csv or <Object>-<n>.csv, also gzipped
// (.csv.gz) or in a .zip archive; in any case of letters where no file has the exact one.
type Options struct {
	Path    string                       // folder, or one archive
	Files   map[string]string            // object to a glob in the folder, in place of the rule above
	Columns map[string]map[string]string // object to our column names and theirs
	// Delimiter is the Bulk API's name of one, or the character; empty means COMMA.
	Delimiter string
	// WonValueField names the column of Opportunity that WonValue is read from; empty means Amount.
	WonValueField string
	// AllowEmpty takes files of zero bytes as objects without records.
	AllowEmpty bool
	// Progress is told now and then how far the reading of an object has come.
	Progress func(object string, rows, bytes, totalBytes int64)
}

// Input is one of the user's lists: a path or glob of CSV files.
type Input struct {
	Path       string
	Columns    map[string]string // our column names and theirs
	Delimiter  string
	AllowEmpty bool
}

// Source gives rows of CSV files. It looks at the disk when Tables or Read is called first.
type Source struct {
	progress  func(object string, rows, bytes, totalBytes int64)
	find      func() (sheets []*sheet, unclaimed []string, err error)
	found     bool
	sheets    []*sheet
	unclaimed []string
	err       error
}

// CRM is the source of a folder with CRM files.
func CRM(o Options) *Source {
	return &Source{progress: o.Progress, find: o.sheets}
}

// Lists is the source of the user's lists, by object: company, member, seat, activity, decision, redirect. Paths are
// relative to root.
func Lists(root string, inputs map[string]Input, progress func(object string, rows, bytes, totalBytes int64)) *Source {
	return &Source{progress: progress, find: func() ([]*sheet, []string, error) { return lists(root, inputs) }}
}

// Tables lists the objects there are files for, and files that are no object's. Its error names everything that is
// wrong with the names and headers of all files.
func (s *Source) Tables(context.Context) (objects, unclaimed []string, err error) {
	if !s.found {
		s.found = true
		s.sheets, s.unclaimed, s.err = s.find()
	}
	for _, sh := range s.sheets {
		objects = append(objects, sh.object)
	}
	return objects, s.unclaimed, s.err
}

// Read emits everything the files of an object hold, but for rows of which known says by their cells that they are, which are
// counted only; kept is told the cells of each row that is emitted, before its batch. The cells are in the order of the raw
// table's columns, and valid only during the call. Files have no cursor: the one given is not looked at.
func (s *Source) Read(ctx context.Context, object, _ string, known func(file string, cells []string) bool, kept func(cells []string), emit Emit) (next string, err error) {
	if _, _, err := s.Tables(ctx); err != nil {
		return "", err
	}
	i := slices.IndexFunc(s.sheets, func(sh *sheet) bool { return sh.object == object })
	if i < 0 {
		return "", fmt.Errorf("read %s: the source has no such object", object)
	}
	sh := s.sheets[i]
	var total, rows, bytes int64
	for _, f := range sh.files {
		total += f.size
	}
	var errs Errors
	for _, f := range sh.files {
		var fileRows, fileBytes int64
		err := sh.read(ctx, f, known, kept, emit, func(r, b int64) {
			fileRows, fileBytes = r, b
			if s.progress != nil {
				s.progress(object, rows+r, bytes+b, total)
			}
		})
		rows, bytes = rows+fileRows, bytes+fileBytes
		var bad *FileError
		if errors.As(err, &bad) {
			errs = append(errs, bad)
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read %s: %w", f.name, err)
		}
	}
	return "", errs.orNil()
}

// checkHeaders reads the first row of every file, so that all missing columns of all objects are told at once.
func checkHeaders(sheets []*sheet) error {
	var errs Errors
	for _, sh := range sheets {
		lacking := map[string]*FileError{}
		more := map[string]int{}
		for _, f := range sh.files {
			st, err := sh.open(f)
			var l layout
			if err == nil {
				l, _, err = sh.header(st)
				st.closer.Close()
			}
			var bad *FileError
			switch {
			case errors.As(err, &bad):
				errs = append(errs, bad)
			case err != nil:
				return err
			case len(l.missing) > 0:
				which := strings.Join(l.missing, "\n")
				if more[which]++; more[which] == 1 {
					lacking[which] = sh.lacks(f.name, l, 0)
					errs = append(errs, lacking[which])
				} else {
					*lacking[which] = *sh.lacks(lacking[which].File, l, more[which]-1)
				}
			}
		}
	}
	return errs.orNil()
}

// lacks is the error of a file without its required columns; more files lack the same.
func (s *sheet) lacks(name string, l layout, more int) *FileError {
	word := "column "
	if len(l.missing) > 1 {
		word = "columns "
	}
	e := &FileError{File: name, Problem: "no " + word + listed(l.missing), Next: l.hint}
	if more > 0 {
		e.Problem += fmt.Sprintf(", nor in %d more files of %s", more, s.object)
	}
	if e.Next == "" {
		e.Next = "export " + s.object + " with all required columns, or name the ones it has under columns"
	}
	return e
}

// sheets finds the files of each object.
func (o Options) sheets() ([]*sheet, []string, error) {
	delim, err := delimiter(o.Delimiter)
	if err != nil {
		return nil, nil, err
	}
	var errs Errors
	errs = append(errs, unknownObjects("files", o.Files)...)
	errs = append(errs, unknownObjects("columns", o.Columns)...)
	free, others, err := inFolder(o.Path)
	if err := gather(&errs, err); err != nil || free == nil && len(errs) > 0 {
		return nil, nil, errors.Join(err, errs.orNil())
	}
	claims := map[string][]*file{}
	owner := map[string]string{}
	for _, obj := range schemas.Objects {
		pattern, ok := o.Files[obj.Name]
		if !ok {
			continue
		}
		claims[obj.Name], err = o.configured(pattern, free)
		if err := gather(&errs, err); err != nil {
			return nil, nil, err
		}
		for _, f := range claims[obj.Name] {
			if first, taken := owner[f.name]; taken {
				errs = append(errs, &FileError{File: f.name, Problem: fmt.Sprintf("files: both %s and %s ask for it", first, obj.Name),
					Next: "make the patterns under files narrower"})
			}
			owner[f.name] = obj.Name
		}
		if len(claims[obj.Name]) == 0 {
			errs = append(errs, &FileError{Problem: fmt.Sprintf("files: no file in %s matches %s (%s)", o.Path, pattern, obj.Name),
				Next: "check the pattern under files, or put the file there"})
		}
	}
	free = slices.DeleteFunc(free, func(f *file) bool { return owner[f.name] != "" })
	others = slices.DeleteFunc(others, func(name string) bool { return owner[name] != "" })
	var sheets []*sheet
	var lacking []string
	for _, obj := range schemas.Objects {
		files, configured := claims[obj.Name]
		if !configured {
			files = named(obj.Name, free)
		}
		if len(files) == 0 {
			if !configured && !obj.Helper {
				lacking = append(lacking, obj.Name)
			}
			continue
		}
		free = slices.DeleteFunc(free, func(f *file) bool { return slices.Contains(files, f) })
		won := ""
		if obj.Name == schemas.Opportunity {
			won = o.WonValueField
		}
		sh, err := objectSheet(obj, o.Columns[obj.Name], won)
		if err := gather(&errs, err); err != nil {
			return nil, nil, err
		}
		sh.delim, sh.empty, sh.files = delim, o.AllowEmpty, files
		sheets = append(sheets, sh)
	}
	if len(lacking) > 0 {
		errs = append(errs, &FileError{File: o.Path, Problem: "no file for " + listed(lacking),
			Next: fmt.Sprintf("put %s.csv there, or name the file under files", strings.Join(lacking, ".csv, "))})
	}
	// Headers are looked at even when files are missing: one message tells all.
	if err := gather(&errs, checkHeaders(sheets)); err != nil {
		return nil, nil, err
	}
	unclaimed := others
	for _, f := range free {
		unclaimed = append(unclaimed, f.name)
	}
	slices.Sort(unclaimed)
	return sheets, unclaimed, errs.orNil()
}

// gather adds file errors to errs and hands back any other error.
func gather(errs *Errors, err error) error {
	var many Errors
	var one *FileError
	switch {
	case err == nil:
	case errors.As(err, &many):
		*errs = append(*errs, many...)
	case errors.As(err, &one):
		*errs = append(*errs, one)
	default:
		return err
	}
	return nil
}

func unknownObjects[T any](setting string, byObject map[string]T) Errors {
	var errs Errors
	var names []string
	for _, o := range schemas.Objects {
		names = append(names, o.Name)
	}
	for name := range byObject {
		if !slices.Contains(names, name) {
			errs = append(errs, &FileError{Problem: fmt.Sprintf("%s: there is no object %s", setting, name), Next: "use one of " + strings.Join(names, ", ")})
		}
	}
	slices.SortFunc(errs, func(a, b *FileError) int { return strings.Compare(a.Problem, b.Problem) })
	return errs
}

// configured are the files a pattern means: in the folder, by the name of an archive, or by that of a member.
func (o Options) configured(pattern string, listed []*file) ([]*file, error) {
	found, err := matching(o.Path, pattern)
	for _, f := range listed {
		for _, name := range []string{f.name, f.base()} {
			if ok, _ := path.Match(pattern, name); ok && !slices.ContainsFunc(found, func(g *file) bool { return g.name == f.name }) {
				found = append(found, f)
			}
		}
	}
	slices.SortFunc(found, func(a, b *file) int { return strings.Compare(a.name, b.name) })
	return found, err
}

var objectFile = regexp.MustCompile(`(?i)^(.+?)(-[0-9]+)?\.csv(\.gz)?$`)

// named are the files with an object's name, or with its name in other letters where none has it exactly.
func named(object string, files []*file) []*file {
	var exact, folded []*file
	for _, f := range files {
		m := objectFile.FindStringSubmatch(f.base())
		switch {
		case m == nil:
		case m[1] == object:
			exact = append(exact, f)
		case strings.EqualFold(m[1], object):
			folded = append(folded, f)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return folded
}
