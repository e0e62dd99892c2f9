package demo

import (
	"math/bits"
	"sort"
)

// world is the whole made-up market: how many of everything there are, and which belongs to which. Besides the word lists
// it holds a few bytes per company and per account; everything else is derived when it is needed.
type world struct {
	*words
	seed      uint64
	accounts  parts
	contacts  parts
	leads     parts
	companies int
	members   int
	seats     int
	places    ranks // of the cities that have companies
	leadShare int   // percent of each company's members that are kept for leads; contacts get the others

	memberStart  []uint32 // first member of each company, by origin
	leadStart    []uint32 // running count of the members that are kept for leads
	contactStart []uint32 // first contact of each account
	accountAt    shuffle  // account → company
	leadAt       shuffle  // lead → place among the members kept for leads
	convertedAt  shuffle  // converted lead → contact
	ids          map[string]shuffle
	cache        []*company
	users        []user
	pageRows     int
	truth        *sheet
	summary      *Summary
}

// parts cuts the records of one object into kinds. Records are numbered by part; the files hold them shuffled.
type parts struct {
	total                                                       int
	matched, absent, double, person, converted, merged, deleted int // how many of each
	order                                                       shuffle
}

func share(total, perMille int) int {
	n := total * perMille / 1000
	if n == 0 && total >= 20 && perMille > 0 {
		return 1
	}
	return n
}

func newWorld(c Config, words *words) *world {
	w := &world{words: words, seed: c.Seed, cache: make([]*company, 8192), ids: map[string]shuffle{}}
	people := share(min(c.Accounts, c.Contacts), 20)
	a := parts{total: c.Accounts, person: people, double: share(c.Accounts, 30), merged: share(c.Accounts, 12), deleted: share(c.Accounts, 15)}
	a.absent = c.Accounts * 235 / 1000
	a.matched = a.total - a.absent - a.person - a.double - a.merged - a.deleted
	ct := parts{total: c.Contacts, person: people, merged: share(c.Contacts, 12), deleted: share(c.Contacts, 15)}
	ct.matched = ct.total - ct.person - ct.merged - ct.deleted // slots of accounts: who sits in them is drawn
	l := parts{total: c.Leads, double: share(c.Leads, 30), merged: share(c.Leads, 12), deleted: share(c.Leads, 15)}
	if ct.matched > 0 && a.matched > 0 {
		l.converted = min(share(c.Leads, 60), ct.matched/2)
	}
	l.absent = c.Leads * 240 / 1000
	l.matched = l.total - l.absent - l.double - l.converted - l.merged - l.deleted
	a.order, ct.order, l.order = newShuffle(c.Seed, a.total, 1), newShuffle(c.Seed, ct.total, 2), newShuffle(c.Seed, l.total, 3)
	w.accounts, w.contacts, w.leads = a, ct, l

	w.places = w.cityRanks
	if c.Countries > 0 {
		n := 0
		for _, country := range words.order[:min(c.Countries, len(words.order))] {
			n += len(words.byCountry[country.code])
		}
		w.places = w.places[:n]
	}
	w.companies, w.members, w.leadShare = c.Companies, c.Members, 35
	if w.companies == 0 {
		w.companies = max(3*c.Accounts, 40)
	}
	if w.members == 0 {
		w.members = max((c.Contacts+c.Leads)*152/100, 60)
	}
	if c.Contacts == 0 {
		w.leadShare = 100
	}
	w.accountAt = newShuffle(c.Seed, w.companies, 4)
	w.ids["company"] = newShuffle(c.Seed, max(90_000_000, 4*w.companies), 5)
	w.ids["member"] = newShuffle(c.Seed, max(900_000_000, 4*w.members), 6)
	w.spreadMembers()
	w.spreadContacts()
	w.leadAt = newShuffle(c.Seed, int(w.leadStart[w.companies]), 7)
	w.convertedAt = newShuffle(c.Seed, max(ct.matched, 1), 8)
	return w
}

