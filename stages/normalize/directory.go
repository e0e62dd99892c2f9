package normalize

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// DirectoryIn names the raw tables of the directory.
type DirectoryIn struct {
	Companies sql.Snapshot `json:"raw_company"`
	Members   sql.Snapshot `json:"raw_member"`
	Redirects sql.Snapshot `json:"raw_redirect"`
	// Knowledge are the administrator's lists, objects by file name (see Lists).
	Knowledge map[string]string `json:"knowledge,omitempty"`
	// Earlier makes Directory faster where there is one, and changes no result.
	Earlier *EarlierDirectory `json:"-"`
}

// EarlierDirectory is what an earlier call of Directory by the same program read and gave.
type EarlierDirectory struct {
	In  DirectoryIn
	Out DirectoryOut
}

// DirectoryOut names the directory's normal forms, what was found missing or unusable on the way, and the survey: an
// object with what CRM must know of all companies together. State is an object that a later call builds upon; empty where
// none can.
type DirectoryOut struct {
	DirCompany sql.Snapshot `json:"dir_company"`
	DirMember  sql.Snapshot `json:"dir_member"`
	Quality    sql.Snapshot `json:"data_quality"`
	Survey     string       `json:"survey"`
	State      string       `json:"directory_state,omitempty"`
}

// Objects lists what the result needs in the store beside tables.
func (o DirectoryOut) Objects() []string { return filled(o.Survey, o.State) }

// directory is what one call of Directory knows.
type directory struct {
	*run
	redirect  map[string]string
	companies *book
	groups    []int32 // per company the code of its topmost parent
	found     map[check]int64
}

func newDirectory(r *run) *directory {
	return &directory{run: r, redirect: map[string]string{}, companies: newBook(), found: map[check]int64{}}
}

// Directory reads each large table part by part. Companies are read twice: first for what single rows cannot know (how
// rare a word is, which hosts are shared, who owns whom), then for their normal form. Given what an earlier call read and
// gave, it normalises only the records that changed since, or whose companies did; the result is the same.
func Directory(ctx context.Context, s *sql.Session, in DirectoryIn) (DirectoryOut, error) {
	if e := in.Earlier; e != nil && e.Out.State != "" && maps.Equal(e.In.Knowledge, in.Knowledge) {
		if out, err := directoryAnew(ctx, s, in, *e); !errors.Is(err, errFromScratch) {
			return out, err
		}
	}
	r, err := newRun(s, in.Knowledge)
	if err != nil {
		return DirectoryOut{}, err
	}
	d := newDirectory(r)
	var out DirectoryOut
	err = inOrder(
		work{"redirects", func() error { return d.readRedirects(ctx, in.Redirects) }},
		work{"directory companies", func() error { return d.surveyCompanies(ctx, in.Companies) }},
		work{"survey", func() (err error) {
			out.Survey, err = s.PutObject(d.survey.bytes())
			return err
		}},
		work{"directory companies", func() (err error) {
			out.DirCompany, err = r.write(ctx, schemas.DirCompany, source{in.Companies, "read_company", d.writeCompany})
			return err
		}},
		work{"members", func() (err error) {
			out.DirMember, err = r.write(ctx, schemas.DirMember, source{in.Members, "read_member", d.writeMember})
			return err
		}},
		work{"data quality", func() (err error) {
			d.found = r.tally()
			return d.finish(ctx, &out)
		}},
	)
	return out, err
}

// finish stores what stands beside the normal forms and the survey.
func (d *directory) finish(ctx context.Context, out *DirectoryOut) (err error) {
	if out.Quality, err = d.writeQuality(ctx, d.found); err != nil || d.spaced() {
		return err
	}
	out.State, err = d.session.PutObject(d.bytes())
	return err
}

func (d *directory) readRedirects(ctx context.Context, snap sql.Snapshot) error {
	next := map[string]string{}
	err := d.eachPart(ctx, snap, "read_redirect", func(query string) error {
		return d.session.Each(ctx, query, nil, func(batch arrow.RecordBatch) error {
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
	d.redirect = followRedirects(next)
	return err
}

// current is the id that stands for an id today.
func (d *directory) current(id string) string {
	if to, ok := d.redirect[id]; ok {
		return to
	}
	return id
}

// surveyed is what the first pass keeps of a company or account.
type surveyed struct {
	id, parent, packed string
	name               uint64
}

// domainUse says that a company lists a domain, both by code.
type domainUse struct{ domain, company int32 }

// surveyCompanies parses the names of companies once for all: for the word counts, for shared hosts, and for the
// members that work there.
func (d *directory) surveyCompanies(ctx context.Context, snap sql.Snapshot) error {
	err := scan(ctx, d.run, snap, "read_company", companyOf, func(c surveyed) { d.companies.add(c.id, c.parent, c.packed, c.name) })
	if err != nil {
		return err
	}
	d.group()
	d.count()
	return nil
}

func companyOf(w *worker, in *rows, i int) surveyed {
	w.spaced = w.spaced || in.spaced(0, i)
	e := w.companyEntry(in.text(1, i), in.list(nil, 2, i), w.nameplaceAt(in, i, 7))
	e.domains = packed(w.domainsOf(in.list(nil, 3, i), in.text(4, i)))
	return surveyed{id: strings.Clone(in.text(0, i)), parent: strings.Clone(in.text(13, i)), packed: e.pack(), name: foldedHash(in.text(1, i))}
}

// group finds each company's topmost parent.
func (d *directory) group() {
	parents := make([]int32, len(d.companies.ids))
	for i, id := range d.companies.parents {
		parents[i] = -1
		if id == "" {
			continue
		}
		if parent, ok := d.companies.at[d.current(id)]; ok && parent != int32(i) {
			parents[i] = parent
		}
	}
	d.groups = groupsOf(parents)
}

// count finds how rare words are and which hosts are shared; companies must be grouped.
func (d *directory) count() {
	var uses []domainUse
	words := map[string]uint32{}
	domainCodes := map[string]int32{}
	for i := range d.companies.ids {
		e := d.companies.entry(int32(i))
		for _, word := range distinctWords(e.key) {
			words[word]++
		}
		for _, domain := range appendPacked(nil, e.domains) {
			code, ok := domainCodes[domain]
			if !ok {
				code = int32(len(domainCodes))
				domainCodes[domain] = code
			}
			uses = append(uses, domainUse{code, int32(i)})
		}
	}
	d.survey = surveyOf(words, domainCodes, d.ownersOf(uses, len(domainCodes)))
}

// ownersOf counts the groups of companies that list each domain, by its code.
func (d *directory) ownersOf(uses []domainUse, domains int) []int32 {
	for i := range uses {
		uses[i].company = d.groups[uses[i].company]
	}
	slices.SortFunc(uses, func(a, b domainUse) int {
		return cmp.Or(cmp.Compare(a.domain, b.domain), cmp.Compare(a.company, b.company))
	})
	owners := make([]int32, domains)
	for _, u := range slices.Compact(uses) {
		owners[u.domain]++
	}
	return owners
}
