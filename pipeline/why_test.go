package pipeline_test

import (
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/schemas"
)

// plantedEach is how many records are planted for each reason.
const plantedEach = 12

// planted is an org in which it is known why each record has no match.
type planted struct {
	dir    string
	sheets map[string][][]string // by file, the header first
	want   map[string]string     // reason, and field where there is one, by record
	words  int
	ids    int
}

func newPlanted(t *testing.T) *planted {
	return &planted{dir: t.TempDir(), want: map[string]string{}, sheets: map[string][][]string{
		"crm/Account.csv": {{"Id", "Name", "Website", "BillingStreet", "BillingCity", "BillingCountry", "OwnerId", "LastModifiedDate"}},
		"crm/Contact.csv": {{"Id", "AccountId", "FirstName", "LastName", "Email", "Title", "MailingCity", "MailingCountry", "OwnerId", "LastModifiedDate"}},
		"crm/Lead.csv": {{"Id", "Company", "FirstName", "LastName", "Email", "Title", "City", "Country", "Website", "IsConverted", "ConvertedContactId",
			"OwnerId", "LastModifiedDate"}},
		"crm/Opportunity.csv": {{"Id", "AccountId", "Name", "StageName", "IsClosed", "IsWon", "CloseDate", "CreatedDate", "OwnerId",
			"LastModifiedDate"}},
		"crm/OpportunityContactRole.csv": {{"Id", "OpportunityId", "ContactId", "SystemModstamp"}},
		"crm/User.csv":                   {{"Id", "Email", "Name", "IsActive", "SystemModstamp"}},
		"crm/UserRole.csv":               {{"Id", "Name", "ParentRoleId", "SystemModstamp"}},
		"directory/companies.csv":        {{"company_id", "name", "website", "street", "city", "country", "parent_company_id"}},
		"directory/members.csv":          {{"member_id", "first_name", "last_name", "emails", "title", "company_id", "city", "country"}},
		"decisions.csv":                  {{"seq", "object", "crm_id", "verdict", "entity_id"}},
	}}
}

// word is a word of its own, like no other.
func (p *planted) word() string {
	p.words++
	begin := []string{"Bral", "Corv", "Dask", "Fend", "Gorm", "Hulv", "Jost", "Kest", "Lund", "Morv", "Nask", "Polv", "Quen", "Rusk", "Solm", "Tarn", "Vosk"}
	middle := []string{"abe", "ibo", "ulo", "ena", "omi", "ari", "ido"}
	end := []string{"don", "sted", "wick", "mar", "lin", "gard", "tov", "nau", "beck", "rim", "vall"}
	n := p.words
	return begin[n%17] + middle[n%7] + end[n%11]
}

func (p *planted) add(file string, cells ...string) {
	if len(cells) != len(p.sheets[file][0]) {
		panic(fmt.Sprintf("%s has %d columns", file, len(p.sheets[file][0])))
	}
	p.sheets[file] = append(p.sheets[file], cells)
}

func (p *planted) id(prefix string) string {
	p.ids++
	id, _ := schemas.FullID(fmt.Sprintf("%s5g%010d", prefix, p.ids))
	return id
}

const plantedStamp = "2026-06-01T08:00:00.000Z"

func (p *planted) account(name, website, city, country string) string {
	id := p.id("001")
	p.add("crm/Account.csv", id, name, website, "", city, country, "", plantedStamp)
	return id
}

func (p *planted) contact(account, first, last, email, title, city, country string) string {
	id := p.id("003")
	p.add("crm/Contact.csv", id, account, first, last, email, title, city, country, "", plantedStamp)
	return id
}

func (p *planted) company(name, website, city, country, parent string) string {
	p.ids++
	id := fmt.Sprintf("c%d", p.ids)
	p.add("directory/companies.csv", id, name, website, "", city, country, parent)
	return id
}

func (p *planted) member(first, last, email, title, company, city, country string) string {
	p.ids++
	id := fmt.Sprintf("m%d", p.ids)
	p.add("directory/members.csv", id, first, last, email, title, company, city, country)
	return id
}

func (p *planted) expect(id, reason string) { p.want[id] = reason }

func (p *planted) decide(object, id, verdict, entity string) {
	p.add("decisions.csv", fmt.Sprint(len(p.sheets["decisions.csv"])), object, id, verdict, entity)
}

