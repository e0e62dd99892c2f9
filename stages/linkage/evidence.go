package linkage

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// EvidenceSQL is the SELECT of the view evidence over candidate, model_level, known and the four tables of normal
// forms. It adds the two values to the numbers that candidate holds and computes no weight. Candidates are spread over
// numbers from a constant table, not unnested, so that a filter on crm_id reaches the scan of candidate. With kinds it is
// about these alone: most of the time that a question about one record takes goes into planning the view.
func EvidenceSQL(m Model) (string, error) {
	var selects []string
	for _, s := range []Section{m.Company, m.Person} {
		p, err := compile(s)
		if err != nil {
			return "", err
		}
		selects = append(selects, evidenceOf(p))
	}
	return strings.Join(selects, "UNION ALL\n"), nil
}

func evidenceOf(p *plan) string {
	s := p.section
	n := len(s.Comparisons)
	objects := "c.object = 'Account'"
	if s.Kind == Person {
		objects = "c.object IN ('Contact', 'Lead')"
	}
	var left, right, names strings.Builder
	for i, c := range s.Comparisons {
		fmt.Fprintf(&left, "\n    WHEN %d THEN %s", i+1, shown(p, s.LeftTable(), "a", c.Show))
		fmt.Fprintf(&right, "\n    WHEN %d THEN %s", i+1, shown(p, s.RightTable(), "b", c.Show))
		fmt.Fprintf(&names, " WHEN %d THEN %s", i+1, text(c.Name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `SELECT c.object, c.crm_id, c.rank, c.entity_id, r.position, r.part,
  CASE r.position WHEN 0 THEN 'prior'%s END AS comparison,
  CASE r.part WHEN 'prior' THEN NULL ELSE c.levels[r.position] END::BIGINT AS level,
  CASE r.part WHEN 'prior' THEN 'before anything is compared' WHEN 'frequency' THEN 'how rare the value is' ELSE l.label END AS label,
  CASE r.part WHEN 'prior' THEN c.prior WHEN 'level' THEN c.weights[r.position] ELSE c.frequencies[r.position] END::BIGINT AS weight,
`, names.String())
	fmt.Fprintf(&b, "  CASE r.position%s END AS crm_value,\n", left.String())
	fmt.Fprintf(&b, "  CASE r.position%s END AS directory_value\n", right.String())
	fmt.Fprintf(&b, `FROM candidate c
JOIN %s a ON a.crm_id = c.crm_id
JOIN %s b ON b.entity_id = c.entity_id
LEFT JOIN known k ON k.object = c.object AND k.crm_id = c.crm_id
CROSS JOIN (
  SELECT 0::BIGINT AS position, 'prior' AS part
  UNION ALL SELECT range, 'level' FROM range(1, %d)
  UNION ALL SELECT range, 'frequency' FROM range(1, %d)
) r
LEFT JOIN model_level l ON l.kind = %s AND l.position = r.position AND l.level = c.levels[r.position]
WHERE %s AND (r.part <> 'frequency' OR c.frequencies[r.position] <> 0)
`, s.LeftTable().Name, s.RightTable().Name, n+1, n+1, text(s.Kind), objects)
	return b.String()
}

// Shown is what evidence shows of a comparison: the columns of the CRM's normal forms and of the directory's whose values stand
// side by side.
type Shown struct {
	Comparison     string
	CRM, Directory []ShownColumn
}

// ShownColumn is a column of a table of normal forms, or of known, which holds texts or lists of them.
type ShownColumn struct {
	Name  string
	Known bool
}

// ShownColumns is what the view evidence shows of each comparison of a kind, in the order of model_level.position, for who
// asks about one record and needs no view.
func ShownColumns(m Model, kind string) ([]Shown, error) {
	s := m.Company
	if kind == Person {
		s = m.Person
	}
	p, err := compile(s)
	if err != nil {
		return nil, err
	}
	var all []Shown
	for _, c := range s.Comparisons {
		all = append(all, Shown{c.Name, shownColumns(p, s.LeftTable(), c.Show), shownColumns(p, s.RightTable(), c.Show)})
	}
	return all, nil
}

// shownColumns leaves out columns that only the other side has.
func shownColumns(p *plan, table schemas.Table, names []string) (columns []ShownColumn) {
	for _, name := range names {
		if column, ok := p.column(table, name); ok {
			_, own := table.Column(name)
			columns = append(columns, ShownColumn{Name: column.Name, Known: !own}) // known_ids and its like
		}
	}
	return columns
}

// shown is the text of some columns of one side.
func shown(p *plan, table schemas.Table, alias string, columns []string) string {
	var parts []string
	for _, c := range shownColumns(p, table, columns) {
		from := alias
		if c.Known {
			from = "k"
		}
		value := from + "." + schemas.Quote(c.Name)
		if column, _ := p.column(table, c.Name); column.Type.ID() == arrow.LIST {
			value = "array_to_string(" + value + ", ', ')"
		}
		parts = append(parts, "nullif("+value+", '')")
	}
	if len(parts) == 0 {
		return "NULL"
	}
	return "nullif(concat_ws(', ', " + strings.Join(parts, ", ") + "), '')"
}
