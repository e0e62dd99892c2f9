package sql

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/crmlink/crmlink/schemas"
)

// Writer lands rows made in Go, batch by batch, in a temporary table that Save stores. Rows may come in any order.
type Writer struct {
	session *Session
	table   schemas.Table
	name    string
	rows    int64 // that it has
}

// Writer starts a table.
func (s *Session) Writer(ctx context.Context, table schemas.Table) (*Writer, error) {
	w := &Writer{session: s, table: table, name: s.tempName(table.Name)}
	if _, err := s.conn.ExecContext(ctx, w.create()); err != nil {
		return nil, fmt.Errorf("table %s: %w", table.Name, err)
	}
	return w, nil
}

func (w *Writer) create() string {
	return "CREATE TEMP" + w.table.DDL(w.name)[len("CREATE"):]
}

// Write adds a batch whose columns are the table's, in order.
func (w *Writer) Write(ctx context.Context, batch arrow.RecordBatch) error {
	if batch.NumRows() == 0 {
		return nil
	}
	view := w.name + "_batch"
	err := w.session.withBatches(ctx, view, []arrow.RecordBatch{batch}, func() error {
		_, err := w.session.conn.ExecContext(ctx, "INSERT INTO "+w.name+" SELECT * FROM "+view)
		return err
	})
	if err != nil {
		return fmt.Errorf("table %s: add rows: %w", w.table.Name, err)
	}
	w.rows += batch.NumRows()
	return nil
}

// withBatches lets the engine read batches of one schema, at least one, as a view of a name that nothing else has.
func (s *Session) withBatches(ctx context.Context, view string, batches []arrow.RecordBatch, do func() error) error {
	reader, err := array.NewRecordReader(batches[0].Schema(), batches)
	if err != nil {
		return err
	}
	defer reader.Release()
	var release func()
	err = s.conn.Raw(func(c any) error {
		a, err := duckdb.NewArrowFromConn(c.(driver.Conn))
		if err == nil {
			release, err = a.RegisterView(reader, view)
		}
		return err
	})
	if err != nil {
		return err
	}
	defer release()
	err = do()
	if _, e := s.conn.ExecContext(context.WithoutCancel(ctx), "DROP VIEW "+view); err == nil {
		err = e
	}
	return err
}

// Name is the temporary table's name, for a query over rows that are not stored yet.
func (w *Writer) Name() string { return w.name }

// Save stores the table and ends the writer.
func (w *Writer) Save(ctx context.Context) (Snapshot, error) {
	return w.session.store(ctx, w.name, w.table, w.rows)
}

// Step ends the writer and makes its rows readable under the table's name, as Session.Step does.
func (w *Writer) Step(ctx context.Context) error { return w.session.step(ctx, w.name, w.table) }

// Discard drops what was written.
func (w *Writer) Discard(ctx context.Context) error {
	_, err := w.session.conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+w.name)
	return err
}
