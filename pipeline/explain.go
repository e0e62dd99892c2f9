package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/sql"
)

// Explanation answers why a record has the entity it has, or none.
type Explanation struct {
	Run        string       `json:"run"`
	Object     string       `json:"object"`
	CRMID      string       `json:"crm_id"`
	Name       string       `json:"name"`
	About      string       `json:"about,omitempty"` // title and company, or city and country
	Status     string       `json:"status"`
	EntityKind string       `json:"entity_kind,omitempty"`
	EntityID   string       `json:"entity_id,omitempty"`
	EntityName string       `json:"entity_name,omitempty"`
	Tier       string       `json:"tier,omitempty"`   // sure or match
	Weight     *int64       `json:"weight,omitempty"` // thousandths of a bit
	Prob       *float64     `json:"probability,omitempty"`
	Threshold  float64      `json:"threshold"`
	Sure       float64      `json:"sure,omitempty"` // probability from which a match is of the tier sure
	Primary    bool         `json:"primary"`
	Summary    string       `json:"summary"`
	LostTo     *LostTo      `json:"lost_to,omitempty"`
	Link       *Link        `json:"link,omitempty"` // where the record itself is not live
	None       *NoMatch     `json:"none,omitempty"`
	Decisions  []Decision   `json:"decisions,omitempty"`
	Candidates []Considered `json:"candidates"`
	InAll      int64        `json:"candidates_in_all"`
	Seat       *SeatAnswer  `json:"seat,omitempty"`
}

// LostTo names the record that won the entity of a duplicate.
type LostTo struct {
	CRMID string `json:"crm_id"`
	Name  string `json:"name"`
	Gap   *int64 `json:"gap,omitempty"` // thousandths of a bit
}

// Link is the live record that stands for one that is not.
type Link struct {
	Object string `json:"object"`
	CRMID  string `json:"crm_id"`
}

// NoMatch is the reason why a record has no entity, and what a person can do.
type NoMatch struct {
	Reason   string   `json:"reason"`
	Field    string   `json:"field,omitempty"` // at fault, with bad_data
	Text     string   `json:"text"`
	Best     string   `json:"best_entity_id,omitempty"`
	Weight   *int64   `json:"best_weight,omitempty"`
	Prob     *float64 `json:"best_probability,omitempty"`
	Second   string   `json:"second_entity_id,omitempty"`
	ShortBy  *float64 `json:"short_by,omitempty"`
	NextStep string   `json:"next_step,omitempty"`
	Remedy   *Remedy  `json:"change,omitempty"`
}

// Remedy is the smallest change of the CRM that would make a record match, found by scoring it anew.
type Remedy struct {
	Fields   []string `json:"fields"`
	Values   []string `json:"values"` // what to set them to
	EntityID string   `json:"entity_id"`
	Prob     float64  `json:"probability"`            // of that entity, after the change
	Account  string   `json:"account_name,omitempty"` // of the account to link to, where AccountId is to change
}

// Considered is one candidate with its evidence, which sums to its weight.
type Considered struct {
	Rank     int64      `json:"rank"`
	EntityID string     `json:"entity_id"`
	Name     string     `json:"name"`
	About    string     `json:"about,omitempty"`
	URL      string     `json:"url,omitempty"`
	Weight   int64      `json:"weight"`
	Prob     float64    `json:"probability"`
	Rule     string     `json:"rule,omitempty"`
	Evidence []Evidence `json:"evidence"`
}

// Evidence is what one comparison gave, its frequency adjustment beside it.
type Evidence struct {
	Comparison string `json:"comparison"`
	Level      int64  `json:"level"`
	Label      string `json:"label"`
	Weight     int64  `json:"weight"`
	Frequency  int64  `json:"frequency_adjustment,omitempty"`
	CRM        string `json:"crm_value"`
	Directory  string `json:"directory_value"`
}

// Total is what the comparison adds to the weight.
func (e Evidence) Total() int64 { return e.Weight + e.Frequency }

// Chosen is the candidate that the answer names, and Next the best of the others; nil where there is none.
func (x Explanation) Chosen() (chosen, next *Considered) {
	for i := range x.Candidates {
		c := &x.Candidates[i]
		switch {
		case x.EntityID != "" && c.EntityID == x.EntityID:
			chosen = c
		case next == nil:
			next = c
		}
	}
	return chosen, next
}

// Explain answers for one record, given by its 15 or 18 character Id; with a seat also for that seat's list.
func (p *Publication) Explain(ctx context.Context, id, seat string) (Explanation, error) {
	full, err := FullID(id)
	if err != nil {
		return Explanation{}, err
	}
	x := Explanation{Run: p.Record.ID, CRMID: full, Candidates: []Considered{}}
	found, err := p.explainAnswer(ctx, &x)
	if err != nil {
		return x, fmt.Errorf("explain: %w", err)
	}
	if !found {
		return x, notInMapping(full)
	}
	for _, step := range []func(context.Context, *Explanation) error{
		p.explainNone, p.explainDecisions, p.explainCandidates, p.explainNames,
	} {
		if err := step(ctx, &x); err != nil {
			return x, fmt.Errorf("explain: %w", err)
		}
	}
	if seat != "" {
		if x.Seat, err = p.explainSeat(ctx, x, seat); err != nil {
			return x, err
		}
	}
	x.Summary = summarize(x)
	return x, nil
}

