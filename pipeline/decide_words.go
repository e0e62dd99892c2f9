package pipeline

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Decision is a person's word on a record. Counts says whether it is the one that made the record's answer.
type Decision struct {
	Seq      int64      `json:"seq"`
	Object   string     `json:"object"`
	CRMID    string     `json:"crm_id"`
	Verdict  string     `json:"verdict"`
	EntityID string     `json:"entity_id,omitempty"`
	NowID    string     `json:"now_entity_id,omitempty"` // the entity's id today
	By       string     `json:"by,omitempty"`
	At       *time.Time `json:"at,omitempty"`
	Note     string     `json:"note,omitempty"`
	// Outcome is what became of it in the run, as in table decision_outcome; NotRun where no run has read it yet.
	Outcome string `json:"outcome"`
	BySeq   int64  `json:"by_seq,omitempty"`
	Counts  bool   `json:"made_this_answer"`
}

// NotRun is the outcome of a decision that was made after the publication at hand.
const NotRun = "not_run_yet"

// Conflict says whether it is not applied as it was said, and not because somebody changed his mind.
func (d Decision) Conflict() bool {
	return !slices.Contains([]string{"applied", "replaced", "withdrawn", NotRun, ""}, d.Outcome)
}

// Number is the decision's number where it was stored, and whether that is the control database rather than the file.
func (d Decision) Number() (n int64, controlled bool) { return decisionNumber(d.Seq) }

func decisionNumber(seq int64) (n int64, controlled bool) {
	if seq >= schemas.ControlSeq {
		return seq - schemas.ControlSeq, true
	}
	return seq, false
}

func scanDecision(r *sql.Rows) (d Decision, err error) {
	err = r.Scan(&d.Seq, &d.Object, &d.CRMID, &d.Verdict, &d.EntityID, &d.NowID, &d.Outcome, &d.BySeq, &d.By, &d.At, &d.Note)
	return d, err
}

// ofControl is a decision of the control database that the publication at hand did not read.
func ofControl(c control.Decision) Decision {
	return Decision{Seq: schemas.ControlSeq + c.Seq, Object: c.Object, CRMID: c.CRMID, Verdict: c.Verdict, EntityID: c.EntityID,
		NowID: c.EntityID, By: c.By, At: &c.At, Note: c.Note, Outcome: NotRun}
}

// lastRead is the seq of the last decision of the control database that the run read; 0 for none.
func (p *Publication) lastRead(ctx context.Context) (int64, error) {
	if err := p.bind(ctx, schemas.RawDecision.Name); err != nil {
		return 0, err
	}
	var last int64
	err := p.each(ctx, "SELECT coalesce(max(seq), 0) FROM raw_decision WHERE seq >= $first", map[string]any{"first": int64(schemas.ControlSeq)},
		func(r *sql.Rows) error { return r.Scan(&last) })
	return max(last-schemas.ControlSeq, 0), err
}

// decisionsOn lists what was decided about a record and about those that became it, in order, as of this run.
func (p *Publication) decisionsOn(ctx context.Context, record string) ([]Decision, error) {
	if p.snapshot(schemas.DecisionOutcome.Name).Rows+p.snapshot(schemas.RawDecision.Name).Rows == 0 {
		return nil, nil
	}
	outcomes, err := p.all(ctx, schemas.DecisionOutcome.Name, []string{"seq", "now_crm_id", "now_entity_id", "outcome", "by_seq"})
	if err != nil {
		return nil, err
	}
	became := map[int64]sql.Cells{} // runs of an older crmlink did not say
	for _, o := range outcomes {
		became[number(o.Int(0))] = o
	}
	words, err := p.all(ctx, schemas.RawDecision.Name, []string{"seq", "object", "crm_id", "verdict", "entity_id", "by", "at", "note"})
	if err != nil {
		return nil, err
	}
	var all []Decision
	for _, w := range words {
		o, told := became[number(w.Int(0))]
		if id := w.Text(2); id != record && id != record[:min(len(record), 15)] && !(told && o.Text(1) == record) {
			continue
		}
		d := Decision{Seq: number(w.Int(0)), Object: w.Text(1), CRMID: w.Text(2), Verdict: w.Text(3), EntityID: w.Text(4), NowID: w.Text(4), By: w.Text(5), Note: w.Text(7)}
		if told {
			d.NowID, d.Outcome, d.BySeq = cmp.Or(o.Text(2), d.NowID), o.Text(3), number(o.Int(4))
		}
		if at := w.Int(6); at != nil {
			t := time.UnixMicro(*at).UTC()
			d.At = &t
		}
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Decision) int { return cmp.Compare(a.Seq, b.Seq) })
	return all, nil
}

