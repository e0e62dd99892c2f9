package pipeline

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Question is a record that a person should look at: is it this entity?
type Question struct {
	Object   string `json:"object"`
	CRMID    string `json:"crm_id"`
	Status   string `json:"status"`
	EntityID string `json:"entity_id,omitempty"` // its answer, or its best candidate; empty where it has neither
	Prob     int64  `json:"probability_millionths"`
	Pipeline int64  `json:"open_pipeline"` // open amount on it, whole units of the corporate currency
	ListRows int64  `json:"list_rows"`     // rows of saved and suggested lists
}

// Queue lists what is worth a person's look, the most first: uncertainty times what hangs on it. Records that somebody
// decided, since the run too, are not asked about. No objects means all, 0 no limit.
func (p *Publication) Queue(ctx context.Context, objects []string, most int) ([]Question, error) {
	if len(objects) == 0 {
		objects = []string{schemas.Account, schemas.Contact, schemas.Lead}
	}
	if most <= 0 {
		most = math.MaxInt32
	}
	answered, err := p.decidedSince(ctx)
	if err != nil {
		return nil, fmt.Errorf("review: %w", err)
	}
	if err := p.bind(ctx, "mapping", "candidate", "decision_outcome", "raw_opportunity", "raw_opportunity_contact_role",
		"raw_currency_type", "auto_save", "suggested_lead"); err != nil {
		return nil, fmt.Errorf("review: %w", err)
	}
	all := []Question{}
	err = p.read(ctx, "review_queue", map[string]any{"objects": objects, "answered": answered, "most": int64(most)}, func(r *sql.Rows) error {
		var q Question
		err := r.Scan(&q.Object, &q.CRMID, &q.Status, &q.EntityID, &q.Prob, &q.Pipeline, &q.ListRows)
		all = append(all, q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("review: %w", err)
	}
	return all, nil
}

// decidedSince lists the records with a word that stands and that no run has read.
func (p *Publication) decidedSince(ctx context.Context) ([]string, error) {
	last, err := p.lastRead(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := p.store.Controlled(ctx)
	if err != nil {
		return nil, err
	}
	var since []control.Decision
	for _, d := range stored {
		if d.Seq > last {
			since = append(since, d)
		}
	}
	words, err := p.fold(ctx, since)
	records := []string{}
	for record, w := range words {
		if len(w) > 0 {
			records = append(records, record)
		}
	}
	slices.Sort(records)
	return records, err
}

// fold finds the words that stand of a list of decisions, by the record that they are about.
func (p *Publication) fold(ctx context.Context, decisions []control.Decision) (map[string][]Decision, error) {
	var ids []string
	for _, d := range decisions {
		ids = append(ids, d.EntityID)
	}
	now, err := p.today(ctx, ids...)
	if err != nil {
		return nil, err
	}
	words := map[string][]Decision{}
	for _, c := range decisions {
		d := ofControl(c)
		d.NowID = now[d.EntityID]
		standing := slices.DeleteFunc(words[d.CRMID], d.ends)
		if d.Verdict != "undo" {
			standing = append(standing, d)
		}
		words[d.CRMID] = standing
	}
	return words, nil
}

// reviewColumns are the columns of a review sheet; a person fills in the last three.
var reviewColumns = []string{"object", "crm_id", "name", "about", "status", "candidate_id", "candidate_name", "candidate_about", "probability",
	"second_id", "second_name", "second_about", "open_pipeline", "list_rows", "verdict", "entity_id", "note"}

// WriteReview writes questions as a sheet to be filled in and given to ImportReview: verdict is yes, no, none, or is
// with an entity_id.
func (p *Publication) WriteReview(ctx context.Context, w io.Writer, questions []Question) error {
	out := csv.NewWriter(w)
	out.Write(reviewColumns) //nolint:errcheck // Flush tells
	for _, q := range questions {
		name, about, err := p.recordName(ctx, q.Object, q.CRMID)
		if err != nil {
			return fmt.Errorf("review: %w", err)
		}
		second, err := p.secondOf(ctx, q)
		if err != nil {
			return fmt.Errorf("review: %w", err)
		}
		kind := "member"
		if q.Object == schemas.Account {
			kind = "company"
		}
		names, err := p.entityNames(ctx, kind, []string{q.EntityID, second})
		if err != nil {
			return fmt.Errorf("review: %w", err)
		}
		row := []string{q.Object, q.CRMID, name, about, q.Status, q.EntityID, names[q.EntityID].name, names[q.EntityID].about,
			fmt.Sprintf("%d.%06d", q.Prob/1_000_000, q.Prob%1_000_000), second, names[second].name, names[second].about,
			fmt.Sprint(q.Pipeline), fmt.Sprint(q.ListRows), "", "", ""}
		for _, i := range []int{2, 3, 6, 7, 10, 11} {
			row[i] = Harmless(row[i])
		}
		out.Write(row) //nolint:errcheck // Flush tells
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("review: %w", err)
	}
	return nil
}

// secondOf is the best candidate beside the one that is asked about; empty where there is none.
func (p *Publication) secondOf(ctx context.Context, q Question) (second string, err error) {
	rows, err := p.rows(ctx, schemas.Candidate.Name, []string{"rank", "entity_id"}, q.CRMID)
	best := int64(math.MaxInt64)
	for _, r := range rows {
		if rank := number(r.Int(0)); rank < best && r.Text(1) != q.EntityID {
			best, second = rank, r.Text(1)
		}
	}
	return second, err
}

// ImportReview stores what a person filled in on a review sheet: all of it or, where a cell cannot be used, nothing.
// Rows without a verdict are passed over, and so are those that say what stands already.
func (p *Publication) ImportReview(ctx context.Context, in io.Reader, who Person, at time.Time) (Imported, error) {
	rows, err := readSheet(in, "crm_id", "verdict")
	if err != nil {
		return Imported{}, err
	}
	fault := &SheetError{Next: "correct these cells and import again; a verdict is yes, no, none, or is with an entity_id"}
	var result Imported
	var decisions []control.Decision
	seen := map[string]bool{}
	for _, row := range rows {
		if row.cells["verdict"] == "" {
			result.Skipped++
			continue
		}
		wrong := func(column, problem string) {
			fault.Faults = append(fault.Faults, SheetFault{row.line, column, problem})
		}
		j, column, problem := judgementOf(row)
		if problem == "" && seen[j.CRMID] {
			column, problem = "crm_id", "the record is in the sheet already"
		}
		seen[j.CRMID] = true
		if problem != "" {
			wrong(column, problem)
			continue
		}
		one, err := p.prepare(ctx, j)
		switch {
		case IsInput(err) && one.Object == "":
			wrong("crm_id", "it is no Account, Contact or Lead of the latest run")
		case IsInput(err):
			wrong("entity_id", "the directory of the latest run has no such entity for this object")
		case err != nil:
			return Imported{}, err
		case slices.ContainsFunc(one.standing, func(w Decision) bool {
			return w.CRMID == j.CRMID && w.Verdict == j.Verdict && w.EntityID == j.EntityID
		}):
			result.Known++ // the sheet was imported before
		default:
			decisions = append(decisions, one.signed(p, j, who, at)...)
			result.Stored++
		}
	}
	if len(fault.Faults) > 0 {
		return Imported{}, fault
	}
	if len(decisions) == 0 {
		return result, nil
	}
	act := control.Act{By: who.By, Login: who.Login, At: at, What: "review", Detail: fmt.Sprintf("sheet with %d decisions", result.Stored)}
	_, err = p.store.add(ctx, act, decisions)
	return result, err
}

// judgementOf reads what was filled in: yes and no are about the candidate that was asked about.
func judgementOf(row sheetRow) (j Judgement, column, problem string) {
	j = Judgement{CRMID: row.cells["crm_id"], EntityID: row.cells["entity_id"], Note: readable(row.cells["note"]), Via: "review"}
	full, err := FullID(j.CRMID)
	if err != nil {
		return j, "crm_id", "it is no record Id of 15 or 18 characters"
	}
	j.CRMID = full
	asked := row.cells["candidate_id"]
	switch strings.ToLower(row.cells["verdict"]) {
	case "yes", "y":
		if j.EntityID != "" && j.EntityID != asked {
			return j, "entity_id", "it is another entity than candidate_id: write the verdict is"
		}
		j.Verdict, j.EntityID = "is", asked
	case "no", "n":
		if j.EntityID != "" && j.EntityID != asked {
			return j, "entity_id", "it is another entity than candidate_id: write the verdict is, or is_not"
		}
		j.Verdict, j.EntityID = "is_not", asked
	case "is", "other":
		j.Verdict = "is"
	case "is_not":
		j.Verdict = "is_not"
	case "none":
		j.Verdict = "none"
		if j.EntityID != "" {
			return j, "entity_id", "it must be empty with the verdict none"
		}
		return j, "", ""
	default:
		return j, "verdict", "it is not one of yes, no, none, is, is_not"
	}
	if j.EntityID == "" {
		return j, "entity_id", "it is empty, and the verdict needs one"
	}
	if checkNote(j.Note) != nil {
		return j, "note", fmt.Sprintf("it has more than %d bytes", mostNote)
	}
	return j, "", ""
}
