package normalize_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/normalize"
)

// changingDirectory is a small directory that changes at random: few words, domains and owners, so that a host is listed by
// about as many groups as make it shared, and which word of a name is rarest turns.
type changingDirectory struct {
	random *rand.Rand
	rows   map[string]map[string][]string // by table and id
	next   int
}

var directoryColumns = map[string]string{
	"raw_company":  "company_id,name,aliases,domains,website,headcount,phone,city,country,parent_company_id,url",
	"raw_member":   "member_id,first_name,last_name,headline,title,company_id,company_name,past_company_ids,past_company_names,emails,phones,country,url",
	"raw_redirect": "old_id,new_id",
}

func newChangingDirectory(seed uint64) *changingDirectory {
	c := &changingDirectory{random: rand.New(rand.NewPCG(seed, 11)), rows: map[string]map[string][]string{}}
	for table := range directoryColumns {
		c.rows[table] = map[string][]string{}
	}
	for range 80 {
		c.insert("raw_company")
	}
	for range 240 {
		c.insert("raw_member")
	}
	for range 4 {
		c.insert("raw_redirect")
	}
	return c
}

func (c *changingDirectory) pick(values ...string) string { return values[c.random.IntN(len(values))] }

func (c *changingDirectory) company() string {
	ids := slices.Sorted(maps.Keys(c.rows["raw_company"]))
	if len(ids) == 0 || c.random.IntN(8) == 0 {
		return fmt.Sprint("r", c.random.IntN(400)) // gone, a member's, or to come
	}
	return ids[c.random.IntN(len(ids))]
}

func (c *changingDirectory) name() string {
	word := func() string {
		return c.pick("Acme", "Globex", "Initech", "Widgets", "Foods", "Labs", "Umbrella", fmt.Sprint("Firm", c.random.IntN(40)))
	}
	return c.pick("", "test", word(), word()+" "+word(), word()+" "+word(), word()+" "+word()+" GmbH", word()+" France")
}

func (c *changingDirectory) domain() string {
	return c.pick("edge.net", "mall.com", "mall.com", fmt.Sprint("own", c.random.IntN(40), ".com"), fmt.Sprint("own", c.random.IntN(40), ".com"), "gmail.com", "nohost")
}

func (c *changingDirectory) cell(column string) string {
	switch column {
	case "name", "company_name", "aliases", "past_company_names":
		return c.name()
	case "domains":
		return c.pick("", c.domain(), c.domain()+"|"+c.domain())
	case "website":
		return c.pick("", "", "www."+c.domain())
	case "company_id", "new_id", "old_id":
		return c.pick(c.company(), c.company(), "")
	case "parent_company_id":
		return c.pick(c.company(), "", "")
	case "past_company_ids":
		return c.pick("", c.company(), c.company()+"|"+c.company())
	case "emails":
		return c.pick("", fmt.Sprint("p", c.random.IntN(1000), "@", c.domain()), "p@mail."+c.domain()+"|q@"+c.domain())
	case "phone", "phones":
		return c.pick("", "+49 89 123456", "089 123456")
	case "city":
		return c.pick("", "Paris")
	case "country":
		return c.pick("", "Germany", "France", "Utopia")
	case "headcount":
		return c.pick("", "51-200", "many")
	case "first_name", "last_name":
		return c.pick("", "Bob", "J.", "Smith", "O'Brien")
	case "headline":
		return c.pick("", "CEO at "+c.name())
	case "title":
		return c.pick("", "CEO")
	}
	return c.pick("", "text") // url is not read
}

func (c *changingDirectory) insert(table string) {
	c.next++
	row := []string{fmt.Sprint("r", c.next)}
	if table == "raw_redirect" {
		row[0] = c.company()
	}
	for _, column := range strings.Split(directoryColumns[table], ",")[1:] {
		row = append(row, c.cell(column))
	}
	if table == "raw_redirect" && row[1] == "" {
		row[1] = c.company()
	}
	c.rows[table][row[0]] = row
}

