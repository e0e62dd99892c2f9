package extract

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// fileLog is one row of extract_log.
type fileLog struct {
	object, file                              string
	rowsIn, kept, superseded, rejected, bytes int64
	sha256                                    string
	unknownColumns, absentColumns             []string
}

// lost says that a row was lost or counted twice, which is a fault of crmlink or of a source's own counts.
type lost struct{ what string }

func (e *lost) Error() string { return e.what }

func rowsLost(format string, args ...any) error { return &lost{fmt.Sprintf(format, args...)} }

// account fills in what became of an object's rows, file by file, and fails when one is lost or counted twice
// (invariant 6). Rows read and rows rejected are told by the source; they are counted again where they landed.
func (r *run) account(ctx context.Context, j job, landed relation, values map[string]any) (Count, error) {
	total := Count{Object: j.object}
	usable, err := r.perFile(ctx, over("SELECT file, count(*) FROM landed GROUP BY file", landed), values)
	if err != nil {
		return total, err
	}
	beaten, err := r.perFile(ctx, "SELECT file, count(*) FROM "+j.superseded.Name()+" GROUP BY file", nil)
	if err != nil {
		return total, err
	}
	refused, err := r.perFile(ctx, "SELECT file, count(*) FROM "+r.rejects.Name()+" WHERE object = '"+j.object+"' GROUP BY file", nil)
	if err != nil {
		return total, err
	}
	for i := range r.log {
		l := &r.log[i]
		if l.object != j.object {
			continue
		}
		if l.rowsIn != usable[l.file]+refused[l.file] {
			return total, rowsLost("%s: %d rows read, but %d landed and %d rejected", l.file, l.rowsIn, usable[l.file], refused[l.file])
		}
		l.rejected, l.superseded = refused[l.file], beaten[l.file]
		if l.kept = usable[l.file] - beaten[l.file]; l.kept < 0 {
			return total, rowsLost("%s: %d rows landed, but %d superseded", l.file, usable[l.file], beaten[l.file])
		}
		total.Files++
		total.RowsIn += l.rowsIn
		total.Kept += l.kept
		total.Superseded += l.superseded
		total.Rejected += l.rejected
		delete(usable, l.file)
		delete(refused, l.file)
	}
	for _, rest := range []map[string]int64{usable, refused} {
		for file, n := range rest {
			return total, rowsLost("%s: %d rows of a file that is not in the log", file, n)
		}
	}
	return total, nil
}

func (r *run) perFile(ctx context.Context, query string, values map[string]any) (map[string]int64, error) {
	rows, err := r.session.Query(ctx, query, values)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[string]int64{}
	for rows.Next() {
		var file string
		var n int64
		if err := rows.Scan(&file, &n); err != nil {
			return nil, err
		}
		counts[file] = n
	}
	return counts, rows.Err()
}

// logsOf reads rows of extract_log as a source emits them.
func logsOf(rows arrow.RecordBatch) ([]fileLog, error) {
	if !rows.Schema().Equal(schemas.ExtractLog.Arrow()) {
		return nil, fmt.Errorf("the source's log has not the columns of extract_log")
	}
	logs := make([]fileLog, rows.NumRows())
	for i := range logs {
		for _, f := range logs[i].fields() {
			column := rows.Column(slices.Index(schemas.ExtractLog.ColumnNames(), f.name))
			if column.IsNull(i) {
				continue
			}
			switch v := f.value.(type) {
			case *string:
				*v = column.(*array.String).Value(i)
			case *int64:
				*v = column.(*array.Int64).Value(i)
			case *[]string:
				l := column.(*array.List)
				from, to := l.ValueOffsets(i)
				for k := from; k < to; k++ {
					*v = append(*v, l.ListValues().(*array.String).Value(int(k)))
				}
			}
		}
	}
	return logs, nil
}

type logField struct {
	name  string
	value any
}

func (l *fileLog) fields() []logField {
	return []logField{{"object", &l.object}, {"file", &l.file}, {"rows_in", &l.rowsIn}, {"kept", &l.kept},
		{"superseded", &l.superseded}, {"rejected", &l.rejected}, {"bytes", &l.bytes}, {"sha256", &l.sha256},
		{"unknown_columns", &l.unknownColumns}, {"absent_columns", &l.absentColumns}}
}

// saveLog stores the log of all files.
func (r *run) saveLog(ctx context.Context) (sql.Snapshot, error) {
	w, err := r.session.Writer(ctx, schemas.ExtractLog)
	if err != nil {
		return sql.Snapshot{}, err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.ExtractLog.Arrow())
	defer b.Release()
	for _, l := range r.log {
		for _, f := range l.fields() {
			builder := b.Field(slices.Index(schemas.ExtractLog.ColumnNames(), f.name))
			switch v := f.value.(type) {
			case *string:
				builder.(*array.StringBuilder).Append(*v)
			case *int64:
				builder.(*array.Int64Builder).Append(*v)
			case *[]string:
				list := builder.(*array.ListBuilder)
				list.Append(true)
				for _, s := range *v {
					list.ValueBuilder().(*array.StringBuilder).Append(s)
				}
			}
		}
	}
	rows := b.NewRecordBatch()
	defer rows.Release()
	if err := w.Write(ctx, rows); err != nil {
		return sql.Snapshot{}, err
	}
	return w.Save(ctx)
}
