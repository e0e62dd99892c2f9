// Package block builds the blocking index of one half of the directory and says what each rule costs.
//
// It makes no pairs: score streams them out of the index. The index depends on the directory's values and the model's
// rules and columns only, so an unchanged directory finds its index in the store.
package block

import (
	"context"
	"fmt"
	"io"
	"runtime"
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
	index, err := build(ctx, s, in)
	if err != nil {
		return Out{}, fmt.Errorf("block: %w", err)
	}
	var out Out
	if out.Index, err = s.WriteObject(func(w io.Writer) error { _, err := index.WriteTo(w); return err }); err != nil {
		return Out{}, fmt.Errorf("block: %w", err)
	}
	if out.Cost, err = cost(ctx, s, in.Section.Kind, index.Costs()); err != nil {
		return Out{}, fmt.Errorf("block: %w", err)
	}
	return out, nil
}

func build(ctx context.Context, s *sql.Session, in In) (*linkage.Index, error) {
	builder, err := linkage.NewBuilder(in.Section)
	if err != nil {
		return nil, err
	}
	columns, err := in.Section.RightColumns()
	if err != nil {
		return nil, err
	}
	table := in.Section.RightTable().Name
	for i, c := range columns {
		columns[i] = schemas.Quote(c)
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + table
	for _, part := range in.Directory.Split() {
		if err := s.BindAs(ctx, table, part); err != nil {
			return nil, err
		}
		if err := s.Each(ctx, query, nil, builder.Records().Append); err != nil {
			return nil, err
		}
	}
	workers := s.Threads()
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0) // changes no result (invariant 9)
	}
	return builder.Build(workers)
}

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