// today gives directory ids as they are now: those that were replaced lead to another.
func (p *Publication) today(ctx context.Context, ids ...string) (map[string]string, error) {
	now := map[string]string{}
	for _, id := range ids {
		now[id] = id
	}
	if p.snapshot(schemas.RawRedirect.Name).Rows == 0 {
		return now, nil
	}
	if err := p.bind(ctx, schemas.RawRedirect.Name); err != nil {
		return nil, err
	}
	f, err := sql.Named("resolve/redirected")
	if err != nil {
		return nil, err
	}
	return now, p.each(ctx, "SELECT old_id, new_id FROM (\n"+f.Text+"\n) WHERE old_id IN (SELECT unnest($ids))", map[string]any{"ids": ids},
		func(r *sql.Rows) error {
			var old, id string
			err := r.Scan(&old, &id)
			now[old] = id
			return err
		})
}

// standingOn are the words about a record, and about those that became it, which nobody has taken back or replaced:
// those of the run, and after them those that no run has read yet.
func (p *Publication) standingOn(ctx context.Context, record string) ([]Decision, error) {
	db, err := control.OpenIfThere(ctx, p.store.Dir)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	known, err := p.decisionsOn(ctx, record)
	if err != nil {
		return nil, err
	}
	last, err := p.lastRead(ctx)
	if err != nil {
		return nil, err
	}
	records := []string{record}
	var standing []Decision
	for _, d := range known {
		if !slices.Contains(records, d.CRMID) {
			records = append(records, d.CRMID)
		}
		if d.Verdict != "undo" && d.Outcome != "replaced" && d.Outcome != "withdrawn" {
			standing = append(standing, d)
		}
	}
	for _, id := range records {
		more, err := db.About(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, c := range more {
			if c.Seq <= last {
				continue
			}
			d := ofControl(c)
			now, err := p.today(ctx, d.EntityID)
			if err != nil {
				return nil, err
			}
			d.NowID = now[d.EntityID]
			standing = slices.DeleteFunc(standing, func(w Decision) bool { return w.CRMID == d.CRMID && d.ends(w) })
			if d.Verdict != "undo" {
				standing = append(standing, d)
			}
		}
	}
	return standing, nil
}

// ends says whether an earlier word about the same record no longer stands after this one.
func (d Decision) ends(earlier Decision) bool {
	sameEntity := d.EntityID != "" && earlier.EntityID != "" && d.NowID == earlier.NowID
	if d.Verdict == "undo" {
		return d.EntityID == "" || sameEntity
	}
	return sameEntity || d.isAnswer() && earlier.isAnswer()
}

func (d Decision) isAnswer() bool { return d.Verdict == "is" || d.Verdict == "none" }

// denies says whether two words cannot both be applied to one record.
func (d Decision) denies(other Decision) bool {
	same := d.NowID == other.NowID && d.EntityID != "" && other.EntityID != ""
	if d.isAnswer() && other.isAnswer() {
		return !same && (d.Verdict == "is" || other.Verdict == "is")
	}
	return same && d.Verdict != other.Verdict
}
