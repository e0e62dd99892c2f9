package resolve

import (
	"fmt"
	"slices"
	"strings"

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
	heldEntity      = "held_entity"
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
	defer r.drop(differingRecord, affectedRecord, rivalRecord, answeredRecord, heldEntity, changedAnswer)
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
	for _, name := range []string{"candidate", "raw_decision", "crm_company"} {
		r.only(name, tables[name].Or(name), "crm_id", affectedRecord)
	}
	for _, name := range []string{"raw_redirect", "dir_company"} {
		r.bind(name, name, tables[name])
	}
	r.bind("dir_member", "dir_member", tables["dir_member"])
	r.bind("previous_mapping", schemas.Mapping.Name, in.Previous)

	out := Out{Outcomes: sql.Empty(schemas.DecisionOutcome.Name)}
	r.decisions(in.Redirects.Rows > 0, r.any("raw_decision"))
	if in.Decisions.Rows > 0 {
		out.Outcomes = r.saveQuery(schemas.DecisionOutcome, "FROM decision_outcome UNION ALL FROM "+earlierOutcome+" ANTI JOIN "+affectedRecord+" USING (crm_id)")
		r.bind(schemas.DecisionOutcome.Name, schemas.DecisionOutcome.Name, out.Outcomes)
		out.Notices = r.notices()
	}
	r.stepIf(true, "resolve/proposal", schemas.Proposal)
	r.compete(in, e)
	r.stepIf(true, "resolve/reason", schemas.Reason)
	r.stepIf(true, "resolve/mapping", schemas.Mapping)
	r.stepIf(true, "resolve/unmatched", schemas.Unmatched)
	r.holdRows(earlierRefusal, e.Out.Unmatched.Or(schemas.Unmatched.Name), "crm_id", answeredRecord)
	out.Mapping = r.amend(schemas.Mapping, e.Out.Mapping, r.others(schemas.Mapping, earlierAnswer))
	out.Unmatched = r.amend(schemas.Unmatched, e.Out.Unmatched, r.others(schemas.Unmatched, earlierRefusal))
	return out
}

