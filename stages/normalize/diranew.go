package normalize

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// directoryRenewal is a call of Directory that builds upon an earlier one.
type directoryRenewal struct {
	session *sql.Session
	in      DirectoryIn
	earlier EarlierDirectory
	was, is *directory // what the earlier call knew, and what this one knows

	companies, members renewed
}

// directoryAnew is Directory on top of an earlier call.
func directoryAnew(ctx context.Context, s *sql.Session, in DirectoryIn, earlier EarlierDirectory) (out DirectoryOut, err error) {
	r := directoryRenewal{session: s, in: in, earlier: earlier, members: renewed{raw: in.Members, more: map[string]bool{}}}
	defer func() {
		r.companies.drop(ctx, s)
		r.members.drop(ctx, s)
	}()
	err = inOrder(
		work{"what was known", func() error { return r.recall(ctx) }},
		work{"changed companies", func() (err error) {
			r.companies, err = rawChanges(ctx, s, earlier.In.Companies, in.Companies, "read_company")
			return err
		}},
		work{"what is known", func() error { return r.learn(ctx) }},
		work{"records that follow from others", func() error { return r.follow(ctx) }},
		work{"changed members", func() error { return r.compareMembers(ctx) }},
		work{"survey", func() (err error) {
			out.Survey, err = s.PutObject(r.is.survey.bytes())
			return err
		}},
		work{"directory companies", func() (err error) {
			out.DirCompany, err = writeAnew(ctx, r.was.run, r.is.run, schemas.DirCompany, earlier.Out.DirCompany,
				half{&r.companies, r.was.writeCompany, r.is.writeCompany})
			return err
		}},
		work{"members", func() (err error) {
			out.DirMember, err = writeAnew(ctx, r.was.run, r.is.run, schemas.DirMember, earlier.Out.DirMember,
				half{&r.members, r.was.writeMember, r.is.writeMember})
			if err == nil && r.is.spaced() {
				return errFromScratch // the ids of two records may be one
			}
			return err
		}},
		work{"data quality", func() error {
			r.is.found = maps.Clone(r.was.found)
			renewFindings(r.is.found, r.was.run, r.is.run)
			return r.is.finish(ctx, &out)
		}},
	)
	return out, err
}

// recall takes what the earlier call knew.
func (r *directoryRenewal) recall(ctx context.Context) error {
	known, err := newRun(r.session, r.earlier.In.Knowledge)
	if err != nil {
		return err
	}
	r.was = newDirectory(known)
	if err := r.was.readRedirects(ctx, r.earlier.In.Redirects); err != nil {
		return err
	}
	if err := r.was.readState(r.earlier.Out.State); err != nil {
		return err
	}
	r.was.group()
	return r.was.readSurvey(r.earlier.Out.Survey)
}

// compareMembers finds the members that differ. Those that follow from others are known by then: the rows of both are read together.
func (r *directoryRenewal) compareMembers(ctx context.Context) error {
	before, after, more := r.earlier.In.Members, r.in.Members, r.members.more
	if err := r.is.hold(ctx, before, after, &r.members); err != nil {
		return err
	}
	held := r.members.held
	var err error
	r.members, err = rawChanges(ctx, r.session, before, after, "read_member")
	if r.members.more, r.members.held = more, held; err != nil {
		return err
	}
	return worthwhile(r.companies, r.members)
}

// learn makes what is known of all companies of what was known and of those that differ.
func (r *directoryRenewal) learn(ctx context.Context) error {
	r.is = newDirectory(r.was.twin())
	if err := r.is.readRedirects(ctx, r.in.Redirects); err != nil {
		return err
	}
	gone, twice := map[string]bool{}, false
	idOf := func(_ *worker, in *rows, i int) string { return strings.Clone(in.text(0, i)) }
	if err := scanQuery(ctx, r.is.run, r.companies.rows(false), idOf, func(id string) { gone[id] = true }); err != nil {
		return err
	}
	b, was := r.is.companies, r.was.companies
	for i, id := range was.ids {
		if !gone[id] {
			b.add(id, was.parents[i], was.entries[i], was.names[i])
		}
	}
	err := scanQuery(ctx, r.is.run, r.companies.rows(true), companyOf, func(c surveyed) {
		_, ok := b.at[c.id]
		twice = twice || ok
		b.add(c.id, c.parent, c.packed, c.name)
	})
	if err != nil {
		return err
	}
	if twice || r.is.spaced() {
		return errFromScratch
	}
	r.is.group()
	r.is.count()
	return nil
}

