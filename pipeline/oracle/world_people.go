package oracle

import "fmt"

var activityKinds = []string{"inmail", "message", "note", "call", "presentation_view", "profile_view"}

// activities are dense on few entities, so that saves and unsaves of one seat meet.
func (o *org) activities(oldCompanies, oldMembers []string) {
	if o.Seats == nil || len(o.Seats.Rows) == 0 || o.chance(10) {
		return
	}
	o.Activities = &Sheet{Columns: activityColumns}
	for i := range o.between(0, 20) {
		row := Row{"activity_id": fmt.Sprintf("%sa%03d", o.tag, (i*37)%100), "seat_id": pick(o.World, o.Seats.Rows)["seat_id"],
			"kind": pick(o.World, activityKinds), "occurred_at": o.moment(700_000 + 10*o.between(0, 40))}
		if o.chance(60) {
			row["kind"] = pick(o.World, []string{"save", "unsave"})
		}
		if o.chance(30) {
			row["company_id"] = o.entity(oldCompanies, func() string { return pick(o.World, o.firms).id })
		}
		if row["company_id"] == "" || o.chance(20) {
			row["member_id"] = o.entity(oldMembers, func() string { return pick(o.World, o.people[:8]).id })
		}
		if o.chance(3) {
			row["member_id"] = "m-unknown"
		}
		o.Activities.Rows = append(o.Activities.Rows, row)
	}
}

// entity is an id of the directory of today or of the one before.
func (o *org) entity(old []string, current func() string) string {
	if len(old) > 0 && o.chance(15) {
		return pick(o.World, old)
	}
	return current()
}

// decisions pile up on few records and few entities, so that they contradict and withdraw each other.
func (o *org) decisions(oldCompanies, oldMembers []string) {
	if o.chance(30) {
		return
	}
	o.Decisions = &Sheet{Columns: decisionColumns}
	subjects := o.subjects()
	seqs := o.random.Perm(40)
	base := 0
	if o.nth > 0 {
		base = 100 * ('a' + o.nth)
	}
	for i := range o.between(0, 9) {
		s := pick(o.World, subjects)
		row := Row{"seq": fmt.Sprint(base + 1 + seqs[i]), "object": s.object, "crm_id": s.id, "by": "an admin", "note": "said so",
			"at": o.moment(o.between(0, 700_000)), "verdict": pick(o.World, []string{"is", "is", "is", "is_not", "is_not", "none", "undo"})}
		if row["verdict"] != "none" && (row["verdict"] != "undo" || o.chance(60)) {
			row["entity_id"] = o.entityFor(s, oldCompanies, oldMembers)
		}
		o.Decisions.Rows = append(o.Decisions.Rows, row)
	}
}

// subject is a record that decisions are about, and what it was copied from.
type subject struct {
	object, id string
	firm       *company
	someone    *person
}

// subjects are about six records, those that a merged or converted one among them became, and one that does not exist.
func (o *org) subjects() []subject {
	var all []subject
	for _, object := range []string{"Account", "Contact", "Lead"} {
		for _, id := range o.ids(object) {
			all = append(all, subject{object: object, id: id})
		}
	}
	o.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:min(len(all), 6)]
	for _, s := range all {
		for _, row := range o.CRM[s.object].Rows {
			switch {
			case row["Id"] != s.id:
			case row["MasterRecordId"] != "":
				all = append(all, subject{object: s.object, id: row["MasterRecordId"]})
			case row["ConvertedContactId"] != "":
				all = append(all, subject{object: "Contact", id: row["ConvertedContactId"]})
			}
		}
	}
	all = append(all, subject{object: "Lead", id: o.newID("Lead")})
	for i := range all {
		s := &all[i]
		for _, row := range o.CRM[s.object].Rows {
			if row["Id"] != s.id {
				continue
			}
			for _, c := range o.firms {
				if s.object == "Account" && c.name == row["Name"] {
					s.firm = c
				}
			}
			for _, p := range o.people {
				if s.object != "Account" && p.last == row["LastName"] {
					s.someone = p
				}
			}
		}
	}
	return all
}

// entityFor is the entity of a decision: what the record is, or one of the first few, or none the directory has.
func (o *org) entityFor(s subject, oldCompanies, oldMembers []string) string {
	own := o.chance(35)
	switch {
	case o.chance(6):
		return "nowhere"
	case s.object == "Account" && own && s.firm != nil:
		return s.firm.id
	case s.object == "Account":
		return o.entity(oldCompanies, func() string { return pick(o.World, o.firms[:6]).id })
	case own && s.someone != nil:
		return s.someone.id
	}
	return o.entity(oldMembers, func() string { return pick(o.World, o.people[:6]).id })
}
