package normalize

import (
	"context"
	"maps"
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
	base := union(p.companyNames(now), p.placeOf(now), p.accountSite(now))
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
		now.try(base, "Website", site, func(w *written) { w.website = site }, p.accountSite),
		now.try(base, now.prefix+"Country", country, func(w *written) { w.country = country }, inCountry),
		now.try(base, now.prefix+"City", city, func(w *written) { w.city = city }, inCity),
		now.try(base, "Name", name, func(w *written) { w.name = name }, p.companyNames),
	}
}

// try is the patch of one field: part makes the columns that can follow from it, base is the record as it is. An empty
// value is never proposed.
func (w written) try(base form, field, value string, set func(*written), part func(written) form) patch {
	if value = oneLine(value); value == "" {
		return patch{}
	}
	set(&w)
	return patch{field, value, part(w).without(base)}
}

func union(forms ...form) form {
	all := form{}
	for _, f := range forms {
		maps.Copy(all, f)
	}
	return all
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
func (p *patcher) companyNames(w written) form {
	e := p.companyEntry(w.name, nil, p.nameplace(w.city, w.region, w.country))
	placed := e.placed()
	return form{
		"name": textCell(oneLine(w.name)), "name_key": textCell(e.key), "name_compact": textCell(strings.ReplaceAll(e.key, " ", "")),
		"name_tokens": distinctWords(e.key), "alias_keys": appendPacked(nil, e.aliases), "rare_token": textCell(p.survey.rareToken(e.key)),
		"acronym": textCell(acronymOf(e.key)), "legal_form": textCell(e.legal), "place_hint": textCell(e.place),
		"name_placed": textCell(placed), "placed_tokens": distinctWords(placed),
	}
}

func (p *patcher) accountSite(w written) form { return form{"domains": p.domainsOf(nil, w.website)} }

// placeOf are the columns of an address but the street, which no proposal changes.
func (p *patcher) placeOf(w written) form {
	at := p.place("", w.city, w.region, w.postal, w.country)
	return form{"city": textCell(at.city), "region": textCell(at.region), "postal_code": textCell(at.postal), "country": textCell(at.country)}
}

// sameCountry saves reading everything that depends on the country anew where only its spelling differs.
func (p *patcher) sameCountry(a, b written) bool {
	return p.worker.country.get(a.country) == p.worker.country.get(b.country)
}

// placeAndPhones adds the numbers, which are read in the country: of an account one, of a person a list. Reading them
// takes long, so only another country asks for them.
func (p *patcher) placeAndPhones(w written, account bool) form {
	f := p.placeOf(w)
	who := person{at: place{country: p.worker.country.get(w.country)}}
	p.readPhones(&who, w.phones, w.object, "Phone", false)
	if f["phones"] = who.phones; account {
		delete(f, "phones")
		f["phone"] = who.phones
	}
	return f
}

// person proposes for a contact or lead.
func (p *patcher) person(in rows, i int) []patch {
	now, ok := p.written[in.text(1, i)]
	if !ok {
		return nil
	}
	base := union(p.personNames(now), p.mails(now), p.placeOf(now))
	if now.object == schemas.Lead {
		base = union(base, p.leadCompany(now), p.leadSite(now))
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
	var all []patch
	if now.object == schemas.Lead {
		site, company := p.siteOf(in.text(9, i), in.list(nil, 10, i)), in.text(8, i)
		all = append(all, now.try(base, "Website", site, func(w *written) { w.website = site }, p.leadSite),
			now.try(base, "Company", company, func(w *written) { w.name = company }, p.leadCompany))
	} else if account := in.text(11, i); account != "" && account != now.account {
		all = append(all, patch{"AccountId", account, form{
			"known_ids": textCell(in.text(15, i)), "known_groups": textCell(in.text(16, i)), "known_keys": in.list(nil, 17, i),
			"company_keys": in.list(nil, 12, i), "company_token": textCell(in.text(13, i)),
			"company_domains": in.list(nil, 14, i),
		}})
	}
	return append(all,
		now.try(base, now.prefix+"Country", country, func(w *written) { w.country = country }, inCountry),
		now.try(base, now.prefix+"City", city, func(w *written) { w.city = city }, inCity),
		now.try(base, "FirstName", given, func(w *written) { w.given = given }, p.personNames),
		now.try(base, "LastName", family, func(w *written) { w.family = family }, p.personNames),
		now.try(base, "Email", email, func(w *written) { w.email = email }, theirs))
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
	n := p.know.fromLocals(p.know.parseName(w.given, w.family, w.whole), p.addressed(w).locals)
	return form{"given": textCell(n.given), "given_roots": n.roots, "middle": textCell(n.middle), "surname": textCell(n.surname),
		"surname_parts": n.parts, "surname_skeleton": textCell(n.skeleton),
		"given_skeleton": textCell(n.givenSkeleton), "name_words": n.words, "name_sorted": textCell(n.sorted())}
}

// addressed is a person of whom nothing but the address was read.
func (p *patcher) addressed(w written) person {
	var who person
	p.readEmails(p.worker, &who, filled(w.email), w.object, "Email", false)
	return who
}

func (p *patcher) mails(w written) form {
	who := p.addressed(w)
	return form{"emails": who.emails, "email_locals": who.locals, "email_domains": who.hosts}
}

func (p *patcher) leadCompany(w written) form {
	n := p.know.parseCompany(w.name, p.nameplace(w.city, w.region, w.country))
	return form{"company_keys": sortedSet(append([]string{n.key, n.uncut}, n.others...)), "company_token": textCell(p.survey.rareToken(n.key))}
}

func (p *patcher) leadSite(w written) form {
	return form{"company_domains": p.domainsOf(nil, w.website)}
}
