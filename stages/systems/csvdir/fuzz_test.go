package csvdir

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
)

// FuzzCSV: whatever a file of records holds, reading it ends with every row accounted for, or with an error that names
// the file and holds nothing of what the file says.
func FuzzCSV(f *testing.F) {
	dir := f.TempDir()
	object, _ := schemas.ObjectNamed(schemas.Account)
	f.Fuzz(func(t *testing.T, data []byte, packed bool, delim byte) {
		sh, err := objectSheet(object, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		sh.delim = delimiters[int(delim)%len(delimiters)].char
		checkReading(t, dir, sh, data, packed)
	})
}

// FuzzDirectory: the same for the files of companies and members, whose cells may be lists.
func FuzzDirectory(f *testing.F) {
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, members, packed bool) {
		list := userLists[0]
		if members {
			list = userLists[1]
		}
		sh, err := tableSheet(list.object, list.table, list.needed, list.oneOf, nil)
		if err != nil {
			t.Fatal(err)
		}
		sh.delim = ','
		checkReading(t, dir, sh, data, packed)
	})
}

// fuzzed is what reading one file gave: the rows that were kept by line, each as its cells by column, and the lines of
// those that were not.
type fuzzed struct {
	kept     map[int64]map[string]string
	lists    map[int64]map[string][]string
	rejected map[int64]string // reasons
	given    int64
	log      map[string]string
}

func checkReading(t *testing.T, dir string, sh *sheet, data []byte, packed bool) {
	name := sh.object + ".csv"
	stored := data
	if packed {
		name += ".gz"
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(data); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		stored = b.Bytes()
	}
	place := filepath.Join(dir, fmt.Sprintf("%d-%s", os.Getpid(), name))
	if err := os.WriteFile(place, stored, 0o600); err != nil {
		t.Fatal(err)
	}
	got := fuzzed{kept: map[int64]map[string]string{}, lists: map[int64]map[string][]string{}, rejected: map[int64]string{}, log: map[string]string{}}
	err := sh.read(context.Background(), &file{name: name, place: place}, nil, nil, got.take, func(int64, int64) {})
	if err != nil {
		checkFault(t, err, name, data)
		return
	}
	in := fmt.Sprint(got.given + int64(len(got.rejected)))
	if got.log["rows_in"] != in || got.log["rejected"] != fmt.Sprint(len(got.rejected)) || len(got.kept) != int(got.given) {
		t.Errorf("log %v, but %d rows given and %d rejected", got.log, got.given, len(got.rejected))
	}
	sum := sha256.Sum256(stored)
	if got.log["sha256"] != hex.EncodeToString(sum[:]) || got.log["bytes"] != fmt.Sprint(len(stored)) {
		t.Errorf("the log has another hash or size than the file: %v", got.log)
	}
	got.compare(t, sh, data)
}

func (g *fuzzed) take(table string, b arrow.RecordBatch) error {
	text := func(column, row int) string {
		if b.Column(column).IsNull(row) {
			return ""
		}
		return b.Column(column).ValueStr(row)
	}
	for row := range int(b.NumRows()) {
		cells, lists := map[string]string{}, map[string][]string{}
		for i, c := range b.Schema().Fields() {
			cells[c.Name] = text(i, row)
			if l, ok := b.Column(i).(*array.List); ok && !l.IsNull(row) {
				from, to := l.ValueOffsets(row)
				for k := from; k < to; k++ {
					lists[c.Name] = append(lists[c.Name], l.ListValues().(*array.String).Value(int(k)))
				}
			}
		}
		var line int64
		_, _ = fmt.Sscan(cells["line"], &line)
		switch table {
		case schemas.ExtractLog.Name:
			g.log = cells
		case schemas.Reject.Name:
			if g.rejected[line] != "" {
				return fmt.Errorf("line %d is rejected twice", line)
			}
			g.rejected[line] = cells["reason"]
		default:
			g.kept[line], g.lists[line] = cells, lists
			g.given++
		}
	}
	return nil
}

var reasons = []string{badID, idOfOther, missingID, badNumber, badDate, badTime, badBoolean, badCellNumber}

// compare holds what was read against a plain reading of the same text: each row is kept or rejected where it stands, and
// what is kept says what its cells say.
func (g *fuzzed) compare(t *testing.T, sh *sheet, data []byte) {
	plain := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	plain.Comma, plain.FieldsPerRecord = sh.delim, -1
	header, err := plain.Read()
	if err != nil {
		t.Fatalf("was read, and has no header: %v", err)
	}
	at := map[string]int{}
	for i, h := range header {
		at[strings.ToLower(strings.TrimSpace(h))] = i
	}
	for rows := 0; ; rows++ {
		record, err := plain.Read()
		if err == io.EOF {
			if rows != len(g.kept)+len(g.rejected) {
				t.Errorf("%d rows, %d kept and %d rejected", rows, len(g.kept), len(g.rejected))
			}
			return
		} else if err != nil {
			t.Fatalf("was read, and is no CSV: %v", err)
		}
		line, _ := plain.FieldPos(0)
		reason, rejected := g.rejected[int64(line)]
		row, kept := g.kept[int64(line)]
		if kept == rejected {
			t.Fatalf("line %d: kept %t, rejected %t", line, kept, rejected)
		}
		if rejected {
			if !slices.Contains(reasons, reason) {
				t.Errorf("line %d: reason %q", line, reason)
			}
			continue
		}
		for _, c := range sh.columns {
			cell := ""
			if i, ok := at[strings.ToLower(c.header)]; ok {
				cell = record[i]
			}
			g.compareCell(t, int64(line), c, cell, row[c.Name])
		}
	}
}

