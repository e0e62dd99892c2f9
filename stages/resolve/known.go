package resolve

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/sql"
)

// KnownIn is what one half of the loop tells the other: the answers of a kind, and what joins it to the other.
type KnownIn struct {
	Mapping    sql.Snapshot `json:"mapping"` // of accounts for KnownAccounts, of people and accounts for KnownPeople
	CRMPerson  sql.Snapshot `json:"crm_person"`
	CRMCompany sql.Snapshot `json:"crm_company,omitzero"` // for KnownPeople
	Companies  sql.Snapshot `json:"companies"`            // dir_company
	Members    sql.Snapshot `json:"members,omitzero"`     // dir_member, for KnownPeople
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
	r.bind("crm_person", "crm_person", in.CRMPerson)
	r.bind("crm_company", "crm_company", in.CRMCompany)
	r.bind("dir_company", "dir_company", in.Companies)
	r.bind("dir_member", "dir_member", in.Members)
	snap := r.save(file)
	if r.err != nil {
		return sql.Snapshot{}, fmt.Errorf("resolve: %w", r.err)
	}
	return snap, nil
}
