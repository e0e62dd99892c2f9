package linkage

import "slices"

// filled says how many records have a value in each of some columns.
func (r *Records) filled(columns []int) []int64 {
	filled := make([]int64, len(columns))
	for i := range r.Len() {
		row := r.row(i)
		for k, cell := range columns {
			if row[cell] != 0 {
				filled[k]++
			}
		}
	}
	return filled
}

// held says how many directory records hold a value in a column.
type held struct {
	known  *ranks     // of the values that were counted, nil for all
	counts [][]uint32 // by column, and by rank or by code
}

func (h *held) by(column int, code uint32) int64 {
	counts := h.counts[column]
	switch {
	case h.known != nil && int(code>>6) < len(h.known.marks):
		if h.known.bit(code) == 0 {
			return 0
		}
		return int64(counts[h.known.rank(code)])
	case h.known == nil && int(code) < len(counts):
		return int64(counts[code])
	}
	return 0
}

// fewObserved is the share of records, one in so many of the directory's, up to which only their own values are counted there. It changes no result.
const fewObserved = 8

// held counts the values of some records in the directory.
func (o *Observer) held(some ...*Records) *held {
	from, n := o.scorer.index.records, 0
	for _, records := range some {
		n += records.Len()
	}
	if o.all == nil && n*fewObserved < from.Len() {
		return o.heldOf(some)
	}
	if o.all == nil {
		o.all = &held{}
		for _, cell := range o.columns {
			counts, _ := from.counts(cell)
			o.all.counts = append(o.all.counts, counts)
		}
	}
	return o.all
}

func (o *Observer) heldOf(some []*Records) *held {
	from, codes := o.scorer.index.records, []uint32(nil)
	for _, records := range some {
		for i := range records.Len() {
			for _, p := range o.products {
				for _, v := range records.set(records.row(i), p.of.l) {
					if v < from.dict.next() {
						codes = append(codes, v)
					}
				}
			}
		}
	}
	slices.Sort(codes)
	known := newRanks(slices.Compact(codes), from.dict.next())
	h := &held{known: &known}
	for range o.columns {
		h.counts = append(h.counts, make([]uint32, len(known.codes)))
	}
	for i := range from.Len() {
		row := from.row(i)
		for k, cell := range o.columns {
			for _, v := range from.set(row, cell) {
				if known.bit(v) != 0 {
					h.counts[k][known.rank(v)]++
				}
			}
		}
	}
	return h
}
