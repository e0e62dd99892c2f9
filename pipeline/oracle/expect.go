package oracle

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Table is what a published table must hold: each row as text, `column=value …`, in alphabetical order.
type Table struct {
	Name    string
	Columns []string
	Rows    []string
}

// NoMatch stands for the reasons that depend on how near a stranger in the directory is.
const NoMatch = "no_candidate, below_threshold or the like"

// ByProbability stands for the two tiers of an answer that no person decided.
const ByProbability = "sure or match"

// ErrUndefined is the error of Expect and Import where the answer is not determined by the requirements alone: two records compete
// for an entity, and neither is plainly nearer to it.
var ErrUndefined = errors.New("not determined")

// Rivals are two records of which it is not determined which is nearer to an entity.
type Rivals struct{ Object, One, Other, Entity string }

func (r *Rivals) Error() string {
	return fmt.Sprintf("which of %s and %s is nearer to %s is %v", r.One, r.Other, r.Entity, ErrUndefined)
}

// Unwrap makes it an ErrUndefined.
func (r *Rivals) Unwrap() error { return ErrUndefined }

// Expect reads the files below a folder and says what a first run over them must publish.
func Expect(dir string, s Settings, asOf time.Time) ([]Table, error) {
	tables, _, err := History{}.Import(dir, s, asOf, true)
	return tables, err
}

// work goes through everything that a run decides.
func (e *expectation) work() error {
	e.companies, e.members = byID(e.files.companies, "company_id"), byID(e.files.members, "member_id")
	e.redirects()
	e.standings()
	e.decide()
	if err := e.resolve(); err != nil {
		return err
	}
	e.seats()
	if err := e.stages(); err != nil {
		return err
	}
	e.namedRecords()
	e.saved()
	e.suggested()
	e.badges()
	e.missing()
	e.statistics()
	return e.roi()
}

// byID finds rows by their ids, the first one where there are more. Going through all rows for each pair of a record and an
// entity took most of the time of the tests.
func byID(rows []Row, id string) map[string]Row {
	found := map[string]Row{}
	for _, row := range rows {
		if _, known := found[row[id]]; !known {
			found[row[id]] = row
		}
	}
	return found
}

// expectation is the state of the oracle: the files, and what was worked out from them so far.
type expectation struct {
	files    *files
	before   History
	settings Settings
	asOf     time.Time

	companies, members map[string]Row // by id

	redirected map[string]string
	records    []*record
	recordOf   map[string]*record // by object and id
	seatMap    []*seat
	stageOrder map[string]int
	named      []*namedRecord
	list       map[savedAt]savedRow // every row of auto_save
	// tables are the finished rows by table.
	tables map[string][]string
}

// columns of the tables that are compared, in the order in which rows are written.
var columns = map[string][]string{
	"mapping": {"object", "crm_id", "entity_kind", "entity_id", "status", "primary", "lost_to", "reason", "link_object",
		"link_crm_id", "decision_seq", "tier"},
	"unmatched": {"object", "crm_id", "reason"},
	"decision_outcome": {"seq", "object", "crm_id", "verdict", "entity_id", "outcome", "is_conflict", "now_object", "now_crm_id",
		"now_entity_id", "by_seq"},
	"seat_map": {"seat_id", "email", "member_id", "user_id", "method", "reason", "sync_on", "crm_sync_active"},
	"seat_candidate": {"user_id", "name", "email", "is_active", "role_id", "role_name", "role_path", "role_path_names",
		"seat_id"},
	"auto_save": {"seat_id", "opportunity_id", "object", "crm_id", "entity_kind", "entity_id", "via_crm_id", "user_id", "stage",
		"still_valid", "reason", "saved_at"},
	"not_saved":      {"opportunity_id", "object", "crm_id", "owner_id", "seat_id", "reason"},
	"suggested_lead": {"seat_id", "crm_id", "entity_id"},
	"badge":          {"entity_kind", "entity_id", "object", "crm_id", "lightning_url", "classic_url", "link_reason"},
	"contact_card":   {"member_id", "object", "crm_id", "email", "phone", "mobile_phone"},
	"in_crm":         {"entity_kind", "entity_id", "in_crm", "object", "crm_id"},
	"missing_in_crm": {"entity_kind", "entity_id", "saved", "touched", "open_opportunity", "seats", "last_touched_at", "company_id"},
	"profile":        {"object", "crm_id", "part", "via_crm_id", "status", "entity_kind", "entity_id"},
	"sync_stats": {"object", "records", "matched", "match_rate_percent", "match_color", "duplicates", "decided", "unmatched", "saved",
		"suggested", "person_accounts", "converted", "merged", "deleted"},
}

// add writes down one row of a table. The empty text and nil are null.
func (e *expectation) add(table string, values ...any) {
	if e.tables == nil {
		e.tables = map[string][]string{}
	}
	e.tables[table] = append(e.tables[table], RowText(slices.Concat(columns[table], roiColumns[table]), values))
}

// RowText writes a row as it is compared. The test writes what it read from the publication with it too.
func RowText(columns []string, values []any) string {
	cells := make([]string, len(columns))
	for i, name := range columns {
		cells[i] = name + "=" + cellText(values[i])
	}
	return strings.Join(cells, " ")
}

func cellText(value any) string {
	switch v := value.(type) {
	case nil:
		return "-"
	case string:
		if v == "" {
			return "-"
		}
		return v
	case time.Time:
		if v.IsZero() {
			return "-"
		}
		return v.UTC().Format("2006-01-02T15:04:05Z")
	case []string:
		if v == nil {
			return "-"
		}
		return strings.Join(v, ">")
	case []any:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = fmt.Sprint(p)
		}
		return strings.Join(parts, ">")
	}
	return fmt.Sprint(value)
}

// publish gives the tables, those without rows too.
func (e *expectation) publish() []Table {
	var all []Table
	take := func(name string, columns []string) {
		rows := append([]string{}, e.tables[name]...)
		sort.Strings(rows)
		all = append(all, Table{Name: name, Columns: columns, Rows: rows})
	}
	for name := range columns {
		take(name, columns[name])
	}
	for name := range roiColumns {
		if e.settings.ROI {
			take(name, roiColumns[name])
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}
