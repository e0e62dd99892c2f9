package linkage

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// Glancer looks at CRM records before they are read whole. It belongs to one goroutine.
type Glancer struct {
	seek    meetingSeeker
	records *Records // of the batch, numbered after what the records that differ hold
	cells   []int
	held    []glancedProduct
	pairs   []int64 // in the order of an observer's products: equal pairs that came, less those that went
}

// glancedProduct is how many more directory records hold a value than did, by its code in few: no others' number differs.
type glancedProduct struct {
	l    int
	more []int64
}

// NewGlancer starts to count for an observer, nil for none.
func (m *Meetings) NewGlancer(o *Observer) *Glancer {
	g := &Glancer{seek: meetingSeeker{Meetings: m, keys: newKeyMaker(m.after.plan)}, records: m.NewRecords(), cells: slices.Clone(m.cells)}
	g.seek.keys.only = m.parts
	if o == nil {
		return g
	}
	few := m.few.records
	for _, p := range o.products {
		more := make([]int64, few.dict.next())
		for i := range int(m.isFrom) + len(m.differing.is) {
			by := int64(1)
			if i < int(m.isFrom) {
				by = -1
			}
			for _, v := range few.set(few.row(i), p.of.r) {
				more[v] += by
			}
		}
		if !slices.Contains(g.cells, p.of.l) {
			g.cells = append(g.cells, p.of.l)
		}
		g.held = append(g.held, glancedProduct{p.of.l, more})
	}
	g.pairs = make([]int64, len(g.held))
	return g
}

// Met says which CRM records of a batch may have a key of a directory record that differs, no others do, and counts for the observer. Records
// that skip names are neither. The batch must have the columns that are asked for; they are numbered for it alone, which
// costs less than to look for each text among those of an index.
func (g *Glancer) Met(batch arrow.RecordBatch, skip func(id string) bool) ([]bool, error) {
	r := g.records
	ids, err := textColumn(batch, r.id)
	if err != nil {
		return nil, err
	}
	if ids == nil {
		return nil, fmt.Errorf("reading records: no column %s", r.id)
	}
	if err := r.only(batch, g.cells); err != nil {
		return nil, err
	}
	met := make([]bool, batch.NumRows())
	for i := range met {
		if skip(ids.Value(i)) {
			continue
		}
		row := r.cells[i*len(r.layout.names):][:len(r.layout.names)]
		g.seek.keys.start()
		met[i] = g.seek.any(r, row)
		for k, p := range g.held {
			for _, v := range r.set(row, p.l) {
				if int(v) < len(p.more) {
					g.pairs[k] += p.more[v]
				}
			}
		}
	}
	return met, nil
}
