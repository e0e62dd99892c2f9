package normalize

import (
	"context"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// PatchesIn is what changes are proposed from: the records without entity, what the CRM and the directory hold of them
// and their candidates, and for people the accounts that may be linked to. A zero Snapshot is an empty table.
type PatchesIn struct {
	Unmatched  sql.Snapshot `json:"unmatched"`
	Accounts   sql.Snapshot `json:"raw_account,omitzero"`
	Contacts   sql.Snapshot `json:"raw_contact,omitzero"`
	Leads      sql.Snapshot `json:"raw_lead,omitzero"`
	Companies  sql.Snapshot `json:"raw_company"`
	Members    sql.Snapshot `json:"raw_member,omitzero"`
	DirCompany sql.Snapshot `json:"dir_company"`
	DirMember  sql.Snapshot `json:"dir_member,omitzero"`
	CRMCompany sql.Snapshot `json:"crm_company,omitzero"`
	Mapping    sql.Snapshot `json:"mapping,omitzero"` // of accounts, as people were matched with it
	// Survey and SharedMail are what Directory and CRM found.
	Survey     string `json:"survey"`
	SharedMail string `json:"shared_mail"`
	// Knowledge are the administrator's lists, as in DirectoryIn.
	Knowledge map[string]string `json:"knowledge,omitempty"`
	// Only are the records to propose for, a table differing, and Kept what was proposed for all others; absent where it
	// is for all.
	Only sql.Snapshot `json:"only,omitzero"`
	Kept sql.Snapshot `json:"kept,omitzero"`
}

// bind makes readable what proposals are made from beside the record's own raw values.
func (in PatchesIn) bind(ctx context.Context, s *sql.Session) error {
	for name, snap := range map[string]sql.Snapshot{"unmatched": in.Unmatched, "raw_company": in.Companies, "raw_member": in.Members,
		"dir_company": in.DirCompany, "dir_member": in.DirMember, "crm_company": in.CRMCompany, "mapping": in.Mapping} {
		if err := s.BindAs(ctx, name, snap.Or(name)); err != nil {
			return err
		}
	}
	return nil
}

// only leaves the other records out of those without entity, and holds what the directory and the accounts say of their candidates: joined with
// whole tables, the few would be looked for in what the engine makes of all.
func (r *run) only(ctx context.Context, in PatchesIn, table schemas.Table) error {
	s := r.session
	if err := s.Bind(ctx, in.Only); err != nil {
		return err
	}
	if err := s.BindFor(ctx, "all_unmatched", in.Unmatched.Or("unmatched"), "(SELECT crm_id FROM differing)"); err != nil {
		return err
	}
	if err := s.StepQuery(ctx, "SELECT * FROM all_unmatched SEMI JOIN differing USING (crm_id)", schemas.Unmatched); err != nil {
		return err
	}
	const candidates, employers = "(SELECT unnest([best_entity_id, second_entity_id]) FROM unmatched)", "(SELECT company_ids[1] FROM dir_member)"
	companies := candidates
	if table.Name == schemas.PatchPerson.Name {
		companies = employers
	}
	for _, t := range []struct {
		snap            sql.Snapshot
		name, key, keys string
		columns         string
	}{
		{in.Members, "raw_member", "member_id", candidates, "member_id, first_name, last_name, emails, country, city, company_name"},
		{in.DirMember, "dir_member", "entity_id", candidates, "entity_id, given, surname, company_ids, company_domains"},
		{in.Companies, "raw_company", "company_id", companies, "company_id, name, website, country, city"},
		{in.DirCompany, "dir_company", "entity_id", companies, "entity_id, group_id, domains, alias_keys"},
		{in.Mapping, "mapping", "entity_id", companies, `object, crm_id, entity_id, "primary"`},
		{in.CRMCompany, "crm_company", "crm_id", "(SELECT crm_id FROM mapping)", "crm_id, alias_keys, rare_token, domains"},
	} {
		if err := s.HoldRows(ctx, t.name, t.snap.Or(t.name), t.key, t.keys, t.columns); err != nil {
			return err
		}
	}
	return nil
}
