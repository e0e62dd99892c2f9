package linkage

import (
	"errors"
	"io"
	"math/bits"
	"slices"
	"sort"
)

// Total are the exact numbers that the probabilities of a record's candidates follow from: with them candidates can be taken
// out and put in without looking at the others.
type Total struct {
	Candidates int
	Top        int32   // weight of the likeliest hypothesis, at least 0
	Sum        uint64  // of the shares of all hypotheses, see share2
	Kept       []int32 // weights of the candidates that are kept, best first
}

// nothing is the total of a record without candidates.
var nothing = Total{Sum: wholeShare}

// Total is what is noted of a record beside its best candidates.
func (r *Scored) Total() Total {
	t := Total{Candidates: r.Candidates, Top: r.top, Sum: r.sum}
	for i := range r.Best {
		t.Kept = append(t.Kept, r.Best[i].Weight)
	}
	return t
}

// Totals are those of the records that have candidates, as they were stored. A record is known by the hash of its id.
type Totals struct {
	hashes []uint64 // ascending
	sums   []uint64
	others []uint32 // by record: the number of candidates, the top, and the kept weights one after the other
}

// totalsMark begins what Renewing writes; a change of what follows it must change it.
const totalsMark = "totals 1"

var errNoTotals = errors.New("these are no totals that an earlier scoring left")

// ReadTotals reads what WriteTo wrote, in place.
func ReadTotals(s Section, data []byte) (*Totals, error) {
	if len(data) < len(totalsMark) || string(data[:len(totalsMark)]) != totalsMark {
		return nil, errNoTotals
	}
	in := arrays{rest: data[len(totalsMark):]}
	t := &Totals{hashes: readArray[uint64](&in), sums: readArray[uint64](&in), others: readArray[uint32](&in)}
	if in.err != nil || len(in.rest) > 0 || len(t.sums) != len(t.hashes) || len(t.others) != len(t.hashes)*(2+s.Keep) {
		return nil, errNoTotals
	}
	return t, nil
}

// of is the total of a record by the hash of its id.
func (t *Totals) of(hash uint64) Total {
	at, ok := searchHashes(t.hashes, hash)
	if !ok {
		return nothing
	}
	width := len(t.others) / len(t.hashes)
	others := t.others[at*width : (at+1)*width]
	out := Total{Candidates: int(others[0]), Top: int32(others[1]), Sum: t.sums[at]}
	for _, w := range others[2:][:min(out.Candidates, width-2)] {
		out.Kept = append(out.Kept, int32(w))
	}
	return out
}

// searchHashes is slices.BinarySearch in hashes, which are spread evenly, so that it begins near where one stands.
func searchHashes(hashes []uint64, hash uint64) (at int, ok bool) {
	guess, _ := bits.Mul64(hash, uint64(len(hashes)))
	from, to := int(guess), int(guess)
	for step := 64; from > 0 && hashes[from-1] >= hash; step *= 4 {
		from = max(0, from-step)
	}
	for step := 64; to < len(hashes) && hashes[to] < hash; step *= 4 {
		to = min(len(hashes), to+step)
	}
	at, ok = slices.BinarySearch(hashes[from:to], hash)
	at += from
	return at, ok || at < len(hashes) && hashes[at] == hash
}

// NewTotals collects the totals of records, over those of an earlier scoring where some are given. What is written depends on
// nothing but the totals that hold in the end.
type NewTotals struct {
	before *Totals
	width  int // numbers in others for a record
	Totals
}

// Renew starts with earlier totals, nil for none.
func (s Section) Renew(before *Totals) *NewTotals {
	if before == nil {
		before = &Totals{}
	}
	return &NewTotals{before: before, width: 2 + s.Keep}
}

// Put notes a record's total in place of the one it had; of several the last holds.
func (n *NewTotals) Put(id string, t Total) {
	n.hashes, n.sums = append(n.hashes, hashText(id)), append(n.sums, t.Sum)
	at := len(n.others)
	n.others = append(n.others, make([]uint32, n.width)...)
	n.others[at], n.others[at+1] = uint32(t.Candidates), uint32(t.Top)
	for i, w := range t.Kept {
		n.others[at+2+i] = uint32(w)
	}
}

// latest hands over what was noted of each record last, in the order of hashes: a place in before, which ascends, or in put,
// where what comes later holds.
func latest(before, put []uint64, takeBefore, takePut func(i int)) {
	order := make([]entry, len(put))
	for i, hash := range put {
		order[i] = entry{key: hash, record: uint32(i)}
	}
	order, _ = sortEntries(order, nil)
	next := 0
	for k, e := range order {
		hash := e.key
		if k+1 < len(order) && order[k+1].key == hash {
			continue // put again later
		}
		until := next + sort.Search(len(before)-next, func(j int) bool { return before[next+j] >= hash })
		for ; next < until; next++ {
			takeBefore(next)
		}
		if next < len(before) && before[next] == hash {
			next++
		}
		takePut(int(e.record))
	}
	for ; next < len(before); next++ {
		takeBefore(next)
	}
}

// Drop notes that a record is gone.
func (n *NewTotals) Drop(id string) { n.Put(id, nothing) }

// WriteTo writes the totals for ReadTotals.
func (n *NewTotals) WriteTo(to io.Writer) (int64, error) {
	out := Totals{}
	take := func(from *Totals, i int) {
		if others := from.others[i*n.width : (i+1)*n.width]; others[0] > 0 {
			out.hashes, out.sums, out.others = append(out.hashes, from.hashes[i]), append(out.sums, from.sums[i]), append(out.others, others...)
		}
	}
	most := len(n.before.hashes) + len(n.hashes)
	out.hashes, out.sums, out.others = make([]uint64, 0, most), make([]uint64, 0, most), make([]uint32, 0, most*n.width)
	latest(n.before.hashes, n.hashes, func(i int) { take(n.before, i) }, func(i int) { take(&n.Totals, i) })
	w := arrayWriter{to: to}
	w.bytes([]byte(totalsMark))
	writeArray(&w, out.hashes)
	writeArray(&w, out.sums)
	writeArray(&w, out.others)
	return w.written, w.err
}
