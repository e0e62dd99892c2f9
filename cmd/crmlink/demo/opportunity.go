package demo

const opportunityHeader = "Id,IsDeleted,AccountId,Amount,CloseDate,CreatedDate,IsClosed,IsWon,LastActivityDate,LastReferencedDate,LastViewedDate,LeadSource,Name,OwnerId,StageName,Type,LastModifiedDate,SystemModstamp,CurrencyIsoCode,AgencyFee__c"

type stage struct {
	name        string
	closed, won bool
	active      bool
}

// stages in the order of the pipeline; one is no longer in use, as in every org.
var stages = []stage{
	{"Prospecting", false, false, true}, {"Qualification", false, false, true}, {"Needs Analysis", false, false, true},
	{"Value Proposition", false, false, true}, {"Id. Decision Makers", false, false, true}, {"Perception Analysis", false, false, false},
	{"Proposal/Price Quote", false, false, true}, {"Negotiation/Review", false, false, true},
	{"Closed Won", true, true, true}, {"Closed Lost", true, false, true},
}

func (w *world) opportunityCount() int {
	if w.accounts.matched+w.accounts.absent == 0 {
		return 0
	}
	return max(w.accounts.total*9/10, 12)
}

// convertedOpportunities is how many converted leads made one: not every conversion does.
func (w *world) convertedOpportunities() int {
	return min(w.leads.converted*7/10, w.opportunityCount())
}

func (w *world) opportunityID(o int) string { return crmID(prefixOpportunity, o) }

// accountOf gives the account of an opportunity, and for those that came from a lead the contact the lead became.
func (w *world) accountOf(o int) (account, contact int) {
	if o < w.convertedOpportunities() {
		slot := w.convertedAt.at(o)
		return w.accountOfSlotFor(slot), slot
	}
	n := w.accounts.matched + w.accounts.absent
	return newShuffle(w.seed, n, 13).at(o % n), -1
}

// accountOfSlotFor is the account that the CRM shows on a contact.
func (w *world) accountOfSlotFor(slot int) int {
	if a := w.slot(slot).account; a >= 0 {
		return a
	}
	return w.accountOfSlot(slot)
}

func (w *world) stageOf(o int) stage {
	d := newDraw(w.seed, kindOpportunity, o+1<<40)
	if o < len(stages) {
		return stages[o]
	}
	switch x := d.n(100); {
	case x < 24:
		return stages[8]
	case x < 46:
		return stages[9]
	}
	return stages[d.n(8)]
}

func (w *world) writeOpportunity(s *sheet, o int, older bool) {
	a, _ := w.accountOf(o)
	c := w.account(a).company
	d := newDraw(w.seed, kindOpportunity, o)
	st := w.stageOf(o)
	h := w.history(&d)
	h.created = reference - int64(d.n(2*365*day)) - 3600
	h.modified = h.created + int64(d.n(int(reference-h.created)))
	h.stamp = h.modified + 1
	h.viewed = 0
	if h.used != 0 {
		h.used, h.viewed = h.modified, h.modified
	}
	closing := reference + int64(d.n(200)-20)*day
	if st.closed {
		closing = h.modified
	}
	if older {
		h = h.older(h.created)
	}
	amount := (1 + d.n(100)*d.n(60)) * 500
	if d.chance(6) {
		amount *= 1_000_000
	}
	s.text(w.opportunityID(o))
	s.flag(o >= len(stages) && d.chance(15))
	s.text(w.accountID(a))
	text := ""
	for text == "" || text == "0.0" && !d.chance(150) {
		text = w.number(&d, amount)
	}
	s.text(text)
	s.dates(closing)
	s.stamps(h.created)
	s.flag(st.closed)
	s.flag(st.won)
	s.dates(h.used)
	s.stamps(h.viewed, h.viewed)
	s.text(optional(&d, 500, pick(&d, w.list["leadsource"])))
	s.text(c.core + " - " + pick(&d, []string{"New Business", "Renewal", "Upsell, 50 seats", "Pilot", "Expansion 2026"}))
	owner := w.owner(kindOpportunity, o, older)
	if d.chance(600) {
		owner = w.owner(kindAccount, a, older)
	}
	s.texts(owner, st.name, pick(&d, []string{"New Customer", "Existing Customer - Upgrade", "Existing Customer - Replacement", ""}))
	s.stamps(h.modified, h.stamp)
	s.text(currency(c.at.city.country))
	s.text(optional(&d, 300, decimal(amount/12)+".5"))
}

func (w *world) writeOpportunities(dir string) error {
	n := w.opportunityCount()
	s := w.pages(dir, "Opportunity", opportunityHeader, n)
	if err := w.emit(s, kindOpportunity, n, func(i int) (int, bool) { return i, true }, func(i int, older bool) { w.writeOpportunity(s, i, older) }, nil); err != nil {
		return err
	}
	return w.writeRoles(dir, n)
}

// writeRoles joins every opportunity with people of its account. One in a hundred names a deleted contact: Salesforce
// keeps such roles.
func (w *world) writeRoles(dir string, opportunities int) error {
	s := w.pages(dir, "OpportunityContactRole", "Id,IsDeleted,ContactId,IsPrimary,OpportunityId,Role,CreatedDate,LastModifiedDate,SystemModstamp", opportunities*3/2)
	n := 0
	for o := range opportunities {
		d := newDraw(w.seed, kindOpportunity, o+1<<41)
		a, converted := w.accountOf(o)
		var first, count int
		if a+1 < len(w.contactStart) {
			first, count = int(w.contactStart[a]), int(w.contactStart[a+1]-w.contactStart[a])
		}
		if w.contacts.matched == 0 {
			break
		}
		for k := range 1 + d.n(3) {
			contact := -1
			switch {
			case k == 0 && converted >= 0:
				contact = converted
			case w.contacts.deleted > 0 && d.chance(10):
				contact = w.contacts.first(partDeleted) + d.n(w.contacts.deleted)
			case k < count:
				contact = first + k
			case k == 0:
				contact = d.n(w.contacts.matched)
			}
			if contact < 0 || k > 0 && contact == converted {
				continue
			}
			h := w.history(&d)
			s.text(crmID(prefixRole, n))
			s.flag(false)
			s.text(w.contactID(contact))
			s.flag(k == 0)
			s.texts(w.opportunityID(o), pick(&d, []string{"Decision Maker", "Economic Buyer", "Evaluator", "Influencer", "Executive Sponsor", ""}))
			s.stamps(h.created, h.modified, h.stamp)
			if err := s.end(); err != nil {
				return err
			}
			n++
		}
	}
	return s.finish()
}

func (w *world) writeStages(dir string) error {
	s := w.sheet(dir, "OpportunityStage.csv", "Id,ApiName,MasterLabel,SortOrder,IsActive,IsClosed,IsWon")
	for i, st := range stages {
		s.texts(crmID(prefixStage, i), st.name, st.name, decimal(i+1))
		s.flag(st.active)
		s.flag(st.closed)
		s.flag(st.won)
		if err := s.end(); err != nil {
			return err
		}
	}
	return s.finish()
}
