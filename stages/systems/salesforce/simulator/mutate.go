package simulator

import (
	"fmt"
	"slices"
	"time"

	"github.com/crmlink/crmlink/schemas"
)

// Cells are field values of one record by name, as text in the form of Bulk results.
type Cells map[string]string

// edit changes one record in its table and stamps it.
type edit struct {
	st    *store
	stamp string
}

// change runs a mutation with the store locked, stamped with the clock's second, as the CRM stamps.
func (s *Server) change(f func(e edit) error) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return f(edit{&s.store, s.now()})
}

func (s *Server) now() string { return s.clock().UTC().Truncate(time.Second).Format(momentLayout) }

func (e edit) table(object string) (*table, error) {
	if t := e.st.table(object); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("simulator: there is no object %s", object)
}

// set writes cells of a record; user says that a person did it, which moves LastModifiedDate too.
func (e edit) set(t *table, id string, cells Cells, user bool) error {
	r, ok := t.find(id)
	if !ok {
		return fmt.Errorf("simulator: there is no %s %s", t.name, id)
	}
	full := r.cells(nil, len(t.fields))
	if p := t.place("SystemModstamp"); p >= 0 {
		full[p] = e.stamp
	}
	if p := t.place("LastModifiedDate"); p >= 0 && user {
		full[p] = e.stamp
	}
	for name, value := range cells {
		p, err := t.column(name)
		if err != nil {
			return err
		}
		if full[p] = value; t.fields[p].values != nil && value != "" {
			t.fields[p].values[value] = true
		}
	}
	t.put(id, encode(full))
	return nil
}

// insert makes a record and gives its Id.
func (e edit) insert(t *table, cells Cells) (string, error) {
	full := make([]string, len(t.fields))
	e.st.made++
	id := newID(t.prefix, e.st.made)
	if given, ok := schemas.FullID(cells["Id"]); ok {
		id = given
	}
	full[t.place("Id")] = id
	for i := range t.fields {
		if t.fields[i].kind == "boolean" {
			full[i] = "false"
		}
	}
	if p := t.place("CreatedDate"); p >= 0 {
		full[p] = e.stamp
	}
	t.put(id, encode(full))
	more := Cells{}
	for name, value := range cells {
		if name != "Id" {
			more[name] = value
		}
	}
	if err := e.set(t, id, more, true); err != nil {
		t.drop(id)
		return "", err
	}
	return id, nil
}

// Upsert changes the record with the Id among the cells, or makes one, and gives its Id. A SystemModstamp among the cells
// is kept: that is a row that commits later than its stamp.
func (s *Server) Upsert(object string, cells Cells) (id string, err error) {
	err = s.change(func(e edit) error {
		t, err := e.table(object)
		if err != nil {
			return err
		}
		id, _ = schemas.FullID(cells["Id"])
		if _, ok := t.find(id); !ok {
			id, err = e.insert(t, cells)
			return err
		}
		more := Cells{}
		for name, value := range cells {
			if name != "Id" {
				more[name] = value
			}
		}
		return e.set(t, id, more, true)
	})
	return id, err
}

// children are the records that a look-up field of theirs leads to a record.
func (e edit) children(object, field, id string) (*table, []string) {
	t := e.st.table(object)
	var ids, cells []string
	at, key := t.place(field), t.place("Id")
	for _, r := range t.rows {
		if r == "" {
			continue
		}
		if cells = r.cells(cells, len(t.fields)); cells[at] != "" && key15(cells[at]) == key15(id) {
			ids = append(ids, cells[key])
		}
	}
	return t, ids
}

// falls says which children go with a deleted record.
var falls = map[string][][2]string{
	schemas.Account:     {{schemas.Contact, "AccountId"}, {schemas.Opportunity, "AccountId"}},
	schemas.Opportunity: {{schemas.OpportunityContactRole, "OpportunityId"}},
	schemas.Contact:     {{schemas.OpportunityContactRole, "ContactId"}},
}

func (e edit) mark(t *table, id, deleted string) error {
	if t.place("IsDeleted") < 0 {
		return fmt.Errorf("simulator: %s is never deleted", t.name)
	}
	if r, ok := t.find(id); ok && r.cells(nil, len(t.fields))[t.place("IsDeleted")] == deleted {
		return nil
	}
	if err := e.set(t, id, Cells{"IsDeleted": deleted}, true); err != nil {
		return err
	}
	for _, c := range falls[t.name] {
		child, ids := e.children(c[0], c[1], id)
		for _, id := range ids {
			if err := e.mark(child, id, deleted); err != nil {
				return err
			}
		}
	}
	return nil
}

// Delete puts records into the recycle bin, with the children that fall with them.
func (s *Server) Delete(object string, ids ...string) error { return s.bin(object, "true", ids) }

// Undelete takes records, with their children, out of the bin.
func (s *Server) Undelete(object string, ids ...string) error { return s.bin(object, "false", ids) }

func (s *Server) bin(object, deleted string, ids []string) error {
	return s.change(func(e edit) error {
		t, err := e.table(object)
		for i := 0; err == nil && i < len(ids); i++ {
			err = e.mark(t, ids[i], deleted)
		}
		return err
	})
}

