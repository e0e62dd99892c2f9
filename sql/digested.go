package sql

import (
	"context"
	"errors"
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
	// Repeated says that rows were read beside those of the table, which others of their key beat: where that is usual, all rows
	// of the next version are wanted.
	Repeated bool
}

// SaveDigested is SaveHeld for a list that comes whole each time: where few rows differ from an earlier version of the table,
// that one is amended. Of what is held digests must be made (NewDigested, NewDigestedOver); without an earlier version the zero
// value is given. What was held over an earlier version must be fit for it (StandsOver).
func (s *Session) SaveDigested(ctx context.Context, h *Held, drop func(b arrow.RecordBatch, i int) bool, earlier Digested) (made Digested, err error) {
	parts, over := h.kept(drop), h.earlier != nil
	amended := false
	if h.digested && earlier.Digests != "" && earlier.Table.Table == h.table.Name {
		if made.Table, amended, err = s.amendHeld(ctx, h, parts, earlier); err != nil {
			return Digested{}, fmt.Errorf("amend table %s: %w", h.table.Name, err)
		}
	}
	switch {
	case !amended && over:
		return Digested{}, fmt.Errorf("table %s: not all of its rows are held", h.table.Name)
	case !amended:
		if made.Table, err = s.SaveHeld(ctx, h, drop); err != nil {
			return Digested{}, err
		}
	}
	if !h.digested {
		return made, nil
	}
	if made.Digests, err = s.WriteObject(func(to io.Writer) error { return h.writeDigests(to, parts) }); err != nil {
		return Digested{}, fmt.Errorf("table %s: keep digests of its rows: %w", h.table.Name, err)
	}
	return made, nil
}

// StandsOver says whether what was held over an earlier version can be stored as that amended: few rows differ, and each key has
// one row.
func (s *Session) StandsOver(ctx context.Context, h *Held) (bool, error) {
	if !h.digested || !h.IsFew() {
		return false, nil
	}
	_, _, fit, err := s.apart(ctx, h, h.kept(nil), h.earlier.version.Table)
	if err != nil {
		return false, fmt.Errorf("amend table %s: %w", h.table.Name, err)
	}
	return fit, nil
}

// apart gives the rows that an earlier version has not and the keys that are gone; fit is false where it cannot be amended by
// them.
func (s *Session) apart(ctx context.Context, h *Held, unknown [][]heldRow, before Snapshot) (other []heldRow, gone []string, fit bool, err error) {
	if other, gone, fit = h.tellApart(unknown); fit {
		known := 0
		for _, seen := range h.earlier.seen {
			if seen {
				known++
			}
		}
		fit, err = s.areFew(ctx, before, known+len(other), len(other)+len(gone))
	}
	return other, gone, fit, err
}

// amendHeld amends the earlier version with the rows held that differ from it, if they are few.
func (s *Session) amendHeld(ctx context.Context, h *Held, parts [][]heldRow, earlier Digested) (snap Snapshot, amended bool, err error) {
	if amends, err := s.canAmend(h.table, earlier.Table); err != nil || !amends {
		return Snapshot{}, false, err
	}
	if h.earlier == nil {
		e, err := s.earlierRows(h.table, earlier)
		if e == nil || err != nil {
			return Snapshot{}, false, err
		}
		h.earlier = e
		defer func() { // all rows are held, and their digests with them
			h.earlier = nil
			err = errors.Join(err, e.close())
		}()
		parts = h.unknown(parts)
	}
	other, gone, fit, err := s.apart(ctx, h, parts, earlier.Table)
	if err != nil || !fit {
		return Snapshot{}, false, err
	}
	if len(other)+len(gone) == 0 {
		return earlier.Table, true, nil
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
