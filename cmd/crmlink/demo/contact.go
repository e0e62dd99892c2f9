package demo

import "strings"

const contactHeader = "Id,IsDeleted,MasterRecordId,AccountId,CreatedDate,Department,Description,Email,Fax,FirstName,LastActivityDate,LastName,LastModifiedDate,SystemModstamp,LastReferencedDate,LastViewedDate,LeadSource,MailingStreet,MailingCity,MailingCountry,MailingPostalCode,MailingState,Name,Phone,MobilePhone,Title,OwnerId,IsPersonAccount,CurrencyIsoCode"

// contact is who one Contact stands for and what the CRM knows about him; a lead is made of the same.
type contact struct {
	index   int
	part    part
	account int // as the CRM has it; -1 for none
	member  int // of the directory; -1 if it has none
	who     int // number of the person for addresses
	person  person
	shown   shown
	job     job
	firm    *company // where the CRM thinks they work
	at      *city
	master  int
	alike   int // the member whose name a stranger shares, or -1
	cases   cases
	// numbered: a namesake sits at the same company, and the mail server had to tell them apart.
	numbered bool
}

func (w *world) contact(i int) contact {
	p, k := w.contacts.of(i)
	switch p {
	case partMatched:
		return w.slot(i)
	case partMerged:
		c := w.slot(newShuffle(w.seed, w.contacts.matched, 10).at(k))
		c.index, c.part, c.master = i, p, c.index
		return c
	}
	d := newDraw(w.seed, kindContact, i)
	c := contact{index: i, part: p, account: -1, member: -1, who: i + 1<<42, master: -1, alike: -1}
	c.firm = w.company(d.n(w.companies))
	if p == partPerson {
		c.account = w.accounts.first(partPerson) + k
	} else if n := w.accounts.matched + w.accounts.absent; n > 0 {
		c.account = d.n(n)
	}
	w.stranger(&c, &d)
	return c
}

// repeats says whether a slot holds the person of the slot before it once more.
func (w *world) repeats(slot int) bool {
	d := newDraw(w.seed, kindContact, slot+1<<40)
	return slot > 0 && d.chance(35)
}

// slot is one contact of an account: a member from there, or somebody the directory lacks.
func (w *world) slot(i int) contact {
	if w.repeats(i) && !w.repeats(i-1) && w.accountOfSlot(i) == w.accountOfSlot(i-1) {
		if c := w.seat(i - 1); c.member >= 0 {
			c.index = i
			c.cases.add("duplicate")
			return c
		}
	}
	c := w.seat(i)
	if c.member >= 0 && i+1 < w.contacts.matched && w.repeats(i+1) && !w.repeats(i) && w.accountOfSlot(i) == w.accountOfSlot(i+1) {
		c.cases.add("duplicate")
	}
	return c
}

// seat is slot without regard to records that repeat.
func (w *world) seat(i int) contact {
	d := newDraw(w.seed, kindContact, i)
	c := contact{index: i, account: w.accountOfSlot(i), member: -1, who: i + 1<<42, master: -1, alike: -1}
	known := c.account >= 0 && c.account < w.accounts.matched
	missing := d.chance(190)
	switch {
	case known:
		home := w.accountAt.at(c.account)
		c.firm = w.company(home)
		s := i - int(w.contactStart[c.account])
		if !missing && s < w.size(home)-w.reserved(home) {
			c.member = int(w.memberStart[home]) + s
		}
	case c.account >= 0:
		c.firm = w.account(c.account).company
		if d.chance(140) {
			if m, ok := w.leadMember(w.leads.matched + i - int(w.contactStart[w.accounts.matched])); ok {
				c.member = m
				c.cases.add("wrong_account")
			}
		}
	default: // an org without accounts
		if m, ok := w.leadMember(w.leads.matched + i); ok && !missing {
			c.member = m
		} else {
			c.firm = w.company(d.n(w.companies))
		}
	}
	if c.member < 0 {
		w.stranger(&c, &d)
		if known {
			c.cases.add("same_company")
		}
	} else {
		w.acquaintance(&c, &d)
	}
	converted := w.convertedAt.inverse(i) < w.leads.converted
	switch x := d.n(1000); {
	case converted || c.account < 0:
	case x < 60:
		c.account = -1
		c.cases.add("no_account")
	case x < 105 && known && c.member >= 0:
		if other := d.n(w.accounts.matched); other != c.account {
			c.account = other
			c.cases.add("wrong_account")
		}
	}
	if c.account < 0 {
		c.cases.add("no_account")
	}
	return c
}

// acquaintance fills in a member of the directory. The CRM knows the job they had at the firm.
func (w *world) acquaintance(c *contact, d *draw) {
	m := w.member(c.member)
	c.who, c.person, c.shown, c.job, c.at = c.member, m.person, m.shown, m.job, m.at
	if c.firm == nil {
		c.firm = w.company(m.current)
	}
	if m.current != c.firm.index && !c.cases.has("wrong_account") {
		c.job = m.oldJob
		c.at = c.firm.at.city
		c.cases.add("job_changer")
	}
	if c.cases.has("wrong_account") {
		c.firm = w.company(m.current)
	}
	if d.chance(110) {
		c.job = w.job(d)
		c.cases.add("other_title")
	}
}

