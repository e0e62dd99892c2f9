package normalize_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/normalize"
)

// After the directory changed, only records of which a proposal can read something else are proposed for, and all is as if
// every record had been (invariant 2).
func TestPatches_Invariant2_OtherDirectory(t *testing.T) {
	if testing.Short() {
		t.Skip("not under the race detector: nothing runs beside it that other tests do not run")
	}
	shared := patchCompanies
	for _, id := range []string{"c11", "c12", "c13", "c14", "c15", "c16"} {
		shared += id + ",Unlike " + strings.Repeat(id[1:], 3) + ",,acme.de,,,,\n"
	}
	for _, change := range []struct {
		what, companies, members string
		accounts, people         []string // that are proposed for anew
	}{
		{what: "nothing"},
		{what: "a member's city", members: withValue(t, patchMembers, "m1", "city", "Hamburg"), people: []string{"l1", "p1"}},
		{what: "a member's name", members: withValue(t, patchMembers, "m2", "name", "Jane van den Berg"), people: []string{"l2", "p2"}},
		{what: "a member is gone", members: strings.Replace(patchMembers, "m3,Иван,Щербаков,,,,Solo & Sons,,Russia\n", "", 1), people: []string{"l3", "p3"}},
		{what: "a company's website", companies: withValue(t, patchCompanies, "c3", "website", "https://initech.co.uk"), accounts: []string{"a2", "a3"}},
		{what: "another rarest word", companies: patchCompanies + "c4,Acme Tools,,,,,,\n", accounts: []string{"a1", "a3", "a4", "p1"},
			people: []string{"l1", "p1"}}, // p1's account and the one it may be linked to have that word
		{what: "a shared domain", companies: shared, accounts: []string{"a1", "a3"}, people: []string{"l1", "p1"}},
	} {
		t.Run(change.what, func(t *testing.T) {
			s := sqltest.Open(t)
			asked := func(companies, members string) normalize.Proposing {
				if companies == "" {
					companies = patchCompanies
				}
				if members == "" {
					members = patchMembers
				}
				in := raw{normalize.DirectoryIn{Companies: sqltest.Load(t, s, "raw_company", companies), Members: sqltest.Load(t, s, "raw_member", members),
					Redirects: sql.Empty("raw_redirect")},
					normalize.CRMIn{Accounts: sqltest.Load(t, s, "raw_account", patchAccounts), Contacts: sqltest.Load(t, s, "raw_contact", patchContacts),
						Leads: sqltest.Load(t, s, "raw_lead", patchLeads)}}
				now := normalized(t, s, in)
				return normalize.Proposing{CRM: now.crm.CRMPerson, PatchesIn: normalize.PatchesIn{Unmatched: sqltest.Load(t, s, "unmatched", patchUnmatched),
					Accounts: in.crm.Accounts, Contacts: in.crm.Contacts, Leads: in.crm.Leads, Companies: in.directory.Companies, Members: in.directory.Members,
					DirCompany: now.directory.DirCompany, DirMember: now.directory.DirMember, CRMCompany: now.crm.CRMCompany,
					Mapping: sqltest.Load(t, s, "mapping", patchMapping), Survey: now.directory.Survey, SharedMail: now.crm.SharedMail}}
			}
			before, after := asked("", ""), asked(change.companies, change.members)
			if !after.FitsWith(before.PatchesIn) {
				t.Fatal("what was proposed is not taken over")
			}
			for _, half := range []struct {
				name    string
				propose func(context.Context, *sql.Session, normalize.PatchesIn) (normalize.PatchesOut, error)
				crm     func(normalize.Proposing) sql.Snapshot
				want    []string
			}{
				{"companies", normalize.CompanyPatches, func(p normalize.Proposing) sql.Snapshot { return p.CRMCompany }, change.accounts},
				{"people", normalize.PersonPatches, func(p normalize.Proposing) sql.Snapshot { return p.CRM }, change.people},
			} {
				propose := func(in normalize.PatchesIn) sql.Snapshot {
					out, err := half.propose(t.Context(), s, in)
					if err != nil {
						t.Fatal(err)
					}
					return out.Patches
				}
				was, is := before, after
				was.CRM, is.CRM = half.crm(before), half.crm(after)
				earlier, whole := propose(was.PatchesIn), propose(is.PatchesIn)
				differing, err := normalize.Differing(t.Context(), s, normalize.DifferingIn{Before: was, After: is, Patches: earlier})
				if err != nil {
					t.Fatal(err)
				}
				if got := column(t, s, differing.Records); !slices.Equal(got, half.want) {
					t.Errorf("%s: proposed for %v anew, want %v", half.name, got, half.want)
				}
				is.Only, is.Kept = differing.Records, earlier
				again, err := s.Whole(t.Context(), propose(is.PatchesIn))
				if err != nil {
					t.Fatal(err)
				}
				if again.ID != whole.ID {
					t.Errorf("%s: other changes are proposed than for all records anew", half.name)
				}
			}
		})
	}
}

// column gives the ids of a table differing, in order.
func column(t *testing.T, s *sql.Session, snap sql.Snapshot) (ids []string) {
	t.Helper()
	if err := s.Bind(t.Context(), snap); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Query(t.Context(), "SELECT crm_id FROM differing ORDER BY crm_id", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}
