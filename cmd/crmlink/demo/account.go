package demo

import (
	"strings"
)

const accountHeader = "Id,IsDeleted,MasterRecordId,Name,Website,AnnualRevenue,NumberOfEmployees,Phone,Industry,Type,BillingStreet,BillingCity,BillingState,BillingCountry,BillingPostalCode,CreatedDate,LastModifiedDate,SystemModstamp,OwnerId,Description,Fax,ParentId,ShippingCity,ShippingCountry,ShippingPostalCode,ShippingState,ShippingStreet,LastReferencedDate,LastViewedDate,Rating,TickerSymbol,Ownership,Sic,IsPersonAccount,CurrencyIsoCode,Segment__c"

// account is what one Account stands for.
type account struct {
	index   int
	company *company
	entity  int // of the directory; -1 if it has none
	part    part
	master  int // of a merged one: the account that survived
	label   string
	twin    bool // another account stands for the same company
}

// part is the kind of a record; the parts follow each other in the numbering of an object.
type part int

const (
	partMatched part = iota
	partAbsent
	partDouble
	partPerson
	partConverted
	partMerged
	partDeleted
)

// of tells which part a record is in, and its number there.
func (p parts) of(i int) (part, int) {
	for k, n := range []int{p.matched, p.absent, p.double, p.person, p.converted, p.merged, p.deleted} {
		if i < n {
			return part(k), i
		}
		i -= n
	}
	return partDeleted, i
}

// first is the number of the first record of a part.
func (p parts) first(which part) int {
	n := 0
	for _, x := range []int{p.matched, p.absent, p.double, p.person, p.converted, p.merged, p.deleted}[:which] {
		n += x
	}
	return n
}

func (w *world) account(i int) account {
	a := account{index: i, entity: -1, master: -1}
	p, k := w.accounts.of(i)
	a.part = p
	switch p {
	case partMatched:
		a.entity = w.accountAt.at(i)
		a.twin = w.doubleAccount().inverse(i) < w.accounts.double
	case partAbsent, partPerson:
		a.company, a.label = w.absent(i)
	case partDouble:
		a.entity, a.twin = w.accountAt.at(w.doubleAccount().at(k)), true
	case partMerged:
		a.master = w.doubleAccount().at(w.accounts.matched - 1 - k)
		a.entity = w.accountAt.at(a.master)
	case partDeleted:
		a.company, _ = w.absent(i)
	}
	if a.entity >= 0 {
		a.company = w.company(a.entity)
	}
	return a
}

func (w *world) doubleAccount() shuffle { return newShuffle(w.seed, w.accounts.matched, 9) }

// history are the days of a record: it is made, changed, seen and used between its making and the reference date.
type history struct{ created, modified, stamp, used, viewed int64 }

func (w *world) history(d *draw) history {
	var h history
	h.created = reference - int64(d.n(6*365*day)) - 3600
	h.modified = h.created + int64(d.n(int(reference-h.created)))
	h.stamp = h.modified + int64(d.n(90))
	if d.chance(620) {
		h.used = h.created + int64(d.n(int(reference-h.created)))
	}
	if d.chance(300) {
		h.viewed = h.modified
	}
	return h
}

// older is the state of a record before its owner changed: the row that a later page replaces.
func (h history) older(created int64) history {
	h.modified = created + (h.modified-created)/2
	h.stamp = h.modified
	return h
}

