package normalize

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// CRMIn names the raw tables of the CRM and the survey of the directory.
type CRMIn struct {
	Accounts sql.Snapshot `json:"raw_account"`
	Contacts sql.Snapshot `json:"raw_contact"`
	Leads    sql.Snapshot `json:"raw_lead"`
	Survey   string       `json:"survey"`
	// Knowledge are the administrator's lists, as in DirectoryIn.
	Knowledge map[string]string `json:"knowledge,omitempty"`
}

// CRMOut names the CRM's normal forms, what was found missing or unusable on the way, and the mail domains that its
// people showed to be shared, an object with one in a line.
type CRMOut struct {
	CRMCompany sql.Snapshot `json:"crm_company"`
	CRMPerson  sql.Snapshot `json:"crm_person"`
	Quality    sql.Snapshot `json:"data_quality"`
	SharedMail string       `json:"shared_mail"`
}

// Objects lists what the result needs in the store beside tables.
func (o CRMOut) Objects() []string { return []string{o.SharedMail} }

// A mail domain that people of so many companies use, and that no directory company owns, is nobody's.
const freeMailFrom = 8

// mostEmailDomains is how many mail domains of its contacts an account keeps: those with the most contacts.
const mostEmailDomains = 5

type domainCount struct {
	domain string
	people int32
}

// crm is what one call of CRM knows.
type crm struct {
	*run
	accounts       *book
	mailUsers      map[string]map[string]bool // companies (by key) whose people use a mail domain, at most freeMailFrom
	accountDomains map[int32][]domainCount
}

// CRM reads each large table part by part, and twice: first for what single rows cannot know (what an account is called,
// which mail domains are shared), then for their normal form.
func CRM(ctx context.Context, s *sql.Session, in CRMIn) (CRMOut, error) {
	r, err := newRun(s, in.Knowledge)
	if err != nil {
		return CRMOut{}, err
	}
	c := &crm{run: r, accounts: newBook(), mailUsers: map[string]map[string]bool{}, accountDomains: map[int32][]domainCount{}}
	var out CRMOut
	err = inOrder(
		work{"survey", func() error { return r.readSurvey(in.Survey) }},
		work{"accounts", func() error { return c.surveyAccounts(ctx, in.Accounts) }},
		work{"contacts", func() error { return c.surveyContacts(ctx, in.Contacts) }},
		work{"leads", func() error { return c.surveyLeads(ctx, in.Leads) }},
		work{"shared mail domains", func() (err error) {
			c.learnFreeMail()
			out.SharedMail, err = r.putSharedMail()
			return err
		}},
		work{"accounts", func() (err error) {
			out.CRMCompany, err = r.write(ctx, schemas.CRMCompany, source{in.Accounts, "read_account", c.writeAccount})
			return err
		}},
		work{"contacts and leads", func() (err error) {
			out.CRMPerson, err = r.write(ctx, schemas.CRMPerson, source{in.Contacts, "read_contact", c.writeContact},
				source{in.Leads, "read_lead", c.writeLead})
			return err
		}},
		work{"data quality", func() (err error) {
			out.Quality, err = r.writeQuality(ctx)
			return err
		}},
	)
	return out, err
}

func (r *crm) surveyAccounts(ctx context.Context, snap sql.Snapshot) error {
	return scan(ctx, r.run, snap, "read_account", func(w *worker, in rows, i int) surveyed {
		e := w.companyEntry(in.text(3, i), nil, w.placeAt(in, i, 8))
		e.domains = packed(w.domainsOf(nil, in.text(4, i)))
		return surveyed{id: strings.Clone(in.text(0, i)), packed: e.pack()}
	}, func(a surveyed) {
		r.accounts.add(a.id, a.packed, 0)
	})
}

// mailUse says that somebody of a company uses a mail domain.
type mailUse struct{ account, company, domain string }

func (r *crm) surveyContacts(ctx context.Context, snap sql.Snapshot) error {
	return scan(ctx, r.run, snap, "read_contact", func(w *worker, in rows, i int) mailUse {
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

func (r *crm) surveyLeads(ctx context.Context, snap sql.Snapshot) error {
	return scan(ctx, r.run, snap, "read_lead", func(w *worker, in rows, i int) mailUse {
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

func (r *crm) countMailUse(domain, company string) {
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
func (r *crm) learnFreeMail() {
	for domain, users := range r.mailUsers {
		if len(users) >= freeMailFrom && !r.survey.owned.has(domain) {
			r.mail[domain] = true
		}
	}
	r.mailUsers = nil
}

// putSharedMail stores the mail domains that were learnt as shared.
func (r *run) putSharedMail() (string, error) {
	domains := make([]string, 0, len(r.mail))
	for d := range r.mail {
		domains = append(domains, d)
	}
	slices.Sort(domains)
	return r.session.PutObject([]byte(strings.Join(domains, "\n")))
}

// readSharedMail reads what putSharedMail stored; an empty id stands for none.
func (r *run) readSharedMail(object string) error {
	if object == "" {
		return nil
	}
	text, err := r.session.Object(object)
	for _, d := range strings.Fields(string(text)) {
		r.mail[d] = true
	}
	return err
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
		if !r.isShared(d) {
			kept = append(kept, d)
		}
	}
	return kept
}

// emailDomainsOf are the mail domains of an account's contacts, those with the most contacts first.
func (r *crm) emailDomainsOf(account int32) []string {
	counts := slices.Clone(r.accountDomains[account])
	slices.SortFunc(counts, func(a, b domainCount) int {
		return cmp.Or(cmp.Compare(b.people, a.people), cmp.Compare(a.domain, b.domain))
	})
	var domains []string
	for _, c := range counts {
		if !r.isShared(c.domain) && len(domains) < mostEmailDomains {
			domains = append(domains, c.domain)
		}
	}
	return domains
}
