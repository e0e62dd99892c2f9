package demo

import "math/bits"

// kind keeps the draws of different things apart: the same index gives unrelated numbers for a company and for its street.
type kind uint64

const (
	kindCompany kind = iota + 1
	kindGroup
	kindPlace
	kindSize
	kindMember
	kindPerson
	kindContact
	kindContactText
	kindAccount
	kindAccountText
	kindLead
	kindLeadText
	kindOpportunity
	kindUser
	kindActivity
	kindPhone
	kindEmail
	kindStamp
	kindShuffle
	kindAbsent
)

// draw is a splitmix64 stream. A stream starts from (seed, kind, index) alone, so any record can be made at any moment
// without the records before it: that is what keeps memory bounded at millions of rows.
type draw uint64

func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func newDraw(seed uint64, k kind, index int) draw {
	return draw(mix(mix(seed+0x9e3779b97f4a7c15*uint64(k)) + 0xd1342543de82ef95*uint64(index+1)))
}

func (d *draw) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	return mix(uint64(*d))
}

// n gives a number in [0, n). Integers only: floating point may be fused differently on another processor, and the same
// seed must give the same bytes everywhere.
func (d *draw) n(n int) int {
	if n <= 1 {
		return 0
	}
	hi, _ := bits.Mul64(d.next(), uint64(n))
	return int(hi)
}

// chance is true in perMille of a thousand draws.
func (d *draw) chance(perMille int) bool { return d.n(1000) < perMille }

func pick[T any](d *draw, list []T) T { return list[d.n(len(list))] }

// front prefers the start of a list: half of the draws come from its first third.
func front[T any](d *draw, list []T) T {
	if len(list) > 2 && d.chance(600) {
		return list[d.n((len(list)+2)/3)]
	}
	return pick(d, list)
}

// ranks draws an index with weight 1/(rank+flat): Zipf's law with its head bent, as names are distributed.
type ranks []uint64

func newRanks(n int, flat uint64) ranks {
	r := make(ranks, n)
	var sum uint64
	for i := range r {
		sum += 1_000_000_000 / (uint64(i) + flat)
		r[i] = sum
	}
	return r
}

func (r ranks) draw(d *draw) int {
	hi, _ := bits.Mul64(d.next(), r[len(r)-1])
	lo, end := 0, len(r)-1
	for lo < end {
		mid := (lo + end) / 2
		if hi < r[mid] {
			end = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// shuffle is a bijection on [0, n) in constant memory: a Feistel network, walked until it falls inside n again. It picks
// distinct companies and members without remembering which are taken, and its inverse answers who took one.
type shuffle struct {
	n    uint64
	half uint
	keys [4]uint64
}

func newShuffle(seed uint64, n, which int) shuffle {
	d := newDraw(seed, kindShuffle, which)
	s := shuffle{n: uint64(max(n, 1)), half: 1}
	for uint64(1)<<(2*s.half) < s.n {
		s.half++
	}
	for i := range s.keys {
		s.keys[i] = d.next()
	}
	return s
}

func (s shuffle) round(i int, x uint64) uint64 { return mix(x+s.keys[i]) & (1<<s.half - 1) }

func (s shuffle) at(i int) int {
	x := uint64(i)
	for {
		l, r := x>>s.half, x&(1<<s.half-1)
		for k := range s.keys {
			l, r = r, l^s.round(k, r)
		}
		if x = l<<s.half | r; x < s.n {
			return int(x)
		}
	}
}

func (s shuffle) inverse(i int) int {
	x := uint64(i)
	for {
		l, r := x>>s.half, x&(1<<s.half-1)
		for k := len(s.keys) - 1; k >= 0; k-- {
			l, r = r^s.round(k, l), l
		}
		if x = l<<s.half | r; x < s.n {
			return int(x)
		}
	}
}
