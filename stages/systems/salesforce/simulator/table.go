package simulator

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crmlink/crmlink/schemas"
)

// store is what the org holds. Its tables' rows are versions that are replaced, never changed.
type store struct {
	mu     sync.RWMutex
	tables []*table
	made   int // Ids made up so far
	// What the org has switched on; both follow from the loaded files until somebody sets them.
	currencies, personAccounts bool
	unseen                     map[[15]byte]bool // records not shared with the connected user
}

// table is one object.
type table struct {
	name, prefix, label string
	fields              []field
	places              map[string]int // of fields, by lower-case name
	rows                []row          // "" where a record was purged
	ids                 map[[15]byte]int32
	changed             time.Time // fields
	hidden              bool      // the user may not read the object at all
}

func (st *store) table(name string) *table {
	for _, t := range st.tables {
		if strings.EqualFold(t.name, name) {
			return t
		}
	}
	return nil
}

func newTable(name, prefix string) *table {
	return &table{name: name, prefix: prefix, label: label(name), places: map[string]int{}, ids: map[[15]byte]int32{}}
}

// bulk says whether Bulk API 2.0 takes the object; the small ones are for REST.
func (t *table) bulk() bool {
	return !slices.Contains([]string{schemas.OpportunityStage, schemas.CurrencyType, schemas.DatedConversionRate, schemas.Organization}, t.name)
}

func (t *table) place(name string) int {
	if p, ok := t.places[strings.ToLower(name)]; ok {
		return p
	}
	return -1
}

func (t *table) add(f field) int {
	if p := t.place(f.name); p >= 0 {
		return p
	}
	t.places[strings.ToLower(f.name)] = len(t.fields)
	t.fields = append(t.fields, f)
	return len(t.fields) - 1
}

// find gives the newest version of a record.
func (t *table) find(id string) (row, bool) {
	if len(id) < 15 {
		return "", false
	}
	p, ok := t.ids[key15(id)]
	if !ok {
		return "", false
	}
	return t.rows[p], true
}

// put stores a version of the record in its place, or at the end.
func (t *table) put(id string, r row) {
	k := key15(id)
	if p, ok := t.ids[k]; ok {
		t.rows[p] = r
		return
	}
	t.ids[k] = int32(len(t.rows))
	t.rows = append(t.rows, r)
}

func (t *table) drop(id string) bool {
	k := key15(id)
	p, ok := t.ids[k]
	if ok {
		t.rows[p] = ""
		delete(t.ids, k)
	}
	return ok
}

// visible says whether the connected user sees a field.
func (st *store) visible(t *table, f *field) bool {
	switch {
	case f.hidden:
		return false
	case f.name == "CurrencyIsoCode":
		return st.currencies
	case f.name == "IsPersonAccount" || f.name == "PersonContactId" || strings.HasSuffix(f.name, "__pc"):
		return st.personAccounts
	}
	return true
}

// readable says whether the connected user may query an object.
func (st *store) readable(t *table) bool {
	if t.name == schemas.CurrencyType || t.name == schemas.DatedConversionRate {
		return st.currencies && !t.hidden
	}
	return !t.hidden
}

// known gives a table that the user may read, by name.
func (st *store) known(name string) *table {
	if t := st.table(name); t != nil && st.readable(t) {
		return t
	}
	return nil
}

// field gives a visible field of a table.
func (st *store) field(t *table, name string) (*field, int) {
	p := t.place(name)
	if p < 0 || !st.visible(t, &t.fields[p]) {
		return nil, -1
	}
	return &t.fields[p], p
}

func (t *table) column(name string) (int, error) {
	if p := t.place(name); p >= 0 {
		return p, nil
	}
	return -1, fmt.Errorf("simulator: %s has no field %s", t.name, name)
}
