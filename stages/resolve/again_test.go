package resolve_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/sql/sqltest"
	"github.com/crmlink/crmlink/stages/resolve"
)

// Whatever changes between two calls, taking over the answers of the first gives what answering for all records does, table
// by table (invariant 2).
func TestAgain_Invariant2_EqualsAnsweringForAll(t *testing.T) {
	amended := 0
	for seed := range sqltest.Seeds(1) {
		for _, kind := range []string{resolve.Person, resolve.Company} {
			t.Run(fmt.Sprint(kind, seed), func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 21))
				s := sqltest.Open(t)
				c := newChanging(r, 120)
				in := c.in(t, s, kind)
				out := answered(t, s, in)
				for step := range 5 {
					c.change(t, []int{1, 4, 30}[r.IntN(3)], step)
					next := c.in(t, s, kind)
					if next.Previous = out.Mapping; r.IntN(4) == 0 {
						next.Previous = in.Previous
					}
					whole := answered(t, s, next)
					next.Earlier = &resolve.Earlier{In: in, Out: out}
					again := answered(t, s, next)
					if again.Mapping.Amended() {
						amended++
					}
					equal(t, s, step, whole, again)
					next.Earlier = nil
					in, out = next, again
				}
			})
		}
	}
	if amended == 0 {
		t.Error("no table was amended")
	}
}

// The same for both kinds in one table, whose rows follow remedies as well.
func TestBothAgain_Invariant2_EqualsBothKindsWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	s := sqltest.Open(t)
	c := newChanging(r, 200)
	made := func() resolve.BothIn {
		remedies := "object,crm_id,entity_id,fields,values,probability\n"
		for i := range 60 {
			remedies += fmt.Sprintf("Lead,l%05d,m1,City,c%d,0.9\n", i, r.IntN(20)/19)
		}
		return resolve.BothIn{Companies: answered(t, s, c.in(t, s, resolve.Company)), People: answered(t, s, c.in(t, s, resolve.Person)),
			Remedies: []sql.Snapshot{sqltest.Load(t, s, "remedy", remedies)}}
	}
	both := func(in resolve.BothIn) resolve.Out {
		out, err := resolve.Both(t.Context(), s, in)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	in, amended := made(), 0
	out := both(in)
	for step := range 3 {
		c.change(t, 8, step)
		next := made()
		whole := both(next)
		next.Earlier = &resolve.EarlierBoth{In: in, Out: out}
		again := both(next)
		equal(t, s, step, whole, again)
		if again.Unmatched.Amended() {
			amended++
		}
		next.Earlier = &resolve.EarlierBoth{In: next, Out: again}
		if same := both(next); !reflect.DeepEqual(same, again) {
			t.Errorf("step %d: other tables though nothing changed", step)
		}
		next.Earlier = nil
		in, out = next, again
	}
	if amended == 0 {
		t.Error("the table was never amended")
	}
}

// What each half tells the other is taken over for records of whom nothing else is told, and is what telling it of all gives.
func TestKnownAgain_Invariant2_EqualsTellingItOfAll(t *testing.T) {
	s := sqltest.Open(t)
	c := newChanging(rand.New(rand.NewPCG(7, 4)), 600)
	made := func() (accounts, people resolve.KnownIn) {
		company, person := c.in(t, s, resolve.Company), c.in(t, s, resolve.Person)
		accounts = resolve.KnownIn{Mapping: answered(t, s, company).Mapping, CRMPerson: person.CRM, Companies: company.Directory}
		people = accounts
		people.Mapping = sql.Together("mapping", accounts.Mapping, answered(t, s, person).Mapping)
		people.CRMCompany, people.Members = company.CRM, person.Directory
		return accounts, people
	}
	amended := 0
	told := func(step int, ask func(context.Context, *sql.Session, resolve.KnownIn) (sql.Snapshot, error), in resolve.KnownIn, earlier *resolve.EarlierKnown) *resolve.EarlierKnown {
		whole, err := ask(t.Context(), s, in)
		if err != nil {
			t.Fatal(err)
		}
		if earlier == nil {
			return &resolve.EarlierKnown{In: in, Out: whole}
		}
		asked := in
		asked.Earlier = earlier
		again, err := ask(t.Context(), s, asked)
		if err != nil {
			t.Fatal(err)
		}
		if again.Amended() {
			amended++
		}
		stored, err := s.Whole(t.Context(), again)
		if err != nil || stored.ID != whole.ID {
			t.Errorf("step %d: %v%s", step, err, differences(sqltest.Dump(t, s, whole, ""), sqltest.Dump(t, s, stored, "")))
		}
		return &resolve.EarlierKnown{In: in, Out: again}
	}
	var accounts, people *resolve.EarlierKnown
	for step, changes := range []map[string]int{{}, {"crm_person": 12, "crm_company": 6}, {"dir_member": 12}, {"dir_company": 2}, {"candidate": 8},
		{"crm_person": 60, "candidate": 60, "dir_member": 20, "dir_company": 20}} {
		for _, table := range slices.Sorted(maps.Keys(changes)) {
			for range changes[table] {
				switch i := c.r.IntN(c.n); {
				case table == "candidate":
					c.putCandidates([]string{"Account", "Contact"}[c.r.IntN(2)], i)
				case c.r.IntN(4) == 0:
					delete(c.tables[table], slices.Sorted(maps.Keys(c.tables[table]))[i/8])
				default:
					c.put(table, i)
				}
			}
		}
		ofAccounts, ofPeople := made()
		accounts = told(step, resolve.KnownAccounts, ofAccounts, accounts)
		people = told(step, resolve.KnownPeople, ofPeople, people)
	}
	if amended < 6 {
		t.Errorf("only %d tables were amended", amended)
	}
}

