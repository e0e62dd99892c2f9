package normalize_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/normalize"
)

const (
	patchCompanies = `company_id,name,aliases,domains,website,city,country,parent_company_id
c1,Acme Widgets GmbH,Acme|Widgets United,acme.com|acme.de,https://www.acme.de/about,München,Germany,
c2,Globex (Lyon) S.A.,,,https://linkedin.com/company/globex,Lyon,,c1
c3,Initech Ltd,,initech.co.uk,,London,United Kingdom,
`
	patchMembers = `member_id,first_name,last_name,name,emails,company_id,company_name,city,country
m1,Robert,García-López,,bob@gmail.com|robert.garcia@acme.de,c1,,München,Germany
m2,,,Jane van der Berg,jane@gmail.com,c2,,Lyon,
m3,Иван,Щербаков,,,,Solo & Sons,,Russia
`
	patchAccounts = `Id,Name,Website,Phone,BillingCity,BillingState,BillingPostalCode,BillingCountry,ShippingCity,ShippingCountry
a1,Acme München,http://facebook.com/acme,089 1234567,Berlin,,80331,,,
a2,Globex,,0472345678,,,,,Paris,France
a3,Initech,initech.com,,,,,,,
a4,Acme Widgets,acme.com,+49891234567,München,,,Germany,,
`
	patchContacts = `Id,AccountId,FirstName,LastName,Email,Phone,MailingCity,MailingPostalCode,MailingCountry
p1,a1,Bob,Garcia,bob@old.example,030 1234567,Berlin,10115,France
p2,a3,,Jane,,,,,
p3,,Ivan,Petrov,ivan@acme.com,,,,
`
	patchLeads = `Id,Company,Website,FirstName,LastName,Email,City,Country
l1,Acme Berlin,,Bob,Smith,info@acme.com,Berlin,
l2,[not provided],globex.example,J.,Berg,,,
l3,Solo,,Ivan,S.,,,
`
	patchUnmatched = `object,crm_id,reason,best_entity_id,second_entity_id
Account,a1,below_threshold,c1,
Account,a2,tie,c2,c3
Account,a3,group_collision,c3,c1
Account,a4,vetoed,c1,
Contact,p1,below_threshold,m1,
Contact,p2,bad_data,m2,
Contact,p3,company_unknown,m3,
Lead,l1,below_threshold,m1,
Lead,l2,bad_data,m2,
Lead,l3,below_threshold,m3,
`
	patchMapping = `object,crm_id,entity_id,status,primary
Account,a4,c1,matched,true
`
)

// patchOf is a proposed change as the table holds it.
type patchOf struct {
	object, id, entity, field, value string
	columns                          []string
}