// Purge removes records for good, in the bin or not, as a hard delete does. Without Ids it empties the object's bin.
func (s *Server) Purge(object string, ids ...string) error {
	return s.change(func(e edit) error {
		t, err := e.table(object)
		if err != nil {
			return err
		}
		if p := t.place("IsDeleted"); p >= 0 && ids == nil {
			var cells []string
			for _, r := range t.rows {
				if r == "" {
					continue
				}
				if cells = r.cells(cells, len(t.fields)); cells[p] == "true" {
					ids = append(ids, cells[t.place("Id")])
				}
			}
		}
		for _, id := range ids {
			if len(id) < 15 || !t.drop(id) {
				return fmt.Errorf("simulator: there is no %s %s", object, id)
			}
		}
		return nil
	})
}

// Merge deletes the losers with MasterRecordId, and gives their children to the winner. Whether a child's SystemModstamp
// moves is a switch: MergeKeepsStamps.
func (s *Server) Merge(object, winner string, losers ...string) error {
	keeps := s.settings().MergeKeepsStamps
	parents := map[string][][2]string{
		schemas.Account: {{schemas.Contact, "AccountId"}, {schemas.Opportunity, "AccountId"}, {schemas.Account, "ParentId"}},
		schemas.Contact: {{schemas.OpportunityContactRole, "ContactId"}},
		schemas.Lead:    {},
	}
	links, ok := parents[object]
	if !ok || len(losers) == 0 || len(losers) > 2 || slices.Contains(losers, winner) {
		return fmt.Errorf("simulator: two or three Accounts, Contacts or Leads can be merged")
	}
	return s.change(func(e edit) error {
		t, err := e.table(object)
		if err != nil {
			return err
		}
		for _, loser := range losers {
			for _, l := range links {
				child, ids := e.children(l[0], l[1], loser)
				for _, id := range ids {
					now := Cells{l[1]: winner}
					if keeps {
						r, _ := child.find(id)
						now["SystemModstamp"] = r.cells(nil, len(child.fields))[child.place("SystemModstamp")]
					}
					if err := e.set(child, id, now, false); err != nil {
						return err
					}
				}
			}
			if err := e.set(t, loser, Cells{"IsDeleted": "true", "MasterRecordId": winner}, true); err != nil {
				return err
			}
		}
		return e.set(t, winner, nil, true)
	})
}

// Conversion says what a lead became. Empty Ids are made on converting, but for an Opportunity only where one is wanted.
type Conversion struct {
	Account, Contact, Opportunity string
	WithOpportunity               bool
}

// Convert converts a lead.
func (s *Server) Convert(lead string, c Conversion) (Conversion, error) {
	err := s.change(func(e edit) error {
		leads, err := e.table(schemas.Lead)
		if err != nil {
			return err
		}
		r, ok := leads.find(lead)
		if !ok {
			return fmt.Errorf("simulator: there is no Lead %s", lead)
		}
		cells := r.cells(nil, len(leads.fields))
		of := func(name string) string { return cells[leads.place(name)] }
		if of("IsConverted") == "true" {
			return fmt.Errorf("simulator: CANNOT_UPDATE_CONVERTED_LEAD %s", lead)
		}
		if c.Account == "" {
			if c.Account, err = e.insert(e.st.table(schemas.Account), Cells{"Name": of("Company"), "OwnerId": of("OwnerId"), "Phone": of("Phone"), "Website": of("Website")}); err != nil {
				return err
			}
		}
		if c.Contact == "" {
			if c.Contact, err = e.insert(e.st.table(schemas.Contact), Cells{"AccountId": c.Account, "FirstName": of("FirstName"), "LastName": of("LastName"), "Name": of("FirstName") + " " + of("LastName"),
				"Email": of("Email"), "Title": of("Title"), "OwnerId": of("OwnerId")}); err != nil {
				return err
			}
		}
		if c.Opportunity == "" && c.WithOpportunity {
			if c.Opportunity, err = e.insert(e.st.table(schemas.Opportunity), Cells{"AccountId": c.Account, "Name": of("Company"), "OwnerId": of("OwnerId"), "StageName": "Prospecting", "CloseDate": e.stamp[:10]}); err != nil {
				return err
			}
			if _, err = e.insert(e.st.table(schemas.OpportunityContactRole), Cells{"OpportunityId": c.Opportunity, "ContactId": c.Contact, "IsPrimary": "true"}); err != nil {
				return err
			}
		}
		return e.set(leads, lead, Cells{"IsConverted": "true", "ConvertedDate": e.stamp[:10], "ConvertedAccountId": c.Account, "ConvertedContactId": c.Contact,
			"ConvertedOpportunityId": c.Opportunity, "Status": "Closed - Converted"}, true)
	})
	return c, err
}

// Own gives records to another owner: an ordinary update.
func (s *Server) Own(object, owner string, ids ...string) error {
	return s.change(func(e edit) error {
		t, err := e.table(object)
		for i := 0; err == nil && i < len(ids); i++ {
			err = e.set(t, ids[i], Cells{"OwnerId": owner}, true)
		}
		return err
	})
}
