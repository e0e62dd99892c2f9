package simulator

import "strings"

// oddities changes what the CSV of an object says in text fields, row by row in turn: a NUL byte; letters of several bytes,
// so that buffers end in the middle of one; 32 KB with CR LF; text that is exactly N/A, NULL, null or #N/A; spaces at both
// ends, quotes and delimiters; a formula of a spreadsheet. Whole numbers become 1.0 instead of 1 in every third row.
type oddities struct {
	kinds []string // by column; empty where nothing is done
	row   int
	off   bool
}

func newOddities(object, of string, columns []path) *oddities {
	o := &oddities{off: object == "" || !strings.EqualFold(object, of), row: -1}
	for i := range columns {
		kind := ""
		if f := columns[i].field; len(columns[i].steps) == 0 {
			switch {
			case f.kind == "int" || f.kind == "double":
				kind = "number"
			case f.name == "Description" || f.name == "Title" || f.name == "Department":
				kind = "text"
			}
		}
		o.kinds = append(o.kinds, kind)
	}
	return o
}

var strange = []string{
	"before\x00after", strings.Repeat("ß字🙂", 2000), strings.Repeat("line of a long text, with \"quotes\"\r\n", 900), "N/A", "NULL", "null", "#N/A",
	"  blanks at both ends  ", "`^,|;\t\"'\n", "=1+1",
}

func (o *oddities) value(column int, value string) string {
	if o.off {
		return value
	}
	if column == 0 {
		o.row++
	}
	switch o.kinds[column] {
	case "text":
		return strange[(o.row+column)%len(strange)]
	case "number":
		if o.row%3 == 0 && value != "" && !strings.ContainsAny(value, ".eE") {
			return value + ".0"
		}
	}
	return value
}
