package normalize

import (
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// company proposes for an account, in the order in which a person could know the value.
func (p *patcher) company(in rows, i int) []patch {
	now := p.now.now
	if p.now.base == nil {
		p.now.base = union(p.companyNames(now), p.placeOf(now), p.accountSite(now))
	}
	site := p.siteOf(in.text(4, i), in.list(nil, 5, i))
	name, country, city := in.text(3, i), in.text(6, i), in.text(7, i)
	inCity := func(w written) form { return union(p.companyNames(w), p.placeOf(w)) }
	inCountry := func(w written) form {
		if p.sameCountry(w, now) {
			return nil
		}
		return union(p.companyNames(w), p.placeAndPhones(w, true))
	}
	return []patch{
		p.try(now, "Website", site, func(w *written) *string { return &w.website }, p.accountSite),
		p.try(now, now.prefix+"Country", country, func(w *written) *string { return &w.country }, inCountry),
		p.try(now, now.prefix+"City", city, func(w *written) *string { return &w.city }, inCity),
		p.try(now, "Name", name, func(w *written) *string { return &w.name }, p.companyNames),
	}
}

// try is the patch of one field: part makes the columns that can follow from it. A value that is empty or stands there
// already is never proposed, and one that the last candidate had is not looked at again.
func (p *patcher) try(w written, field, value string, of func(*written) *string, part func(written) form) patch {
	if value = oneLine(value); value == "" || value == *of(&w) {
		return patch{}
	}
	for _, t := range p.now.tried {
		if t.field == field && t.value == value {
			return t
		}
	}
	*of(&w) = value
	t := patch{field, value, part(w).without(p.now.base)}
	p.now.tried = append(p.now.tried, t)
	return t
}

func union(forms ...form) form { return slices.Concat(forms...) }

// siteOf is the domain to propose as Website: that of the directory's own website where it is among the usable ones.
func (p *patcher) siteOf(website string, domains []string) string {
	if h := p.website(website); h.fault == fine && slices.Contains(domains, h.domain) {
		return h.domain
	}
	if len(domains) > 0 {
		return domains[0]
	}
	return ""
}

// companyNames are the columns of an account's name, as writeAccount makes them. The place helps to take it apart.
func (p *patcher) companyNames(w written) form {
	e := p.companyEntry(w.name, nil, p.nameplace(w.city, w.region, w.country))
	placed := e.placed()
	return form{
		{column: "name", text: oneLine(w.name)}, {column: "name_key", text: e.key}, {column: "name_compact", text: strings.ReplaceAll(e.key, " ", "")},
		{column: "name_tokens", list: distinctWords(e.key)}, {column: "alias_keys", list: appendPacked(nil, e.aliases)},
		{column: "rare_token", text: p.survey.rareToken(e.key)}, {column: "acronym", text: acronymOf(e.key)}, {column: "legal_form", text: e.legal},
		{column: "place_hint", text: e.place}, {column: "name_placed", text: placed}, {column: "placed_tokens", list: distinctWords(placed)},
	}
}

func (p *patcher) accountSite(w written) form {
	return form{{column: "domains", list: p.domainsOf(nil, w.website)}}
}

// placeOf are the columns of an address but the street, which no proposal changes.
func (p *patcher) placeOf(w written) form {
	at := p.place("", w.city, w.region, w.postal, w.country)
	return form{{column: "city", text: at.city}, {column: "region", text: at.region}, {column: "postal_code", text: at.postal}, {column: "country", text: at.country}}
}

// sameCountry saves reading everything that depends on the country anew where only its spelling differs.
func (p *patcher) sameCountry(a, b written) bool {
	return p.worker.country.get(a.country) == p.worker.country.get(b.country)
}

// placeAndPhones adds the numbers, which are read in the country: of an account one, of a person a list. Reading them
// takes long, so only another country asks for them.
func (p *patcher) placeAndPhones(w written, account bool) form {
	who := person{at: place{country: p.worker.country.get(w.country)}}
	p.readPhones(&who, w.phones, w.object, "Phone", false)
	numbers := cell{column: "phones", list: who.phones}
	if account {
		numbers = cell{column: "phone"}
		if len(who.phones) > 0 {
			numbers.text = who.phones[0]
		}
	}
	return append(p.placeOf(w), numbers)
}

// person proposes for a contact or lead.
func (p *patcher) person(in rows, i int) []patch {
	now := p.now.now
	if p.now.base == nil {
		if p.now.base = union(p.personNames(now), p.mails(now), p.placeOf(now)); now.object == schemas.Lead {
			p.now.base = union(p.now.base, p.leadCompany(now), p.leadSite(now))
		}
	}
	given, family, country, city := in.text(3, i), in.text(4, i), in.text(6, i), in.text(7, i)
	email := p.workAddress(in.list(nil, 5, i))
	named := func(w written, f form) form {
		if w.object == schemas.Lead {
			return union(f, p.leadCompany(w))
		}
		return f
	}
	inCity := func(w written) form { return named(w, p.placeOf(w)) }
	inCountry := func(w written) form {
		if p.sameCountry(w, now) {
			return nil
		}
		return named(w, p.placeAndPhones(w, false))
	}
	// A name that is missing or an initial is taken from the address.
	theirs := func(w written) form { return union(p.personNames(w), p.mails(w)) }
	all := make([]patch, 0, 7)
	if now.object == schemas.Lead {
		site, company := p.siteOf(in.text(9, i), in.list(nil, 10, i)), in.text(8, i)
		all = append(all, p.try(now, "Website", site, func(w *written) *string { return &w.website }, p.leadSite),
			p.try(now, "Company", company, func(w *written) *string { return &w.name }, p.leadCompany))
	} else if account := in.text(11, i); account != "" && account != now.account {
		all = append(all, patch{"AccountId", account, form{
			{column: "known_ids", list: filled(in.text(15, i))}, {column: "known_groups", list: filled(in.text(16, i))}, {column: "known_keys", list: in.list(nil, 17, i)},
			{column: "company_keys", list: in.list(nil, 12, i)}, {column: "company_token", text: in.text(13, i)},
			{column: "company_domains", list: in.list(nil, 14, i)},
		}})
	}
	return append(all,
		p.try(now, now.prefix+"Country", country, func(w *written) *string { return &w.country }, inCountry),
		p.try(now, now.prefix+"City", city, func(w *written) *string { return &w.city }, inCity),
		p.try(now, "FirstName", given, func(w *written) *string { return &w.given }, p.personNames),
		p.try(now, "LastName", family, func(w *written) *string { return &w.family }, p.personNames),
		p.try(now, "Email", email, func(w *written) *string { return &w.email }, theirs))
}

// workAddress is the address to propose: the first under a domain of a company, else the first.
func (p *patcher) workAddress(addresses []string) string {
	best := ""
	for _, a := range addresses {
		e, _ := p.know.parseEmail(a)
		if e.address == "" {
			continue
		}
		if h := p.host.get(e.host); h.fault == fine && !p.isShared(h.domain) {
			return a
		}
		best = first(best, a)
	}
	return best
}

// personNames, mails, leadCompany and leadSite are columns as writeContact and writeLead make them.
func (p *patcher) personNames(w written) form {
	if names := [3]string{w.given, w.family, w.whole}; p.now.names != names {
		p.now.names, p.now.name = names, p.know.parseName(w.given, w.family, w.whole)
		p.now.name.roots = slices.Clip(p.now.name.roots) // the address may add to them
	}
	n := p.know.fromLocals(p.now.name, p.addressed(w).locals)
	return form{{column: "given", text: n.given}, {column: "given_roots", list: n.roots}, {column: "middle", text: n.middle}, {column: "surname", text: n.surname},
		{column: "surname_parts", list: n.parts}, {column: "surname_skeleton", text: n.skeleton},
		{column: "given_skeleton", text: n.givenSkeleton}, {column: "name_words", list: n.words}, {column: "name_sorted", text: n.sorted()}}
}

// addressed is a person of whom nothing but the address was read.
func (p *patcher) addressed(w written) person {
	if p.now.email != w.email {
		p.now.email, p.now.who = w.email, person{}
		p.readEmails(p.worker, &p.now.who, filled(w.email), w.object, "Email", false)
	}
	return p.now.who
}

func (p *patcher) mails(w written) form {
	who := p.addressed(w)
	return form{{column: "emails", list: who.emails}, {column: "email_locals", list: who.locals}, {column: "email_domains", list: who.hosts}}
}

func (p *patcher) leadCompany(w written) form {
	n := p.companyAt(w.name, p.nameplace(w.city, w.region, w.country))
	return form{{column: "company_keys", list: n.keys}, {column: "company_token", text: p.survey.rareToken(n.key)}}
}

func (p *patcher) leadSite(w written) form {
	return form{{column: "company_domains", list: p.domainsOf(nil, w.website)}}
}