func (c *changingDirectory) change() {
	table := c.pick("raw_company", "raw_company", "raw_member", "raw_member", "raw_member", "raw_redirect")
	ids := slices.Sorted(maps.Keys(c.rows[table]))
	id := ids[c.random.IntN(len(ids))]
	switch what := c.random.IntN(10); {
	case what < 2 || len(ids) < 3:
		c.insert(table)
	case what < 4 || table == "raw_redirect":
		delete(c.rows[table], id)
		if table == "raw_redirect" {
			c.insert(table)
		}
	default:
		row := slices.Clone(c.rows[table][id])
		at := 1 + c.random.IntN(len(row)-1)
		row[at] = c.cell(strings.Split(directoryColumns[table], ",")[at])
		c.rows[table][id] = row
	}
}

func (c *changingDirectory) in(t *testing.T, s *sql.Session) normalize.DirectoryIn {
	load := func(table string) sql.Snapshot {
		var text strings.Builder
		fmt.Fprintln(&text, directoryColumns[table])
		for _, id := range slices.Sorted(maps.Keys(c.rows[table])) {
			fmt.Fprintln(&text, strings.Join(c.rows[table][id], ","))
		}
		return sqltest.Load(t, s, table, text.String())
	}
	return normalize.DirectoryIn{Companies: load("raw_company"), Members: load("raw_member"), Redirects: load("raw_redirect")}
}

