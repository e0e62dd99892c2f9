package oracle

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// seat is one person who uses the lists.
type seat struct {
	id, user string
	on       bool // sync switched on
	active   bool // and the user is known
}

// seats finds each seat's CRM user (F7, Z17): an explicit crm_user_id, else the email without regard to case, where an
// active user counts before those who left.
func (e *expectation) seats() {
	for _, row := range e.files.listed["seats"] {
		s := &seat{id: row["seat_id"]}
		method, reason := "email", ""
		switch {
		case row["crm_user_id"] != "":
			method = "crm_user_id"
			if user := e.user(row["crm_user_id"]); user != nil {
				s.user = user["id"]
			} else {
				reason = "unknown_user"
			}
		case row["email"] == "":
			reason = "no_email"
		default:
			active, all := []string{}, []string{}
			for _, user := range e.files.crm["User"] {
				if truth(user["isdeleted"]) || !strings.EqualFold(user["email"], row["email"]) {
					continue
				}
				all = append(all, user["id"])
				if truth(user["isactive"]) {
					active = append(active, user["id"])
				}
			}
			if len(active) > 0 {
				all = active
			}
			switch len(all) {
			case 0:
				reason = "no_user_with_email"
			case 1:
				s.user = all[0]
			default:
				reason = "several_users_with_email"
			}
		}
		if s.user == "" {
			method = ""
		}
		switch e.settings.AutoSync {
		case "all":
			s.on = true
		case "per_seat":
			s.on = row["sync"] == "" || truth(row["sync"])
		}
		s.active = s.on && s.user != ""
		e.seatMap = append(e.seatMap, s)
		e.add("seat_map", s.id, row["email"], row["member_id"], s.user, method, reason, s.on, s.active)
	}
	e.seatCandidates()
}

// user is a CRM user who is not deleted.
func (e *expectation) user(id string) Row {
	user := e.files.byObjectID["User"+id]
	if user == nil || truth(user["isdeleted"]) {
		return nil
	}
	return user
}

// role is a role that is not gone.
func (e *expectation) role(id string) Row {
	role := e.files.byObjectID["UserRole"+id]
	if role == nil || truth(role["isdeleted"]) {
		return nil
	}
	return role
}

// seatsOf are the seats of a CRM user, the smallest id first.
func (e *expectation) seatsOf(user string) []*seat {
	var all []*seat
	for _, s := range e.seatMap {
		if user != "" && s.user == user {
			all = append(all, s)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].id < all[j].id })
	return all
}

// seatCandidates lists the users with the roles above them, up to where a role would come again (F15).
func (e *expectation) seatCandidates() {
	for _, user := range e.files.crm["User"] {
		if truth(user["isdeleted"]) {
			continue
		}
		var path, names []string
		above := map[string]bool{}
		role := e.role(user["userroleid"])
		roleName := role["name"]
		for role != nil && !above[role["id"]] {
			above[role["id"]] = true
			path = append([]string{role["id"]}, path...)
			names = append([]string{role["name"]}, names...)
			role = e.role(role["parentroleid"])
		}
		seat := ""
		if seats := e.seatsOf(user["id"]); len(seats) > 0 {
			seat = seats[0].id
		}
		e.add("seat_candidate", user["id"], user["name"], user["email"], truth(user["isactive"]), user["userroleid"], roleName, path,
			strings.Join(names, " > "), seat)
	}
}

// stages orders the opportunity stages (F2, Z11): by SortOrder, else as the settings list them. An opportunity may hold
// a stage's API name or its label.
func (e *expectation) stages() error {
	e.stageOrder = map[string]int{}
	if !e.files.hasStages {
		for i, name := range e.settings.Stages {
			e.stageOrder[name] = i + 1
		}
	}
	var rows []Row
	for _, row := range e.files.crm["OpportunityStage"] {
		if !truth(row["isdeleted"]) {
			rows = append(rows, row)
		}
	}
	sortOrder := func(row Row) int {
		n, _ := strconv.Atoi(row["sortorder"])
		return n
	}
	for _, row := range rows {
		place := 1
		for _, other := range rows {
			if sortOrder(other) < sortOrder(row) {
				place++
			}
		}
		e.stageOrder[row["apiname"]], e.stageOrder[row["masterlabel"]] = place, place
	}
	if chosen := e.settings.PipelineStage; chosen != "" && e.stageOrder[chosen] == 0 {
		return fmt.Errorf("there is no stage %q", chosen)
	}
	return nil
}

// past says whether a stage lies strictly after the chosen one; where none is chosen every stage does.
func (e *expectation) past(stage string) bool {
	chosen := e.settings.PipelineStage
	return chosen == "" || e.stageOrder[stage] > e.stageOrder[chosen]
}
