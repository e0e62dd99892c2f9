package oracle

import "fmt"

// Golden is the org of the administrator's example (D14 to D16, Z22): of 97 accounts 69 match, of 339 contacts 319 and
// of 110 leads 97; 61 accounts and 210 contacts are saved and 66 leads suggested. Deleted, merged, converted records
// and Person Accounts are there too and count nowhere.
func Golden() *World {
	w := New(22)
	o := newOrg(w)
	o.firms, o.people = o.directory(120, 460)
	o.seated(6)
	w.Seats.Rows = w.Seats.Rows[:5] // the last user has no seat
	users := w.ids("User")
	w.StageFile(false)
	w.Settings.PipelineStage = "Qualification"

	matched, absent := 69, 28
	for i := range matched {
		w.Copy("Account", o.accountRow(o.firms[i]))
		o.accountOf[o.firms[i]] = w.Row("Account", i)["Id"]
	}
	for range absent - 2 {
		w.Copy("Account", o.accountRow(o.company(outside)))
	}
	// Two of those without a match are duplicates: of companies none of whose contacts are here.
	for i := range 2 {
		delete(o.accountOf, o.firms[67+i])
		twin := o.accountRow(o.firms[67+i])
		twin["Phone"] = ""
		w.Copy("Account", twin)
	}
	for i := range 339 {
		p := o.people[min(i, 318)]
		if i >= 322 {
			p = o.person(outside, nil)
		}
		row := o.contactRow(p)
		row["AccountId"] = o.accountOf[p.company]
		if 319 <= i && i < 322 {
			row["Phone"] = "" // duplicates of the last contact
		}
		w.Copy("Contact", row)
	}
	for i := range 110 {
		p := o.person(outside, nil)
		if i < 97 {
			p = o.people[319+i]
		}
		row := o.leadRow(p)
		if row["OwnerId"] = users[i%5]; i >= 66 {
			row["OwnerId"] = []string{users[5], w.newID("Queue")}[i%2]
		}
		w.Copy("Lead", row)
	}
	// Leads with a seat that no one needs to be told of: a seat saved them.
	w.Activities = &Sheet{Columns: activityColumns}
	for i := range 8 {
		w.Row("Lead", 66+i)["OwnerId"] = users[i%5]
		w.Activities.Rows = append(w.Activities.Rows, Row{"activity_id": fmt.Sprintf("a%d", i), "seat_id": fmt.Sprintf("s%d", i%5+1),
			"kind": "save", "member_id": o.people[319+66+i].id, "occurred_at": w.moment(600_000 + i)})
	}
	o.goldenDeals(users)
	o.goldenOthers()
	w.Decide("Account", w.Row("Account", 3), "is", o.firms[3].id)
	w.Decide("Contact", w.Row("Contact", 300), "is", o.people[300].id)
	w.Decide("Lead", w.Row("Lead", 105), "none", "")
	return w
}

// goldenDeals puts 61 accounts and 210 contacts on open opportunities past the chosen stage, of users with a seat; some
// on several. The rest is on opportunities that count for no list.
func (o *org) goldenDeals(users []string) {
	contacts := o.CRM["Contact"].Rows
	for i := range 61 {
		mine := contacts[i*210/61 : (i+1)*210/61]
		o.Deal(o.Row("Account", i), users[i%5], pick(o.World, openStages[2:]), mine...)
		if i%7 == 0 {
			o.Deal(o.Row("Account", i), users[(i+1)%5], "Negotiation", mine...)
		}
	}
	for i, stage := range []string{"Closed Won", "Closed Lost", "Qualification", "Prospecting"} {
		o.Deal(o.Row("Account", 61+i), users[i], stage, contacts[210+i])
	}
	o.Deal(o.Row("Account", 65), users[5], "Negotiation", contacts[220])
	o.Deal(o.Row("Account", 66), users[0], "Negotiation", contacts[221])["IsDeleted"] = "true"
	o.Deal(o.Row("Account", 80), users[0], "Negotiation", contacts[330]) // in the directory neither
}

// goldenOthers adds what is no record of the statistics.
func (o *org) goldenOthers() {
	for i := range 4 {
		gone := o.accountRow(o.firms[100+i])
		switch i {
		case 0:
			gone["IsDeleted"] = "true"
		case 1, 2:
			gone["IsDeleted"], gone["MasterRecordId"] = "true", o.Row("Account", i)["Id"]
		default:
			gone["IsPersonAccount"] = "true"
		}
		o.Copy("Account", gone)
		left := o.contactRow(o.people[430+i])
		left["IsDeleted"] = "true"
		o.Copy("Contact", left)
		converted := o.leadRow(o.people[i])
		converted["IsConverted"], converted["ConvertedContactId"] = "true", o.Row("Contact", i)["Id"]
		o.Copy("Lead", converted)
	}
}
