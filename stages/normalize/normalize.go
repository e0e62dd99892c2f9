// Package normalize brings CRM records and directory records into one normal form, column by column, so that matching
// compares like with like: folded names, registrable domains, phone digits, places by code. It decides nothing about
// who is who, and it reads no list but its own open data files. A value it cannot use becomes null and is counted.
//
// The columns' meaning stands in schemas/normalized.go; which field feeds which column in docs/matching-fields.md.
package normalize

import (
	"context"
	"fmt"
	"runtime"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// In names the raw tables.
type In struct {
	Accounts  sql.Snapshot `json:"raw_account"`
	Contacts  sql.Snapshot `json:"raw_contact"`
	Leads     sql.Snapshot `json:"raw_lead"`
	Companies sql.Snapshot `json:"raw_company"`
	Members   sql.Snapshot `json:"raw_member"`
	Redirects sql.Snapshot `json:"raw_redirect"`
	// Knowledge are the administrator's lists, objects by file name (see Lists).
	Knowledge map[string]string `json:"knowledge,omitempty"`
}

// Out names the normal forms and what was found missing or unusable on the way.
type Out struct {
	CRMCompany sql.Snapshot `json:"crm_company"`
	CRMPerson  sql.Snapshot `json:"crm_person"`
	DirCompany sql.Snapshot `json:"dir_company"`
	DirMember  sql.Snapshot `json:"dir_member"`
	Quality    sql.Snapshot `json:"data_quality"`
}

// Run reads each large table part by part. Companies and accounts are read twice: first for what single rows cannot
// know (how rare a word is, which hosts are shared, who owns whom), then for their normal form.
func Run(ctx context.Context, s *sql.Session, in In) (Out, error) {
	know, err := knowledgeOf(s, in.Knowledge)
	if err != nil {
		return Out{}, fmt.Errorf("normalize: %w", err)
	}
	r := newRun(s, know)
	var out Out
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"redirects", func() error { return r.readRedirects(ctx, in.Redirects) }},
		{"directory companies", func() error { return r.surveyCompanies(ctx, in.Companies) }},
		{"accounts", func() error { return r.surveyAccounts(ctx, in.Accounts) }},
		{"contacts", func() error { return r.surveyContacts(ctx, in.Contacts) }},
		{"leads", func() error { return r.surveyLeads(ctx, in.Leads) }},
		{"shared mail hosts", func() error { r.learnFreeMail(); return nil }},
		{"directory companies", func() (err error) {
			out.DirCompany, err = r.write(ctx, schemas.DirCompany, source{in.Companies, "read_company", r.writeCompany})
			return err
		}},
		{"accounts", func() (err error) {
			out.CRMCompany, err = r.write(ctx, schemas.CRMCompany, source{in.Accounts, "read_account", r.writeAccount})
			return err
		}},
		{"contacts and leads", func() (err error) {
			out.CRMPerson, err = r.write(ctx, schemas.CRMPerson, source{in.Contacts, "read_contact", r.writeContact},
				source{in.Leads, "read_lead", r.writeLead})
			return err
		}},
		{"members", func() (err error) {
			out.DirMember, err = r.write(ctx, schemas.DirMember, source{in.Members, "read_member", r.writeMember})
			return err
		}},
		{"data quality", func() (err error) {
			out.Quality, err = r.writeQuality(ctx)
			return err
		}},
	} {
		if err := step.do(); err != nil {
			return Out{}, fmt.Errorf("normalize %s: %w", step.what, err)
		}
	}
	return out, nil
}

// knowledgeOf reads the administrator's lists; without any, the shipped ones hold.
func knowledgeOf(s *sql.Session, lists map[string]string) (*knowledge, error) {
	if len(lists) == 0 {
		return shipped, nil
	}
	own := map[string][]byte{}
	for name, object := range lists {
		text, err := s.Object(object)
		if err != nil {
			return nil, fmt.Errorf("read list %s: %w", name, err)
		}
		own[name] = text
	}
	return readKnowledge(own)
}

// run is what one call of Run knows. After the surveys it is only read, so goroutines share it.
type run struct {
	session  *sql.Session
	workers  []*worker
	redirect map[string]string

	companies *book            // directory
	accounts  *book            // CRM
	groups    []int32          // per directory company the code of its topmost parent
	wordCount map[string]int32 // directory companies whose key holds a word
	owned     map[string]bool  // domains the directory gives to a company
	sites     map[string]bool  // website hosts learnt as shared
	mail      map[string]bool  // mail domains learnt as shared

	mailUsers      map[string]map[string]bool // companies (by key) whose people use a mail domain, at most freeMailFrom
	accountDomains map[int32][]domainCount
}

// worker holds what one goroutine needs for itself.
type worker struct {
	know    *knowledge
	phones  *phones
	city    *memo[string]
	country *memo[string]
	title   *memo[jobTitle]
	host    *memo[host]
	company *memo[companyName]
	tally   map[check]int64
}

func newRun(s *sql.Session, know *knowledge) *run {
	r := &run{
		session: s, redirect: map[string]string{},
		companies: newBook(), accounts: newBook(),
		wordCount: map[string]int32{}, owned: map[string]bool{}, sites: map[string]bool{}, mail: map[string]bool{},
		mailUsers: map[string]map[string]bool{}, accountDomains: map[int32][]domainCount{},
	}
	threads := s.Threads()
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	for range threads {
		r.workers = append(r.workers, newWorker(know))
	}
	return r
}

func newWorker(know *knowledge) *worker {
	return &worker{
		know: know, phones: newPhones(), city: newMemo(cityOf), country: newMemo(countryOf), title: newMemo(parseTitle),
		host:    newMemo(know.hostOf),
		company: newMemo(func(name string) companyName { return know.parseCompany(name, place{}) }),
		tally:   map[check]int64{},
	}
}
