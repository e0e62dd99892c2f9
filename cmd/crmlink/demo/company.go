package demo

import (
	"strconv"
	"strings"
)

// role of a company among those that share its name.
type standing int

const (
	alone standing = iota
	groupRoot
	groupMember
	franchise
)

// company is one company of the directory, or one that the directory lacks: those have indexes past its end.
type company struct {
	index    int
	root     int // of its group, or itself
	standing standing
	core     string // the name without its legal form
	brand    string // the part of the name that a group shares
	own      string // the founder's name in his own script
	form     string // legal form; what the directory writes is in name
	old      string // the name before it was renamed
	name     string
	aliases  []string
	at       address
	domain   string // empty: lives on a shared host
	others   []string
	website  string
	industry []string
	hint     string // the industry word in its name
	weight   int
	people   int // roughly how many work there
	phone    phone
}

// Companies lie in blocks of ten; a block may begin with a corporate group or with the branches of a franchise. So the
// relatives of a company are known from its index, without a table.
const block = 10

func (w *world) standingOf(i int) (standing, int) {
	d := newDraw(w.seed, kindGroup, i/block)
	pos := i % block
	switch x := d.n(100); {
	case x < 42:
		if n := 3 + d.n(6); pos < n {
			if pos == 0 {
				return groupRoot, i
			}
			return groupMember, i - pos
		}
	case x < 58:
		if n := 3 + d.n(5); pos < n {
			return franchise, i - pos
		}
	}
	return alone, i
}

// weightOf is the size of a company, heavy-tailed: most are small, a few are very big.
func (w *world) weightOf(i int) int {
	d := newDraw(w.seed, kindSize, i)
	x := 3000/(d.n(1000)+3) + 1
	if d.chance(8) {
		x *= 6
	}
	return x
}

// company derives a company from its index. A small cache holds the last ones: members, contacts and leads ask for the
// same few again and again.
func (w *world) company(i int) *company {
	slot := &w.cache[i%len(w.cache)]
	if *slot != nil && (*slot).index == i {
		return *slot
	}
	st, root := w.standingOf(i)
	c := w.build(i, st, root)
	*slot = c
	return c
}

func (w *world) build(i int, st standing, root int) *company {
	c := &company{index: i, root: root, standing: st, weight: w.weightOf(i)}
	staff := newDraw(w.seed, kindSize, i+1<<40)
	c.people = max(1, c.weight*(3+staff.n(12)))
	d := newDraw(w.seed, kindCompany, i)
	home := newDraw(w.seed, kindPlace, root)
	base := w.cities[w.places.draw(&home)]
	place := newDraw(w.seed, kindPlace, i+1<<40)
	switch {
	case i == root:
		c.at.city = base
	case st == franchise || place.chance(600):
		c.at.city = w.cityIn(&place, base.country.code)
	default:
		c.at.city = w.cities[w.places.draw(&place)]
	}
	c.at = w.address(&place, c.at.city)
	c.phone = newPhone(&place, c.at.city)
	c.form = front(&d, c.at.city.country.forms)
	w.nameCompany(c, &d, base.country)
	w.onTheWeb(c, &d)
	w.writeCompany(c, &d)
	return c
}

// absent builds a company that the directory lacks: one more branch of a group that it has, one with the name of another
// somewhere else, or one that nobody has heard of.
func (w *world) absent(k int) (*company, string) {
	d := newDraw(w.seed, kindAbsent, k)
	i := (w.companies/block+1+k)*block + block - 1 // the last place of a block always stands alone
	x := d.n(100)
	for range 40 {
		other := d.n(w.companies)
		st, root := w.standingOf(other)
		switch {
		case x < 50 && st == groupRoot:
			return w.build(i, groupMember, root), "sibling"
		case x >= 50 && x < 68 && st == alone:
			c := w.build(i, alone, i)
			o := w.company(other)
			if o.at.city == c.at.city {
				continue
			}
			c.core, c.brand, c.own, c.old, c.hint, c.others, c.website, c.aliases = o.core, o.brand, "", "", o.hint, nil, "", nil
			c.name, c.domain = o.core, dashed(o.core)+"-"+slug(c.at.city.name)+".com"
			c.website = "https://www." + c.domain
			return c, "namesake"
		case x >= 68:
			return w.build(i, alone, i), ""
		}
	}
	return w.build(i, alone, i), ""
}

