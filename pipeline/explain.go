package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Explanation answers why a record has the entity it has, or none.
type Explanation struct {
	Run         string       `json:"run"`
	Object      string       `json:"object"`
	CRMID       string       `json:"crm_id"`
	Name        string       `json:"name"`
	About       string       `json:"about,omitempty"` // title and company, or city and country
	Status      string       `json:"status"`
	EntityKind  string       `json:"entity_kind,omitempty"`
	EntityID    string       `json:"entity_id,omitempty"`
	EntityName  string       `json:"entity_name,omitempty"`
	EntityAbout string       `json:"entity_about,omitempty"`
	Tier        string       `json:"tier,omitempty"`   // sure or match
	Weight      *int64       `json:"weight,omitempty"` // thousandths of a bit
	Prob        *float64     `json:"probability,omitempty"`
	Threshold   float64      `json:"threshold"`
	Sure        float64      `json:"sure,omitempty"` // probability from which a match is of the tier sure
	Primary     bool         `json:"primary"`
	Summary     string       `json:"summary"`
	LostTo      *LostTo      `json:"lost_to,omitempty"`
	Link        *Link        `json:"link,omitempty"` // where the record itself is not live
	None        *NoMatch     `json:"none,omitempty"`
	Decisions   []Decision   `json:"decisions,omitempty"`
	Candidates  []Considered `json:"candidates"`
	InAll       int64        `json:"candidates_in_all"`
	Seat        *SeatAnswer  `json:"seat,omitempty"`
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
	return p.explain(ctx, id, seat, false)
}

// ExplainTold is Explain for who shows no candidates but those of Told: only they have names and evidence. Most of the time
// goes into the others' otherwise.
func (p *Publication) ExplainTold(ctx context.Context, id, seat string) (Explanation, error) {
	return p.explain(ctx, id, seat, true)
}

func (p *Publication) explain(ctx context.Context, id, seat string, told bool) (Explanation, error) {
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
	candidates := func(ctx context.Context, x *Explanation) error { return p.explainCandidates(ctx, x, told) }
	// Side by side, for each fills in fields of its own and reads none that another one fills in.
	if err := together(ctx, &x, p.explainThreshold, p.explainDecisions, candidates, p.explainNames); err != nil {
		return x, fmt.Errorf("explain: %w", err)
	}
	if seat != "" {
		if x.Seat, err = p.explainSeat(ctx, x, seat); err != nil {
			return x, err
		}
	}
	x.Summary = summarize(x)
	return x, nil
}

