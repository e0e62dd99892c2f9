package pipeline

import (
	"context"
	stdsql "database/sql"
	"strings"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// compared is what the comparisons of a record with a candidate gave, by model_level.position from 1.
type compared struct {
	prior                        int64
	levels, weights, frequencies integers
}

// integers are a list of numbers as the driver gives it.
type integers []any

// Scan takes a list; null is an empty one.
func (l *integers) Scan(value any) error {
	*l, _ = value.([]any)
	return nil
}

// at is the number at a place from 1; 0 where there is none.
func (l integers) at(position int) int64 {
	if position > len(l) {
		return 0
	}
	n, _ := l[position-1].(int64) // the query gives no other kind; null is 0
	return n
}

// explainEvidence gives each candidate the rows that the view evidence has of it. They are put together here out of the one
// record's and its candidates' normal forms: the view reads five wide tables for it.
func (p *Publication) explainEvidence(ctx context.Context, x *Explanation, gave []compared) error {
	kind, crm, directory := linkage.Person, "crm_person", "dir_member"
	if isAccount(x.CRMID) {
		kind, crm, directory = linkage.Company, "crm_company", "dir_company"
	}
	model, err := programmeOf(p.session, p.Record)
	if err != nil {
		return err
	}
	shown, err := linkage.ShownSQL(model, kind)
	if err != nil {
		return err
	}
	left, right := make([]string, len(shown)), make([]string, len(shown))
	for i, s := range shown {
		left[i], right[i] = s.CRM, s.Directory
	}
	var entities []string
	for _, c := range x.Candidates {
		entities = append(entities, c.EntityID)
	}
	for table, keys := range map[string][]string{crm: {x.CRMID}, "known": {x.CRMID}, directory: entities} {
		if err := p.bindFor(ctx, table, keys...); err != nil {
			return err
		}
	}
	sides, err := p.texts(ctx, "SELECT a.crm_id, "+strings.Join(left, ", ")+" FROM "+crm+
		" a LEFT JOIN known k ON k.object = $object AND k.crm_id = a.crm_id", map[string]any{"object": x.Object}, len(shown))
	if err != nil {
		return err
	}
	others, err := p.texts(ctx, "SELECT b.entity_id, "+strings.Join(right, ", ")+" FROM "+directory+" b", nil, len(shown))
	if err != nil {
		return err
	}
	labels, err := p.levelLabels(ctx, kind)
	if err != nil {
		return err
	}
	ours, live := sides[x.CRMID]
	for i, g := range gave {
		c := &x.Candidates[i]
		theirs, known := others[c.EntityID]
		if !live || !known {
			continue
		}
		c.Evidence = append(c.Evidence, Evidence{Comparison: "prior", Label: "before anything is compared", Weight: g.prior})
		for n, s := range shown {
			level := g.levels.at(n + 1)
			c.Evidence = append(c.Evidence, Evidence{Comparison: s.Comparison, Level: level, Label: labels[[2]int64{int64(n + 1), level}],
				Weight: g.weights.at(n + 1), Frequency: g.frequencies.at(n + 1), CRM: ours[n].String, Directory: theirs[n].String})
		}
	}
	return nil
}

// texts are the rows of a query whose first column is a key and whose others are texts.
func (p *Publication) texts(ctx context.Context, query string, values map[string]any, columns int) (map[string][]stdsql.NullString, error) {
	rows := map[string][]stdsql.NullString{}
	err := p.each(ctx, query, values, func(r *sql.Rows) error {
		var key string
		texts, places := make([]stdsql.NullString, columns), []any{&key}
		for i := range texts {
			places = append(places, &texts[i])
		}
		err := r.Scan(places...)
		rows[key] = texts
		return err
	})
	return rows, err
}

// levelLabels are the names of a kind's levels by position and level.
func (p *Publication) levelLabels(ctx context.Context, kind string) (map[[2]int64]string, error) {
	labels := map[[2]int64]string{}
	if err := p.bind(ctx, "model_level"); err != nil {
		return nil, err
	}
	return labels, p.each(ctx, "SELECT position, level, coalesce(label, '') FROM model_level WHERE kind = $kind", map[string]any{"kind": kind},
		func(r *sql.Rows) error {
			var at [2]int64
			var label string
			err := r.Scan(&at[0], &at[1], &label)
			labels[at] = label
			return err
		})
}
