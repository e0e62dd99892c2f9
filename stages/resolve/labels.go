package resolve

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Verdicts is what people's decisions come to for the records of a kind, as Run takes them: the table verdict. Only
// what decisions depend on is read of In.
func Verdicts(ctx context.Context, s *sql.Session, in In) (sql.Snapshot, error) {
	r := run{ctx: ctx, session: s}
	crmCompany, crmPerson := in.CRM, sql.Snapshot{}
	if in.Kind == Person {
		crmCompany, crmPerson = crmPerson, crmCompany
	}
	for name, snap := range map[string]sql.Snapshot{
		"raw_account": in.Account, "raw_contact": in.Contact, "raw_lead": in.Lead, "raw_decision": in.Decisions, "raw_redirect": in.Redirects,
		"crm_company": crmCompany, "crm_person": crmPerson,
	} {
		r.bind(name, name, snap)
	}
	r.stepIf(in.Redirects.Rows > 0, "resolve/redirected", schemas.Redirected)
	r.stepIf(true, "resolve/standing", schemas.Standing)
	verdict := sql.Empty(schemas.Verdict.Name)
	if in.Decisions.Rows > 0 {
		verdict = r.save("resolve/verdict")
	}
	if r.err != nil {
		return sql.Snapshot{}, fmt.Errorf("resolve: decisions of %s: %w", in.Kind, r.err)
	}
	return verdict, nil
}