// spreadMembers gives companies their people. Those that the CRM knows get more, as sales people go where people are.
func (w *world) spreadMembers() {
	known := func(i int) bool { return w.accountAt.inverse(i) < w.accounts.matched }
	var in, out uint64
	for i := range w.companies {
		if known(i) {
			in += uint64(w.weightOf(i))
		} else {
			out += uint64(w.weightOf(i))
		}
	}
	favour := min(max(2*16*out/max(in, 1), 16), 1600) // sixteenths: two members of three are at a company that the CRM knows
	weight := func(i int) uint64 {
		if known(i) {
			return uint64(w.weightOf(i)) * favour
		}
		return uint64(w.weightOf(i)) * 16
	}
	var sum, run uint64
	for i := range w.companies {
		sum += weight(i)
	}
	w.memberStart, w.leadStart = make([]uint32, w.companies+1), make([]uint32, w.companies+1)
	for i := range w.companies {
		run += weight(i)
		w.memberStart[i+1] = portion(run, sum, w.members)
		n := int(w.memberStart[i+1] - w.memberStart[i])
		d := newDraw(w.seed, kindSize, i+1<<41)
		w.leadStart[i+1] = w.leadStart[i] + uint32((n*w.leadShare+d.n(100))/100)
	}
}

// portion is total*run/sum, in 128 bits: the sums of a big org overflow 64.
func portion(run, sum uint64, total int) uint32 {
	hi, lo := bits.Mul64(run, uint64(total))
	q, _ := bits.Div64(hi, lo, max(sum, 1))
	return uint32(q)
}

func (w *world) size(c int) int     { return int(w.memberStart[c+1] - w.memberStart[c]) }
func (w *world) reserved(c int) int { return int(w.leadStart[c+1] - w.leadStart[c]) }

// spreadContacts gives accounts their contacts, in proportion to the people that can be had there.
func (w *world) spreadContacts() {
	n := w.accounts.matched + w.accounts.absent
	w.contactStart = make([]uint32, n+1)
	var sum, run uint64
	weight := func(a int) uint64 {
		d := newDraw(w.seed, kindAccount, a+1<<41)
		c := w.accountAt.at(a)
		return uint64((w.size(c)-w.reserved(c))*(850+d.n(300)))*10 + uint64(d.n(300))
	}
	for a := range w.accounts.matched {
		sum += weight(a)
	}
	// Accounts that the directory lacks have a third as many contacts as the others.
	typical := int(sum/uint64(max(w.accounts.matched, 1))) * 2 / 3
	strange := func(a int) uint64 {
		d := newDraw(w.seed, kindAccount, a+1<<41)
		return uint64(1 + d.n(typical+1))
	}
	for a := w.accounts.matched; a < n; a++ {
		sum += strange(a)
	}
	for a := range n {
		if a < w.accounts.matched {
			run += weight(a)
		} else {
			run += strange(a)
		}
		w.contactStart[a+1] = portion(run, sum, w.contacts.matched)
	}
}

// accountOfSlot finds the account in whose range a contact lies; -1 where the org has no accounts.
func (w *world) accountOfSlot(slot int) int {
	n := len(w.contactStart) - 1
	if n == 0 {
		return -1
	}
	return sort.Search(n, func(a int) bool { return int(w.contactStart[a+1]) > slot })
}

// leadMember is the k-th member of those kept apart from contacts, in shuffled order; false when there are no more.
func (w *world) leadMember(k int) (int, bool) {
	total := int(w.leadStart[w.companies])
	if k >= total {
		return 0, false
	}
	x := w.leadAt.at(k)
	c := sort.Search(w.companies, func(c int) bool { return int(w.leadStart[c+1]) > x })
	return int(w.memberStart[c+1]) - 1 - (x - int(w.leadStart[c])), true
}

func (w *world) companyID(i int) string {
	return "c" + decimal(10_000_000+w.ids["company"].at(i))
}

func (w *world) memberID(i int) string {
	return "m" + decimal(100_000_000+w.ids["member"].at(i))
}

func (w *world) accountID(a int) string { return crmID(prefixAccount, w.accounts.order.at(a)) }
func (w *world) contactID(c int) string { return crmID(prefixContact, w.contacts.order.at(c)) }
func (w *world) leadID(l int) string    { return crmID(prefixLead, w.leads.order.at(l)) }
