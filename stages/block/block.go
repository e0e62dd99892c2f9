// Package block builds the blocking index of one half of the directory and says what each rule costs.
//
// It makes no pairs: score streams them out of the index. The index depends on the directory's values and the model's
// rules and columns only, so an unchanged directory finds its index in the store, and that of a changed one is made of the
// earlier index and the records that differ.
package block

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// In is the model's section for one kind and the directory table it reads: dir_company or dir_member.
type In struct {
	Section   linkage.Section `json:"section"`
	Directory sql.Snapshot    `json:"directory"`
	Earlier   *Earlier        `json:"-"`
}

// Earlier is what an earlier call of Run was given and gave. It changes no result, only what the result costs.
type Earlier struct {
	In  In
	Out Out
}

// Out names the stored index, an object, and the table block_cost for this kind.
type Out struct {
	Index string       `json:"index"`
	Cost  sql.Snapshot `json:"cost"`
}

// Objects lists what the result needs in the store beside tables.
func (o Out) Objects() []string { return []string{o.Index} }

// Run builds and stores the index.
func Run(ctx context.Context, s *sql.Session, in In) (Out, error) {
	out, err := run(ctx, s, in)
	if err != nil {
		return Out{}, fmt.Errorf("block: %w", err)
	}
	return out, nil
}

func run(ctx context.Context, s *sql.Session, in In) (out Out, err error) {
	builder, err := linkage.NewBuilder(in.Section)
	if err != nil {
		return Out{}, err
	}
	var spools []*sql.Spool
	defer func() {
		for _, p := range spools {
			err = errors.Join(err, p.Close())
		}
	}()
	builder.Within(s.Heap(), func() (linkage.Space, error) {
		p, err := s.Spool()
		if err == nil {
			spools = append(spools, p)
		}
		return p, err
	})
	workers := s.Threads()
	index, closeEarlier, err := again(ctx, s, in, builder, workers)
	if err != nil {
		return Out{}, err
	}
	defer closeEarlier() //nolint:errcheck // nothing was written
	if index == nil {
		if err := read(ctx, s, in, in.Directory.Pieces(recordsAtOnce), builder.Records()); err != nil {
			return Out{}, err
		}
		if index, err = builder.Build(workers); err != nil {
			return Out{}, err
		}
	}
	if out.Index, err = s.WriteObject(func(w io.Writer) error { _, err := index.WriteTo(w); return err }); err != nil {
		return Out{}, err
	}
	out.Cost, err = cost(ctx, s, in.Section.Kind, index.Costs())
	return out, err
}

// again makes the index of the earlier one where that costs less; nil where it does not.
func again(ctx context.Context, s *sql.Session, in In, builder *linkage.Builder, workers int) (*linkage.Index, func() error, error) {
	none := func() error { return nil }
	if in.Earlier == nil || !linkage.IndexedAlike(in.Earlier.In.Section, in.Section) {
		return nil, none, nil
	}
	changes, err := s.ChangedKeys(ctx, in.Earlier.In.Directory, in.Directory)
	if err != nil {
		return nil, none, err
	}
	defer changes.Drop(ctx) //nolint:errcheck // temporary
	if changes.Rows*mostDiffering > in.Earlier.In.Directory.Rows {
		return nil, none, nil
	}
	var gone []string
	if err := s.EachText(ctx, "FROM "+changes.Name+" ORDER BY 1", func(id string) { gone = append(gone, strings.Clone(id)) }); err != nil {
		return nil, none, err
	}
	data, closeEarlier, err := s.MapObject(in.Earlier.Out.Index)
	if sql.Damaged(err) {
		return nil, none, nil
	}
	if err != nil {
		return nil, none, err
	}
	earlier, err := linkage.ReadIndex(in.Section, data)
	if err == nil && changes.Rows > 0 {
		err = readChanged(ctx, s, in, changes.Name, builder.Records())
	}
	var index *linkage.Index
	if err == nil {
		index, err = builder.Amend(earlier, gone, workers)
	}
	if err != nil {
		return nil, none, errors.Join(err, closeEarlier())
	}
	return index, closeEarlier, nil
}

// mostDiffering is the share of records, one in so many, from which on it costs less to build the index of all. It changes no
// result.
const mostDiffering = 20

// read reads the directory piece by piece. The parts are each in the order of their ids, which the builder merges.
func read(ctx context.Context, s *sql.Session, in In, pieces []sql.Snapshot, to *linkage.Records) error {
	query, err := reading(in)
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		if err := s.BindAs(ctx, piece.Table, piece); err != nil {
			return err
		}
		if err := s.Each(ctx, query, nil, to.Append); err != nil {
			return err
		}
	}
	return nil
}

// readChanged reads the directory's records whose ids stand in a table. They are among the rows that the earlier directory may
// not have.
func readChanged(ctx context.Context, s *sql.Session, in In, ids string, to *linkage.Records) error {
	query, err := reading(in)
	if err != nil {
		return err
	}
	drop, err := s.BindLater(ctx, later, in.Earlier.In.Directory, in.Directory)
	if err != nil {
		return err
	}
	defer drop()
	table := schemas.Quote(in.Directory.Table)
	return s.Each(ctx, "WITH "+table+" AS (FROM "+later+" SEMI JOIN "+ids+" USING (entity_id)) "+query, nil, to.Append)
}

// later names the view of rows that the earlier directory may not have.
const later = "later_members"

// reading is the query for what the section reads of the directory.
func reading(in In) (string, error) {
	columns, err := in.Section.RightColumns()
	if err != nil {
		return "", err
	}
	for i, c := range columns {
		columns[i] = schemas.Quote(c)
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + in.Section.RightTable().Name, nil
}

// recordsAtOnce are read by one query where the parts are smaller: what it hands over is in memory as a whole, beside the
// engine's limit. It changes no result.
const recordsAtOnce = 150_000

func cost(ctx context.Context, s *sql.Session, kind string, costs []linkage.Cost) (sql.Snapshot, error) {
	w, err := s.Writer(ctx, schemas.BlockCost)
	if err != nil {
		return sql.Snapshot{}, err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.BlockCost.Arrow())
	defer b.Release()
	for _, c := range costs {
		b.Field(0).(*array.StringBuilder).Append(kind)
		b.Field(1).(*array.StringBuilder).Append(c.Rule)
		for i, n := range []int64{c.Keys, c.Entries, c.Largest, c.HotKeys, c.HotEntries, c.DroppedEntries} {
			b.Field(2 + i).(*array.Int64Builder).Append(n)
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	if err := w.Write(ctx, batch); err != nil {
		return sql.Snapshot{}, err
	}
	return w.Save(ctx)
}
