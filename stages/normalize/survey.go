package normalize

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/sql"
)

// A mail domain that people of so many companies use, and that no directory company owns, is nobody's.
const freeMailFrom = 8

// A website host that so many unrelated directory companies list is a shared host.
const sharedHostFrom = 5

// mostEmailDomains is how many mail domains of its contacts an account keeps: those with the most contacts.
const mostEmailDomains = 5

type domainCount struct {
	domain string
	people int32
}

func (r *run) readRedirects(ctx context.Context, snap sql.Snapshot) error {
	next := map[string]string{}
	err := r.eachPart(ctx, snap, "read_redirect", func(query string) error {
		return r.session.Each(ctx, query, nil, func(batch arrow.RecordBatch) error {
			in, err := rowsIn(batch)
			if err != nil {
				return err
			}
			for i := range int(batch.NumRows()) {
				if from, to := in.text(0, i), in.text(1, i); from != "" && to != "" && from != to {
					next[strings.Clone(from)] = strings.Clone(to)
				}
			}
			return nil
		})
	})
	r.redirect = followRedirects(next)
	return err
}

// current is the id that stands for an id today.
func (r *run) current(id string) string {
	if to, ok := r.redirect[id]; ok {
		return to
	}
	return id
}

// surveyed is what the first pass keeps of a company or account.
type surveyed struct {
	id, parent, packed string
	key                string
	name               uint64
	domains            []string
}

// surveyCompanies parses the names of directory companies once for all: for the word counts, for shared hosts, and for
// the members that work there.
func (r *run) surveyCompanies(ctx context.Context, snap sql.Snapshot) error {
	type use struct{ domain, company int32 }
	var uses []use
	domainCodes := map[string]int32{}
	parentIDs := map[int32]string{}
	err := scan(ctx, r, snap, "read_company", func(w *worker, in rows, i int) surveyed {
		at := w.placeAt(in, i, 7)
		e := w.companyEntry(in.text(1, i), in.list(nil, 2, i), at)
		domains := w.domainsOf(in.list(nil, 3, i), in.text(4, i))
		e.domains = packed(domains)
		return surveyed{id: strings.Clone(in.text(0, i)), parent: strings.Clone(in.text(13, i)), packed: e.pack(), key: strings.Clone(e.key),
			name: nameHash(Fold(in.text(1, i))), domains: domains}
	}, func(c surveyed) {
		code := r.companies.add(c.id, c.packed, c.name)
		if c.parent != "" {
			parentIDs[code] = c.parent
		}
		for _, word := range distinctWords(c.key) {
			if _, ok := r.wordCount[word]; !ok {
				word = strings.Clone(word) // not the whole key with it
			}
			r.wordCount[word]++
		}
		for _, d := range c.domains {
			d := strings.Clone(d)
			dc, ok := domainCodes[d]
			if !ok {
				dc = int32(len(domainCodes))
				domainCodes[d] = dc
			}
			uses = append(uses, use{dc, code})
		}
	})
	if err != nil {
		return err
	}
	parents := make([]int32, len(r.companies.ids))
	for i := range parents {
		parents[i] = -1
	}
	for child, id := range parentIDs {
		if parent, ok := r.companies.at[r.current(id)]; ok && parent != child {
			parents[child] = parent
		}
	}
	r.groups = groupsOf(parents)

	for i := range uses {
		uses[i].company = r.groups[uses[i].company]
	}
	slices.SortFunc(uses, func(a, b use) int { return cmp.Or(cmp.Compare(a.domain, b.domain), cmp.Compare(a.company, b.company)) })
	uses = slices.Compact(uses)
	owners := make([]int32, len(domainCodes))
	for _, u := range uses {
		owners[u.domain]++
	}
	for domain, code := range domainCodes {
		if owners[code] >= sharedHostFrom {
			r.sites[domain] = true
		} else {
			r.owned[domain] = true
		}
	}
	return nil
}

func (r *run) surveyAccounts(ctx context.Context, snap sql.Snapshot) error {
	return scan(ctx, r, snap, "read_account", func(w *worker, in rows, i int) surveyed {
		e := w.companyEntry(in.text(3, i), nil, w.placeAt(in, i, 8))
		e.domains = packed(w.domainsOf(nil, in.text(4, i)))
		return surveyed{id: strings.Clone(in.text(0, i)), packed: e.pack()}
	}, func(a surveyed) {
		r.accounts.add(a.id, a.packed, 0)
	})
}

