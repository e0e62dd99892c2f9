package linkage

// marks has a bit for what hashes begin with: one that is not marked is none of them.
type marks struct {
	bits  []uint64
	shift uint
}

// bitsPerMark makes one mark in so many a false one.
const bitsPerMark = 16

func newMarks(n int) marks {
	m := marks{shift: 58} // one word
	for size := 64; size < (n+1)*bitsPerMark; size *= 2 {
		m.shift--
	}
	m.bits = make([]uint64, 1<<(58-m.shift))
	return m
}

func (m *marks) add(hash uint64) {
	at := hash >> m.shift
	m.bits[at>>6] |= 1 << (at & 63)
}

func (m *marks) has(hash uint64) bool { return m.bit(hash) != 0 }

// bit is 1 for what is marked, else 0.
func (m *marks) bit(hash uint64) uint64 {
	at := hash >> m.shift
	return m.bits[at>>6] >> (at & 63) & 1
}
