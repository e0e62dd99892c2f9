package csvdir

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// The columns that lead from a row that was read back to its place. They follow the columns of the raw table.
var (
	fileColumn = schemas.Column{Name: "file", Type: schemas.Text, NotNull: true}
	lineColumn = schemas.Column{Name: "line", Type: schemas.Int, NotNull: true}
)

// missingSince is the one column of a raw table that no source fills.
const missingSince = "missing_since"

// sheet is what the files of one object must hold, and what they may hold.
type sheet struct {
	object  string
	table   string // raw table the rows are for
	columns []column
	oneOf   []string // at least one of these columns must exist
	prefix  string   // of the object's own Ids
	key     int      // column that names the row in a reject; -1 without
	delim   rune
	empty   bool // files of zero bytes are taken as files without rows
	files   []*file
}

// column is one column of a sheet: ours, and the header it is read from.
type column struct {
	schemas.Column
	header   string
	required bool
	id, own  bool // holds Ids; holds the object's own Id
}

// objectSheet is the sheet of a CRM object. renamed maps our column names to those of the files.
func objectSheet(o schemas.Object, renamed map[string]string, wonField string) (*sheet, error) {
	table := o.Table()
	s := &sheet{object: o.Name, table: table.Name, prefix: o.Prefix, key: -1}
	names := newHeaders(renamed)
	if wonField == "" {
		wonField = "Amount"
	}
	for _, c := range table.Columns {
		if c.Name == missingSince {
			continue
		}
		f, _ := o.Field(c.Name)
		mine := column{Column: c, id: f.ID, own: f.ID && c.Name == "Id"}
		mine.header, mine.required = names.of(c.Name)
		mine.required = mine.required || f.Required || c.NotNull
		if c.Name == schemas.WonValue {
			mine.header, mine.required = names.of(wonField)
			mine.required = mine.required || !strings.EqualFold(wonField, "Amount")
		}
		if mine.own {
			s.key = len(s.columns)
		}
		s.columns = append(s.columns, mine)
	}
	return s, names.unused(o.Name)
}

// tableSheet is the sheet of a table that is not the CRM's, such as the directory's members.
func tableSheet(object string, t schemas.Table, needed, oneOf []string, renamed map[string]string) (*sheet, error) {
	s := &sheet{object: object, table: t.Name, oneOf: oneOf, key: -1}
	names := newHeaders(renamed)
	for _, c := range t.Columns {
		mine := column{Column: c}
		mine.header, mine.required = names.of(c.Name)
		mine.required = mine.required || c.NotNull || slices.Contains(needed, c.Name)
		if c.Name == t.Key[0] && c.Type == schemas.Text {
			s.key = len(s.columns)
		}
		s.columns = append(s.columns, mine)
	}
	return s, names.unused(object)
}

// headers looks up configured names without regard to case and remembers which were of use.
type headers struct {
	renamed map[string]string
	used    map[string]bool
}

func newHeaders(renamed map[string]string) headers {
	h := headers{map[string]string{}, map[string]bool{}}
	for ours, theirs := range renamed {
		h.renamed[strings.ToLower(ours)] = theirs
	}
	return h
}

// of gives the header of one of our columns, and whether the configuration named it, which is a promise that it exists.
func (h headers) of(ours string) (string, bool) {
	theirs, ok := h.renamed[strings.ToLower(ours)]
	if !ok {
		return ours, false
	}
	h.used[strings.ToLower(ours)] = true
	return theirs, true
}

func (h headers) unused(object string) error {
	var errs Errors
	for ours := range h.renamed {
		if !h.used[ours] {
			errs = append(errs, &FileError{Problem: fmt.Sprintf("columns: %s has no column %s", object, ours),
				Next: "name a column of the data dictionary on the left: crmlink schema lists them"})
		}
	}
	slices.SortFunc(errs, func(a, b *FileError) int { return strings.Compare(a.Problem, b.Problem) })
	return errs.orNil()
}

// arrow is the schema of the batches: the raw table's columns, then file and line.
func (s *sheet) arrow() *arrow.Schema {
	t := schemas.Table{}
	for _, c := range s.columns {
		t.Columns = append(t.Columns, c.Column)
	}
	t.Columns = append(t.Columns, fileColumn, lineColumn)
	return t.Arrow()
}

// layout says where a sheet's columns are in one file.
type layout struct {
	place   []int // by column of the sheet; -1 where the file lacks it
	width   int
	missing []string // required columns the file lacks, as the user knows them
	absent  []string // optional ones
	unknown []string // headers that are no column of ours
	hint    string   // next step, where the header suggests one
}

// layoutOf finds the columns in a header row. A header that occurs twice is an error: which one is meant cannot be known.
func (s *sheet) layoutOf(header []string) (layout, *FileError) {
	l := layout{place: make([]int, len(s.columns)), width: len(header)}
	at := map[string]int{}
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		if h == "" {
			l.unknown = append(l.unknown, fmt.Sprintf("column %d without a name", i+1))
			continue
		}
		if first, ok := at[h]; ok {
			problem := fmt.Sprintf("columns %d and %d have the same name", first+1, i+1)
			if c := slices.IndexFunc(s.columns, func(c column) bool { return strings.EqualFold(c.header, h) }); c >= 0 {
				problem = fmt.Sprintf("column %s occurs twice", s.columns[c].header)
			}
			return l, &FileError{Problem: problem, Next: "remove or rename one of the two columns"}
		}
		at[h] = i
	}
	claimed := map[int]bool{}
	for i, c := range s.columns {
		place, ok := at[strings.ToLower(c.header)]
		switch {
		case ok:
			l.place[i] = place
			claimed[place] = true
			continue
		case c.required:
			name := c.header
			if !strings.EqualFold(name, c.Name) {
				name += " (for " + c.Name + ")"
			}
			l.missing = append(l.missing, name)
		default:
			l.absent = append(l.absent, c.Name)
		}
		l.place[i] = -1
	}
	for i, h := range header {
		if h = strings.TrimSpace(h); h != "" && !claimed[i] {
			l.unknown = append(l.unknown, h)
		}
	}
	if !slices.ContainsFunc(s.oneOf, func(name string) bool { return !slices.Contains(l.absent, name) }) && len(s.oneOf) > 0 {
		l.missing = append(l.missing, strings.Join(s.oneOf, " or "))
	}
	slices.Sort(l.missing)
	slices.Sort(l.absent)
	slices.Sort(l.unknown)
	if len(header) == 1 && len(l.missing) > 0 {
		for _, d := range delimiters {
			if d.char != s.delim && strings.ContainsRune(header[0], d.char) {
				l.hint = "set the delimiter to " + d.name + ": the header looks like it"
			}
		}
	}
	return l, nil
}

// delimiters are those of the Bulk API, by its names.
var delimiters = []struct {
	name string
	char rune
}{{"BACKQUOTE", '`'}, {"CARET", '^'}, {"COMMA", ','}, {"PIPE", '|'}, {"SEMICOLON", ';'}, {"TAB", '\t'}}

// delimiter reads a configured delimiter: its Bulk API name, or the character itself.
func delimiter(name string) (rune, error) {
	if name == "" {
		return ',', nil
	}
	for _, d := range delimiters {
		if strings.EqualFold(name, d.name) || name == string(d.char) {
			return d.char, nil
		}
	}
	var names []string
	for _, d := range delimiters {
		names = append(names, d.name)
	}
	return 0, &FileError{Problem: fmt.Sprintf("delimiter: %q is none crmlink knows", name), Next: "use one of " + strings.Join(names, ", ")}
}
