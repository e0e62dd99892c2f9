package oracle

import (
	"cmp"
	"slices"
	"time"
)

// namedRecord is an account or contact that an opportunity names.
type namedRecord struct {
	deal       Row
	object, id string
	unlinked   bool    // every contact role that says so is deleted
	record     *record // nil where the export lacks it
	saved      *record // what goes on a list: itself, or the winner where it is a duplicate; nil without entity
}

func (n *namedRecord) gone() bool   { return n.unlinked || truth(n.deal["isdeleted"]) }
func (n *namedRecord) closed() bool { return truth(n.deal["isclosed"]) }

// namedRecords are all pairs of an opportunity and an account or contact that it names.
func (e *expectation) namedRecords() {
	for _, deal := range e.files.crm["Opportunity"] {
		if deal["accountid"] != "" {
			e.name(&namedRecord{deal: deal, object: "Account", id: deal["accountid"]})
		}
		linked := map[string]bool{}
		for _, role := range e.files.crm["OpportunityContactRole"] {
			if role["opportunityid"] == deal["id"] {
				linked[role["contactid"]] = linked[role["contactid"]] || !truth(role["isdeleted"])
			}
		}
		for contact, live := range linked {
			e.name(&namedRecord{deal: deal, object: "Contact", id: contact, unlinked: !live})
		}
	}
}

func (e *expectation) name(n *namedRecord) {
	n.record = e.record(n.object, n.id)
	if r := n.record; r != nil && r.entity != "" {
		switch r.status {
		case "matched", "decided":
			n.saved = r
		case "duplicate":
			n.saved = e.record(n.object, r.lostTo)
		}
	}
	e.named = append(e.named, n)
	if !n.gone() && n.record != nil {
		part := map[string]string{"Account": "account", "Contact": "contact"}[n.object]
		e.add("profile", "Opportunity", n.deal["id"], part, n.id, n.record.status, kindOf(n.object), n.record.entity)
	}
}

func kindOf(object string) string {
	if object == "Account" {
		return "company"
	}
	return "member"
}

// saved fills auto_save (F1, F2, Z19) and not_saved (Z21).
func (e *expectation) saved() {
	type place struct{ seat, deal, object, id string }
	via := map[place]string{}
	for _, n := range e.named {
		seats := e.seatsOf(n.deal["ownerid"])
		active := slices.ContainsFunc(seats, func(s *seat) bool { return s.active })
		reason := ""
		switch {
		case n.gone(), n.record != nil && (n.record.status == "deleted" || n.record.status == "merged"):
			reason = "deleted"
		case n.closed():
			reason = "closed"
		case !e.past(n.deal["stagename"]):
			reason = "stage_not_past"
		case len(seats) == 0:
			reason = "owner_has_no_seat"
		case !active:
			reason = "sync_off"
		case n.record != nil && n.record.status == "person_account":
			reason = "person_account"
		case n.saved == nil:
			reason = "unmatched"
		}
		if reason != "" {
			first := ""
			if len(seats) > 0 {
				first = seats[0].id
			}
			e.add("not_saved", n.deal["id"], n.object, n.id, n.deal["ownerid"], first, reason)
			continue
		}
		for _, s := range seats {
			if !s.active {
				continue
			}
			p := place{s.id, n.deal["id"], n.object, n.saved.id}
			if via[p] == "" || n.id < via[p] {
				via[p] = n.id
			}
		}
	}
	for p, named := range via {
		deal := e.files.byObjectID["Opportunity"+p.deal]
		e.add("auto_save", p.seat, p.deal, p.object, p.id, kindOf(p.object), e.record(p.object, p.id).entity, named, deal["ownerid"],
			deal["stagename"], true, "", e.asOf)
	}
}

// lastAct is the last save or unsave of an entity by a seat; "" where there is none.
func (e *expectation) lastAct(seat, entity string) string {
	var last Row
	for _, a := range e.files.listed["activities"] {
		if a["seat_id"] != seat || (a["kind"] != "save" && a["kind"] != "unsave") || !e.isAbout(a, entity) {
			continue
		}
		if last == nil || later(a, last) {
			last = a
		}
	}
	return last["kind"]
}

func (e *expectation) isAbout(activity Row, entity string) bool {
	return activity["member_id"] != "" && e.today(activity["member_id"]) == entity ||
		activity["company_id"] != "" && e.today(activity["company_id"]) == entity
}

