package normalize

import (
	"slices"

	"github.com/crmlink/crmlink/schemas"
)

// person is a row of the columns that contacts, leads and members share.
type person struct {
	shown                            string
	name                             personName
	emails, locals, hosts, phones    []string
	companies, groups, pastCompanies []string
	keys, pastKeys                   []string
	token                            string
	domains, pastDomains             []string
	title                            knownTitle
	pastTitles, pastKinds            []string
	at                               place
}

func (p *person) write(to *rowWriter) {
	to.text(p.shown)
	to.text(p.name.given)
	to.list(p.name.roots)
	to.text(p.name.middle)
	to.text(p.name.surname)
	to.list(p.name.parts)
	to.text(p.name.skeleton)
	to.text(p.name.givenSkeleton)
	to.list(p.name.words)
	if a, b, ok := p.name.sortedTwo(); ok {
		to.words(a, b)
	} else {
		to.text(p.name.sorted())
	}
	to.list(p.emails)
	to.list(p.locals)
	to.list(p.hosts)
	to.list(p.phones)
	to.list(p.companies)
	to.list(p.groups)
	to.list(p.pastCompanies)
	to.list(p.keys)
	to.text(p.token)
	to.list(p.pastKeys)
	to.list(p.domains)
	to.list(p.pastDomains)
	to.text(p.title.text)
	to.text(p.title.function)
	to.text(p.title.rank)
	to.text(p.title.kind)
	to.list(p.pastTitles)
	to.list(p.pastKinds)
	to.text(p.at.street)
	to.text(p.at.house)
	to.text(p.at.city)
	to.text(p.at.region)
	to.text(p.at.postal)
	to.text(p.at.country)
}

// readEmails folds addresses and counts what is wrong with them where count is set.
func (r *run) readEmails(w *worker, p *person, addresses []string, object, field string, count bool) {
	if count && len(addresses) == 0 {
		w.found(object, field, missing)
	}
	worst, n := "", len(addresses)
	p.emails, p.locals, p.hosts = w.room.list(n), w.room.list(n), w.room.list(n)
	for _, a := range addresses {
		e, fault := w.know.parseEmail(a)
		if e.address != "" {
			p.emails = append(p.emails, e.address)
			if e.local != "" {
				p.locals = append(p.locals, e.local)
			}
			switch h := w.host.get(e.host); {
			case h.fault == fine && !r.isShared(h.domain):
				p.hosts = append(p.hosts, h.domain)
			case h.fault == notAHost:
				fault = notAHost
			case fault == fine:
				fault = freeMailed
			}
		}
		worst = first(worst, fault)
	}
	if count && worst != "" {
		w.found(object, field, worst)
	}
	p.emails, p.locals, p.hosts = sortedSet(p.emails), sortedSet(p.locals), sortedSet(p.hosts)
}

// readPhones reads numbers in the person's country.
func (w *worker) readPhones(p *person, numbers []string, object, field string, count bool) {
	p.phones = w.room.list(len(numbers))
	for _, number := range numbers {
		if digits := w.phones.parse(number, p.at.country); digits != "" {
			p.phones = append(p.phones, digits)
		}
	}
	p.phones = sortedSet(p.phones)
	switch {
	case !count:
	case len(numbers) == 0:
		w.found(object, field, missing)
	case len(p.phones) == 0:
		w.found(object, field, unusable)
	}
}

// judgePerson counts the name and title of a live record.
func (w *worker) judgePerson(object, given, family, title string, p *person, rawGiven, rawFamily, rawTitle string) {
	w.looked(object)
	w.judge(object, given, rawGiven, p.name.given)
	w.judge(object, family, rawFamily, p.name.surname)
	w.judge(object, title, rawTitle, p.title.text)
}

func filled(values ...string) []string {
	return slices.DeleteFunc(values, func(s string) bool { return s == "" })
}

func (r *crm) writeContact(w *worker, in *rows, i int, to *rowWriter) {
	w.room.begin()
	id, live, account := in.text(0, i), in.flag(1, i), in.text(2, i)
	given, family, whole, title := in.text(3, i), in.text(4, i), in.text(5, i), in.text(9, i)
	p := person{shown: shownName(given, family, whole), name: w.know.parseName(given, family, whole), title: w.title.get(title)}
	p.at = w.placeAt(in, i, 10)
	r.readEmails(w, &p, w.room.filled(in.text(6, i)), schemas.Contact, "Email", live)
	p.name = w.know.fromLocals(p.name, p.locals)
	w.readPhones(&p, w.room.filled(in.text(7, i), in.text(8, i)), schemas.Contact, "Phone", live)
	packed, ok := r.accounts[account]
	if ok {
		e := entryOf(packed)
		p.keys, p.token, p.domains = w.room.unpacked(e.aliases), r.survey.rareToken(e.key), r.appendDomains(w.room.packing(e.domains), e.domains)
	}
	if live {
		w.judgePerson(schemas.Contact, "FirstName", "LastName", "Title", &p, given, family, title)
		w.judgePlace(schemas.Contact, in, i, 10, p.at,
			[5]string{"MailingStreet", "MailingCity", "MailingState", "MailingPostalCode", "MailingCountry"})
		switch {
		case account == "":
			w.found(schemas.Contact, "AccountId", missing)
		case !ok:
			w.found(schemas.Contact, "AccountId", notFound)
		}
	}
	to.text(id)
	to.text(schemas.Contact)
	to.flag(live)
	to.text(account)
	p.write(to)
}