func (w *world) onTheWeb(c *company, d *draw) {
	tld := c.at.city.country.tld
	if d.chance(450) {
		tld = "com"
	}
	name := slug(c.core)
	if name == "" {
		name = "company" + strconv.Itoa(c.index)
	}
	switch {
	case c.standing == groupMember && d.chance(600) && c.root < w.companies:
		c.domain = w.company(c.root).domain
		if c.domain == "" {
			c.domain = name + "." + tld
		}
	case c.standing == franchise:
		root := slug(c.brand)
		if c.domain = root + ".com"; d.chance(400) {
			c.domain = root + "-" + slug(c.at.city.name) + "." + tld
		}
	case d.chance(35):
		host := pick(d, w.list["shared_host"])
		c.website = "https://" + host + "/" + name
		return
	case c.brand == c.core || strings.Contains(c.core, " & ") || c.standing == groupRoot:
		c.domain = slug(c.brand) + d.tag(c) + "." + tld
	case d.chance(300):
		c.domain = dashed(c.core) + "." + tld
	case len(name) > 18 && c.acronym() != "":
		c.domain = strings.ToLower(c.acronym()) + "-" + slug(c.at.city.name) + "." + tld
	default:
		c.domain = name + d.tag(c) + "." + tld
	}
	c.website = "https://www." + c.domain
	if d.chance(150) {
		other := "net"
		if t := c.at.city.country.tld; t != tld {
			other = t
		}
		first, _, _ := strings.Cut(c.domain, ".")
		c.others = append(c.others, first+"."+other)
	}
	if c.old != "" {
		c.others = append(c.others, slug(c.old)+"."+tld)
	}
}

// tag is what a company adds to its domain when the plain one was gone.
func (d *draw) tag(c *company) string {
	switch d.n(9) {
	case 0:
		return "group"
	case 1:
		return "-" + slug(c.at.city.name)
	case 2:
		return "hq"
	case 3:
		return strings.ToLower(c.at.city.country.code)
	}
	return ""
}

// writeCompany decides how the directory shows the company.
func (w *world) writeCompany(c *company, d *draw) {
	c.name = c.core
	if d.chance(480) {
		c.name += " " + c.form
	}
	if c.old != "" && d.chance(330) {
		c.aliases = append(c.aliases, c.old)
	}
	if a := c.acronym(); a != "" && d.chance(450) {
		c.aliases = append(c.aliases, a)
	}
	if c.brand != c.core && c.standing != groupMember && c.standing != franchise && d.chance(80) {
		c.aliases = append(c.aliases, c.brand)
	}
	if c.own != "" && d.chance(400) {
		c.aliases = append(c.aliases, c.own)
	}
	c.industry = w.industry[c.hint]
	if c.industry == nil {
		x := newDraw(w.seed, kindPlace, c.index+1<<41)
		c.industry = w.industry[[]string{"Software", "Logistics", "Consulting", "Medical", "Foods", "Energy", "Manufacturing", "Retail"}[x.n(8)]]
	}
}

// mail is the domain of the company's addresses; without a domain people use free mail.
func (w *world) mail(c *company, d *draw) string {
	if c.domain == "" {
		return front(d, w.list["free_mail"])
	}
	return c.domain
}

// headcount is the directory's range.
func (c *company) headcount() string {
	for _, r := range []struct {
		most int
		text string
	}{{1, "1"}, {10, "2-10"}, {50, "11-50"}, {200, "51-200"}, {500, "201-500"}, {1000, "501-1000"}, {5000, "1001-5000"}, {10000, "5001-10000"}} {
		if c.people <= r.most {
			return r.text
		}
	}
	return "10001+"
}
