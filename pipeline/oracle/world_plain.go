package oracle

import (
	"fmt"
	"strings"
)

// Plain is an org for tests that plant single facts: every record is a copy of an entity of its own, and every user
// u1, u2, … has the seat s1, s2, … There are no opportunities yet.
func Plain(seed uint64, users, accounts, contacts, leads int) *World {
	w := New(seed)
	o := newOrg(w)
	o.firms, o.people = o.directory(accounts+8, contacts+leads+12)
	o.seated(users)
	for i := range accounts {
		o.accountOf[o.firms[i]] = w.Copy("Account", o.accountRow(o.firms[i]))["Id"]
	}
	for i := range contacts {
		row := o.contactRow(o.people[i])
		row["AccountId"] = o.accountOf[o.people[i].company]
		w.Copy("Contact", row)
	}
	for i := range leads {
		w.Copy("Lead", o.leadRow(o.people[contacts+i]))
	}
	return w
}

// seated adds users with a seat each.
func (o *org) seated(users int) {
	o.Seats = &Sheet{Columns: seatColumns}
	for i := range users {
		name := fmt.Sprintf("u%d", i+1)
		o.Copy("User", Row{"Id": o.newID("User"), "Name": name, "Email": strings.ToUpper(name) + "@acme.example", "IsActive": "true"})
		o.Seats.Rows = append(o.Seats.Rows, Row{"seat_id": fmt.Sprintf("s%d", i+1), "email": name + "@acme.example"})
	}
}

// Copy adds a record of which there is one version, and gives it an owner where the object has one.
func (w *World) Copy(object string, row Row) Row {
	row["LastModifiedDate"] = w.moment(500_000)
	if users := w.CRM["User"].Rows; row["OwnerId"] == "" && len(users) > 0 && object != "Contact" {
		row["OwnerId"] = users[0]["Id"]
	}
	w.CRM[object].Rows = append(w.CRM[object].Rows, row)
	return row
}

// Change sets cells of a record, name and value in turn, later than everything before.
func (w *World) Change(row Row, cells ...string) {
	w.changes++
	row["LastModifiedDate"] = w.moment(700_000 + w.changes)
	for i := 0; i < len(cells); i += 2 {
		row[cells[i]] = cells[i+1]
	}
}

// Row is the nth record of an object, from 0.
func (w *World) Row(object string, n int) Row { return w.CRM[object].Rows[n] }

// Deal adds an opportunity of an account; a stage that is a closed one closes it.
func (w *World) Deal(account Row, owner, stage string, contacts ...Row) Row {
	deal := w.Copy("Opportunity", Row{"Id": w.newID("Opportunity"), "AccountId": account["Id"], "OwnerId": owner, "StageName": stage,
		"IsClosed": fmt.Sprint(strings.HasPrefix(stage, "Closed")), "IsWon": fmt.Sprint(stage == "Closed Won"),
		"CreatedDate": w.moment(300_000), "CloseDate": w.day(500, 600), "Name": "A deal"})
	for _, c := range contacts {
		w.Copy("OpportunityContactRole", Row{"Id": w.newID("OpportunityContactRole"), "OpportunityId": deal["Id"], "ContactId": c["Id"]})
	}
	return deal
}

// Decide adds what a person decided about a record.
func (w *World) Decide(object string, record Row, verdict, entity string) {
	if w.Decisions == nil {
		w.Decisions = &Sheet{Columns: decisionColumns}
	}
	w.Decisions.Rows = append(w.Decisions.Rows, Row{"seq": fmt.Sprint(len(w.Decisions.Rows) + 1), "object": object,
		"crm_id": record["Id"], "verdict": verdict, "entity_id": entity})
}

// StageFile gives the org an OpportunityStage file with labels of its own where labelled.
func (w *World) StageFile(labelled bool) {
	sheet := &Sheet{Columns: stageColumns}
	for i, name := range append(append([]string{}, openStages...), closedStages...) {
		row := Row{"ApiName": name, "MasterLabel": name, "SortOrder": fmt.Sprint(3 + 4*i), "IsActive": w.yes(w.chance(85)),
			"IsClosed": w.yes(i >= len(openStages)), "IsWon": w.yes(name == "Closed Won")}
		if labelled {
			row["MasterLabel"] = fmt.Sprintf("%d - %s", i, name)
		}
		sheet.Rows = append(sheet.Rows, row)
	}
	// The order of rows says nothing, SortOrder does, and not as text: 3, 7, 11.
	w.random.Shuffle(len(sheet.Rows), func(i, j int) { sheet.Rows[i], sheet.Rows[j] = sheet.Rows[j], sheet.Rows[i] })
	w.CRM["OpportunityStage"] = sheet
}
