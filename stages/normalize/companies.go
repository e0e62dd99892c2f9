package normalize

import (
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// companyEntry parses a company's names. A place that was cut off the name leaves the whole as one more alias.
func (w *worker) companyEntry(name string, others []string, at *nameplace) entry {
	n := w.companyAt(name, at)
	e := entry{key: n.key, legal: n.legal, place: n.place}
	aliases := n.keys
	for _, other := range others {
		o := w.companyAt(other, at)
		aliases = append(aliases, o.keys...)
		if e.key == "" { // a company known by its other names only
			e.key, e.legal = o.key, first(e.legal, o.legal)
		}
	}
	if len(others) > 0 {
		aliases = sortedSet(aliases)
	}
	e.aliases = packed(aliases)
	return e
}

// domainsOf are the registrable domains of a company's domain list and website, in alphabetical order.
func (w *worker) domainsOf(domains []string, website string) []string {
	found := w.room.list(len(domains) + 1)
	add := func(address string) {
		if h := w.website(address); h.fault == fine && h.domain != "" {
			found = append(found, h.domain)
		}
	}
	for _, d := range domains {
		add(d)
	}
	add(website)
	return sortedSet(found)
}

// website reads an address by way of a memo.
func (w *worker) website(s string) host {
	if s == "" {
		return host{}
	}
	return w.site.get(s)
}

// readWebsite reads an address by way of the memo of hosts where it is a single one, which most are.
func (w *worker) readWebsite(s string) host {
	if strings.ContainsAny(s, " ,;|\n\t") {
		return w.know.websiteHost(s)
	}
	return w.host.get(bareHost(s))
}

// placeAt reads street, city, region, postal code and country from five columns that follow one another.
func (w *worker) placeAt(in *rows, i, c int) place {
	return w.place(in.text(c, i), in.text(c+1, i), in.text(c+2, i), in.text(c+3, i), in.text(c+4, i))
}

// nameplaceAt is what of placeAt a company's name is taken apart with.
func (w *worker) nameplaceAt(in *rows, i, c int) *nameplace {
	return w.nameplace(in.text(c+1, i), in.text(c+2, i), in.text(c+4, i))
}

func (w *worker) place(street, city, region, postal, country string) place {
	var p place
	p.street, p.house = streetOf(street)
	p.country = w.country.get(country)
	p.city = w.city.get(city)
	p.region = w.region(region, p.country)
	p.postal = postalOf(postal, p.country)
	return p
}

func (w *worker) nameplace(city, region, country string) *nameplace {
	return &nameplace{city: w.city.get(city), country: w.country.get(country), cityWritten: w.folded.get(city), regionWritten: w.folded.get(region)}
}

// region is regionOf by way of a memo for each country.
func (w *worker) region(region, country string) string {
	if region == "" {
		return ""
	}
	m, ok := w.regions[country]
	if !ok {
		m = newMemo(func(s string) string { return regionOf(s, country) })
		w.regions[country] = m
	}
	return m.get(region)
}

// judgePlace counts what of an address is missing or unusable; names are the fields of the source.
func (w *worker) judgePlace(object string, in *rows, i, c int, p place, names [5]string) {
	w.judge(object, names[0], in.text(c, i), p.street)
	w.judge(object, names[1], in.text(c+1, i), p.city)
	w.judge(object, names[2], in.text(c+2, i), p.region)
	w.judge(object, names[3], in.text(c+3, i), p.postal)
	switch country := in.text(c+4, i); {
	case country == "":
		w.found(object, names[4], missing)
	case p.country == "":
		w.found(object, names[4], unknown)
	}
}

// companyRow is the columns that accounts and directory companies share.
type companyRow struct {
	shown, phone, headcount, industry string
	entry                             entry
	at                                place
}

func (r *run) writeCompanyForm(to *rowWriter, c companyRow) {
	to.text(c.shown)
	to.text(c.entry.key)
	to.text(strings.ReplaceAll(c.entry.key, " ", ""))
	to.list(distinctWords(c.entry.key))
	to.list(appendPacked(nil, c.entry.aliases))
	to.text(r.survey.rareToken(c.entry.key))
	to.text(acronymOf(c.entry.key))
	to.text(c.entry.legal)
	to.text(c.entry.place)
	placed := c.entry.placed()
	to.text(placed)
	to.list(distinctWords(placed))
	to.list(r.appendDomains(nil, c.entry.domains))
	to.text(c.at.street)
	to.text(c.at.house)
	to.text(c.at.city)
	to.text(c.at.region)
	to.text(c.at.postal)
	to.text(c.at.country)
	to.text(c.phone)
	to.text(c.headcount)
	to.text(Fold(c.industry))
}

// judgeCompany counts a company's fields; website is looked at anew because the book keeps only usable domains.
func (r *run) judgeCompany(w *worker, object, nameField, siteField, name, key, website string) {
	w.looked(object)
	switch {
	case name == "":
		w.found(object, nameField, missing)
	case key == "":
		w.found(object, nameField, placeholder)
	}
	if siteField == "" {
		return
	}
	switch h := w.website(website); {
	case website == "":
		w.found(object, siteField, missing)
	case h.fault != fine:
		w.found(object, siteField, h.fault)
	case r.isShared(h.domain):
		w.found(object, siteField, sharedHost)
	}
}

func (d *directory) writeCompany(w *worker, in *rows, i int, to *rowWriter) {
	id, name, website, parent := in.text(0, i), in.text(1, i), in.text(4, i), in.text(13, i)
	code := d.companies.at[id]
	c := companyRow{shown: oneLine(name), entry: d.companies.entry(code), at: w.placeAt(in, i, 7), industry: in.text(5, i)}
	c.headcount = headcountOf(in.text(6, i))
	phone := in.text(12, i)
	c.phone = w.phones.parse(phone, c.at.country)

	site := website
	if list := in.list(nil, 3, i); site == "" && len(list) > 0 {
		site = list[0]
	}
	d.judgeCompany(w, companyObj, "name", "website", name, c.entry.key, site)
	w.judge(companyObj, "headcount", in.text(6, i), c.headcount)
	w.judge(companyObj, "phone", phone, c.phone)
	w.judgePlace(companyObj, in, i, 7, c.at, [5]string{"street", "city", "region", "postal_code", "country"})

	to.text(id)
	if parent = d.current(parent); parent != "" && parent != id {
		if _, ok := d.companies.at[parent]; !ok {
			w.found(companyObj, "parent_company_id", notFound)
		}
		to.text(parent)
	} else {
		to.text("")
	}
	to.text(d.groupOf(code))
	d.writeCompanyForm(to, c)
}

func (r *crm) writeAccount(w *worker, in *rows, i int, to *rowWriter) {
	id, live, parent, name, website, phone := in.text(0, i), in.flag(1, i), in.text(2, i), in.text(3, i), in.text(4, i), in.text(5, i)
	c := companyRow{shown: oneLine(name), entry: entryOf(r.accounts[id]), at: w.placeAt(in, i, 8), industry: in.text(6, i)}
	people, counted := in.number(7, i)
	if counted {
		c.headcount = headcountBand(people)
	}
	c.phone = w.phones.parse(phone, c.at.country)
	if live {
		r.judgeCompany(w, schemas.Account, "Name", "Website", name, c.entry.key, website)
		switch {
		case !counted:
			w.found(schemas.Account, "NumberOfEmployees", missing)
		case c.headcount == "":
			w.found(schemas.Account, "NumberOfEmployees", unusable)
		}
		w.judge(schemas.Account, "Phone", phone, c.phone)
		w.judgePlace(schemas.Account, in, i, 8, c.at,
			[5]string{"BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry"})
		if parent != "" {
			if _, ok := r.accounts[parent]; !ok {
				w.found(schemas.Account, "ParentId", notFound)
			}
		}
	}
	to.text(id)
	to.flag(live)
	to.text(parent)
	to.list(r.emailDomainsOf(id))
	r.writeCompanyForm(to, c)
}
