package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Person is who decides: By answers for it, Login was logged in at the machine.
type Person struct{ By, Login string }

// Judgement is what a person says about one record.
type Judgement struct {
	CRMID    string // 15 or 18 characters
	Verdict  string // is, is_not, none or undo
	EntityID string
	Note     string
	Via      string // decide, review or import
}

// Decided is a judgement that was stored, with what it means.
type Decided struct {
	Run        string `json:"run"` // the publication it was checked against
	Object     string `json:"object"`
	CRMID      string `json:"crm_id"`
	Name       string `json:"name"`
	Verdict    string `json:"verdict"`
	EntityID   string `json:"entity_id,omitempty"`
	EntityName string `json:"entity_name,omitempty"`
	Seq        int64  `json:"number"` // in the control database
	Now        string `json:"now"`    // the record's answer in the publication
	Then       string `json:"then"`   // what changes at the next run
	// TakenBack are earlier decisions that this one ends by taking them back: those of records that became this one.
	TakenBack []Decision `json:"taken_back,omitempty"`
}

// mostNote is the longest note, in bytes.
const mostNote = 10_000

// Decide checks a judgement against the publication and stores it in the control database. The next run, also one
// with --decisions, applies it. It takes no lock: a run that is on has read its decisions already.
func (p *Publication) Decide(ctx context.Context, j Judgement, who Person, at time.Time) (Decided, error) {
	r, err := p.prepare(ctx, j)
	if err != nil {
		return r.Decided, err
	}
	if err := errors.Join(p.explainNames(ctx, &r.record), p.explainEntities(ctx, &r.record)); err != nil {
		return r.Decided, fmt.Errorf("decide: %w", err)
	}
	d := r.Decided
	d.Name = r.record.Name
	if d.Now, d.Then, err = p.nowAndThen(ctx, r.record, r.said, d.EntityName); err != nil {
		return d, fmt.Errorf("decide: %w", err)
	}
	act := control.Act{By: who.By, Login: who.Login, At: at, What: j.Via, Detail: fmt.Sprintf("%s %s %s", j.Verdict, d.Object, d.CRMID)}
	seqs, err := p.store.add(ctx, act, r.signed(p, j, who, at))
	if err != nil {
		return d, fmt.Errorf("decide: %w", err)
	}
	d.Seq = seqs[len(seqs)-1]
	return d, nil
}

// prepared is a judgement that was checked against the publication and can be stored.
type prepared struct {
	Decided
	record   Explanation // the record's answer, without names
	said     Decision
	standing []Decision
	rows     []control.Decision
}

func (r prepared) signed(p *Publication, j Judgement, who Person, at time.Time) []control.Decision {
	for i := range r.rows {
		r.rows[i].By, r.rows[i].At, r.rows[i].Note, r.rows[i].Via, r.rows[i].Run = who.By, at, j.Note, j.Via, p.Record.ID
	}
	return r.rows
}

// add stores decisions; the first ones make the database.
func (s Store) add(ctx context.Context, act control.Act, decisions []control.Decision) ([]int64, error) {
	db, err := control.Open(ctx, s.Dir)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return db.Add(ctx, act, decisions...)
}

// prepare checks that the record and the entity exist, and finds what has to be stored.
func (p *Publication) prepare(ctx context.Context, j Judgement) (prepared, error) {
	full, err := FullID(j.CRMID)
	if err != nil {
		return prepared{}, err
	}
	if err := checkNote(j.Note); err != nil {
		return prepared{}, err
	}
	r := prepared{record: Explanation{Run: p.Record.ID, CRMID: full}}
	if found, err := p.explainAnswer(ctx, &r.record); err != nil {
		return r, fmt.Errorf("decide: %w", err)
	} else if !found {
		return r, notInMapping(full)
	}
	object := r.record.Object
	r.Decided = Decided{Run: p.Record.ID, Object: object, CRMID: full, Verdict: j.Verdict, EntityID: j.EntityID}
	now, err := p.today(ctx, j.EntityID)
	if err != nil {
		return r, fmt.Errorf("decide: %w", err)
	}
	if j.Verdict == "is" || j.Verdict == "is_not" {
		if r.EntityName, err = p.knownEntity(ctx, object, j.EntityID, now[j.EntityID]); err != nil {
			return r, err
		}
	}
	if r.standing, err = p.standingOn(ctx, full); err != nil {
		return r, fmt.Errorf("decide: %w", err)
	}
	r.said = Decision{Object: object, CRMID: full, Verdict: j.Verdict, EntityID: j.EntityID, NowID: now[j.EntityID]}
	r.rows, err = rowsFor(r.said, r.standing, &r.Decided)
	return r, err
}

func checkNote(note string) error {
	switch {
	case len(note) > mostNote:
		return &InputError{Problem: fmt.Sprintf("the note has %d bytes, more than %d", len(note), mostNote), Next: "keep it to what the next person needs to know"}
	case !utf8.ValidString(note):
		return &InputError{Problem: "the note is not UTF-8 text", Next: "save the file as UTF-8 text"}
	}
	return nil
}

