package oracle

import (
	"fmt"
	"strings"
)

// place is an address that no one else has, except those who work there.
type place struct{ street, city, region, postal string }

// company and person are what both sides copy from: one in the directory gets an id, one that is only in the CRM none.
type company struct {
	id, name, domain, phone string
	place
}

type person struct {
	id, first, last, email, phone, title string
	company                              *company // nil: works nowhere
	place
}

// The two sets of consonants. Names inside the directory and names outside share no first letter, so that nothing of a
// record that is in the CRM only is a key to a directory entity.
const (
	inside  = "bdgklmn"
	outside = "prstvz"
)

// author invents names and numbers; each comes once in a world.
type author struct {
	*World
	used   map[string]bool
	serial int
	nth    int    // among the orgs that are read together
	tag    string // goes before every id that is not the CRM's
}

// word invents a word of three or four syllables; the last letter keeps it out of every dictionary.
func (a *author) word(consonants string) string {
	for {
		var b strings.Builder
		for range a.between(3, 4) {
			b.WriteByte(consonants[a.random.IntN(len(consonants))])
			b.WriteByte("aeiou"[a.random.IntN(5)])
		}
		b.WriteString(map[string]string{inside: "x", outside: "f"}[consonants])
		word := b.String()
		if a.used[word] {
			continue
		}
		a.used[word] = true
		return strings.ToUpper(word[:1]) + word[1:]
	}
}

func (a *author) place(consonants string) place {
	a.serial++
	return place{
		street: fmt.Sprintf("%d %s Street", 10+a.serial, a.word(consonants)),
		city:   a.word(consonants),
		region: pick(a.World, []string{"CA", "NY", "TX", "OH"}),
		postal: fmt.Sprint(10007 + 61*a.serial),
	}
}

func (a *author) phone() string {
	for {
		digits := fmt.Sprintf("%d%02d%04d", a.between(3, 7), a.between(20, 98), a.between(0, 9999))
		if !a.used[digits] && digits[:3] != "555" { // no one's number
			a.used[digits] = true
			return fmt.Sprintf("+1 212 %s %s", digits[:3], digits[3:])
		}
	}
}

func (a *author) company(consonants string) *company {
	first, second := a.word(consonants), a.word(consonants)
	return &company{
		name:   first + " " + second + pick(a.World, []string{"", " Inc", " LLC", " Ltd"}),
		domain: strings.ToLower(first+second) + ".com",
		phone:  a.phone(),
		place:  a.place(consonants),
	}
}

var titles = []string{"Sales Manager", "Director of Finance", "Software Engineer", "Head of Procurement", "Marketing Analyst",
	"Chief Operating Officer", "Warehouse Supervisor", "Legal Counsel"}

// person invents someone; at a company they have its address and an email at its domain.
func (a *author) person(consonants string, at *company) *person {
	p := &person{first: a.word(consonants), last: a.word(consonants), phone: a.phone(), title: pick(a.World, titles), company: at}
	domain := ""
	if at != nil {
		p.place, domain = at.place, at.domain
	} else {
		p.place, domain = a.place(consonants), strings.ToLower(a.word(consonants))+".org"
	}
	p.email = strings.ToLower(p.first + "." + p.last + "@" + domain)
	return p
}

// directory invents companies and members and writes them down. Both are more than a handful: what a value is worth
// depends on how many entities could have had it, and a copy must be beyond doubt.
func (a *author) directory(companies, members int) (firms []*company, people []*person) {
	for i := range companies {
		c := a.company(inside)
		c.id = fmt.Sprintf("%sc%03d", a.tag, i)
		firms = append(firms, c)
		domains := c.domain
		if a.chance(20) {
			domains += "|" + strings.ToLower(a.word(inside)) + ".net"
		}
		a.Companies.Rows = append(a.Companies.Rows, Row{"company_id": c.id, "name": c.name, "domains": domains,
			"website": "https://www." + c.domain + "/", "headcount": pick(a.World, []string{"51-200", "10001+", "37", ""}),
			"street": c.street, "city": c.city, "region": c.region, "postal_code": c.postal, "country": "United States",
			"phone": c.phone})
	}
	for i := range members {
		var at *company
		if a.chance(85) {
			at = pick(a.World, firms)
		}
		p := a.person(inside, at)
		p.id = fmt.Sprintf("%sm%03d", a.tag, i)
		people = append(people, p)
		row := Row{"member_id": p.id, "first_name": p.first, "last_name": p.last, "title": p.title, "emails": p.email,
			"phones": p.phone, "street": p.street, "city": p.city, "region": p.region, "postal_code": p.postal,
			"country": "United States"}
		if at != nil {
			row["company_id"], row["company_name"] = at.id, at.name
		}
		a.Members.Rows = append(a.Members.Rows, row)
	}
	return firms, people
}

// redirects gives some entities old ids, which decisions and activities may still use. One old id can lead to another.
func (a *author) redirects(firms []*company, people []*person) (oldCompanies, oldMembers []string) {
	a.Redirects = &Sheet{Columns: redirectColumns}
	for i := range a.between(1, 4) {
		old, to := fmt.Sprintf("%sc9%02d", a.tag, i), pick(a.World, firms).id
		if len(oldCompanies) > 0 && a.chance(40) {
			to = pick(a.World, oldCompanies)
		}
		oldCompanies = append(oldCompanies, old)
		a.Redirects.Rows = append(a.Redirects.Rows, Row{"old_id": old, "new_id": to})
		old, to = fmt.Sprintf("%sm9%02d", a.tag, i), pick(a.World, people).id
		if len(oldMembers) > 0 && a.chance(40) {
			to = pick(a.World, oldMembers)
		}
		oldMembers = append(oldMembers, old)
		a.Redirects.Rows = append(a.Redirects.Rows, Row{"old_id": old, "new_id": to})
	}
	return oldCompanies, oldMembers
}
