package oracle

import (
	"fmt"
	"slices"
)

// What changes beside the records: users and roles, seats, decisions and the directory.

func (o *org) changeUser() {
	user, other := o.some("User"), o.some("User")
	if user == nil {
		return
	}
	switch o.between(0, 4) {
	case 0:
		o.edit("User", user, "IsActive", o.yes(o.chance(50)))
	case 1:
		o.edit("User", user, "Email", other["Email"])
	case 2:
		o.edit("User", user, "Email", o.word(outside)+"@acme.example", "Title", pick(o.World, titles))
	case 3:
		if role := o.some("UserRole"); role != nil {
			o.edit("User", user, "UserRoleId", role["Id"])
		}
	case 4:
		if role := o.some("UserRole"); role != nil {
			o.edit("UserRole", role, "ParentRoleId", pick(o.World, o.ids("UserRole")), "Name", "Role "+o.word(outside))
		}
	}
}

func (o *org) changeSeat() {
	if o.Seats == nil || len(o.Seats.Rows) == 0 {
		o.Seats = nil
		o.seats()
		return
	}
	i := o.random.IntN(len(o.Seats.Rows))
	row, user := o.Seats.Rows[i], o.some("User")
	switch o.between(0, 3) {
	case 0, 1:
		row["sync"] = pick(o.World, []string{"true", "false"})
	case 2:
		row["crm_user_id"], row["email"] = "", user["Email"]
		if o.chance(50) {
			row["crm_user_id"] = user["Id"]
		}
	case 3:
		o.Seats.Rows = slices.Delete(o.Seats.Rows, i, i+1)
	}
}

// decide adds a decision, or people wrote all of them anew.
func (o *org) decide() {
	if o.Decisions == nil || o.chance(20) || len(o.Decisions.Rows) > 20 {
		o.Decisions = nil
		o.decisions(o.oldCompanies, o.oldMembers)
		return
	}
	highest := 0
	for _, row := range o.Decisions.Rows {
		var seq int
		_, _ = fmt.Sscan(row["seq"], &seq)
		highest = max(highest, seq)
	}
	if highest == 0 {
		return // which numbers are this org's is not known
	}
	s := pick(o.World, o.subjects())
	row := Row{"seq": fmt.Sprint(highest + 1), "object": s.object, "crm_id": s.id,
		"verdict": pick(o.World, []string{"is", "is", "is_not", "none", "undo"})}
	if row["verdict"] != "none" {
		row["entity_id"] = o.entityFor(s, o.oldCompanies, o.oldMembers)
	}
	o.Decisions.Rows = append(o.Decisions.Rows, row)
}

// changeDirectory gives an entity another phone or another id, which the old one leads to, or leaves a member out.
func (o *org) changeDirectory() {
	if o.Redirects == nil {
		o.Redirects = &Sheet{Columns: redirectColumns}
	}
	redirect := func(old, id string) {
		o.Redirects.Rows = append(o.Redirects.Rows, Row{"old_id": old, "new_id": id})
	}
	o.serial++
	switch o.between(0, 3) {
	case 0:
		p := pick(o.World, o.people)
		old := p.id
		p.id, p.phone = fmt.Sprintf("%smx%d", o.tag, o.serial), o.phone()
		o.oldMembers = append(o.oldMembers, old)
		redirect(old, p.id)
		for _, row := range o.Members.Rows {
			if row["member_id"] == old {
				row["member_id"], row["phones"] = p.id, p.phone
			}
		}
	case 1:
		c := pick(o.World, append(o.firms[:2:2], o.copiedFirms...))
		if c.id == "" {
			return // not in the directory
		}
		old := c.id
		c.id = fmt.Sprintf("%scx%d", o.tag, o.serial)
		o.oldCompanies = append(o.oldCompanies, old)
		redirect(old, c.id)
		for _, row := range o.Companies.Rows {
			if row["company_id"] == old {
				row["company_id"] = c.id
			}
		}
		for _, row := range o.Members.Rows {
			if row["company_id"] == old {
				row["company_id"] = c.id
			}
		}
	case 2:
		c := pick(o.World, o.firms)
		c.phone = o.phone()
		for _, row := range o.Companies.Rows {
			if row["company_id"] == c.id {
				row["phone"], row["headcount"] = c.phone, "501-1000"
			}
		}
	case 3:
		// Someone without colleagues: their copies in the CRM would be taken for a colleague with a name alike.
		i := slices.IndexFunc(o.people, func(p *person) bool { return p.company == nil })
		if i >= 0 && len(o.people) > 12 {
			p := o.people[i]
			o.people = slices.Delete(slices.Clone(o.people), i, i+1)
			o.Members.Rows = slices.DeleteFunc(o.Members.Rows, func(row Row) bool { return row["member_id"] == p.id })
		}
	}
}
