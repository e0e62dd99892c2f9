package normalize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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
	// Earlier makes CRM faster where there is one, and changes no result.
	Earlier *EarlierCRM `json:"-"`
}

// Objects lists what an earlier call read beside tables.
func (in CRMIn) Objects() []string { return filled(in.Survey) }

// EarlierCRM is what an earlier call of CRM by the same program read and gave.
type EarlierCRM struct {
	In  CRMIn
	Out CRMOut
}

// CRMOut names the CRM's normal forms and what was found missing or unusable on the way; the mail domains that its
// people showed to be shared, an object with one in a line; and what a later call builds upon, an object too.
type CRMOut struct {
	CRMCompany sql.Snapshot `json:"crm_company"`
	CRMPerson  sql.Snapshot `json:"crm_person"`
	Quality    sql.Snapshot `json:"data_quality"`
	SharedMail string       `json:"shared_mail"`
	State      string       `json:"crm_state"`
}

// Objects lists what the result needs in the store beside tables.
func (o CRMOut) Objects() []string { return []string{o.SharedMail, o.State} }

// A mail domain that people of so many companies use, and that no directory company owns, is nobody's.
const freeMailFrom = 8

// mostEmailDomains is how many mail domains of its contacts an account keeps: those with the most contacts.
const mostEmailDomains = 5

// crm is what one call of CRM knows.
type crm struct {
	*run
	crmState
}

// CRM reads each large table part by part, and twice: first for what single rows cannot know (what an account is called,
// which mail domains are shared), then for their normal form. Given what an earlier call read and gave, it reads and
// normalises only the records that changed since, or whose account, mail domain or place in the directory's survey did; the
// result is the same.
func CRM(ctx context.Context, s *sql.Session, in CRMIn) (CRMOut, error) {
	if e := in.Earlier; e != nil && maps.Equal(e.In.Knowledge, in.Knowledge) {
		if out, err := crmAnew(ctx, s, in, *e); !errors.Is(err, errFromScratch) {
			return out, err
		}
	}
	c, err := newCRM(s, in)
	if err != nil {
		return CRMOut{}, err
	}
	var out CRMOut
	err = inOrder(
		work{"accounts", func() error { return c.surveyAccounts(ctx, in.Accounts) }},
		work{"contacts", func() error { return c.surveyContacts(ctx, in.Contacts) }},
		work{"leads", func() error { return c.surveyLeads(ctx, in.Leads) }},
		work{"shared mail domains", func() error { c.learnFreeMail(); return nil }},
		work{"accounts", func() (err error) {
			out.CRMCompany, err = c.write(ctx, schemas.CRMCompany, source{in.Accounts, "read_account", c.writeAccount})
			return err
		}},
		work{"contacts and leads", func() (err error) {
			out.CRMPerson, err = c.write(ctx, schemas.CRMPerson, source{in.Contacts, "read_contact", c.writeContact},
				source{in.Leads, "read_lead", c.writeLead})
			return err
		}},
		work{"data quality", func() (err error) {
			c.found = c.tally()
			return c.finish(ctx, &out)
		}},
	)
	return out, err
}

func newCRM(s *sql.Session, in CRMIn) (*crm, error) {
	r, err := newRun(s, in.Knowledge)
	if err != nil {
		return nil, err
	}
	if err := r.readSurvey(in.Survey); err != nil {
		return nil, fmt.Errorf("normalize survey: %w", err)
	}
	return &crm{r, newCRMState()}, nil
}

// finish stores what stands beside the normal forms.
func (c *crm) finish(ctx context.Context, out *CRMOut) (err error) {
	if out.Quality, err = c.writeQuality(ctx, c.found); err != nil {
		return err
	}
	if out.SharedMail, err = c.putSharedMail(); err != nil {
		return err
	}
	out.State, err = c.session.PutObject(c.bytes())
	return err
}

func (c *crm) surveyAccounts(ctx context.Context, snap sql.Snapshot) error {
	return scan(ctx, c.run, snap, "read_account", accountOf, func(a surveyed) { c.accounts[a.id] = a.packed })
}

func accountOf(w *worker, in *rows, i int) surveyed {
	e := w.companyEntry(in.text(3, i), nil, w.nameplaceAt(in, i, 8))
	e.domains = packed(w.domainsOf(nil, in.text(4, i)))
	return surveyed{id: strings.Clone(in.text(0, i)), packed: e.pack()}
}

func (c *crm) surveyContacts(ctx context.Context, snap sql.Snapshot) error {
	return scan(ctx, c.run, snap, "read_contact", contactUse, func(u mailUse) { c.countContact(u, 1) })
}

// contactUse is the mail domain that a live contact of an account uses; none where it says nothing of a company.
func contactUse(w *worker, in *rows, i int) mailUse {
	account := in.text(2, i)
	if account == "" || !in.flag(1, i) {
		return mailUse{}
	}
	domain := w.mailDomain(in.text(6, i))
	if domain == "" {
		return mailUse{}
	}
	return mailUse{strings.Clone(account), domain}
}

func (c *crm) surveyLeads(ctx context.Context, snap sql.Snapshot) error {
	return scan(ctx, c.run, snap, "use_lead", leadUse, func(u mailUse) { c.countLead(u, 1) })
}

// leadUse is the same of a live lead, whose company is known by its name.
func leadUse(w *worker, in *rows, i int) mailUse {
	if !in.flag(1, i) {
		return mailUse{}
	}
	domain := w.mailDomain(in.text(6, i))
	if domain == "" {
		return mailUse{}
	}
	return mailUse{w.company.at(in.text(2, i)).key, domain}
}

// learnFreeMail marks the mail domains of many companies that the directory gives to none.
func (c *crm) learnFreeMail() {
	users := map[string][]string{} // the first few companies
	count := func(domain, company string) {
		if of := users[domain]; len(of) < freeMailFrom && !slices.Contains(of, company) {
			users[domain] = append(of, company)
		}
	}
	for account, domains := range c.uses {
		if packed, ok := c.accounts[account]; ok {
			// Two accounts of one name are one company here: duplicates must not make a domain look shared.
			key, _, _ := strings.Cut(packed, betweenFields)
			for _, d := range domains {
				count(d.domain, first(key, account))
			}
		}
	}
	for u := range c.leads {
		count(u.domain, u.company)
	}
	for domain, of := range users {
		if len(of) >= freeMailFrom && !c.survey.owned.has(domain) {
			c.mail[domain] = true
		}
	}
}

// putSharedMail stores the mail domains that were learnt as shared.
func (r *run) putSharedMail() (string, error) {
	return r.session.PutObject([]byte(strings.Join(slices.Sorted(maps.Keys(r.mail)), "\n")))
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
	return to[:start+len(r.unshared(to[start:]))]
}

// unshared leaves domains out of a list, in place, that turned out to be shared.
func (r *run) unshared(domains []string) []string {
	kept := domains[:0]
	for _, d := range domains {
		if !r.isShared(d) {
			kept = append(kept, d)
		}
	}
	return kept
}

// emailDomainsOf are the mail domains of an account's contacts, those with the most contacts first.
func (c *crm) emailDomainsOf(account string) []string {
	counts := slices.Clone(c.uses[account])
	slices.SortFunc(counts, func(a, b domainCount) int {
		return cmp.Or(cmp.Compare(b.people, a.people), cmp.Compare(a.domain, b.domain))
	})
	var domains []string
	for _, n := range counts {
		if !c.isShared(n.domain) && len(domains) < mostEmailDomains {
			domains = append(domains, n.domain)
		}
	}
	return domains
}