func equal(t *testing.T, s *sql.Session, step int, want, got resolve.Out) {
	t.Helper()
	for _, pair := range [][2]sql.Snapshot{{want.Mapping, got.Mapping}, {want.Unmatched, got.Unmatched}, {want.Outcomes, got.Outcomes}} {
		stored, err := s.Whole(t.Context(), pair[1])
		if err != nil {
			t.Fatal(err)
		}
		if stored.ID != pair[0].ID {
			t.Errorf("step %d: %s differs: %s", step, stored.Table, differences(sqltest.Dump(t, s, pair[0], ""), sqltest.Dump(t, s, stored, "")))
		}
	}
	if !reflect.DeepEqual(want.Notices, got.Notices) {
		t.Errorf("step %d: notices %v, want %v", step, got.Notices, want.Notices)
	}
}

func differences(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for _, side := range []struct {
		name     string
		own, not []string
	}{{"want", w, g}, {"got", g, w}} {
		n := 0
		for _, line := range side.own {
			if !slices.Contains(side.not, line) && n < 4 {
				n++
				fmt.Fprintf(&b, "\n%s %s", side.name, line)
			}
		}
	}
	return b.String()
}

// A call costs what changed: nothing where nothing did, and a few records where a few did.
func TestAgain_LooksAtWhatChanged(t *testing.T) {
	s := sqltest.Open(t)
	c := newChanging(rand.New(rand.NewPCG(1, 3)), 800)
	for _, kind := range []string{resolve.Person, resolve.Company} {
		first := c.in(t, s, kind)
		first.Previous = sql.Empty(schemas.Mapping.Name)
		in := first
		out := answered(t, s, in)
		next := in
		next.Previous, next.Earlier = out.Mapping, &resolve.Earlier{In: in, Out: out}
		if again := answered(t, s, next); !reflect.DeepEqual(again, out) {
			t.Errorf("%s: other tables though nothing changed", kind)
		}
		records := "raw_lead"
		if kind == resolve.Company {
			records = "raw_account"
		}
		// Another website, where there was one, is another record with the same answer.
		some := slices.Sorted(maps.Keys(c.tables[records]))[:4]
		for _, id := range some {
			if row, at := c.tables[records][id], slices.Index(c.columns(records), "Website"); row[at] != "" {
				row[at] = "other"
			}
		}
		next = c.in(t, s, kind)
		next.Previous, next.Earlier = out.Mapping, &resolve.Earlier{In: in, Out: out}
		if again := answered(t, s, next); again.Mapping.ID != out.Mapping.ID || again.Unmatched.ID != out.Unmatched.ID {
			t.Errorf("%s: other tables though no answer changed", kind)
		}
		for _, id := range some {
			c.tables[records][id][slices.Index(c.columns(records), "IsDeleted")] = "true"
		}
		next = c.in(t, s, kind)
		next.Previous, next.Earlier = out.Mapping, &resolve.Earlier{In: in, Out: out}
		again := answered(t, s, next)
		for _, snap := range []sql.Snapshot{again.Mapping, again.Unmatched} {
			anew := int64(0)
			for _, p := range snap.Parts {
				if p.Of == 0 {
					anew += p.Rows
				}
			}
			if !snap.Amended() || anew == 0 && snap.Table == "mapping" || anew*20 > snap.Rows {
				t.Errorf("%s: 4 records changed, and %d of %d rows of %s were made anew (amended: %v)", kind, anew, snap.Rows, snap.Table, snap.Amended())
			}
		}
	}
}