func (r *crm) writeLead(w *worker, in *rows, i int, to *rowWriter) {
	w.room.begin()
	id, live, company, website := in.text(0, i), in.flag(1, i), in.text(2, i), in.text(3, i)
	given, family, title := in.text(4, i), in.text(5, i), in.text(9, i)
	p := person{shown: shownName(given, family, ""), name: w.know.parseName(given, family, ""), title: w.title.get(title)}
	p.at = w.placeAt(in, i, 10)
	r.readEmails(w, &p, w.room.filled(in.text(6, i)), schemas.Lead, "Email", live)
	p.name = w.know.fromLocals(p.name, p.locals)
	w.readPhones(&p, w.room.filled(in.text(7, i), in.text(8, i)), schemas.Lead, "Phone", live)
	n := w.companyAt(company, w.nameplaceAt(in, i, 10))
	p.keys = n.keys
	p.token = r.survey.rareToken(n.key)
	p.domains = r.unshared(w.domainsOf(nil, website))
	if live {
		w.judgePerson(schemas.Lead, "FirstName", "LastName", "Title", &p, given, family, title)
		r.judgeLeadCompany(w, company, n.key, website)
		w.judgePlace(schemas.Lead, in, i, 10, p.at, [5]string{"Street", "City", "State", "PostalCode", "Country"})
	}
	to.text(id)
	to.text(schemas.Lead)
	to.flag(live)
	to.text("")
	p.write(to)
}

func (r *run) judgeLeadCompany(w *worker, company, key, website string) {
	switch {
	case company == "":
		w.found(schemas.Lead, "Company", missing)
	case key == "":
		w.found(schemas.Lead, "Company", placeholder)
	}
	switch h := w.website(website); {
	case website == "":
		w.found(schemas.Lead, "Website", missing)
	case h.fault != fine:
		w.found(schemas.Lead, "Website", h.fault)
	case r.isShared(h.domain):
		w.found(schemas.Lead, "Website", sharedHost)
	}
}

func (d *directory) writeMember(w *worker, in *rows, i int, to *rowWriter) {
	w.room.begin()
	w.spaced = w.spaced || in.spaced(0, i)
	given, family, whole := in.text(1, i), in.text(2, i), in.text(3, i)
	headline, title := in.text(4, i), in.text(5, i)
	p := person{shown: shownName(given, family, whole), name: w.know.parseName(given, family, whole), title: w.title.get(first(title, headline))}
	p.at = w.placeAt(in, i, 13)
	d.readEmails(w, &p, w.room.cell(in, 11, i), memberObj, "emails", true)
	p.name = w.know.fromLocals(p.name, p.locals)
	w.readPhones(&p, w.room.cell(in, 12, i), memberObj, "phones", true)
	w.judgePerson(memberObj, "first_name", "last_name", "title", &p, first(given, whole), first(family, whole), title)
	w.judgePlace(memberObj, in, i, 13, p.at, [5]string{"street", "city", "region", "postal_code", "country"})
	d.employers(w, &p, in, i)
	titles := w.room.cell(in, 10, i)
	p.pastTitles, p.pastKinds = w.room.list(len(titles)), w.room.list(len(titles))
	for _, t := range titles {
		past := w.title.at(t)
		p.pastTitles, p.pastKinds = append(p.pastTitles, past.text), append(p.pastKinds, past.kind)
	}
	p.pastTitles, p.pastKinds = sortedSet(p.pastTitles), sortedSet(p.pastKinds)
	to.text(in.text(0, i))
	p.write(to)
}

// employers joins a member with the companies the directory says they work and worked at. A company that the directory
// does not hold is left out and counted; its name still counts where the member gives it.
func (d *directory) employers(w *worker, p *person, in *rows, i int) {
	company, written := in.text(6, i), in.text(7, i)
	if company == "" && written == "" {
		written = employerIn(in.text(4, i))
	}
	code, ok := d.companies.at[d.current(company)]
	key := ""
	if ok {
		e := d.companies.entry(code)
		p.companies = append(w.room.list(1), d.companies.ids[code])
		p.groups = append(w.room.list(1), d.groupOf(code))
		p.keys = w.room.unpacked(e.aliases)
		p.domains = d.appendDomains(w.room.packing(e.domains), e.domains)
		key = e.key
	} else if company == "" {
		w.found(memberObj, "company_id", missing)
	} else {
		w.found(memberObj, "company_id", notFound)
	}
	if written != "" && (!ok || d.companies.names[code] != foldedHash(written)) {
		name := w.company.at(written)
		p.keys = append(p.keys, name.keys...)
		key = first(key, name.key)
	}
	p.keys = sortedSet(p.keys)
	p.token = d.survey.rareToken(key)

	lost := false
	past, pastNames := w.room.cell(in, 8, i), w.room.cell(in, 9, i)
	p.pastCompanies = w.room.list(len(past))
	p.pastKeys, p.pastDomains = w.room.list(2*len(past)+2*len(pastNames)), w.room.list(2*len(past))
	for _, id := range past {
		code, ok := d.companies.at[d.current(id)]
		if !ok {
			lost = true
			continue
		}
		if len(p.companies) > 0 && p.companies[0] == d.companies.ids[code] {
			continue
		}
		e := d.companies.entry(code)
		p.pastCompanies = append(p.pastCompanies, d.companies.ids[code])
		p.pastKeys = appendPacked(p.pastKeys, e.aliases)
		p.pastDomains = d.appendDomains(p.pastDomains, e.domains)
	}
	if lost {
		w.found(memberObj, "past_company_ids", notFound)
	}
	for _, past := range pastNames {
		p.pastKeys = append(p.pastKeys, w.company.at(past).keys...)
	}
	p.pastCompanies, p.pastKeys, p.pastDomains = sortedSet(p.pastCompanies), sortedSet(p.pastKeys), sortedSet(p.pastDomains)
}
