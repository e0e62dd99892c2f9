package oracle

// record is an Account, Contact or Lead with what is known of it.
type record struct {
	object, id string
	row        Row
	standing   string  // live, or why not
	end        *record // where merges and conversions lead; nil where they lead nowhere
	said       word    // what people decided
	vetoed     map[string]bool

	entity  string
	status  string
	primary bool
	lostTo  string
	reason  string
	link    *record
}

// word is a decision that stands: is, none, or nothing.
type word struct {
	verdict, entity string
	seq             string
}

func (e *expectation) record(object, id string) *record { return e.recordOf[object+id] }

// redirects follows each old directory id to the end of its chain.
func (e *expectation) redirects() {
	e.redirected = map[string]string{}
	next := map[string]string{}
	for _, row := range e.files.listed["redirects"] {
		next[row["old_id"]] = row["new_id"]
	}
	for old := range next {
		id := old
		for range len(next) {
			if next[id] != "" {
				id = next[id]
			}
		}
		e.redirected[old] = id
	}
}

// today is the id that a directory entity has now.
func (e *expectation) today(entity string) string {
	if id, ok := e.redirected[entity]; ok {
		return id
	}
	return entity
}

// standings says which records take part in matching (C12, Z2) and where the others lead.
func (e *expectation) standings() {
	e.recordOf = map[string]*record{}
	for _, object := range []string{"Account", "Contact", "Lead"} {
		for _, row := range e.files.crm[object] {
			r := &record{object: object, id: row["id"], row: row, standing: "live"}
			switch {
			case truth(row["ispersonaccount"]):
				r.standing = "person_account"
			case row["masterrecordid"] != "":
				r.standing = "merged"
			case truth(row["isdeleted"]):
				r.standing = "deleted"
			case truth(row["isconverted"]):
				r.standing = "converted"
			}
			e.records = append(e.records, r)
			if e.recordOf[object+r.id] == nil {
				e.recordOf[object+r.id] = r
			}
		}
	}
	for _, r := range e.records {
		r.end = e.endOf(r)
	}
}

// endOf walks along merges and conversions. A circle, or a record that the export lacks, leads nowhere.
func (e *expectation) endOf(r *record) *record {
	at := r
	for range len(e.records) + 1 {
		switch {
		case at.standing == "merged":
			at = e.record(at.object, at.row["masterrecordid"])
		case at.standing == "converted" && at.row["convertedcontactid"] != "":
			at = e.record("Contact", at.row["convertedcontactid"])
		case at == r:
			return nil // leads nowhere because it leads not
		default:
			return at
		}
		if at == nil {
			return nil
		}
	}
	return nil
}
