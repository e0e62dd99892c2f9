package resolve

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// BothIn are the answers of the two kinds.
type BothIn struct {
	Companies Out `json:"companies"`
	People    Out `json:"people"`
	// Remedies are the changes that would make unmatched records match: tables remedy of the two kinds.
	Remedies []sql.Snapshot `json:"remedies,omitempty"`
	// Earlier is an earlier call whose rows may be taken over where they hold, nil for none.
	Earlier *EarlierBoth `json:"-"`
}

// EarlierBoth is what an earlier call of Both was given and gave. It changes no result, only what the result costs.
type EarlierBoth struct {
	In  BothIn
	Out Out
}

func (in BothIn) unmatched() sql.Snapshot {
	return sql.Together(schemas.Unmatched.Name, in.Companies.Unmatched, in.People.Unmatched)
}

func (in BothIn) remedies() sql.Snapshot { return sql.Together(schemas.Remedy.Name, in.Remedies...) }

// Both joins the two kinds to the tables that are published.
func Both(ctx context.Context, s *sql.Session, in BothIn) (Out, error) {
	r := run{ctx: ctx, session: s}
	out := Out{Mapping: sql.Together(schemas.Mapping.Name, in.Companies.Mapping, in.People.Mapping)}
	if in.Earlier != nil {
		out.Unmatched = r.unmatchedAgain(in, *in.Earlier)
	} else {
		r.bind("unmatched", "unmatched", in.unmatched())
		r.bind("remedy", "remedy", in.remedies())
		out.Unmatched = r.save("resolve/unmatched_all")
	}
	r.bind("decision_outcome", "decision_outcome", sql.Together(schemas.DecisionOutcome.Name, in.Companies.Outcomes, in.People.Outcomes))
	out.Outcomes = r.save("resolve/decision_outcome_all")
	seen := map[string]int{}
	for _, n := range append(append([]Notice{}, in.Companies.Notices...), in.People.Notices...) {
		if i, ok := seen[n.Name]; ok {
			out.Notices[i].Records += n.Records
			continue
		}
		seen[n.Name] = len(out.Notices)
		out.Notices = append(out.Notices, n)
	}
	if r.err != nil {
		return Out{}, fmt.Errorf("resolve both kinds: %w", r.err)
	}
	return out, nil
}

// unmatchedAgain makes the rows anew that differ, or whose remedy does.
func (r *run) unmatchedAgain(in BothIn, e EarlierBoth) sql.Snapshot {
	defer r.drop(differingRecord)
	query := "SELECT NULL::VARCHAR AS crm_id WHERE false"
	for _, changed := range []string{r.changedKeys(e.In.unmatched(), in.unmatched()), r.changedKeys(e.In.remedies(), in.remedies())} {
		if changed != "" {
			query += " UNION SELECT crm_id FROM " + changed
		}
	}
	if r.keep(differingRecord, query) == 0 {
		return e.Out.Unmatched
	}
	r.only("unmatched", in.unmatched(), "crm_id", differingRecord)
	r.only("remedy", in.remedies(), "crm_id", differingRecord)
	r.stepIf(true, "resolve/unmatched_all", schemas.Unmatched)
	return r.amend(schemas.Unmatched, e.Out.Unmatched, "SELECT crm_id FROM "+differingRecord)
}
