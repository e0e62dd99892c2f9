package normalize

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
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

// bytes is the state in an order of its own, so that equal states have equal bytes: four lists, each with its number of
// entries in front, of texts, which have their length in front, and numbers.
func (s crmState) bytes() []byte {
	out := []byte(crmStateMark)
	text := func(t string) { out = append(binary.AppendUvarint(out, uint64(len(t))), t...) }
	number := func(n int) { out = binary.AppendUvarint(out, uint64(n)) }
	number(len(s.accounts))
	for _, id := range slices.Sorted(maps.Keys(s.accounts)) {
		text(id)
		text(s.accounts[id])
	}
	number(len(s.uses))
	for _, account := range slices.Sorted(maps.Keys(s.uses)) {
		text(account)
		number(len(s.uses[account]))
		for _, d := range s.uses[account] {
			text(d.domain)
			number(int(d.people))
		}
	}
	number(len(s.leads))
	for _, u := range slices.SortedFunc(maps.Keys(s.leads), func(a, b mailUse) int {
		return cmp.Or(strings.Compare(a.domain, b.domain), strings.Compare(a.company, b.company))
	}) {
		text(u.company)
		text(u.domain)
		number(int(s.leads[u]))
	}
	number(len(s.found))
	for _, c := range slices.SortedFunc(maps.Keys(s.found), compareChecks) {
		text(c.object)
		text(c.field)
		text(c.what)
		number(int(s.found[c]))
	}
	return out
}

var errNoCRMState = errors.New("is no state of a CRM")

// readState takes what an earlier call stored.
func (c *crm) readState(object string) error {
	data, err := c.session.Object(object)
	if err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(string(data), crmStateMark)
	number := func() int {
		n, shift := 0, 0
		for i := 0; i < len(rest) && i < binary.MaxVarintLen64; i++ {
			n |= int(rest[i]&0x7f) << shift
			if rest[i] < 0x80 {
				rest = rest[i+1:]
				return n
			}
			shift += 7
		}
		ok, rest = false, ""
		return 0
	}
	text := func() string {
		n := number()
		if n < 0 || n > len(rest) {
			ok = false
			return ""
		}
		t := rest[:n]
		rest = rest[n:]
		return t
	}
	for n := number(); n > 0 && ok; n-- {
		id := text()
		c.accounts[id] = text()
	}
	for n := number(); n > 0 && ok; n-- {
		account := text()
		k := number()
		domains := make([]domainCount, 0, min(k, len(rest)))
		for ; k > 0 && ok; k-- {
			domains = append(domains, domainCount{text(), int32(number())})
		}
		c.uses[account] = domains
	}
	for n := number(); n > 0 && ok; n-- {
		u := mailUse{text(), text()}
		c.leads[u] = int32(number())
	}
	for n := number(); n > 0 && ok; n-- {
		kind := check{text(), text(), text()}
		c.found[kind] = int64(number())
	}
	if !ok || rest != "" {
		return fmt.Errorf("object %s: %w", object, errNoCRMState)
	}
	return nil
}
