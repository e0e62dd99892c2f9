package linkage

import "math/bits"

// ranks number some of many codes. Which they are stays in the processor's caches.
type ranks struct {
	codes []uint32 // ascending
	marks []uint64 // a bit for each code
	below []uint32 // by word of marks: how many are below it
}

// newRanks numbers codes that ascend, of those below next.
func newRanks(codes []uint32, next uint32) ranks {
	r := ranks{codes: codes, marks: make([]uint64, next>>6+1), below: make([]uint32, next>>6+1)}
	for _, c := range codes {
		r.marks[c>>6] |= 1 << (c & 63)
	}
	n := 0
	for i, word := range r.marks {
		r.below[i] = uint32(n)
		n += bits.OnesCount64(word)
	}
	return r
}

// bit is 1 for a code that is numbered, else 0.
func (r *ranks) bit(code uint32) uint64 { return r.marks[code>>6] >> (code & 63) & 1 }

// rank is the number of a code for which bit is 1.
func (r *ranks) rank(code uint32) uint32 {
	return r.below[code>>6] + uint32(bits.OnesCount64(r.marks[code>>6]&(1<<(code&63)-1)))
}
