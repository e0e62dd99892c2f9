package resolve

import (
	"context"
	"fmt"

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
	// Earlier is an earlier call of KnownAccounts whose rows may be taken over where they hold, nil for none.
	Earlier *EarlierKnown `json:"-"`
}

// EarlierKnown is what an earlier call was given and gave. It changes no result, only what the result costs.
type EarlierKnown struct {
	In  KnownIn
	Out sql.Snapshot
}

// KnownAccounts is the table known for people: the company each contact's account is.
func KnownAccounts(ctx context.Context, s *sql.Session, in KnownIn) (sql.Snapshot, error) {
	return known(ctx, s, "resolve/known_accounts", in)
}

// KnownPeople is the table known for accounts: the companies their matched contacts work at, and the company that the
// account above each is.
func KnownPeople(ctx context.Context, s *sql.Session, in KnownIn) (sql.Snapshot, error) {
	return known(ctx, s, "resolve/known_people", in)
}

func known(ctx context.Context, s *sql.Session, file string, in KnownIn) (sql.Snapshot, error) {
	r := run{ctx: ctx, session: s}
	r.bind("mapping", "mapping", in.Mapping)
	r.bind("crm_company", "crm_company", in.CRMCompany)
	r.bind("dir_company", "dir_company", in.Companies)
	r.bind("dir_member", "dir_member", in.Members)
	var snap sql.Snapshot
	if e := in.Earlier; e != nil && e.In.Mapping.ID == in.Mapping.ID && e.In.Companies.ID == in.Companies.ID {
		snap = r.knownAgain(file, in, *e)
	} else {
		r.bind("crm_person", "crm_person", in.CRMPerson)
		snap = r.save(file)
	}
	if r.err != nil {
		return sql.Snapshot{}, fmt.Errorf("resolve: %w", r.err)
	}
	return snap, nil
}

// knownAgain makes the rows of people anew that differ, where all accounts are who they were.
func (r *run) knownAgain(file string, in KnownIn, e EarlierKnown) sql.Snapshot {
	defer r.drop(changedAnswer)
	changed := r.changedKeys(e.In.CRMPerson.Or("crm_person"), in.CRMPerson.Or("crm_person"))
	if changed == "" {
		return e.Out
	}
	r.only("crm_person", in.CRMPerson.Or("crm_person"), "crm_id", changed)
	r.stepIf(true, file, schemas.Known)
	r.holdRows("earlier_known", e.Out.Or(schemas.Known.Name), "crm_id", changed)
	return r.amend(schemas.Known, e.Out, r.others(schemas.Known, "earlier_known"))
}
