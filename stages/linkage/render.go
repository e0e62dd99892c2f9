package linkage

import (
	"fmt"
	"strconv"
	"strings"
)

// RenderSQL is the model as one SELECT for DuckDB: what the kernel computes for a pair, said a second time. Views a
// and b hold the CRM and the directory records in their normal form (a also the columns of known), pair(a_id,
// b_id) the pairs, term_frequency the counts. It gives a_id, b_id, levels, weights, frequencies and weight, as in
// candidate. Tests compare it with the kernel pair by pair; it is no faster way to match.
func RenderSQL(s Section, parameters Parameters) (string, error) {
	p, err := compile(s)
	if err != nil {
		return "", err
	}
	if err := parameters.fits(p); err != nil {
		return "", err
	}
	r := renderer{plan: p, parameters: parameters}
	var b strings.Builder
	fmt.Fprintf(&b, "WITH\nleft_side AS (\n  SELECT crm_id AS a_id%s\n  FROM a\n),\n", r.cells(p.left, "a_"))
	fmt.Fprintf(&b, "right_side AS (\n  SELECT entity_id AS b_id%s\n  FROM b\n),\n", r.cells(p.right, "b_"))
	b.WriteString("both_sides AS (SELECT * FROM pair JOIN left_side USING (a_id) JOIN right_side USING (b_id)),\n")
	b.WriteString("leveled AS (\n  SELECT *")
	for i, c := range p.comparisons {
		fmt.Fprintf(&b, ",\n    -- %s\n%s AS level_%d", c.name, r.level(c), i+1)
	}
	b.WriteString("\n  FROM both_sides\n)")
	var joins strings.Builder
	for i, a := range r.rarities() {
		fmt.Fprintf(&b, ",\n%s", r.rarity(i, a))
		fmt.Fprintf(&joins, "\n  LEFT JOIN rarity_%d USING (a_id, b_id)", i)
	}
	b.WriteString(",\nweighed AS (\n  SELECT a_id, b_id")
	for i, c := range p.comparisons {
		fmt.Fprintf(&b, ",\n    level_%d,\n    %s AS weight_%d,\n    %s AS frequency_%d", i+1, r.weight(i, c), i+1, r.frequency(i, c), i+1)
	}
	fmt.Fprintf(&b, "\n  FROM leveled%s\n)\n", joins.String())
	list := func(name string) string {
		var parts []string
		for i := range p.comparisons {
			parts = append(parts, fmt.Sprintf("%s_%d", name, i+1))
		}
		return strings.Join(parts, ", ")
	}
	fmt.Fprintf(&b, "SELECT a_id, b_id,\n  [%s]::INTEGER[] AS levels,\n  [%s]::INTEGER[] AS weights,\n  [%s]::INTEGER[] AS frequencies,\n",
		list("level"), list("weight"), list("frequency"))
	fmt.Fprintf(&b, "  (%d + %s + %s)::BIGINT AS weight\nFROM weighed\n", parameters.Prior,
		strings.ReplaceAll(list("weight"), ", ", " + "), strings.ReplaceAll(list("frequency"), ", ", " + "))
	return b.String(), nil
}

type renderer struct {
	plan       *plan
	parameters Parameters
}

// cells are one side's columns with nulls and sets as the operators define them.
func (r renderer) cells(l layout, prefix string) string {
	var b strings.Builder
	for i, name := range l.names {
		if name == "object" {
			continue
		}
		if l.lists[i] {
			fmt.Fprintf(&b, ",\n    nullif(list_distinct(list_filter(%s, lambda x: x <> '')), []::VARCHAR[]) AS %s%s", name, prefix, name)
		} else {
			fmt.Fprintf(&b, ",\n    nullif(%s, '') AS %s%s", name, prefix, name)
		}
	}
	return b.String()
}

func (r renderer) level(c planComparison) string {
	var b strings.Builder
	b.WriteString("    CASE")
	for _, g := range c.groups {
		fmt.Fprintf(&b, "\n      WHEN %s THEN CASE", r.expression(g.present))
		for code := g.first; code < g.last; code++ {
			fmt.Fprintf(&b, "\n        WHEN %s THEN %d", r.expression(c.levels[code-1].when), code)
		}
		fmt.Fprintf(&b, "\n        ELSE %d END", g.last)
	}
	b.WriteString("\n      ELSE 0 END")
	return b.String()
}

