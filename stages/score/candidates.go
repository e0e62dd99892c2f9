package score

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
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
		b.record(section, scorer, records, r)
		if b.rows >= rowsPerBatch {
			if err := b.flush(ctx, w); err != nil {
				return err
			}
		}
	}
	return b.flush(ctx, w)
}

// writeParts adds the rows of candidate for the records of some parts, all of each, part by part.
func writeParts(ctx context.Context, w *sql.PartWriter, section linkage.Section, scorer *linkage.Scorer, records *linkage.Records, scored []linkage.Scored) error {
	b := newCandidateBuilder()
	defer b.Release()
	for number, part := range byPart(section, records) {
		for _, i := range part {
			b.record(section, scorer, records, scored[i])
		}
		if b.rows == 0 {
			continue
		}
		batch := b.NewRecordBatch()
		b.rows = 0
		err := w.Write(ctx, number, []arrow.RecordBatch{batch})
		batch.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// byPart are the records of each part in the order of candidate's key. They mostly come in the order of their ids.
func byPart(section linkage.Section, records *linkage.Records) [][]int {
	objects := []string{schemas.Account}
	if section.Kind == linkage.Person {
		objects = []string{schemas.Contact, schemas.Lead}
	}
	groups := make([][]int, schemas.ManyParts*len(objects))
	for i := range records.Len() {
		at := sql.PartOf(records.ID(i)) * len(objects)
		if len(objects) > 1 {
			at += slices.Index(objects, records.Text(i, "object"))
		}
		groups[at] = append(groups[at], i)
	}
	parts := make([][]int, schemas.ManyParts)
	for at, group := range groups {
		if byID := records.CompareIDs; !slices.IsSortedFunc(group, byID) {
			slices.SortFunc(group, byID)
		}
		parts[at/len(objects)] = append(parts[at/len(objects)], group...)
	}
	return parts
}

// candidateBuilder has the builders of schemas.Candidate at hand, in the order of its columns.
type candidateBuilder struct {
	*array.RecordBuilder
	object, id           *array.StringBuilder
	rank                 *array.Int64Builder
	entity               *array.StringBuilder
	weight               *array.Int64Builder
	probability          *array.Decimal128Builder
	prior                *array.Int64Builder
	levels               intLists
	weights, frequencies intLists
	rule                 *array.StringBuilder
	candidates           *array.Int64Builder
	rows                 int
}

type intLists struct {
	*array.ListBuilder
	values *array.Int32Builder
}

func newCandidateBuilder() *candidateBuilder {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.Candidate.Arrow())
	text := func(i int) *array.StringBuilder { return b.Field(i).(*array.StringBuilder) }
	number := func(i int) *array.Int64Builder { return b.Field(i).(*array.Int64Builder) }
	lists := func(i int) intLists {
		l := b.Field(i).(*array.ListBuilder)
		return intLists{l, l.ValueBuilder().(*array.Int32Builder)}
	}
	return &candidateBuilder{RecordBuilder: b, object: text(0), id: text(1), rank: number(2), entity: text(3), weight: number(4),
		probability: b.Field(5).(*array.Decimal128Builder), prior: number(6), levels: lists(7), weights: lists(8), frequencies: lists(9),
		rule: text(10), candidates: number(11)}
}

// record adds the rows of one record.
func (b *candidateBuilder) record(section linkage.Section, scorer *linkage.Scorer, records *linkage.Records, r linkage.Scored) {
	object := schemas.Account
	if section.Kind == linkage.Person {
		object = records.Text(r.Record, "object")
	}
	id := records.ID(r.Record)
	for i, c := range r.Best {
		b.add(object, id, i+1, c, r.Candidates, scorer)
	}
}

func (b *candidateBuilder) add(object, id string, rank int, c linkage.Candidate, candidates int, scorer *linkage.Scorer) {
	b.object.Append(object)
	b.id.Append(id)
	b.rank.Append(int64(rank))
	b.entity.Append(scorer.EntityID(c.Entity))
	b.weight.Append(int64(c.Weight))
	b.probability.Append(decimal128.FromI64(c.Probability))
	b.prior.Append(int64(scorer.Prior()))
	for _, l := range []intLists{b.levels, b.weights, b.frequencies} {
		l.Append(true)
		l.values.Reserve(len(c.Levels))
	}
	for i, level := range c.Levels {
		b.levels.values.UnsafeAppend(int32(level))
		b.weights.values.UnsafeAppend(scorer.Weight(i, level))
	}
	b.frequencies.values.AppendValues(c.Frequencies, nil)
	b.rule.Append(scorer.RuleName(c.Rule))
	b.candidates.Append(int64(candidates))
	b.rows++
}

func (b *candidateBuilder) flush(ctx context.Context, w *sql.Writer) error {
	batch := b.NewRecordBatch()
	defer batch.Release()
	b.rows = 0
	return w.Write(ctx, batch)
}
