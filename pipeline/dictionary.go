package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// Entry is a table in the data dictionary.
type Entry struct {
	Table   string        `json:"table"`
	Doc     string        `json:"doc"`
	Kind    string        `json:"kind"` // table or view
	Group   string        `json:"group"`
	Key     []string      `json:"key"`
	Columns []ColumnEntry `json:"columns"`
}

// ColumnEntry is a column in the data dictionary.
type ColumnEntry struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	NotNull bool   `json:"not_null"`
	Doc     string `json:"doc"`
}

// Dictionary describes all tables of a publication, what people read first first.
func Dictionary() []Entry {
	var all []Entry
	for _, t := range schemas.All() {
		all = append(all, entryOf(t))
	}
	slices.SortStableFunc(all, func(a, b Entry) int { return slices.Index(groups, a.Group) - slices.Index(groups, b.Group) })
	return all
}

// groups of the dictionary, in order.
var groups = []string{"answers", "lists", "reports", "as read", "internal"}

// Describe is one table's entry. An unknown name is the user's input, with the nearest table as the next step.
func Describe(table string) (Entry, error) {
	t, ok := schemas.Lookup(strings.ToLower(table))
	if !ok {
		next := "crmlink schema lists the tables"
		if near := nearest(table, schemas.Names()); near != "" {
			next = "crmlink schema " + near
		}
		return Entry{}, &InputError{Problem: fmt.Sprintf("there is no table %s", table), Next: next}
	}
	return entryOf(t), nil
}

func entryOf(t schemas.Table) Entry {
	e := Entry{Table: t.Name, Doc: t.Doc, Kind: "table", Key: t.Key, Group: groupOf(t)}
	if t.View {
		e.Kind = "view"
	}
	for _, c := range t.Columns {
		e.Columns = append(e.Columns, ColumnEntry{c.Name, schemas.SQLType(c.Type), c.NotNull, c.Doc})
	}
	return e
}

func groupOf(t schemas.Table) string {
	switch t.Name {
	case "mapping", "candidate", "evidence", "unmatched", "decision_outcome", "model_level":
		return "answers"
	case "sync_stats", "data_quality", "field_gain", "run", "extract_log", "reject", "block_cost", "model_drift",
		"roi_summary", "roi_opportunity", "roi_touch", "change", "blast_radius":
		return "reports"
	}
	switch {
	case t.Internal:
		return "internal"
	case strings.HasPrefix(t.Name, "raw_"):
		return "as read"
	}
	return "lists"
}
