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
	differs := false
	for _, name := range perRecord {
		was, is := p.was.snaps[name], p.snaps[name]
		if was.ID != is.ID && apart(was, is)*2 > is.Rows && is.Rows >= schemas.LargeFrom {
			return false
		}
		differs = differs || was.ID != is.ID
		p.replaced(name)
	}
	if !differs {
		return false
	}
	p.keepFiles("publish/records/", "named_record")
	if p.rows("named_record")*fewOf > p.snaps[schemas.Mapping.Name].Rows || p.err != nil {
		return false
	}
	for _, name := range answers {
		p.keepBoth("named_", name, "named_record")
	}
	p.reduce()
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
func (p *publication) reduce() {
	p.keepFiles("publish/records/", "differing_record", "was_mapping", "is_mapping", "was_unmatched", "is_unmatched",
		"answered_record", "differing_raw_account", "differing_raw_contact", "differing_raw_lead")
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
	p.keepFiles("publish/records/", "other_answer")
	if !p.any("publish/records/listed_answer") {
		for _, file := range []string{"publish/opportunity_record", "publish/auto_save"} {
			p.alike[file+" mapping"] = p.was.is["mapping"]
		}
	}
	if !p.any("publish/records/selling_account") {
		p.alike["publish/at_open mapping"] = p.was.is["mapping"]
	}
}

// withSome runs what reads the tables told of records with the rows of those that differ, as they were told and then as they are. Of
// other tables that are the same nothing is read: it would be taken off again.
func (p *publication) withSome(f sql.File, run func(when string)) {
	for _, when := range []string{"was", "is"} {
		for _, name := range f.In {
			delete(p.late, name)
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

// keep makes a temporary table until the call ends.
func (p *publication) keep(name, query string) {
	if p.err == nil {
		p.kept = append(p.kept, name)
		p.err = p.session.Keep(p.ctx, name, query)
	}
}

// keepFiles keeps what some files of a folder give, in this order and under their names.
func (p *publication) keepFiles(folder string, names ...string) {
	for _, name := range names {
		if p.readFor(p.file(folder + name)); p.err == nil {
			p.kept = append(p.kept, name)
			p.err = p.session.KeepFile(p.ctx, name, folder+name)
		}
	}
}

// replaced lets files read the part keys of rows that may be others than in the earlier call, as replaced_<the table's name>.
func (p *publication) replaced(name string) {
	relation, was, is := "replaced_"+name, p.was.snaps[name], p.snaps[name]
	if p.err != nil || p.changes[relation] {
		return
	}
	p.changes[relation] = true
	if was.ID == is.ID {
		p.err = p.session.BindAs(p.ctx, relation, sql.Empty(name))
		return
	}
	changes, err := p.session.ChangedKeys(p.ctx, was, is)
	p.hold(relation, changes, err)
}

// changed lets files read the rows in which a table differs from the earlier call's, as changed_<its name>.
func (p *publication) changed(name, reading string) {
	relation, was, is := "changed_"+name, p.was.snaps[name], p.snaps[name]
	if p.err != nil || p.changes[relation] {
		return
	}
	p.changes[relation] = true
	if was.ID == is.ID {
		p.replaced(name)
		p.viewOf(relation, "SELECT false AS later, * FROM replaced_"+name)
		return
	}
	changes, err := p.session.Changed(p.ctx, was, is, reading)
	p.hold(relation, changes, err)
}

// hold lets files read what differs until the call ends.
func (p *publication) hold(relation string, changes sql.Changes, err error) {
	if p.err = err; err == nil {
		p.held = append(p.held, changes)
		p.view(relation, changes.Name)
	}
}

// any says whether a file gives a row.
func (p *publication) any(file string) bool {
	f := p.file(file)
	p.readFor(f)
	return p.number("SELECT count(*) FROM (SELECT 1 FROM ("+f.Text+") LIMIT 1)") > 0
}

func (p *publication) rows(name string) int64 { return p.number("SELECT count(*) FROM " + name) }

func (p *publication) number(query string) (n int64) {
	if p.err != nil {
		return 0
	}
	rows, err := p.session.Query(p.ctx, query, p.values)
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
	for _, changes := range p.held {
		changes.Drop(p.ctx) //nolint:errcheck // temporary
	}
}
