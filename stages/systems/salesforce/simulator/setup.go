package simulator

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/crmlink/crmlink/schemas"
)

// HideField takes a field from the user, or gives it back, by field-level security. No record changes.
func (s *Server) HideField(object, field string, hidden bool) error {
	return s.setup(object, func(t *table) error {
		p, err := t.column(field)
		if err == nil {
			t.fields[p].hidden = hidden
		}
		return err
	})
}

// HideObject takes an object from the user, or gives it back.
func (s *Server) HideObject(object string, hidden bool) error {
	return s.setup(object, func(t *table) error { t.hidden = hidden; return nil })
}

// AddField makes a custom field without values. kind is describe's type; a calculated one is filled by Calculate.
func (s *Server) AddField(object, name, kind string, calculated bool) error {
	return s.setup(object, func(t *table) error {
		if t.place(name) >= 0 {
			return fmt.Errorf("simulator: %s has a field %s", object, name)
		}
		t.add(field{name: name, kind: kind, length: 255, calculated: calculated})
		return nil
	})
}

// Calculate gives a calculated field its values, by record. No stamp moves, as with a formula.
func (s *Server) Calculate(object, field string, values map[string]string) error {
	return s.setup(object, func(t *table) error {
		p, err := t.column(field)
		if err != nil {
			return err
		}
		for id, value := range values {
			r, ok := t.find(id)
			if !ok {
				return fmt.Errorf("simulator: there is no %s %s", object, id)
			}
			cells := r.cells(nil, len(t.fields))
			cells[p] = value
			t.put(id, encode(cells))
		}
		return nil
	})
}

// Share shows records to the connected user, or takes them away, without a change to them.
func (s *Server) Share(object string, seen bool, ids ...string) error {
	return s.setup(object, func(t *table) error {
		for _, id := range ids {
			if _, ok := t.find(id); !ok {
				return fmt.Errorf("simulator: there is no %s %s", object, id)
			}
			if seen {
				delete(s.store.unseen, key15(id))
			} else {
				s.store.unseen[key15(id)] = true
			}
		}
		return nil
	})
}

// Currencies turns multi-currency on or off, PersonAccounts person accounts.
func (s *Server) Currencies(on bool) { s.feature(&s.store.currencies, on) }

// PersonAccounts turns person accounts on or off.
func (s *Server) PersonAccounts(on bool) { s.feature(&s.store.personAccounts, on) }

func (s *Server) feature(which *bool, on bool) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	*which = on
	for _, t := range s.store.tables {
		t.changed = s.clock()
	}
}

func (s *Server) setup(object string, f func(*table) error) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	t := s.store.table(object)
	if t == nil {
		return fmt.Errorf("simulator: there is no object %s", object)
	}
	t.changed = s.clock()
	return f(t)
}

// Record gives all cells of a record, hidden ones too.
func (s *Server) Record(object, id string) (Cells, bool) {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t := s.store.table(object)
	if t == nil {
		return nil, false
	}
	r, ok := t.find(id)
	if !ok {
		return nil, false
	}
	all := Cells{}
	for i, v := range r.cells(nil, len(t.fields)) {
		all[t.fields[i].name] = v
	}
	return all, true
}

// IDs gives the records of an object, deleted ones too, in their order.
func (s *Server) IDs(object string) []string {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t := s.store.table(object)
	if t == nil {
		return nil
	}
	ids := []string{}
	var cells []string
	for _, r := range t.rows {
		if r != "" {
			cells = r.cells(cells, len(t.fields))
			ids = append(ids, cells[t.place("Id")])
		}
	}
	return ids
}

// Export writes what the connected user sees, deleted records included, as a folder of Bulk CSV results: one file for each
// readable object. A csv org over it and this org hold the same.
func (s *Server) Export(dir string) error {
	st := &s.store
	st.mu.RLock()
	defer st.mu.RUnlock()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	for _, t := range st.tables {
		if !st.readable(t) {
			continue
		}
		pl := &plan{query: &query{limit: -1, offset: -1}, table: t, keep: func([]string) bool { return true }}
		for i := range t.fields {
			if f := &t.fields[i]; f.parts == nil && st.visible(t, f) {
				pl.columns = append(pl.columns, path{name: f.name, last: i, field: f})
			}
		}
		rows, _ := st.run(pl, true)
		j := &job{delimiter: "COMMA", ending: "LF", object: t.name, plan: pl, rows: rows}
		file, err := os.Create(filepath.Join(dir, t.name+".csv"))
		if err != nil {
			return fmt.Errorf("simulator: %w", err)
		}
		_, err = j.write(file, 0, len(rows), &Switches{})
		if e := file.Close(); err == nil {
			err = e
		}
		if err != nil {
			return fmt.Errorf("simulator: %s: %w", t.name, err)
		}
	}
	return nil
}

// own makes the org's records fit the org: the Organization says who it is, where one is loaded, and is made where none is.
func (s *Server) own() {
	t := s.store.table(schemas.Organization)
	var cells []string
	for _, r := range t.rows {
		if r != "" {
			cells = r.cells(cells, len(t.fields))
			s.org.ID, s.org.Name = cells[t.place("Id")], cells[t.place("Name")]
			s.org.Sandbox = s.org.Sandbox || cells[t.place("IsSandbox")] == "true"
			return
		}
	}
	e := edit{&s.store, s.now()}
	e.insert(t, Cells{"Id": s.org.ID, "Name": s.org.Name, "OrganizationType": s.org.Edition, "IsSandbox": fmt.Sprint(s.org.Sandbox), //nolint:errcheck // its fields are there
		"InstanceName": s.org.Instance, "TimeZoneSidKey": "UTC"})
}
