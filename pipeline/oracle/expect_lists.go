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

// savedAt is the place of a row on the saved lists, savedRow what stands there.
type (
	savedAt  struct{ seat, deal, object, id string }
	savedRow struct {
		entity, via, user, stage string
		reason                   string // empty while the rule holds
		at                       time.Time
	}
)

// saved fills auto_save (F1, F2, F8 to F10, Z19) and not_saved (Z21).
func (e *expectation) saved() {
	e.list = map[savedAt]savedRow{}
	for _, n := range e.named {
		seats := e.seatsOf(n.deal["ownerid"])
		if reason := e.notSaved(n, seats); reason != "" {
			first := ""
			if len(seats) > 0 {
				first = seats[0].id
			}
			e.add("not_saved", n.deal["id"], n.object, n.id, n.deal["ownerid"], first, reason)
			continue
		}
		for _, s := range seats {
			at := savedAt{s.id, n.deal["id"], n.object, n.saved.id}
			if already, ok := e.list[at]; !s.active || ok && already.via <= n.id {
				continue
			}
			row := savedRow{entity: n.saved.entity, via: n.id, user: s.user, stage: n.deal["stagename"], at: e.asOf}
			if first, ok := e.before.list[at]; ok {
				row.at = first.at
			}
			e.list[at] = row
		}
	}
	for at, row := range e.before.list {
		if _, ok := e.list[at]; !ok { // a row never leaves
			row.entity, row.reason = e.today(row.entity), e.noLonger(at, row)
			e.list[at] = row
		}
	}
	for at, row := range e.list {
		e.add("auto_save", at.seat, at.deal, at.object, at.id, kindOf(at.object), row.entity, row.via, row.user, row.stage,
			row.reason == "", row.reason, row.at)
	}
}

// notSaved is why a record that an opportunity names is on no list; empty where it is on one.
func (e *expectation) notSaved(n *namedRecord, seats []*seat) string {
	switch {
	case n.gone(), n.record != nil && (n.record.status == "deleted" || n.record.status == "merged"):
		return "deleted"
	case n.closed():
		return "closed"
	case !e.past(n.deal["stagename"]):
		return "stage_not_past"
	case len(seats) == 0:
		return "owner_has_no_seat"
	case !slices.ContainsFunc(seats, func(s *seat) bool { return s.active }):
		return "sync_off"
	case n.record != nil && n.record.status == "person_account":
		return "person_account"
	case n.saved == nil:
		return "unmatched"
	}
	return ""
}

// noLonger is why the rule of a saved row does not hold any more.
func (e *expectation) noLonger(at savedAt, row savedRow) string {
	gone := func(r *record) bool { return r == nil || r.status == "deleted" || r.status == "merged" }
	deal := e.files.byObjectID["Opportunity"+at.deal]
	sits := slices.ContainsFunc(e.seatMap, func(s *seat) bool { return s.id == at.seat && s.active && s.user == row.user })
	var named *namedRecord
	for _, n := range e.named {
		if n.deal["id"] == at.deal && n.object == at.object && n.id == row.via {
			named = n
		}
	}
	switch {
	case truth(deal["isdeleted"]), gone(e.record(at.object, at.id)):
		return "record_deleted"
	case truth(deal["isclosed"]):
		return "closed"
	case !e.past(deal["stagename"]):
		return "stage_back"
	case deal["ownerid"] != row.user:
		return "owner_changed"
	case !sits:
		return "seat_off"
	case named != nil && (named.unlinked || gone(named.record)):
		return "record_deleted"
	}
	return "match_corrected"
}

// counts says whether a saved row counts as saved: one whose rule no longer holds does under the policy keep.
func (e *expectation) counts(row savedRow) bool {
	return row.reason == "" || e.settings.SavedListPolicy != "flag"
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
	company := e.members[member]["company_id"]
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
		for at, row := range e.list {
			if row.entity == r.entity && kindOf(at.object) == kind && e.counts(row) {
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