// What a patch says would become of the normal form is what normalize makes of the CRM with the value in it.
func TestPatches_AreWhatNormalizeMakesOfTheChange(t *testing.T) {
	s := sqltest.Open(t)
	texts := map[string]string{"raw_account": patchAccounts, "raw_contact": patchContacts, "raw_lead": patchLeads}
	load := func(tables map[string]string) (raw, both) {
		in := raw{
			normalize.DirectoryIn{Companies: sqltest.Load(t, s, "raw_company", patchCompanies), Members: sqltest.Load(t, s, "raw_member", patchMembers),
				Redirects: sql.Empty("raw_redirect")},
			normalize.CRMIn{Accounts: sqltest.Load(t, s, "raw_account", tables["raw_account"]),
				Contacts: sqltest.Load(t, s, "raw_contact", tables["raw_contact"]), Leads: sqltest.Load(t, s, "raw_lead", tables["raw_lead"])},
		}
		return in, normalized(t, s, in)
	}
	in, now := load(texts)
	asked := normalize.PatchesIn{Unmatched: sqltest.Load(t, s, "unmatched", patchUnmatched), Accounts: in.crm.Accounts, Contacts: in.crm.Contacts,
		Leads: in.crm.Leads, Companies: in.directory.Companies, Members: in.directory.Members, DirCompany: now.directory.DirCompany,
		DirMember: now.directory.DirMember, CRMCompany: now.crm.CRMCompany, Mapping: sqltest.Load(t, s, "mapping", patchMapping),
		Survey: now.directory.Survey, SharedMail: now.crm.SharedMail}
	companies, err := normalize.CompanyPatches(t.Context(), s, asked)
	if err != nil {
		t.Fatal(err)
	}
	people, err := normalize.PersonPatches(t.Context(), s, asked)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Bind(t.Context(), companies.Patches, people.Patches); err != nil {
		t.Fatal(err)
	}
	var all []patchOf
	var fields strings.Builder
	rows, err := s.Query(t.Context(), `SELECT object, crm_id, entity_id, field, value, array_to_string(changed, '|') FROM (
		SELECT object, crm_id, entity_id, place, field, value, changed FROM patch_company UNION ALL
		SELECT object, crm_id, entity_id, place, field, value, changed FROM patch_person) ORDER BY object, crm_id, entity_id, place`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for last := ""; rows.Next(); {
		var p patchOf
		var columns string
		if err := rows.Scan(&p.object, &p.id, &p.entity, &p.field, &p.value, &columns); err != nil {
			t.Fatal(err)
		}
		p.columns = strings.Split(columns, "|")
		all = append(all, p)
		if last != p.id+p.entity {
			fmt.Fprintf(&fields, "\n%s %s:", p.id, p.entity)
		}
		last = p.id + p.entity
		fmt.Fprintf(&fields, " %s=%s", p.field, p.value)
	}
	rows.Close()
	// What the directory does not have is not proposed, nor what the record has already, and nothing after a veto.
	want := `
a1 c1: Website=acme.de BillingCountry=Germany BillingCity=München Name=Acme Widgets GmbH
a2 c2: ShippingCity=Lyon Name=Globex (Lyon) S.A.
a2 c3: Website=initech.co.uk ShippingCountry=United Kingdom ShippingCity=London Name=Initech Ltd
a3 c1: Website=acme.de BillingCountry=Germany BillingCity=München Name=Acme Widgets GmbH
a3 c3: Website=initech.co.uk BillingCountry=United Kingdom BillingCity=London Name=Initech Ltd
p1 m1: AccountId=a4 MailingCountry=Germany MailingCity=München FirstName=Robert LastName=García-López Email=robert.garcia@acme.de
p2 m2: MailingCity=Lyon FirstName=jane LastName=van der berg Email=jane@gmail.com
p3 m3: MailingCountry=Russia LastName=Щербаков
l1 m1: Website=acme.de Company=Acme Widgets GmbH Country=Germany City=München FirstName=Robert LastName=García-López Email=robert.garcia@acme.de
l2 m2: Company=Globex (Lyon) S.A. City=Lyon FirstName=jane LastName=van der berg Email=jane@gmail.com
l3 m3: Company=Solo & Sons Country=Russia LastName=Щербаков`
	if fields.String() != want {
		t.Errorf("proposed:%s\n\nwant:%s", fields.String(), want)
	}
	// One change of each record at a time, all records together: their normal forms do not depend on each other's.
	rounds, turn := [][]patchOf{}, map[string]int{}
	for _, p := range all {
		if p.field == "AccountId" {
			continue // known_ids are not normalize's
		}
		n := turn[p.id]
		turn[p.id]++
		if n == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[n] = append(rounds[n], p)
	}
	for _, round := range rounds {
		changed := map[string]string{}
		for name, text := range texts {
			changed[name] = text
		}
		for _, p := range round {
			table := "raw_" + strings.ToLower(p.object)
			changed[table] = withValue(t, changed[table], p.id, p.field, p.value)
		}
		_, then := load(changed)
		for _, p := range round {
			patch, form := companies.Patches, then.crm.CRMCompany
			if p.object != schemas.Account {
				patch, form = people.Patches, then.crm.CRMPerson
			}
			for _, column := range p.columns {
				if !same(t, s, p, patch, form, column) {
					t.Errorf("%s %s = %q: column %s is not what normalize makes", p.id, p.field, p.value, column)
				}
			}
		}
	}
}

// same says whether a column of a patch is that of the normal form.
func same(t *testing.T, s *sql.Session, p patchOf, patch, form sql.Snapshot, column string) (same bool) {
	t.Helper()
	if err := s.BindAs(t.Context(), "form", form); err != nil {
		t.Fatal(err)
	}
	if err := s.BindAs(t.Context(), "patch", patch); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Query(t.Context(), fmt.Sprintf(`SELECT p.%s IS NOT DISTINCT FROM f.%s FROM patch p JOIN form f USING (crm_id)
		WHERE p.crm_id = $id AND p.entity_id = $entity AND p.field = $field`, column, column),
		map[string]any{"id": p.id, "entity": p.entity, "field": p.field})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&same); err != nil {
			t.Fatal(err)
		}
	}
	return same
}

// withValue changes one cell of a CSV without quotes.
func withValue(t *testing.T, text, id, field, value string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	heads := strings.Split(lines[0], ",")
	for i, line := range lines {
		cells := strings.Split(line, ",")
		for c, head := range heads {
			if cells[0] == id && head == field {
				cells[c] = value
				lines[i] = strings.Join(cells, ",")
				return strings.Join(lines, "\n") + "\n"
			}
		}
	}
	t.Fatalf("no field %s of %s", field, id)
	return ""
}
