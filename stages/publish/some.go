package publish

import (
	"fmt"
	"slices"
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

// Tables of what is told of a record: answers and the CRM's objects.
var (
	answers   = []string{"mapping", "unmatched"}
	objects   = []string{"raw_account", "raw_contact", "raw_lead"}
	perRecord = slices.Concat(answers, objects)
)

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
	for _, name := range objects {
		p.keepBoth("", name, "differing_"+name)
	}
	p.some.few = p.err == nil
	return p.some.few
}

// keepBoth keeps what is told of some records, then and now.
func (p *publication) keepBoth(prefix, name, keys string) {
	was, is := prefix+"was_"+name, prefix+"is_"+name
	p.kept = append(p.kept, was, is)
	if p.err == nil {
		p.err = p.session.KeepSome(p.ctx, was, is, p.was.snaps[name], p.snaps[name], columnsRead[name].told(), keys)
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
			switch {
			case slices.Contains(perRecord, name):
				p.view(name, when+"_"+name)
			case p.was.is[name] == p.is[name]:
				p.none(name)
			case when == "was":
				p.bindNow(name, p.was.snaps[name])
			default:
				p.bindNow(name, p.snaps[name])
			}
		}
		if p.err != nil {
			return
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
	return fmt.Sprintf("SELECT %s, %s FROM (SELECT %s FROM %s UNION ALL SELECT %s FROM summed_is UNION ALL SELECT %s FROM summed_was) x(%s) GROUP BY %s%s",
		strings.Join(keys, ", "), strings.Join(sums, ", "), added, earlier, added, strings.Join(minus, ", "), added, strings.Join(keys, ", "), having)
}