var (
	plantedCities = [][2]string{{"Hamburg", "Germany"}, {"Lyon", "France"}, {"Leeds", "United Kingdom"}, {"Turin", "Italy"}, {"Boston", "United States"}, {"Oslo", "Norway"}}
	plantedGiven  = []string{"Anna", "Peter", "Maria", "Thomas", "Laura", "Martin"}
)

// plant makes some records for each reason, among others that match.
func (p *planted) plant() {
	place := func(i int) (city, country string) { c := plantedCities[i%len(plantedCities)]; return c[0], c[1] }
	site := func(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "")) + ".com" }
	for i := range 8 * plantedEach {
		city, country := place(i)
		name, given, last := p.word()+" "+p.word(), plantedGiven[i%6], p.word()
		c := p.company(name, site(name), city, country, "")
		a := p.account(name, site(name), city, country)
		mail := strings.ToLower(given+"."+last) + "@" + site(name)
		p.member(given, last, mail, "Buyer", c, city, country)
		p.contact(a, given, last, mail, "Buyer", city, country)
	}
	// namesakes work all over the world: a name alone is nobody.
	namesakes := func(given, last string) {
		for k := range 6 {
			name := p.word() + " " + p.word()
			city, country := place(k)
			c := p.company(name, site(name), city, country, "")
			p.member(given, last, strings.ToLower(last)+"@"+site(name), "Engineer", c, city, country)
		}
	}
	for i := range plantedEach {
		city, country := place(i)
		elsewhere, abroad := place(i + 1)
		given := plantedGiven[i%6]
		whole := func() string { return p.word() + " " + p.word() }

		p.expect(p.account("Xq"+p.word()+"zz", "", "", ""), "no_candidate")

		name := whole() // two of one group, and nothing that says which
		parent := p.company(name, "", city, country, "")
		p.company(name, "", elsewhere, abroad, parent)
		p.expect(p.account(name, "", "", ""), "group_collision")

		name = whole() // two entries that are alike in everything
		p.company(name, site(name), city, country, "")
		p.company(name, site(name), city, country, "")
		p.expect(p.account(name, site(name), city, country), "tie")

		name = whole() // the web address is that of a shared host, and the name is anybody's
		for k := range 7 {
			at, in := place(k)
			p.company(name, fmt.Sprintf("%s%d", site(name), k)+".net", at, in, "")
		}
		p.expect(p.account(name, "https://www.facebook.com/"+site(name), "", ""), "bad_data Website")
		p.expect(p.account("n/a", "", city, country), "bad_data Name")

		name = whole()
		c := p.company(name, site(name), city, country, "")
		a := p.account(name, site(name), city, country)
		p.decide("Account", a, "is_not", c)
		p.expect(a, "vetoed")
		name = whole()
		p.company(name, site(name), city, country, "")
		a = p.account(name, site(name), city, country)
		p.decide("Account", a, "none", "")
		p.expect(a, "decided_none")

		name = whole() // a company of the same town and a like name
		p.company(name, site(name), city, country, "")
		a = p.account(strings.Fields(name)[0]+" "+p.word(), site(p.word()), elsewhere, abroad)
		p.expect(a, "below_threshold")

		last := p.word()
		namesakes(given, last)
		p.expect(p.contact("", given, last, strings.ToLower(last)+fmt.Sprint(i)+"@gmail.com", "", "", ""), "free_mail_only")

		last = p.word()
		namesakes(given, last)
		strange := p.account("Zx"+p.word()+"qq "+p.word(), "", "", "")
		p.expect(p.contact(strange, given, last, "", "", "", ""), "company_unknown")

		name = whole() // somebody of that family name works at another company
		c = p.company(name, site(name), city, country, "")
		name = whole()
		p.company(name, site(name), city, country, "")
		a = p.account(name, site(name), city, country)
		last = p.word()
		p.member("Wolfgang", last, "", "Chief Executive", c, city, country)
		p.expect(p.contact(a, "Beatrice", last, "", "Nurse", elsewhere, abroad), "below_threshold")

		last = p.word()
		namesakes(given, last)
		p.expect(p.contact(a, given, last, "jane at "+site(name), "", "", ""), "bad_data Email")
		p.expect(p.contact(a, "", "[not provided]", "", "", "", ""), "bad_data LastName")
	}
}

