package oracle

import (
	"strings"
)

// resolve gives each record its answer (D5, D6, D9, Z9): accounts first, since contacts are compared by their account.
func (e *expectation) resolve() error {
	for _, object := range []string{"Account", "Contact", "Lead"} {
		for _, r := range e.records {
			if r.object == object && r.standing == "live" {
				e.propose(r)
			}
		}
		for _, r := range e.records {
			if r.object == object && r.entity != "" && r.status == "" {
				if err := e.compete(object, r.entity); err != nil {
					return err
				}
			}
		}
	}
	e.choosePrimary()
	for _, r := range e.records {
		if r.standing == "deleted" { // keeps its last answer
			r.entity = e.today(e.before.answers[r.object+r.id])
		}
	}
	for _, r := range e.records {
		e.answerOfTheOthers(r)
	}
	for _, r := range e.records {
		e.writeMapping(r)
	}
	return nil
}

// propose finds the entity that a live record asks for: a person's word, else the entity it is a copy of.
func (e *expectation) propose(r *record) {
	copyOf := ""
	for _, entity := range e.entities(r.object) {
		if e.isCopy(r, entity) {
			copyOf = entity
		}
	}
	switch {
	case r.said.verdict == "is":
		r.entity = r.said.entity
	case r.said.verdict == "none":
		r.status, r.reason = "decided", "decided_none"
	case nameless(r):
		r.status, r.reason = "unmatched", "bad_data"
	case copyOf == "":
		r.status, r.reason = "unmatched", NoMatch
	case r.vetoed[copyOf]:
		r.status, r.reason = "unmatched", "vetoed"
	default:
		r.entity = copyOf
	}
}

func nameless(r *record) bool {
	if r.object == "Account" {
		return r.row["name"] == ""
	}
	return r.row["lastname"] == "" && r.row["firstname"] == ""
}

func (e *expectation) entities(object string) []string {
	var ids []string
	if object == "Account" {
		for _, c := range e.files.companies {
			ids = append(ids, c["company_id"])
		}
		return ids
	}
	for _, m := range e.files.members {
		ids = append(ids, m["member_id"])
	}
	return ids
}

// isCopy: the same name, and the same domain or email. It is asked of every record and every entity.
func (e *expectation) isCopy(r *record, entity string) bool {
	if r.object == "Account" {
		c := e.companies[entity]
		if !agree(r.row["name"], c["name"]) {
			return false
		}
		for domain := range strings.SplitSeq(c["domains"], "|") {
			if agree(websiteDomain(r), domain) {
				return true
			}
		}
		return false
	}
	m := e.members[entity]
	return agree(r.row["email"], m["emails"]) && agree(r.row["firstname"], m["first_name"]) && agree(r.row["lastname"], m["last_name"])
}

func websiteDomain(account *record) string { return strings.TrimPrefix(account.row["website"], "www.") }

// agree says whether two values are the same; nothing agrees with nothing.
func agree(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// choosePrimary: among the winners for an entity over Contact and Lead, the decided one, else the Contact.
func (e *expectation) choosePrimary() {
	for _, r := range e.records {
		if r.status != "matched" && (r.status != "decided" || r.entity == "") {
			continue
		}
		r.primary = true
		for _, other := range e.records {
			wins := (other.status == "matched" || other.status == "decided") && other.entity == r.entity && other != r
			if !wins || (other.object == "Account") != (r.object == "Account") {
				continue
			}
			if other.status != r.status {
				r.primary = r.status == "decided"
			} else {
				r.primary = r.object == "Contact"
			}
		}
	}
}

// answerOfTheOthers: a merged or converted record has the entity of the one it became; a link goes to a live record.
func (e *expectation) answerOfTheOthers(r *record) {
	switch r.standing {
	case "live":
		r.link = r
	case "merged", "converted":
		r.status = r.standing
		if r.end != nil && r.end.standing == "live" {
			r.entity, r.link = r.end.entity, r.end
		} else if r.end != nil && r.end.standing == "deleted" {
			r.entity = r.end.entity
		}
	default:
		r.status = r.standing
	}
	if r.standing != "live" && r.entity == "" {
		r.reason = r.standing
	}
}

// tier is sure where a person decided; else it follows from a probability, which the oracle does not compute. A deleted
// record keeps the tier it had, and what stands for a record that is gone has none.
func (e *expectation) tier(r *record) string {
	switch {
	case r.entity == "":
		return ""
	case r.standing == "deleted" && e.before.tiers[r.object+r.id] != "":
		return ByProbability
	case r.standing != "live":
		return ""
	case r.said.verdict == "is":
		return "sure"
	}
	return ByProbability
}

func (e *expectation) writeMapping(r *record) {
	kind := "member"
	if r.object == "Account" {
		kind = "company"
	}
	linkObject, linkID, seq := "", "", ""
	if r.link != nil {
		linkObject, linkID = r.link.object, r.link.id
	}
	if r.standing == "live" {
		seq = r.said.seq
	}
	e.add("mapping", r.object, r.id, kind, r.entity, r.status, r.primary, r.lostTo, r.reason, linkObject, linkID, seq, e.tier(r))
	if r.entity == "" {
		e.add("unmatched", r.object, r.id, r.reason)
	}
	e.add("profile", r.object, r.id, "self", r.id, r.status, kind, r.entity)
}
