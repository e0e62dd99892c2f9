package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Parquet is a list in Parquet files, which the engine reads itself.
type Parquet struct {
	Root    string            `json:"root"`              // folder that Path is relative to
	Path    string            `json:"path"`              // path or glob
	Columns map[string]string `json:"columns,omitempty"` // our column names and theirs
}

// IsParquet says whether a configured path or glob means Parquet files.
func IsParquet(path string) bool { return strings.EqualFold(filepath.Ext(path), ".parquet") }

// parquetFile is one file, with the type of each of its columns by lower-case name.
type parquetFile struct {
	name, path string
	columns    map[string]parquetColumn
}

type parquetColumn struct{ name, kind string }

// pattern is the path as read_parquet wants it: characters that mean something in a glob stand for themselves.
func (f parquetFile) pattern() string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(f.path)
}

// pathName names the value of the nth path; names have letters only.
func pathName(n int) string {
	name := "path_"
	for _, digit := range fmt.Sprint(n) {
		name += string('a' + digit - '0')
	}
	return name
}

// places finds the files of a list by their names in extract_log.
func (p Parquet) places() (files []parquetFile, err error) {
	full := p.Path
	if !filepath.IsAbs(full) {
		full = filepath.Join(p.Root, full)
	}
	places, err := filepath.Glob(full)
	if err != nil {
		return nil, nil // no pattern, no file
	}
	for _, path := range places {
		name, err := filepath.Rel(p.Root, path)
		if err != nil || strings.HasPrefix(name, "..") {
			name = path
		}
		if path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		files = append(files, parquetFile{name: readable(filepath.ToSlash(name)), path: path, columns: map[string]parquetColumn{}})
	}
	return files, nil
}

