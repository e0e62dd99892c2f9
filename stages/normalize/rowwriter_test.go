package normalize

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// Batches hold what Arrow's own builders make of the same rows, and keep it until they are released, though released ones
// give their memory to later ones.
func TestRowWriter_BatchesKeepTheirRows(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	to := newRowWriter(schemas.DirMember)
	type pair struct{ got, want arrow.RecordBatch }
	var held []pair
	check := func(p pair) {
		t.Helper()
		if !array.RecordEqual(p.got, p.want) {
			t.Fatalf("a batch of %d rows is another than Arrow's", p.want.NumRows())
		}
	}
	for range 60 {
		builder := array.NewRecordBuilder(memory.DefaultAllocator, to.schema)
		for range random.IntN(200) {
			for c, f := range to.schema.Fields() {
				var values []string
				for range random.IntN(4) {
					values = append(values, fmt.Sprint("text", 1000+random.IntN(9000))[:random.IntN(8)])
				}
				if f.Type.ID() == arrow.LIST {
					to.list(values)
					list := builder.Field(c).(*array.ListBuilder)
					list.Append(len(values) > 0)
					for _, v := range values {
						list.ValueBuilder().(*array.StringBuilder).Append(v)
					}
					continue
				}
				texts := builder.Field(c).(*array.StringBuilder)
				switch len(values) {
				case 2:
					to.words(values[0], values[1])
					texts.Append(values[0] + " " + values[1])
				default:
					text := fmt.Sprint(values)[1:]
					text = text[:len(text)-1]
					if to.text(text); text == "" {
						texts.AppendNull()
					} else {
						texts.Append(text)
					}
				}
			}
			to.end()
		}
		held = append(held, pair{to.batch(), builder.NewRecordBatch()})
		for random.IntN(3) > 0 && len(held) > 0 {
			i := random.IntN(len(held))
			check(held[i])
			held[i].got.Release()
			held[i] = held[len(held)-1]
			held = held[:len(held)-1]
		}
	}
	for _, p := range held {
		check(p)
	}
	if spare := to.columns[1].texts.spare; len(spare[0].free) == 0 || len(spare[1].free) == 0 || len(spare[2].free) == 0 {
		t.Error("no buffer comes back")
	}
}