func (p *planted) write(t *testing.T) {
	t.Helper()
	for file, rows := range p.sheets {
		path := filepath.Join(p.dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := csv.NewWriter(f).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	yaml := "org: {kind: csv, path: crm, instance_url: \"https://planted.my.salesforce.com\"}\ndirectory:\n  companies: {path: directory/companies.csv}\n  members: {path: directory/members.csv}\n" +
		"decisions: {path: decisions.csv}\nstore: store\n"
	if err := os.WriteFile(filepath.Join(p.dir, "crmlink.yaml"), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *planted) run(t *testing.T, asOf time.Time) *sql.DB {
	t.Helper()
	p.write(t)
	config, err := pipeline.LoadConfig(filepath.Join(p.dir, "crmlink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	result, err := pipeline.Run(context.Background(), pipeline.Options{Config: config, AsOf: asOf, Threads: 1, Full: true, Accept: "planted"})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", filepath.Join(p.dir, "store/runs", result.Record.ID, "analytics.duckdb")+"?access_mode=read_only")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// change is what unmatched proposes for a record.
type change struct {
	fields, values []string
	entity         string
}

// Planted records have the reason they were planted with, and the change that is proposed for a record makes it match
// when the CRM is changed so and read once more.
func TestWhy_PlantedReasonsAndChanges(t *testing.T) {
	p := newPlanted(t)
	p.plant()
	db := p.run(t, oracleTime)
	changes := map[string]change{}
	reasons := map[string]string{}
	rows, err := db.Query(`SELECT crm_id, reason || coalesce(' ' || field, ''), coalesce(array_to_string(change_fields, '|'), ''),
		coalesce(array_to_string(change_values, '|'), ''), coalesce(change_entity_id, '') FROM unmatched`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, why, fields, values, entity string
		if err := rows.Scan(&id, &why, &fields, &values, &entity); err != nil {
			t.Fatal(err)
		}
		reasons[id] = why
		if fields != "" {
			changes[id] = change{strings.Split(fields, "|"), strings.Split(values, "|"), entity}
		}
	}
	planted, right := map[string]int{}, map[string]int{}
	for id, want := range p.want {
		planted[want]++
		if reasons[id] == want {
			right[want]++
		} else {
			t.Logf("%s: reason %q, planted %q", id, reasons[id], want)
		}
	}
	all, ok := 0, 0
	for want, n := range planted {
		all, ok = all+n, ok+right[want]
		if right[want]*100 < n*80 {
			t.Errorf("%s: %d of %d planted are told so", want, right[want], n)
		}
	}
	if ok*100 < all*95 {
		t.Errorf("%d of %d reasons are right, want 95 %%", ok, all)
	}
	t.Logf("%d of %d reasons are right", ok, all)

	p.apply(t, changes)
	db = p.run(t, oracleTime.Add(time.Hour))
	matched := 0
	for id, c := range changes {
		var entity sql.NullString
		if err := db.QueryRow("SELECT entity_id FROM mapping WHERE crm_id = ?", id).Scan(&entity); err != nil {
			t.Fatal(err)
		}
		if entity.String == c.entity {
			matched++
		} else {
			t.Logf("%s: set %v to %q, and it is %q, not %s", id, c.fields, c.values, entity.String, c.entity)
		}
	}
	t.Logf("%d of %d changes lead to a match", matched, len(changes))
	if len(changes) < 3*plantedEach || matched*100 < len(changes)*90 {
		t.Errorf("%d of %d changes lead to a match, want 90 %%", matched, len(changes))
	}
}

// apply makes the changes in the CRM's files.
func (p *planted) apply(t *testing.T, changes map[string]change) {
	t.Helper()
	for file, sheet := range p.sheets {
		if !strings.HasPrefix(file, "crm/") {
			continue
		}
		for _, row := range sheet[1:] {
			c, ok := changes[row[0]]
			if !ok {
				continue
			}
			for i, field := range c.fields {
				at := slices.Index(sheet[0], field)
				if at < 0 {
					t.Fatalf("%s has no field %s", file, field)
				}
				row[at] = c.values[i]
			}
			row[slices.Index(sheet[0], "LastModifiedDate")] = "2026-06-02T08:00:00.000Z"
		}
	}
}
