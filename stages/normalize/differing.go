package normalize

import (
	"context"
	"fmt"
	"maps"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// DifferingIn is what changes are proposed from in an earlier run and in this one, with the records as they are scored, and
// what was proposed in the earlier one.
type DifferingIn struct {
	Before  Proposing    `json:"before"`
	After   Proposing    `json:"after"`
	Patches sql.Snapshot `json:"patches"`
}

// Proposing is what proposals and their scores are made from, as far as it belongs to the CRM.
type Proposing struct {
	PatchesIn
	CRM   sql.Snapshot `json:"crm"` // crm_company or crm_person
	Known sql.Snapshot `json:"known"`
}

// DifferingOut is table differing.
type DifferingOut struct {
	Records sql.Snapshot `json:"records"`
}

// FitsWith says whether an earlier call read by the same lists, so that only records that differ can get other proposals.
func (in PatchesIn) FitsWith(earlier PatchesIn) bool {
	return in.SharedMail == earlier.SharedMail && maps.Equal(in.Knowledge, earlier.Knowledge)
}

// sameDirectory says whether everything of the directory is the same.
func (in PatchesIn) sameDirectory(earlier PatchesIn) bool {
	return in.Companies.ID == earlier.Companies.ID && in.Members.ID == earlier.Members.ID && in.DirCompany.ID == earlier.DirCompany.ID &&
		in.DirMember.ID == earlier.DirMember.ID && in.Survey == earlier.Survey
}

// OfAll is what a call was given, but for which records it was asked about.
func (in PatchesIn) OfAll() PatchesIn {
	in.Only, in.Kept = sql.Snapshot{}, sql.Snapshot{}
	return in
}

// Differing finds the records whose proposed changes have to be made and scored anew.
func Differing(ctx context.Context, s *sql.Session, in DifferingIn) (DifferingOut, error) {
	out, err := differing(ctx, s, in)
	if err != nil {
		return DifferingOut{}, fmt.Errorf("find records that differ: %w", err)
	}
	return out, nil
}

// The temporary tables that file differing reads.
const (
	changedRecord  = "changed_record"
	changedEntity  = "changed_entity"
	changedCompany = "changed_company"
)

func differing(ctx context.Context, s *sql.Session, in DifferingIn) (DifferingOut, error) {
	b, a := in.Before, in.After
	records := "SELECT '' AS crm_id WHERE false"
	for _, t := range []struct {
		table         schemas.Table
		before, after sql.Snapshot
		key           string
	}{
		{schemas.Unmatched, b.Unmatched, a.Unmatched, "crm_id"},
		{schemas.Known, b.Known, a.Known, "crm_id"},
		{tableNamed(a.CRM.Table), b.CRM, a.CRM, "crm_id"},
		{tableNamed("raw_account"), b.Accounts, a.Accounts, `"Id"`},
		{tableNamed("raw_contact"), b.Contacts, a.Contacts, `"Id"`},
		{tableNamed("raw_lead"), b.Leads, a.Leads, `"Id"`},
	} {
		changed, err := s.ChangedKeys(ctx, t.before.Or(t.table.Name), t.after.Or(t.table.Name))
		if err != nil {
			return DifferingOut{}, err
		}
		defer changed.Drop(ctx) //nolint:errcheck // temporary
		records += " UNION SELECT " + t.key + " FROM " + changed.Name
	}
	if err := s.Keep(ctx, changedRecord, records); err != nil {
		return DifferingOut{}, err
	}
	defer s.Drop(ctx, changedRecord) //nolint:errcheck // temporary
	if err := s.Keep(ctx, changedEntity, "SELECT '' AS entity_id WHERE false"); err != nil {
		return DifferingOut{}, err
	}
	defer s.Drop(ctx, changedEntity) //nolint:errcheck // temporary
	if err := changedAccounts(ctx, s, b, a); err != nil {
		return DifferingOut{}, err
	}
	defer s.Drop(ctx, changedCompany) //nolint:errcheck // temporary
	if !a.sameDirectory(b.PatchesIn) {
		if err := (meeting{s, in}).add(ctx); err != nil {
			return DifferingOut{}, err
		}
	}
	told, err := s.Count(ctx, "(SELECT entity_id FROM "+changedEntity+" UNION ALL SELECT entity_id FROM "+changedCompany+")")
	if err != nil {
		return DifferingOut{}, err
	}
	if told == 0 { // nobody's candidates need be looked at
		snap, err := s.SaveQuery(ctx, "FROM "+changedRecord, schemas.Differing, nil)
		return DifferingOut{snap}, err
	}
	if err := s.BindAs(ctx, "unmatched", a.Unmatched.Or("unmatched")); err != nil {
		return DifferingOut{}, err
	}
	if err := s.BindAs(ctx, "dir_member", a.DirMember.Or("dir_member")); err != nil {
		return DifferingOut{}, err
	}
	snap, err := s.SaveTable(ctx, "normalize/differing", schemas.Differing, nil)
	return DifferingOut{snap}, err
}

// changedAccounts keeps the directory companies whose account, to which a contact may be linked, is another or differs.
func changedAccounts(ctx context.Context, s *sql.Session, before, after Proposing) error {
	accounts, err := s.Changed(ctx, before.CRMCompany.Or("crm_company"), after.CRMCompany.Or("crm_company"),
		"SELECT crm_id, alias_keys, rare_token, domains FROM crm_company")
	if err != nil {
		return err
	}
	defer accounts.Drop(ctx) //nolint:errcheck // temporary
	answers, err := s.Changed(ctx, before.Mapping.Or("mapping"), after.Mapping.Or("mapping"),
		`SELECT object, crm_id, CASE WHEN "primary" THEN entity_id END AS entity_id FROM mapping`)
	if err != nil {
		return err
	}
	defer answers.Drop(ctx) //nolint:errcheck // temporary
	if err := s.BindAs(ctx, "mapping", after.Mapping.Or("mapping")); err != nil {
		return err
	}
	return s.Keep(ctx, changedCompany, "SELECT entity_id, true AS of_account FROM "+answers.Name+" WHERE entity_id IS NOT NULL UNION SELECT m.entity_id, true FROM mapping m SEMI JOIN "+
		accounts.Name+" a ON a.crm_id = m.crm_id WHERE m.entity_id IS NOT NULL")
}

func tableNamed(name string) schemas.Table {
	table, _ := schemas.Lookup(name)
	return table
}
