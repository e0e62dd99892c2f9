package pipeline

import (
	"context"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/normalize"
	"github.com/crmlink/crmlink/stages/score"
)

// remedies finds for each record without entity the smallest change of the CRM that would make it match: normalize says
// what would become of its normal form, score scores it anew. Contacts were matched with the accounts of the first
// round, so that is what a link to another account is judged by.
func (m *matching) remedies(ctx context.Context, firstAccounts, accounts, people round) ([]sql.Snapshot, error) {
	directory := normalize.PatchesIn{Knowledge: m.knowledge, Survey: m.rec.Survey, SharedMail: m.rec.SharedMail,
		Companies: m.raw["raw_company"], DirCompany: m.rec.DirCompany}
	forCompanies, forPeople := directory, directory
	forCompanies.Unmatched, forCompanies.Accounts = accounts.answer.Unmatched, m.raw["raw_account"]
	forPeople.Unmatched, forPeople.Contacts, forPeople.Leads = people.answer.Unmatched, m.raw["raw_contact"], m.raw["raw_lead"]
	forPeople.Members, forPeople.DirMember = m.raw["raw_member"], m.rec.DirMember
	forPeople.CRMCompany, forPeople.Mapping = m.rec.CRMCompany, firstAccounts.answer.Mapping
	companies, err := m.remediesOf(ctx, "companies", normalize.CompanyPatches, forCompanies, accounts, m.sections.Company.ThresholdMicros())
	if err != nil {
		return nil, err
	}
	found, err := m.remediesOf(ctx, "people", normalize.PersonPatches, forPeople, people, m.sections.Person.ThresholdMicros())
	return []sql.Snapshot{companies, found}, err
}

// remediesOf is remedies for one kind. Of records that do not differ from the last run what it found is taken over.
func (m *matching) remediesOf(ctx context.Context, name string, propose func(context.Context, *sql.Session, normalize.PatchesIn) (normalize.PatchesOut, error),
	patches normalize.PatchesIn, last round, micros int64) (sql.Snapshot, error) {
	scored := last.scoring
	rescore := score.RemediesIn{In: scored, ThresholdMicros: micros, Rolls: last.scored.Rolls()}
	proposed, before, ok := earlierOf[normalize.PatchesIn, normalize.PatchesOut](m.run, "propose for "+name)
	rescored, found, also := earlierOf[score.RemediesIn, score.RemediesOut](m.run, "rescore "+name)
	if ok && also && patches.FitsWith(proposed) {
		differ, err := do(ctx, m.run, "differing "+name, normalize.Differing, normalize.DifferingIn{
			Before: normalize.Proposing{PatchesIn: proposed.OfAll(), CRM: rescored.CRM, Known: rescored.Known},
			After:  normalize.Proposing{PatchesIn: patches, CRM: scored.CRM, Known: scored.Known}, Patches: before.Patches})
		if err != nil {
			return sql.Snapshot{}, err
		}
		patches.Only, patches.Kept = differ.Records, before.Patches
		if rescore.FitsWith(rescored) {
			rescore.Only, rescore.Kept, rescore.KeptIndex, rescore.KeptGrounds = differ.Records, found.Remedies, rescored.Index, found.Grounds
		}
	}
	changes, err := do(ctx, m.run, "propose for "+name, propose, patches)
	if err != nil {
		return sql.Snapshot{}, err
	}
	rescore.Patches = changes.Patches
	out, err := do(ctx, m.run, "rescore "+name, score.Remedies, rescore)
	return out.Remedies, err
}
