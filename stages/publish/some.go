package publish

import (
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// some are the CRM records that differ between the earlier call and this one.
type some struct {
	looked, few bool
}

// fewOf is the share of a table, one row in so many, from which on making its counts and lists anew costs less than looking for
// what differs.
const fewOf = 8

const differingRecord = "differing_record"

// told are the columns that the files read of what is told of a record, by table.
var told = map[string][]string{
	"mapping":   {"object", "crm_id", "entity_kind", "entity_id", "status", "primary", "lost_to", "reason", "decision_seq", "tier"},
	"unmatched": {"object", "crm_id", "reason", "change_fields"},
	"raw_account": {"Id", "IsDeleted", "Name", "OwnerId", "LastModifiedDate", "Website", "BillingCountry", "ShippingCountry",
		"BillingCity", "ShippingCity"},
	"raw_contact": {"Id", "IsDeleted", "AccountId", "LastModifiedDate", "FirstName", "LastName", "Email", "Phone", "MobilePhone",
		"MailingCountry", "MailingCity"},
	"raw_lead": {"Id", "IsDeleted", "OwnerId", "LastModifiedDate", "FirstName", "LastName", "Email", "Phone", "MobilePhone",
		"Website", "Company", "Country", "City", "ConvertedOpportunityId"},
}

// answers are the tables of answers among them, objects those of the CRM.
var (
	answers = []string{"mapping", "unmatched"}
	objects = map[string]string{"raw_account": "Account", "raw_contact": "Contact", "raw_lead": "Lead"}
)

// perRecord are those tables, in order.
var perRecord = []string{"mapping", "unmatched", "raw_account", "raw_contact", "raw_lead"}

// differ finds the records that differ, keeps what is told of them, then and now, and says whether they are few.
func (p *publication) differ() bool {
	if p.err != nil || p.was == nil || p.some.looked {
		return p.some.few && p.err == nil
	}
	p.some.looked = true
	var selects []string
	of := map[string]string{}
	for _, name := range perRecord {
		was, is := p.was.snaps[name], p.snaps[name]
		if was.ID == is.ID {
			continue
		}
		if apart(was, is)*2 > is.Rows && is.Rows >= schemas.LargeFrom {
			return false
		}
		changes, err := p.session.ChangedKeys(p.ctx, was, is)
		if p.err = err; err != nil {
			return false
		}
		defer changes.Drop(p.ctx) //nolint:errcheck // temporary
		table, _ := schemas.Lookup(name)
		of[name] = "SELECT " + schemas.Quote(table.PartKey()) + " AS crm_id FROM " + changes.Name
		selects = append(selects, of[name])
	}
	if len(selects) == 0 {
		return false
	}
	records := p.keep("named_record", "SELECT DISTINCT crm_id FROM ("+strings.Join(selects, " UNION ALL ")+") WHERE crm_id IS NOT NULL")
	if p.err != nil || records*fewOf > p.snaps[schemas.Mapping.Name].Rows {
		return false
	}
	for _, name := range answers {
		p.keepBoth("named_", name, "named_record")
	}
	p.reduce(of)
	for _, name := range perRecord {
		if object := objects[name]; object != "" {
			p.keepBoth("", name, "differing_"+name)
		}
	}
	p.some.few = p.err == nil
	return p.some.few
}

// keepBoth keeps what is told of some records, then and now.
func (p *publication) keepBoth(prefix, name, keys string) {
	was, is := prefix+"was_"+name, prefix+"is_"+name
	p.kept = append(p.kept, was, is)
	if p.err == nil {
		p.err = p.session.KeepSome(p.ctx, was, is, p.was.snaps[name], p.snaps[name], told[name], keys)
	}
}

// reduce leaves of the records that were only said to differ those that do, and asks each object's table for its own: of a table that need not be
// asked for many records not every file is read.
func (p *publication) reduce(of map[string]string) {
	var selects []string
	for _, name := range answers {
		selects = append(selects, fmt.Sprintf("SELECT crm_id FROM ((FROM named_was_%[1]s EXCEPT FROM named_is_%[1]s) UNION ALL (FROM named_is_%[1]s EXCEPT FROM named_was_%[1]s))", name))
	}
	for _, name := range perRecord {
		if objects[name] != "" && of[name] != "" {
			selects = append(selects, of[name])
		}
	}
	p.keep(differingRecord, "SELECT DISTINCT crm_id FROM ("+strings.Join(selects, " UNION ALL ")+") WHERE crm_id IS NOT NULL")
	for _, name := range answers {
		for _, when := range []string{"was_", "is_"} {
			p.keep(when+name, "FROM named_"+when+name+" SEMI JOIN "+differingRecord+" USING (crm_id)")
		}
	}
	p.keep("answered_record", "SELECT object, crm_id FROM was_mapping UNION SELECT object, crm_id FROM is_mapping")
	for name, object := range objects {
		query := fmt.Sprintf("SELECT crm_id FROM answered_record WHERE object = '%s' UNION FROM %s ANTI JOIN answered_record USING (crm_id)", object, differingRecord)
		if of[name] != "" {
			query += " UNION " + of[name]
		}
		p.keep("differing_"+name, query)
	}
}

// apart is the number of rows in files that only one of two versions of a table has.
func apart(a, b sql.Snapshot) (rows int64) {
	for _, pair := range [][2]sql.Snapshot{{a, b}, {b, a}} {
		has := map[string]bool{}
		for _, p := range pair[1].Parts {
			has[p.ID] = true
		}
		for _, p := range pair[0].Parts {
			if !has[p.ID] {
				rows += p.Rows
			}
		}
	}
	return rows
}

// unconcerned finds out whether what differs in mapping is told of no record that is on an opportunity or a list: then these are
// what they were. Where it is told of no account with an opportunity, who works at a company with an open one is what it was.
func (p *publication) unconcerned() {
	if !p.differ() {
		return
	}
	p.read("raw_opportunity", "raw_opportunity_contact_role", previousAutoSave)
	p.keep("other_answer", `SELECT coalesce(a.object, b.object) AS object, coalesce(a.crm_id, b.crm_id) AS crm_id
		FROM was_mapping b FULL JOIN is_mapping a ON a.object = b.object AND a.crm_id = b.crm_id
		WHERE a.status IS DISTINCT FROM b.status OR a.entity_kind IS DISTINCT FROM b.entity_kind
			OR a.entity_id IS DISTINCT FROM b.entity_id OR a.lost_to IS DISTINCT FROM b.lost_to`)
	if !p.any(`FROM other_answer SEMI JOIN (SELECT AccountId AS crm_id FROM raw_opportunity
		UNION ALL SELECT ContactId FROM raw_opportunity_contact_role UNION ALL SELECT crm_id FROM previous_auto_save) USING (crm_id)`) {
		for _, file := range []string{"publish/opportunity_record", "publish/auto_save"} {
			p.alike[file+" mapping"] = p.was.is["mapping"]
		}
	}
	if !p.any("FROM other_answer o SEMI JOIN raw_opportunity r ON r.AccountId = o.crm_id WHERE o.object = 'Account'") {
		p.alike["publish/at_open mapping"] = p.was.is["mapping"]
	}
}

// withSome runs what reads the tables told of records with the rows of those that differ, as they were told and then as they are. Of
// other tables that are the same nothing is read: it would be taken off again.
func (p *publication) withSome(f sql.File, run func(when string)) {
	for _, when := range []string{"was", "is"} {
		for _, name := range f.In {
			switch _, ok := told[name]; {
			case p.err != nil:
				return
			case ok:
				p.err = p.session.View(p.ctx, name, "FROM "+when+"_"+name)
			case p.was.is[name] == p.is[name]:
				p.err = p.session.BindAs(p.ctx, name, sql.Empty(name))
			case when == "was":
				p.err = p.session.BindAs(p.ctx, name, p.was.snaps[name])
			default:
				p.err = p.session.BindAs(p.ctx, name, p.snaps[name])
			}
		}
		run(when)
	}
	p.rebind(f.In...)
}

// summed is a query of a table of sums: what the earlier one says, without the records that differ as they were and with them
// as they are.
func (p *publication) summed(f sql.File, table schemas.Table, earlier, having string) string {
	p.withSome(f, func(when string) { p.keep("summed_"+when, f.Text) })
	var keys, plus, minus, sums []string
	for _, c := range table.Columns {
		name := schemas.Quote(c.Name)
		if c.Type == schemas.Text {
			keys, plus, minus = append(keys, name), append(plus, name), append(minus, name)
			continue
		}
		plus, minus = append(plus, name), append(minus, "-"+name)
		sums = append(sums, fmt.Sprintf("CAST(sum(%s) AS BIGINT) AS %s", name, name))
	}
	added := strings.Join(plus, ", ")
	return fmt.Sprintf("SELECT %s, %s FROM (SELECT %s FROM (%s) UNION ALL SELECT %s FROM summed_is UNION ALL SELECT %s FROM summed_was) x(%s) GROUP BY %s%s",
		strings.Join(keys, ", "), strings.Join(sums, ", "), added, earlier, added, strings.Join(minus, ", "), added, strings.Join(keys, ", "), having)
}

// keep makes a temporary table until the call ends, and gives its number of rows.
func (p *publication) keep(name, query string) int64 {
	if p.err != nil {
		return 0
	}
	p.kept = append(p.kept, name)
	if p.err = p.session.Keep(p.ctx, name, query); p.err != nil {
		return 0
	}
	return p.number("SELECT count(*) FROM " + name)
}

func (p *publication) any(query string) bool {
	return p.number("SELECT count(*) FROM (SELECT 1 FROM ("+query+") LIMIT 1)") > 0
}

func (p *publication) number(query string) (n int64) {
	if p.err != nil {
		return 0
	}
	rows, err := p.session.Query(p.ctx, query, nil)
	if p.err = err; err != nil {
		return 0
	}
	defer rows.Close()
	for rows.Next() && p.err == nil {
		p.err = rows.Scan(&n)
	}
	if p.err == nil {
		p.err = rows.Err()
	}
	return n
}

func (p *publication) dropKept() {
	for _, name := range p.kept {
		p.session.Drop(p.ctx, name) //nolint:errcheck // temporary
	}
}
