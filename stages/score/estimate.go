package score

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// EstimateIn is what parameters are learned from: In but for the parameters.
type EstimateIn struct {
	Section linkage.Section `json:"section"`
	CRM     sql.Snapshot    `json:"crm"`
	Known   sql.Snapshot    `json:"known"`
	Index   string          `json:"index"`
	// Verdicts are decisions to learn from, a table verdict; absent where none are used.
	Verdicts sql.Snapshot `json:"verdicts,omitzero"`
	// InUse are the numbers used until now, to start from as well; nil for none.
	InUse *linkage.Parameters `json:"in_use,omitempty"`
}

// EstimateOut is what Run is given, now or by every run that pins it.
type EstimateOut struct {
	Parameters  linkage.Parameters `json:"parameters"`
	Frequencies sql.Snapshot       `json:"frequencies"`
}

// Estimate learns the section's parameters from the live records, or a fixed sample of them, and from decisions where some are given.
func Estimate(ctx context.Context, s *sql.Session, in EstimateIn) (EstimateOut, error) {
	out, err := estimate(ctx, s, in)
	if err != nil {
		return EstimateOut{}, fmt.Errorf("estimate: %w", err)
	}
	return out, nil
}

func estimate(ctx context.Context, s *sql.Session, in EstimateIn) (EstimateOut, error) {
	index, close, err := openIndex(s, in.Section, in.Index)
	if err != nil {
		return EstimateOut{}, err
	}
	defer close() //nolint:errcheck // nothing was written
	labels, err := readLabels(ctx, s, in)
	if err != nil {
		return EstimateOut{}, err
	}
	crm, err := s.Whole(ctx, in.CRM) // what an amended table was given may fall to any part
	if err != nil {
		return EstimateOut{}, err
	}
	records := index.NewRecords()
	parts := sampledParts(crm.Rows)
	if err := eachRecord(ctx, s, in.Section, crm.First(parts), in.Known, records.Append); err != nil {
		return EstimateOut{}, err
	}
	if rest := crm.Rest(parts); len(labels.Records) > 0 && rest.Rows > 0 {
		labelled := func(batch arrow.RecordBatch) error { return records.AppendIf(batch, labels.Has) }
		if err := eachRecordOf(ctx, s, in.Section, rest, in.Known, "verdict", labelled); err != nil {
			return EstimateOut{}, err
		}
	}
	parameters, frequencies, err := linkage.Estimate(index, records, labels, in.InUse)
	if err != nil {
		return EstimateOut{}, err
	}
	stored, err := writeFrequencies(ctx, s, in.Section, frequencies)
	return EstimateOut{parameters, stored}, err
}

// sampledParts are how many parts of a CRM table of n rows are learned from: as many as hold a fixed number of records. The
// sample stays the same when other records come and go.
func sampledParts(n int64) int {
	return int(min(schemas.ManyParts, (schemas.ManyParts*linkage.LearnRecords+n-1)/max(1, n)))
}

func writeFrequencies(ctx context.Context, s *sql.Session, section linkage.Section, rows []linkage.Frequency) (sql.Snapshot, error) {
	w, err := s.Writer(ctx, schemas.TermFrequency)
	if err != nil {
		return sql.Snapshot{}, err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.TermFrequency.Arrow())
	defer b.Release()
	for i, r := range rows {
		b.Field(0).(*array.StringBuilder).Append(section.EntityKind())
		b.Field(1).(*array.StringBuilder).Append(r.Field)
		b.Field(2).(*array.StringBuilder).Append(r.Value)
		b.Field(3).(*array.Int64Builder).Append(r.Records)
		if (i+1)%rowsPerBatch == 0 || i == len(rows)-1 {
			if err := write(ctx, w, b); err != nil {
				return sql.Snapshot{}, err
			}
		}
	}
	return w.Save(ctx)
}

func write(ctx context.Context, w *sql.Writer, b *array.RecordBuilder) error {
	batch := b.NewRecordBatch()
	defer batch.Release()
	return w.Write(ctx, batch)
}

// Levels stores the model in readable form: table model_level for all sections with their parameters, in order.
func Levels(ctx context.Context, s *sql.Session, sections []linkage.Section, parameters []linkage.Parameters) (sql.Snapshot, error) {
	w, err := s.Writer(ctx, schemas.ModelLevel)
	if err != nil {
		return sql.Snapshot{}, fmt.Errorf("model levels: %w", err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.ModelLevel.Arrow())
	defer b.Release()
	for i, section := range sections {
		rows, err := linkage.ModelLevels(section, parameters[i])
		if err != nil {
			return sql.Snapshot{}, fmt.Errorf("model levels: %w", err)
		}
		for _, r := range rows {
			b.Field(0).(*array.StringBuilder).Append(r.Kind)
			b.Field(1).(*array.Int64Builder).Append(r.Position)
			b.Field(2).(*array.Int64Builder).Append(r.Level)
			b.Field(3).(*array.StringBuilder).Append(r.Comparison)
			b.Field(4).(*array.StringBuilder).Append(r.Label)
			for k, share := range []int64{r.M, r.U} {
				if r.Level == 0 {
					b.Field(5 + k).AppendNull()
				} else {
					b.Field(5 + k).(*array.Decimal128Builder).Append(decimal128.FromI64(share))
				}
			}
			b.Field(7).(*array.Int64Builder).Append(r.Weight)
			b.Field(8).(*array.BooleanBuilder).Append(r.FrequencyAdjusted)
		}
	}
	if err := write(ctx, w, b); err != nil {
		return sql.Snapshot{}, fmt.Errorf("model levels: %w", err)
	}
	snapshot, err := w.Save(ctx)
	if err != nil {
		return sql.Snapshot{}, fmt.Errorf("model levels: %w", err)
	}
	return snapshot, nil
}
