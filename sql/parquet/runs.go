package parquet

import "encoding/binary"

// runs reads numbers of some bits, written as repetitions of one number and as eights of packed ones. Of no bits each is 0.
type runs struct {
	data   []byte
	width  int
	left   int // numbers of the run at hand
	packed []byte
	bit    int    // the next of packed
	same   uint32 // where packed is nil
	bad    bool   // the numbers have ended
}

func (r *runs) next() uint32 {
	if r.width == 0 {
		return 0
	}
	if r.left == 0 && !r.start() {
		r.bad = true
		return 0
	}
	r.left--
	if r.packed == nil {
		return r.same
	}
	var window [8]byte
	copy(window[:], r.packed[r.bit/8:])
	n := binary.LittleEndian.Uint64(window[:]) >> (r.bit % 8) & (1<<r.width - 1)
	r.bit += r.width
	return uint32(n)
}

// start begins the next run.
func (r *runs) start() bool {
	head, size := binary.Uvarint(r.data)
	if size <= 0 || head>>1 == 0 || head > 1<<32 {
		return false
	}
	r.data = r.data[size:]
	if head&1 == 0 {
		bytes := (r.width + 7) / 8
		if bytes > len(r.data) {
			return false
		}
		var window [4]byte
		copy(window[:], r.data[:bytes])
		r.left, r.packed, r.same = int(head>>1), nil, binary.LittleEndian.Uint32(window[:])
		r.data = r.data[bytes:]
		return true
	}
	// Eights of numbers take as many bytes as a number has bits; the last may be cut off where the numbers end.
	bytes := min(int(head>>1)*r.width, len(r.data))
	r.left, r.packed, r.bit = bytes*8/r.width, r.data[:bytes:bytes], 0
	r.data = r.data[bytes:]
	return bytes > 0 && r.left > 0
}
