package csvdir

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/klauspost/compress/gzip" // unpacks in two thirds of the time that the library's takes
)

// file is one CSV file: plain, gzipped, or a member of an archive.
type file struct {
	name   string // as in extract_log: relative to the source's folder, archive.zip#member for a member
	member string // the member's name as it stands in its archive; empty for a plain file
	place  string // where it lies on disk
	size   int64  // of the file; of what is packed for a member, so that progress and log count the same bytes
}

func (f *file) gzipped() bool { return hasSuffix(f.name, ".gz") }

// base is the file's own name, without folder or archive.
func (f *file) base() string { return path.Base(f.name[strings.LastIndexByte(f.name, '#')+1:]) }

// open gives the bytes as they are stored; those of a member are unpacked from the archive.
func (f *file) open() (io.ReadCloser, error) {
	if f.member == "" {
		return os.Open(f.place)
	}
	z, err := zip.OpenReader(f.place)
	if err != nil {
		return nil, err
	}
	for _, m := range z.File {
		if m.Name != f.member {
			continue
		}
		in, err := m.Open()
		if err != nil {
			z.Close()
			return nil, err
		}
		return member{in, z}, nil
	}
	z.Close()
	return nil, fs.ErrNotExist
}

// member closes its archive too.
type member struct {
	io.ReadCloser
	archive io.Closer
}

func (m member) Close() error {
	return errors.Join(m.ReadCloser.Close(), m.archive.Close())
}

func (f *file) unpack(in io.Reader) (io.Reader, error) {
	if !f.gzipped() {
		return in, nil
	}
	z, err := gzip.NewReader(in)
	if err == io.EOF {
		return strings.NewReader(""), nil // zero bytes: said to be empty, not corrupt
	}
	return z, err
}

// unreadable is the error of a file whose bytes cannot be had.
func (f *file) unreadable(err error) *FileError {
	e := &FileError{File: f.name}
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Problem, e.Next = "the file is gone", "put it back and run again"
	case errors.Is(err, fs.ErrPermission):
		e.Problem, e.Next = "no permission to read the file", "let the user that runs crmlink read it"
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrAlgorithm),
		errors.Is(err, zip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &corrupt):
		kind := "gzip file"
		if f.member != "" || hasSuffix(f.name, ".zip") {
			kind = "zip archive"
		}
		e.Problem, e.Next = "not a whole, readable "+kind, "copy or export the file again"
	default:
		e.Problem, e.Next = "cannot be read: "+withoutPath(err), "check the disk and run again"
	}
	return e
}

// withoutPath drops the absolute path from an error of the file system; the error names the file already.
func withoutPath(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// inFolder lists the CSV files and archive members of a folder, or of an archive given in its place, by name; and
// other files that are in it.
func inFolder(root string) (found []*file, others []string, err error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, nil, noFolder(root, err)
	}
	if !info.IsDir() {
		if !hasSuffix(root, ".zip") {
			return nil, nil, &FileError{File: root, Problem: "neither a folder nor a .zip archive", Next: "name the folder that holds Account.csv and the other files"}
		}
		return inArchive(root, readable(filepath.Base(root)))
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, nil, noFolder(root, err)
	}
	var errs Errors
	for _, e := range entries {
		more, left, err := atPath(filepath.Join(root, e.Name()), readable(e.Name()))
		if err != nil {
			errs = append(errs, err)
		}
		found = append(found, more...)
		others = append(others, left...)
	}
	return found, others, errs.orNil()
}

func noFolder(root string, err error) *FileError {
	e := (&file{name: root}).unreadable(err)
	if errors.Is(err, fs.ErrNotExist) {
		e.Problem, e.Next = "there is no such folder", "check the path; it is relative to the configuration file"
	}
	return e
}

// atPath is the file at a path, or the members of the archive there. Hidden files and folders are nobody's.
func atPath(place, name string) (found []*file, others []string, fault *FileError) {
	info, err := os.Stat(place)
	switch {
	case err != nil:
		return nil, nil, (&file{name: name}).unreadable(err)
	case hidden(name) || info.IsDir():
		return nil, nil, nil
	case hasSuffix(name, ".zip"):
		found, others, err := inArchive(place, name)
		if err != nil {
			return nil, nil, err.(*FileError)
		}
		return found, others, nil
	case !isCSV(name):
		return nil, []string{name}, nil
	}
	return []*file{{name: name, place: place, size: info.Size()}}, nil, nil
}

func inArchive(place, name string) (found []*file, others []string, err error) {
	z, err := zip.OpenReader(place)
	if err != nil {
		return nil, nil, (&file{name: name}).unreadable(err)
	}
	defer z.Close()
	seen := map[string]bool{}
	for _, m := range z.File {
		full := name + "#" + readable(m.Name)
		switch {
		case m.FileInfo().IsDir() || hidden(m.Name):
		case seen[full]:
			return nil, nil, &FileError{File: full, Problem: "the archive has two members of this name", Next: "pack the archive again with one of them"}
		case isCSV(m.Name):
			found = append(found, &file{name: full, member: m.Name, place: place, size: int64(m.UncompressedSize64)})
		default:
			others = append(others, full)
		}
		seen[full] = true
	}
	sort.Slice(found, func(i, j int) bool { return found[i].name < found[j].name })
	return found, others, nil
}

// matching lists the files of a path or glob relative to root.
func matching(root, pattern string) ([]*file, error) {
	full := pattern
	if !filepath.IsAbs(full) {
		full = filepath.Join(root, pattern)
	}
	places, err := filepath.Glob(full)
	if err != nil {
		return nil, &FileError{File: pattern, Problem: "not a pattern of file names", Next: "use * and ? for parts of a name, as in members-*.csv"}
	}
	var found []*file
	var errs Errors
	for _, place := range places {
		name, err := filepath.Rel(root, place)
		if err != nil || strings.HasPrefix(name, "..") {
			name = place
		}
		name = readable(filepath.ToSlash(name))
		files, others, fault := atPath(place, name)
		if fault != nil {
			errs = append(errs, fault)
		}
		if len(others) > 0 && !hasSuffix(place, ".zip") { // named in the configuration: a CSV file whatever its name ends in
			info, err := os.Stat(place)
			if err != nil {
				continue
			}
			files = append(files, &file{name: name, place: place, size: info.Size()})
		}
		found = append(found, files...)
	}
	return found, errs.orNil()
}

// readable is a file's name as tables and messages hold it. Names on disk and in archives are any bytes, most often in the
// encoding of an old Windows.
func readable(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

func isCSV(name string) bool { return hasSuffix(name, ".csv") || hasSuffix(name, ".csv.gz") }

func hidden(name string) bool {
	return strings.HasPrefix(path.Base(name), ".") || strings.HasPrefix(name, "__MACOSX/")
}

func hasSuffix(name, suffix string) bool {
	return len(name) >= len(suffix) && strings.EqualFold(name[len(name)-len(suffix):], suffix)
}
