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

// FileLog is one row of extract_log.
type FileLog struct {
	Object         string   `json:"object"`
	File           string   `json:"file"`
	RowsIn         int64    `json:"rows_in"`
	Kept           int64    `json:"kept"`
	Superseded     int64    `json:"superseded"`
	Rejected       int64    `json:"rejected"`
	Bytes          int64    `json:"bytes"`
	SHA256         string   `json:"sha256"`
	UnknownColumns []string `json:"unknown_columns,omitempty"`
	AbsentColumns  []string `json:"absent_columns,omitempty"`
}

// lost says that a row was lost or counted twice, which is a fault of crmlink or of a source's own counts.
type lost struct{ what string }

func (e *lost) Error() string { return e.what }

func rowsLost(format string, args ...any) error { return &lost{fmt.Sprintf(format, args...)} }

// account fills in what became of an object's rows, file by file, and fails when one is lost or counted twice
// (invariant 6). Rows read and rows rejected are told by the source; they are counted again where they landed.
func (r *run) account(ctx context.Context, j job, landed relation, values map[string]any) (total Count, err error) {
	total.Object = j.object
	var usable map[string]int64
	if j.held != nil {
		usable = j.held.perFile()
	} else if usable, err = r.perFile(ctx, over("SELECT file, count(*) FROM landed GROUP BY file", landed), values); err != nil {
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
		if l.Object != j.object {
			continue
		}
		if l.RowsIn != usable[l.File]+refused[l.File] {
			return total, rowsLost("%s: %d rows read, but %d landed and %d rejected", l.File, l.RowsIn, usable[l.File], refused[l.File])
		}
		l.Rejected, l.Superseded = refused[l.File], beaten[l.File]
		if l.Kept = usable[l.File] - beaten[l.File]; l.Kept < 0 {
			return total, rowsLost("%s: %d rows landed, but %d superseded", l.File, usable[l.File], beaten[l.File])
		}
		total.Files++
		total.RowsIn += l.RowsIn
		total.Kept += l.Kept
		total.Superseded += l.Superseded
		total.Rejected += l.Rejected
		delete(usable, l.File)
		delete(refused, l.File)
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
func logsOf(rows arrow.RecordBatch) ([]FileLog, error) {
	if !rows.Schema().Equal(schemas.ExtractLog.Arrow()) {
		return nil, fmt.Errorf("the source's log has not the columns of extract_log")
	}
	logs := make([]FileLog, rows.NumRows())
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

func (l *FileLog) fields() []logField {
	return []logField{{"object", &l.Object}, {"file", &l.File}, {"rows_in", &l.RowsIn}, {"kept", &l.Kept},
		{"superseded", &l.Superseded}, {"rejected", &l.Rejected}, {"bytes", &l.Bytes}, {"sha256", &l.SHA256},
		{"unknown_columns", &l.UnknownColumns}, {"absent_columns", &l.AbsentColumns}}
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

// compareCounts counts the records that a full import lacks, and fails where a row was lost.
func (r *run) compareCounts(ctx context.Context, j job, made *Reading) error {
	snap, known := made.Table, r.in.Previous[j.table.Name].Rows
	if j.mirrored && r.isWhole(j) && known > 0 {
		if err := r.missing(ctx, j, made); err != nil {
			return err
		}
	}
	switch kept := made.Count.Kept; {
	case !j.mirrored && snap.Rows != kept:
		return rowsLost("%d rows kept, but %s holds %d", kept, j.table.Name, snap.Rows)
	case j.mirrored && (snap.Rows < max(known, kept) || snap.Rows > known+kept):
		return rowsLost("%d rows known and %d kept, but %s holds %d", known, kept, j.table.Name, snap.Rows)
	}
	return nil
}

// missing counts the records that this import lacks, for the check that stops a publication from which many vanish.
func (r *run) missing(ctx context.Context, j job, made *Reading) error {
	if err := r.session.BindAs(ctx, "after_"+j.table.Name, made.Table); err != nil {
		return err
	}
	query, err := text("missing")
	if err != nil {
		return err
	}
	names := func(of string) string { return j.stamped(of, "missing_since", "IsDeleted") }
	rows, err := r.session.Query(ctx, over(query, inline("before", names("previous_"+j.table.Name)),
		inline("after", names("after_"+j.table.Name))), nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&made.Count.Known, &made.Count.Missing, &made.marked); err != nil {
			return err
		}
	}
	return rows.Err()
}
