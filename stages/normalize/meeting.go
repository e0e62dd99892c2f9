package normalize

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// meeting finds the records that get other proposals because the directory is another.
type meeting struct {
	session *sql.Session
	in      DifferingIn
}

// add adds them to changedRecord, changedEntity and changedCompany: those with a candidate of whom the directory says something
// else, or of whose company it does, and those with a company name whose rarest word is another by the new survey. A mail
// domain that became or ceased to be shared is seen by the members' own normal form. What a record says itself is compared
// elsewhere, in its normal form.
func (m meeting) add(ctx context.Context) error {
	before, after, err := m.surveys()
	if err != nil {
		return err
	}
	if err := m.addSaid(ctx); err != nil {
		return err
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

// addSaid compares what the files patch_company and patch_person read of the directory.
func (m meeting) addSaid(ctx context.Context) error {
	b, a := m.in.Before, m.in.After
	if m.in.Patches.Table == schemas.PatchCompany.Name {
		return errors.Join(
			m.addChanged(ctx, changedEntity, b.Companies, a.Companies, "raw_company", "company_id, name, website, country, city"),
			m.addChanged(ctx, changedEntity, b.DirCompany, a.DirCompany, "dir_company", "entity_id, domains"))
	}
	return errors.Join(
		m.addChanged(ctx, changedEntity, b.Members, a.Members, "raw_member", "member_id, first_name, last_name, emails, country, city, company_name"),
		m.addChanged(ctx, changedEntity, b.DirMember, a.DirMember, "dir_member", "entity_id, given, surname, email_domains, company_ids, company_domains"),
		m.addChanged(ctx, changedCompany, b.Companies, a.Companies, "raw_company", "company_id, name, website"),
		m.addChanged(ctx, changedCompany, b.DirCompany, a.DirCompany, "dir_company", "entity_id, group_id, alias_keys"))
}

// addChanged adds the keys of a table's rows that differ in some columns, the key first.
func (m meeting) addChanged(ctx context.Context, to string, before, after sql.Snapshot, table, columns string) error {
	if before.Or(table).ID == after.Or(table).ID {
		return nil
	}
	changed, err := m.session.Changed(ctx, before.Or(table), after.Or(table), "SELECT "+columns+" FROM "+table)
	if err != nil {
		return err
	}
	defer changed.Drop(ctx) //nolint:errcheck // temporary
	key, _, _ := strings.Cut(columns, ",")
	query := "SELECT DISTINCT " + key + " FROM " + changed.Name
	if to == changedCompany {
		query = "SELECT DISTINCT " + key + ", false FROM " + changed.Name
	}
	return m.session.AddRows(ctx, to, query)
}

// addNamed adds the records with a company name whose rarest word is another. Names that a proposal made are in its normal form.
func (m meeting) addNamed(ctx context.Context, before, after survey) error {
	s := m.session
	column, lead := "name_key", ""
	if m.in.Patches.Table == schemas.PatchPerson.Name { // no column of a contact is made of a name's rarest word
		column, lead = "company_keys", " AND object = '"+schemas.Lead+"'"
	}
	moved, named, keys := before.moved(after), []string(nil), []string(nil)
	for name, snap := range map[string]sql.Snapshot{"record": m.in.After.CRM, "patch": m.in.Patches} {
		if err := s.BindAs(ctx, name, snap); err != nil {
			return err
		}
		err := s.Each(ctx, "SELECT crm_id, "+column+" FROM "+name+" WHERE "+column+" IS NOT NULL"+lead, nil, func(batch arrow.RecordBatch) error {
			in, err := rowsIn(batch)
			for i := 0; i < int(batch.NumRows()) && err == nil; i++ {
				if column == "name_key" {
					keys = append(keys[:0], in.text(1, i))
				} else {
					keys = in.list(keys[:0], 1, i)
				}
				if slices.ContainsFunc(keys, moved) {
					named = append(named, strings.Clone(in.texts[0].Value(i)))
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return m.addUnmatched(ctx, named)
}

// addUnmatched adds those of some records that have no entity.
func (m meeting) addUnmatched(ctx context.Context, ids []string) error {
	s := m.session
	if err := s.BindAs(ctx, "unmatched", m.in.After.Unmatched.Or("unmatched")); err != nil {
		return err
	}
	const named = "named_record"
	if err := s.KeepIDs(ctx, named, ids); err != nil {
		return err
	}
	defer s.Drop(ctx, named) //nolint:errcheck // temporary
	return s.AddRows(ctx, changedRecord, "SELECT crm_id FROM "+named+" SEMI JOIN unmatched USING (crm_id)")
}
