// Package block builds the blocking index of one half of the directory and says what each rule costs.
//
// It makes no pairs: score streams them out of the index. The index depends on the directory's values and the model's
// rules and columns only, so an unchanged directory finds its index in the store.
package block

import (
	"context"
	"errors"
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
	if err := read(ctx, s, in, builder.Records()); err != nil {
		return Out{}, err
	}
	workers := s.Threads()
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0) // changes no result (invariant 9)
	}
	index, err := builder.Build(workers)
	if err != nil {
		return Out{}, err
	}
	if out.Index, err = s.WriteObject(func(w io.Writer) error { _, err := index.WriteTo(w); return err }); err != nil {
		return Out{}, err
	}
	out.Cost, err = cost(ctx, s, in.Section.Kind, index.Costs())
	return out, err
}

// read reads the directory part by part. Each is in the order of its ids, which the builder merges.
func read(ctx context.Context, s *sql.Session, in In, to *linkage.Records) error {
	columns, err := in.Section.RightColumns()
	if err != nil {
		return err
	}
	table := in.Section.RightTable()
	for i, c := range columns {
		columns[i] = schemas.Quote(c)
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + table.Name
	for _, piece := range in.Directory.Pieces(recordsAtOnce) {
		if err := s.BindAs(ctx, table.Name, piece); err != nil {
			return err
		}
		if err := s.Each(ctx, query, nil, to.Append); err != nil {
			return err
		}
	}
	return nil
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