// follow finds the records whose own row is the same, but not what it is normalised with.
func (r *directoryRenewal) follow(ctx context.Context) error {
	flipped, moved := turned(r.was.run, r.is.run), anyMoved(r.was.run, r.is.run)
	sameWords := r.was.survey.words.equal(r.is.survey.words)
	for i, id := range r.is.companies.ids {
		if before, ok := r.was.companies.at[id]; ok && r.companyFollows(before, int32(i), flipped) {
			r.companies.more[id] = true
		}
	}
	employers, past := r.otherCompanies(flipped, sameWords)
	if len(employers)+len(past) > 0 {
		var ids []string
		err := r.is.eachOf(ctx, r.in.Members, "SELECT member_id, company_id, past_company_ids FROM earlier", func(_ *worker, in *rows, i int) {
			ids = in.list(ids[:0], 2, i)
			if employers[in.text(1, i)] || holdsAny(past, ids) {
				r.members.more[strings.Clone(in.text(0, i))] = true
			}
		})
		if err != nil {
			return err
		}
	}
	if !sameWords { // those whose company is known by the name they give it
		err := r.is.eachOf(ctx, r.earlier.Out.DirMember, "SELECT entity_id, company_keys FROM earlier WHERE company_ids IS NULL AND company_keys IS NOT NULL",
			func(_ *worker, in *rows, i int) {
				if moved(in.list(nil, 1, i)) {
					r.members.more[strings.Clone(in.text(0, i))] = true
				}
			})
		if err != nil {
			return err
		}
	}
	if len(flipped) > 0 {
		var addresses []string
		err := r.is.eachOf(ctx, r.earlier.Out.DirMember, "SELECT entity_id, emails FROM earlier WHERE emails IS NOT NULL", func(w *worker, in *rows, i int) {
			if addresses = in.list(addresses[:0], 1, i); w.hostsAny(flipped, addresses) {
				r.members.more[strings.Clone(in.text(0, i))] = true
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// companyFollows says whether a company that is in both versions, by its codes there, has another company above it, or
// other words or hosts.
func (r *directoryRenewal) companyFollows(before, now int32, flipped map[string]bool) bool {
	was, is := r.was, r.is
	e := is.companies.entry(now)
	above, aboveNow := was.current(was.companies.parents[before]), is.current(is.companies.parents[now])
	_, there := was.companies.at[above]
	_, thereNow := is.companies.at[aboveNow]
	return above != aboveNow || there != thereNow || was.groupOf(before) != is.groupOf(now) ||
		was.survey.rareToken(e.key) != is.survey.rareToken(e.key) || len(flipped) > 0 && holdsAny(flipped, appendPacked(nil, e.domains))
}

// otherCompanies are the ids, as members give them, that stand for something else now to those who work there and to those
// who did.
func (r *directoryRenewal) otherCompanies(flipped map[string]bool, sameWords bool) (employers, past map[string]bool) {
	employers, past = map[string]bool{}, map[string]bool{}
	look := func(id string) {
		before, was := r.was.companies.at[r.was.current(id)]
		now, is := r.is.companies.at[r.is.current(id)]
		if !was && !is {
			return
		}
		if was != is {
			employers[id], past[id] = true, true
			return
		}
		b, n := r.was.companies, r.is.companies
		e := n.entry(now)
		if b.ids[before] != n.ids[now] || b.entries[before] != n.entries[now] || len(flipped) > 0 && holdsAny(flipped, appendPacked(nil, e.domains)) {
			employers[id], past[id] = true, true
			return
		}
		// Where a company has no key, members have that of the name they give it.
		if b.names[before] != n.names[now] || r.was.groupOf(before) != r.is.groupOf(now) ||
			!sameWords && (e.key == "" || r.was.survey.rareToken(e.key) != r.is.survey.rareToken(e.key)) {
			employers[id] = true
		}
	}
	for _, d := range []*directory{r.was, r.is} {
		for _, id := range slices.Concat(d.companies.ids, slices.Collect(maps.Keys(d.redirect))) {
			look(id)
		}
	}
	return employers, past
}

// groupOf is the id of a company's topmost parent.
func (d *directory) groupOf(code int32) string { return d.companies.ids[d.groups[code]] }
