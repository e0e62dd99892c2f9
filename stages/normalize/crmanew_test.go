package normalize_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/normalize"
)

// recalls fails where a session, which may remember rows of tables, gives others than were stored.
func recalls(t *testing.T, s *sql.Session, tables ...sql.Snapshot) {
	t.Helper()
	for _, snap := range tables {
		table, _ := schemas.Lookup(snap.Table)
		if err := errors.Join(s.BindAs(t.Context(), "stored_rows", snap),
			s.BindFor(t.Context(), "recalled_rows", snap, "(SELECT "+table.PartKey()+" FROM stored_rows)")); err != nil {
			t.Fatal(err)
		}
		var differ int64
		err := s.EachText(t.Context(), "SELECT 'differs' FROM (FROM recalled_rows EXCEPT ALL FROM stored_rows UNION ALL (FROM stored_rows EXCEPT ALL FROM recalled_rows))",
			func(string) { differ++ })
		if err != nil || differ > 0 {
			t.Fatalf("%s: %d rows are not remembered as they were stored: %v", snap.Table, differ, err)
		}
	}
}

// changingCRM is a small CRM whose records change at random: few names, domains and accounts, so that a domain is used by
// about as many companies as make it shared.
type changingCRM struct {
	random *rand.Rand
	rows   map[string]map[string][]string // by table and Id
	next   int
}

var changingColumns = map[string]string{
	"raw_account": "Id,Name,Website,Phone,ParentId,BillingCity,BillingCountry,NumberOfEmployees,IsDeleted,OwnerId",
	"raw_contact": "Id,AccountId,FirstName,LastName,Email,Phone,Title,MailingCountry,IsDeleted,OwnerId",
	"raw_lead":    "Id,Company,Website,FirstName,LastName,Email,Phone,Country,IsConverted,OwnerId",
}

func (c *changingCRM) pick(values ...string) string { return values[c.random.IntN(len(values))] }

func (c *changingCRM) idOf(table string) string {
	ids := slices.Sorted(maps.Keys(c.rows[table]))
	if len(ids) == 0 || c.random.IntN(12) == 0 {
		return c.pick("", "gone", fmt.Sprint("r", c.random.IntN(60))) // some that may come later
	}
	return ids[c.random.IntN(len(ids))]
}

func (c *changingCRM) domain() string {
	isp := fmt.Sprint("isp", c.random.IntN(3), ".net")
	return c.pick(isp, isp, isp, "mail."+isp, "web.example.org", "owner.com", "mall.com", "edge.net", "gmail.com", fmt.Sprint("own", c.random.IntN(4), ".com"), "nohost")
}

func (c *changingCRM) email() string {
	if c.random.IntN(10) == 0 {
		return c.pick("", "not an address", "info@"+c.domain())
	}
	return fmt.Sprint("p", c.random.IntN(1000), "@", c.domain())
}

func (c *changingCRM) cell(table, column string) string {
	switch column {
	case "Name", "Company":
		return c.pick("", "Acme Widgets", "Acme France", "Globex GmbH", "Initech", "test", fmt.Sprint("Firm ", c.random.IntN(9)), fmt.Sprint("Firm ", c.random.IntN(9)))
	case "Website":
		return c.pick("", "", "www."+c.domain(), "http://"+c.domain()+"/about", "www.ISP1.net", "no host")
	case "Phone":
		return c.pick("", "+49 89 123456", "089 123456")
	case "ParentId", "AccountId":
		return c.idOf("raw_account")
	case "BillingCity":
		return c.pick("", "Paris", "München")
	case "BillingCountry", "MailingCountry", "Country":
		return c.pick("", "Germany", "France", "Utopia")
	case "NumberOfEmployees":
		return c.pick("", "12", "-1")
	case "FirstName":
		return c.pick("", "Bob", "J.")
	case "LastName":
		return c.pick("", "Smith", "O'Brien")
	case "Email":
		return c.email()
	case "Title":
		return c.pick("", "CEO")
	case "IsDeleted", "IsConverted":
		return c.pick("false", "false", "false", "true")
	}
	return c.pick("", "text") // OwnerId is not read
}

