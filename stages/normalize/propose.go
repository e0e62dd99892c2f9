package normalize

import (
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// part makes columns of the normal form that follow from some fields, behind those of a form.
type part func(p *patcher, f form, w *written) form

// made are the columns of some parts. They are gone with the record at hand.
func (p *patcher) made(w *written, parts ...part) form {
	start := len(p.cells)
	for _, part := range parts {
		p.cells = part(p, p.cells, w)
	}
	return p.cells[start:]
}

// company proposes for an account, in the order in which a person could know the value.
func (p *patcher) company(in *rows, i int) []patch {
	now := &p.now.now
	if p.now.base.form == nil {
		p.now.base.set(p.made(now, (*patcher).companyNames, (*patcher).placeOf, (*patcher).accountSite))
	}
	site := p.siteOf(in.text(4, i), p.room.cell(in, 5, i))
	name, country, city := in.text(3, i), in.text(6, i), in.text(7, i)
	return append(p.now.all[:0],
		p.try("Website", site, func(w *written) *string { return &w.website }, (*patcher).accountSite),
		p.try(p.now.countryField, country, ofCountry, (*patcher).accountCountry),
		p.try(p.now.cityField, city, ofCity, (*patcher).companyNames, (*patcher).placeOf),
		p.try("Name", name, func(w *written) *string { return &w.name }, (*patcher).companyNames))
}

func ofCountry(w *written) *string { return &w.country }
func ofCity(w *written) *string    { return &w.city }

// try is the patch of one field of the record at hand: parts make the columns that can follow from it. A value that is empty
// or stands there already is never proposed, and one that the last candidate had is not looked at again.
func (p *patcher) try(field, value string, of func(*written) *string, parts ...part) patch {
	if value = oneLine(value); value == "" || value == *of(&p.now.now) {
		return patch{}
	}
	for _, t := range p.now.tried {
		if t.field == field && t.value == value {
			return t
		}
	}
	w := p.now.now
	*of(&w) = value
	start := len(p.cells)
	t := patch{field, value, p.made(&w, parts...).without(&p.now.base)}
	p.cells = p.cells[:start+len(t.form)]
	p.now.tried = append(p.now.tried, t)
	return t
}

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
func (p *patcher) companyNames(f form, w *written) form {
	e := p.companyEntry(w.name, nil, p.nameplace(w.city, w.region, w.country))
	placed := e.placed()
	return append(f,
		cell{column: inName, text: oneLine(w.name)}, cell{column: inNameKey, text: e.key}, cell{column: inNameCompact, text: strings.ReplaceAll(e.key, " ", "")},
		cell{column: inNameTokens, list: distinctWords(e.key)}, cell{column: inAliasKeys, list: appendPacked(nil, e.aliases)},
		cell{column: inRareToken, text: p.survey.rareToken(e.key)}, cell{column: inAcronym, text: acronymOf(e.key)}, cell{column: inLegalForm, text: e.legal},
		cell{column: inPlaceHint, text: e.place}, cell{column: inNamePlaced, text: placed}, cell{column: inPlacedTokens, list: distinctWords(placed)})
}

func (p *patcher) accountSite(f form, w *written) form {
	return append(f, cell{column: inDomains, list: p.domainsOf(nil, w.website)})
}

// placeOf are the columns of an address but the street, which no proposal changes.
func (p *patcher) placeOf(f form, w *written) form {
	at := p.place("", w.city, w.region, w.postal, w.country)
	return append(f, cell{column: inCity, text: at.city}, cell{column: inRegion, text: at.region}, cell{column: inPostalCode, text: at.postal},
		cell{column: inCountry, text: at.country})
}

// sameCountry saves reading everything that depends on the country anew where only its spelling differs.
func (p *patcher) sameCountry(w *written) bool {
	return p.worker.country.get(w.country) == p.worker.country.get(p.now.now.country)
}

// phonesIn are the numbers as they are read in the country.
func (p *patcher) phonesIn(w *written) []string {
	who := person{at: place{country: p.worker.country.get(w.country)}}
	p.readPhones(&who, w.phones, w.object, "Phone", false)
	return who.phones
}

// accountCountry and personCountry are what follows from another country. Reading numbers takes long, so only another country
// asks for them.
func (p *patcher) accountCountry(f form, w *written) form {
	if p.sameCountry(w) {
		return f
	}
	number := cell{column: inPhone}
	if phones := p.phonesIn(w); len(phones) > 0 {
		number.text = phones[0]
	}
	return append(p.placeOf(p.companyNames(f, w), w), number)
}

func (p *patcher) personCountry(f form, w *written) form {
	if p.sameCountry(w) {
		return f
	}
	return p.leadCompany(append(p.placeOf(f, w), cell{column: inPhones, list: p.phonesIn(w)}), w)
}

// person proposes for a contact or lead.
func (p *patcher) person(in *rows, i int) []patch {
	now := &p.now.now
	if p.now.base.form == nil {
		p.now.base.set(p.made(now, (*patcher).personNames, (*patcher).mails, (*patcher).placeOf, (*patcher).leadCompany, (*patcher).leadSite))
	}
	given, family, country, city := in.text(3, i), in.text(4, i), in.text(6, i), in.text(7, i)
	email := p.workAddress(p.room.cell(in, 5, i))
	all := p.now.all[:0]
	if now.object == schemas.Lead {
		site, company := p.siteOf(in.text(9, i), p.room.cell(in, 10, i)), in.text(8, i)
		all = append(all, p.try("Website", site, func(w *written) *string { return &w.website }, (*patcher).leadSite),
			p.try("Company", company, func(w *written) *string { return &w.name }, (*patcher).leadCompany))
	} else if account := in.text(11, i); account != "" && account != now.account {
		all = append(all, patch{"AccountId", account, form{
			{column: inKnownIds, list: filled(in.text(15, i))}, {column: inKnownGroups, list: filled(in.text(16, i))}, {column: inKnownKeys, list: in.list(nil, 17, i)},
			{column: inCompanyKeys, list: in.list(nil, 12, i)}, {column: inCompanyToken, text: in.text(13, i)},
			{column: inCompanyDomains, list: in.list(nil, 14, i)},
		}})
	}
	return append(all,
		p.try(p.now.countryField, country, ofCountry, (*patcher).personCountry),
		p.try(p.now.cityField, city, ofCity, (*patcher).placeOf, (*patcher).leadCompany),
		p.try("FirstName", given, func(w *written) *string { return &w.given }, (*patcher).personNames),
		p.try("LastName", family, func(w *written) *string { return &w.family }, (*patcher).personNames),
		// A name that is missing or an initial is taken from the address.
		p.try("Email", email, func(w *written) *string { return &w.email }, (*patcher).personNames, (*patcher).mails))
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

// personNames, mails, leadCompany and leadSite are columns as writeContact and writeLead make them; a contact has none of the
// last two.
func (p *patcher) personNames(f form, w *written) form {
	if names := [3]string{w.given, w.family, w.whole}; p.now.names != names {
		p.now.names, p.now.name = names, p.know.parseName(w.given, w.family, w.whole)
		p.now.name.roots = slices.Clip(p.now.name.roots) // the address may add to them
	}
	n := p.know.fromLocals(p.now.name, p.addressed(w).locals)
	return append(f, cell{column: inGiven, text: n.given}, cell{column: inGivenRoots, list: n.roots}, cell{column: inMiddle, text: n.middle},
		cell{column: inSurname, text: n.surname}, cell{column: inSurnameParts, list: n.parts}, cell{column: inSurnameSkeleton, text: n.skeleton},
		cell{column: inGivenSkeleton, text: n.givenSkeleton}, cell{column: inNameWords, list: n.words}, cell{column: inNameSorted, text: n.sorted()})
}

// addressed is a person of whom nothing but the address was read.
func (p *patcher) addressed(w *written) *person {
	if p.now.email != w.email {
		p.now.email, p.now.who = w.email, person{}
		p.readEmails(p.worker, &p.now.who, p.room.filled(w.email), w.object, "Email", false)
	}
	return &p.now.who
}

func (p *patcher) mails(f form, w *written) form {
	who := p.addressed(w)
	return append(f, cell{column: inEmails, list: who.emails}, cell{column: inEmailLocals, list: who.locals}, cell{column: inEmailDomains, list: who.hosts})
}

func (p *patcher) leadCompany(f form, w *written) form {
	if w.object != schemas.Lead {
		return f
	}
	n := p.companyAt(w.name, p.nameplace(w.city, w.region, w.country))
	return append(f, cell{column: inCompanyKeys, list: n.keys}, cell{column: inCompanyToken, text: p.survey.rareToken(n.key)})
}

func (p *patcher) leadSite(f form, w *written) form {
	if w.object != schemas.Lead {
		return f
	}
	return append(f, cell{column: inCompanyDomains, list: p.domainsOf(nil, w.website)})
}
