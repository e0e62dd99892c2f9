package pipeline

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/sql"
)

// EvalOther holds another program's answers against the truth, for the records that this publication answers for and by
// the same rules as Eval: what differs between the two figures is the matching alone. A record without an answer is
// unmatched.
func (p *Publication) EvalOther(ctx context.Context, truth map[TruthKey]Truth, oneToOne bool, answers map[TruthKey]string) (Quality, error) {
	e := newEvaluation(truth, oneToOne)
	if err := p.bind(ctx, "mapping"); err != nil {
		return Quality{}, fmt.Errorf("eval: %w", err)
	}
	err := p.read(ctx, "answers", nil, func(r *sql.Rows) error {
		var key TruthKey
		var status, entity, tier string
		err := r.Scan(&key.Object, &key.CRMID, &status, &entity, &tier)
		switch status {
		case "matched", "decided", "duplicate", "unmatched":
			status = "matched"
		}
		e.answer(key, status, answers[key], "")
		return err
	})
	if err != nil {
		return Quality{}, fmt.Errorf("eval: %w", err)
	}
	return e.result(), nil
}
