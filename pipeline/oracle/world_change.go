package oracle

import (
	"fmt"
	"slices"
)

// What an org needs to remember once it changes: which records the next delta holds, what was said of them before, and
// what was deleted for good and may come back.
type changes struct {
	clock int             // minutes since born
	fresh map[string]bool // by object and Id; nil until the org is part of a sequence
	stale map[string][]Row
	gone  map[string][]Row
	// oldCompanies and oldMembers are ids that the directory has replaced.
	oldCompanies, oldMembers []string
}

// split keeps the newest version of each record as what the CRM holds; the others may come late.
func (o *org) split() {
	o.stale, o.gone = map[string][]Row{}, map[string][]Row{}
	for object := range o.CRM {
		if object != "OpportunityStage" {
			o.keepNewest(object, 0)
		}
	}
}

// keepNewest does so for the rows from a place on: of each record the newest stands first.
func (o *org) keepNewest(object string, from int) {
	sheet := o.CRM[object]
	rows := sheet.Rows[from:]
	sheet.Rows = sheet.Rows[:from:from]
	first := map[string]Row{}
	for _, row := range rows {
		newest, met := first[row["Id"]]
		switch {
		case !met:
			first[row["Id"]] = row
			sheet.Rows = append(sheet.Rows, row)
			if o.fresh != nil {
				o.fresh[object+row["Id"]] = true
			}
		case !sameStamp(newest, row):
			o.stale[object] = append(o.stale[object], row)
		}
	}
}

func sameStamp(a, b Row) bool {
	return a["SystemModstamp"] == b["SystemModstamp"] && a["LastModifiedDate"] == b["LastModifiedDate"]
}

// born keeps what a function of the first import's adds to an object.
func (o *org) born(object string, add func()) {
	from := len(o.CRM[object].Rows)
	add()
	o.keepNewest(object, from)
}

func (o *org) row(object, id string) Row {
	for _, row := range o.CRM[object].Rows {
		if row["Id"] == id {
			return row
		}
	}
	return nil
}

// some is a record of an object; nil where there is none.
func (o *org) some(object string) Row {
	if rows := o.CRM[object].Rows; len(rows) > 0 {
		return pick(o.World, rows)
	}
	return nil
}

// deal is an opportunity, mostly one of few, so that what happened to one is undone again.
func (o *org) deal() Row {
	if rows := o.CRM["Opportunity"].Rows; len(rows) > 3 && o.chance(75) {
		return pick(o.World, rows[:3])
	}
	return o.some("Opportunity")
}

// seller is an owner, mostly one of two, who have seats if anyone has.
func (o *org) seller() string {
	if users := o.ids("User"); len(users) > 2 && o.chance(75) {
		return pick(o.World, users[:2])
	}
	return o.owner()
}

// edit changes cells of a record, name and value in turn, and stamps it later than everything before.
func (o *org) edit(object string, row Row, cells ...string) {
	if row == nil {
		return
	}
	o.touch(object, row)
	for i := 0; i < len(cells); i += 2 {
		row[cells[i]] = cells[i+1]
	}
}

// touch makes a new version of a record that is about to change. Before the first import there are no versions to keep.
func (o *org) touch(object string, row Row) {
	if o.fresh == nil {
		return
	}
	if o.chance(40) {
		o.stale[object] = append(o.stale[object], copyRow(row))
	}
	o.clock++
	o.stamp(object, row, o.clock)
	o.fresh[object+row["Id"]] = true
}

// change is one thing that happens.
func (o *org) change() {
	record := pick(o.World, []string{"Account", "Contact", "Lead"})
	any := pick(o.World, []string{"Account", "Contact", "Lead", "Opportunity", "Opportunity", "OpportunityContactRole", "User", "UserRole"})
	switch o.between(0, 37) {
	case 0:
		o.born("Account", o.account)
	case 1:
		o.born("Contact", o.contact)
	case 2:
		o.born("Lead", o.lead)
	case 3, 4:
		o.born("Opportunity", o.opportunity)
	case 5, 6, 7:
		o.born("OpportunityContactRole", o.contactRole)
	case 8, 9, 10:
		o.edit("Opportunity", o.deal(), "OwnerId", o.seller())
	case 11, 12, 13, 33:
		o.edit("Opportunity", o.deal(), "StageName", pick(o.World, openStages), "IsClosed", o.yes(false), "IsWon", o.yes(false))
	case 14, 36, 37:
		o.edit("Opportunity", o.deal(), "StageName", "Closed Won", "IsClosed", o.yes(true), "IsWon", o.yes(true))
	case 15:
		o.edit("Opportunity", o.deal(), "AccountId", pick(o.World, o.ids("Account")), "Amount", fmt.Sprint(o.between(0, 99)))
	case 16:
		o.edit("Lead", o.some("Lead"), "OwnerId", o.owner(), "IsUnreadByOwner", o.yes(o.chance(50)))
	case 17:
		o.edit(any, o.some(any), "IsDeleted", o.yes(true))
	case 18, 19:
		o.undelete(any)
	case 34, 35:
		o.undelete(record)
	case 20:
		o.remove(any)
	case 21:
		o.comeBack(any)
	case 22:
		o.merge(record)
	case 23:
		o.convert()
	case 24:
		o.rewrite(record, o.some(record))
	case 25:
		o.changeUser()
	case 26:
		o.changeSeat()
	case 27, 28:
		o.decide()
	case 29, 32:
		o.changeDirectory()
	case 30:
		o.Activities = nil
		o.activities(o.oldCompanies, o.oldMembers)
	case 31:
		o.edit(record, o.some(record), "Phone", "", "LastActivityDate", o.activityDate(), "MobilePhone", o.phone())
	}
}

