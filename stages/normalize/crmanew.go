package normalize

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// crmRenewal is a call of CRM that builds upon an earlier one.
type crmRenewal struct {
	session *sql.Session
	in      CRMIn
	earlier EarlierCRM
	was, is *crm // what the earlier call knew, and what this one knows

	accounts, contacts, leads renewed
}

// crmAnew is CRM on top of an earlier call, which may have known another directory.
func crmAnew(ctx context.Context, s *sql.Session, in CRMIn, earlier EarlierCRM) (out CRMOut, err error) {
	r := crmRenewal{session: s, in: in, earlier: earlier}
	defer func() {
		for _, of := range []renewed{r.accounts, r.contacts, r.leads} {
			of.drop(ctx, s)
		}
	}()
	err = inOrder(
		work{"what was known", func() error { return r.recall() }},
		work{"changed records", func() error { return r.compare(ctx) }},
		work{"what is known", func() error { return r.learn(ctx) }},
		work{"records that follow from others", func() error { return r.follow(ctx) }},
		work{"accounts", func() (err error) {
			out.CRMCompany, err = writeAnew(ctx, r.was.run, r.is.run, schemas.CRMCompany, earlier.Out.CRMCompany, half{&r.accounts, r.was.writeAccount, r.is.writeAccount})
			return err
		}},
		work{"contacts and leads", func() (err error) {
			out.CRMPerson, err = writeAnew(ctx, r.was.run, r.is.run, schemas.CRMPerson, earlier.Out.CRMPerson, half{&r.contacts, r.was.writeContact, r.is.writeContact},
				half{&r.leads, r.was.writeLead, r.is.writeLead})
			return err
		}},
		work{"data quality", func() error {
			renewFindings(r.is.found, r.was.run, r.is.run)
			return r.is.finish(ctx, &out)
		}},
	)
	return out, err
}

// recall takes what the earlier call knew, and begins with it.
func (r *crmRenewal) recall() (err error) {
	if r.was, err = newCRM(r.session, r.earlier.In); err != nil {
		return err
	}
	if err := r.was.readState(r.earlier.Out.State); err != nil {
		return err
	}
	if err := r.was.readSharedMail(r.earlier.Out.SharedMail); err != nil {
		return err
	}
	r.is = &crm{r.was.twin(), r.was.crmState.clone()}
	if r.in.Survey == r.earlier.In.Survey {
		r.is.survey = r.was.survey
		return nil
	}
	return r.is.readSurvey(r.in.Survey)
}

func (r *crmRenewal) compare(ctx context.Context) (err error) {
	if r.accounts, err = rawChanges(ctx, r.session, r.earlier.In.Accounts, r.in.Accounts, "read_account"); err != nil {
		return err
	}
	if r.contacts, err = rawChanges(ctx, r.session, r.earlier.In.Contacts, r.in.Contacts, "read_contact"); err != nil {
		return err
	}
	if r.leads, err = rawChanges(ctx, r.session, r.earlier.In.Leads, r.in.Leads, "read_lead"); err != nil {
		return err
	}
	return worthwhile(r.accounts, r.contacts, r.leads)
}

// learn brings what is known of all records up to date.
func (r *crmRenewal) learn(ctx context.Context) error {
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
// account's contacts, whether a domain is shared, which word of a company's name is rarest in the directory, whether the
// account above is there.
func (r *crmRenewal) follow(ctx context.Context) error {
	flipped, anyMoved := turned(r.was.run, r.is.run), anyMoved(r.was.run, r.is.run)
	sameWords := r.was.survey.words.equal(r.is.survey.words)
	other := map[string]bool{} // accounts that give their contacts something else
	moved := map[string]bool{} // accounts that came or went
	for _, pair := range [][2]*crm{{r.was, r.is}, {r.is, r.was}} {
		for id, packed := range pair[0].accounts {
			now, ok := pair[1].accounts[id]
			if !ok {
				moved[id] = true
			}
			if !ok || now != packed || len(flipped) > 0 && holdsAny(flipped, appendPacked(nil, entryOf(packed).domains)) ||
				!sameWords && anyMoved([]string{entryOf(packed).key}) {
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
	if sameWords {
		anyMoved = nil
	}
	if err := r.followPeople(ctx, other, flipped, anyMoved); err != nil {
		return err
	}
	return worthwhile(r.accounts, r.contacts, r.leads)
}

// followCompanies adds the accounts below one that came or went: a parent that is not found is counted.
func (r *crmRenewal) followCompanies(ctx context.Context, moved map[string]bool) error {
	if len(moved) == 0 {
		return nil
	}
	return r.is.eachOf(ctx, r.earlier.Out.CRMCompany, "SELECT crm_id, parent_id FROM earlier", func(_ *worker, in *rows, i int) {
		if moved[in.text(1, i)] {
			r.accounts.more[strings.Clone(in.text(0, i))] = true
		}
	})
}

// otherAccounts names the temporary table of accounts that give their contacts something else.
const otherAccounts = "other_accounts"

// followPeople adds contacts of accounts that give them something else, people with a domain that flipped, and leads with a
// company of which another word is the rarest; anyMoved is nil where there are none.
func (r *crmRenewal) followPeople(ctx context.Context, other, flipped map[string]bool, anyMoved func(keys []string) bool) error {
	if len(other)+len(flipped) == 0 && anyMoved == nil {
		return nil
	}
	emails, keys := "CAST(NULL AS VARCHAR[])", "CAST(NULL AS VARCHAR[])"
	if len(flipped) > 0 {
		emails = "emails"
	}
	if anyMoved != nil {
		keys = "company_keys"
	}
	where := ""
	if len(flipped) == 0 && anyMoved == nil { // then the engine picks the contacts: the others need not be handed over
		if err := r.session.KeepIDs(ctx, otherAccounts, slices.Sorted(maps.Keys(other))); err != nil {
			return err
		}
		defer r.session.Drop(ctx, otherAccounts) //nolint:errcheck // temporary
		where = " WHERE account_id IN (FROM " + otherAccounts + ")"
	}
	var some []string
	err := r.is.eachOf(ctx, r.earlier.Out.CRMPerson, "SELECT crm_id, object, account_id, "+emails+", "+keys+" FROM earlier"+where, func(w *worker, in *rows, i int) {
		isLead := in.text(1, i) == schemas.Lead
		follows := other[in.text(2, i)]
		if !follows && len(flipped) > 0 {
			some = in.list(some[:0], 3, i)
			follows = w.hostsAny(flipped, some)
		}
		if !follows && isLead && anyMoved != nil {
			some = in.list(some[:0], 4, i)
			follows = anyMoved(some)
		}
		switch {
		case !follows:
		case isLead:
			r.leads.more[strings.Clone(in.text(0, i))] = true
		default:
			r.contacts.more[strings.Clone(in.text(0, i))] = true
		}
	})
	if err != nil || len(flipped) == 0 {
		return err
	}
	// The website is not in the earlier form where its domain was shared.
	return r.is.eachOf(ctx, r.in.Leads, `SELECT "Id", "Website" FROM earlier WHERE "Website" IS NOT NULL`, func(w *worker, in *rows, i int) {
		if flipped[w.website(in.text(1, i)).domain] {
			r.leads.more[strings.Clone(in.text(0, i))] = true
		}
	})
}
