package oracle

import (
	"cmp"
	"slices"
	"strings"
)

// compared are the fields in which a record and an entity have the same value, and those in which both have one and not
// the same.
func (e *expectation) compared(r *record, entity string) (same, other map[string]bool) {
	same, other = map[string]bool{}, map[string]bool{}
	compare := func(field, a, b string) {
		switch {
		case a == "" || b == "":
		case agree(a, b):
			same[field] = true
			delete(other, field)
		case !same[field]:
			other[field] = true
		}
	}
	if r.object == "Account" {
		c := e.companies[entity]
		compare("name", r.row["name"], c["name"])
		for domain := range strings.SplitSeq(c["domains"], "|") {
			compare("domain", websiteDomain(r), domain)
		}
		compare("phone", r.row["phone"], c["phone"])
		compare("street", r.row["billingstreet"], c["street"])
		compare("city", r.row["billingcity"], c["city"])
		compare("postal code", r.row["billingpostalcode"], c["postal_code"])
		return same, other
	}
	m := e.members[entity]
	compare("first name", r.row["firstname"], m["first_name"])
	compare("last name", r.row["lastname"], m["last_name"])
	compare("email", r.row["email"], m["emails"])
	compare("phone", r.row["phone"], m["phones"])
	compare("phone", r.row["mobilephone"], m["phones"])
	compare("street", r.row["mailingstreet"]+r.row["street"], m["street"])
	compare("city", r.row["mailingcity"]+r.row["city"], m["city"])
	compare("company", r.row["company"], m["company_name"])
	if account := e.record("Account", r.row["accountid"]); account != nil {
		compare("account", account.entity, m["company_id"])
	}
	_, domain, _ := strings.Cut(r.row["email"], "@")
	_, theirs, _ := strings.Cut(m["emails"], "@")
	compare("email domain", domain, theirs)
	return same, other
}

// compete lets the records of an object that ask for one entity compete. The best wins, the others are its duplicates.
func (e *expectation) compete(object, entity string) error {
	var rivals []*record
	for _, r := range e.records {
		if r.object == object && r.entity == entity {
			rivals = append(rivals, r)
		}
	}
	best := rivals[0]
	for _, r := range rivals[1:] {
		order, err := e.order(r, best, entity)
		if err != nil {
			return err
		}
		if order < 0 {
			best = r
		}
	}
	for _, r := range rivals {
		switch {
		case r != best:
			r.status, r.lostTo = "duplicate", best.id
		case r.said.verdict == "is":
			r.status = "decided"
		default:
			r.status = "matched"
		}
	}
	return nil
}

// order is negative where a comes before b: decision, weight, newest LastActivityDate, oldest CreatedDate, Id.
func (e *expectation) order(a, b *record, entity string) (int, error) {
	if decided := a.said.verdict == "is"; decided != (b.said.verdict == "is") {
		return map[bool]int{true: -1, false: 1}[decided], nil
	}
	nearer, err := e.nearer(a, b, entity)
	if err != nil || nearer != 0 {
		return nearer, err
	}
	if a.object != "Account" && a.row["lastactivitydate"] != b.row["lastactivitydate"] {
		return cmp.Compare(b.row["lastactivitydate"], a.row["lastactivitydate"]), nil // days compare as text, none is last
	}
	if c := moment(a.row["createddate"]).Compare(moment(b.row["createddate"])); c != 0 {
		return c, nil
	}
	return cmp.Compare(a.id, b.id), nil
}

// nearer compares two weights that it cannot compute: where one record agrees with the entity in all in which the
// other does and in more, it weighs more; where both agree in the same, all else being equal, they weigh the same.
func (e *expectation) nearer(a, b *record, entity string) (int, error) {
	inA, notA := e.compared(a, entity)
	inB, notB := e.compared(b, entity)
	undefined := &Rivals{a.object, a.id, b.id, entity}
	onlyA, onlyB := without(inA, inB), without(inB, inA)
	switch {
	case onlyA > 0 && onlyB > 0:
		return 0, undefined
	case onlyA > 0 && e.isCopy(a, entity) && (!e.isCopy(b, entity) || e.alike(a, b)):
		return -1, nil
	case onlyB > 0 && e.isCopy(b, entity) && (!e.isCopy(a, entity) || e.alike(a, b)):
		return 1, nil
	case onlyA > 0 || onlyB > 0:
		return 0, undefined
	case a.object != "Account" && len(inA) == 0:
		return 0, nil // neither is even a candidate
	case !e.alike(a, b), without(notA, notB) > 0, without(notB, notA) > 0:
		return 0, undefined
	}
	return 0, nil
}

// alike says whether two records are equal in what is compared through other records: a contact's account, an
// account's contacts.
func (e *expectation) alike(a, b *record) bool {
	if a.object == "Account" {
		return !slices.ContainsFunc(e.files.crm["Contact"], func(c Row) bool {
			return c["accountid"] == a.id || c["accountid"] == b.id
		})
	}
	return a.row["accountid"] == b.row["accountid"]
}

func without(a, b map[string]bool) int {
	n := 0
	for field := range a {
		if !b[field] {
			n++
		}
	}
	return n
}