// compete lets the rivals of affected records propose as they did, and binds what tells why a record has no entity, and who
// employs those that have.
func (r *run) compete(in In, e Earlier) {
	tables := in.tables()
	r.keepFile(rivalRecord, "resolve/rival")
	r.keep(answeredRecord, "FROM "+rivalRecord+" UNION FROM "+affectedRecord)
	r.holdRows(earlierAnswer, e.Out.Mapping.Or(schemas.Mapping.Name), "crm_id", answeredRecord)
	for _, name := range mirrored {
		r.only("rival_"+name, tables[name].Or(name), "Id", rivalRecord)
	}
	r.stepBeside("resolve/rivalling", schemas.Proposal)
	r.keep(heldEntity, "SELECT DISTINCT entity_id FROM proposal WHERE entity_id IS NOT NULL")
	if in.Kind == Company { // of people only what contacts write from, and nothing that is known
		r.only("crm_person", tables["crm_person"], "account_id", affectedRecord)
		r.bind("known", "known", sql.Snapshot{})
		return
	}
	r.hold("known", tables, "crm_id", answeredRecord, "object, crm_id, known_ids, known_keys")
	r.hold("crm_person", tables, "crm_id", answeredRecord, "object, crm_id, live, account_id, surname, given, emails, email_domains, company_keys, company_domains")
	r.only("dir_member", tables["dir_member"].Or("dir_member"), "entity_id", heldEntity)
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
			selects = append(selects, "SELECT "+key+" AS crm_id FROM "+changed)
		}
	}
	// Most candidates that differ after another directory do so in what no answer is told from.
	if changed := r.changed(was, is, "candidate", "SELECT object, crm_id, rank, entity_id, weight, probability FROM candidate"); changed != "" {
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

// differingAccounts are those of whose contacts or candidates something is told that differs.
func (r *run) differingAccounts(was, is map[string]sql.Snapshot) (selects []string) {
	if changed := r.changed(was, is, "crm_person", `SELECT crm_id, account_id, emails IS NOT NULL AS has_emails, email_domains IS NOT NULL AS has_domains
		FROM crm_person WHERE live AND object = 'Contact'`); changed != "" {
		selects = append(selects, "SELECT account_id FROM "+changed)
	}
	if changed := r.changed(was, is, "dir_company", "SELECT entity_id, group_id, name_key FROM dir_company"); changed != "" {
		r.bind("candidate", "candidate", is["candidate"])
		selects = append(selects, "SELECT crm_id FROM candidate SEMI JOIN "+changed+" USING (entity_id)", r.decidedOn(changed))
	}
	return selects
}

// differingPeople are those of whose member something is told that differs, or whose company's names the directory has now or
// had.
func (r *run) differingPeople(was, is map[string]sql.Snapshot, e Earlier) (selects []string) {
	if changed := r.changedMembers(was["dir_member"], is["dir_member"]); changed != "" {
		selects = append(selects, "SELECT crm_id FROM "+earlierMapping+" SEMI JOIN "+changed+" USING (entity_id)", r.decidedOn(changed))
	}
	if changed := r.changed(was, is, "dir_company", "SELECT entity_id, alias_keys, domains FROM dir_company"); changed != "" {
		r.bind("crm_person", "crm_person", is["crm_person"])
		r.bind("earlier_unmatched", schemas.Unmatched.Name, e.Out.Unmatched)
		// A name that another company took over is there as before. Names and domains are looked for together: where one is taken for
		// the other, a record too many is looked at.
		selects = append(selects, "SELECT crm_id FROM (SELECT crm_id, unnest(list_concat(company_keys, list_concat(company_domains, email_domains))) AS name FROM crm_person"+
			" SEMI JOIN (SELECT crm_id FROM earlier_unmatched WHERE reason IN ('below_threshold', 'company_unknown')) USING (crm_id))"+
			" SEMI JOIN ("+onOneSide("alias_keys", changed)+" UNION ALL "+onOneSide("domains", changed)+") USING (name)")
	}
	return selects
}

// onOneSide is a query of the texts in a column's lists that only the earlier or only the later rows have.
func onOneSide(column, changed string) string {
	return "SELECT name FROM (SELECT DISTINCT " + sql.LaterColumn + ", unnest(" + column + ") AS name FROM " + changed + ") GROUP BY name HAVING count(*) = 1"
}

// changedMembers gives a temporary table of members that differ. Of an amended table it is all that were made anew, which the
// files that were added tell: looking for what differs in them reads all the others.
func (r *run) changedMembers(was, is sql.Snapshot) string {
	if is.Amended() {
		return r.changedKeys(was, is)
	}
	return r.changed(map[string]sql.Snapshot{"dir_member": was}, map[string]sql.Snapshot{"dir_member": is}, "dir_member",
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
	r.bind("previous_mapping", schemas.Mapping.Name, in.Previous)
	return []string{"SELECT m.crm_id FROM " + earlierMapping + ` m LEFT JOIN previous_mapping p ON p.object = m.object AND p.crm_id = m.crm_id
		WHERE m.status = 'deleted' AND (m.entity_id IS DISTINCT FROM p.entity_id OR m.weight IS DISTINCT FROM p.weight
			OR m.probability IS DISTINCT FROM p.probability OR m.tier IS DISTINCT FROM p.tier)`}
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

// changed gives a temporary table of rows in which two versions of a table differ; none where they are the same by content.
func (r *run) changed(was, is map[string]sql.Snapshot, name, reading string) string {
	before, after := was[name].Or(name), is[name].Or(name)
	if r.err != nil || before.ID == after.ID {
		return ""
	}
	changes, err := r.session.Changed(r.ctx, before, after, reading)
	r.err = err
	r.changes = append(r.changes, changes)
	return changes.Name
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

// keep makes a temporary table of a query and gives its number of rows.
func (r *run) keep(name, query string) (rows int64) {
	if r.err != nil {
		return 0
	}
	if r.err = r.session.Keep(r.ctx, name, query); r.err != nil {
		return 0
	}
	return r.count(name)
}

func (r *run) keepFile(name, file string) {
	if r.err != nil {
		return
	}
	f, err := sql.Named(file)
	if r.err = err; err == nil {
		r.keep(name, f.Text)
	}
	if r.err != nil {
		r.err = fmt.Errorf("%s: %w", file, r.err)
	}
}

func (r *run) any(relation string) bool { return r.count(relation) > 0 }

func (r *run) count(relation string) (n int64) {
	if r.err != nil {
		return 0
	}
	rows, err := r.session.Query(r.ctx, "SELECT count(*) FROM "+relation, nil)
	if r.err = err; err != nil {
		return 0
	}
	defer rows.Close()
	for rows.Next() {
		if r.err = rows.Scan(&n); r.err != nil {
			return 0
		}
	}
	r.err = rows.Err()
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
	r.keep(changedAnswer, fmt.Sprintf("SELECT crm_id FROM (FROM %s EXCEPT FROM %s) UNION SELECT crm_id FROM (FROM %s EXCEPT FROM %s)",
		table.Name, were, were, table.Name))
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
