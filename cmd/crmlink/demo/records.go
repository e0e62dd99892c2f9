package demo

import (
	"context"
	"os"
	"path/filepath"
)

// tell adds a record to the truth, unless it is one that nobody should match: deleted, merged, converted, a person.
func (w *world) tell(object, id, entity string, p part, cs *cases) error {
	switch p {
	case partPerson:
		w.summary.plant(object, "person_account")
	case partConverted:
		w.summary.plant(object, "converted")
	case partMerged:
		w.summary.plant(object, "merged")
	case partDeleted:
		w.summary.plant(object, "deleted")
	default:
		if len(cs.list) == 0 {
			cs.add("clean")
		}
		w.summary.plant(object, cs.list...)
		w.truth.texts(object, id, entity, cs.text())
		return w.truth.end()
	}
	return nil
}

func live(p part) bool { return p == partMatched || p == partAbsent || p == partDouble }

func (w *world) writeAccounts(ctx context.Context, dir string) error {
	n := w.accounts.total
	s := w.pages(dir, "Account", accountHeader, n)
	var last account
	var cs cases
	record := func(place int) (int, bool) {
		i := w.accounts.order.inverse(place)
		p, _ := w.accounts.of(i)
		return i, live(p) && ctx.Err() == nil
	}
	row := func(i int, older bool) { cs, last = w.writeAccount(s, i, older) }
	return w.emit(s, kindAccount, n, record, row, func(i int) error {
		entity := ""
		if last.entity >= 0 {
			entity = w.companyID(last.entity)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.tell("Account", w.accountID(i), entity, last.part, &cs)
	})
}

func (w *world) writeContacts(ctx context.Context, dir string) error {
	return w.writePeople(ctx, dir, "Contact", contactHeader, kindContact, w.contacts, w.contactID, w.writeContact)
}

func (w *world) writeLeads(ctx context.Context, dir string) error {
	return w.writePeople(ctx, dir, "Lead", leadHeader, kindLead, w.leads, w.leadID, w.writeLead)
}

func (w *world) writePeople(ctx context.Context, dir, object, header string, k kind, p parts, id func(int) string, write func(*sheet, int, bool) contact) error {
	s := w.pages(dir, object, header, p.total)
	var last contact
	record := func(place int) (int, bool) {
		i := p.order.inverse(place)
		which, _ := p.of(i)
		return i, live(which)
	}
	row := func(i int, older bool) { last = write(s, i, older) }
	return w.emit(s, k, p.total, record, row, func(i int) error {
		entity := ""
		if last.member >= 0 {
			entity = w.memberID(last.member)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.tell(object, id(i), entity, last.part, &last.cases)
	})
}

// writeConfig writes the configuration that runs on these files as they are.
func (w *world) writeConfig(dir string) error {
	w.summary.Files = append(w.summary.Files, File{Path: "crmlink.yaml"})
	return os.WriteFile(filepath.Join(dir, "crmlink.yaml"), []byte(configText), 0o644)
}

const configText = `# A made-up org, written by "crmlink demo". All paths are relative to this file.
# truth.csv beside it says which entity each record is; crmlink does not read it.

org:
  kind: csv                                   # a folder of Bulk API CSV results
  path: crm                                   # <Object>.csv, <Object>-<n>.csv, .csv.gz; each page has its own header
  instance_url: "` + instanceURL + `"   # where deep links lead

directory:                                    # the companies and members to match with; lists are separated by "|"
  companies: {path: directory/companies.csv}
  members: {path: directory/members.csv.gz}

seats: {path: seats.csv}                      # who uses the lists; crm_user_id, where given, beats the email
activities: {path: activities.csv}            # what seats did towards members and companies
decisions: {path: decisions.csv}              # what people said about single records; they always win
redirects: {path: redirects.csv}              # ids that the directory has given up

store: store                                  # everything that crmlink writes

settings:
  auto_sync: all                              # all | none | per_seat
  pipeline_stage: ` + pipelineFrom + `               # lists hold opportunities strictly past this stage
  won_value_field: Amount                     # or a field of your own, for instance AgencyFee__c
  match_rate: {green: 0.80, yellow: 0.60}     # colours of the match rate
  saved_list_policy: keep                     # keep | flag
  time_zone: ""                               # of days in reports; empty: the Organization's
  roi: {enabled: true}                        # these people are made up; with real ones, ask for consent first

schedule:
  full: "0 4 * * *"                           # every night
  incremental: "0 16 * * *"
  zone: UTC

limits:
  rejected_share: 0.01                        # more rejected rows than this stop the run before it publishes
  memory: 50%
`
