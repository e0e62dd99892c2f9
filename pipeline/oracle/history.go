package oracle

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// History is what the oracle remembers of an org's imports: a mirror of its own, and the answers and lists that were to
// be published last. The zero History is that of an org before its first import.
type History struct {
	mirror map[string]map[string]mirrored // by object and key
	// inDoubt are columns that a file lacked and that no full import has had in all files since.
	inDoubt map[string]map[string]bool
	answers map[string]string // entity by object and Id
	tiers   map[string]string // tier by object and Id
	list    map[savedAt]savedRow
}

// mirrored is the newest version of a record that was read, and whether a full import has lacked it since.
type mirrored struct {
	row     Row
	missing bool
}

// Import reads the files below a folder as the next import and says what the run must publish (Z23). The History it
// gives is the one after it; the one it was called on stays as it is.
func (h History) Import(dir string, s Settings, asOf time.Time, full bool) ([]Table, History, error) {
	files, err := read(dir)
	if err != nil {
		return nil, h, err
	}
	next := History{mirror: map[string]map[string]mirrored{}, inDoubt: map[string]map[string]bool{}}
	if err := h.merge(files, full, &next); err != nil {
		return nil, h, err
	}
	e := &expectation{files: files, settings: s, asOf: asOf, before: h}
	if err := e.work(); err != nil {
		return nil, h, err
	}
	next.answers, next.tiers, next.list = map[string]string{}, map[string]string{}, e.list
	for _, r := range e.records {
		next.answers[r.object+r.id] = r.entity
		next.tiers[r.object+r.id] = e.tier(r)
	}
	return e.publish(), next, nil
}

// merge lays the rows read over the mirror and leaves in files what a run works with: one row for every record that was
// ever read, deleted where it is missing.
func (h History) merge(f *files, full bool, next *History) error {
	objects := maps.Clone(f.versions)
	for object := range h.mirror {
		if _, ok := objects[object]; !ok {
			objects[object] = nil // no file this time
		}
	}
	for object, rows := range objects {
		known := maps.Clone(h.mirror[object])
		if known == nil {
			known = map[string]mirrored{}
		}
		read, err := h.versions(object, rows)
		if err != nil {
			return err
		}
		for key, m := range known {
			_, there := read[key]
			m.missing = !there && (m.missing || full)
			known[key] = m
		}
		for key, row := range read {
			if row != nil {
				known[key] = mirrored{row: row}
			}
		}
		next.mirror[object] = known
		next.inDoubt[object] = h.doubts(object, f, full)
		for _, key := range slices.Sorted(maps.Keys(known)) { // which error comes first must not depend on a map's order
			m := known[key]
			row := m.row
			if m.missing {
				row = copyRow(row)
				row["isdeleted"] = "true"
			}
			f.crm[object] = append(f.crm[object], row)
			f.byObjectID[object+row["id"]] = row
		}
	}
	for _, row := range f.crm["OpportunityStage"] {
		f.hasStages = f.hasStages || !truth(row["isdeleted"])
	}
	return nil
}

// versions gives by key the row that becomes the mirror's; nil where a record was read and the mirror's row stays.
func (h History) versions(object string, rows []Row) (map[string]Row, error) {
	best := map[string]Row{}
	for _, read := range rows {
		row := copyRow(read)
		for name, value := range row {
			if name == "id" || strings.HasSuffix(name, "id") && len(value) == 15 {
				row[name] = longID(value)
			}
		}
		key := row["id"]
		if object == "OpportunityStage" {
			key = row["masterlabel"]
		}
		old, known := h.mirror[object][key]
		fuller := false
		for column := range h.inDoubt[object] {
			_, has := read[column]
			fuller = fuller || has
		}
		for column, value := range old.row {
			if _, has := row[column]; !has {
				row[column] = value
			}
		}
		if _, met := best[key]; !met {
			best[key] = nil
		}
		switch {
		case !plainNumber.MatchString(row["amount"]): // refused
		case known && stamp(row).Before(stamp(old.row)):
		case known && object != "OpportunityStage" && stamp(row).Equal(stamp(old.row)) && !equal(row, old.row) && !fuller:
			return nil, fmt.Errorf("two rows of %s with equal stamps: %w", key, ErrUndefined)
		case best[key] == nil || stamp(row).After(stamp(best[key])):
			best[key] = row
		case stamp(row).Equal(stamp(best[key])) && !equal(row, best[key]):
			return nil, fmt.Errorf("two rows of %s with equal stamps: %w", key, ErrUndefined)
		}
	}
	return best, nil
}

var plainNumber = regexp.MustCompile(`^(-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?)?$`)

func equal(a, b Row) bool {
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	for name := range b {
		if a[name] != b[name] {
			return false
		}
	}
	return true
}

// doubts are the columns of an object of which the mirror may not have the newest values after this import.
func (h History) doubts(object string, f *files, full bool) map[string]bool {
	doubts := maps.Clone(h.inDoubt[object])
	if doubts == nil || full && len(f.headers[object]) > 0 {
		doubts = map[string]bool{}
	}
	all := map[string]bool{}
	for column := range h.columns(object) {
		all[column] = true
	}
	for _, header := range f.headers[object] {
		for column := range header {
			all[column] = true
		}
	}
	for _, header := range f.headers[object] {
		for column := range all {
			if !header[column] {
				doubts[column] = true
			}
		}
	}
	return doubts
}

// columns are those that the mirror's rows of an object have.
func (h History) columns(object string) map[string]bool {
	all := map[string]bool{}
	for _, m := range h.mirror[object] {
		for column := range m.row {
			all[column] = true
		}
	}
	return all
}
