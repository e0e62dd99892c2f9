package pipeline

import (
	"context"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// reason is one of the closed list of unmatched.reason: what it means, and what an administrator can do about many of
// its records. What to do about a single one stands in unmatched.next_step.
type reason struct{ text, advice string }

var reasons = map[string]reason{
	"decided_none":    {"a person decided that it has no match", ""},
	"vetoed":          {"a person decided that it is not the entity that fits best", "Decide which entity each is, or none."},
	"bad_data":        {"a field that should identify it holds nothing usable", "Correct the field."},
	"group_collision": {"companies of one group or one name fit, and none of them well enough alone", "Decide which of them it is: nobody tosses a coin."},
	"tie":             {"two directory entities fit equally well", "Decide which of them it is, and look whether the directory holds one thing twice."},
	"no_candidate":    {"nothing in the directory shares enough with it to be compared", "Fill in what is missing; else the directory does not have it."},
	"free_mail_only":  {"nothing but a free-mail address says where it belongs", "Fill in the company, or an address at work."},
	"company_unknown": {"its company is not in the directory, or not named", "Match the account first; else the directory does not have the company."},
	"below_threshold": {"the best candidate is not probable enough", "Compare it with the best candidate: change a field, or decide."},
	"person_account":  {"it is a Person Account, which is not matched", ""},
	"deleted":         {"it is deleted in the CRM", ""},
	"merged":          {"it was merged into another record", ""},
	"converted":       {"it is a converted lead", ""},
	// Written by programs before the list was closed.
	"no_name": {"it has no usable name", "Fill in the name."},
}

// reasonText is a reason in words, with the field at fault.
func reasonText(name, field string) string {
	if name == "bad_data" && field != "" {
		return field + " holds nothing usable"
	}
	return reasons[name].text
}

// FieldGain is a row of field_gain: what filling in or correcting a CRM field would bring.
type FieldGain struct {
	Object         string `json:"object"`
	Field          string `json:"field"`
	Records        int64  `json:"records"`
	Empty          int64  `json:"empty"`
	EmptyUnmatched int64  `json:"empty_unmatched"`
	FilledIn       int64  `json:"filled_in"`
	Corrected      int64  `json:"corrected"`
	Alone          int64  `json:"alone"` // of both: no second field is needed
}

// FieldGains are the fields whose change would make records match, the most first.
func (p *Publication) FieldGains(ctx context.Context) ([]FieldGain, error) {
	session, err := p.engine(ctx)
	if err != nil {
		return nil, err
	}
	return readFieldGains(ctx, session, p.Record.Tables)
}

// readFieldGains reads the field_gain among a run's tables, published or not.
func readFieldGains(ctx context.Context, s *sql.Session, tables map[string]sql.Snapshot) ([]FieldGain, error) {
	all := []FieldGain{}
	snap, ok := tables[schemas.FieldGain.Name]
	if !ok {
		return all, nil
	}
	if err := s.Bind(ctx, snap); err != nil {
		return nil, err
	}
	err := readFile(ctx, s, "field_gains", nil, func(r *sql.Rows) error {
		var g FieldGain
		err := r.Scan(&g.Object, &g.Field, &g.Records, &g.Empty, &g.EmptyUnmatched, &g.FilledIn, &g.Corrected, &g.Alone)
		all = append(all, g)
		return err
	})
	return all, err
}
