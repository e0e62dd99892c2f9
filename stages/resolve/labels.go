package resolve

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/sql"
)

// Verdicts is what people's decisions come to for the records of a kind, as Run takes them: the table verdict. Only
// what decisions depend on is read of In.
func Verdicts(ctx context.Context, s *sql.Session, in In) (sql.Snapshot, error) {
	r := run{ctx: ctx, session: s, kind: in.Kind}
	crmCompany, crmPerson, dirCompany, dirMember := in.CRM, sql.Snapshot{}, in.Directory, sql.Snapshot{}
	if in.Kind == Person {
		crmCompany, crmPerson, dirCompany, dirMember = crmPerson, crmCompany, dirMember, dirCompany
	}
	for name, snap := range map[string]sql.Snapshot{
		"raw_account": in.Account, "raw_contact": in.Contact, "raw_lead": in.Lead, "raw_decision": in.Decisions, "raw_redirect": in.Redirects,
		"crm_company": crmCompany, "crm_person": crmPerson, "dir_company": dirCompany, "dir_member": dirMember,
	} {
		r.bind(name, name, snap)
	}
	_, verdicts := r.decisions(in)
	if r.err != nil {
		return sql.Snapshot{}, fmt.Errorf("resolve: decisions of %s: %w", in.Kind, r.err)
	}
	return verdicts, nil
}