func (r renderer) expression(e planExpression) string {
	var alternatives []string
	for _, every := range e {
		var all []string
		for _, c := range every {
			all = append(all, r.condition(c))
		}
		alternatives = append(alternatives, strings.Join(all, " AND "))
	}
	return strings.Join(alternatives, " OR ")
}

func (r renderer) condition(c planCondition) string {
	a, b := "a_"+c.left, "b_"+c.right
	switch c.op {
	case opPresent:
		return fmt.Sprintf("%s IS NOT NULL AND %s IS NOT NULL", a, b)
	case opEqual:
		return fmt.Sprintf("%s = %s", a, b)
	case opSimilar:
		return fmt.Sprintf("jaro_winkler_similarity(%s, %s) >= CAST('%s' AS DOUBLE)", a, b, c.number)
	case opEdits:
		return fmt.Sprintf("damerau_levenshtein(%s, %s) <= %d", a, b, c.n)
	case opPrefix:
		return fmt.Sprintf("(length(%s) >= %d AND left(%s, %d) = left(%s, %d))", b, c.n, a, c.n, b, c.n)
	case opExtends:
		one := "(length(%[1]s) >= %[3]d AND length(%[1]s) < length(%[2]s) AND starts_with(%[2]s, %[1]s))"
		return "(" + fmt.Sprintf(one, a, b, c.n) + " OR " + fmt.Sprintf(one, b, a, c.n) + ")"
	case opInitial:
		return fmt.Sprintf("((length(%s) = 1 OR length(%s) = 1) AND left(%s, 1) = left(%s, 1))", a, b, a, b)
	case opCrossed:
		return fmt.Sprintf("(%s = %s AND a_%s = b_%s)", a, b, c.right, c.left)
	case opSteps:
		var values []string
		for _, v := range r.plan.section.Orders[c.left] {
			values = append(values, text(v))
		}
		at := func(x string) string { return fmt.Sprintf("list_position([%s], %s)", strings.Join(values, ", "), x) }
		return fmt.Sprintf("(%s > 0 AND %s > 0 AND abs(%s - %s) <= %d)", at(a), at(b), at(a), at(b), c.n)
	}
	if c.op == opAlike || c.op == opCovers {
		return r.alikeSQL(c, a, b)
	}
	left, right := set(r.plan.left, c.left, a), set(r.plan.right, c.right, b)
	shared := fmt.Sprintf("len(list_intersect(%s, %s))", left, right)
	switch c.op {
	case opNear:
		return fmt.Sprintf("coalesce(len(list_filter(%s, lambda x: len(list_filter(%s, lambda y: jaro_winkler_similarity(x, y) >= CAST('%s' AS DOUBLE))) > 0)) > 0, false)",
			left, right, c.number)
	case opShare:
		return fmt.Sprintf("1000 * %s >= %d * (len(%s) + len(%s) - %s)", shared, c.n, left, right, shared)
	case opWithin:
		return fmt.Sprintf("1000 * %s >= %d * CASE WHEN len(%s) < len(%s) THEN len(%s) ELSE len(%s) END",
			shared, c.n, left, right, left, right)
	case opEnds:
		last := func(s string) string {
			return fmt.Sprintf("list_transform(list_filter(%s, lambda x: length(x) >= %d), lambda x: right(x, %d))", s, c.n, c.n)
		}
		return fmt.Sprintf("list_has_any(%s, %s)", last(left), last(right))
	case opSpells:
		plain := func(s, cut string) string {
			return fmt.Sprintf("list_filter(list_transform(%s, lambda x: %s), lambda x: length(x) >= %d)", s, cut, c.n)
		}
		return fmt.Sprintf("list_has_any(%s, %s)", plain(left, "replace(split_part(x, '.', 1), '-', '')"), plain(right, "replace(x, ' ', '')"))
	case opLabel:
		cut := func(s string) string {
			return fmt.Sprintf("list_filter(list_transform(%s, lambda x: split_part(x, '.', 1)), lambda x: x <> '')", s)
		}
		return fmt.Sprintf("list_has_any(%s, %s)", cut(left), cut(right))
	}
	return fmt.Sprintf("list_has_any(%s, %s)", left, right)
}