// writeAccount writes one row; an older one shows the record before its last change of owner.
func (w *world) writeAccount(s *sheet, i int, older bool) (cases, account) {
	a := w.account(i)
	c := a.company
	d := newDraw(w.seed, kindAccountText, i)
	hd := newDraw(w.seed, kindStamp, i)
	h := w.history(&hd)
	owner := w.owner(kindAccount, i, older)
	if older {
		h = h.older(h.created)
	}
	cs := cases{}
	name := w.companyInCRM(&d, c, &cs)
	personal := a.part == partPerson
	var who contact
	if personal {
		who = w.contact(w.contacts.first(partPerson) + i - w.accounts.first(partPerson))
		name = who.person.first.latin + " " + who.person.last.latin
	}
	website := w.websiteInCRM(&d, c, &cs)
	where := w.placeInCRM(&d, c, &cs)
	s.text(w.accountID(i))
	s.flag(a.part == partMerged || a.part == partDeleted)
	s.text(w.masterID(a.part, a.master, w.accountID))
	s.text(name)
	if personal {
		website = ""
	}
	s.text(website)
	revenue := c.people * (60 + d.n(180)) * 1000
	s.text(w.number(&d, revenue))
	employees := ""
	if d.chance(640) && !personal {
		employees = decimal(max(1, c.people*(75+d.n(50))/100))
		if d.chance(100) {
			employees += ".0"
		}
	}
	s.text(employees)
	s.text(optional(&d, 560, c.phone.written(&d)))
	s.text(optional(&d, 700, pick(&d, c.industry)))
	s.text(pick(&d, []string{"Prospect", "Customer", "Partner", "Former Customer", ""}))
	s.texts(where.street, where.city, where.region, where.country, where.postal)
	s.stamps(h.created, h.modified, h.stamp)
	s.text(owner)
	s.text(w.description(&d, c))
	s.text(optional(&d, 60, c.phone.written(&d)))
	s.text(w.parentInCRM(&d, c))
	ship := where
	if d.chance(600) {
		ship = placeText{}
	}
	s.texts(ship.city, ship.country, ship.postal, ship.region, ship.street)
	s.stamps(h.viewed, h.viewed)
	s.text(optional(&d, 400, pick(&d, []string{"Hot", "Warm", "Cold"})))
	ticker := ""
	if c.people > 5000 && c.acronym() != "" {
		ticker = c.acronym()
	}
	s.texts(ticker, pick(&d, []string{"Private", "Public", "Subsidiary", "", ""}), optional(&d, 300, decimal(1000+d.n(8000))))
	s.flag(personal)
	s.text(currency(c.at.city.country))
	s.text(pick(&d, []string{"Enterprise", "Mid-Market", "SMB", ""}))
	switch c.standing {
	case groupRoot:
		cs.add("group_parent")
	case groupMember:
		cs.add("subsidiary")
	case franchise:
		cs.add("franchise")
	}
	if a.twin {
		cs.add("duplicate")
	}
	if a.entity < 0 {
		cs.list = append([]string{"no_match"}, cs.list...)
		if a.label != "" {
			cs.add(a.label)
		}
	}
	return cs, a
}

func (w *world) masterID(p part, master int, id func(int) string) string {
	if p == partMerged && master >= 0 {
		return id(master)
	}
	return ""
}

// optional leaves a field empty except in perMille of the rows.
func optional(d *draw, perMille int, v string) string {
	if d.chance(perMille) {
		return v
	}
	return ""
}

// number writes money as the Bulk API does: whole, with a point, or with an exponent once it is big.
func (w *world) number(d *draw, n int) string {
	switch x := d.n(100); {
	case x < 35:
		return ""
	case x < 50:
		return decimal(n)
	case x < 62:
		return "0.0"
	case n >= 10_000_000:
		s := decimal(n)
		m := strings.TrimRight(s[1:], "0")
		if m == "" {
			m = "0"
		}
		return s[:1] + "." + m + "E" + decimal(len(s)-1)
	}
	return decimal(n) + ".0"
}

func (w *world) description(d *draw, c *company) string {
	switch d.n(24) {
	case 0:
		return "Met at the trade fair in " + c.at.city.name + ".\nAsked for \"references\", call back in spring."
	case 1:
		return "Renewal talks ongoing, see notes"
	case 2:
		return "N/A"
	case 3:
		return "Decision maker: CFO.\r\nBudget approved, procurement involved."
	}
	return ""
}

// parentInCRM links a branch to its parent where somebody took the trouble and the parent is an account.
func (w *world) parentInCRM(d *draw, c *company) string {
	if c.standing != groupMember || !d.chance(450) {
		return ""
	}
	if p := w.accountAt.inverse(c.root); p < w.accounts.matched {
		return w.accountID(p)
	}
	return ""
}
