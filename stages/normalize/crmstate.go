package normalize

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// crmState is what must be known of all CRM records together, so kept that single records can be taken out of it and
// put in: a later call starts from it instead of reading all records again.
type crmState struct {
	accounts map[string]string        // packed entries by Id
	uses     map[string][]domainCount // by AccountId, whether or not there is the account; by domain
	leads    map[mailUse]int32        // how many leads say so
	found    map[check]int64          // findings
}

type domainCount struct {
	domain string
	people int32
}

// mailUse says that somebody of a company uses a mail domain: of an account by its Id, of a lead's company by its key.
type mailUse struct{ company, domain string }

func newCRMState() crmState {
	return crmState{map[string]string{}, map[string][]domainCount{}, map[mailUse]int32{}, map[check]int64{}}
}

// clone copies the state so that changes of the one are not seen in the other.
func (s crmState) clone() crmState {
	uses := make(map[string][]domainCount, len(s.uses))
	all := make([]domainCount, 0, 2*len(s.uses))
	for account, domains := range s.uses {
		start := len(all)
		all = append(all, domains...)
		uses[account] = slices.Clip(all[start:])
	}
	return crmState{maps.Clone(s.accounts), uses, maps.Clone(s.leads), maps.Clone(s.found)}
}

// countContact counts one contact's use of a mail domain, or with -1 takes it back.
func (s crmState) countContact(u mailUse, by int32) {
	if u.domain == "" {
		return
	}
	domains := s.uses[u.company]
	at, ok := slices.BinarySearchFunc(domains, u.domain, func(d domainCount, domain string) int { return strings.Compare(d.domain, domain) })
	if !ok {
		domains = slices.Insert(domains, at, domainCount{domain: u.domain})
	}
	if domains[at].people += by; domains[at].people == 0 {
		domains = slices.Delete(domains, at, at+1)
	}
	if len(domains) == 0 {
		delete(s.uses, u.company)
		return
	}
	s.uses[u.company] = domains
}

// countLead is countContact for a lead.
func (s crmState) countLead(u mailUse, by int32) {
	if u.domain == "" || u.company == "" {
		return
	}
	if s.leads[u] += by; s.leads[u] == 0 {
		delete(s.leads, u)
	}
}

// crmStateMark begins a stored state; another layout gets another number.
const crmStateMark = "crmlink CRM state 1\n"

// bytes is the state in an order of its own, so that equal states have equal bytes.
func (s crmState) bytes() []byte {
	out := stateWriter(crmStateMark)
	out.number(len(s.accounts))
	for _, id := range slices.Sorted(maps.Keys(s.accounts)) {
		out.text(id)
		out.text(s.accounts[id])
	}
	out.number(len(s.uses))
	for _, account := range slices.Sorted(maps.Keys(s.uses)) {
		out.text(account)
		out.number(len(s.uses[account]))
		for _, d := range s.uses[account] {
			out.text(d.domain)
			out.number(int(d.people))
		}
	}
	out.number(len(s.leads))
	for _, u := range slices.SortedFunc(maps.Keys(s.leads), func(a, b mailUse) int {
		return cmp.Or(strings.Compare(a.domain, b.domain), strings.Compare(a.company, b.company))
	}) {
		out.text(u.company)
		out.text(u.domain)
		out.number(int(s.leads[u]))
	}
	out.findings(s.found)
	return out
}

// readState takes what an earlier call stored.
func (c *crm) readState(object string) error {
	in, err := openState(c.session, object, crmStateMark)
	if err != nil {
		return err
	}
	for n := in.number(); n > 0 && in.ok; n-- {
		id := in.text()
		c.accounts[id] = in.text()
	}
	for n := in.number(); n > 0 && in.ok; n-- {
		account := in.text()
		k := in.number()
		domains := make([]domainCount, 0, min(k, len(in.rest)))
		for ; k > 0 && in.ok; k-- {
			domains = append(domains, domainCount{in.text(), int32(in.number())})
		}
		c.uses[account] = domains
	}
	for n := in.number(); n > 0 && in.ok; n-- {
		u := mailUse{in.text(), in.text()}
		c.leads[u] = int32(in.number())
	}
	in.findings(c.found)
	return in.end()
}
