package resolve

import (
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// mirrored are the tables of the mirror that records stand in.
var mirrored = []string{"raw_account", "raw_contact", "raw_lead"}

// differing is a query of the records that differ in something that their answer is told from.
func (r *run) differing(in In, e Earlier) string {
	was, is := e.In.tables(), in.tables()
	selects := []string{"SELECT NULL::VARCHAR AS crm_id WHERE false"}
	own := append([]string{"crm_company"}, mirrored...)
	if in.Kind == Person {
		own = append([]string{"crm_person", "known"}, mirrored...)
	}
	for _, name := range own {
		key := "crm_id"
		if slices.Contains(mirrored, name) {
			key = `"Id"`
		}
		if changed := r.changedKeys(was[name].Or(name), is[name].Or(name)); changed != "" {
			r.differs[name] = changed
			selects = append(selects, "SELECT "+key+" AS crm_id FROM "+changed)
		}
	}
	if changed := r.changedCandidates(was, is, in.CRM.Rows); changed != "" {
		selects = append(selects, "SELECT crm_id FROM "+changed)
	}
	if changed := r.changed(was, is, "raw_decision", "SELECT seq, object, crm_id, verdict, entity_id FROM raw_decision"); changed != "" {
		selects = append(selects, "SELECT crm_id FROM "+changed)
	}
	if in.Kind == Company {
		selects = append(selects, r.differingAccounts(was, is)...)
	} else {
		selects = append(selects, r.differingPeople(was, is, e)...)
	}
	return strings.Join(append(selects, r.differingDeleted(in, e)...), " UNION ALL ")
}

// describing reads of companies what accounts are answered by and what they tell their contacts, in one so that it is compared once.
const describing = "SELECT entity_id, group_id, name_key, alias_keys FROM dir_company"

// differingAccounts are those of whose contacts or candidates something is told that differs. Contacts are only asked about accounts
// without an entity and without a domain.
func (r *run) differingAccounts(was, is map[string]sql.Snapshot) (selects []string) {
	if changed := r.changed(was, is, "crm_person", linking); changed != "" {
		r.only("crm_company", is["crm_company"], "crm_id", "(SELECT account_id FROM "+changed+")")
		selects = append(selects, "SELECT account_id FROM "+changed+" SEMI JOIN (SELECT crm_id FROM crm_company WHERE domains IS NULL AND email_domains IS NULL) c ON c.crm_id = account_id"+
			" SEMI JOIN (SELECT crm_id FROM "+earlierMapping+" WHERE entity_id IS NULL) m ON m.crm_id = account_id")
	}
	if changed := r.changed(was, is, "dir_company", describing); changed != "" {
		r.bind("candidate", "candidate", is["candidate"])
		selects = append(selects, "SELECT crm_id FROM candidate SEMI JOIN "+changed+" USING (entity_id)", r.decidedOn(changed))
	}
	return selects
}

// differingPeople are those of whose member something is told that differs, or whose company's names the directory has now or
// had.
func (r *run) differingPeople(was, is map[string]sql.Snapshot, e Earlier) (selects []string) {
	if changed := r.changedMembers(was, is); changed != "" {
		r.differs["dir_member"] = changed
		selects = append(selects, "SELECT crm_id FROM "+earlierMapping+" SEMI JOIN "+changed+" USING (entity_id)", r.decidedOn(changed))
	}
	if changed := r.changed(was, is, "dir_company", "SELECT entity_id, alias_keys, domains FROM dir_company"); changed != "" {
		r.bind("crm_person", "crm_person", is["crm_person"])
		r.bind("earlier_unmatched", schemas.Unmatched.Name, e.Out.Unmatched)
		// A name that another company took over is there as before. Names and domains are looked for together: where one is taken for
		// the other, a record too many is looked at. The names are few, those without entity many, so that these are asked about last.
		selects = append(selects, "SELECT crm_id FROM (SELECT crm_id, unnest(list_concat(company_keys, list_concat(company_domains, email_domains))) AS name FROM crm_person)"+
			" SEMI JOIN ("+onOneSide("alias_keys", changed)+" UNION ALL "+onOneSide("domains", changed)+") USING (name)"+
			" SEMI JOIN (SELECT crm_id FROM earlier_unmatched WHERE reason IN ('below_threshold', 'company_unknown')) USING (crm_id)")
	}
	return selects
}

// onOneSide is a query of the texts in a column's lists that only the earlier or only the later rows have.
func onOneSide(column, changed string) string {
	return "SELECT name FROM (SELECT DISTINCT " + sql.LaterColumn + ", unnest(" + column + ") AS name FROM " + changed + ") GROUP BY name HAVING count(*) = 1"
}

// fewCandidates is the share of records, one in so many, with other candidates up to which it costs less to answer for all of them
// than to find out which have other ones in what an answer is told from. After another directory most have not.
const fewCandidates = 40

// changedCandidates gives a temporary table of records whose candidates differ.
func (r *run) changedCandidates(was, is map[string]sql.Snapshot, records int64) string {
	if before, after := was["candidate"].Or("candidate"), is["candidate"].Or("candidate"); after.Amended() {
		if keys := r.changedKeys(before, after); keys == "" || r.count(keys)*fewCandidates < records {
			return keys
		}
	}
	return r.changed(was, is, "candidate", "SELECT object, crm_id, rank, entity_id, weight, probability FROM candidate")
}

// changedMembers gives a temporary table of members that differ. Of an amended table it is all that were made anew, which the
// files that were added tell: looking for what differs in them reads all the others.
func (r *run) changedMembers(was, is map[string]sql.Snapshot) string {
	if is["dir_member"].Amended() {
		return r.changedKeys(was["dir_member"], is["dir_member"])
	}
	return r.changed(was, is, "dir_member",
		"SELECT entity_id, company_ids, company_keys, company_domains, past_company_ids, past_company_keys, past_company_domains FROM dir_member")
}

// decidedOn are records with a word on a directory record that differs: it may be new, or gone.
func (r *run) decidedOn(changed string) string {
	return "SELECT o.crm_id FROM " + earlierOutcome + " o SEMI JOIN " + changed + " c ON c.entity_id = o.now_entity_id"
}

// differingDeleted are deleted records that had another answer in the mapping last published than the earlier call gave. That is
// the mapping of the earlier call, as a rule: then there are none, and it need not be read.
func (r *run) differingDeleted(in In, e Earlier) []string {
	published := map[sql.Part]bool{}
	for _, p := range in.Previous.Parts {
		published[p] = true
	}
	if !slices.ContainsFunc(e.Out.Mapping.Parts, func(p sql.Part) bool { return !published[p] }) {
		return nil
	}
	if r.keep(deletedAnswer, "SELECT object, crm_id, entity_id, weight, probability, tier FROM "+earlierMapping+" WHERE status = 'deleted'") == 0 {
		return nil
	}
	r.only("previous_mapping", in.Previous.Or(schemas.Mapping.Name), "crm_id", "(SELECT crm_id FROM "+deletedAnswer+")")
	return []string{"SELECT m.crm_id FROM " + deletedAnswer + ` m LEFT JOIN previous_mapping p ON p.object = m.object AND p.crm_id = m.crm_id
		WHERE m.entity_id IS DISTINCT FROM p.entity_id OR m.weight IS DISTINCT FROM p.weight
			OR m.probability IS DISTINCT FROM p.probability OR m.tier IS DISTINCT FROM p.tier`}
}

// changedKeys gives a temporary table of the keys in which two versions of a table differ; none where they are the same by content.
func (r *run) changedKeys(was, is sql.Snapshot) string {
	if r.err != nil || was.ID == is.ID {
		return ""
	}
	changes, err := r.session.ChangedKeys(r.ctx, was, is)
	r.err = err
	r.changes = append(r.changes, changes)
	return changes.Name
}

// changed gives a temporary table of rows in which two versions of a table differ; none where they are the same by content. Few rows are
// kept until the session ends: both rounds of accounts, and what is told between them, ask about the same versions.
func (r *run) changed(was, is map[string]sql.Snapshot, name, reading string) string {
	before, after := was[name].Or(name), is[name].Or(name)
	if r.err != nil || before.ID == after.ID {
		return ""
	}
	shared := strings.Join([]string{before.ID, after.ID, reading}, " ")
	if kept, ok := r.session.Shared(shared).(string); ok {
		return kept
	}
	changes, err := r.session.Changed(r.ctx, before, after, reading)
	if r.err = err; err == nil && changes.Rows*mostRetold <= after.Rows {
		r.session.Share(shared, changes.Name)
	} else {
		r.changes = append(r.changes, changes)
	}
	return changes.Name
}