// stranger makes somebody whom the directory lacks; a third share the name of somebody whom it has.
func (w *world) stranger(c *contact, d *draw) {
	c.cases.list = append([]string{"no_match"}, c.cases.list...)
	c.at = c.firm.at.city
	c.person = w.person(d, c.at.country)
	c.job = w.job(d)
	switch x := d.n(1000); {
	case x < 45 && c.firm.index < w.companies && w.size(c.firm.index) > 0:
		m := int(w.memberStart[c.firm.index]) + d.n(w.size(c.firm.index))
		c.person = w.memberPerson(member{index: m, origin: c.firm.index})
		c.cases.add("namesake")
		c.alike, c.numbered = m, true
	case x < 330:
		for range 12 { // of the same country: nobody takes a stranger in Tokyo for one in Oslo
			m := d.n(w.members)
			o := w.originOf(m)
			if w.company(o).at.city.country == c.at.country {
				c.person = w.memberPerson(member{index: m, origin: o})
				c.cases.add("namesake")
				c.alike = m
				break
			}
		}
	}
	c.shown = c.person.inDirectory(d)
}

// emailInCRM is the address the CRM holds: mostly the one at the firm it knows.
func (w *world) emailInCRM(d *draw, c *contact) string {
	switch x := d.n(1000); {
	case x < 205:
		c.cases.add("no_email")
		return ""
	case x < 300:
		c.cases.add("personal_email")
		return w.personalEmail(c.person, c.who)
	case x < 315:
		c.cases.add("shared_email")
		return pick(d, []string{"info", "office", "contact", "sales"}) + "@" + w.mail(c.firm, d)
	}
	e := w.emailAt(c.firm, c.person, c.who)
	if c.numbered {
		local, domain, _ := strings.Cut(e, "@")
		e = local + decimal(2+d.n(7)) + "@" + domain
	}
	if d.chance(60) {
		e = strings.ToUpper(e[:1]) + e[1:]
	}
	return e
}

// titleInCRM is the title with the spelling of its own.
func (w *world) titleInCRM(d *draw, c *contact) string {
	if d.chance(110) {
		c.cases.add("no_title")
		return ""
	}
	t, v := w.title(d, c.job, 240)
	if v != "" {
		c.cases.variant("title", v)
	}
	return t
}

func (w *world) writeContact(s *sheet, i int, older bool) contact {
	c := w.contact(i)
	d := newDraw(w.seed, kindContactText, i)
	hd := newDraw(w.seed, kindStamp, i+1<<40)
	h := w.history(&hd)
	if older {
		h = h.older(h.created)
	}
	first, last := c.person.inCRM(&d, c.shown, w.words, &c.cases)
	email := w.emailInCRM(&d, &c)
	title := w.titleInCRM(&d, &c)
	place := w.personPlace(&d, &c)
	account := ""
	if c.account >= 0 {
		account = w.accountID(c.account)
	}
	s.text(w.contactID(i))
	s.flag(c.part == partMerged || c.part == partDeleted)
	s.texts(w.masterID(c.part, c.master, w.contactID), account)
	s.stamps(h.created)
	s.text(optional(&d, 250, pick(&d, w.list["department"])))
	s.text(optional(&d, 20, "Prefers mail.\nDo not call before 10, \"really\"."))
	s.text(email)
	s.texts(optional(&d, 20, c.firm.phone.written(&d)), first)
	s.dates(h.used)
	s.text(last)
	s.stamps(h.modified, h.stamp, h.viewed, h.viewed)
	s.text(optional(&d, 600, pick(&d, w.list["leadsource"])))
	s.texts(place.street, place.city, place.country, place.postal, place.region)
	s.text(first + " " + last)
	w.writePhones(s, &d, &c)
	s.text(title)
	s.text(w.owner(kindContact, i, older))
	s.flag(c.part == partPerson)
	s.text(currency(c.at.country))
	return c
}

// personPlace writes where a person is: often not at all, seldom with a street.
func (w *world) personPlace(d *draw, c *contact) placeText {
	at := w.address(d, c.at)
	p := placeText{street: optional(d, 250, at.street), postal: at.postal}
	p.country = spellCountry(d, c.at.country, &c.cases, 90)
	p.city = spellCity(d, c.at, &c.cases, 100)
	p.region = optional(d, 450, c.at.region)
	switch x := d.n(100); {
	case x < 15:
		p = placeText{country: p.country}
		c.cases.add("no_city")
	case x < 22:
		p = placeText{}
		c.cases.add("no_city")
	case x < 70:
		p.postal = ""
	}
	return p
}

// writePhones adds the desk and the mobile number: sometimes the person's, more often the firm's.
func (w *world) writePhones(s *sheet, d *draw, c *contact) {
	desk, mobile := "", ""
	if d.chance(330) {
		desk = c.firm.phone.written(d)
	}
	if c.member >= 0 && d.chance(240) {
		m := w.member(c.member)
		mobile = m.phone.written(d)
	} else if d.chance(120) {
		mobile = newPhone(d, c.at).written(d)
	}
	s.texts(desk, mobile)
}
