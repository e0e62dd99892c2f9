package oracle

import (
	"fmt"
	"strings"
)

// Random is a world of one random small org, or of several that have nothing in common but the settings: a run over
// many small orgs costs little more than one over one. Equal arguments give equal worlds on every machine.
func Random(seed uint64, orgs int) *World {
	all := several(seed, orgs)
	for _, o := range all[1:] {
		all[0].take(o.World)
	}
	return all[0].World
}

// several makes orgs that have the settings in common, and no name, number or id.
func several(seed uint64, orgs int) []*org {
	first := newOrg(New(seed))
	first.settings()
	first.populate()
	all := []*org{first}
	for i := range orgs - 1 {
		next := New(seed + 1 + uint64(i))
		next.Settings, next.CRM["OpportunityStage"] = first.Settings, first.CRM["OpportunityStage"]
		o := newOrg(next)
		o.used, o.serial, o.nth, o.tag = first.used, first.serial, i+1, tagOf(i+1)
		o.populate()
		first.serial = o.serial
		all = append(all, o)
	}
	return all
}

// tagOf is b, c … z, bb, bc … for the orgs after the first.
func tagOf(place int) string {
	const letters = 25
	if place <= letters {
		return string(rune('a' + place))
	}
	return tagOf((place-1)/letters) + tagOf((place-1)%letters+1)
}

// take adds another world's rows.
func (w *World) take(other *World) {
	join := func(to **Sheet, from *Sheet) {
		switch {
		case from == nil:
		case *to == nil:
			*to = &Sheet{Columns: from.Columns, Rows: append([]Row{}, from.Rows...)}
		default:
			(*to).Rows = append((*to).Rows, from.Rows...)
		}
	}
	for object, sheet := range other.CRM {
		if object != "OpportunityStage" {
			w.CRM[object].Rows = append(w.CRM[object].Rows, sheet.Rows...)
		}
	}
	join(&w.Companies, other.Companies)
	join(&w.Members, other.Members)
	join(&w.Seats, other.Seats)
	join(&w.Activities, other.Activities)
	join(&w.Decisions, other.Decisions)
	join(&w.Redirects, other.Redirects)
}

// populate makes a directory, a CRM and what people did and said.
func (o *org) populate() {
	for _, object := range []string{"Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole", "User"} {
		o.stamped[object] = o.chance(80)
	}
	o.firms, o.people = o.directory(o.between(8, 14), o.between(12, 28))
	o.users(o.between(1, 6), o.between(0, 5))
	for range o.between(1, 12) {
		o.account()
	}
	for range o.between(0, 20) {
		o.contact()
	}
	for range o.between(0, 15) {
		o.lead()
	}
	for range o.between(0, 15) {
		o.opportunity()
	}
	o.contactRoles()
	o.seats()
	if o.chance(40) {
		o.oldCompanies, o.oldMembers = o.redirects(o.firms, o.people)
	}
	o.activities(o.oldCompanies, o.oldMembers)
	o.decisions(o.oldCompanies, o.oldMembers)
}

func (o *org) settings() {
	s := &o.Settings
	s.AutoSync = pick(o.World, []string{"all", "all", "none", "per_seat", "per_seat"})
	s.Leads = pick(o.World, []string{"assigned", "assigned", "open_opportunities"})
	s.Green = fmt.Sprintf("0.%02d", o.between(50, 99))
	s.Yellow = fmt.Sprintf("0.%d", o.between(100, 500))
	if o.chance(50) {
		o.StageFile(o.chance(40))
	}
	if o.CRM["OpportunityStage"] == nil || o.chance(20) {
		s.Stages = append(append(s.Stages, openStages...), closedStages[:o.between(0, 2)]...)
	}
	if o.CRM["OpportunityStage"] != nil && o.chance(30) {
		s.Stages = []string{"Negotiation", "Proposal"} // has no say beside OpportunityStage
	}
	if o.chance(75) {
		s.PipelineStage = pick(o.World, openStages)
		if sheet := o.CRM["OpportunityStage"]; sheet != nil && o.chance(50) {
			for _, row := range sheet.Rows {
				if row["ApiName"] == s.PipelineStage {
					s.PipelineStage = row["MasterLabel"]
					break
				}
			}
		}
	}
}

