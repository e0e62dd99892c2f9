package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Decisions lists what people decided: all that the run read, with what became of it, and what was decided since.
func (p *Publication) Decisions(ctx context.Context) ([]Decision, error) {
	if err := p.bind(ctx, schemas.DecisionOutcome.Name, schemas.RawDecision.Name); err != nil {
		return nil, fmt.Errorf("decisions: %w", err)
	}
	all := []Decision{}
	if err := p.read(ctx, "decision_list", nil, func(r *sql.Rows) error {
		d, err := scanDecision(r)
		all = append(all, d)
		return err
	}); err != nil {
		return nil, fmt.Errorf("decisions: %w", err)
	}
	last, err := p.lastRead(ctx)
	if err != nil {
		return nil, fmt.Errorf("decisions: %w", err)
	}
	stored, err := p.store.Controlled(ctx)
	for _, c := range stored {
		if c.Seq > last {
			all = append(all, ofControl(c))
		}
	}
	return all, err
}

// Controlled lists the decisions of the control database, whatever runs have read of them.
func (s Store) Controlled(ctx context.Context) ([]control.Decision, error) {
	db, err := control.OpenIfThere(ctx, s.Dir)
	if err != nil || db == nil {
		return nil, err
	}
	defer db.Close()
	return db.Decisions(ctx)
}

// ControlLog lists who changed what in the control database, and when.
func (s Store) ControlLog(ctx context.Context) ([]control.Logged, error) {
	db, err := control.OpenIfThere(ctx, s.Dir)
	if err != nil || db == nil {
		return []control.Logged{}, err
	}
	defer db.Close()
	return db.Log(ctx)
}

// WriteDecisions writes the decisions of the control database in the form of the file decisions.csv, which
// ImportDecisions reads again, into this store or another. Notes and names that a spreadsheet would run as a formula
// begin with a ' there.
func WriteDecisions(w io.Writer, decisions []control.Decision) error {
	out := csv.NewWriter(w)
	out.Write(schemas.RawDecision.ColumnNames()) //nolint:errcheck // Flush tells
	for _, d := range decisions {
		out.Write([]string{fmt.Sprint(d.Seq), d.Object, d.CRMID, d.Verdict, d.EntityID, Harmless(d.By), //nolint:errcheck // Flush tells
			d.At.UTC().Format(time.RFC3339Nano), Harmless(d.Note)})
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("export decisions: %w", err)
	}
	return nil
}

// Imported says what an import of decisions did.
type Imported struct {
	Stored  int `json:"stored"`
	Known   int `json:"known"`   // rows that the control database holds already
	Skipped int `json:"skipped"` // rows of a review sheet without a verdict
}

// ImportDecisions stores a file in the form of decisions.csv: all of it or, where a cell cannot be used, nothing. Rows
// count in the order of seq where every row has one, else in that of the file. Rows that are stored already, with the
// same time, are passed over, so that a file may be imported twice. Whether records and entities exist is not asked:
// the next run lists what cannot be applied.
func (s Store) ImportDecisions(ctx context.Context, in io.Reader, who Person, at time.Time) (Imported, error) {
	sum := sha256.New()
	rows, err := readSheet(io.TeeReader(in, sum), "crm_id", "verdict")
	if err != nil {
		return Imported{}, err
	}
	fault := &SheetError{Next: "correct these cells and import again; crmlink schema raw_decision says what each column holds"}
	var decisions []control.Decision
	ordered := true
	for _, row := range rows {
		d, faults := decisionOf(row, who, at)
		for i := range faults {
			faults[i].Line = row.line
		}
		fault.Faults = append(fault.Faults, faults...)
		ordered = ordered && d.Seq > 0
		decisions = append(decisions, d)
	}
	if len(fault.Faults) > 0 {
		return Imported{}, fault
	}
	if ordered {
		slices.SortStableFunc(decisions, func(a, b control.Decision) int { return int(min(max(a.Seq-b.Seq, -1), 1)) })
	}
	stored, err := s.Controlled(ctx)
	if err != nil {
		return Imported{}, fmt.Errorf("import decisions: %w", err)
	}
	known := map[control.Decision]bool{}
	for _, d := range stored {
		known[wordOf(d)] = true
	}
	fresh := slices.DeleteFunc(slices.Clone(decisions), func(d control.Decision) bool { return known[wordOf(d)] })
	result := Imported{Stored: len(fresh), Known: len(decisions) - len(fresh)}
	if len(fresh) == 0 {
		return result, nil
	}
	act := control.Act{By: who.By, Login: who.Login, At: at, What: "import",
		Detail: fmt.Sprintf("%d decisions stored, %d known, file %s", result.Stored, result.Known, hex.EncodeToString(sum.Sum(nil))[:16])}
	_, err = s.add(ctx, act, fresh)
	return result, err
}

// wordOf is a decision without what the database added.
func wordOf(d control.Decision) control.Decision {
	d.Seq, d.Via, d.Run, d.At = 0, "", "", d.At.UTC().Truncate(time.Microsecond)
	return d
}

// decisionOf reads one row. Faults name columns, never values.
func decisionOf(row sheetRow, who Person, at time.Time) (d control.Decision, faults []SheetFault) {
	wrong := func(column, problem string) {
		faults = append(faults, SheetFault{Column: column, Problem: problem})
	}
	d = control.Decision{Object: row.cells["object"], Verdict: strings.ToLower(row.cells["verdict"]), EntityID: row.cells["entity_id"],
		By: readable(row.cells["by"]), At: at, Note: readable(row.cells["note"]), Via: "import"}
	var err error
	if d.CRMID, err = FullID(row.cells["crm_id"]); err != nil {
		wrong("crm_id", "it is no record Id of 15 or 18 characters")
	}
	object := objectOfID(d.CRMID)
	switch {
	case d.CRMID == "":
	case object == "":
		wrong("crm_id", "it is not the Id of an Account, Contact or Lead")
	case d.Object == "":
		d.Object = object
	case !strings.EqualFold(d.Object, object):
		wrong("object", "the Id in crm_id is that of another object")
	default:
		d.Object = object
	}
	switch d.Verdict {
	case "is", "is_not":
		if d.EntityID == "" {
			wrong("entity_id", "it is empty, and the verdict needs one")
		}
	case "none":
		if d.EntityID != "" {
			wrong("entity_id", "it must be empty with the verdict none")
		}
	case "undo":
	default:
		wrong("verdict", "it is not one of is, is_not, none, undo")
	}
	if d.By == "" {
		d.By = who.By
	}
	if text := row.cells["at"]; text != "" {
		if d.At, err = parseTime(text); err != nil {
			wrong("at", "it is no time such as 2026-10-01T12:00:00Z")
		}
	}
	if text := row.cells["seq"]; text != "" {
		if d.Seq, err = strconv.ParseInt(text, 10, 64); err != nil || d.Seq <= 0 {
			wrong("seq", "it is no whole number above 0")
		}
	}
	if checkNote(d.Note) != nil {
		wrong("note", fmt.Sprintf("it has more than %d bytes", mostNote))
	}
	return d, faults
}

func objectOfID(id string) string {
	for _, name := range []string{schemas.Account, schemas.Contact, schemas.Lead} {
		if o, ok := schemas.ObjectNamed(name); ok && strings.HasPrefix(id, o.Prefix) {
			return name
		}
	}
	return ""
}

func parseTime(text string) (time.Time, error) {
	var at time.Time
	var err error
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.000Z0700", time.DateTime, time.DateOnly} {
		if at, err = time.Parse(form, text); err == nil {
			return at.UTC().Truncate(time.Microsecond), nil
		}
	}
	return at, err
}
