package extract

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/sql"
)

// held are rows read of an object that nothing is known of yet, kept in memory: the engine would copy and sort them whole. It
// gets only those of records that occur more than once, to tell what beats what; and all, where they are too many.
type held struct {
	*sql.Held
	limit uint64
	over  bool // rows that an earlier version of the list has are not held
}

// hold says that the rows of an object may be kept in memory: there is no mirror to merge them over, no rule refuses any,
// and one text names each. over is false where what an earlier version has is wanted, too.
func (r *run) hold(ctx context.Context, j job, over bool) (*held, error) {
	if j.source == nil || j.parquet != nil || r.isMerged(j) || j.list.recordID != "" || !sql.HasTextKey(j.table) {
		return nil, nil
	}
	h := &held{Held: sql.NewHeld(j.table), limit: r.session.Room() / 4}
	if !r.digests(j) {
		return h, nil
	}
	if over {
		known, err := r.session.NewDigestedOver(ctx, j.table, r.in.Earlier[j.table.Name])
		if err != nil {
			return nil, err
		}
		if known != nil {
			h.Held, h.over = known, true
			return h, nil
		}
	}
	h.Held = sql.NewDigested(j.table)
	return h, nil
}

func (h *held) isFull() bool { return h.Bytes() > h.limit }

// perFile counts the rows by file, those that are known, too.
func (h *held) perFile() map[string]int64 {
	counts := map[string]int64{}
	for file, n := range h.KnownRows() {
		counts[file] = n
	}
	for _, b := range h.Batches() {
		files := b.Column(int(b.NumCols()) - 2).(*array.String)
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

// landHeld lands all that is held after all.
func (j *job) landHeld(ctx context.Context) error {
	h := j.held
	j.held = nil
	defer h.Release()
	for _, b := range h.Batches() {
		if err := j.landed.Write(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// landRepeated lands the rows of records that occur more than once.
func (j *job) landRepeated(ctx context.Context) error {
	if j.held == nil || len(j.held.Batches()) == 0 {
		return nil
	}
	repeated, err := j.held.Repeated(j.landing())
	if err != nil {
		return err
	}
	defer repeated.Release()
	return j.landed.Write(ctx, repeated)
}

// spot is where a row was read.
type spot struct {
	file string
	line int64
}

// digests says whether digests of an object's rows are kept, for the next version of it to be held against: those of a large
// list, which comes whole each time, where there is a memory to keep them in.
func (r *run) digests(j job) bool { return !j.mirrored && j.table.Large && r.in.Memory.Keep != nil }

// saveHeld stores what is held, without what is superseded.
func (r *run) saveHeld(ctx context.Context, j *job, made *Reading) error {
	beaten := map[spot]bool{}
	rows, err := r.session.Query(ctx, "SELECT file, line FROM "+j.superseded.Name(), nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s spot
		if err := rows.Scan(&s.file, &s.line); err != nil {
			return err
		}
		beaten[s] = true
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var drop func(b arrow.RecordBatch, i int) bool
	if len(beaten) > 0 {
		drop = func(b arrow.RecordBatch, i int) bool {
			n := int(b.NumCols()) // file and line are the last columns of a landing
			return beaten[spot{b.Column(n - 2).(*array.String).Value(i), b.Column(n - 1).(*array.Int64).Value(i)}]
		}
	}
	if !r.digests(*j) {
		made.Table, err = r.session.SaveHeld(ctx, j.held.Held, drop)
		return err
	}
	saved, err := r.session.SaveDigested(ctx, j.held.Held, drop, r.in.Earlier[j.table.Name])
	made.Table, made.Digests = saved.Table, saved.Digests
	return err
}
