package resolve

import "github.com/crmlink/crmlink/sql"

// linkedPerson is a temporary table of all people with an account that stays until the session ends: several steps ask who has one of
// some accounts, and looking through the table for them costs the same for few as for many.
const linkedPerson = "linked_person"

// linking reads of people what linkedPerson holds of those with an account. Whether a mail address names a company is has_domains.
const linking = "SELECT object, crm_id, live, account_id, emails IS NOT NULL AS has_emails, email_domains IS NOT NULL AS has_domains FROM crm_person"

// linked gives linkedPerson, which it makes where it is not of these people.
func (r *run) linked(people sql.Snapshot) string {
	if r.err != nil || r.session.Shared(linkedPerson) == people.ID {
		return linkedPerson
	}
	r.session.Share(linkedPerson, nil)
	r.bind("crm_person", "crm_person", people)
	r.keep(linkedPerson, linking+" WHERE account_id IS NOT NULL")
	if r.err == nil {
		r.session.Share(linkedPerson, people.ID)
	}
	return linkedPerson
}

// writers binds the contacts of accounts that have no entity and no domain: of others nobody asks from where their contacts write.
func (r *run) writers(people sql.Snapshot) {
	const silent = "(SELECT c.crm_id FROM crm_company c SEMI JOIN (SELECT crm_id FROM proposal WHERE entity_id IS NULL) p ON p.crm_id = c.crm_id" +
		" WHERE c.domains IS NULL AND c.email_domains IS NULL)"
	if !r.any(silent) {
		r.bind("crm_person", "crm_person", sql.Snapshot{})
		return
	}
	r.view("crm_person", "SELECT object, crm_id, live, account_id, CASE WHEN has_emails THEN ['']::VARCHAR[] END AS emails, CASE WHEN has_domains THEN ['']::VARCHAR[] END AS email_domains, "+
		"NULL::VARCHAR AS surname, NULL::VARCHAR AS given, NULL::VARCHAR[] AS company_keys, NULL::VARCHAR[] AS company_domains "+
		"FROM "+r.linked(people)+" WHERE account_id IN (FROM "+silent+")")
}
