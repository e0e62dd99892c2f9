package normalize

import (
	"bytes"
	"context"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// meeting finds the records that get other proposals because the directory is another.
type meeting struct {
	session *sql.Session
	in      DifferingIn
}

// add adds them to changedRecord: those of whose candidates the directory says something else, those with a company name
// whose rarest word is another by the new survey, and those with a candidate whose mail domain became or ceased to be
// shared. What a record says itself is compared elsewhere, in its normal form.
func (m meeting) add(ctx context.Context) error {
	s := m.session
	before, after, err := m.surveys()
	if err != nil {
		return err
	}
	defer s.Drop(ctx, saidBefore) //nolint:errcheck // temporary
	defer s.Drop(ctx, saidAfter)  //nolint:errcheck // temporary
	if err := m.addSaid(ctx); err != nil {
		return err
	}
	if !bytes.Equal(before.sites.data, after.sites.data) && m.in.Patches.Table == schemas.PatchPerson.Name {
		if err := m.addMailed(ctx, before, after); err != nil {
			return err
		}
	}
	if bytes.Equal(before.words.data, after.words.data) {
		return nil
	}
	return m.addNamed(ctx, before, after)
}

func (m meeting) surveys() (before, after survey, err error) {
	for to, object := range map[*survey]string{&before: m.in.Before.Survey, &after: m.in.After.Survey} {
		r := run{session: m.session}
		if err := r.readSurvey(object); err != nil {
			return survey{}, survey{}, err
		}
		*to = r.survey
	}
	return before, after, nil
}

const (
	saidBefore = "said_before"
	saidAfter  = "said_after"
)

// addSaid compares what proposals are made from, row by row.
func (m meeting) addSaid(ctx context.Context) error {
	s := m.session
	f, err := sql.Named("normalize/" + m.in.Patches.Table)
	if err != nil {
		return err
	}
	for _, side := range []struct {
		name string
		in   Proposing
	}{{saidBefore, m.in.Before}, {saidAfter, m.in.After}} {
		if err := side.in.bind(ctx, s); err != nil {
			return err
		}
		if err := s.Keep(ctx, side.name, f.Text); err != nil {
			return err
		}
	}
	return s.AddRows(ctx, changedRecord, "SELECT crm_id FROM (FROM "+saidBefore+" EXCEPT ALL FROM "+saidAfter+") UNION SELECT crm_id FROM (FROM "+
		saidAfter+" EXCEPT ALL FROM "+saidBefore+")")
}

// addNamed finds the keys of company names whose rarest word is another. Those that a proposal made are in its normal form.
func (m meeting) addNamed(ctx context.Context, before, after survey) error {
	s := m.session
	records, patched := "SELECT crm_id, name_key AS key FROM record SEMI JOIN unmatched USING (crm_id)", "SELECT crm_id, name_key FROM patch"
	if m.in.Patches.Table == schemas.PatchPerson.Name { // no column of a contact is made of a name's rarest word
		records = "SELECT crm_id, unnest(company_keys) AS key FROM record SEMI JOIN unmatched USING (crm_id) WHERE object = 'Lead'"
		patched = "SELECT crm_id, unnest(company_keys) FROM patch WHERE object = 'Lead'"
	}
	for name, snap := range map[string]sql.Snapshot{"record": m.in.After.CRM, "patch": m.in.Patches, "unmatched": m.in.After.Unmatched.Or("unmatched")} {
		if err := s.BindAs(ctx, name, snap); err != nil {
			return err
		}
	}
	const named = "named_company"
	if err := s.Keep(ctx, named, "SELECT DISTINCT crm_id, key FROM ("+records+" UNION ALL "+patched+") WHERE key <> ''"); err != nil {
		return err
	}
	defer s.Drop(ctx, named) //nolint:errcheck // temporary
	differ, err := m.texts(ctx, "SELECT DISTINCT key FROM "+named, func(key string) bool { return before.rareToken(key) != after.rareToken(key) })
	if err != nil {
		return err
	}
	return m.addOf(ctx, "SELECT crm_id, key FROM "+named, differ)
}

// addMailed looks at the addresses that may be proposed.
func (m meeting) addMailed(ctx context.Context, before, after survey) error {
	r, err := newRun(m.session, m.in.After.Knowledge)
	if err != nil {
		return err
	}
	differ, err := m.texts(ctx, "SELECT DISTINCT unnest(emails) FROM "+saidAfter, func(address string) bool {
		domain := r.workers[0].mailDomain(address)
		return before.sites.has(domain) != after.sites.has(domain)
	})
	if err != nil {
		return err
	}
	return m.addOf(ctx, "SELECT crm_id, unnest(emails) FROM "+saidAfter, differ)
}

// texts are those of a query's one column that count.
func (m meeting) texts(ctx context.Context, query string, counts func(string) bool) ([]string, error) {
	var found []string
	err := m.session.Each(ctx, query, nil, func(batch arrow.RecordBatch) error {
		column := batch.Column(0).(*array.String)
		for i := range column.Len() {
			if !column.IsNull(i) && counts(column.Value(i)) {
				found = append(found, strings.Clone(column.Value(i)))
			}
		}
		return nil
	})
	return found, err
}

// addOf adds the records that a query gives beside one of some texts.
func (m meeting) addOf(ctx context.Context, query string, texts []string) error {
	s := m.session
	const wanted = "wanted_text"
	if err := s.Keep(ctx, wanted, "SELECT '' AS crm_id WHERE false"); err != nil {
		return err
	}
	defer s.Drop(ctx, wanted) //nolint:errcheck // temporary
	if err := s.Add(ctx, wanted, texts); err != nil {
		return err
	}
	return s.AddRows(ctx, changedRecord, "SELECT r.crm_id FROM ("+query+") r(crm_id, text) JOIN "+wanted+" w ON w.crm_id = r.text")
}
