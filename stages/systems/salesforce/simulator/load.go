package simulator

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Load fills the org from a folder of Bulk CSV results: <Object>.csv, <Object>-<n>.csv and the same with .gz. Fields that
// schemas.Objects does not know are added; of several versions of a record the newest stays, as the CRM would hold it.
// Objects and fields of schemas.Objects without a file or a column are there and empty.
func (s *Server) Load(dir string) error {
	places, err := filepath.Glob(filepath.Join(dir, "*.csv*"))
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	if len(places) == 0 {
		return fmt.Errorf("simulator: no <Object>.csv in %s", dir)
	}
	sort.Slice(places, func(i, j int) bool { // Account-10 after Account-2
		a, m := page(places[i])
		b, n := page(places[j])
		return a < b || a == b && m < n
	})
	st := &s.store
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, place := range places {
		object, _ := page(place)
		if t := st.table(object); object == schemas.Organization && t != nil {
			t.rows, t.ids = nil, map[[15]byte]int32{} // the made-up one
		}
		if err := st.loadFile(object, place); err != nil {
			return fmt.Errorf("simulator: %s: %w", filepath.Base(place), err)
		}
	}
	st.settle()
	s.own()
	for _, t := range st.tables {
		t.changed = s.clock()
	}
	return nil
}

// page takes Account-2.csv.gz apart.
func page(place string) (string, int) {
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(place), ".gz"), ".csv")
	object, number, _ := strings.Cut(name, "-")
	n, _ := strconv.Atoi(number)
	return object, n
}

func (st *store) loadFile(object, place string) error {
	t := st.table(object)
	if t == nil {
		t = newTable(object, "a"+base62[10+len(st.tables)/62%52:][:1]+base62[len(st.tables)%62:][:1])
		t.add(described(object, schemas.Field{Name: "Id", Type: schemas.Text, ID: true}))
		st.tables = append(st.tables, t)
	}
	file, err := os.Open(place)
	if err != nil {
		return err
	}
	defer file.Close()
	var from io.Reader = file
	if strings.HasSuffix(place, ".gz") {
		if from, err = gzip.NewReader(file); err != nil {
			return err
		}
	}
	return st.loadRows(t, newCSVReader(from))
}

func (st *store) loadRows(t *table, in *csvReader) error {
	header, err := in.read(nil)
	if err != nil {
		return err
	}
	header = append([]string(nil), header...)
	places := make([]int, len(header))
	var unknown []int // columns whose type is guessed
	for i, name := range header {
		if p := t.place(name); p >= 0 {
			places[i] = p
			if t.fields[p].kind == "" {
				unknown = append(unknown, i)
			}
			continue
		}
		places[i] = t.add(field{name: name, length: 255})
		unknown = append(unknown, i)
	}
	var cells, full, old []string
	for {
		line := in.line
		if cells, err = in.read(cells); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if len(cells) != len(header) {
			return fmt.Errorf("line %d: %d cells under %d columns", line, len(cells), len(header))
		}
		for _, i := range unknown {
			f := &t.fields[places[i]]
			f.kind = guess(f.kind, cells[i])
		}
		full = append(full[:0], make([]string, len(t.fields))...)
		for i, p := range places {
			full[p] = cells[i]
		}
		id, err := st.identify(t, full)
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		for i := range t.fields {
			if f := &t.fields[i]; f.values != nil && full[i] != "" && len(f.values) < 500 {
				f.values[strings.Clone(full[i])] = true
			}
		}
		next := encode(full)
		if before, ok := t.find(id); ok {
			old = before.cells(old, len(t.fields))
			if a, b := t.stamp(full), t.stamp(old); a < b || a == b && next < before {
				continue
			}
		}
		t.put(id, next)
	}
}

// identify checks the Id of a loaded row, or makes one where the file has none, and gives the row the stamps that every
// record of an org has.
func (st *store) identify(t *table, cells []string) (string, error) {
	at := t.places["id"]
	if cells[at] == "" {
		st.made++
		cells[at] = newID(t.prefix, st.made)
	}
	id, ok := schemas.FullID(cells[at])
	if !ok {
		return "", errors.New("the Id is none: 15 or 18 characters with the right checksum are wanted")
	}
	cells[at] = id
	if t.prefix != "" && id[:3] != t.prefix {
		return "", errors.New("the Id is not one of " + t.name + ": want " + t.prefix + "…")
	}
	if p := t.place("Username"); p >= 0 && cells[p] == "" {
		cells[p] = cells[t.place("Email")]
	}
	if p := t.place("Name"); p >= 0 && cells[p] == "" && t.name == schemas.Lead {
		cells[p] = strings.TrimSpace(cells[t.place("FirstName")] + " " + cells[t.place("LastName")])
	}
	if p := t.place("SystemModstamp"); p >= 0 && cells[p] == "" {
		cells[p] = t.stamp(cells)
		if cells[p] == "" {
			cells[p] = "2020-01-01T00:00:00.000Z"
		}
	}
	return id, nil
}

// stamp is when a version was made.
func (t *table) stamp(cells []string) string {
	for _, name := range []string{"SystemModstamp", "LastModifiedDate", "CreatedDate"} {
		if p := t.place(name); p >= 0 && cells[p] != "" {
			return cells[p]
		}
	}
	return ""
}

// settle gives columns without any value a type, and reads from the records what the org has switched on.
func (st *store) settle() {
	for _, t := range st.tables {
		for i := range t.fields {
			f := &t.fields[i]
			if f.kind == "" {
				f.kind = "string"
			}
			if f.kind == "textarea" {
				f.length = 32000
			}
		}
	}
	if t := st.table(schemas.CurrencyType); t != nil {
		st.currencies = len(t.ids) > 0
	}
	t := st.table(schemas.Account)
	person := t.place("IsPersonAccount")
	var cells []string
	for _, r := range t.rows {
		if cells = r.cells(cells, len(t.fields)); cells[person] == "true" {
			st.personAccounts = true
			return
		}
	}
}
