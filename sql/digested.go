package sql

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// Digested is a table with the id of an object that has a digest of each of its rows, so that another version can be held
// against it without reading it.
type Digested struct {
	Table   Snapshot
	Digests string
}

// SaveDigested is SaveHeld for a list that comes whole each time: where few rows differ from an earlier version of the table,
// that one is amended. Of what is held digests must be made (NewDigested); without an earlier version the zero value is given.
func (s *Session) SaveDigested(ctx context.Context, h *Held, drop func(b arrow.RecordBatch, i int) bool, earlier Digested) (made Digested, err error) {
	parts := h.kept(drop)
	amended := false
	if earlier.Digests != "" && earlier.Table.Table == h.table.Name {
		if made.Table, amended, err = s.amendHeld(ctx, h, parts, earlier); err != nil {
			return Digested{}, fmt.Errorf("amend table %s: %w", h.table.Name, err)
		}
	}
	if !amended {
		if made.Table, err = s.SaveHeld(ctx, h, drop); err != nil {
			return Digested{}, err
		}
	}
	if made.Digests, err = s.WriteObject(func(to io.Writer) error { return h.writeDigests(to, parts) }); err != nil {
		return Digested{}, fmt.Errorf("table %s: keep digests of its rows: %w", h.table.Name, err)
	}
	return made, nil
}

// amendHeld amends the earlier version with the rows held that differ from it, if they are few.
func (s *Session) amendHeld(ctx context.Context, h *Held, parts [][]heldRow, earlier Digested) (snap Snapshot, amended bool, err error) {
	if amends, err := s.canAmend(ctx, h.table, earlier.Table); err != nil || !amends {
		return Snapshot{}, false, err
	}
	rows := 0
	for _, some := range parts {
		if firstRepeated(some) < len(some) {
			return Snapshot{}, false, nil // SaveHeld tells
		}
		rows += len(some)
	}
	data, close, err := s.MapObject(earlier.Digests)
	if Damaged(err) {
		return Snapshot{}, false, nil
	}
	if err != nil {
		return Snapshot{}, false, err
	}
	other, gone, fit, err := h.tellApart(parts, data)
	if e := close(); err == nil {
		err = e
	}
	if err != nil || !fit {
		return Snapshot{}, false, err
	}
	if len(other)+len(gone) == 0 {
		return earlier.Table, true, nil
	}
	if few, err := s.areFew(ctx, earlier.Table, rows, len(other)+len(gone)); err != nil || !few {
		return Snapshot{}, false, err
	}
	snap, err = s.amendWith(ctx, h, other, gone, earlier.Table)
	return snap, true, err
}

// areFew says whether Amend would not store the table whole: the engine would have to do that, which costs more than storing
// what is held.
func (s *Session) areFew(ctx context.Context, before Snapshot, rows, differing int) (bool, error) {
	base, later := divided(before)
	struck := 0
	if without := base.Parts[0].Without; without != "" {
		if err := s.intact(base); err != nil {
			return false, err
		}
		if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+s.keysIn(without)).Scan(&struck); err != nil {
			return false, err
		}
	}
	return (2*differing+struck+int(later.Rows))*mostAmended <= rows, nil // each is struck and added
}

func (s *Session) amendWith(ctx context.Context, h *Held, other []heldRow, gone []string, before Snapshot) (Snapshot, error) {
	key, _ := h.table.Column(h.table.Key[0])
	replaced, err := s.Writer(ctx, schemas.Table{Name: "gone", Columns: []schemas.Column{key}})
	if err != nil {
		return Snapshot{}, err
	}
	defer replaced.Discard(ctx) //nolint:errcheck // temporary
	keys := array.NewStringBuilder(memory.DefaultAllocator)
	defer keys.Release()
	keys.AppendValues(gone, nil)
	column := keys.NewArray()
	defer column.Release()
	batch := array.NewRecordBatch(replaced.table.Arrow(), []arrow.Array{column}, int64(len(gone)))
	defer batch.Release()
	if err := replaced.Write(ctx, batch); err != nil {
		return Snapshot{}, err
	}
	rows, err := gatherBatch(h.table, heldColumns(h.table, h.batches), other)
	if err != nil {
		return Snapshot{}, err
	}
	defer rows.Release()
	w, err := s.Writer(ctx, h.table)
	if err != nil {
		return Snapshot{}, err
	}
	if err := w.Write(ctx, rows); err != nil {
		w.Discard(ctx) //nolint:errcheck // the first error counts
		return Snapshot{}, err
	}
	return w.Amend(ctx, before, "FROM "+replaced.Name())
}