// mailUse says that somebody of a company uses a mail domain.
type mailUse struct{ account, company, domain string }

func (r *run) surveyContacts(ctx context.Context, snap sql.Snapshot) error {
	return scan(ctx, r, snap, "read_contact", func(w *worker, in rows, i int) mailUse {
		account := in.text(2, i)
		if account == "" || !in.flag(1, i) {
			return mailUse{}
		}
		return mailUse{account: strings.Clone(account), domain: w.mailDomain(in.text(6, i))}
	}, func(u mailUse) {
		code, ok := r.accounts.at[u.account]
		if u.domain == "" || !ok {
			return
		}
		// Two accounts of one name are one company here: duplicates must not make a domain look shared.
		r.countMailUse(u.domain, first(r.accounts.entry(code).key, u.account))
		counts := r.accountDomains[code]
		for k := range counts {
			if counts[k].domain == u.domain {
				counts[k].people++
				return
			}
		}
		r.accountDomains[code] = append(counts, domainCount{u.domain, 1})
	})
}

func (r *run) surveyLeads(ctx context.Context, snap sql.Snapshot) error {
	return scan(ctx, r, snap, "read_lead", func(w *worker, in rows, i int) mailUse {
		if !in.flag(1, i) {
			return mailUse{}
		}
		return mailUse{company: w.company.get(in.text(2, i)).key, domain: w.mailDomain(in.text(6, i))}
	}, func(u mailUse) {
		if u.domain != "" && u.company != "" {
			r.countMailUse(u.domain, u.company)
		}
	})
}

func (r *run) countMailUse(domain, company string) {
	users := r.mailUsers[domain]
	if users == nil {
		users = map[string]bool{}
		r.mailUsers[domain] = users
	}
	if len(users) < freeMailFrom {
		users[company] = true
	}
}

// learnFreeMail marks the mail domains of many companies that the directory gives to none.
func (r *run) learnFreeMail() {
	for domain, users := range r.mailUsers {
		if len(users) >= freeMailFrom && !r.owned[domain] {
			r.mail[domain] = true
		}
	}
	r.mailUsers = nil
}

// mailDomain is the registrable domain of an address that may name a company.
func (w *worker) mailDomain(address string) string {
	e, _ := w.know.parseEmail(address)
	if e.host == "" {
		return ""
	}
	if h := w.host.get(e.host); h.fault == fine {
		return h.domain
	}
	return ""
}

// appendDomains appends the domains of a packed list that did not turn out to be shared.
func (r *run) appendDomains(to []string, list string) []string {
	start := len(to)
	to = appendPacked(to, list)
	kept := to[:start]
	for _, d := range to[start:] {
		if !r.sites[d] && !r.mail[d] {
			kept = append(kept, d)
		}
	}
	return kept
}

// emailDomainsOf are the mail domains of an account's contacts, those with the most contacts first.
func (r *run) emailDomainsOf(account int32) []string {
	counts := slices.Clone(r.accountDomains[account])
	slices.SortFunc(counts, func(a, b domainCount) int {
		return cmp.Or(cmp.Compare(b.people, a.people), cmp.Compare(a.domain, b.domain))
	})
	var domains []string
	for _, c := range counts {
		if !r.sites[c.domain] && !r.mail[c.domain] && len(domains) < mostEmailDomains {
			domains = append(domains, c.domain)
		}
	}
	return domains
}

// rareToken is the word of a key that fewest directory companies have; of equals the first in alphabetical order. A
// word that no directory company has can find none, so it counts only where the key has no other.
func (r *run) rareToken(key string) string {
	best, fewest := "", int32(0)
	for word := range strings.SplitSeq(key, " ") {
		n := r.wordCount[word]
		switch {
		case word == "":
		case best == "", n > 0 && fewest == 0, n > 0 && n < fewest, n == fewest && word < best:
			best, fewest = word, n
		}
	}
	return best
}

func distinctWords(key string) []string {
	if key == "" {
		return nil
	}
	return sortedSet(strings.Split(key, " "))
}