// rowsFor is what has to be stored so that the word counts: before it what takes back each standing word that denies it
// and that it does not replace by itself, because it is about a record that became this one, or names the entity by an
// id of before. Words are taken back where they were said.
func rowsFor(said Decision, standing []Decision, d *Decided) ([]control.Decision, error) {
	var rows []control.Decision
	add := func(w Decision, verdict, entity string) {
		row := control.Decision{Object: w.Object, CRMID: w.CRMID, Verdict: verdict, EntityID: entity}
		for _, r := range rows {
			if r == row {
				return
			}
		}
		rows = append(rows, row)
	}
	for _, w := range standing {
		switch {
		case said.Verdict == "undo" && said.EntityID == "":
			add(w, "undo", "")
		case said.Verdict == "undo" && said.ends(w):
			add(w, "undo", w.EntityID)
		case said.Verdict == "undo" || !said.denies(w):
			continue
		case w.CRMID != said.CRMID:
			// All of that record's, or an older word that this one had replaced would be heard again.
			add(w, "undo", "")
			for _, other := range standing {
				if other.CRMID == w.CRMID && !said.denies(other) {
					add(other, other.Verdict, other.EntityID)
				}
			}
		case w.EntityID != said.EntityID && !(said.isAnswer() && w.isAnswer()):
			add(w, "undo", w.EntityID)
		default:
			continue
		}
		d.TakenBack = append(d.TakenBack, w)
	}
	if said.Verdict != "undo" {
		add(said, said.Verdict, said.EntityID)
	} else if len(rows) == 0 {
		about := said.Object + " " + said.CRMID
		if said.EntityID != "" {
			about += " and " + said.EntityID
		}
		return nil, &InputError{Problem: "nothing that stands was decided about " + about, Next: "crmlink explain " + said.CRMID + " shows what was"}
	}
	return rows, nil
}

// knownEntity looks for an entity of the kind that a record of the object can be.
func (p *Publication) knownEntity(ctx context.Context, object, id, now string) (name string, err error) {
	kind, other, table := "member", "company", "raw_member"
	if object == schemas.Account {
		kind, other, table = "company", "member", "raw_company"
	}
	names, err := p.entityNames(ctx, kind, []string{now})
	if err != nil {
		return "", fmt.Errorf("decide: %w", err)
	}
	if n, ok := names[now]; ok {
		return n.name, nil
	}
	next := fmt.Sprintf("crmlink sql \"SELECT * FROM %s WHERE name ILIKE '%%…%%'\" finds it", table)
	others, err := p.entityNames(ctx, other, []string{now})
	if err != nil {
		return "", fmt.Errorf("decide: %w", err)
	}
	if _, ok := others[now]; ok {
		return "", &InputError{Problem: fmt.Sprintf("%s is a %s of the directory; %s is matched with a %s", id, other, object, kind), Next: next}
	}
	return "", &InputError{Problem: fmt.Sprintf("the directory of run %s has no %s %s", p.Record.ID, kind, id), Next: next}
}

// nowAndThen says what the record is now and what the next run makes of the decision, all else being equal.
func (p *Publication) nowAndThen(ctx context.Context, x Explanation, said Decision, name string) (now, then string, err error) {
	now = x.Status
	if x.Status == "decided" && x.EntityID == "" {
		now += ": no match"
	}
	if x.EntityID != "" {
		now += ": " + x.EntityID + " " + x.EntityName
	}
	if x.Prob != nil {
		now += ", probability " + Probability(*x.Prob)
	}
	switch {
	case x.Link != nil:
		theirs, err := p.standingOn(ctx, x.Link.CRMID)
		if err != nil {
			return now, "", err
		}
		for _, w := range theirs {
			if w.CRMID == x.Link.CRMID && said.denies(w) {
				return now, fmt.Sprintf("It holds for %s %s, which this record became; that has a decision of its own, which comes first; this one will be listed as a conflict.", x.Link.Object, x.Link.CRMID), nil
			}
		}
		return now, fmt.Sprintf("It holds for %s %s, which this record became, unless that has a decision of its own.", x.Link.Object, x.Link.CRMID), nil
	case x.Status == "deleted" || x.Status == "merged" || x.Status == "converted":
		return now, "Nothing while there is no live record: the decision is kept and counts when there is one.", nil
	case x.Status == "person_account":
		return now, "Nothing: Person Accounts are left out. The decision is kept.", nil
	}
	switch said.Verdict {
	case "none":
		return now, "It has no match, whatever fits.", nil
	case "undo":
		return now, "Its answer follows from the data again, and from what else was decided.", nil
	case "is_not":
		if x.EntityID == said.NowID {
			return now, fmt.Sprintf("%s %s is left out, and the best of the others is taken if it is probable enough.", said.NowID, name), nil
		}
		return now, fmt.Sprintf("%s %s is left out; the answer of now does not change by it.", said.NowID, name), nil
	}
	if x.EntityID == said.NowID {
		return now, "The answer stays, and no data can change it.", nil
	}
	then = fmt.Sprintf("It is %s %s, whatever the data say.", said.NowID, name)
	if err := p.bind(ctx, schemas.Mapping.Name); err != nil {
		return now, then, err
	}
	return now, then, p.read(ctx, "holder", map[string]any{"object": x.Object, "entity_id": said.NowID}, func(r *sql.Rows) error {
		var holder string
		err := r.Scan(&holder)
		if holder != x.CRMID {
			then += fmt.Sprintf(" %s, which is that now, becomes its duplicate unless it was decided too.", holder)
		}
		return err
	})
}
