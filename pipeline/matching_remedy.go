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
	companies, err := do(ctx, m.run, "propose for companies", normalize.CompanyPatches, normalize.PatchesIn{
		Knowledge: m.knowledge, Survey: m.rec.Survey, SharedMail: m.rec.SharedMail, Unmatched: accounts.answer.Unmatched, Accounts: m.raw["raw_account"], Companies: m.raw["raw_company"], DirCompany: m.rec.DirCompany})
	if err != nil {
		return nil, err
	}
	members, err := do(ctx, m.run, "propose for people", normalize.PersonPatches, normalize.PatchesIn{
		Knowledge: m.knowledge, Survey: m.rec.Survey, SharedMail: m.rec.SharedMail, Unmatched: people.answer.Unmatched, Contacts: m.raw["raw_contact"], Leads: m.raw["raw_lead"], Companies: m.raw["raw_company"],
		Members: m.raw["raw_member"], DirCompany: m.rec.DirCompany, DirMember: m.rec.DirMember, CRMCompany: m.rec.CRMCompany,
		Mapping: firstAccounts.answer.Mapping})
	if err != nil {
		return nil, err
	}
	var found []sql.Snapshot
	for _, half := range []struct {
		name    string
		scored  score.In
		patches sql.Snapshot
		micros  int64
	}{
		{"rescore companies", accounts.scored, companies.Patches, m.sections.Company.ThresholdMicros()},
		{"rescore people", people.scored, members.Patches, m.sections.Person.ThresholdMicros()},
	} {
		out, err := do(ctx, m.run, half.name, score.Remedies, score.RemediesIn{In: half.scored, Patches: half.patches, ThresholdMicros: half.micros})
		if err != nil {
			return nil, err
		}
		found = append(found, out.Remedies)
	}
	return found, nil
}