func (c *changingCRM) insert(table string) {
	c.next++
	row := []string{fmt.Sprint("r", c.next)}
	for _, column := range strings.Split(changingColumns[table], ",")[1:] {
		row = append(row, c.cell(table, column))
	}
	c.rows[table][row[0]] = row
}

func (c *changingCRM) change() {
	table := c.pick("raw_account", "raw_contact", "raw_contact", "raw_contact", "raw_lead")
	id := c.idOf(table)
	row, ok := c.rows[table][id]
	switch what := c.random.IntN(10); {
	case what < 3 || !ok:
		c.insert(table)
	case what < 5:
		delete(c.rows[table], id)
	default:
		row = slices.Clone(row)
		at := 1 + c.random.IntN(len(row)-1)
		row[at] = c.cell(table, strings.Split(changingColumns[table], ",")[at])
		c.rows[table][id] = row
	}
}

// shareEdge lets people of exactly as many companies use edge.net as make it shared, or of one less.
func (c *changingCRM) shareEdge(shared bool) {
	for i := range 8 {
		id := fmt.Sprint("r", 1001+i)
		c.rows["raw_account"][id] = []string{id, fmt.Sprint("Edge ", i), c.pick("", "edge.net"), "", "", "", "", "", "false", ""}
		c.rows["raw_contact"][id] = []string{id, id, "Ann", "Edge", "ann@edge.net", "", "", "", fmt.Sprint(i == 7 && !shared), ""}
	}
}

// snapshot stores a table in several parts, most of which stay as they are.
func (c *changingCRM) snapshot(t *testing.T, s *sql.Session, table string) sql.Snapshot {
	parts := make([]strings.Builder, 2)
	for i := range parts {
		fmt.Fprintln(&parts[i], changingColumns[table])
	}
	for _, id := range slices.Sorted(maps.Keys(c.rows[table])) {
		n := 0
		fmt.Sscanf(id, "r%d", &n)
		fmt.Fprintln(&parts[n%len(parts)], strings.Join(c.rows[table][id], ","))
	}
	var stored []sql.Snapshot
	for i := range parts {
		stored = append(stored, sqltest.Load(t, s, table, parts[i].String()))
	}
	return sql.Together(table, stored...)
}

// On top of an earlier call CRM gives what it gives without, whatever changed in between: the same tables to the byte,
// and the same state for the call after.
func TestCRM_OnTopOfAnEarlierCallIsTheSame(t *testing.T) {
	// Other hosts are shared in the second directory; in those behind it edge.net is owned, or other words are rare.
	first, shared := "d1,Acme Widgets,owner.com|mall.com\nd2,Globex,mall.com\n", "e1,One,mall.com\ne2,Two,mall.com\ne3,Three,mall.com\ne4,Four,mall.com\ne5,Acme,mall.com\n"
	var surveys []string
	for _, companies := range []string{first, shared, first + "d3,Initech,\n", first + "d3,Initech,edge.net\n", first + "d3,Acme,\nd4,Acme 2,\n",
		first + "d3,Firm,\nd4,Firm 1,isp1.net\n", ""} {
		surveys = append(surveys, surveyOf(t, companies))
	}
	flips, amended, other := 0, 0, 0
	for seed := range sqltest.Seeds(1) {
		s := sqltest.Open(t)
		c := &changingCRM{random: rand.New(rand.NewPCG(seed, 7)), rows: map[string]map[string][]string{"raw_account": {}, "raw_contact": {}, "raw_lead": {}}}
		for range 60 {
			c.insert("raw_account")
			c.insert("raw_contact")
			c.insert("raw_contact")
			c.insert("raw_lead")
		}
		survey := putSurvey(t, s, surveys[seed%2])
		var earlier *normalize.EarlierCRM
		for round := range 12 {
			if c.random.IntN(2) == 0 {
				survey = putSurvey(t, s, c.pick(surveys...))
			}
			in := normalize.CRMIn{Accounts: c.snapshot(t, s, "raw_account"), Contacts: c.snapshot(t, s, "raw_contact"), Leads: c.snapshot(t, s, "raw_lead"),
				Survey: survey}
			whole, err := normalize.CRM(t.Context(), s, in)
			if err != nil {
				t.Fatal(err)
			}
			if earlier != nil {
				if earlier.Out.SharedMail != whole.SharedMail {
					flips++
				}
				in.Earlier = earlier
				onTop, err := normalize.CRM(t.Context(), s, in)
				if err != nil {
					t.Fatal(err)
				}
				recalls(t, s, earlier.Out.CRMCompany, earlier.Out.CRMPerson)
				if earlier.In.Survey != survey && onTop.CRMPerson.Amended() {
					other++
				}
				stored := onTop
				for _, snap := range []*sql.Snapshot{&stored.CRMCompany, &stored.CRMPerson} {
					if snap.Amended() {
						amended++
					}
					if *snap, err = s.Whole(t.Context(), *snap); err != nil {
						t.Fatal(err)
					}
				}
				if fmt.Sprint(stored) != fmt.Sprint(whole) {
					for _, pair := range [][2]sql.Snapshot{{whole.CRMCompany, stored.CRMCompany}, {whole.CRMPerson, stored.CRMPerson}, {whole.Quality, stored.Quality}} {
						if pair[0].ID != pair[1].ID {
							t.Errorf("seed %d, round %d: %s differs\n%s", seed, round, pair[0].Table, rowsApart(t, s, pair[1], pair[0]))
						}
					}
					t.Fatalf("seed %d, round %d: state equal %v, shared mail domains equal %v", seed, round, onTop.State == whole.State, onTop.SharedMail == whole.SharedMail)
				}
				whole = onTop // the next call amends what was amended
			}
			in.Earlier = nil
			earlier = &normalize.EarlierCRM{In: in, Out: whole}
			for range c.random.IntN(12) {
				c.change()
			}
			c.shareEdge(c.random.IntN(2) == 0)
		}
	}
	if amended < 3 {
		t.Errorf("a table was amended only %d times", amended)
	}
	if flips < int(sqltest.Seeds(1)) {
		t.Errorf("a domain became shared or ceased to be only %d times", flips)
	}
	if other < 2 {
		t.Errorf("a table was amended only %d times with another directory", other)
	}
}

