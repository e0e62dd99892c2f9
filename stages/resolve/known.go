package resolve

import (
	"context"
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// KnownIn is what one half of the loop tells the other: the answers of a kind, and what joins it to the other.
type KnownIn struct {
	Mapping    sql.Snapshot `json:"mapping"` // of accounts for KnownAccounts, of people and accounts for KnownPeople
	CRMPerson  sql.Snapshot `json:"crm_person"`
	CRMCompany sql.Snapshot `json:"crm_company,omitzero"` // for KnownPeople
	Companies  sql.Snapshot `json:"companies"`            // dir_company
	Members    sql.Snapshot `json:"members,omitzero"`     // dir_member, for KnownPeople
	// Earlier is an earlier call of the same function whose rows may be taken over where they hold, nil for none.
	Earlier *EarlierKnown `json:"-"`
}

// EarlierKnown is what an earlier call was given and gave. It changes no result, only what the result costs.
type EarlierKnown struct {
	In  KnownIn
	Out sql.Snapshot
}

// KnownAccounts is the table known for people: the company each contact's account is.
func KnownAccounts(ctx context.Context, s *sql.Session, in KnownIn) (sql.Snapshot, error) {
	return known(ctx, s, telling{"resolve/known_accounts", (*run).retoldPeople, (*run).bindRetoldPeople, false}, in)
}

// KnownPeople is the table known for accounts: the companies their matched contacts work at, and the company that the
// account above each is.
func KnownPeople(ctx context.Context, s *sql.Session, in KnownIn) (sql.Snapshot, error) {
	return known(ctx, s, telling{"resolve/known_people", (*run).retoldAccounts, (*run).bindRetoldAccounts, true}, in)
}

// telling is how one half tells the other: for all records, and for those alone of whom something else is told.
type telling struct {
	file   string
	differ func(*run, KnownIn, EarlierKnown) string // a query of these records' ids
	bind   func(*run, KnownIn)                      // makes readable what the file reads of retoldRecord
	alike  bool                                     // most of them are told the same: the earlier rows are worth reading
}

// The temporary tables that telling again works with.
const (
	retoldRecord = "retold_record"
	retoldPerson = "retold_person"
	earlierKnown = "earlier_known"
)

// mostRetold is the share of records, one in so many, from which on all are told of: what is amended by more is stored whole.
const mostRetold = 8

func known(ctx context.Context, s *sql.Session, of telling, in KnownIn) (sql.Snapshot, error) {
	r := run{ctx: ctx, session: s}
	defer func() { r.drop(retoldRecord, retoldPerson, changedAnswer) }()
	var snap sql.Snapshot
	if n := r.retold(of, in); n < 0 {
		for name, table := range in.tables() {
			r.bind(name, name, table)
		}
		snap = r.save(of.file)
	} else if snap = in.Earlier.Out; n > 0 {
		of.bind(&r, in)
		r.stepIf(true, of.file, schemas.Known)
		others := "SELECT crm_id FROM " + retoldRecord
		if of.alike {
			r.holdRows(earlierKnown, snap.Or(schemas.Known.Name), "crm_id", retoldRecord)
			others = r.others(schemas.Known, earlierKnown)
		}
		snap = r.amend(schemas.Known, snap, others)
	}
	if r.err != nil {
		return sql.Snapshot{}, fmt.Errorf("resolve: %w", r.err)
	}
	return snap, nil
}

func (in KnownIn) tables() map[string]sql.Snapshot {
	return map[string]sql.Snapshot{"mapping": in.Mapping, "crm_person": in.CRMPerson.Or("crm_person"), "crm_company": in.CRMCompany.Or("crm_company"),
		"dir_company": in.Companies.Or("dir_company"), "dir_member": in.Members.Or("dir_member")}
}

// retold keeps the records of whom something else is told than by the earlier call, and says how many; -1 for all.
func (r *run) retold(of telling, in KnownIn) int64 {
	e := in.Earlier
	if e == nil {
		return -1
	}
	n := r.keep(retoldRecord, "SELECT DISTINCT crm_id FROM ("+of.differ(r, in, *e)+") WHERE crm_id IS NOT NULL")
	if n*mostRetold > e.Out.Rows {
		return -1
	}
	return n
}

// told reads of answers what the other half is told.
const told = "SELECT object, crm_id, CASE WHEN status IN ('matched', 'decided', 'duplicate') THEN entity_id END AS entity_id FROM mapping"

// retoldPeople are people with another account, and those of an account with another answer or whose company the directory
// describes differently. What is told of them is read of the rows that are found here.
func (r *run) retoldPeople(in KnownIn, e EarlierKnown) string {
	was, is := e.In.tables(), in.tables()
	people, accounts := []string{"SELECT NULL::VARCHAR AS object, NULL::VARCHAR AS crm_id, NULL::BOOLEAN AS live, NULL::VARCHAR AS account_id WHERE false"}, []string(nil)
	ids := []string{"SELECT crm_id FROM " + retoldPerson}
	if changed := r.changed(was, is, "crm_person", linking); changed != "" {
		ids = append(ids, "SELECT crm_id FROM "+changed)
		people = append(people, "SELECT object, crm_id, live, account_id FROM "+changed+" WHERE "+sql.LaterColumn)
	}
	if changed := r.changed(was, is, "mapping", told); changed != "" {
		accounts = append(accounts, "SELECT crm_id FROM "+changed)
	}
	if changed := r.changed(was, is, "dir_company", describing); changed != "" {
		r.bind("mapping", "mapping", is["mapping"])
		accounts = append(accounts, "SELECT crm_id FROM mapping SEMI JOIN "+changed+" USING (entity_id)")
	}
	if len(accounts) > 0 {
		people = append(people, "SELECT object, crm_id, live, account_id FROM "+r.linked(is["crm_person"])+" WHERE account_id IN ("+strings.Join(accounts, " UNION ALL ")+")")
	}
	r.keep(retoldPerson, strings.Join(people, " UNION "))
	return strings.Join(ids, " UNION ALL ")
}

func (r *run) bindRetoldPeople(in KnownIn) {
	tables := in.tables()
	r.view("crm_person", "FROM "+retoldPerson)
	r.hold("mapping", tables, "crm_id", "(SELECT account_id FROM crm_person)", "object, crm_id, entity_id, status")
	r.hold("dir_company", tables, "entity_id", "(SELECT entity_id FROM mapping)", "entity_id, group_id, alias_keys")
}

// retoldAccounts are accounts of contacts that have another account or answer, or whose member works elsewhere; those under another
// account, or under one with another answer; and those of whom a company was told that belongs to another group.
func (r *run) retoldAccounts(in KnownIn, e EarlierKnown) string {
	was, is := e.In.tables(), in.tables()
	selects := []string{"SELECT NULL::VARCHAR AS crm_id WHERE false"}
	if changed := r.changed(was, is, "crm_company", "SELECT crm_id, live, parent_id FROM crm_company"); changed != "" {
		selects = append(selects, "SELECT crm_id FROM "+changed)
	}
	if changed := r.changed(was, is, "crm_person", linking); changed != "" {
		selects = append(selects, "SELECT account_id FROM "+changed+" WHERE object = 'Contact'")
	}
	var contacts []string
	if changed := r.changed(was, is, "mapping", told); changed != "" {
		r.bind("crm_company", "crm_company", is["crm_company"])
		selects = append(selects, "SELECT crm_id FROM crm_company WHERE parent_id IN (SELECT crm_id FROM "+changed+" WHERE object = 'Account')")
		contacts = append(contacts, "SELECT crm_id FROM "+changed+" WHERE object = 'Contact'")
	}
	if changed := r.changed(was, is, "dir_member", "SELECT entity_id, company_ids FROM dir_member"); changed != "" {
		r.bind("mapping", "mapping", is["mapping"])
		contacts = append(contacts, "SELECT crm_id FROM mapping SEMI JOIN "+changed+" USING (entity_id) WHERE object = 'Contact'")
	}
	if changed := r.changed(was, is, "dir_company", describing); changed != "" {
		r.bind(earlierKnown, schemas.Known.Name, e.Out)
		selects = append(selects, "SELECT crm_id FROM (SELECT crm_id, unnest(list_concat(known_ids, known_parents)) AS entity_id FROM "+earlierKnown+")"+
			" SEMI JOIN "+changed+" USING (entity_id)")
	}
	if len(contacts) > 0 {
		selects = append(selects, "SELECT account_id FROM "+r.linked(is["crm_person"])+" WHERE crm_id IN ("+strings.Join(contacts, " UNION ALL ")+")")
	}
	return strings.Join(selects, " UNION ALL ")
}

func (r *run) bindRetoldAccounts(in KnownIn) {
	tables := in.tables()
	r.hold("crm_company", tables, "crm_id", retoldRecord, "crm_id, live, parent_id")
	r.view("crm_person", "FROM "+r.linked(in.CRMPerson)+" WHERE object = 'Contact' AND account_id IN (FROM "+retoldRecord+")")
	r.hold("mapping", tables, "crm_id", "(SELECT crm_id FROM crm_person UNION ALL SELECT parent_id FROM crm_company)", "object, crm_id, entity_id, status")
	r.hold("dir_member", tables, "entity_id", "(SELECT entity_id FROM mapping WHERE object = 'Contact')", "entity_id, company_ids")
	r.hold("dir_company", tables, "entity_id", "(SELECT unnest(company_ids) FROM dir_member UNION ALL SELECT entity_id FROM mapping WHERE object = 'Account')",
		"entity_id, group_id")
}

func (r *run) view(name, query string) {
	if r.err == nil {
		r.err = r.session.View(r.ctx, name, query)
	}
}