// readable is a name of a file or of its column as tables and messages hold it; both are any bytes.
func readable(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// parquetContents is Source.Contents for a list in Parquet; no files where one cannot be read.
func (r *run) parquetContents(j *job) (hashes map[string]string, how string) {
	files, err := j.parquet.places()
	if err != nil || len(files) == 0 {
		return nil, ""
	}
	hashes = map[string]string{}
	for _, f := range files {
		if hashes[f.name], _, err = hashFile(f.path); err != nil {
			return nil, ""
		}
	}
	columns, err := json.Marshal(j.parquet.Columns)
	if err != nil {
		return nil, ""
	}
	return hashes, "parquet " + string(columns)
}

// openParquet finds the files of a list, and logs each with its hash and its columns.
func (r *run) openParquet(ctx context.Context, j *job) error {
	files, err := j.parquet.places()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return &InputError{File: j.parquet.Path, Problem: "there is no such file (" + j.object + ")", Next: "check the path; it is relative to the configuration file"}
	}
	var faults inputErrors
	for _, f := range files {
		l, err := r.openFile(ctx, j, &f)
		if err := faults.gather(err); err != nil {
			return err
		}
		r.log = append(r.log, l)
		j.files = append(j.files, f)
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

func (r *run) openFile(ctx context.Context, j *job, f *parquetFile) (l FileLog, err error) {
	l = FileLog{Object: j.object, File: f.name}
	if l.SHA256, l.Bytes, err = hashFile(f.path); err != nil {
		return l, &InputError{File: f.name, Problem: "cannot be read", Next: "let the user that runs crmlink read it"}
	}
	unreadable := &InputError{File: f.name, Problem: "not a whole, readable Parquet file", Next: "write the file again"}
	value := map[string]any{"path": f.pattern()}
	rows, err := r.session.Query(ctx, "SELECT * FROM read_parquet($path, hive_partitioning = false) LIMIT 0", value)
	if err != nil {
		return l, unreadable // what the engine says may hold what the file holds
	}
	kinds, err := rows.ColumnTypes()
	rows.Close()
	if err != nil {
		return l, err
	}
	for _, k := range kinds {
		f.columns[strings.ToLower(k.Name())] = parquetColumn{k.Name(), k.DatabaseTypeName()}
	}
	counted, err := r.session.Query(ctx, "SELECT count(*) FROM read_parquet($path, hive_partitioning = false)", value)
	if err != nil {
		return l, unreadable
	}
	defer counted.Close()
	for counted.Next() {
		if err := counted.Scan(&l.RowsIn); err != nil {
			return l, err
		}
	}
	return l, j.checkColumns(f, &l)
}

// checkColumns finds our columns among the file's.
func (j *job) checkColumns(f *parquetFile, l *FileLog) error {
	ours := map[string]bool{}
	var missing []string
	for _, c := range j.table.Columns {
		theirs, mapped := j.parquet.theirs(c.Name)
		ours[strings.ToLower(theirs)] = true
		if _, ok := f.columns[strings.ToLower(theirs)]; ok {
			continue
		}
		if mapped || c.NotNull || slices.Contains(j.list.needed, c.Name) {
			missing = append(missing, theirs)
		} else {
			l.AbsentColumns = append(l.AbsentColumns, c.Name)
		}
	}
	for name, c := range f.columns {
		if !ours[name] {
			l.UnknownColumns = append(l.UnknownColumns, readable(c.name))
		}
	}
	slices.Sort(l.AbsentColumns)
	slices.Sort(l.UnknownColumns)
	if len(j.list.oneOf) > 0 && !slices.ContainsFunc(j.list.oneOf, func(name string) bool { return !slices.Contains(l.AbsentColumns, name) }) {
		missing = append(missing, strings.Join(j.list.oneOf, " or "))
	}
	for name := range j.parquet.Columns {
		if _, ok := j.table.Column(name); !ok {
			return &InputError{Problem: fmt.Sprintf("columns: %s has no column %s", j.object, name),
				Next: "name a column of the data dictionary on the left: crmlink schema lists them"}
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return &InputError{File: f.name, Problem: "no column " + strings.Join(missing, ", no column "),
			Next: "write " + j.list.plural + " with all required columns, or name the ones it has under columns"}
	}
	return nil
}

func (p Parquet) theirs(ours string) (name string, mapped bool) {
	for mine, theirs := range p.Columns {
		if strings.EqualFold(mine, ours) {
			return theirs, true
		}
	}
	return ours, false
}

// parquetRows renders the rows of a file as a landing has them, with fault and reason. line is the row's number.
func (j job) parquetRows(f parquetFile, path string) string {
	var columns, faults, reasons []string
	for _, c := range j.columns() {
		theirs, _ := j.parquet.theirs(c.Name)
		source, ok := f.columns[strings.ToLower(theirs)]
		value, reason := "CAST(NULL AS "+schemas.SQLType(c.Type)+")", ""
		if ok {
			value, reason = parquetValue(c, schemas.Quote(source.name), source.kind)
		}
		columns = append(columns, value+" AS "+schemas.Quote(c.Name))
		if reason != "" { // a value is there and is none of the type
			bad := "(" + value + ") IS NULL AND nullif(CAST(" + schemas.Quote(source.name) + " AS VARCHAR), '') IS NOT NULL"
			faults = append(faults, "WHEN "+bad+" THEN '"+c.Name+"'")
			reasons = append(reasons, "WHEN "+bad+" THEN '"+reason+"'")
		}
		if c.NotNull {
			faults = append(faults, "WHEN ("+value+") IS NULL THEN '"+c.Name+"'")
			reasons = append(reasons, "WHEN ("+value+") IS NULL THEN 'missing_id'")
		}
	}
	return "SELECT " + strings.Join(columns, ",\n  ") + ",\n  CAST($" + path + "_name AS VARCHAR) AS file, file_row_number + 1 AS line" +
		",\n  CASE " + strings.Join(faults, " ") + " END AS fault,\n  CASE " + strings.Join(reasons, " ") + " END AS reason" +
		"\nFROM read_parquet($" + path + ", file_row_number = true, hive_partitioning = false)"
}

// parquetValue renders a column of a file in our type, null where it has no such value, and the reason to reject then.
func parquetValue(c schemas.Column, source, kind string) (value, reason string) {
	text := "nullif(CAST(" + source + " AS VARCHAR), '')"
	switch c.Type {
	case schemas.Text:
		return text, ""
	case schemas.TextList:
		members := "string_split(" + text + ", '|')"
		if strings.HasSuffix(kind, "[]") {
			members = "CAST(" + source + " AS VARCHAR[])"
		}
		trimmed := "list_filter(list_transform(" + members + ", lambda x: trim(x)), lambda x: x <> '')"
		return "CASE WHEN len(" + trimmed + ") > 0 THEN " + trimmed + " END", ""
	case schemas.Bool:
		if kind == "BOOLEAN" {
			return source, ""
		}
		return "CASE WHEN lower(" + text + ") IN ('true', '1') THEN true WHEN lower(" + text + ") IN ('false', '0') THEN false END", "bad_boolean"
	case schemas.Int:
		return "CASE WHEN TRY_CAST(" + text + " AS DECIMAL(38,10)) = TRY_CAST(" + text + " AS BIGINT) THEN TRY_CAST(" + text + " AS BIGINT) END", "bad_number"
	case schemas.Timestamp:
		if strings.HasPrefix(kind, "TIMESTAMP") { // one without a zone is UTC, as its writer has agreed to
			return "TRY_CAST(" + source + " AS TIMESTAMPTZ)", "bad_time"
		}
		zoned := `regexp_full_match(` + text + `, '\d{4}-\d\d-\d\d[T ].*([Zz]|[+-]\d\d(:?\d\d)?)')`
		return "CASE WHEN " + zoned + " THEN TRY_CAST(" + text + " AS TIMESTAMPTZ) END", "bad_time"
	}
	panic(fmt.Sprintf("extract: no Parquet column of type %s", c.Type))
}

// damaged stands in for what the engine says when it cannot read a file to its end: that may hold a value.
func (p Parquet) damaged() error {
	return &InputError{File: p.Path, Problem: "a file cannot be read to its end: it is damaged, or a text in it is not UTF-8",
		Next: "write the file again, with text as UTF-8"}
}

func hashFile(path string) (sum string, bytes int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if bytes, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), bytes, nil
}