func notInMapping(id string) error {
	next := "crmlink sql \"SELECT object, crm_id, status FROM mapping LIMIT 10\" shows some that are"
	if strings.HasPrefix(id, "006") {
		next = fmt.Sprintf("an Opportunity has no match of its own; crmlink sql \"SELECT * FROM profile WHERE crm_id = '%s'\" shows its records", id)
	}
	return &InputError{Problem: fmt.Sprintf("there is no Account, Contact or Lead %s in this run", id), Next: next}
}

func (p *Publication) explainAnswer(ctx context.Context, x *Explanation) (found bool, err error) {
	if err := p.bindFor(ctx, "mapping", x.CRMID); err != nil {
		return false, err
	}
	if err := p.bind(ctx, "run"); err != nil {
		return false, err
	}
	var kind, entity, lostTo, reason, linkObject, link, tier *string
	var gap, seq *int64
	err = p.read(ctx, "record", map[string]any{"crm_id": x.CRMID}, func(r *sql.Rows) error {
		found = true
		return r.Scan(&x.Object, &kind, &entity, &x.Status, &x.Weight, &x.Prob, &x.Primary, &lostTo, &gap, &reason, &linkObject, &link, &seq, &tier)
	})
	if err != nil || !found {
		return found, err
	}
	x.EntityKind, x.EntityID, x.Tier = textOf(kind), textOf(entity), textOf(tier)
	if lostTo != nil {
		x.LostTo = &LostTo{CRMID: *lostTo, Gap: gap}
	}
	if link != nil && *link != x.CRMID {
		x.Link = &Link{Object: textOf(linkObject), CRMID: *link}
	}
	if seq != nil {
		x.Decisions = []Decision{{Seq: *seq, Counts: true}}
	}
	return true, p.read(ctx, "threshold", map[string]any{"object": x.Object}, func(r *sql.Rows) error {
		return r.Scan(&x.Threshold, &x.Sure)
	})
}

func (p *Publication) explainNone(ctx context.Context, x *Explanation) error {
	if x.EntityID != "" {
		return nil
	}
	if err := p.bindFor(ctx, "unmatched", x.CRMID); err != nil {
		return err
	}
	return p.read(ctx, "unmatched", map[string]any{"crm_id": x.CRMID}, func(r *sql.Rows) error {
		n := NoMatch{}
		var field, best, second, next, entity, fields, values *string
		var prob *float64
		if err := r.Scan(&n.Reason, &field, &best, &n.Weight, &n.Prob, &second, &n.ShortBy, &next, &entity, &prob, &fields, &values); err != nil {
			return err
		}
		n.Field, n.Best, n.Second, n.NextStep = textOf(field), textOf(best), textOf(second), textOf(next)
		n.Text = reasonText(n.Reason, n.Field)
		if fields != nil && values != nil && prob != nil {
			n.Remedy = &Remedy{EntityID: textOf(entity), Prob: *prob}
			if err := errors.Join(json.Unmarshal([]byte(*fields), &n.Remedy.Fields), json.Unmarshal([]byte(*values), &n.Remedy.Values)); err != nil {
				return err
			}
		}
		x.None = &n
		return nil
	})
}

func (p *Publication) explainDecisions(ctx context.Context, x *Explanation) error {
	var made int64 = -1
	if len(x.Decisions) == 1 {
		made = x.Decisions[0].Seq
	}
	var err error
	x.Decisions, err = p.decisionsOn(ctx, x.CRMID)
	for i := range x.Decisions {
		x.Decisions[i].Counts = x.Decisions[i].Seq == made
	}
	return err
}

func (p *Publication) explainCandidates(ctx context.Context, x *Explanation) error {
	if err := p.bindFor(ctx, "candidate", x.CRMID); err != nil {
		return err
	}
	var gave []compared
	err := p.read(ctx, "candidates", map[string]any{"crm_id": x.CRMID}, func(r *sql.Rows) error {
		c := Considered{Evidence: []Evidence{}}
		var g compared
		err := r.Scan(&c.Rank, &c.EntityID, &c.Weight, &c.Prob, &c.Rule, &x.InAll, &g.prior, &g.levels, &g.weights, &g.frequencies)
		x.Candidates, gave = append(x.Candidates, c), append(gave, g)
		return err
	})
	if err != nil || len(gave) == 0 {
		return err
	}
	return p.explainEvidence(ctx, x, gave)
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
