package publish

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// deals are the opportunities of which something differs between the earlier call and this one: their own rows, those of contact
// roles, the answers to records they name, and who works at their account. What else is told of opportunities stays what it was.
type deals struct {
	looked, few bool
	// changed says that rows of opportunities differ, not only what is told beside them.
	changed bool
	// listed says that of all others the saved list is what it was, touched that of all but those in retouched the touches are.
	listed, touched bool
	// relisted says that entities of rows of the saved list that differ are in other_saved.
	relisted bool
}

// dealColumns are the columns of Opportunity that the files read.
var dealColumns = strings.Join(readOnce["raw_opportunity"], ", ")

// sameBut says whether all that a file reads, and each of its values, is what it was, whatever some relations are.
func (p *publication) sameBut(f sql.File, but ...string) bool {
	if p.err != nil || p.was == nil || p.dry != nil {
		return false
	}
	for _, name := range f.In {
		if !slices.Contains(but, name) && !p.same(f, name) {
			return false
		}
	}
	for value := range f.Values {
		was, known := p.was.isTo(f, "$"+value)
		is, _ := p.isTo(f, "$"+value)
		if was != is || !known && fmt.Sprint(p.was.values[value]) != fmt.Sprint(p.values[value]) {
			return false
		}
	}
	return true
}

// fewDeals finds the opportunities of which something differs, as other_deal, and all that their rows are made of, and says whether
// they are few.
func (p *publication) fewDeals() bool {
	if p.err != nil || p.deals.looked {
		return p.deals.few && p.err == nil
	}
	p.deals.looked = true
	if !p.differ() {
		return false
	}
	p.otherDeals()
	if p.err != nil || p.number("SELECT count(*) FROM other_deal")*fewOf > p.snaps["raw_opportunity"].Rows {
		return false
	}
	p.ofDeals()
	p.deals.few = p.err == nil
	return p.deals.few
}

// otherDeals finds these opportunities.
func (p *publication) otherDeals() {
	changed, roles := "SELECT NULL::VARCHAR WHERE false", "SELECT NULL::VARCHAR AS OpportunityId, NULL::VARCHAR AS ContactId WHERE false"
	if was, is := p.was.snaps["raw_opportunity"], p.snaps["raw_opportunity"]; was.ID != is.ID && p.err == nil {
		changes, err := p.session.ChangedKeys(p.ctx, was, is)
		p.err, p.deals.changed = err, true
		defer changes.Drop(p.ctx) //nolint:errcheck // temporary
		changed = "FROM " + changes.Name
	}
	if was, is := p.was.snaps["raw_opportunity_contact_role"], p.snaps["raw_opportunity_contact_role"]; was.ID != is.ID && p.err == nil {
		changes, err := p.session.Changed(p.ctx, was, is, "SELECT Id, OpportunityId, ContactId, IsDeleted, missing_since FROM raw_opportunity_contact_role")
		p.err = err
		defer changes.Drop(p.ctx) //nolint:errcheck // temporary
		roles = "SELECT OpportunityId, ContactId FROM " + changes.Name
	}
	p.keep("changed_deal", "SELECT DISTINCT id FROM ("+changed+") c(id)")
	p.keep("changed_role", roles)
	p.movedAccounts()
	p.keep("changed_lead", `SELECT coalesce(a.Id, b.Id) AS crm_id, unnest([a.ConvertedOpportunityId, b.ConvertedOpportunityId]) AS opportunity_id
		FROM was_raw_lead b FULL JOIN is_raw_lead a ON a.Id = b.Id
		WHERE a.ConvertedOpportunityId IS DISTINCT FROM b.ConvertedOpportunityId OR coalesce(a.Id, b.Id) IN (SELECT crm_id FROM other_answer)`)
	p.read("raw_opportunity", "raw_opportunity_contact_role", previousAutoSave)
	p.keepFile("other_deal")
}

// keepFile keeps what the file of this name gives.
func (p *publication) keepFile(name string) {
	if p.err == nil {
		p.kept = append(p.kept, name)
		p.err = p.session.KeepFile(p.ctx, name, "publish/deals/"+name)
	}
}

// movedAccounts finds the accounts with another answer, and those of which a contact with activities is told anew.
func (p *publication) movedAccounts() {
	if !p.tellsROI {
		p.keep("moved_account", "SELECT crm_id FROM other_answer")
		return
	}
	p.read("raw_activity", "redirected")
	p.keepFile("moved_account")
}

