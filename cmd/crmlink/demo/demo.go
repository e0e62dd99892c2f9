// Package demo makes a synthetic CRM org together with the directory it should be matched to, and the truth about each
// record: what `crmlink demo` writes, what the tests read and what the quality figures are measured on.
//
// The same seed and sizes give the same bytes. Nothing is kept in tables: a record is derived from (seed, kind, index)
// when it is written, so millions of rows need little memory. The package imports nothing of the pipeline and has its own
// word lists, because a matcher must not be tested on variants that come from its own tables.
//
// It is not a model of a real org's figures; shares were chosen so that a good linkage tool finds it hard (see
// matching.md), not so that they describe a market.
package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Config says how big the org is. Records of an object include the deleted, merged and converted ones, not the rows that
// a later page replaces.
type Config struct {
	Accounts, Contacts, Leads int
	Companies, Members        int // of the directory; 0: three companies an account, and three members for two people of the CRM
	Countries                 int // the companies are in the first so many countries of the word list, the largest first; 0: in all
	Seed                      uint64
	PageRows                  int // rows of a CRM page; 0: a third of the object, between 50 and 100,000
	Out                       string
}

// Default is the size of the org that is checked in.
func Default() Config { return Config{Accounts: 300, Contacts: 800, Leads: 300, Seed: 1} }

// Validate gives every finding at once.
func (c Config) Validate() error {
	var list []string
	for _, x := range []struct {
		name string
		n    int
	}{{"accounts", c.Accounts}, {"contacts", c.Contacts}, {"leads", c.Leads}, {"companies", c.Companies}, {"members", c.Members}, {"countries", c.Countries}, {"page rows", c.PageRows}} {
		if x.n < 0 || x.n > 50_000_000 {
			list = append(list, fmt.Sprintf("%s %d: want 0 to 50,000,000", x.name, x.n))
		}
	}
	if c.Companies > 0 && c.Companies < c.Accounts {
		list = append(list, fmt.Sprintf("companies %d: want at least one for each of %d accounts", c.Companies, c.Accounts))
	}
	if c.Out == "" {
		list = append(list, "no folder to write to")
	}
	if list != nil {
		return fmt.Errorf("demo: %s", strings.Join(list, "; "))
	}
	return nil
}

// File is one written file.
type File struct {
	Path string // below Out, with slashes
	Rows int
}

// Case is a planted phenomenon and how many records have it.
type Case struct {
	Object, Label string
	Count         int
}

// Summary says what was written.
type Summary struct {
	Files []File
	Cases []Case
	count map[[2]string]int
}

func (s *Summary) plant(object string, labels ...string) {
	for _, l := range labels {
		if !strings.HasPrefix(l, "variant:") {
			s.count[[2]string{object, l}]++
		}
	}
}

// Count gives how many records of an object carry a label.
func (s Summary) Count(object, label string) int { return s.count[[2]string{object, label}] }

// Generate writes an org below c.Out. The folder may exist; files of the same names are replaced.
func Generate(ctx context.Context, c Config) (Summary, error) {
	if err := c.Validate(); err != nil {
		return Summary{}, err
	}
	words, err := readWords()
	if err != nil {
		return Summary{}, err
	}
	summary := Summary{count: map[[2]string]int{}}
	w := newWorld(c, words)
	w.summary, w.pageRows = &summary, c.PageRows
	w.makeUsers(12 + min(c.Accounts/25, 500))
	crm, directory := filepath.Join(c.Out, "crm"), filepath.Join(c.Out, "directory")
	for _, d := range []string{crm, directory} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return Summary{}, fmt.Errorf("demo: %w", err)
		}
	}
	w.truth = w.sheet(c.Out, "truth.csv", "object,crm_id,entity_id,cases")
	steps := []func() error{
		func() error { return w.writeCompanies(ctx, directory) },
		func() error { return w.writeMembers(ctx, directory) },
		func() error { return w.writeAccounts(ctx, crm) },
		func() error { return w.writeContacts(ctx, crm) },
		func() error { return w.writeLeads(ctx, crm) },
		func() error { return w.writeOpportunities(crm) },
		func() error { return w.writeUsers(crm) },
		func() error { return w.writeStages(crm) },
		func() error { return w.writeMoney(crm) },
		func() error { return w.writeOrganization(crm) },
		func() error { return w.writeSeats(c.Out) },
		func() error { return w.writeActivities(c.Out) },
		func() error { return w.writeDecisions(c.Out) },
		func() error { return w.writeRedirects(c.Out) },
		w.truth.finish,
		func() error { return w.writeConfig(c.Out) },
	}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return Summary{}, err
		}
		if err := step(); err != nil {
			return Summary{}, fmt.Errorf("demo: %w", err)
		}
	}
	for k, n := range summary.count {
		summary.Cases = append(summary.Cases, Case{k[0], k[1], n})
	}
	sort.Slice(summary.Cases, func(i, j int) bool {
		a, b := summary.Cases[i], summary.Cases[j]
		return a.Object < b.Object || a.Object == b.Object && a.Label < b.Label
	})
	sort.Slice(summary.Files, func(i, j int) bool { return summary.Files[i].Path < summary.Files[j].Path })
	return summary, nil
}

// sheet is a file of one page.
func (w *world) sheet(dir, name, header string) *sheet {
	return &sheet{dir: dir, name: name, header: header, summary: w.summary}
}

// pages is a CRM object: several files, the second of Contact compressed.
func (w *world) pages(dir, object, header string, rows int) *sheet {
	s := w.sheet(dir, object+"-%d.csv", header)
	s.perPage = w.pageRows
	if s.perPage == 0 {
		s.perPage = min(max((rows+2)/3, 50), 100_000)
	}
	if object == "Contact" {
		s.zipPage = 2
	}
	return s
}

// emit writes the records of an object in the order of their Ids. Two in a hundred changed hands: their old and their new
// row stand in different pages, and either may come first, because pages have no order.
func (w *world) emit(s *sheet, k kind, n int, record func(place int) (i int, live bool), row func(i int, older bool), each func(i int) error) error {
	changed := func(i int) (bool, bool) {
		d := newDraw(w.seed, kindStamp, i+int(k)<<44)
		return d.chance(22), d.chance(500)
	}
	var later bool
	for place := range n {
		i, live := record(place)
		twice, oldFirst := changed(i)
		twice = twice && live
		later = later || twice
		row(i, twice && oldFirst)
		if err := s.end(); err != nil {
			return err
		}
		if each != nil {
			if err := each(i); err != nil {
				return err
			}
		}
	}
	if later {
		if err := s.turn(); err != nil {
			return err
		}
		for place := range n {
			i, live := record(place)
			if twice, oldFirst := changed(i); twice && live {
				row(i, !oldFirst)
				w.summary.plant(strings.SplitN(s.name, "-", 2)[0], "superseded")
				if err := s.end(); err != nil {
					return err
				}
			}
		}
	}
	return s.finish()
}
