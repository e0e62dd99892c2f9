package oracle

import (
	"slices"
	"sort"
	"strconv"
)

// statement is one row of decisions.csv and what becomes of it.
type statement struct {
	row     Row
	seq     int
	about   *record // nil where the CRM never had it
	holds   *record // for which record: the one it became, else itself
	target  string  // the entity as of today; empty with none
	outcome string
	by      *statement
}

func (s *statement) isAnswer() bool { return s.row["verdict"] == "is" || s.row["verdict"] == "none" }

// sameTarget: both name the same entity as of today, or both none.
func (s *statement) sameTarget(other *statement) bool {
	return (s.row["verdict"] == "none") == (other.row["verdict"] == "none") && s.target == other.target
}

// decide finds what people's words come to. An undo takes back what was said before of the same record; of the rest the
// latest word on an entity and the latest answer count. Words about records that became one come together there: what
// was said about that one itself beats the others, and a later word an earlier one. Whatever is not as it was said,
// without its record having been decided about again, is a conflict.
func (e *expectation) decide() {
	all := e.statements()
	of := map[string][]*statement{}
	for _, s := range all {
		key := s.row["object"] + " " + s.row["crm_id"]
		of[key] = append(of[key], s)
	}
	for _, words := range of {
		withdraw(words)
		settle(words)
	}
	heard := map[*record][]*statement{}
	for _, s := range all {
		if s.outcome == "" && s.holds != nil {
			heard[s.holds] = append(heard[s.holds], s)
		}
	}
	for r, words := range heard {
		e.hear(r, words)
	}
	for _, s := range all {
		if s.outcome == "" {
			s.outcome = "unknown_record"
		}
		e.addOutcome(s)
	}
}

func (e *expectation) statements() []*statement {
	var all []*statement
	for _, row := range e.files.listed["decisions"] {
		s := &statement{row: row, about: e.record(row["object"], row["crm_id"])}
		s.seq, _ = strconv.Atoi(row["seq"])
		if row["verdict"] != "none" && row["entity_id"] != "" {
			s.target = e.today(row["entity_id"])
		}
		if s.holds = s.about; s.about != nil && s.about.end != nil {
			s.holds = s.about.end
		}
		all = append(all, s)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].seq < all[j].seq })
	return all
}

// withdraw lets each undo take back the words before it that it names, or all.
func withdraw(words []*statement) {
	for i, undo := range words {
		if undo.row["verdict"] != "undo" {
			continue
		}
		id := undo.row["entity_id"]
		for _, s := range words[:i] {
			if s.row["verdict"] == "undo" || s.outcome != "" || id != "" && (s.row["verdict"] == "none" || s.target != undo.target) {
				continue
			}
			s.outcome, s.by, undo.outcome = "withdrawn", undo, "applied"
			if id != "" && id != s.row["entity_id"] && id != s.target {
				s.outcome = "overruled_after_redirect"
			}
		}
		if undo.outcome == "" && undo.about != nil {
			undo.outcome = "nothing_to_undo"
		}
	}
}

// settle finds which words about one record are its last ones.
func settle(words []*statement) {
	words = slices.DeleteFunc(slices.Clone(words), func(s *statement) bool { return s.outcome != "" || s.row["verdict"] == "undo" })
	for i, s := range words {
		var onID, onEntity *statement
		for _, later := range words[i+1:] {
			if s.sameTarget(later) {
				onEntity = later
				if s.row["verdict"] == "none" || s.row["entity_id"] == later.row["entity_id"] {
					onID = later
				}
			}
		}
		if onID != nil {
			s.outcome, s.by = "replaced", onID
		} else if onEntity != nil && onEntity.row["verdict"] != s.row["verdict"] {
			s.outcome, s.by = "overruled_after_redirect", onEntity
		}
	}
	var answer *statement
	for _, s := range slices.Backward(words) {
		switch {
		case s.outcome != "" || !s.isAnswer():
		case answer == nil:
			answer = s
		default:
			s.outcome, s.by = "replaced", answer
		}
	}
}

// hear brings together all that holds for one record.
func (e *expectation) hear(r *record, words []*statement) {
	sort.SliceStable(words, func(i, j int) bool { return words[i].about != r && words[j].about == r }) // each part by seq
	var standing []*statement
	for i, s := range words {
		var last *statement
		for _, later := range words[i+1:] {
			if s.sameTarget(later) {
				last = later
			}
		}
		if last != nil && last.row["verdict"] != s.row["verdict"] {
			s.outcome, s.by = "overruled_after_merge", last
		} else {
			standing = append(standing, s)
		}
	}
	var answer *statement
	for _, s := range standing {
		if s.isAnswer() {
			answer = s
		}
	}
	r.vetoed = map[string]bool{}
	for _, s := range standing {
		switch {
		case s.isAnswer() && !s.sameTarget(answer):
			s.outcome, s.by = "overruled_after_merge", answer
		case r.standing != "live":
			s.outcome = "record_left_out"
		case s.row["verdict"] == "is_not":
			s.outcome = "applied"
			r.vetoed[s.target] = true
		case s.row["verdict"] == "is" && !e.inDirectory(r.object, s.target):
			s.outcome = "entity_not_in_directory"
		default:
			s.outcome = "applied"
		}
	}
	if answer != nil && r.standing == "live" {
		r.said = word{answer.row["verdict"], answer.target, answer.row["seq"]}
	}
}

func (e *expectation) inDirectory(object, entity string) bool {
	list, key := e.files.members, "member_id"
	if object == "Account" {
		list, key = e.files.companies, "company_id"
	}
	return slices.ContainsFunc(list, func(row Row) bool { return row[key] == entity })
}

func (e *expectation) addOutcome(s *statement) {
	row := s.row
	entity := row["entity_id"]
	if row["verdict"] == "none" {
		entity = ""
	}
	conflict := !slices.Contains([]string{"applied", "replaced", "withdrawn"}, s.outcome)
	var object, id, by string
	if s.holds != nil {
		object, id = s.holds.object, s.holds.id
	}
	if s.by != nil {
		by = s.by.row["seq"]
	}
	e.add("decision_outcome", row["seq"], row["object"], row["crm_id"], row["verdict"], entity, s.outcome, conflict, object, id, s.target, by)
}