func (o *org) contactRole() {
	deal, contact := o.some("Opportunity"), o.some("Contact")
	if deal == nil || contact == nil {
		return
	}
	o.add("OpportunityContactRole", Row{"Id": o.newID("OpportunityContactRole"), "ContactId": contact["Id"], "OpportunityId": deal["Id"],
		"IsPrimary": o.yes(o.chance(30)), "Role": "Decision Maker"})
}

// undelete restores a record that is deleted or merged, if chance finds one.
func (o *org) undelete(object string) {
	for _, row := range o.CRM[object].Rows {
		if (truth(row["IsDeleted"]) || row["MasterRecordId"] != "") && o.chance(50) {
			o.edit(object, row, "IsDeleted", o.yes(false), "MasterRecordId", "")
			return
		}
	}
}

// remove deletes a record for good: no export has it any more.
func (o *org) remove(object string) {
	rows := o.CRM[object].Rows
	if len(rows) < 2 { // other records want one of them to point to
		return
	}
	i := o.random.IntN(len(rows))
	o.gone[object] = append(o.gone[object], rows[i])
	o.CRM[object].Rows = slices.Delete(rows, i, i+1)
}

// comeBack restores one that was deleted for good, mostly with a new stamp.
func (o *org) comeBack(object string) {
	gone := o.gone[object]
	if len(gone) == 0 {
		return
	}
	row := gone[0]
	o.gone[object] = gone[1:]
	o.CRM[object].Rows = append(o.CRM[object].Rows, row)
	o.fresh[object+row["Id"]] = true
	if o.chance(70) {
		o.edit(object, row, "IsDeleted", o.yes(false))
	}
}

// merge merges a record into another, which may have been merged itself: chains, and circles that no CRM would make.
func (o *org) merge(object string) {
	loser, master := o.some(object), o.some(object)
	if loser == nil || loser["Id"] == master["Id"] {
		return
	}
	o.edit(object, loser, "IsDeleted", o.yes(true), "MasterRecordId", master["Id"])
	if object == "Contact" && o.chance(60) { // the CRM moves what pointed to the loser
		for _, role := range o.CRM["OpportunityContactRole"].Rows {
			if role["ContactId"] == loser["Id"] {
				o.edit("OpportunityContactRole", role, "ContactId", master["Id"])
			}
		}
	}
}

// convert makes a lead a contact.
func (o *org) convert() {
	lead, contact := o.some("Lead"), o.some("Contact")
	if lead == nil || contact == nil {
		return
	}
	o.edit("Lead", lead, "IsConverted", o.yes(true), "ConvertedContactId", contact["Id"])
}

// own are the columns that say who a record is.
var own = map[string][]string{
	"Account": {"Name", "Website", "Phone", "BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry"},
	"Contact": {"FirstName", "LastName", "Email", "Phone", "Title", "MailingStreet", "MailingCity", "MailingState", "MailingPostalCode",
		"MailingCountry"},
	"Lead": {"FirstName", "LastName", "Company", "Email", "Phone", "Title", "Street", "City", "State", "PostalCode", "Country"},
}

// rewrite makes a record a copy of someone else, in the directory or not.
func (o *org) rewrite(object string, row Row) {
	if row == nil {
		return
	}
	switch object {
	case "Account":
		o.become(object, row, o.accountRow(o.firm()))
	case "Contact":
		o.become(object, row, o.contactRow(o.someone()))
	default:
		o.become(object, row, o.leadRow(o.someone()))
	}
}

// estrange makes a record a stranger of whom no one decided anything.
func (o *org) estrange(object string, row Row) {
	switch object {
	case "Account":
		o.become(object, row, o.accountRow(o.company(outside)))
	case "Contact":
		o.become(object, row, o.contactRow(o.person(outside, nil)))
	default:
		o.become(object, row, o.leadRow(o.person(outside, nil)))
	}
	if o.Decisions != nil {
		o.Decisions.Rows = slices.DeleteFunc(o.Decisions.Rows, func(d Row) bool { return d["crm_id"] == row["Id"] })
	}
}

func (o *org) become(object string, row, other Row) {
	o.touch(object, row)
	for _, column := range own[object] {
		row[column] = other[column]
	}
}
