package demo

const leadHeader = "Id,IsDeleted,MasterRecordId,City,Company,ConvertedAccountId,ConvertedContactId,ConvertedDate,ConvertedOpportunityId,Country,CreatedDate,Email,FirstName,Industry,IsConverted,IsUnreadByOwner,LastActivityDate,LastName,LastReferencedDate,LastViewedDate,LeadSource,OwnerId,Phone,MobilePhone,State,Status,Street,PostalCode,Title,Website,LastModifiedDate,SystemModstamp,CurrencyIsoCode"

// queues are the owners of leads that nobody has taken yet.
const queues = 3

func (w *world) lead(i int) contact {
	p, k := w.leads.of(i)
	switch p {
	case partMatched:
		c := w.freshLead(i)
		if newShuffle(w.seed, w.leads.matched, 11).inverse(i) < w.leads.double {
			c.cases.add("duplicate")
		}
		return c
	case partDouble, partMerged:
		if w.leads.matched > 0 {
			if p == partMerged {
				k = w.leads.matched - 1 - k
			}
			c := w.freshLead(newShuffle(w.seed, w.leads.matched, 11).at(k))
			c.index, c.part, c.master = i, p, c.index
			c.cases.add("duplicate")
			return c
		}
	case partConverted:
		c := w.slot(w.convertedAt.at(k))
		c.master, c.index, c.part = c.index, i, p
		return c
	}
	d := newDraw(w.seed, kindLead, i)
	c := contact{index: i, part: p, account: -1, member: -1, who: i + 1<<43, master: -1, alike: -1}
	if d.chance(750) {
		c.firm = w.company(d.n(w.companies))
		if p == partAbsent {
			c.cases.add("same_company")
		}
	} else {
		c.firm, _ = w.absent(i + 1<<28)
	}
	w.stranger(&c, &d)
	return c
}

// freshLead is a member whom nobody has as a contact, save for a few whom somebody has.
func (w *world) freshLead(i int) contact {
	d := newDraw(w.seed, kindLead, i)
	c := contact{index: i, part: partMatched, account: -1, member: -1, who: i + 1<<43, master: -1, alike: -1}
	if w.contacts.matched > w.leads.matched && d.chance(60) {
		slot := newShuffle(w.seed, w.contacts.matched, 12).at(i)
		if seat := w.seat(slot); seat.member >= 0 && !w.repeats(slot) && !seat.cases.has("wrong_account") {
			c.member = seat.member
			c.cases.add("also_contact")
		}
	}
	if c.member < 0 {
		m, ok := w.leadMember(i)
		if !ok { // a directory smaller than its leads: only without contacts and with very few members
			c.firm = w.company(d.n(w.companies))
			w.stranger(&c, &d)
			return c
		}
		c.member = m
	}
	if m := w.member(c.member); len(m.past) > 0 && d.chance(220) {
		c.firm = w.company(m.past[0])
	}
	w.acquaintance(&c, &d)
	return c
}

func (w *world) writeLead(s *sheet, i int, older bool) contact {
	c := w.lead(i)
	d := newDraw(w.seed, kindLeadText, i)
	hd := newDraw(w.seed, kindStamp, i+1<<41)
	h := w.history(&hd)
	if older {
		h = h.older(h.created)
	}
	converted := c.part == partConverted
	first, last := c.person.inCRM(&d, c.shown, w.words, &c.cases)
	email := w.emailInCRM(&d, &c)
	title := w.titleInCRM(&d, &c)
	company := w.companyInCRM(&d, c.firm, &c.cases)
	website := ""
	if d.chance(300) {
		website = w.websiteInCRM(&d, c.firm, &cases{})
	}
	place := w.personPlace(&d, &c)
	owner := w.owner(kindLead, i, older)
	if q := newDraw(w.seed, kindUser, i+1<<42); q.chance(120) {
		owner = crmID(prefixQueue, q.n(queues))
	}
	var account, person, opportunity string
	var day int64
	if converted {
		person, day = w.contactID(c.master), h.modified
		if c.account >= 0 {
			account = w.accountID(c.account)
		}
		if k := i - w.leads.first(partConverted); k < w.convertedOpportunities() {
			opportunity = w.opportunityID(k)
		}
	}
	s.text(w.leadID(i))
	s.flag(c.part == partMerged || c.part == partDeleted)
	s.texts(w.masterID(c.part, c.master, w.leadID), place.city, company, account, person)
	s.dates(day)
	s.texts(opportunity, place.country)
	s.stamps(h.created)
	s.texts(email, first, optional(&d, 500, pick(&d, c.firm.industry)))
	s.flag(converted)
	s.flag(!converted && d.chance(200))
	s.dates(h.used)
	s.text(last)
	s.stamps(h.viewed, h.viewed)
	s.texts(optional(&d, 800, pick(&d, w.list["leadsource"])), owner)
	w.writePhones(s, &d, &c)
	status := pick(&d, []string{"Open - Not Contacted", "Working - Contacted", "Closed - Not Converted", "Nurturing"})
	if converted {
		status = "Closed - Converted"
	}
	s.texts(place.region, status, place.street, place.postal, title, website)
	s.stamps(h.modified, h.stamp)
	s.text(currency(c.at.country))
	return c
}
