package score

import (
	"context"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// DriftIn are the numbers that records were scored with, and what was observed of those records. Of companies it is the
// first round that counts: that is the one the numbers are estimated in.
type DriftIn struct {
	Sections   []linkage.Section    `json:"sections"`
	Parameters []linkage.Parameters `json:"parameters"`
	Observed   []linkage.Observed   `json:"observed"`
}

// DriftOut is the table model_drift, and what in it is above its bound.
type DriftOut struct {
	Drift   sql.Snapshot `json:"drift"`
	Drifted []Drifted    `json:"drifted,omitempty"`
}

// Drifted is a comparison whose numbers no longer fit the data, or what moves all weights of a kind together.
type Drifted struct {
	Kind       string  `json:"kind"`
	Comparison string  `json:"comparison"`
	Bits       int64   `json:"bits"` // thousandths
	Level      string  `json:"level,omitempty"`
	What       string  `json:"what"`
	Then       float64 `json:"then"`
	Now        float64 `json:"now"`
}

// Drift holds the model against the data. It reads nothing but its input.
func Drift(ctx context.Context, s *sql.Session, in DriftIn) (DriftOut, error) {
	out, err := drift(ctx, s, in)
	if err != nil {
		return DriftOut{}, fmt.Errorf("model drift: %w", err)
	}
	return out, nil
}

func drift(ctx context.Context, s *sql.Session, in DriftIn) (DriftOut, error) {
	w, err := s.Writer(ctx, schemas.ModelDrift)
	if err != nil {
		return DriftOut{}, err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.ModelDrift.Arrow())
	defer b.Release()
	var out DriftOut
	for i, section := range in.Sections {
		rows, err := linkage.MeasureDrift(section, in.Parameters[i], in.Observed[i])
		if err != nil {
			return DriftOut{}, err
		}
		for _, r := range rows {
			appendDrift(b, r)
			if r.Drifted {
				out.Drifted = append(out.Drifted, Drifted{Kind: r.Kind, Comparison: r.Comparison, Bits: max(r.M, r.U), Level: r.Level,
					What: r.What, Then: r.Then, Now: r.Now})
			}
		}
	}
	if err := write(ctx, w, b); err != nil {
		return DriftOut{}, err
	}
	out.Drift, err = w.Save(ctx)
	return out, err
}

// appendDrift adds one row; the columns stand in the order of schemas.ModelDrift.
func appendDrift(b *array.RecordBuilder, r linkage.Drift) {
	b.Field(0).(*array.StringBuilder).Append(r.Kind)
	b.Field(1).(*array.StringBuilder).Append(r.Comparison)
	for i, n := range []int64{r.Position, r.Matches, r.Pairs, r.M, r.U} {
		b.Field(2 + i).(*array.Int64Builder).Append(n)
	}
	b.Field(7).(*array.BooleanBuilder).Append(r.Drifted)
	for i, text := range []string{r.Level, r.What} {
		if text == "" {
			b.Field(8 + i).AppendNull()
		} else {
			b.Field(8 + i).(*array.StringBuilder).Append(text)
		}
	}
	for i, v := range []float64{r.Then, r.Now} {
		if r.What == "" {
			b.Field(10 + i).AppendNull()
		} else {
			b.Field(10 + i).(*array.Decimal128Builder).Append(decimal(v))
		}
	}
	for i, shares := range [][]int32{r.ModelM, r.ObservedM, r.ModelU, r.ObservedU} {
		l := b.Field(12 + i).(*array.ListBuilder)
		l.Append(true)
		l.ValueBuilder().(*array.Int32Builder).AppendValues(shares, nil)
	}
}

// decimal is a number with ten digits after the point, as schemas.Number has; six significant digits of it count.
func decimal(v float64) decimal128.Num {
	whole, rest := math.Modf(v)
	return decimal128.FromI64(int64(whole)).Mul(decimal128.FromI64(1e10)).Add(decimal128.FromI64(int64(math.RoundToEven(rest * 1e10))))
}
