package linkage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
)

// plan is a section with its names resolved to cells: what the kernel interprets. It holds no parameters.
type plan struct {
	section     Section
	left, right layout
	comparisons []planComparison
	rules       []planRule
	lookAlikes  []planLookAlike
	fields      []string // directory columns whose values are counted
	slots       int      // similarities and distances that one pair can need
	orders      map[string]map[string]int
	program     program
	parts       map[keyPart]int // number of each different part of a key
}

// layout is the order of columns in a record's row of cells.
type layout struct {
	names []string
	lists []bool
}

func (l *layout) at(name string) int { return slices.Index(l.names, name) }

type planRule struct {
	Rule
	parts  []planKey
	narrow *planKey
}

type planKey struct {
	keyPart
	l, r  int
	place int // among the different parts of all keys
}

// compile resolves a section, or says what is wrong with it.
func compile(s Section) (*plan, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	p := &plan{section: s, orders: map[string]map[string]int{}, parts: map[keyPart]int{}}
	for name, values := range s.Orders {
		p.orders[name] = map[string]int{}
		for i, v := range values {
			p.orders[name][v] = i
		}
	}
	if s.Kind == Person {
		if _, err := p.cell(&p.left, "object"); err != nil {
			return nil, err
		}
	}
	for _, r := range s.Rules {
		rule, err := p.rule(r)
		if err != nil {
			return nil, fmt.Errorf("model %s: rule %s: %w", s.Kind, r.Name, err)
		}
		p.rules = append(p.rules, rule)
	}
	slots := map[string]int{}
	for _, c := range s.Comparisons {
		compiled, err := p.comparison(c, slots)
		if err != nil {
			return nil, fmt.Errorf("model %s: %s: %w", s.Kind, c.Name, err)
		}
		p.comparisons = append(p.comparisons, compiled)
	}
	p.slots = len(slots)
	for _, l := range s.LookAlikes {
		look, err := p.lookAlike(l)
		if err != nil {
			return nil, fmt.Errorf("model %s: look-alike %s: %w", s.Kind, l.Name, err)
		}
		p.lookAlikes = append(p.lookAlikes, look)
	}
	return p, p.compile()
}

// at is the place of a comparison.
func (p *plan) at(name string) int {
	return slices.IndexFunc(p.comparisons, func(c planComparison) bool { return c.name == name })
}

func (p *plan) rule(r Rule) (planRule, error) {
	rule := planRule{Rule: r}
	for _, text := range r.Keys {
		k, err := p.key(text)
		if err != nil {
			return planRule{}, err
		}
		rule.parts = append(rule.parts, k)
	}
	if len(rule.parts) == 0 || r.Max < 1 {
		return planRule{}, fmt.Errorf("a rule needs keys and a max")
	}
	if r.Narrow != "" {
		k, err := p.key(r.Narrow)
		if err != nil {
			return planRule{}, err
		}
		rule.narrow = &k
	}
	return rule, nil
}

func (p *plan) key(text string) (planKey, error) {
	part, err := parseKey(text)
	if err != nil {
		return planKey{}, err
	}
	k := planKey{keyPart: part}
	if k.l, err = p.cell(&p.left, part.left); err != nil {
		return planKey{}, err
	}
	if _, known := p.parts[part]; !known {
		p.parts[part] = len(p.parts)
	}
	k.place = p.parts[part]
	k.r, err = p.cell(&p.right, part.right)
	return k, err
}

func (p *plan) field(name string) int {
	if i := slices.Index(p.fields, name); i >= 0 {
		return i
	}
	p.fields = append(p.fields, name)
	return len(p.fields) - 1
}

// cell finds or adds a column of one side.
func (p *plan) cell(side *layout, name string) (int, error) {
	if i := side.at(name); i >= 0 {
		return i, nil
	}
	table := p.section.RightTable()
	if side == &p.left {
		table = p.section.LeftTable()
	}
	c, ok := p.column(table, name)
	if !ok {
		return 0, fmt.Errorf("table %s has no column %q", table.Name, name)
	}
	side.names = append(side.names, name)
	side.lists = append(side.lists, c.Type.ID() == arrow.LIST)
	return len(side.names) - 1, nil
}

// column looks a column up; the CRM side also has the columns of table known.
func (p *plan) column(table schemas.Table, name string) (schemas.Column, bool) {
	if c, ok := table.Column(name); ok {
		return c, true
	}
	if table.Name == p.section.LeftTable().Name && strings.HasPrefix(name, "known_") {
		return schemas.Known.Column(name)
	}
	return schemas.Column{}, false
}
