package extract

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/sql"
)

// held are rows read of an object that nothing is known of yet, kept in memory. Where no record occurs twice they are the
// object's raw table, and are stored as they are; else, and where they are too many, they are landed in the engine, which
// tells what beats what.
type held struct {
	batches []arrow.RecordBatch
	bytes   uint64
	limit   uint64
}

// hold says that the rows of an object may be kept in memory: there is no mirror to merge them over, no rule refuses any,
// and one text names each.
func (r *run) hold(j job) *held {
	if j.source == nil || j.parquet != nil || r.isMerged(j) || j.list.recordID != "" || !sql.HasTextKey(j.table) {
		return nil
	}
	return &held{limit: r.session.Room() / 4}
}

func (h *held) add(batch arrow.RecordBatch) {
	batch.Retain()
	h.batches = append(h.batches, batch)
	for _, c := range batch.Columns() {
		h.bytes += c.Data().SizeInBytes()
	}
}

func (h *held) isFull() bool { return h.bytes > h.limit }

func (h *held) release() {
	for _, b := range h.batches {
		b.Release()
	}
	h.batches = nil
}

// perFile counts the rows by file.
func (h *held) perFile() map[string]int64 {
	counts := map[string]int64{}
	for _, b := range h.batches {
		files := b.Column(b.Schema().FieldIndices("file")[0]).(*array.String)
		for i := 0; i < files.Len(); {
			first := files.Value(i)
			start := i
			for i < files.Len() && files.Value(i) == first {
				i++
			}
			counts[first] += int64(i - start)
		}
	}
	return counts
}

// landHeld lands what is held after all.
func (j *job) landHeld(ctx context.Context) error {
	h := j.held
	j.held = nil
	defer h.release()
	for _, b := range h.batches {
		if err := j.landed.Write(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// settleHeld makes the raw table of rows that are held; false where a record occurs twice.
func (r *run) settleHeld(ctx context.Context, j *job) (made Reading, ok bool, err error) {
	if made.Table, ok, err = r.session.SaveHeld(ctx, j.table, j.held.batches); err != nil || !ok {
		return made, ok, err
	}
	if made.Count, err = r.accountOf(ctx, *j, j.held.perFile(), map[string]int64{}); err != nil {
		return made, false, err
	}
	j.held.release()
	carried, err := r.carry(ctx, *j)
	if err != nil {
		return made, false, err
	}
	made.Unsettled = carried.unsettled
	if err := r.compareCounts(ctx, *j, &made); err != nil {
		return made, false, err
	}
	made.repeats, err = r.willRepeat(ctx, *j, made.Count, made.Table, relation{}, nil)
	return made, true, err
}

