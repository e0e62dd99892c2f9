package extract

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// InspectIn is what an inspection looks at: what a run read, beside what the last publication was made of.
type InspectIn struct {
	// After are the raw tables as read, Before those of the last publication; there are none before the first.
	After  map[string]sql.Snapshot `json:"after"`
	Before map[string]sql.Snapshot `json:"before,omitempty"`
	// Overruled are rows read that are not in After, because an equally new version in Before won.
	Overruled map[string]sql.Snapshot `json:"overruled,omitempty"`
	// Log and Rejects are of this extraction, BeforeLog is the extract_log of the last publication.
	Log       sql.Snapshot `json:"extract_log"`
	BeforeLog sql.Snapshot `json:"before_extract_log"`
	Rejects   sql.Snapshot `json:"reject"`
	Counts    []Count      `json:"counts"`
	// GoneMicros is the share of an object, in millionths, of which more may not disappear at once.
	GoneMicros int64 `json:"gone_micros"`
}

// InspectOut is what looks like an accident rather than like a day's work.
type InspectOut struct {
	Findings []Finding `json:"findings,omitempty"`
}

// Finding is one accident of one object. Its detail has names and counts, never a value.
type Finding struct {
	Check  string `json:"check"`
	Object string `json:"object"`
	Column string `json:"column,omitempty"`
	Detail string `json:"detail"`
}

// The names of the accidents that Inspect looks for.
const (
	EmptyObject         = "empty_object"
	RecordsGone         = "records_gone"
	ShiftedColumns      = "shifted_columns"
	EmptiedColumn       = "emptied_column"
	WrongEncoding       = "wrong_encoding"
	DuplicatedDirectory = "duplicated_directory"
)

// Inspections lists these names in the order in which findings are told.
var Inspections = []string{EmptyObject, RecordsGone, ShiftedColumns, EmptiedColumn, WrongEncoding, DuplicatedDirectory}

// Inspect looks for accidents in what was read, before any work is spent on it. It judges by what changed since the
// last publication, so that data which always was odd stops nothing; on a first run by what no org looks like. An
// object that did not change is not looked at. Of large objects a sample is compared, chosen by the records' Ids.
func Inspect(ctx context.Context, s *sql.Session, in InspectIn) (InspectOut, error) {
	i := &inspection{ctx: ctx, session: s, in: in}
	if err := i.start(); err != nil {
		return InspectOut{}, fmt.Errorf("inspect: %w", err)
	}
	for _, subject := range subjects() {
		if err := i.look(subject); err != nil {
			return InspectOut{}, fmt.Errorf("inspect %s: %w", subject.object, err)
		}
	}
	if err := i.lookAtFiles(); err != nil {
		return InspectOut{}, fmt.Errorf("inspect: %w", err)
	}
	slices.SortStableFunc(i.findings, func(a, b Finding) int {
		return slices.Index(Inspections, a.Check) - slices.Index(Inspections, b.Check)
	})
	return InspectOut{Findings: i.findings}, nil
}

// inspection is an Inspect on its way.
type inspection struct {
	ctx      context.Context
	session  *sql.Session
	in       InspectIn
	findings []Finding
	share    int // of 64 parts of the subject at hand that are compared
}

func (i *inspection) find(check, object, column, format string, args ...any) {
	i.findings = append(i.findings, Finding{check, object, column, fmt.Sprintf(format, args...)})
}

// subject is an object or list and what is looked at of it.
type subject struct {
	object   string
	table    schemas.Table
	mirrored bool
	// whole subjects are known record by record, so that a share of them can be gone. Of the others (helper objects,
	// seats, activities, redirects) rows come and go with the work; only that all are gone is no work.
	whole bool
	// text says that the values are looked at.
	text bool
}

func subjects() []subject {
	var all []subject
	for _, o := range schemas.Objects {
		all = append(all, subject{object: o.Name, table: o.Table(), mirrored: true, whole: !o.Helper, text: !o.Helper})
	}
	for _, l := range userLists {
		directory := isDirectory(l.object)
		all = append(all, subject{object: l.object, table: l.table, whole: directory || l.object == "decision",
			text: directory || l.object == "seat"})
	}
	return all
}

func isDirectory(object string) bool { return object == "company" || object == "member" }

// tables are the subject's rows before and after.
func (i *inspection) tables(s subject) (before, after sql.Snapshot) {
	before, after = sql.Empty(s.table.Name), sql.Empty(s.table.Name)
	if snap, ok := i.in.Before[s.table.Name]; ok {
		before = snap
	}
	if snap, ok := i.in.After[s.table.Name]; ok {
		after = snap
	}
	return before, after
}

// start binds what several questions read, and refuses a first run without anything to work with.
func (i *inspection) start() error {
	redirects := sql.Empty(schemas.RawRedirect.Name)
	if snap, ok := i.in.After[redirects.Table]; ok {
		redirects = snap
	}
	if err := i.session.Bind(i.ctx, redirects); err != nil {
		return err
	}
	if len(i.in.Before) > 0 {
		return nil
	}
	for _, together := range [][]string{{schemas.Account, schemas.Contact, schemas.Lead}, {"company", "member"}} {
		rows := int64(0)
		for _, s := range subjects() {
			if slices.Contains(together, s.object) {
				_, after := i.tables(s)
				rows += after.Rows
			}
		}
		if rows == 0 {
			i.find(EmptyObject, strings.Join(together, ", "), "", "none of them has a record")
		}
	}
	return nil
}

// look asks everything about one subject.
func (i *inspection) look(s subject) error {
	before, after := i.tables(s)
	if before.ID == after.ID && i.in.Overruled[s.table.Name].Rows == 0 {
		return nil
	}
	if before.Rows > 0 {
		if err := i.lookForGone(s, before, after); err != nil {
			return err
		}
	}
	if !s.text || after.Rows == 0 {
		return nil
	}
	share := sampleShare(max(before.Rows, after.Rows))
	if err := i.bindSample(s, share, before, after); err != nil {
		return err
	}
	if err := i.lookAtValues(s, before.Rows > 0); err != nil {
		return err
	}
	if isDirectory(s.object) {
		return i.lookForRepeats(s, before, after)
	}
	return nil
}

// rows runs a file of this stage over relations and hands each row to scan.
func (i *inspection) rows(file string, scan func(*sql.Rows) error, relations ...relation) error {
	query, err := text(file)
	if err != nil {
		return err
	}
	if len(relations) > 0 {
		query = over(query, relations...)
	}
	rows, err := i.session.Query(i.ctx, query, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return rows.Err()
}

// exceeds says whether n of many is more than a share in millionths, exactly.
func exceeds(n, many, micros int64) bool { return n > 0 && n*1_000_000 > many*micros }