// ofDeals keeps the rows that are told of these opportunities, and the answers to all records that lead to them.
func (p *publication) ofDeals() {
	p.read("raw_contact", "raw_lead")
	p.keep("deal_opportunity", "SELECT "+dealColumns+" FROM raw_opportunity SEMI JOIN other_deal ON opportunity_id = Id")
	p.keep("deal_role", `SELECT OpportunityId, ContactId, IsDeleted, missing_since FROM raw_opportunity_contact_role
		SEMI JOIN other_deal ON opportunity_id = OpportunityId`)
	p.keep("deal_saved", "SELECT * FROM previous_auto_save SEMI JOIN other_deal USING (opportunity_id)")
	further, converted := "", ""
	if p.tellsROI {
		p.keep("deal_contact", `SELECT Id, AccountId FROM raw_contact WHERE AccountId IN (SELECT AccountId FROM deal_opportunity WHERE AccountId IS NOT NULL)`)
		p.keep("converted", "SELECT Id, ConvertedOpportunityId FROM raw_lead WHERE ConvertedOpportunityId IS NOT NULL")
		p.keep("deal_lead", "FROM converted WHERE ConvertedOpportunityId IN (FROM other_deal)")
		further, converted = " UNION SELECT Id FROM deal_contact UNION SELECT Id FROM deal_lead", " UNION SELECT Id FROM converted"
	}
	p.keep("deal_record", `SELECT AccountId AS crm_id FROM deal_opportunity UNION SELECT ContactId FROM deal_role
		UNION SELECT crm_id FROM deal_saved UNION SELECT ContactId FROM changed_role`+further)
	p.keep("asked_record", "FROM deal_record"+converted)
	p.read(schemas.Mapping.Name)
	p.keep("deal_mapping", "SELECT object, crm_id, entity_kind, entity_id, status, lost_to FROM mapping SEMI JOIN asked_record USING (crm_id)")
}

// lists makes the saved lists and the reasons why something is on none: anew of opportunities of which something differs.
func (p *publication) lists() {
	saved, not := p.file("publish/auto_save"), p.file("publish/not_saved")
	p.step("publish/opportunity_record")
	const record = "opportunity_record"
	p.deals.listed = p.holds(saved)
	if p.err != nil || p.dry != nil || p.deals.listed && p.holds(not) || p.alike[saved.Name+" "+previousAutoSave] == "" ||
		!p.sameBut(p.file("publish/opportunity_record"), "raw_opportunity", "raw_opportunity_contact_role", "mapping") ||
		!p.sameBut(saved, record, "mapping", "raw_opportunity") || !p.sameBut(not, record) ||
		p.gave(schemas.AutoSave).Table == "" || p.gave(schemas.NotSaved).Table == "" || !p.fewDeals() {
		p.save(saved.Name)
		p.save(not.Name)
		return
	}
	p.read("seat_map", "stage_order", "redirected", "earlier_auto_save", "earlier_not_saved")
	p.dealViews()
	p.view(previousAutoSave, "FROM deal_saved")
	p.anew("publish/opportunity_record")
	for _, table := range []schemas.Table{schemas.AutoSave, schemas.NotSaved} {
		p.anew("publish/" + table.Name)
		if table.Name == schemas.AutoSave.Name {
			p.keep("deal_saved_now", "FROM auto_save")
			p.keep("other_saved", "SELECT DISTINCT entity_id FROM ((FROM deal_saved EXCEPT FROM deal_saved_now) UNION ALL (FROM deal_saved_now EXCEPT FROM deal_saved))")
		}
		p.saveQuery(table, fmt.Sprintf("FROM %s UNION ALL FROM earlier_%s ANTI JOIN other_deal USING (opportunity_id)", table.Name, table.Name))
	}
	p.deals.listed, p.deals.relisted = true, true
	p.rebind(previousAutoSave, "raw_opportunity", "raw_opportunity_contact_role", schemas.Mapping.Name)
	p.step("publish/opportunity_record")
}

// dealViews lets files read of opportunities those alone of which something differs.
func (p *publication) dealViews() {
	p.view("raw_opportunity", "FROM deal_opportunity")
	p.view("raw_opportunity_contact_role", "FROM deal_role")
	p.view(schemas.Mapping.Name, "FROM deal_mapping")
}

