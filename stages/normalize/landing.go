package normalize

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// source is one raw table and how one of its rows is written.
type source struct {
	snapshot sql.Snapshot
	file     string
	write    rowMaker
}

// landing makes the rows of one table. The rows of a batch are shared out over the workers, each of which fills batches of
// its own; these are written between two readings, because the session does one thing at a time. The order of the rows
// does not matter: the session stores them by key.
type landing struct {
	run *run
	out *sql.Writer // none: rows are made for what is found in them, and thrown away
	to  map[*worker]*rowWriter
}

func (r *run) landing(t schemas.Table, out *sql.Writer) landing {
	l := landing{r, out, map[*worker]*rowWriter{}}
	for _, w := range r.workers {
		l.to[w] = newRowWriter(t)
	}
	return l
}

func (l landing) release() {
	for _, to := range l.to {
		to.release()
	}
}

type rowMaker func(w *worker, in *rows, i int, to *rowWriter)

// add makes rows of a batch.
func (l landing) add(batch arrow.RecordBatch, write rowMaker) error {
	in, err := rowsIn(batch)
	if err != nil {
		return err
	}
	l.run.share(int(batch.NumRows()), func(w *worker, start, end int) {
		to := l.to[w]
		for i := start; i < end; i++ {
			write(w, in, i, to)
			to.end()
		}
	})
	return nil
}

// flush writes the batches that have so many rows.
func (l landing) flush(ctx context.Context, from int) error {
	for _, w := range l.run.workers {
		if l.to[w].rows < from {
			continue
		}
		batch := l.to[w].batch()
		var err error
		if l.out != nil {
			err = l.out.Write(ctx, batch)
		}
		batch.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// write normalises raw tables into one table.
func (r *run) write(ctx context.Context, t schemas.Table, sources ...source) (sql.Snapshot, error) {
	rows := int64(0)
	for _, from := range sources {
		rows += from.snapshot.Rows
	}
	if t.Large && rows >= schemas.LargeFrom {
		before := r.tallies()
		snap, err := r.writeParts(ctx, t, sources)
		if !errors.Is(err, errElsewhere) {
			return snap, err
		}
		for i, w := range r.workers {
			w.tally = before[i]
		}
	}
	return r.land(ctx, t, func(l landing) error {
		for _, from := range sources {
			err := r.eachPart(ctx, from.snapshot, from.file, func(query string) error {
				err := r.session.Each(ctx, query, nil, func(batch arrow.RecordBatch) error { return l.add(batch, from.write) })
				if err != nil {
					return err
				}
				return l.flush(ctx, rowsPerWrite)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}, func(out *sql.Writer) (sql.Snapshot, error) { return out.Save(ctx) })
}

// land stores a table of the rows that fill lands.
func (r *run) land(ctx context.Context, t schemas.Table, fill func(landing) error, store func(*sql.Writer) (sql.Snapshot, error)) (sql.Snapshot, error) {
	out, err := r.session.Writer(ctx, t)
	if err != nil {
		return sql.Snapshot{}, err
	}
	l := r.landing(t, out)
	defer l.release()
	if err = fill(l); err == nil {
		err = l.flush(ctx, 1)
	}
	if err != nil {
		out.Discard(ctx) //nolint:errcheck // the first error counts
		return sql.Snapshot{}, err
	}
	return store(out)
}
