package normalize

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/crmlink/crmlink/sql"
)

// rows is a batch to read, by column number of the query.
type rows struct {
	batch arrow.RecordBatch
	texts []interface{ Value(int) string }
	lists []array.ListLike
	plain []*array.String // columns of plain texts, and of lists of them, which are read without a detour
}

func rowsIn(batch arrow.RecordBatch) (*rows, error) {
	r := &rows{batch: batch}
	for c, column := range batch.Columns() {
		var text interface{ Value(int) string }
		var list array.ListLike
		var plain *array.String
		switch column := column.(type) {
		case array.ListLike:
			list = column
			values, ok := column.ListValues().(interface{ Value(int) string })
			if !ok {
				return r, fmt.Errorf("column %s is %s, want a list of text", batch.ColumnName(c), column.DataType())
			}
			text = values
			plain, _ = column.ListValues().(*array.String)
		case *array.Boolean, *array.Int64:
		case interface{ Value(int) string }:
			text = column
			plain, _ = column.(*array.String)
		default:
			return r, fmt.Errorf("column %s is %s", batch.ColumnName(c), column.DataType())
		}
		r.texts = append(r.texts, text)
		r.lists = append(r.lists, list)
		r.plain = append(r.plain, plain)
	}
	return r, nil
}

// text is a text cell, trimmed; empty where it is null. It lies in the batch and is gone with it: keep a clone.
func (r *rows) text(c, i int) string {
	if plain := r.plain[c]; plain != nil {
		if plain.IsNull(i) {
			return ""
		}
		return trimmed(plain.Value(i))
	}
	if r.batch.Column(c).IsNull(i) {
		return ""
	}
	return strings.TrimSpace(r.texts[c].Value(i))
}

// spaced says whether there are spaces around a text cell.
func (r *rows) spaced(c, i int) bool {
	return !r.batch.Column(c).IsNull(i) && len(r.texts[c].Value(i)) != len(r.text(c, i))
}

// trimmed is strings.TrimSpace, which is a call for each of the many texts that have nothing to trim.
func trimmed(s string) string {
	if s == "" || isPrint(s[0]) && isPrint(s[len(s)-1]) {
		return s
	}
	return strings.TrimSpace(s)
}

func isPrint(c byte) bool { return c > ' ' && c < utf8.RuneSelf }

// length is how many values a list cell has.
func (r *rows) length(c, i int) int {
	if r.batch.Column(c).IsNull(i) {
		return 0
	}
	from, end := r.lists[c].ValueOffsets(i)
	return int(end - from)
}

// list appends the values of a list cell that are not empty.
func (r *rows) list(to []string, c, i int) []string {
	if r.batch.Column(c).IsNull(i) {
		return to
	}
	from, end := r.lists[c].ValueOffsets(i)
	if plain := r.plain[c]; plain != nil {
		for v := int(from); v < int(end); v++ {
			if plain.IsNull(v) {
				continue
			}
			if s := trimmed(plain.Value(v)); s != "" {
				to = append(to, s)
			}
		}
		return to
	}
	values := r.lists[c].ListValues()
	for v := int(from); v < int(end); v++ {
		if values.IsNull(v) {
			continue
		}
		if s := trimmed(r.texts[c].Value(v)); s != "" {
			to = append(to, s)
		}
	}
	return to
}

func (r *rows) flag(c, i int) bool {
	column := r.batch.Column(c).(*array.Boolean)
	return !column.IsNull(i) && column.Value(i)
}

func (r *rows) number(c, i int) (int64, bool) {
	column := r.batch.Column(c).(*array.Int64)
	if column.IsNull(i) {
		return 0, false
	}
	return column.Value(i), true
}

// rowsPerWrite is from how many rows a worker's batch is written; rowsPerRead how many rows are read in one query where
// the stored parts are smaller.
const (
	rowsPerWrite = 20_000
	rowsPerRead  = 100_000
)

// scan reads a raw table and hands what prepare makes of each row to merge, in the order of the rows. prepare runs on
// the workers, merge does not; what prepare returns must not lie in the batch.
func scan[T any](ctx context.Context, r *run, snap sql.Snapshot, file string, prepare func(w *worker, in *rows, i int) T, merge func(T)) error {
	return r.eachPart(ctx, snap, file, func(query string) error { return scanQuery(ctx, r, query, prepare, merge) })
}

// scanQuery is scan for the rows of a query.
func scanQuery[T any](ctx context.Context, r *run, query string, prepare func(w *worker, in *rows, i int) T, merge func(T)) error {
	return r.session.Each(ctx, query, nil, func(batch arrow.RecordBatch) error {
		in, err := rowsIn(batch)
		if err != nil {
			return err
		}
		results := make([]T, batch.NumRows())
		r.share(len(results), func(w *worker, start, end int) {
			for i := start; i < end; i++ {
				results[i] = prepare(w, in, i)
			}
		})
		for _, result := range results {
			merge(result)
		}
		return nil
	})
}

// eachPart binds some parts of a table after the other, as many as one reading may hold, and calls do with the text of
// the file that reads them.
func (r *run) eachPart(ctx context.Context, snap sql.Snapshot, file string, do func(query string) error) error {
	f, err := sql.Named("normalize/" + file)
	if err != nil {
		return err
	}
	for _, piece := range snap.Pieces(rowsPerRead) {
		if err := r.session.Bind(ctx, piece); err != nil {
			return err
		}
		if err := do(f.Text); err != nil {
			return err
		}
	}
	return nil
}

// smallestShare is the number of rows below which a second goroutine costs more than it helps.
const smallestShare = 256

// share cuts n rows into one range per worker.
func (r *run) share(n int, do func(w *worker, start, end int)) {
	pieces := max(1, min(len(r.workers), n/smallestShare))
	var group sync.WaitGroup
	for k := range pieces {
		group.Go(func() { do(r.workers[k], k*n/pieces, (k+1)*n/pieces) })
	}
	group.Wait()
}
