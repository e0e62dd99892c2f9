// Package normalize brings CRM records and directory records into one normal form, column by column, so that matching
// compares like with like: folded names, registrable domains, phone digits, places by code. It decides nothing about
// who is who, and it reads no list but its own open data files. A value it cannot use becomes null and is counted.
//
// Directory is one half and CRM the other. The directory's depends on nothing of the CRM, so that it is made once for
// each version of the directory; what the CRM's half must know of it stands in one object, the survey.
//
// The columns' meaning stands in schemas/normalized.go; which field feeds which column in docs/matching-fields.md.
package normalize

import (
	"fmt"
	"slices"

	"github.com/crmlink/crmlink/sql"
)

// knowledgeOf reads the administrator's lists; without any, the shipped ones hold.
func knowledgeOf(s *sql.Session, lists map[string]string) (*knowledge, error) {
	if len(lists) == 0 {
		return shipped(), nil
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

// run is what both halves share. After the surveys it is only read, so goroutines share it.
type run struct {
	session *sql.Session
	workers []*worker
	survey  survey
	mail    map[string]bool // mail domains learnt as shared; the directory learns none
}

// worker holds what one goroutine needs for itself.
type worker struct {
	know    *knowledge
	phones  *phones
	city    *memo[string]
	country *memo[string]
	folded  *memo[string] // cities and regions as written
	regions map[string]*memo[string]
	title   *memo[knownTitle]
	host    *memo[host]
	site    *memo[host] // websites as written
	company *memo[knownCompany]
	tally   *tally
	room    room
	spaced  bool // a record was seen whose id has spaces around it
}

func newRun(s *sql.Session, lists map[string]string) (*run, error) {
	know, err := knowledgeOf(s, lists)
	if err != nil {
		return nil, err
	}
	r := &run{session: s, mail: map[string]bool{}}
	for range s.Threads() {
		r.workers = append(r.workers, newWorker(know))
	}
	return r, nil
}

// twin is a run that counts for itself and remembers what this one does, so the two must take turns. It knows no survey.
func (r *run) twin() *run {
	other := &run{session: r.session, mail: map[string]bool{}}
	for _, w := range r.workers {
		own := *w
		own.tally, own.room, own.spaced = &tally{}, room{}, false
		other.workers = append(other.workers, &own)
	}
	return other
}

func newWorker(know *knowledge) *worker {
	know = know.forOne()
	w := &worker{
		know: know, phones: newPhones(), city: newMemo(cityOf), country: newMemo(countryOf), title: newMemo(titleOf),
		folded: newMemo(Fold), regions: map[string]*memo[string]{},
		host:    newMemo(know.hostOf),
		company: newMemo(know.placeless),
		tally:   &tally{},
	}
	w.site = newMemo(w.readWebsite)
	return w
}

// spaced says whether a record was seen whose id has spaces around it.
func (r *run) spaced() bool {
	return slices.ContainsFunc(r.workers, func(w *worker) bool { return w.spaced })
}

// isShared says whether a domain turned out to be nobody's, as only the whole data shows.
func (r *run) isShared(domain string) bool { return r.survey.sites.has(domain) || r.mail[domain] }

// work is one part of a half, by what it reads or writes.
type work struct {
	what string
	do   func() error
}

func inOrder(parts ...work) error {
	for _, p := range parts {
		if err := p.do(); err != nil {
			return fmt.Errorf("normalize %s: %w", p.what, err)
		}
	}
	return nil
}
