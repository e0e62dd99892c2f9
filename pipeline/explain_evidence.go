package pipeline

import (
	"context"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// compared is what the comparisons of a record with a candidate gave, by model_level.position from 1.
type compared struct {
	prior                        int64
	levels, weights, frequencies integers
}

type integers []int64

// at is the number at a place from 1; 0 where there is none.
func (l integers) at(position int) int64 {
	if position > len(l) {
		return 0
	}
	return l[position-1]
}

// explainEvidence gives candidates the rows that the view evidence has of it. They are put together here out of the one
// record's and its candidates' normal forms: the view reads five wide tables for it.
func (p *Publication) explainEvidence(ctx context.Context, x *Explanation, gave map[*Considered]compared) error {
	if len(gave) == 0 {
		return nil
	}
	kind, crm, directory := linkage.Person, schemas.CRMPerson.Name, schemas.DirMember.Name
	if isAccount(x.CRMID) {
		kind, crm, directory = linkage.Company, schemas.CRMCompany.Name, schemas.DirCompany.Name
	}
	model, err := programmeOf(p.folder(), p.Record)
	if err != nil {
		return err
	}
	shown, err := linkage.ShownColumns(model, kind)
	if err != nil {
		return err
	}
	var entities []string
	for c := range gave {
		entities = append(entities, c.EntityID)
	}
	ours, live, err := p.shownOf(ctx, x, crm, shown)
	if err != nil || !live {
		return err
	}
	others, err := p.textsOf(ctx, directory, "entity_id", columnsOf(shown, func(s linkage.Shown) []linkage.ShownColumn { return s.Directory }), entities...)
	if err != nil {
		return err
	}
	labels, err := p.levelLabels(ctx, kind)
	if err != nil {
		return err
	}
	for c, g := range gave {
		theirs, known := others[c.EntityID]
		if !known {
			continue
		}
		c.Evidence = append(c.Evidence, Evidence{Comparison: "prior", Label: "before anything is compared", Weight: g.prior})
		for n, s := range shown {
			level := g.levels.at(n + 1)
			c.Evidence = append(c.Evidence, Evidence{Comparison: s.Comparison, Level: level, Label: labels[[2]int64{int64(n + 1), level}],
				Weight: g.weights.at(n + 1), Frequency: g.frequencies.at(n + 1), CRM: ours.text(s.CRM), Directory: theirs.text(s.Directory)})
		}
	}
	return nil
}

// texts are a record's values by column, as they are shown: elements of a list side by side.
type texts map[linkage.ShownColumn]string

// text is what some columns hold, without those that hold nothing.
func (v texts) text(columns []linkage.ShownColumn) string {
	var some []string
	for _, c := range columns {
		if v[c] != "" {
			some = append(some, v[c])
		}
	}
	return strings.Join(some, ", ")
}

// columnsOf are the columns of one side that are shown, each once.
func columnsOf(shown []linkage.Shown, side func(linkage.Shown) []linkage.ShownColumn) []linkage.ShownColumn {
	var columns []linkage.ShownColumn
	seen := map[linkage.ShownColumn]bool{}
	for _, s := range shown {
		for _, c := range side(s) {
			if !seen[c] {
				seen[c] = true
				columns = append(columns, c)
			}
		}
	}
	return columns
}

// shownOf are the record's own values, and what the other half of the matching knows of it. Only a live record has some.
func (p *Publication) shownOf(ctx context.Context, x *Explanation, table string, shown []linkage.Shown) (texts, bool, error) {
	var own, known []linkage.ShownColumn
	for _, c := range columnsOf(shown, func(s linkage.Shown) []linkage.ShownColumn { return s.CRM }) {
		if c.Known {
			known = append(known, c)
		} else {
			own = append(own, c)
		}
	}
	records, err := p.textsOf(ctx, table, "crm_id", own, x.CRMID)
	if err != nil {
		return nil, false, err
	}
	ours, live := records[x.CRMID]
	if !live || len(known) == 0 {
		return ours, live, nil
	}
	more, err := p.textsOf(ctx, schemas.Known.Name, "crm_id", known, x.CRMID)
	for c, text := range more[x.CRMID] {
		ours[c] = text
	}
	return ours, live, err
}

// textsOf reads some columns of the rows of some keys.
func (p *Publication) textsOf(ctx context.Context, table, key string, columns []linkage.ShownColumn, keys ...string) (map[string]texts, error) {
	names := []string{key}
	for _, c := range columns {
		names = append(names, c.Name)
	}
	rows, err := p.rows(ctx, table, names, keys...)
	found := map[string]texts{}
	for _, r := range rows {
		v := texts{}
		for i, c := range columns {
			v[c] = textOfCell(r, i+1)
		}
		found[r.Text(0)] = v
	}
	return found, err
}

func textOfCell(r sql.Cells, i int) string {
	if _, list := r[i].([]any); list {
		return strings.Join(r.Texts(i), ", ")
	}
	return r.Text(i)
}

// levelLabels are the names of a kind's levels by position and level.
func (p *Publication) levelLabels(ctx context.Context, kind string) (map[[2]int64]string, error) {
	rows, err := p.all(ctx, schemas.ModelLevel.Name, []string{"kind", "position", "level", "label"})
	labels := map[[2]int64]string{}
	for _, r := range rows {
		if r.Text(0) == kind {
			labels[[2]int64{number(r.Int(1)), number(r.Int(2))}] = r.Text(3)
		}
	}
	return labels, err
}