func (g *fuzzed) compareCell(t *testing.T, line int64, c column, cell, got string) {
	want := cell
	switch {
	case c.id && cell != "":
		want, _ = schemas.FullID(cell)
		fallthrough
	case c.Type == schemas.Text:
		if got != want {
			t.Errorf("line %d, %s: %q is kept as %q", line, c.Name, cell, got)
		}
	case c.Type == schemas.TextList:
		list := g.lists[line][c.Name]
		for _, member := range list {
			if member == "" || member != strings.TrimSpace(member) || strings.Contains(member, "|") {
				t.Errorf("line %d, %s: %q has the member %q", line, c.Name, cell, member)
			}
		}
		if letters(strings.Join(list, "")) != letters(cell) || !slices.Equal(slices.Collect(parseList(strings.Join(list, "|"))), list) {
			t.Errorf("line %d, %s: %q is kept as %q", line, c.Name, cell, list)
		}
	default:
		if (cell == "") != (got == "") {
			t.Errorf("line %d, %s: %q is kept as %q", line, c.Name, cell, got)
		}
	}
}

// letters is a text without what a list is divided and padded by.
func letters(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '|' || strings.TrimSpace(string(r)) == "" }), "")
}

// faults is all that the errors of a file may say: our own words, our names of columns and objects, and numbers.
var faults = func() *regexp.Regexp {
	var names []string
	for _, o := range schemas.Objects {
		names = append(names, o.Name)
		names = append(names, o.Table().ColumnNames()...)
	}
	for _, l := range userLists {
		names = append(names, l.table.ColumnNames()...)
	}
	name := "(" + strings.Join(names, "|") + ")"
	list := name + "(, " + name + "| and " + name + "| or " + name + ")*"
	return regexp.MustCompile(`^(the file is empty: it has no header row` +
		`|no columns? ` + list +
		`|column ` + name + ` occurs twice` +
		`|columns [0-9]+ and [0-9]+ have the same name` +
		`|a quote inside a cell that is not quoted` +
		`|text after the quote that ends a cell` +
		`|unfinished quote: the row that starts here has a cell whose quote is never closed` +
		`|a NUL byte: this is no text file, or UTF-16` +
		`|not UTF-8` +
		`|holds (Ids of another object|` + name + ` Ids), not ` + name + ` Ids, in [0-9]+ of its first [0-9]+ rows)$`)
}()

func checkFault(t *testing.T, err error, name string, data []byte) {
	var bad *FileError
	if !errors.As(err, &bad) {
		t.Fatalf("error %v", err)
	}
	if bad.File != name || bad.Next == "" || bad.Line < 0 || bad.Line > bytes.Count(data, []byte("\n"))+1 {
		t.Errorf("error %+v of %d lines", bad, bytes.Count(data, []byte("\n"))+1)
	}
	if !faults.MatchString(bad.Problem) {
		t.Errorf("the error may say what the file says: %q", bad.Problem)
	}
}

// FuzzPacked: bytes that are given out as gzip are unpacked, or refused with the file's name.
func FuzzPacked(f *testing.F) {
	f.Add([]byte(gzipped(f, accountHeader+account("001M000000qfPyS", "1E5,2,x"))))
	f.Add([]byte(gzipped(f, accountHeader))[:20])
	f.Add([]byte{})
	dir := f.TempDir()
	object, _ := schemas.ObjectNamed(schemas.Account)
	f.Fuzz(func(t *testing.T, data []byte) {
		place := filepath.Join(dir, fmt.Sprintf("%d.csv.gz", os.Getpid()))
		if err := os.WriteFile(place, data, 0o600); err != nil {
			t.Fatal(err)
		}
		sh, err := objectSheet(object, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		sh.delim = ','
		var bad *FileError
		err = sh.read(context.Background(), &file{name: "Account.csv.gz", place: place}, nil, nil, func(string, arrow.RecordBatch) error { return nil }, func(int64, int64) {})
		if err != nil && (!errors.As(err, &bad) || bad.File != "Account.csv.gz" || bad.Next == "" ||
			bad.Problem != "not a whole, readable gzip file" && !faults.MatchString(bad.Problem)) {
			t.Errorf("error %v", err)
		}
	})
}
