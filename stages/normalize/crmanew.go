package normalize

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// renewal is a call of CRM that builds upon an earlier one.
type renewal struct {
	session *sql.Session
	in      CRMIn
	earlier EarlierCRM
	was, is *crm // what the earlier call knew, and what this one knows

	accounts, contacts, leads renewed
}

// renewed are the records of one raw table that must be normalised anew: those whose raw row differs, and more, whose
// own row is the same.
type renewed struct {
	raw     sql.Snapshot
	file    string
	changed sql.Changes
	more    map[string]bool
}

// rows is a query over the raw rows that differ, as they are or as they were, in the columns of the file that reads them.
func (r renewed) rows(later bool) string {
	return fmt.Sprintf("SELECT * EXCLUDE (%s) FROM %s WHERE %s = %v", sql.LaterColumn, r.changed.Name, sql.LaterColumn, later)
}

// crmAnew is CRM on top of an earlier call.
func crmAnew(ctx context.Context, s *sql.Session, in CRMIn, earlier EarlierCRM) (out CRMOut, err error) {
	r := renewal{session: s, in: in, earlier: earlier}
	if r.was, err = newCRM(s, in); err != nil {
		return out, err
	}
	defer func() {
		for _, of := range []renewed{r.accounts, r.contacts, r.leads} {
			if of.changed.Name != "" {
				of.changed.Drop(ctx) //nolint:errcheck // temporary
			}
		}
	}()
	err = inOrder(
		work{"what was known", func() error { return r.recall() }},
		work{"changed records", func() error { return r.compare(ctx) }},
		work{"what is known", func() error { return r.learn(ctx) }},
		work{"records that follow from others", func() error { return r.follow(ctx) }},
		work{"accounts", func() (err error) {
			out.CRMCompany, err = r.write(ctx, schemas.CRMCompany, earlier.Out.CRMCompany, half{&r.accounts, r.was.writeAccount, r.is.writeAccount})
			return err
		}},
		work{"contacts and leads", func() (err error) {
			out.CRMPerson, err = r.write(ctx, schemas.CRMPerson, earlier.Out.CRMPerson, half{&r.contacts, r.was.writeContact, r.is.writeContact},
				half{&r.leads, r.was.writeLead, r.is.writeLead})
			return err
		}},
		work{"data quality", func() error { return r.finish(ctx, &out) }},
	)
	return out, err
}

// recall takes what the earlier call knew, and begins with it.
func (r *renewal) recall() error {
	if err := r.was.readState(r.earlier.Out.State); err != nil {
		return err
	}
	if err := r.was.readSharedMail(r.earlier.Out.SharedMail); err != nil {
		return err
	}
	again := runWith(r.session, r.was.workers[0].know)
	again.survey = r.was.survey
	r.is = &crm{again, r.was.crmState.clone()}
	return nil
}

// compare finds the raw rows that differ in what normal forms are made of.
func (r *renewal) compare(ctx context.Context) error {
	for _, of := range []struct {
		to            *renewed
		before, after sql.Snapshot
		file          string
	}{
		{&r.accounts, r.earlier.In.Accounts, r.in.Accounts, "read_account"},
		{&r.contacts, r.earlier.In.Contacts, r.in.Contacts, "read_contact"},
		{&r.leads, r.earlier.In.Leads, r.in.Leads, "read_lead"},
	} {
		f, err := sql.Named("normalize/" + of.file)
		if err != nil {
			return err
		}
		if of.before.Table != of.after.Table { // one of them was not given
			of.before.Table, of.after.Table = f.In[0], f.In[0]
		}
		*of.to = renewed{raw: of.after, file: f.Text, more: map[string]bool{}}
		if of.to.changed, err = r.session.Changed(ctx, of.before, of.after, f.Text); err != nil {
			return err
		}
	}
	return nil
}

// learn brings what is known of all records up to date.
func (r *renewal) learn(ctx context.Context) error {
	for _, later := range []bool{false, true} {
		by := int32(-1)
		if later {
			by = 1
		}
		err := scanQuery(ctx, r.is.run, r.accounts.rows(later), accountOf, func(a surveyed) {
			if later {
				r.is.accounts[a.id] = a.packed
			} else {
				delete(r.is.accounts, a.id)
			}
		})
		if err == nil {
			err = scanQuery(ctx, r.is.run, r.contacts.rows(later), contactUse, func(u mailUse) { r.is.countContact(u, by) })
		}
		if err == nil {
			err = scanQuery(ctx, r.is.run, r.leads.rows(later), leadUse, func(u mailUse) { r.is.countLead(u, by) })
		}
		if err != nil {
			return err
		}
	}
	r.is.learnFreeMail()
	return nil
}

