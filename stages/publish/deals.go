package publish

import (
	"fmt"
	"slices"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// deals are the opportunities of which something differs between the earlier call and this one: their own rows, those of contact
// roles, the answers to records they name, and who works at their account. What else is told of opportunities stays what it was.
type deals struct {
	looked, few bool
	// listed says that of all others the saved list is what it was, touched that of all but those in retouched the touches are.
	listed, touched bool
}

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
	if p.rows("other_deal")*fewOf <= p.snaps["raw_opportunity"].Rows && p.err == nil {
		p.ofDeals()
		p.deals.few = p.err == nil
	}
	if !p.tellsROI {
		p.rebind(onlyROI...)
	}
	return p.deals.few
}

// onlyROI are tables from which opportunities have only what the ROI tables tell of them: without these, their rows lead to none.
var onlyROI = []string{"raw_activity", "raw_contact", "raw_lead"}

// otherDeals finds these opportunities.
func (p *publication) otherDeals() {
	if !p.tellsROI {
		p.none(onlyROI...)
	}
	p.replaced("raw_opportunity")
	p.changed("raw_opportunity_contact_role")
	p.keepFiles("publish/deals/", "changed_lead", "moved_account", "other_deal")
}

// ofDeals keeps the rows that are told of these opportunities, and the answers to all records that lead to them.
func (p *publication) ofDeals() {
	p.keepFiles("publish/deals/", "deal_opportunity", "deal_role", "deal_saved", "deal_contact", "converted_lead", "deal_lead", "deal_record", "deal_mapping")
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
	p.dealViews()
	p.view(previousAutoSave, "deal_saved")
	p.anew("publish/opportunity_record")
	p.anew(saved.Name)
	p.keepFiles("publish/deals/", "other_saved")
	p.changes["changed_auto_save"] = true
	p.view("changed_auto_save", "other_saved")
	p.saveOver(schemas.AutoSave, "other_deal", "opportunity_id")
	p.anew(not.Name)
	p.saveOver(schemas.NotSaved, "other_deal", "opportunity_id")
	p.deals.listed = true
	p.rebind(previousAutoSave, "raw_opportunity", "raw_opportunity_contact_role", schemas.Mapping.Name)
	p.step("publish/opportunity_record")
}

// dealViews lets files read of opportunities those alone of which something differs.
func (p *publication) dealViews() {
	p.view("raw_opportunity", "deal_opportunity")
	p.view("raw_opportunity_contact_role", "deal_role")
	p.view(schemas.Mapping.Name, "deal_mapping")
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
	p.keepFiles("publish/deals/", "deal_activity")
	p.dealViews()
	p.view("raw_lead", "deal_lead")
	p.view("raw_contact", "deal_contact")
	p.view("raw_activity", "deal_activity")
	p.anew(person.Name)
	p.anew(f.Name)
	p.keepFiles("publish/deals/", "retouched")
	p.amendOf(schemas.RoiTouch, "retouched")
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
	p.keepFiles("publish/deals/", "deal_member", "judged_deal")
	if p.rows("judged_deal")*fewOf > p.snaps["raw_opportunity"].Rows {
		p.save(f.Name)
		return
	}
	if p.was.is[schemas.RoiAmount.Name] == p.is[schemas.RoiAmount.Name] { // each row says the value as well
		p.read("earlier_roi_opportunity")
		p.view(schemas.RoiAmount.Name, "earlier_roi_opportunity")
	}
	p.keepFiles("publish/deals/", "judged_touch", "judged_person", "judged_opportunity", "judged_amount")
	p.view(schemas.RoiTouch.Name, "judged_touch")
	p.view(schemas.RoiPerson.Name, "judged_person")
	p.view("raw_opportunity", "judged_opportunity")
	p.view(schemas.RoiAmount.Name, "judged_amount")
	p.anew(f.Name)
	p.amendOf(schemas.RoiOpportunity, "judged_deal")
	p.rebind("raw_opportunity", schemas.RoiTouch.Name)
}

// sameCurrencies says whether the value of an opportunity follows from its own row as it did: from the rates, and where the CRM has none
// from which currencies opportunities name.
func (p *publication) sameCurrencies() bool {
	if !p.sameBut(p.file("publish/roi/amount_v1"), "raw_opportunity") {
		return false
	}
	if p.was.is["raw_opportunity"] == p.is["raw_opportunity"] {
		return true
	}
	p.bind("earlier_raw_opportunity", "raw_opportunity", p.was.snaps["raw_opportunity"])
	return p.any("publish/deals/known_currency") || !p.any("publish/deals/other_currency")
}
