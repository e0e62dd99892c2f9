package normalize

import (
	"cmp"
	"context"
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
}

// DirectoryOut names the directory's normal forms, what was found missing or unusable on the way, and the survey: an
// object with what CRM must know of all companies together.
type DirectoryOut struct {
	DirCompany sql.Snapshot `json:"dir_company"`
	DirMember  sql.Snapshot `json:"dir_member"`
	Quality    sql.Snapshot `json:"data_quality"`
	Survey     string       `json:"survey"`
}

// Objects lists what the result needs in the store beside tables.
func (o DirectoryOut) Objects() []string { return []string{o.Survey} }

// directory is what one call of Directory knows.
type directory struct {
	*run
	redirect  map[string]string
	companies *book
	groups    []int32 // per company the code of its topmost parent
}

// Directory reads each large table part by part. Companies are read twice: first for what single rows cannot know (how
// rare a word is, which hosts are shared, who owns whom), then for their normal form.
func Directory(ctx context.Context, s *sql.Session, in DirectoryIn) (DirectoryOut, error) {
	r, err := newRun(s, in.Knowledge)
	if err != nil {
		return DirectoryOut{}, err
	}
	d := &directory{run: r, redirect: map[string]string{}, companies: newBook()}
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
			out.Quality, err = r.writeQuality(ctx, r.tally())
			return err
		}},
	)
	return out, err
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
	key                string
	name               uint64
	domains            []string
}

// domainUse says that a company lists a domain, both by code.
type domainUse struct{ domain, company int32 }

// surveyCompanies parses the names of companies once for all: for the word counts, for shared hosts, and for the
// members that work there.
func (d *directory) surveyCompanies(ctx context.Context, snap sql.Snapshot) error {
	var uses []domainUse
	words := map[string]uint32{}
	domainCodes := map[string]int32{}
	parentIDs := map[int32]string{}
	err := scan(ctx, d.run, snap, "read_company", func(w *worker, in rows, i int) surveyed {
		at := w.nameplaceAt(in, i, 7)
		e := w.companyEntry(in.text(1, i), in.list(nil, 2, i), at)
		domains := w.domainsOf(in.list(nil, 3, i), in.text(4, i))
		e.domains = packed(domains)
		return surveyed{id: strings.Clone(in.text(0, i)), parent: strings.Clone(in.text(13, i)), packed: e.pack(), key: strings.Clone(e.key),
			name: nameHash(Fold(in.text(1, i))), domains: domains}
	}, func(c surveyed) {
		code := d.companies.add(c.id, c.packed, c.name)
		if c.parent != "" {
			parentIDs[code] = c.parent
		}
		for _, word := range distinctWords(c.key) {
			if _, ok := words[word]; !ok {
				word = strings.Clone(word) // not the whole key with it
			}
			words[word]++
		}
		for _, domain := range c.domains {
			dc, ok := domainCodes[domain]
			if !ok {
				dc = int32(len(domainCodes))
				domainCodes[strings.Clone(domain)] = dc
			}
			uses = append(uses, domainUse{dc, code})
		}
	})
	if err != nil {
		return err
	}
	parents := make([]int32, len(d.companies.ids))
	for i := range parents {
		parents[i] = -1
	}
	for child, id := range parentIDs {
		if parent, ok := d.companies.at[d.current(id)]; ok && parent != child {
			parents[child] = parent
		}
	}
	d.groups = groupsOf(parents)
	d.survey = surveyOf(words, domainCodes, d.ownersOf(uses, len(domainCodes)))
	return nil
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
