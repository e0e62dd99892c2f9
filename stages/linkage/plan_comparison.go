package linkage

import (
	"fmt"
)

type planComparison struct {
	name    string
	groups  []planGroup
	levels  []planLevel // through all groups; level code i is levels[i-1]
	cap     int
	fixed   bool
	adjusts bool
}

type planGroup struct {
	present     planExpression
	first, last int // level codes
}

type planLevel struct {
	Level
	group  int
	when   planExpression
	adjust planAdjustment
	// product is set where u is exactly the chance that two values are equal: the first level of a group with one
	// equal or overlap.
	product *planCondition
}

type planExpression [][]planCondition

type planCondition struct {
	condition
	l, r int // cells
	// For crossed: the CRM cell of the second column and the directory cell of the first.
	l2, r2 int
	slot   int
	order  map[string]int
}

type planAdjustment struct {
	how        rarity
	l, r       int // cells of the compared value
	field      int // index in plan.fields
	wl, wr     int // cells of the words, for name
	wordsField int
}

func (p *plan) comparison(c Comparison, slots map[string]int) (planComparison, error) {
	out := planComparison{name: c.Name, cap: c.Cap, fixed: c.Fixed}
	for i, g := range c.Groups {
		group := planGroup{first: len(out.levels) + 1, last: len(out.levels) + len(g.Levels)}
		var err error
		if group.present, err = p.expression(g.Present, slots); err != nil {
			return planComparison{}, err
		}
		for j, l := range g.Levels {
			level := planLevel{Level: l, group: i}
			if l.When != "" {
				if level.when, err = p.expression(l.When, slots); err != nil {
					return planComparison{}, err
				}
			}
			if level.adjust, err = p.adjustment(l.Frequency); err != nil {
				return planComparison{}, err
			}
			out.adjusts = out.adjusts || level.adjust.how != rarityNone
			if first := j == 0 || (j == 1 && g.Levels[0].Neutral); first && onlyPresent(group.present) && len(level.when) == 1 && len(level.when[0]) == 1 {
				if o := level.when[0][0].op; o == opEqual || o == opOverlap {
					level.product = &level.when[0][0]
				}
			}
			out.levels = append(out.levels, level)
		}
		out.groups = append(out.groups, group)
	}
	if len(out.levels) > 250 {
		return planComparison{}, fmt.Errorf("%d levels, at most 250", len(out.levels))
	}
	for _, name := range c.Show {
		_, left := p.column(p.section.LeftTable(), name)
		_, right := p.column(p.section.RightTable(), name)
		if !left && !right {
			return planComparison{}, fmt.Errorf("show: no column %q", name)
		}
	}
	return out, nil
}

// onlyPresent says whether a group is a pattern of missing fields and nothing else: then its first level's u is that
// of two independent values.
func onlyPresent(e planExpression) bool {
	for _, every := range e {
		for _, c := range every {
			if c.op != opPresent {
				return false
			}
		}
	}
	return true
}

func (p *plan) expression(text string, slots map[string]int) (planExpression, error) {
	parsed, err := parseExpression(text)
	if err != nil {
		return nil, err
	}
	var out planExpression
	for _, every := range parsed {
		var conjunction []planCondition
		for _, c := range every {
			pc := planCondition{condition: c, order: p.orders[c.left]}
			if pc.l, err = p.cell(&p.left, c.left); err != nil {
				return nil, err
			}
			if pc.r, err = p.cell(&p.right, c.right); err != nil {
				return nil, err
			}
			if c.op == opCrossed { // both columns are needed on both sides
				if pc.l2, err = p.cell(&p.left, c.right); err != nil {
					return nil, err
				}
				if pc.r2, err = p.cell(&p.right, c.left); err != nil {
					return nil, err
				}
			}
			if !c.sets && (p.left.lists[pc.l] || p.right.lists[pc.r]) {
				return nil, fmt.Errorf("%q takes texts, not lists", text)
			}
			if c.op == opSteps && pc.order == nil {
				return nil, fmt.Errorf("%q: no order of %s is declared", text, c.left)
			}
			if c.op == opSimilar || c.op == opEdits {
				name := fmt.Sprintf("%d %d %d", c.op, pc.l, pc.r)
				slot, ok := slots[name]
				if !ok {
					slot = len(slots)
					slots[name] = slot
				}
				pc.slot = slot
			}
			conjunction = append(conjunction, pc)
		}
		out = append(out, conjunction)
	}
	return out, nil
}

func (p *plan) adjustment(text string) (planAdjustment, error) {
	a, err := parseAdjustment(text)
	if err != nil || a.how == rarityNone {
		return planAdjustment{}, err
	}
	out := planAdjustment{how: a.how, field: p.field(a.right)}
	if out.l, err = p.cell(&p.left, a.left); err != nil {
		return planAdjustment{}, err
	}
	if out.r, err = p.cell(&p.right, a.right); err != nil {
		return planAdjustment{}, err
	}
	if a.how == rarityName {
		out.wordsField = p.field(a.words)
		if out.wl, err = p.cell(&p.left, a.words); err != nil {
			return planAdjustment{}, err
		}
		if out.wr, err = p.cell(&p.right, a.words); err != nil {
			return planAdjustment{}, err
		}
	}
	if a.how == rarityValue && (p.left.lists[out.l] || p.right.lists[out.r]) {
		return planAdjustment{}, fmt.Errorf("frequency %q takes texts, not lists", text)
	}
	return out, nil
}
