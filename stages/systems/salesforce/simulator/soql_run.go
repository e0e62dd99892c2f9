package simulator

import (
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"sort"
	"strings"
)

// path is a selected, compared or ordered field: of the object itself, or of a parent over look-ups.
type path struct {
	name   string // as the answer's column
	steps  []int  // places of the look-up fields
	tables []*table
	last   int    // place of the field in the last table
	field  *field // nil: a look-up leads to an object the simulator does not hold, such as a queue
}

// plan is a query that fits the org as the user sees it.
type plan struct {
	*query
	table   *table
	columns []path
	keep    func(cells []string) bool
	order   []path
}

// direct says that the columns are the object's own, so that rows need no copy.
func (pl *plan) direct() bool {
	for _, c := range pl.columns {
		if len(c.steps) > 0 {
			return false
		}
	}
	return true
}

func noColumn(q *query, n name, field, object string) *apiError {
	return pointed(q.text, n.at, "INVALID_FIELD", fmt.Sprintf("No such column '%s' on entity '%s'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", field, object))
}

// plan resolves names. The store must be locked for reading.
func (st *store) plan(q *query) (*plan, *apiError) {
	t := st.known(q.object.text)
	if t == nil {
		return nil, pointed(q.text, q.object.at, "INVALID_TYPE", fmt.Sprintf("sObject type '%s' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", q.object.text))
	}
	if q.unknown != "" {
		return nil, malformed(q.text, 0, q.unknown+" is not part of this simulator's SOQL")
	}
	pl := &plan{query: q, table: t}
	seen := map[string]bool{}
	for _, n := range q.fields {
		p, err := st.path(q, t, n)
		if err != nil {
			return nil, err
		}
		if seen[p.name] {
			return nil, malformed(q.text, n.at, "duplicate field selected: "+n.text)
		}
		seen[p.name] = true
		pl.columns = append(pl.columns, p)
	}
	for _, o := range q.order {
		p, err := st.path(q, t, o.field)
		if err != nil {
			return nil, err
		}
		pl.order = append(pl.order, p)
	}
	pl.keep = func([]string) bool { return true }
	if q.where != nil {
		keep, err := st.condition(q, t, q.where)
		if err != nil {
			return nil, err
		}
		pl.keep = keep
	}
	return pl, nil
}

func (st *store) path(q *query, t *table, n name) (path, *apiError) {
	parts := strings.Split(n.text, ".")
	if len(parts) > 6 {
		return path{}, malformed(q.text, n.at, "maximum 5 relationship levels")
	}
	var p path
	at := t
	for _, relation := range parts[:len(parts)-1] {
		step := slices.IndexFunc(at.fields, func(f field) bool { return strings.EqualFold(f.relation, relation) && st.visible(at, &f) })
		if step < 0 {
			return path{}, pointed(q.text, n.at, "INVALID_FIELD", fmt.Sprintf("Didn't understand relationship '%s' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", relation))
		}
		p.steps = append(p.steps, step)
		p.name += at.fields[step].relation + "."
		references := at.fields[step].references
		if at = st.known(references[len(references)-1]); at == nil {
			return path{}, noColumn(q, n, relation, t.name)
		}
		p.tables = append(p.tables, at)
	}
	var field string = parts[len(parts)-1]
	if p.field, p.last = st.field(at, field); p.field == nil {
		return path{}, noColumn(q, n, field, at.name)
	}
	p.name += p.field.name
	return p, nil
}

// value follows the path from a row's cells. The store must be locked for reading where the path has steps.
func (p *path) value(cells []string) string {
	var parent []string
	for i, step := range p.steps {
		r, ok := p.tables[i].find(cells[step])
		if !ok {
			return ""
		}
		parent = r.cells(parent, len(p.tables[i].fields))
		cells = parent
	}
	return cells[p.last]
}

// run gives the rows of a plan: the object's own, or, with fields of parents, rows of the selected cells. deleted rows
// come with queryAll only. The store must be locked for reading.
func (st *store) run(pl *plan, all bool) ([]row, *apiError) {
	t := pl.table
	deleted, width := t.place("IsDeleted"), len(t.fields)
	rows := []row{}
	var cells []string
	for _, r := range t.rows {
		if r == "" {
			continue
		}
		cells = r.cells(cells, width)
		if deleted >= 0 && cells[deleted] == "true" && !all || len(st.unseen) > 0 && st.unseen[key15(cells[t.places["id"]])] || !pl.keep(cells) {
			continue
		}
		rows = append(rows, r)
	}
	if len(pl.order) > 0 {
		st.sort(pl, rows)
	}
	if pl.offset > 2000 {
		return nil, refuse(http.StatusBadRequest, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
	}
	rows = rows[min(max(pl.offset, 0), len(rows)):]
	if pl.limit >= 0 {
		rows = rows[:min(pl.limit, len(rows))]
	}
	return slices.Clip(rows), nil
}

// project makes rows of the selected cells, so that what parents say is as of now.
func (pl *plan) project(rows []row) []row {
	out := make([]row, len(rows))
	var cells []string
	chosen := make([]string, len(pl.columns))
	for i, r := range rows {
		cells = r.cells(cells, len(pl.table.fields))
		for k := range pl.columns {
			chosen[k] = pl.columns[k].value(cells)
		}
		out[i] = encode(chosen)
	}
	return out
}

func (st *store) sort(pl *plan, rows []row) {
	keys := make([][]string, len(rows))
	var cells []string
	for i, r := range rows {
		cells = r.cells(cells, len(pl.table.fields))
		for k := range pl.order {
			keys[i] = append(keys[i], pl.order[k].value(cells))
		}
	}
	index := make([]int, len(rows))
	for i := range index {
		index[i] = i
	}
	sort.SliceStable(index, func(i, j int) bool {
		for k, o := range pl.query.order {
			a, b := keys[index[i]][k], keys[index[j]][k]
			if a == b {
				continue
			}
			if a == "" || b == "" {
				return (a == "") != o.nullsLast
			}
			if c := inOrder(pl.order[k].field, a, b); c != 0 {
				return (c < 0) != o.down
			}
		}
		return false
	})
	sorted := make([]row, len(rows))
	for i, k := range index {
		sorted[i] = rows[k]
	}
	copy(rows, sorted)
}

func inOrder(f *field, a, b string) int {
	if f.number() {
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		if okX && okY {
			return x.Cmp(y)
		}
	}
	if f.kind == "id" || f.kind == "reference" || f.kind == "date" || f.kind == "datetime" || f.kind == "boolean" {
		return strings.Compare(a, b)
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}