// set is a cell as a list.
func set(l layout, name, cell string) string {
	if l.lists[l.at(name)] {
		return cell
	}
	return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN [%s] END", cell, cell)
}

// rarityQuery is one distinct way in which levels look up rarities.
type rarityQuery struct {
	sum         bool
	l, r, field int
}

// rarities lists the queries that the levels need.
func (r renderer) rarities() []rarityQuery {
	var all []rarityQuery
	seen := map[rarityQuery]bool{}
	for _, c := range r.plan.comparisons {
		for _, l := range c.levels {
			for _, q := range r.queries(l.adjust) {
				if !seen[q] {
					seen[q] = true
					all = append(all, q)
				}
			}
		}
	}
	return all
}

// queries are what an adjustment needs: the smallest of their results is its rarity. The kernel gives no adjustment
// where the field itself has no values.
func (r renderer) queries(a planAdjustment) []rarityQuery {
	known := func(field int) bool { return r.parameters.Fields[r.plan.fields[field]].Records > 0 }
	if a.how == rarityNone || !known(a.field) {
		return nil
	}
	queries := []rarityQuery{{sum: a.how == rarityWords, l: a.l, r: a.r, field: a.field}}
	if a.how == rarityName && known(a.wordsField) {
		queries = append(queries, rarityQuery{sum: true, l: a.wl, r: a.wr, field: a.wordsField})
	}
	return queries
}

func (r renderer) rarity(i int, q rarityQuery) string {
	left, right := r.plan.left.names[q.l], r.plan.right.names[q.r]
	name := r.plan.fields[q.field]
	field := r.parameters.Fields[name]
	combine := "max"
	if q.sum {
		combine = "sum"
	}
	bits := fmt.Sprintf("round_even(1000 * log2(CAST(%d AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('%s' AS DOUBLE))), 0)",
		field.Records, strconv.FormatFloat(field.Discount, 'g', -1, 64))
	return fmt.Sprintf(`rarity_%d AS (
  SELECT s.a_id, s.b_id, CAST(%s(CAST(%s AS INTEGER)) AS INTEGER) AS rarity_%d
  FROM (SELECT a_id, b_id, unnest(list_intersect(%s, %s)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = %s AND f.field = %s AND f.value = s.value
  GROUP BY s.a_id, s.b_id
)`, i, combine, bits, i, set(r.plan.left, left, "a_"+left), set(r.plan.right, right, "b_"+right),
		text(r.plan.section.EntityKind()), text(name))
}

func (r renderer) weight(i int, c planComparison) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CASE level_%d", i+1)
	for j := range c.levels {
		fmt.Fprintf(&b, " WHEN %d THEN %d", j+1, r.parameters.Comparisons[i].Levels[j].Weight)
	}
	return b.String() + " ELSE 0 END"
}

func (r renderer) frequency(i int, c planComparison) string {
	index := map[rarityQuery]int{}
	for k, q := range r.rarities() {
		index[q] = k
	}
	var b strings.Builder
	for j, l := range c.levels {
		queries := r.queries(l.adjust)
		if len(queries) == 0 {
			continue
		}
		rarity := fmt.Sprintf("rarity_%d", index[queries[0]])
		if len(queries) == 2 {
			rarity = fmt.Sprintf("least(%s, rarity_%d)", rarity, index[queries[1]])
		}
		// A null rarity is no adjustment; greatest and least would pass over it.
		fmt.Fprintf(&b, "\n      WHEN level_%d = %d AND %s IS NOT NULL THEN greatest(%d, least(%d, %s - %d))", i+1, j+1, rarity,
			r.plan.section.FrequencyFloor, r.plan.section.FrequencyCeiling, rarity, r.parameters.Comparisons[i].Levels[j].Rarity)
	}
	if b.Len() == 0 {
		return "0"
	}
	return "CASE" + b.String() + "\n      ELSE 0 END"
}

func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