// onTop calls Directory with what an earlier call read and gave, and without, and wants the same. It gives the former.
func onTop(t *testing.T, s *sql.Session, in normalize.DirectoryIn, earlier *normalize.EarlierDirectory, what string) normalize.DirectoryOut {
	t.Helper()
	in.Earlier = nil
	whole, err := normalize.Directory(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	in.Earlier = earlier
	again, err := normalize.Directory(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	recalls(t, s, earlier.Out.DirCompany, earlier.Out.DirMember)
	stored := again
	for _, snap := range []*sql.Snapshot{&stored.DirCompany, &stored.DirMember} {
		if *snap, err = s.Whole(t.Context(), *snap); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(stored) != fmt.Sprint(whole) {
		for _, pair := range [][2]sql.Snapshot{{whole.DirCompany, stored.DirCompany}, {whole.DirMember, stored.DirMember}, {whole.Quality, stored.Quality}} {
			if pair[0].ID != pair[1].ID {
				t.Errorf("%s: %s differs\n%s", what, pair[0].Table, rowsApart(t, s, pair[1], pair[0]))
			}
		}
		t.Fatalf("%s: survey equal %v, state equal %v", what, again.Survey == whole.Survey, again.State == whole.State)
	}
	return again
}

// added is how many rows of an amended table are not in the files of the table before.
func added(snap sql.Snapshot) (n int64) {
	for _, p := range snap.Parts {
		if p.Of == 0 {
			n += p.Rows
		}
	}
	return n
}

// On top of an earlier call Directory gives what it gives without, whatever changed in between: the same tables, survey
// and findings, and the same state for the call after.
func TestDirectory_OnTopOfAnEarlierCallIsTheSame(t *testing.T) {
	amended, surveys := 0, map[string]bool{}
	for seed := range sqltest.Seeds(1) {
		s := sqltest.Open(t)
		c := newChangingDirectory(seed)
		in := c.in(t, s)
		out, err := normalize.Directory(t.Context(), s, in)
		if err != nil {
			t.Fatal(err)
		}
		for round := range 14 {
			earlier := &normalize.EarlierDirectory{In: in, Out: out}
			for range c.random.IntN(4) {
				c.change()
			}
			in = c.in(t, s)
			out = onTop(t, s, in, earlier, fmt.Sprintf("seed %d, round %d", seed, round))
			surveys[out.Survey] = true
			for _, snap := range []sql.Snapshot{out.DirCompany, out.DirMember} {
				if snap.Amended() {
					amended++
				}
			}
		}
	}
	if n := int(sqltest.Seeds(1)); amended < 7*n || len(surveys) < 4*n {
		t.Errorf("a table was amended only %d times, with %d surveys", amended, len(surveys))
	}
}

// What is normalised anew is what changed, and what follows from it.
func TestDirectory_OnTopOfAnEarlierCallNormalisesWhatChanged(t *testing.T) {
	companies, members := "company_id,name,domains,phone,parent_company_id\n", "member_id,last_name,company_id,past_company_ids\n"
	for i := range 200 {
		companies += fmt.Sprintf("c%03d,Firm%d Works,own%d.com,,\n", i, i, i)
	}
	for i := range 1000 {
		members += fmt.Sprintf("m%04d,Smith,c%03d,c%03d\n", i, i%200, (i+i/200)%200)
	}
	for _, c := range []struct {
		what               string
		companies, members [2]string // replaced
		wantCompanies      int64
		wantMembers        int64
	}{
		{"nothing", [2]string{}, [2]string{}, 0, 0},
		{"a phone", [2]string{"own7.com,,", "own7.com,089 123456,"}, [2]string{}, 1, 0},
		{"a member", [2]string{}, [2]string{"m0042,Smith", "m0042,Jones"}, 0, 1},
		// Five work there, five worked there; one does both.
		{"a domain", [2]string{"own7.com", "other7.com"}, [2]string{}, 1, 9},
		// Those that worked there do not hear of groups.
		{"a parent", [2]string{"own7.com,,", "own7.com,,c008"}, [2]string{}, 1, 5},
		// All have the word Works, and it is the rarest of none.
		{"one more", [2]string{"c000,", "c200,Further Works,,,\nc000,"}, [2]string{}, 1, 0},
		// A word of theirs is as rare as before for all others.
		{"a name", [2]string{"Firm7 Works", "Firm8 Works"}, [2]string{}, 1, 9},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := sqltest.Open(t)
			in := normalize.DirectoryIn{Companies: sqltest.Load(t, s, "raw_company", companies), Members: sqltest.Load(t, s, "raw_member", members),
				Redirects: sql.Empty("raw_redirect")}
			out, err := normalize.Directory(t.Context(), s, in)
			if err != nil {
				t.Fatal(err)
			}
			earlier := &normalize.EarlierDirectory{In: in, Out: out}
			if c.companies[0] != "" {
				in.Companies = sqltest.Load(t, s, "raw_company", strings.Replace(companies, c.companies[0], c.companies[1], 1))
			}
			if c.members[0] != "" {
				in.Members = sqltest.Load(t, s, "raw_member", strings.Replace(members, c.members[0], c.members[1], 1))
			}
			out = onTop(t, s, in, earlier, c.what)
			if got := added(out.DirCompany); got != c.wantCompanies {
				t.Errorf("%d companies were normalised anew, want %d", got, c.wantCompanies)
			}
			if got := added(out.DirMember); got != c.wantMembers {
				t.Errorf("%d members were normalised anew, want %d", got, c.wantMembers)
			}
		})
	}
}

// Where the ids of two records are one but for spaces nothing is taken over, and where nearly all changed neither.
func TestDirectory_OnTopOfNothing(t *testing.T) {
	s := sqltest.Open(t)
	in := normalize.DirectoryIn{Companies: sqltest.Load(t, s, "raw_company", "company_id,name\nc1,Acme\nc2,Globex\n"),
		Members: sqltest.Load(t, s, "raw_member", "member_id,last_name,company_id\nm1,Smith,c1\n"), Redirects: sql.Empty("raw_redirect")}
	out, err := normalize.Directory(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	before := normalize.EarlierDirectory{In: in, Out: out}
	in.Companies = sqltest.Load(t, s, "raw_company", "company_id,name\nc1,One\nc2,Two\nc3,Three\n")
	if got := onTop(t, s, in, &before, "all of it"); got.DirCompany.Amended() || got.State == "" {
		t.Errorf("%+v", got)
	}
	in.Companies, in.Members = before.In.Companies, sqltest.Load(t, s, "raw_member", "member_id,last_name,company_id\nm1,Smith,c1\n\" m2\",Jones,c2\n")
	got := onTop(t, s, in, &before, "spaces")
	if got.State != "" || got.DirMember.Rows != 2 {
		t.Errorf("%+v", got)
	}
	onTop(t, s, in, &normalize.EarlierDirectory{In: in, Out: got}, "spaces before")
	in.Members = sqltest.Load(t, s, "raw_member", "member_id,last_name,company_id\nm1,Smith,c1\n\" m1\",Jones,c2\n")
	in.Earlier = &before
	if again, err := normalize.Directory(t.Context(), s, in); err == nil {
		t.Errorf("two members of one id: %+v", again)
	}
}