func later(a, b Row) bool {
	return cmp.Or(moment(a["occurred_at"]).Compare(moment(b["occurred_at"])), cmp.Compare(a["activity_id"], b["activity_id"])) > 0
}

// suggested fills suggested_lead (F11, Z8, Z20).
func (e *expectation) suggested() {
	for _, r := range e.records {
		for _, s := range e.suggestedTo(r) {
			e.add("suggested_lead", s.id, r.id, r.entity)
		}
	}
}

// suggestedTo are the seats on whose list a lead stands.
func (e *expectation) suggestedTo(r *record) []*seat {
	if r.object != "Lead" || r.entity == "" || (r.status != "matched" && r.status != "decided") {
		return nil
	}
	if e.settings.Leads == "open_opportunities" && !e.worksAtOpenDeal(r.entity) {
		return nil
	}
	return slices.DeleteFunc(e.seatsOf(r.row["ownerid"]), func(s *seat) bool {
		return !s.active || e.lastAct(s.id, r.entity) == "save"
	})
}

// worksAtOpenDeal: the member's company is the entity of an account with an open opportunity.
func (e *expectation) worksAtOpenDeal(member string) bool {
	company := e.member(member)["company_id"]
	return company != "" && slices.ContainsFunc(e.named, func(n *namedRecord) bool {
		return n.object == "Account" && !n.gone() && !n.closed() && n.saved != nil && n.saved.entity == company
	})
}

// badges fills badge, contact_card and in_crm (D6, D18, E1 to E6).
func (e *expectation) badges() {
	type mark struct{ object, id string }
	marks := map[string]mark{}
	for _, r := range e.records {
		if !r.primary {
			continue
		}
		kind := kindOf(r.object)
		reason := "matched"
		for _, row := range e.named {
			if row.saved != nil && row.saved.entity == r.entity && kindOf(row.object) == kind && e.isSaved(row) {
				reason = "saved"
			}
		}
		marks[kind+r.entity] = mark{r.object, r.id}
		e.add("badge", kind, r.entity, r.object, r.id, InstanceURL+"/lightning/r/"+r.object+"/"+r.id+"/view", InstanceURL+"/"+r.id, reason)
		if kind == "member" {
			e.add("contact_card", r.entity, r.object, r.id, r.row["email"], r.row["phone"], r.row["mobilephone"])
		}
	}
	for _, c := range e.files.companies {
		m, ok := marks["company"+c["company_id"]]
		e.add("in_crm", "company", c["company_id"], ok, m.object, m.id)
	}
	for _, c := range e.files.members {
		m, ok := marks["member"+c["member_id"]]
		e.add("in_crm", "member", c["member_id"], ok, m.object, m.id)
	}
}

// isSaved: what the opportunity names is on at least one seat's list.
func (e *expectation) isSaved(n *namedRecord) bool {
	return !n.gone() && !n.closed() && e.past(n.deal["stagename"]) && n.saved != nil &&
		slices.ContainsFunc(e.seatsOf(n.deal["ownerid"]), func(s *seat) bool { return s.active })
}

// missing fills missing_in_crm (Z24).
func (e *expectation) missing() {
	check := func(kind, id, column, company string) {
		saved, touched, seats := false, false, map[string]bool{}
		var last time.Time
		for _, a := range e.files.listed["activities"] {
			if a[column] == "" || e.today(a[column]) != id {
				continue
			}
			if t := moment(a["occurred_at"]); t.After(last) {
				last = t
			}
			if a["kind"] != "save" && a["kind"] != "unsave" {
				touched, seats[a["seat_id"]] = true, true
			} else if e.lastAct(a["seat_id"], id) == "save" {
				saved, seats[a["seat_id"]] = true, true
			}
		}
		open := kind == "member" && e.worksAtOpenDeal(id)
		hasRecord := slices.ContainsFunc(e.records, func(r *record) bool {
			return r.primary && r.entity == id && kindOf(r.object) == kind
		})
		if (saved || touched || open) && !hasRecord {
			e.add("missing_in_crm", kind, id, saved, touched, open, len(seats), last, company)
		}
	}
	for _, c := range e.files.companies {
		check("company", c["company_id"], "company_id", "")
	}
	for _, m := range e.files.members {
		check("member", m["member_id"], "member_id", m["company_id"])
	}
}
