package score

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// digest stands for the candidates of a record: the sum over its rows, so that their order does not matter.
type digest struct {
	rows, low, high uint64
}

// digesting makes digests.
type digesting struct{ row []byte }

func (d *digesting) start(rank, weight, probability, candidates int64, entity, rule string) {
	d.row = d.row[:0]
	for _, n := range []int64{rank, weight, probability, candidates} {
		d.row = binary.LittleEndian.AppendUint64(d.row, uint64(n))
	}
	for _, text := range []string{entity, rule} {
		d.row = append(binary.LittleEndian.AppendUint32(d.row, uint32(len(text))), text...)
	}
}

func (d *digesting) number(n int32) { d.row = binary.LittleEndian.AppendUint32(d.row, uint32(n)) }

func (d *digesting) end(to *digest) {
	sum := sha256.Sum256(d.row)
	to.rows++
	to.low += binary.LittleEndian.Uint64(sum[:8])
	to.high += binary.LittleEndian.Uint64(sum[8:16])
}

// of is the digest of what a record was scored; what is stored beside it follows from it and the model.
func (d *digesting) of(scorer *linkage.Scorer, r linkage.Scored) (all digest) {
	for i, c := range r.Best {
		d.start(int64(i+1), int64(c.Weight), c.Probability, int64(r.Candidates), scorer.EntityID(c.Entity), scorer.RuleName(c.Rule))
		for _, level := range c.Levels {
			d.number(int32(level))
		}
		for _, bits := range c.Frequencies {
			d.number(bits)
		}
		d.end(&all)
	}
	return all
}

// scoreAsBefore takes the candidates of records as they were, which were scored with the same numbers, out of what was observed, and gives
// their digests.
func (r *scoring) scoreAsBefore(gone *linkage.Records) (map[string]*digest, error) {
	scored, err := r.scorer.Score(gone, r.workers)
	if err != nil {
		return nil, err
	}
	if r.in.Observe {
		r.observer.RemoveScored(scored)
	}
	var d digesting
	had := map[string]*digest{}
	for _, one := range scored {
		if all := d.of(r.scorer, one); all.rows > 0 {
			had[gone.ID(one.Record)] = &all
		}
	}
	return had, nil
}

// rescore scores records and writes the candidates of those that come to others than they had. Records that had some and are not among
// them are no longer live.
func (r *scoring) rescore(ctx context.Context, had map[string]*digest, records *linkage.Records) error {
	scored, err := r.compare(records)
	if err != nil {
		return err
	}
	if err := r.write(ctx, had, records, scored); err != nil {
		return err
	}
	for id := range had {
		r.replaced = append(r.replaced, id)
		r.totals.Drop(id)
	}
	return nil
}

// write writes the candidates of those records that come to others than they had, and takes all out of what they had.
func (r *scoring) write(ctx context.Context, had map[string]*digest, records *linkage.Records, scored []linkage.Scored) error {
	var d digesting
	differ := scored[:0]
	for _, one := range scored {
		id := records.ID(one.Record)
		before, now := had[id], d.of(r.scorer, one)
		delete(had, id)
		if before == nil && now.rows == 0 || before != nil && *before == now {
			continue
		}
		differ = append(differ, one)
		if before != nil {
			r.replaced = append(r.replaced, id)
		}
	}
	return writeCandidates(ctx, r.to, r.in.Section, r.scorer, records, differ)
}

// forget takes the candidates of the records that a temporary table names out of what was observed, and gives their digests.
// Those of records that kept has an entry for are put there, in the order in which they are read.
func (r *scoring) forget(ctx context.Context, earlier sql.Snapshot, named string, kept map[string]*[]linkage.Kept) (map[string]*digest, error) {
	s, had := r.session, map[string]*digest{}
	if err := s.BindFor(ctx, schemas.Candidate.Name, earlier, "(SELECT crm_id FROM "+named+")"); err != nil {
		return nil, err
	}
	var d digesting
	return had, s.Each(ctx, "SELECT crm_id, entity_id, rule, rank, weight, CAST(probability * 1000000 AS BIGINT), candidates, levels, frequencies FROM candidate SEMI JOIN "+
		named+" USING (crm_id)", nil, func(batch arrow.RecordBatch) error {
		text := func(c int) *array.String { return batch.Column(c).(*array.String) }
		number := func(c int) *array.Int64 { return batch.Column(c).(*array.Int64) }
		ids, entities, rules := text(0), text(1), text(2)
		ranks, weights, probabilities, candidates := number(3), number(4), number(5), number(6)
		levels, frequencies := batch.Column(7).(array.ListLike), batch.Column(8).(array.ListLike)
		codes, ok := levels.ListValues().(*array.Int32)
		bits, also := frequencies.ListValues().(*array.Int32)
		if !ok || !also {
			return fmt.Errorf("levels are %s, frequencies %s", levels.ListValues().DataType(), frequencies.ListValues().DataType())
		}
		for i := range int(batch.NumRows()) {
			from, to := levels.ValueOffsets(i)
			if r.in.Observe {
				r.observer.RemoveCandidate(probabilities.Value(i), codes.Int32Values()[from:to])
			}
			d.start(ranks.Value(i), weights.Value(i), probabilities.Value(i), candidates.Value(i), entities.Value(i), rules.Value(i))
			for _, level := range codes.Int32Values()[from:to] {
				d.number(level)
			}
			from, to = frequencies.ValueOffsets(i)
			for _, n := range bits.Int32Values()[from:to] {
				d.number(n)
			}
			if rows := kept[ids.Value(i)]; rows != nil {
				k := linkage.Kept{Entity: strings.Clone(entities.Value(i)), Rule: strings.Clone(rules.Value(i)), Rank: ranks.Value(i)}
				k.Candidate.Weight, k.Candidate.Levels = int32(weights.Value(i)), levelsOf(codes, levels, i)
				k.Candidate.Frequencies = slices.Clone(bits.Int32Values()[from:to])
				*rows = append(*rows, k)
			}
			all := had[ids.Value(i)]
			if all == nil {
				all = &digest{}
				had[strings.Clone(ids.Value(i))] = all
			}
			d.end(all)
		}
		return nil
	})
}

func levelsOf(codes *array.Int32, lists array.ListLike, i int) (levels []uint8) {
	from, to := lists.ValueOffsets(i)
	for _, level := range codes.Int32Values()[from:to] {
		levels = append(levels, uint8(level))
	}
	return levels
}

// amend ends the table with other rows for the records whose candidates are others.
func (r *scoring) amend(ctx context.Context, earlier sql.Snapshot) (sql.Snapshot, error) {
	s := r.session
	if err := s.KeepIDs(ctx, scoredAnew, r.replaced); err != nil {
		return sql.Snapshot{}, err
	}
	return r.to.Amend(ctx, earlier, "SELECT crm_id FROM "+scoredAnew)
}
