package sql

import (
	"context"
	"crypto/md5"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/crmlink/crmlink/schemas"
)

// PartOf is the part of a large table that a record belongs to, as the macro part_of has it.
func PartOf(id string) int {
	sum := md5.Sum([]byte(id))
	return int(binary.LittleEndian.Uint64(sum[8:]) % schemas.ManyParts)
}

// HasTextKey says whether a table's key is one column of text.
func HasTextKey(table schemas.Table) bool {
	c, ok := table.Column(table.Key[0])
	return ok && len(table.Key) == 1 && c.Type == schemas.Text
}

// Parts stores a large table whose rows are made in Go, part after part and in the order of the key. They go to their files
// at once: a Writer keeps rows in any order, and copies and sorts them for that.
type Parts struct {
	session *Session
	table   schemas.Table
	key     int
	parts   []Part
}

// Parts starts a table, whose key must be one column of text.
func (s *Session) Parts(table schemas.Table) (*Parts, error) {
	for i, c := range table.Columns {
		if c.Name == table.Key[0] && HasTextKey(table) && table.Large {
			return &Parts{session: s, table: table, key: i}, nil
		}
	}
	return nil, fmt.Errorf("table %s: is not divided by a key of one text", table.Name)
}

// Write stores a part, whose number must be higher than those before. How the rows are cut into batches must not depend on
// anything but the rows.
func (p *Parts) Write(ctx context.Context, number int, batches []arrow.RecordBatch) error {
	part := Part{Number: number, Of: schemas.ManyParts}
	for _, b := range batches {
		part.Rows += b.NumRows()
	}
	if part.Rows == 0 {
		return nil
	}
	err := p.check(number, batches)
	if err == nil {
		part.ID, err = p.session.writeBatches(ctx, p.session.tempName(p.table.Name), batches)
	}
	if err != nil {
		return fmt.Errorf("table %s: %w", p.table.Name, err)
	}
	p.parts = append(p.parts, part)
	return nil
}

// check is for the rows of a part what Session.check and partCounts are for a table in the engine.
func (p *Parts) check(number int, batches []arrow.RecordBatch) error {
	if n := len(p.parts); n > 0 && number <= p.parts[n-1].Number {
		return errors.New("its parts come in another order")
	}
	last, some := "", false
	for _, b := range batches {
		if !b.Schema().Equal(p.table.Arrow()) {
			return errors.New("a batch has other columns")
		}
		for i, c := range p.table.Columns {
			if c.NotNull && b.Column(i).NullN() > 0 {
				return errors.New("a column that must hold a value is null")
			}
		}
		keys := b.Column(p.key).(*array.String)
		for i := range keys.Len() {
			key := keys.Value(i)
			switch {
			case some && key == last:
				return fmt.Errorf("its key (%s) is not unique", p.table.Key[0])
			case some && key < last:
				return errors.New("its rows come in another order")
			case PartOf(key) != number:
				return fmt.Errorf("a row of part %d is given for part %d", PartOf(key), number)
			}
			last, some = key, true
		}
	}
	return nil
}

// Save gives the stored table.
func (p *Parts) Save() (Snapshot, error) {
	snap := newSnapshot(p.table.Name, p.parts)
	if snap.Rows < schemas.LargeFrom {
		return Snapshot{}, fmt.Errorf("table %s: with %d rows it is stored in one file", p.table.Name, snap.Rows)
	}
	return snap, nil
}

// writeBatches stores batches of one schema as they are, through a view of a name that nothing else has.
func (s *Session) writeBatches(ctx context.Context, view string, batches []arrow.RecordBatch) (id string, err error) {
	reader, err := array.NewRecordReader(batches[0].Schema(), batches)
	if err != nil {
		return "", err
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
		return "", err
	}
	defer release()
	id, err = s.writeParquet(ctx, "FROM "+view)
	if _, e := s.conn.ExecContext(context.WithoutCancel(ctx), "DROP VIEW "+view); err == nil {
		err = e
	}
	return id, err
}