// touches makes the touches anew of opportunities of which something differs.
func (p *publication) touches() {
	f, person := p.file("publish/roi/touch_v1"), p.file("publish/roi/person_v1")
	if p.takeOver(f) {
		return
	}
	if p.gave(schemas.RoiTouch).Table == "" || !p.sameBut(f, "raw_opportunity", "raw_contact", "mapping", schemas.RoiPerson.Name) || !p.fewDeals() {
		p.save(f.Name)
		return
	}
	p.read("raw_activity", "redirected", "$zone")
	p.keepFile("deal_activity")
	p.dealViews()
	p.view("raw_lead", "FROM deal_lead")
	p.view("raw_contact", "FROM deal_contact")
	p.view("raw_activity", "FROM deal_activity")
	p.anew(person.Name)
	p.anew(f.Name)
	p.read("earlier_roi_touch")
	p.keepFile("retouched")
	p.amendBy(schemas.RoiTouch, "FROM roi_touch SEMI JOIN retouched USING (opportunity_id)", "FROM retouched")
	p.deals.touched = true
	p.rebind("raw_opportunity", "raw_opportunity_contact_role", schemas.Mapping.Name, "raw_lead", "raw_contact", "raw_activity")
	p.step(person.Name)
}

// roiOpportunities judges those opportunities anew, and those with touches of a person who has another opportunity now, or whose
// account has: the first touch of theirs may have come after it.
func (p *publication) roiOpportunities() {
	f := p.file("publish/roi/opportunity_v1")
	if p.takeOver(f) {
		return
	}
	if p.gave(schemas.RoiOpportunity).Table == "" || p.gave(schemas.RoiTouch).Table == "" || !p.deals.touched || !p.fewDeals() ||
		!p.sameBut(f, "raw_opportunity", schemas.RoiTouch.Name, schemas.RoiPerson.Name, schemas.RoiAmount.Name) || !p.sameCurrencies() {
		p.save(f.Name)
		return
	}
	amounts := "earlier_roi_opportunity"
	if p.was.is[schemas.RoiAmount.Name] != p.is[schemas.RoiAmount.Name] {
		amounts = schemas.RoiAmount.Name
	}
	p.read("raw_opportunity", schemas.RoiTouch.Name, "earlier_roi_touch", "earlier_roi_opportunity", amounts)
	p.keepFile("deal_member")
	p.keepFile("judged_deal")
	if p.err == nil && p.number("SELECT count(*) FROM judged_deal")*fewOf > p.snaps["raw_opportunity"].Rows {
		p.save(f.Name)
		return
	}
	p.keep("judged_touch", `SELECT opportunity_id, activity_id, path, member_id, occurred_at, occurred_on, counted, influences
		FROM roi_touch SEMI JOIN judged_deal USING (opportunity_id)`)
	p.keepFile("judged_person")
	p.keep("judged_opportunity", "SELECT "+dealColumns+` FROM raw_opportunity WHERE Id IN (FROM judged_deal UNION SELECT opportunity_id FROM judged_person)
		OR AccountId IN (SELECT AccountId FROM raw_opportunity WHERE Id IN (FROM judged_deal))`)
	p.keep("judged_amount", `SELECT opportunity_id, amount, currency, corporate_amount, corporate_currency, rate, rate_date, rate_source, no_corporate_amount
		FROM `+amounts+" SEMI JOIN judged_deal USING (opportunity_id)")
	p.view(schemas.RoiTouch.Name, "FROM judged_touch")
	p.view(schemas.RoiPerson.Name, "FROM judged_person")
	p.view("raw_opportunity", "FROM judged_opportunity")
	p.view(schemas.RoiAmount.Name, "FROM judged_amount")
	p.anew(f.Name)
	p.amendBy(schemas.RoiOpportunity, "FROM roi_opportunity SEMI JOIN judged_deal USING (opportunity_id)", "FROM judged_deal")
	p.rebind("raw_opportunity", schemas.RoiTouch.Name)
}

// sameCurrencies says whether the value of an opportunity follows from its own row as it did: from the rates, and where the CRM has none
// from which currencies opportunities name.
func (p *publication) sameCurrencies() bool {
	if !p.sameBut(p.file("publish/roi/amount_v1"), "raw_opportunity") {
		return false
	}
	if !p.deals.changed {
		return true
	}
	p.bind("earlier_raw_opportunity", "raw_opportunity", p.was.snaps["raw_opportunity"])
	p.read("raw_currency_type", "raw_opportunity", "earlier_raw_opportunity")
	const live = " WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL"
	named := func(deals string) string {
		return p.word("SELECT count(DISTINCT c) || ' ' || coalesce(min(c), '') FROM (SELECT nullif(trim(CurrencyIsoCode), '') AS c FROM "+deals+live+")", nil)
	}
	return p.any("FROM raw_currency_type"+live) || named("earlier_raw_opportunity") == named("raw_opportunity")
}
