package normalize_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/normalize"
)

// raw is what both halves read; the survey is taken from the one to the other.
type raw struct {
	directory normalize.DirectoryIn
	crm       normalize.CRMIn
}

func (r raw) rows() int64 {
	return r.directory.Companies.Rows + r.directory.Members.Rows + r.crm.Accounts.Rows + r.crm.Contacts.Rows + r.crm.Leads.Rows
}

type both struct {
	directory normalize.DirectoryOut
	crm       normalize.CRMOut
}

func (b both) tables() []sql.Snapshot {
	return []sql.Snapshot{b.directory.DirCompany, b.directory.DirMember, b.directory.Quality, b.crm.CRMCompany, b.crm.CRMPerson, b.crm.Quality}
}

func normalized(t testing.TB, s *sql.Session, in raw) both {
	t.Helper()
	var out both
	var err error
	if out.directory, err = normalize.Directory(t.Context(), s, in.directory); err != nil {
		t.Fatal(err)
	}
	in.crm.Survey = out.directory.Survey
	if out.crm, err = normalize.CRM(t.Context(), s, in.crm); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRun(t *testing.T) {
	sqltest.Run(t, "testdata/stage", func(t *testing.T, s *sql.Session, c sqltest.Case) map[string]sql.Snapshot {
		out := normalized(t, s, raw{
			normalize.DirectoryIn{Companies: c.Table("raw_company"), Members: c.Table("raw_member"), Redirects: c.Table("raw_redirect")},
			normalize.CRMIn{Accounts: c.Table("raw_account"), Contacts: c.Table("raw_contact"), Leads: c.Table("raw_lead")},
		})
		return map[string]sql.Snapshot{"crm_company": out.crm.CRMCompany, "crm_person": out.crm.CRMPerson, "dir_company": out.directory.DirCompany,
			"dir_member": out.directory.DirMember, "data_quality": sql.Together("data_quality", out.directory.Quality, out.crm.Quality)}
	})
}

func TestRun_EmptyTables(t *testing.T) {
	out := normalized(t, sqltest.Open(t), raw{
		normalize.DirectoryIn{Companies: sql.Empty("raw_company"), Members: sql.Empty("raw_member"), Redirects: sql.Empty("raw_redirect")},
		normalize.CRMIn{Accounts: sql.Empty("raw_account"), Contacts: sql.Empty("raw_contact"), Leads: sql.Empty("raw_lead")},
	})
	if out.directory.DirMember.Table != "dir_member" || out.directory.Quality.Rows+out.crm.Quality.Rows != 0 {
		t.Errorf("%+v", out)
	}
}

// The rows of a large directory and CRM, made by SQL; order changes the order in which they are stored before they are
// read, threads how many goroutines read them.
func madeUp(t testing.TB, threads, order, members int) (*sql.Session, raw) {
	t.Helper()
	dir := t.TempDir()
	s, err := sql.Open(t.Context(), sql.Options{Objects: dir + "/objects", Spill: dir + "/spill", Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	pick := func(salt int, list ...string) string {
		text := "["
		for i, v := range list {
			if i > 0 {
				text += ", "
			}
			text += "'" + v + "'"
		}
		return fmt.Sprintf("(%s])[1 + CAST(hash(i * 31 + %d) %% %d AS INTEGER)]", text, salt, len(list))
	}
	first := pick(1, "Bob", "Anna Maria", "Jean-Pierre", "J.", "Иван", "Dr. Kate", "Mohammed", "Xiao (Cindy)", "Søren", "Liz")
	last := pick(2, "Smith", "García-López", "van der Berg", "O''Brien", "Müller", "Щербаков", "Nguyen", "Smith, PhD", "Kowalski", "McDonald") +
		" || CASE WHEN i % 3 = 0 THEN '' ELSE chr(CAST(97 + i % 26 AS INTEGER)) || 'son' END"
	company := pick(3, "Acme", "Globex", "Müller", "Blue Sky", "National", "First", "Intl", "Alpha") + " || ' ' || " +
		pick(4, "Widgets", "Mfg", "Services", "Bank", "Foods", "Software", "Partners", "Labs") + " || ' ' || (i % 5000) || " +
		pick(5, " Inc.", " GmbH", "", " Pvt Ltd", " S.A. de C.V.", ", LLC", " (India) Ltd", " Holdings plc")
	title := pick(6, "VP Sales", "Sr. Software Engr", "CEO", "Head of People", "Mktg Mgr", "Account Executive", "Registered Nurse", "Data Scientist") +
		" || CASE WHEN i % 5 = 0 THEN ' ' || (i % 100000) ELSE '' END"
	street := "(i % 900 + 1) || ' ' || " + pick(7, "Main St", "La Cienega Blvd., Suite 200", "Hauptstr.", "High Street", "5th Ave")
	city := pick(8, "München", "New York City", "Greater Boston Area", "Pune", "Lyon 3", "St. Louis", "Paris")
	country := pick(9, "Germany", "USA", "United States", "India", "FR", "Deutschland")
	number := "'+1 (310) 246-' || lpad(CAST(i % 10000 AS VARCHAR), 4, '0')"
	save := func(table schemas.Table, rows int, given map[string]string) sql.Snapshot {
		query := "SELECT "
		for i, c := range table.Columns {
			if i > 0 {
				query += ", "
			}
			value, ok := given[c.Name]
			if !ok {
				value = "NULL"
			}
			query += fmt.Sprintf("CAST(%s AS %s) AS %s", value, schemas.SQLType(c.Type), schemas.Quote(c.Name))
		}
		query += fmt.Sprintf(" FROM range(%d) t(i) ORDER BY hash(i + %d)", rows, order)
		snap, err := s.SaveQuery(t.Context(), query, table, nil)
		if err != nil {
			t.Fatal(err)
		}
		return snap
	}
	object := func(name string) schemas.Table {
		o, _ := schemas.ObjectNamed(name)
		return o.Table()
	}
	companies, accounts := max(members/4, 1), max(members/20, 1)
	return s, raw{normalize.DirectoryIn{
		Companies: save(schemas.RawCompany, companies, map[string]string{"company_id": "'d' || i", "name": company, "aliases": "[" + company + "]",
			"domains": "['acme' || (i % 40000) || '.com']", "website": "'https://www.site' || (i % 90000) || '.co.uk/'", "headcount": "'51-200'", "street": street, "city": city,
			"country": country, "phone": number, "parent_company_id": "CASE WHEN i % 7 = 0 THEN 'd' || (i // 2) END"}),
		Members: save(schemas.RawMember, members, map[string]string{"member_id": "'m' || i", "first_name": first, "last_name": last, "title": title,
			"company_id": fmt.Sprintf("'d' || (i %% %d)", companies+10), "company_name": company, "past_company_ids": fmt.Sprintf("['d' || (i * 7 %% %d), 'd' || (i * 11 %% %d)]", companies, companies),
			"past_titles": "[" + title + "]", "emails": "[lower(replace(" + last + ", ' ', '.')) || i || '@acme' || (i % 40000) || '.com', 'p' || i || '@gmail.com']", "phones": "[" + number + "]", "street": street,
			"city": city, "region": "'CA'", "postal_code": "'90210-1234'", "country": country}),
		Redirects: save(schemas.RawRedirect, 5, map[string]string{"old_id": fmt.Sprintf("'d' || (%d + i)", companies), "new_id": "'d' || i"}),
	}, normalize.CRMIn{
		Accounts: save(object(schemas.Account), accounts, map[string]string{"Id": "'a' || i", "Name": company, "Website": "'www.acme' || (i % 40000) || '.com'",
			"BillingCity": city, "BillingCountry": country, "BillingStreet": street, "NumberOfEmployees": "i"}),
		Contacts: save(object(schemas.Contact), accounts*3, map[string]string{"Id": "'c' || i", "AccountId": fmt.Sprintf("'a' || (i %% %d)", accounts), "FirstName": first, "LastName": last,
			"Email": "'x' || i || '@isp' || (i % 50) || '.net'", "Title": title, "MailingCity": city, "MailingCountry": country, "Phone": number}),
		Leads: save(object(schemas.Lead), accounts, map[string]string{"Id": "'l' || i", "Company": company, "FirstName": first, "LastName": last,
			"Email": "'x' || i || '@isp' || (i % 50) || '.net'", "Title": title, "IsConverted": "i % 5 = 0"}),
	}}
}

func TestRun_SameWithAnyThreadsAndOrder_Invariant9(t *testing.T) {
	var first both
	for k, c := range []struct{ threads, order int }{{1, 0}, {4, 17}, {2, 99}} {
		s, in := madeUp(t, c.threads, c.order, 30_000)
		out := normalized(t, s, in)
		for i, table := range out.tables() {
			if k > 0 && first.tables()[i].ID != table.ID {
				t.Errorf("%s differs with %d threads", table.Table, c.threads)
			}
		}
		if k > 0 && (first.directory.Survey != out.directory.Survey || first.crm.SharedMail != out.crm.SharedMail) {
			t.Errorf("the survey or the shared mail domains differ with %d threads", c.threads)
		}
		first = out
	}
}

// BenchmarkRun is the whole stage over members, a quarter as many companies, and a CRM a fifth of the size, with reading
// and writing; cpu-µs/row counts all threads, the engine's among them.
func BenchmarkRun(b *testing.B) {
	const members = 200_000
	s, in := madeUp(b, 0, 0, members)
	rows := in.rows()
	before := cpuSeconds(b)
	b.ResetTimer()
	for b.Loop() {
		normalized(b, s, in)
	}
	b.ReportMetric((cpuSeconds(b)-before)*1e6/float64(b.N)/float64(rows), "cpu-µs/row")
}

func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