// follow finds the records whose own row is the same, but not what it is normalised with: a contact's account, an
// account's contacts, whether a mail domain is shared, whether the account above is there.
func (r *renewal) follow(ctx context.Context) error {
	flipped := map[string]bool{} // domains that are shared now and were not, or the other way round
	for _, pair := range [][2]map[string]bool{{r.was.mail, r.is.mail}, {r.is.mail, r.was.mail}} {
		for d := range pair[0] {
			if !pair[1][d] {
				flipped[d] = true
			}
		}
	}
	other := map[string]bool{} // accounts that give their contacts something else
	moved := map[string]bool{} // accounts that came or went
	for _, pair := range [][2]*crm{{r.was, r.is}, {r.is, r.was}} {
		for id, packed := range pair[0].accounts {
			now, ok := pair[1].accounts[id]
			if !ok {
				moved[id] = true
			}
			if !ok || now != packed || len(flipped) > 0 && holdsAny(flipped, appendPacked(nil, entryOf(packed).domains)) {
				other[id], r.accounts.more[id] = true, true
			}
		}
		for id, uses := range pair[0].uses {
			if len(flipped) == 0 && slices.Equal(uses, pair[1].uses[id]) {
				continue
			}
			if !slices.Equal(r.was.emailDomainsOf(id), r.is.emailDomainsOf(id)) {
				r.accounts.more[id] = true
			}
		}
	}
	if err := r.followCompanies(ctx, moved); err != nil {
		return err
	}
	return r.followPeople(ctx, other, flipped)
}

func holdsAny(set map[string]bool, values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return set[v] })
}

// followCompanies adds the accounts below one that came or went: a parent that is not found is counted.
func (r *renewal) followCompanies(ctx context.Context, moved map[string]bool) error {
	if len(moved) == 0 {
		return nil
	}
	return r.eachEarlier(ctx, r.earlier.Out.CRMCompany, "SELECT crm_id, parent_id FROM earlier", func(_ *worker, in rows, i int) {
		if moved[in.text(1, i)] {
			r.accounts.more[strings.Clone(in.text(0, i))] = true
		}
	})
}

// followPeople adds contacts of accounts that give them something else, and people with a domain that flipped.
func (r *renewal) followPeople(ctx context.Context, other, flipped map[string]bool) error {
	if len(other)+len(flipped) == 0 {
		return nil
	}
	err := r.eachEarlier(ctx, r.earlier.Out.CRMPerson, "SELECT crm_id, object, account_id, emails FROM earlier", func(w *worker, in rows, i int) {
		follows := other[in.text(2, i)]
		for _, address := range in.list(nil, 3, i) {
			_, domain, _ := strings.Cut(address, "@")
			follows = follows || flipped[w.host.get(domain).domain]
		}
		switch {
		case !follows:
		case in.text(1, i) == schemas.Lead:
			r.leads.more[strings.Clone(in.text(0, i))] = true
		default:
			r.contacts.more[strings.Clone(in.text(0, i))] = true
		}
	})
	if err != nil || len(flipped) == 0 {
		return err
	}
	// The website is not in the earlier form where its domain was shared.
	return r.eachEarlier(ctx, r.in.Leads, `SELECT "Id", "Website" FROM earlier`, func(w *worker, in rows, i int) {
		if flipped[w.website(in.text(1, i)).domain] {
			r.leads.more[strings.Clone(in.text(0, i))] = true
		}
	})
}

// eachEarlier reads columns of a whole table, which the query calls earlier.
func (r *renewal) eachEarlier(ctx context.Context, snap sql.Snapshot, query string, look func(w *worker, in rows, i int)) error {
	if err := r.session.BindAs(ctx, "earlier", snap); err != nil {
		return err
	}
	return r.session.Each(ctx, query, nil, func(batch arrow.RecordBatch) error {
		in, err := rowsIn(batch)
		for i := 0; i < int(batch.NumRows()) && err == nil; i++ {
			look(r.is.workers[0], in, i)
		}
		return err
	})
}
