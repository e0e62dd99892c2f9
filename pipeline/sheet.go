package pipeline

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// sheetRow is one row of a sheet that a person filled in.
type sheetRow struct {
	line  int
	cells map[string]string // by column, in lower case
}

// SheetError names every cell of a sheet that cannot be used: its line, its column and what is wrong, never its value.
// Nothing of such a sheet is taken.
type SheetError struct {
	Faults []SheetFault
	Next   string
}

// SheetFault is one of them. Column is empty where the whole line is at fault.
type SheetFault struct {
	Line    int    `json:"line"`
	Column  string `json:"column,omitempty"`
	Problem string `json:"problem"`
}

const mostFaults = 20

func (e *SheetError) Error() string {
	lines := []string{fmt.Sprintf("%d cells cannot be used; nothing was stored", len(e.Faults))}
	if len(e.Faults) == 1 {
		lines[0] = "1 cell cannot be used; nothing was stored"
	}
	for n, f := range e.Faults {
		if n == mostFaults {
			lines = append(lines, fmt.Sprintf("  and %d more", len(e.Faults)-n))
			break
		}
		at := fmt.Sprintf("  line %d", f.Line)
		if f.Column != "" {
			at += ", " + f.Column
		}
		lines = append(lines, at+": "+f.Problem)
	}
	return strings.Join(lines, "\n")
}

// Try is the next step.
func (e *SheetError) Try() string { return e.Next }

// Input marks the fault as the user's input.
func (e *SheetError) Input() bool { return true }

// readSheet reads CSV with a header row. Programs that fill in sheets separate cells with commas, semicolons or tabs, and
// may begin with a byte order mark. Columns it does not know are left alone.
func readSheet(in io.Reader, needed ...string) ([]sheetRow, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read sheet: %w", err)
	}
	next := "write a header row with at least " + strings.Join(needed, ", ")
	if !utf8.Valid(data) {
		return nil, &InputError{Problem: "the sheet is not UTF-8", Next: "save it as CSV UTF-8"}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	head, _, _ := bytes.Cut(data, []byte("\n"))
	reader := csv.NewReader(bytes.NewReader(data))
	for _, separator := range ";\t" {
		if bytes.ContainsRune(head, separator) && !bytes.ContainsRune(head, ',') {
			reader.Comma = separator
		}
	}
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, &InputError{Problem: "the sheet is empty", Next: next}
	}
	columns := []string{}
	for _, name := range header {
		columns = append(columns, strings.ToLower(strings.TrimSpace(name)))
	}
	for _, name := range needed {
		if err == nil && !slices.Contains(columns, name) {
			return nil, &InputError{Problem: "the sheet has no column " + name, Next: next}
		}
	}
	var rows []sheetRow
	for err == nil {
		var cells []string
		if cells, err = reader.Read(); err != nil {
			break
		}
		line, _ := reader.FieldPos(0)
		row := sheetRow{line, map[string]string{}}
		filled := false
		for i, c := range cells {
			row.cells[columns[i]] = strings.TrimSpace(c)
			filled = filled || row.cells[columns[i]] != ""
		}
		if filled {
			rows = append(rows, row)
		}
	}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return nil, &SheetError{Faults: []SheetFault{{Line: parse.Line, Problem: parse.Err.Error()}}, Next: "correct the quotes or the number of cells on that line"}
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read sheet: %w", err)
	}
	return rows, nil
}

// Harmless makes a cell text for every spreadsheet: one that begins with = + - @ or a tab or carriage return would be
// run as a formula, so it gets a ' in front, as OWASP advises. Some spreadsheets cut blanks and line breaks off first,
// and take the full-width forms of these characters for the ASCII ones. readable is the way back.
func Harmless(text string) string {
	if isFormula(strings.TrimLeft(text, "'")) {
		return "'" + text
	}
	return text
}

func readable(cell string) string {
	if rest, quoted := strings.CutPrefix(cell, "'"); quoted && isFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

func isFormula(text string) bool {
	bare := strings.TrimLeft(text, " \n\u00a0\ufeff")
	for _, begin := range []string{"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(text, begin) || strings.HasPrefix(bare, begin) {
			return true
		}
	}
	return false
}
