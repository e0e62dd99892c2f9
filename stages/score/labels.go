package score

import (
	"context"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// readLabels takes what decisions come to as labels of the section's records.
func readLabels(ctx context.Context, s *sql.Session, in EstimateIn) (linkage.Labels, error) {
	labels := linkage.Labels{Records: map[string]linkage.Label{}, Population: in.CRM.Rows}
	if in.Verdicts.Rows == 0 {
		return labels, nil
	}
	if err := s.BindAs(ctx, schemas.Verdict.Name, in.Verdicts); err != nil {
		return labels, err
	}
	objects := "object = 'Account'"
	if in.Section.Kind == linkage.Person {
		objects = "object IN ('Contact', 'Lead')"
	}
	err := s.Each(ctx, "SELECT crm_id, verdict, entity_id, vetoed FROM verdict WHERE "+objects, nil, func(batch arrow.RecordBatch) error {
		id, verdict, entity := batch.Column(0).(*array.String), batch.Column(1).(*array.String), batch.Column(2).(*array.String)
		vetoed := batch.Column(3).(array.ListLike)
		values := vetoed.ListValues().(*array.String)
		for i := range int(batch.NumRows()) {
			var l linkage.Label
			switch {
			case verdict.IsNull(i):
				from, to := vetoed.ValueOffsets(i)
				for v := from; v < to; v++ {
					l.Not = append(l.Not, strings.Clone(values.Value(int(v))))
				}
			case verdict.Value(i) == "is":
				l.Entity = strings.Clone(entity.Value(i))
			default:
				l.None = true
			}
			labels.Records[strings.Clone(id.Value(i))] = l
		}
		return nil
	})
	return labels, err
}
