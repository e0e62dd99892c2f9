package resolve

import (
	"fmt"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Earlier is what an earlier call of Run was given and gave. It changes no result, only what the result costs: the answers of
// records that do not differ, are tied to none that does and compete with none are taken over.
type Earlier struct {
	In  In
	Out Out
}

// fits says whether records that do not differ have the same answer. Ids that were replaced may be any record's candidate.
func (e *Earlier) fits(in In) bool {
	return e != nil && e.In.Kind == in.Kind && e.In.ThresholdMicros == in.ThresholdMicros && e.In.SureMicros == in.SureMicros &&
		e.In.Redirects.Or("raw_redirect").ID == in.Redirects.Or("raw_redirect").ID
}

// The temporary tables of record ids that again works with, and what it reads of the earlier answers.
const (
	differingRecord = "differing_record"
	affectedRecord  = "affected_record"
	rivalRecord     = "rival_record"
	answeredRecord  = "answered_record" // affected ones and rivals
	deletedAnswer   = "deleted_answer"
	reemployed      = "reemployed" // affected ones whose employer may be another, with their members
	wordedBefore    = "worded_before"
	wordedNow       = "worded_now"
	changedAnswer   = "changed_answer"
	earlierMapping  = "earlier_mapping"
	earlierOutcome  = "earlier_outcome"
	earlierAnswer   = "earlier_answer" // rows of answeredRecord
	earlierRefusal  = "earlier_refusal"
)

// again answers anew for the records whose answer can be another, with the same files over these alone. Of a table with a row
// for each record every column that is read costs more than the few rows that are wanted, so each is read once, or as few
// columns as will do.
func (r *run) again(in In, e Earlier) Out {
	tables := in.tables()
	r.bind(earlierMapping, schemas.Mapping.Name, e.Out.Mapping)
	r.bind(earlierOutcome, schemas.DecisionOutcome.Name, e.Out.Outcomes)
	defer r.drop(differingRecord, affectedRecord, rivalRecord, answeredRecord, deletedAnswer, reemployed, wordedBefore, wordedNow, changedAnswer)
	if r.keep(differingRecord, "SELECT DISTINCT crm_id FROM ("+r.differing(in, e)+") WHERE crm_id IS NOT NULL") == 0 {
		return e.Out
	}
	for _, name := range mirrored {
		r.bind(name, name, tables[name])
		if was := e.In.tables()[name]; was.ID != tables[name].ID {
			r.only("previous_"+name, was, "Id", differingRecord)
		} else {
			r.bind("previous_"+name, name, sql.Snapshot{})
		}
	}
	r.keepFile(affectedRecord, "resolve/affected")
	r.hold("raw_account", tables, "Id", affectedRecord, "Id, IsPersonAccount, MasterRecordId, IsDeleted, missing_since, CreatedDate, Website")
	r.hold("raw_contact", tables, "Id", affectedRecord, "Id, IsPersonAccount, MasterRecordId, IsDeleted, missing_since, LastActivityDate, CreatedDate, FirstName, Email")
	r.hold("raw_lead", tables, "Id", affectedRecord, "Id, MasterRecordId, IsDeleted, missing_since, IsConverted, ConvertedContactId, LastActivityDate, CreatedDate, "+
		"FirstName, Email, Company, Website")
	r.only("raw_decision", tables["raw_decision"].Or("raw_decision"), "crm_id", affectedRecord)
	r.hold("crm_company", tables, "crm_id", affectedRecord, "crm_id, name_key, domains, email_domains")
	for _, name := range []string{"raw_redirect", "dir_company", "dir_member"} {
		r.bind(name, name, tables[name])
	}

	out := Out{Outcomes: sql.Empty(schemas.DecisionOutcome.Name)}
	r.decisions(in.Redirects.Rows > 0, r.any("raw_decision"))
	const live = "(SELECT crm_id FROM standing WHERE standing = 'live')"
	if in.Kind == Person { // only of accounts' candidates more is told than their weight
		r.only("candidate", tables["candidate"].Or("candidate"), "crm_id", live)
		r.bind("dir_company", "dir_company", sql.Snapshot{})
	} else {
		r.hold("candidate", tables, "crm_id", live, "object, crm_id, rank, entity_id, weight, probability")
		r.hold("dir_company", tables, "entity_id", "(SELECT entity_id FROM candidate)", "entity_id, group_id, name_key")
	}
	if in.Decisions.Rows > 0 {
		out.Outcomes = r.saveQuery(schemas.DecisionOutcome, "FROM decision_outcome UNION ALL FROM "+earlierOutcome+" ANTI JOIN "+affectedRecord+" USING (crm_id)")
		r.bind(schemas.DecisionOutcome.Name, schemas.DecisionOutcome.Name, out.Outcomes)
		out.Notices = r.notices()
	}
	r.stepIf(true, "resolve/proposal", schemas.Proposal)
	r.compete(in, e)
	r.stepIf(r.any("(FROM proposal WHERE entity_id IS NULL)"), "resolve/reason", schemas.Reason)
	r.stepIf(true, "resolve/mapping", schemas.Mapping)
	if in.Kind == Person {
		r.stepBeside("resolve/employers", schemas.Mapping)
	}
	r.stepIf(true, "resolve/unmatched", schemas.Unmatched)
	r.holdRows(earlierRefusal, e.Out.Unmatched.Or(schemas.Unmatched.Name), "crm_id", answeredRecord)
	r.remember(e.Out.Unmatched, earlierRefusal)
	out.Mapping = r.amend(schemas.Mapping, e.Out.Mapping, r.others(schemas.Mapping, earlierAnswer))
	out.Unmatched = r.amend(schemas.Unmatched, e.Out.Unmatched, r.others(schemas.Unmatched, earlierRefusal))
	r.remember(out.Mapping, schemas.Mapping.Name)
	r.remember(out.Unmatched, schemas.Unmatched.Name)
	return out
}

// compete lets the rivals of affected records propose as they did, and binds what tells why a record has no entity, and who
// employs those that may have another employer.
func (r *run) compete(in In, e Earlier) {
	tables := in.tables()
	r.keepFile(rivalRecord, "resolve/rival")
	r.keep(answeredRecord, "FROM "+rivalRecord+" UNION FROM "+affectedRecord)
	r.holdRows(earlierAnswer, e.Out.Mapping.Or(schemas.Mapping.Name), "crm_id", answeredRecord)
	r.remember(e.Out.Mapping, earlierAnswer)
	r.holdRows("previous_mapping", in.Previous.Or(schemas.Mapping.Name), "crm_id", "(SELECT crm_id FROM standing WHERE standing = 'deleted')",
		"object, crm_id, entity_id, weight, probability, tier")
	if in.Kind == Person {
		r.reemploy(in, e)
	}
	for _, name := range mirrored {
		r.only("rival_"+name, tables[name].Or(name), "Id", rivalRecord)
	}
	r.stepBeside("resolve/rivalling", schemas.Proposal)
	if in.Kind == Company { // of people only what contacts write from, and nothing that is known or that only people are asked about
		r.writers(tables["crm_person"])
		r.bind("known", "known", sql.Snapshot{})
		r.bind("dir_company", "dir_company", sql.Snapshot{})
		return
	}
	r.bind("dir_company", "dir_company", tables["dir_company"])
	const open = "(SELECT crm_id FROM proposal WHERE entity_id IS NULL)"
	r.hold("known", tables, "crm_id", answeredRecord, "object, crm_id, known_ids, known_keys")
	r.hold("crm_person", tables, "crm_id", "(FROM "+open+" UNION SELECT crm_id FROM "+reemployed+")",
		"object, crm_id, live, account_id, surname, given, emails, email_domains, company_keys, company_domains")
	r.employers(tables)
}

// employers binds what tells the employers of reemployed records. A company's id is only asked for where one is known.
func (r *run) employers(tables map[string]sql.Snapshot) {
	const names = "entity_id, company_keys, company_domains, past_company_keys, past_company_domains"
	ids := ", company_ids, past_company_ids"
	if !r.any("(FROM " + reemployed + " SEMI JOIN known USING (object, crm_id))") {
		ids = ", NULL::VARCHAR[] AS company_ids, NULL::VARCHAR[] AS past_company_ids"
	}
	r.holdRows("dir_member", tables["dir_member"].Or("dir_member"), "entity_id", "(SELECT entity_id FROM "+reemployed+")", names+ids)
}

// reemploy keeps the affected records whose employer is not the one that the earlier answer tells, for all that is known: asking
// the directory about a member reads more than all else.
func (r *run) reemploy(in In, e Earlier) {
	if r.err != nil {
		return
	}
	r.err = r.session.KeepSome(r.ctx, wordedBefore, wordedNow, e.In.CRM.Or("crm_person"), in.CRM.Or("crm_person"), []string{"object", "crm_id", "company_keys", "email_domains"},
		"(SELECT p.crm_id FROM proposal p SEMI JOIN "+earlierAnswer+" m ON m.crm_id = p.crm_id AND m.entity_id = p.entity_id SEMI JOIN "+differingKeys(r.differs["crm_person"], "crm_id")+
			" c ON c.crm_id = p.crm_id)")
	for name, keys := range map[string]string{"differing_known": differingKeys(r.differs["known"], "crm_id"), "differing_member": differingKeys(r.differs["dir_member"], "entity_id")} {
		if r.err == nil {
			r.err = r.session.View(r.ctx, name, "FROM "+keys)
		}
	}
	r.keepFile(reemployed, "resolve/reemployed")
}

// differingKeys is the relation of the keys in a table that says what differs, none where it has no name.
func differingKeys(changed, key string) string {
	if changed == "" {
		return "(SELECT NULL::VARCHAR AS " + key + " WHERE false)"
	}
	return "(SELECT " + key + " FROM " + changed + ")"
}

// stepBeside runs a file that reads more than declared tables, so that its header names no table that it gives.
func (r *run) stepBeside(file string, table schemas.Table) {
	if r.err != nil {
		return
	}
	f, err := sql.Named(file)
	if err == nil {
		err = r.session.StepQuery(r.ctx, f.Text, table)
	}
	if err != nil {
		r.err = fmt.Errorf("%s: %w", file, err)
	}
}

// only binds the rows of a snapshot whose column is a record of a temporary table.
func (r *run) only(name string, snap sql.Snapshot, column, keys string) {
	if r.err == nil {
		r.err = r.session.BindOnly(r.ctx, name, snap, column, keys)
	}
}

// hold binds the rows of an input as only does, copied.
func (r *run) hold(name string, tables map[string]sql.Snapshot, column, keys, columns string) {
	r.holdRows(name, tables[name].Or(name), column, keys, columns)
}

func (r *run) holdRows(name string, snap sql.Snapshot, column, keys string, columns ...string) {
	if r.err == nil {
		r.err = r.session.HoldRows(r.ctx, name, snap, column, keys, columns...)
	}
}

// remember lets later stages take all rows of answered records in a table from a relation that holds them.
func (r *run) remember(snap sql.Snapshot, rows string) {
	if r.err == nil {
		r.err = r.session.Remember(r.ctx, snap, answeredRecord, rows)
	}
}

// keep makes a temporary table of a query and gives its number of rows.
func (r *run) keep(name, query string) (rows int64) {
	if r.err != nil {
		return 0
	}
	rows, r.err = r.session.Kept(r.ctx, name, query)
	return rows
}

func (r *run) keepFile(name, file string) {
	if r.err == nil {
		r.err = r.session.KeepFile(r.ctx, name, file)
	}
}

func (r *run) any(relation string) bool { return r.count(relation) > 0 }

func (r *run) count(relation string) (n int64) {
	if r.err != nil {
		return 0
	}
	n, r.err = r.session.Count(r.ctx, relation)
	return n
}

func (r *run) saveQuery(table schemas.Table, query string) sql.Snapshot {
	if r.err != nil {
		return sql.Snapshot{}
	}
	snap, err := r.session.SaveQuery(r.ctx, query, table, nil)
	r.err = err
	return snap
}

// amend stores what a table becomes with the rows that its step made, for records that a query gives.
func (r *run) amend(table schemas.Table, before sql.Snapshot, replaced string) sql.Snapshot {
	if r.err != nil {
		return sql.Snapshot{}
	}
	w, err := r.session.Writer(r.ctx, table)
	if r.err = err; err != nil {
		return sql.Snapshot{}
	}
	if r.err = w.Take(r.ctx, "SELECT * FROM "+table.Name+" WHERE crm_id IN ("+replaced+")"); r.err != nil {
		w.Discard(r.ctx) //nolint:errcheck // the first error counts
		return sql.Snapshot{}
	}
	snap, err := w.Amend(r.ctx, before.Or(table.Name), replaced)
	r.err = err
	return snap
}

// others keeps the records whose rows are not as they were, for amend. Most of those that are answered anew get the same answer, and
// a row that is replaced by itself makes the table longer, and is looked at by all who read what changed.
func (r *run) others(table schemas.Table, were string) string {
	r.keep(changedAnswer, fmt.Sprintf(`SELECT coalesce("is".crm_id, was.crm_id) AS crm_id FROM %s AS "is"
		FULL JOIN %s AS was ON was.object = "is".object AND was.crm_id = "is".crm_id WHERE "is" IS DISTINCT FROM was`, table.Name, were))
	return "SELECT crm_id FROM " + changedAnswer
}

// drop drops what keep and the comparisons made; the first error counts.
func (r *run) drop(names ...string) {
	for _, name := range names {
		r.session.Drop(r.ctx, name) //nolint:errcheck // temporary
	}
	for _, c := range r.changes {
		if c.Name != "" {
			c.Drop(r.ctx) //nolint:errcheck // temporary
		}
	}
}