// together takes steps side by side and gives the error of the first that failed.
func together(ctx context.Context, x *Explanation, steps ...func(context.Context, *Explanation) error) error {
	faults := make([]error, len(steps))
	var workers sync.WaitGroup
	for i, step := range steps {
		workers.Go(func() { faults[i] = step(ctx, x) })
	}
	workers.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

func notInMapping(id string) error {
	next := "crmlink sql \"SELECT object, crm_id, status FROM mapping LIMIT 10\" shows some that are"
	if strings.HasPrefix(id, "006") {
		next = fmt.Sprintf("an Opportunity has no match of its own; crmlink sql \"SELECT * FROM profile WHERE crm_id = '%s'\" shows its records", id)
	}
	return &InputError{Problem: fmt.Sprintf("there is no Account, Contact or Lead %s in this run", id), Next: next}
}

func (p *Publication) explainAnswer(ctx context.Context, x *Explanation) (found bool, err error) {
	rows, err := p.rows(ctx, schemas.Mapping.Name, []string{"object", "entity_kind", "entity_id", "status", "weight", "probability", "primary",
		"lost_to", "gap", "link_object", "link_crm_id", "decision_seq", "tier"}, x.CRMID)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	m := rows[0]
	x.Object, x.EntityKind, x.EntityID, x.Status, x.Tier = m.Text(0), m.Text(1), m.Text(2), m.Text(3), m.Text(12)
	x.Weight, x.Prob = m.Int(4), m.Share(5)
	x.Primary, _ = m[6].(bool)
	if winner := m.Text(7); winner != "" {
		x.LostTo = &LostTo{CRMID: winner, Gap: m.Int(8)}
	}
	if link := m.Text(10); link != "" && link != x.CRMID {
		x.Link = &Link{Object: m.Text(9), CRMID: link}
	}
	if seq := m.Int(11); seq != nil {
		x.Decisions = []Decision{{Seq: *seq, Counts: true}}
	}
	return true, nil
}

// explainThreshold says from where on a candidate is a match, and a sure one. Older runs had one threshold for both kinds.
func (p *Publication) explainThreshold(ctx context.Context, x *Explanation) error {
	rows, err := p.all(ctx, schemas.Run.Name, []string{"threshold", "sure", "company_threshold", "company_sure"})
	if err != nil {
		return err
	}
	for _, r := range rows {
		for i, to := range []*float64{&x.Threshold, &x.Sure} {
			share := r.Share(i)
			if own := r.Share(i + 2); own != nil && x.Object == schemas.Account {
				share = own
			}
			if share != nil {
				*to = *share
			}
		}
	}
	return nil
}

func (p *Publication) explainNone(ctx context.Context, x *Explanation) error {
	if x.EntityID != "" {
		return nil
	}
	rows, err := p.rows(ctx, schemas.Unmatched.Name, []string{"reason", "field", "best_entity_id", "best_weight", "best_probability", "second_entity_id",
		"short_by", "next_step", "change_entity_id", "change_probability", "change_fields", "change_values"}, x.CRMID)
	if err != nil || len(rows) == 0 {
		return err
	}
	r := rows[0]
	n := NoMatch{Reason: r.Text(0), Field: r.Text(1), Best: r.Text(2), Weight: r.Int(3), Prob: r.Share(4), Second: r.Text(5), ShortBy: r.Share(6), NextStep: r.Text(7)}
	n.Text = reasonText(n.Reason, n.Field)
	if prob := r.Share(9); prob != nil && r[10] != nil && r[11] != nil {
		n.Remedy = &Remedy{EntityID: r.Text(8), Prob: *prob, Fields: r.Texts(10), Values: r.Texts(11)}
	}
	x.None = &n
	if r := n.Remedy; r != nil {
		if at := slices.Index(r.Fields, "AccountId"); at >= 0 && at < len(r.Values) {
			r.Account, _, err = p.recordName(ctx, schemas.Account, r.Values[at])
		}
	}
	return err
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

// explainCandidates adds why the record has no entity, and its candidates: all of them, or those that are told.
func (p *Publication) explainCandidates(ctx context.Context, x *Explanation, told bool) error {
	if err := p.explainNone(ctx, x); err != nil {
		return err
	}
	rows, err := p.rows(ctx, schemas.Candidate.Name, []string{"rank", "entity_id", "weight", "probability", "rule", "candidates",
		"prior", "levels", "weights", "frequencies"}, x.CRMID)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b sql.Cells) int { return cmp.Compare(number(a.Int(0)), number(b.Int(0))) })
	gave := map[*Considered]compared{}
	for _, r := range rows {
		c := Considered{Rank: number(r.Int(0)), EntityID: r.Text(1), Weight: number(r.Int(2)), Rule: r.Text(4), Evidence: []Evidence{}}
		if prob := r.Share(3); prob != nil {
			c.Prob = *prob
		}
		x.InAll = number(r.Int(5))
		x.Candidates = append(x.Candidates, c)
	}
	// Of x itself Told would read what other steps fill in.
	first, second := Explanation{EntityID: x.EntityID, None: x.None, Candidates: x.Candidates}.Told()
	for i, r := range rows {
		if c := &x.Candidates[i]; !told || c == first || c == second {
			gave[c] = compared{number(r.Int(6)), r.Ints(7), r.Ints(8), r.Ints(9)}
		}
	}
	evidence := func(ctx context.Context, x *Explanation) error { return p.explainEvidence(ctx, x, gave) }
	entities := func(ctx context.Context, x *Explanation) error {
		return p.explainEntities(ctx, x, slices.Collect(maps.Keys(gave))...)
	}
	return together(ctx, x, evidence, entities)
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}
