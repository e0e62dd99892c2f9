package normalize

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// written is what the CRM holds of a record without entity, as far as a change may be proposed or follows from one.
type written struct {
	object                                string
	name, website                         string // of a lead: Company and Website
	given, family, whole, email           string
	phones                                []string
	account                               string
	city, region, postal, country, prefix string // prefix of the address fields that count
}

// readWritten keeps the raw values of records without entity. They are read with the files that normalize reads with,
// so that both see the same.
func (p *patcher) readWritten(ctx context.Context, from source) error {
	return p.eachPart(ctx, from.snapshot, from.file, func(query string) error {
		query = "SELECT * FROM (" + query + ") WHERE \"Id\" IN (SELECT crm_id FROM unmatched WHERE best_entity_id IS NOT NULL)"
		return p.session.Each(ctx, query, nil, func(batch arrow.RecordBatch) error {
			in, err := rowsIn(batch)
			if err != nil {
				return err
			}
			for i := range int(batch.NumRows()) {
				text := func(c int) string { return strings.Clone(in.text(c, i)) }
				w := written{}
				at := 10
				switch from.file {
				case "read_account":
					w = written{object: schemas.Account, name: text(3), website: text(4), phones: filled(text(5)), prefix: "Shipping"}
					if at = 8; in.flag(13, i) {
						w.prefix = "Billing"
					}
				case "read_contact":
					w = written{object: schemas.Contact, account: text(2), given: text(3), family: text(4), whole: text(5), email: text(6),
						phones: filled(text(7), text(8)), prefix: "Mailing"}
				case "read_lead":
					w = written{object: schemas.Lead, name: text(2), website: text(3), given: text(4), family: text(5), email: text(6),
						phones: filled(text(7), text(8))}
				}
				w.city, w.region, w.postal, w.country = text(at+1), text(at+2), text(at+3), text(at+4)
				p.written[text(0)] = w
			}
			return nil
		})
	})
}

