package score

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// rowsPerBatch keeps batches near what DuckDB takes in one piece.
const rowsPerBatch = 50_000

// writeCandidates adds the rows of candidate for some records.
func writeCandidates(ctx context.Context, w *sql.Writer, section linkage.Section, scorer *linkage.Scorer, records *linkage.Records, scored []linkage.Scored) error {
	b := newCandidateBuilder()
	defer b.Release()
	for _, r := range scored {
		object := schemas.Account
		if section.Kind == linkage.Person {
			object = records.Text(r.Record, "object")
		}
		for i, c := range r.Best {
			b.add(object, records.ID(r.Record), i+1, c, r.Candidates, scorer)
		}
		if b.rows >= rowsPerBatch {
			if err := b.flush(ctx, w); err != nil {
				return err
			}
		}
	}
	return b.flush(ctx, w)
}

type candidateBuilder struct {
	*array.RecordBuilder
	rows int
}

func newCandidateBuilder() *candidateBuilder {
	return &candidateBuilder{RecordBuilder: array.NewRecordBuilder(memory.DefaultAllocator, schemas.Candidate.Arrow())}
}

// add appends one row; the columns stand in the order of schemas.Candidate.
func (b *candidateBuilder) add(object, id string, rank int, c linkage.Candidate, candidates int, scorer *linkage.Scorer) {
	b.Field(0).(*array.StringBuilder).Append(object)
	b.Field(1).(*array.StringBuilder).Append(id)
	b.Field(2).(*array.Int64Builder).Append(int64(rank))
	b.Field(3).(*array.StringBuilder).Append(scorer.EntityID(c.Entity))
	b.Field(4).(*array.Int64Builder).Append(int64(c.Weight))
	b.Field(5).(*array.Decimal128Builder).Append(decimal128.FromI64(c.Probability))
	b.Field(6).(*array.Int64Builder).Append(int64(scorer.Prior()))
	levels, weights, frequencies := b.list(7), b.list(8), b.list(9)
	for i, level := range c.Levels {
		levels.Append(int32(level))
		weights.Append(scorer.Weight(i, level))
		frequencies.Append(c.Frequencies[i])
	}
	b.Field(10).(*array.StringBuilder).Append(scorer.RuleName(c.Rule))
	b.Field(11).(*array.Int64Builder).Append(int64(candidates))
	b.rows++
}

func (b *candidateBuilder) list(column int) *array.Int32Builder {
	l := b.Field(column).(*array.ListBuilder)
	l.Append(true)
	return l.ValueBuilder().(*array.Int32Builder)
}

func (b *candidateBuilder) flush(ctx context.Context, w *sql.Writer) error {
	batch := b.NewRecordBatch()
	defer batch.Release()
	b.rows = 0
	return w.Write(ctx, batch)
}
