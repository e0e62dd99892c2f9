package resolve_test

import (
	"encoding/json"
	"testing"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/resolve"
)

// Each case resolves both kinds and joins them. The names of the cases say which requirement they prove.
func TestResolve(t *testing.T) {
	sqltest.Run(t, "testdata/resolve", func(t *testing.T, s *sql.Session, c sqltest.Case) map[string]sql.Snapshot {
		company := caseIn(c, resolve.Company)
		person := caseIn(c, resolve.Person)
		companies, err := resolve.Run(t.Context(), s, company)
		if err != nil {
			t.Fatal(err)
		}
		people, err := resolve.Run(t.Context(), s, person)
		if err != nil {
			t.Fatal(err)
		}
		both, err := resolve.Both(t.Context(), s, resolve.BothIn{Companies: companies, People: people,
			Remedies: []sql.Snapshot{c.Table("remedy")}})
		if err != nil {
			t.Fatal(err)
		}
		return map[string]sql.Snapshot{"mapping": both.Mapping, "unmatched": both.Unmatched, "decision_outcome": both.Outcomes, "resolve_notice": notices(t, s, both.Notices)}
	})
}

func caseIn(c sqltest.Case, kind string) resolve.In {
	in := resolve.In{
		Kind: kind, Candidates: c.Table("candidate"),
		Account: c.Table("raw_account"), Contact: c.Table("raw_contact"), Lead: c.Table("raw_lead"),
		Decisions: c.Table("raw_decision"), Redirects: c.Table("raw_redirect"),
		Previous: c.Table("previous_mapping"), ThresholdMicros: 500_000, SureMicros: 800_000,
		Known: c.Table("known"),
	}
	if kind == resolve.Company {
		in.CRM, in.Directory, in.Other = c.Table("crm_company"), c.Table("dir_company"), c.Table("crm_person")
	} else {
		in.CRM, in.Directory, in.Other = c.Table("crm_person"), c.Table("dir_member"), c.Table("dir_company")
	}
	return in
}

// notices makes the returned notices a table, so that a case can want them.
func notices(t *testing.T, s *sql.Session, list []resolve.Notice) sql.Snapshot {
	text := "notice,records\n"
	for _, n := range list {
		number, _ := json.Marshal(n.Records)
		text += n.Name + "," + string(number) + "\n"
	}
	return sqltest.Load(t, s, schemas.ResolveNotice.Name, text)
}

func TestKnown(t *testing.T) {
	sqltest.Run(t, "testdata/known", func(t *testing.T, s *sql.Session, c sqltest.Case) map[string]sql.Snapshot {
		in := resolve.KnownIn{Mapping: c.Table("mapping"), CRMPerson: c.Table("crm_person"), CRMCompany: c.Table("crm_company"),
			Companies: c.Table("dir_company"), Members: c.Table("dir_member")}
		ask := resolve.KnownPeople
		if c.Name == "accounts" {
			ask = resolve.KnownAccounts
		}
		known, err := ask(t.Context(), s, in)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]sql.Snapshot{"known": known}
	})
}

func TestRun_RefusesAnUnknownKind(t *testing.T) {
	if _, err := resolve.Run(t.Context(), sqltest.Open(t), resolve.In{Kind: "lead"}); err == nil {
		t.Error("no error for kind lead")
	}
}