func (o *org) opportunity() {
	row := Row{"Id": o.newID("Opportunity"), "Name": "Deal " + o.word(outside), "Amount": fmt.Sprint(o.between(0, 90_000)),
		"CloseDate": o.day(300, 700), "CreatedDate": o.moment(o.between(0, 500_000)), "OwnerId": o.owner(),
		"StageName": pick(o.World, openStages), "IsClosed": o.yes(false), "IsWon": o.yes(false)}
	if o.chance(25) {
		row["StageName"] = pick(o.World, closedStages)
		row["IsClosed"], row["IsWon"] = o.yes(true), o.yes(row["StageName"] == "Closed Won")
	} else if sheet := o.CRM["OpportunityStage"]; sheet != nil && o.chance(10) {
		stage := pick(o.World, sheet.Rows) // by its label
		if !truth(stage["IsClosed"]) {
			row["StageName"] = stage["MasterLabel"]
		}
	}
	switch {
	case o.chance(8):
	case o.chance(4):
		row["AccountId"] = o.newID("Account")
	default:
		row["AccountId"] = pick(o.World, o.ids("Account"))
	}
	if o.chance(7) {
		row["IsDeleted"] = o.yes(true)
	}
	if o.chance(3) {
		row["OwnerId"] = ""
	}
	o.add("Opportunity", row)
}

func (o *org) contactRoles() {
	deals, contacts := o.ids("Opportunity"), o.ids("Contact")
	if len(deals) == 0 || len(contacts) == 0 {
		return
	}
	for range o.between(0, 25) {
		row := Row{"Id": o.newID("OpportunityContactRole"), "ContactId": pick(o.World, contacts), "OpportunityId": pick(o.World, deals),
			"IsPrimary": o.yes(o.chance(30)), "Role": "Decision Maker"}
		switch {
		case o.chance(3):
			row["ContactId"] = o.newID("Contact")
		case o.chance(3):
			row["OpportunityId"] = o.newID("Opportunity")
		case o.chance(10):
			row["IsDeleted"] = o.yes(true)
		}
		o.add("OpportunityContactRole", row)
		if twin := o.twin(row["ContactId"]); twin != "" && o.chance(40) {
			o.add("OpportunityContactRole", Row{"Id": o.newID("OpportunityContactRole"), "ContactId": twin,
				"OpportunityId": row["OpportunityId"], "IsPrimary": o.yes(false)})
		}
	}
}

// twin is another contact of the same person, so that a deal names a winner and its duplicate.
func (o *org) twin(contact string) string {
	last := ""
	for _, row := range o.CRM["Contact"].Rows {
		if row["Id"] == contact {
			last = row["LastName"]
		}
	}
	for _, row := range o.CRM["Contact"].Rows {
		if last != "" && row["Id"] != contact && row["LastName"] == last {
			return row["Id"]
		}
	}
	return ""
}

// seats finds people by email in other letters, by user id, by both, or not at all.
func (o *org) seats() {
	if o.chance(6) {
		return
	}
	o.Seats = &Sheet{Columns: seatColumns}
	users := o.CRM["User"].Rows
	for i := range o.between(0, 6) {
		row := Row{"seat_id": fmt.Sprintf("%ss%02d", o.tag, i), "sync": pick(o.World, []string{"true", "false", "", "1"})}
		email := pick(o.World, users)["Email"]
		if o.chance(40) {
			email = users[0]["Email"] // several seats of one user, of which one may be off
		}
		switch o.between(0, 6) {
		case 0:
			row["email"] = "stranger@acme.example"
		case 1:
			row["crm_user_id"] = pick(o.World, users)["Id"]
		case 2:
			row["crm_user_id"], row["email"] = pick(o.World, users)["Id"], email
		case 3:
			if o.chance(40) {
				row["crm_user_id"], row["email"] = o.newID("User"), email
			}
		case 4:
			row["email"] = strings.ToUpper(email)
		default:
			row["email"] = strings.ToLower(email)
		}
		if o.chance(50) {
			row["member_id"] = pick(o.World, o.people).id
		}
		o.Seats.Rows = append(o.Seats.Rows, row)
	}
}
