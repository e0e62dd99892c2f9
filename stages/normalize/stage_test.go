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

func TestRun(t *testing.T) {
	sqltest.Run(t, "testdata/stage", func(t *testing.T, s *sql.Session, c sqltest.Case) map[string]sql.Snapshot {
		out, err := normalize.Run(t.Context(), s, normalize.In{
			Accounts: c.Table("raw_account"), Contacts: c.Table("raw_contact"), Leads: c.Table("raw_lead"),
			Companies: c.Table("raw_company"), Members: c.Table("raw_member"), Redirects: c.Table("raw_redirect"),
		})
		if err != nil {
			t.Fatal(err)
		}
		return map[string]sql.Snapshot{"crm_company": out.CRMCompany, "crm_person": out.CRMPerson, "dir_company": out.DirCompany,
			"dir_member": out.DirMember, "data_quality": out.Quality}
	})
}

func TestRun_EmptyTables(t *testing.T) {
	out, err := normalize.Run(t.Context(), sqltest.Open(t), normalize.In{
		Accounts: sql.Empty("raw_account"), Contacts: sql.Empty("raw_contact"), Leads: sql.Empty("raw_lead"),
		Companies: sql.Empty("raw_company"), Members: sql.Empty("raw_member"), Redirects: sql.Empty("raw_redirect"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.DirMember.Table != "dir_member" || out.Quality.Rows != 0 {
		t.Errorf("%+v", out)
	}
}

// The rows of a large directory and CRM, made by SQL; order changes the order in which they are stored before they are
// read, threads how many goroutines read them.
func madeUp(t testing.TB, threads, order, members int) (*sql.Session, normalize.In) {
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
	return s, normalize.In{
		Companies: save(schemas.RawCompany, companies, map[string]string{"company_id": "'d' || i", "name": company, "aliases": "[" + company + "]",
			"domains": "['acme' || (i % 40000) || '.com']", "website": "'https://www.site' || (i % 90000) || '.co.uk/'", "headcount": "'51-200'", "street": street, "city": city,
			"country": country, "phone": number, "parent_company_id": "CASE WHEN i % 7 = 0 THEN 'd' || (i // 2) END"}),
		Members: save(schemas.RawMember, members, map[string]string{"member_id": "'m' || i", "first_name": first, "last_name": last, "title": title,
			"company_id": fmt.Sprintf("'d' || (i %% %d)", companies+10), "company_name": company, "past_company_ids": fmt.Sprintf("['d' || (i * 7 %% %d), 'd' || (i * 11 %% %d)]", companies, companies),
			"past_titles": "[" + title + "]", "emails": "[lower(replace(" + last + ", ' ', '.')) || i || '@acme' || (i % 40000) || '.com', 'p' || i || '@gmail.com']", "phones": "[" + number + "]", "street": street,
			"city": city, "region": "'CA'", "postal_code": "'90210-1234'", "country": country}),
		Accounts: save(object(schemas.Account), accounts, map[string]string{"Id": "'a' || i", "Name": company, "Website": "'www.acme' || (i % 40000) || '.com'",
			"BillingCity": city, "BillingCountry": country, "BillingStreet": street, "NumberOfEmployees": "i"}),
		Contacts: save(object(schemas.Contact), accounts*3, map[string]string{"Id": "'c' || i", "AccountId": fmt.Sprintf("'a' || (i %% %d)", accounts), "FirstName": first, "LastName": last,
			"Email": "'x' || i || '@isp' || (i % 50) || '.net'", "Title": title, "MailingCity": city, "MailingCountry": country, "Phone": number}),
		Leads: save(object(schemas.Lead), accounts, map[string]string{"Id": "'l' || i", "Company": company, "FirstName": first, "LastName": last,
			"Email": "'x' || i || '@isp' || (i % 50) || '.net'", "Title": title, "IsConverted": "i % 5 = 0"}),
		Redirects: save(schemas.RawRedirect, 5, map[string]string{"old_id": fmt.Sprintf("'d' || (%d + i)", companies), "new_id": "'d' || i"}),
	}
}

func TestRun_SameWithAnyThreadsAndOrder_Invariant9(t *testing.T) {
	var first normalize.Out
	for k, c := range []struct{ threads, order int }{{1, 0}, {4, 17}, {2, 99}} {
		s, in := madeUp(t, c.threads, c.order, 30_000)
		out, err := normalize.Run(t.Context(), s, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]sql.Snapshot{{first.CRMCompany, out.CRMCompany}, {first.CRMPerson, out.CRMPerson}, {first.DirCompany, out.DirCompany},
			{first.DirMember, out.DirMember}, {first.Quality, out.Quality}} {
			if k > 0 && pair[0].ID != pair[1].ID {
				t.Errorf("%s differs with %d threads", pair[1].Table, c.threads)
			}
		}
		first = out
	}
}

// BenchmarkRun is the whole stage over members, a quarter as many companies, and a CRM a fifth of the size, with reading
// and writing; cpu-µs/row counts all threads, the engine's among them.
func BenchmarkRun(b *testing.B) {
	const members = 200_000
	s, in := madeUp(b, 0, 0, members)
	rows := in.Members.Rows + in.Companies.Rows + in.Accounts.Rows + in.Contacts.Rows + in.Leads.Rows
	before := cpuSeconds(b)
	b.ResetTimer()
	for b.Loop() {
		if _, err := normalize.Run(b.Context(), s, in); err != nil {
			b.Fatal(err)
		}
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
