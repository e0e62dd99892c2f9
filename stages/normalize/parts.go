package normalize

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// The normal form of a record has the record's key, so that part n of a large table is made of part n of the raw tables, in
// the same order. Nothing is sorted and nothing copied: some parts are read, their rows are made, and while the next ones
// are, they are stored.

// rawRow is a row of a raw table, and how its normal form is made.
type rawRow struct {
	id string // in the batch
	in *rawRows
	i  int
}

type rawRows struct {
	*rows
	write rowMaker
}

// heldRows are rows of raw tables by the part they belong to, with the batches that they lie in.
type heldRows struct {
	parts   [schemas.ManyParts][]rawRow
	batches []arrow.RecordBatch
}

func (h *heldRows) release() {
	for _, b := range h.batches {
		b.Release()
	}
	*h = heldRows{}
}

// errElsewhere says that a row does not lie in the part that its key, without the spaces around it, belongs to.
var errElsewhere = errors.New("a row lies in another part")

// read holds the rows of some parts of a table, which are those from start to before end.
func (h *heldRows) read(ctx context.Context, r *run, from source, snap sql.Snapshot, start, end int) error {
	f, err := sql.Named("normalize/" + from.file)
	if err != nil {
		return err
	}
	if err := r.session.Bind(ctx, snap); err != nil {
		return err
	}
	return r.session.Each(ctx, f.Text, nil, func(batch arrow.RecordBatch) error {
		rows, err := rowsIn(batch)
		if err != nil {
			return err
		}
		in := &rawRows{rows, from.write}
		batch.Retain()
		h.batches = append(h.batches, batch)
		for i := range int(batch.NumRows()) {
			id := in.text(0, i)
			n := sql.PartOf(id)
			if n < start || n >= end {
				return errElsewhere
			}
			h.parts[n] = append(h.parts[n], rawRow{id, in, i})
		}
		return nil
	})
}

// piece is some rows of one part, in order, and what is made of them. How a part is cut depends on its rows alone.
type piece struct {
	part int
	rows []rawRow
	made arrow.RecordBatch
}

// rowsPerPiece is how many rows a worker makes at a time: a multiple of the 2048 that the engine takes at a time.
const rowsPerPiece = 8192

// pieces cuts the rows that are held of some parts.
func pieces(start, end int, holders ...*heldRows) []piece {
	var cut []piece
	for n := start; n < end; n++ {
		var rows []rawRow
		for _, h := range holders {
			switch part := h.parts[n]; {
			case len(rows) == 0:
				rows = part
			case len(part) > 0:
				rows = slices.Concat(rows, part)
			}
		}
		byID := func(a, b rawRow) int { return cmp.Compare(a.id, b.id) }
		if !slices.IsSortedFunc(rows, byID) {
			slices.SortFunc(rows, byID)
		}
		for some := range slices.Chunk(rows, rowsPerPiece) {
			cut = append(cut, piece{part: n, rows: some})
		}
	}
	return cut
}

// makePieces makes the rows of pieces on all workers.
func (l landing) makePieces(pieces []piece) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for _, w := range l.run.workers {
		workers.Go(func() {
			to := l.to[w]
			for k := next.Add(1) - 1; k < int64(len(pieces)); k = next.Add(1) - 1 {
				for _, row := range pieces[k].rows {
					row.in.write(w, row.in.rows, row.i, to)
					to.end()
				}
				pieces[k].rows, pieces[k].made = nil, to.batch()
			}
		})
	}
	workers.Wait()
}

// storePieces stores what was made of pieces, part by part.
func storePieces(ctx context.Context, out *sql.PartWriter, pieces []piece) error {
	for len(pieces) > 0 {
		var batches []arrow.RecordBatch
		n := 0
		for ; n < len(pieces) && pieces[n].part == pieces[0].part; n++ {
			batches = append(batches, pieces[n].made)
		}
		if err := out.Write(ctx, pieces[0].part, batches); err != nil {
			return err
		}
		pieces = pieces[n:]
	}
	return nil
}

func releasePieces(pieces []piece) {
	for _, p := range pieces {
		if p.made != nil {
			p.made.Release()
		}
	}
}

// writeParts normalises raw tables into one that is stored in many parts.
func (r *run) writeParts(ctx context.Context, t schemas.Table, sources []source) (sql.Snapshot, error) {
	out, err := r.session.PartWriter(t)
	if err != nil {
		return sql.Snapshot{}, err
	}
	l := r.landing(t, nil)
	defer l.release()
	var spread, here heldRows // of tables in one file, and of the parts at hand
	defer spread.release()
	defer here.release()
	for _, from := range sources {
		if all := spreadParts(from.snapshot); len(all.Parts) > 0 {
			if err := spread.read(ctx, r, from, all, 0, schemas.ManyParts); err != nil {
				return sql.Snapshot{}, err
			}
		}
	}
	var made []piece
	defer func() { releasePieces(made) }()
	for start := 0; start < schemas.ManyParts; {
		end := endOfReading(sources, start)
		for _, from := range sources {
			if some := partsOf(from.snapshot, start, end); len(some.Parts) > 0 {
				if err := here.read(ctx, r, from, some, start, end); err != nil {
					return sql.Snapshot{}, err
				}
			}
		}
		next := pieces(start, end, &spread, &here)
		var making sync.WaitGroup
		making.Go(func() { l.makePieces(next) })
		err := storePieces(ctx, out, made)
		making.Wait()
		here.release()
		releasePieces(made)
		if made, start = next, end; err != nil {
			return sql.Snapshot{}, err
		}
	}
	if err := storePieces(ctx, out, made); err != nil {
		return sql.Snapshot{}, err
	}
	return out.Save(ctx)
}

// endOfReading is the end of the parts that are read together, from start on.
func endOfReading(sources []source, start int) int {
	end, n := start, int64(0)
	for ; end < schemas.ManyParts && n < rowsPerRead; end++ {
		for _, from := range sources {
			n += partsOf(from.snapshot, end, end+1).Rows
		}
	}
	return end
}

// partsOf are those of a table's many parts that are numbered from start to before end.
func partsOf(snap sql.Snapshot, start, end int) sql.Snapshot {
	return snap.Only(func(p sql.Part) bool { return p.Of == schemas.ManyParts && p.Number >= start && p.Number < end })
}

// spreadParts are the files of a table that hold rows of any part: all of a small one, and what an amended one was given.
func spreadParts(snap sql.Snapshot) sql.Snapshot {
	return snap.Only(func(p sql.Part) bool { return p.Of != schemas.ManyParts })
}

// tallies are copies of what the workers have counted, so that it can be taken back.
func (r *run) tallies() []*tally {
	var all []*tally
	for _, w := range r.workers {
		all = append(all, w.tally.clone())
	}
	return all
}