func answered(t *testing.T, s *sql.Session, in resolve.In) resolve.Out {
	t.Helper()
	out, err := resolve.Run(t.Context(), s, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// changing is a small world whose rows a test changes: cells by table and key.
type changing struct {
	r      *rand.Rand
	n      int
	tables map[string]map[string][]string
}

func (c *changing) columns(table string) []string {
	return strings.Split(map[string]string{
		"raw_account":  "Id,IsDeleted,MasterRecordId,IsPersonAccount,Website,CreatedDate",
		"raw_contact":  "Id,IsDeleted,MasterRecordId,FirstName,Email,LastActivityDate,CreatedDate",
		"raw_lead":     "Id,IsDeleted,MasterRecordId,IsConverted,ConvertedContactId,FirstName,Email,Company,Website,LastActivityDate,CreatedDate",
		"candidate":    "object,crm_id,rank,entity_id,weight,probability",
		"crm_company":  "crm_id,live,name_key,domains,email_domains,parent_id",
		"crm_person":   "crm_id,object,live,account_id,surname,given,emails,email_domains,company_keys,company_domains",
		"known":        "object,crm_id,known_ids,known_keys",
		"dir_company":  "entity_id,group_id,name_key,alias_keys,domains",
		"dir_member":   "entity_id,company_ids,company_keys,past_company_ids,past_company_keys,company_domains",
		"raw_decision": "seq,object,crm_id,verdict,entity_id",
		"raw_redirect": "old_id,new_id",
	}[table], ",")
}

func newChanging(r *rand.Rand, n int) *changing {
	c := &changing{r: r, n: n, tables: map[string]map[string][]string{}}
	for _, table := range []string{"raw_account", "raw_contact", "raw_lead", "candidate", "crm_company", "crm_person", "known", "dir_company", "dir_member", "raw_decision", "raw_redirect"} {
		c.tables[table] = map[string][]string{}
	}
	for i := range n {
		c.put("raw_account", i)
		c.put("raw_contact", i)
		c.put("raw_lead", i)
		c.put("crm_company", i)
		c.put("dir_member", i)
		for _, object := range []string{"Account", "Contact", "Lead"} {
			c.putCandidates(object, i)
		}
		c.put("crm_person", 2*i)
		c.put("crm_person", 2*i+1)
		if i%3 == 0 {
			c.put("known", i)
		}
		if i%4 == 0 {
			c.put("dir_company", i)
		}
		if i%8 == 0 {
			c.put("raw_decision", i)
		}
		if i%20 == 0 {
			c.put("raw_redirect", i)
		}
	}
	return c
}

// id is one of so many; the objects' ids differ.
func (c *changing) id(letter string) string {
	n := c.n
	if letter == "o" {
		n /= 4
	}
	return fmt.Sprintf("%s%05d", letter, c.r.IntN(n))
}

func (c *changing) maybe(share int, text string) string {
	if c.r.IntN(share) == 0 {
		return text
	}
	return ""
}

// either is a text more often than none.
func (c *changing) either(text string) string {
	if c.r.IntN(4) == 0 {
		return ""
	}
	return text
}

func (c *changing) name() string { return fmt.Sprintf("k%d", c.r.IntN(c.n/3)) }

func (c *changing) put(table string, i int) {
	of, date := c.tables[table], fmt.Sprintf("202%d-01-01", c.r.IntN(9))
	id := func(letter string) string { return fmt.Sprintf("%s%05d", letter, i) }
	verdict := []string{"is", "is", "is_not", "none", "undo"}[c.r.IntN(5)]
	switch table {
	case "raw_account":
		master := c.maybe(15, c.id("a"))
		of[id("a")] = []string{id("a"), fmt.Sprint(master != "" || c.r.IntN(10) == 0), master, fmt.Sprint(c.r.IntN(40) == 0), c.either("w"), date}
	case "raw_contact":
		master := c.maybe(15, c.id("c"))
		of[id("c")] = []string{id("c"), fmt.Sprint(master != "" || c.r.IntN(10) == 0), master, c.either("x"), c.either("e"), c.either(date), date}
	case "raw_lead":
		master, contact := c.maybe(15, c.id("l")), c.maybe(12, c.id("c"))
		of[id("l")] = []string{id("l"), fmt.Sprint(master != "" || c.r.IntN(10) == 0), master, fmt.Sprint(contact != ""), contact, c.either("x"), c.either("e"), c.either("n"), c.either("w"), c.either(date), date}
	case "crm_company":
		of[id("a")] = []string{id("a"), "true", c.either(c.name()), c.maybe(2, "d"), c.maybe(2, "d"), c.maybe(2, c.id("a"))}
	case "crm_person":
		letter, object, account := "c", "Contact", c.either(c.id("a"))
		if i%2 == 1 {
			letter, object, account = "l", "Lead", ""
		}
		key := fmt.Sprintf("%s%05d", letter, i/2)
		of[key] = []string{key, object, fmt.Sprint(c.r.IntN(8) > 0), account, c.either("s"), c.either("g"), c.either("e"), c.maybe(2, c.name()), c.either(c.name() + "|" + c.name()), c.maybe(3, c.name())}
	case "known":
		object, letter := "Contact", "c"
		if c.r.IntN(3) == 0 {
			object, letter = "Account", "a"
		}
		of[object+id(letter)] = []string{object, id(letter), c.id("o"), c.name()}
	case "dir_company":
		key := fmt.Sprintf("o%05d", i/4)
		of[key] = []string{key, fmt.Sprintf("g%d", c.r.IntN(20)), c.name(), c.name() + "|" + c.name(), c.name()}
	case "dir_member":
		of[id("m")] = []string{id("m"), c.id("o"), c.name(), c.id("o"), c.name(), c.name()}
	case "raw_decision":
		object, letter, entity := "Contact", "c", "m"
		switch c.r.IntN(3) {
		case 0:
			object, letter = "Lead", "l"
		case 1:
			object, letter, entity = "Account", "a", "o"
		}
		of[fmt.Sprint(i)] = []string{fmt.Sprint(i + 1), object, c.id(letter), verdict, c.id(entity)}
		if verdict == "none" {
			of[fmt.Sprint(i)][4] = ""
		}
	case "raw_redirect":
		letter := []string{"m", "o"}[c.r.IntN(2)]
		of[id(letter)] = []string{id(letter), c.id(letter)}
	}
}

// putCandidates gives a record other candidates; entities are few, so that records compete.
func (c *changing) putCandidates(object string, i int) {
	letter, entity := map[string]string{"Account": "a", "Contact": "c", "Lead": "l"}[object], "m"
	if object == "Account" {
		entity = "o"
	}
	crm, left, seen, weight := fmt.Sprintf("%s%05d", letter, i), 1_000_000, map[string]bool{}, 9
	n := c.r.IntN(4)
	for rank := 1; rank <= 3; rank++ {
		delete(c.tables["candidate"], fmt.Sprint(crm, rank))
	}
	for rank := 1; rank <= n; rank++ {
		id := c.id(entity)
		if seen[id] {
			break
		}
		seen[id] = true
		p := left * (1 + c.r.IntN(8)) / 10
		left -= p
		weight -= c.r.IntN(3)
		c.tables["candidate"][fmt.Sprint(crm, rank)] = []string{object, crm, fmt.Sprint(rank), id, fmt.Sprint(weight), fmt.Sprintf("0.%06d", p)}
	}
}

// change changes n rows at most: of the CRM alone, of the directory as well, or of decisions; now and then redirects.
func (c *changing) change(t *testing.T, n, step int) {
	t.Helper()
	some := [][]string{
		{"raw_account", "raw_contact", "raw_lead", "candidate", "crm_company", "crm_person", "known"},
		{"dir_company", "dir_member", "candidate"},
		{"raw_decision"},
		{"raw_lead", "raw_decision", "dir_member", "crm_person", "dir_company"},
	}[c.r.IntN(4)]
	if step == 4 && c.r.IntN(2) == 0 {
		some = append(some, "raw_redirect")
	}
	for range n {
		table, i := some[c.r.IntN(len(some))], c.r.IntN(c.n)
		switch {
		case table == "candidate":
			c.putCandidates([]string{"Account", "Contact", "Lead"}[c.r.IntN(3)], i)
		case c.r.IntN(5) == 0:
			if keys := slices.Sorted(maps.Keys(c.tables[table])); len(keys) > 0 {
				delete(c.tables[table], keys[c.r.IntN(len(keys))])
			}
		case table == "crm_person":
			c.put(table, 2*i+c.r.IntN(2))
		default:
			c.put(table, i)
		}
	}
}

func (c *changing) in(t *testing.T, s *sql.Session, kind string) resolve.In {
	load := func(table string) sql.Snapshot {
		var b strings.Builder
		b.WriteString(strings.Join(c.columns(table), ",") + "\n")
		for _, key := range slices.Sorted(maps.Keys(c.tables[table])) {
			row := c.tables[table][key]
			if at := slices.Index(c.columns(table), "object"); at >= 0 && table != "crm_person" && (row[at] == "Account") != (kind == resolve.Company) && table != "raw_decision" {
				continue
			}
			b.WriteString(strings.Join(row, ",") + "\n")
		}
		return sqltest.Load(t, s, table, b.String())
	}
	in := resolve.In{Kind: kind, ThresholdMicros: 500_000, SureMicros: 800_000, Candidates: load("candidate"), Known: load("known"),
		Decisions: load("raw_decision"), Redirects: load("raw_redirect")}
	if kind == resolve.Company {
		in.CRM, in.Account, in.Directory, in.Other = load("crm_company"), load("raw_account"), load("dir_company"), load("crm_person")
	} else {
		in.CRM, in.Contact, in.Lead, in.Directory, in.Other = load("crm_person"), load("raw_contact"), load("raw_lead"), load("dir_member"), load("dir_company")
	}
	return in
}