// company proposes for an account, in the order in which a person could know the value.
func (p *patcher) company(in rows, i int) []patch {
	now, ok := p.written[in.text(1, i)]
	if !ok {
		return nil
	}
	base := p.companyForm(now)
	try := func(field, value string, set func(*written)) patch {
		if value = oneLine(value); value == "" {
			return patch{}
		}
		then := now
		set(&then)
		return patch{field, value, p.companyForm(then).without(base)}
	}
	site := p.siteOf(in.text(4, i), in.list(nil, 5, i))
	name, country, city := in.text(3, i), in.text(6, i), in.text(7, i)
	return []patch{
		try("Website", site, func(w *written) { w.website = site }),
		try(now.prefix+"Country", country, func(w *written) { w.country = country }),
		try(now.prefix+"City", city, func(w *written) { w.city = city }),
		try("Name", name, func(w *written) { w.name = name }),
	}
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

// companyForm is the part of an account's normal form that the proposed fields decide, as writeAccount makes it.
func (p *patcher) companyForm(w written) form {
	at := p.place("", w.city, w.region, w.postal, w.country)
	e := p.companyEntry(w.name, nil, at)
	placed := e.placed()
	f := form{
		"name": textCell(oneLine(w.name)), "name_key": textCell(e.key), "name_compact": textCell(strings.ReplaceAll(e.key, " ", "")),
		"name_tokens": distinctWords(e.key), "alias_keys": appendPacked(nil, e.aliases), "rare_token": textCell(p.rareToken(e.key)),
		"acronym": textCell(acronymOf(e.key)), "legal_form": textCell(e.legal), "place_hint": textCell(e.place),
		"name_placed": textCell(placed), "placed_tokens": distinctWords(placed),
		"domains": p.domainsOf(nil, w.website),
	}
	p.addPlace(f, at)
	f["phone"] = nil
	if len(w.phones) > 0 {
		f["phone"] = textCell(p.phones.parse(w.phones[0], at.country))
	}
	return f
}

// addPlace adds the columns of an address but the street, which no proposal changes.
func (p *patcher) addPlace(f form, at place) {
	f["city"], f["region"], f["postal_code"], f["country"] = textCell(at.city), textCell(at.region), textCell(at.postal), textCell(at.country)
}

// person proposes for a contact or lead.
func (p *patcher) person(in rows, i int) []patch {
	now, ok := p.written[in.text(1, i)]
	if !ok {
		return nil
	}
	base := p.personForm(now, nil)
	owned := in.list(nil, 6, i)
	try := func(field, value string, set func(*written)) patch {
		if value = oneLine(value); value == "" {
			return patch{}
		}
		then := now
		set(&then)
		mail := []string(nil)
		if field == "Email" {
			mail = append([]string{}, owned...)
		}
		return patch{field, value, p.personForm(then, mail).without(base)}
	}
	given, family, country, city := in.text(3, i), in.text(4, i), in.text(7, i), in.text(8, i)
	email := p.workAddress(in.list(nil, 5, i), owned)
	var all []patch
	if now.object == schemas.Lead {
		site, company := p.siteOf(in.text(10, i), in.list(nil, 11, i)), in.text(9, i)
		all = append(all, try("Website", site, func(w *written) { w.website = site }),
			try("Company", company, func(w *written) { w.name = company }))
	} else if account := in.text(12, i); account != "" && account != now.account {
		all = append(all, patch{"AccountId", account, form{
			"known_ids": textCell(in.text(16, i)), "known_groups": textCell(in.text(17, i)), "known_keys": in.list(nil, 18, i),
			"company_keys": in.list(nil, 13, i), "company_token": textCell(in.text(14, i)),
			"company_domains": in.list(nil, 15, i),
		}})
	}
	return append(all,
		try(now.prefix+"Country", country, func(w *written) { w.country = country }),
		try(now.prefix+"City", city, func(w *written) { w.city = city }),
		try("FirstName", given, func(w *written) { w.given = given }),
		try("LastName", family, func(w *written) { w.family = family }),
		try("Email", email, func(w *written) { w.email = email }))
}

// workAddress is the address to propose: the first under a domain of a company, else the first.
func (p *patcher) workAddress(addresses, owned []string) string {
	best := ""
	for _, a := range addresses {
		e, _ := p.know.parseEmail(a)
		if e.address == "" {
			continue
		}
		if h := p.host.get(e.host); h.fault == fine && slices.Contains(owned, h.domain) {
			return a
		}
		best = first(best, a)
	}
	return best
}

// personForm is the part of a contact's or lead's normal form that the proposed fields decide, as writeContact and
// writeLead make it. With owned, a mail domain counts only if it is among them: which hosts are shared is known from
// the directory's own normal form.
func (p *patcher) personForm(w written, owned []string) form {
	at := p.place("", w.city, w.region, w.postal, w.country)
	who := person{name: p.know.parseName(w.given, w.family, w.whole), at: at}
	p.readEmails(p.worker, &who, filled(w.email), w.object, "Email", false)
	who.name = p.know.fromLocals(who.name, who.locals)
	if owned != nil {
		who.hosts = slices.DeleteFunc(who.hosts, func(h string) bool { return !slices.Contains(owned, h) })
	}
	p.readPhones(&who, w.phones, w.object, "Phone", false)
	f := form{
		"given": textCell(who.name.given), "given_roots": who.name.roots, "middle": textCell(who.name.middle),
		"surname": textCell(who.name.surname), "surname_parts": who.name.parts, "surname_skeleton": textCell(who.name.skeleton),
		"given_skeleton": textCell(who.name.givenSkeleton), "name_words": who.name.words, "name_sorted": textCell(who.name.sorted()),
		"emails": who.emails, "email_locals": who.locals, "email_domains": who.hosts, "phones": who.phones,
	}
	p.addPlace(f, at)
	if w.object == schemas.Lead {
		n := p.know.parseCompany(w.name, at)
		f["company_keys"] = sortedSet(append([]string{n.key, n.uncut}, n.others...))
		f["company_token"] = textCell(p.rareToken(n.key))
		f["company_domains"] = p.domainsOf(nil, w.website)
	}
	return f
}