// surveyOf is what Directory finds in companies, given as id, name and domains.
func surveyOf(t *testing.T, companies string) string {
	t.Helper()
	s := sqltest.Open(t)
	out, err := normalize.Directory(t.Context(), s, normalize.DirectoryIn{Companies: sqltest.Load(t, s, "raw_company", "company_id,name,domains\n"+companies),
		Members: sql.Empty("raw_member"), Redirects: sql.Empty("raw_redirect")})
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.Object(out.Survey)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func putSurvey(t *testing.T, s *sql.Session, survey string) string {
	t.Helper()
	id, err := s.PutObject([]byte(survey))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// rowsApart lists the rows that only one of two tables has.
func rowsApart(t *testing.T, s *sql.Session, got, want sql.Snapshot) string {
	t.Helper()
	c, err := s.Changed(t.Context(), want, got, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Drop(t.Context()) //nolint:errcheck // temporary
	list, err := s.Query(t.Context(), "SELECT CASE WHEN later THEN 'got  ' ELSE 'want ' END || CAST(x AS VARCHAR) FROM "+c.Name+" x ORDER BY 1", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	var all strings.Builder
	for list.Next() {
		var line string
		if err := list.Scan(&line); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&all, line)
	}
	return all.String()
}

// What an earlier call with other lists knew is of no use, and is not looked at.
func TestCRM_AnEarlierCallWithOtherListsIsNotUsed(t *testing.T) {
	s := sqltest.Open(t)
	in := normalize.CRMIn{Accounts: sqltest.Load(t, s, "raw_account", patchAccounts), Contacts: sqltest.Load(t, s, "raw_contact", patchContacts),
		Leads: sql.Empty("raw_lead")}
	whole, err := normalize.CRM(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	in.Earlier = &normalize.EarlierCRM{In: normalize.CRMIn{Knowledge: map[string]string{"another": "one"}}, Out: normalize.CRMOut{State: "none"}}
	again, err := normalize.CRM(t.Context(), s, in)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(whole) {
		t.Errorf("%v, %v", again, err)
	}
	in.Earlier.In.Knowledge = in.Knowledge
	if again, err := normalize.CRM(t.Context(), s, in); err == nil {
		t.Errorf("a state that is not there was read: %v", again)
	}
}
