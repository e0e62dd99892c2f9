package linkage

import "math/bits"

// spellings number the texts of an index's records from 1 as they are read. They hold less about each than a dictionary has,
// and answers from fewer places of memory.
type spellings struct {
	text   []byte
	ends   []uint64 // by number; the text starts where the one before ends
	hashes []uint64
	slots  []uint64 // open addressing: half of the hash, then the number
	// touched takes what was read only so that it is near when it is needed.
	touched uint64
}

// waiting is a text whose number is asked for.
type waiting struct {
	text string
	hash uint64
	near uint32 // the number that it probably has
}

func newSpellings() spellings {
	return spellings{ends: make([]uint64, 1), hashes: make([]uint64, 1), slots: make([]uint64, 1024)}
}

func (t *spellings) slot(hash uint64) int {
	i, _ := bits.Mul64(hash, uint64(len(t.slots)))
	return int(i)
}

// of is the text of a number that is not 0.
func (t *spellings) of(n uint32) []byte { return t.text[t.ends[n-1]:t.ends[n]] }

// near hashes texts, and reads for all of them what number looks at: one after the other each would be waited for.
func (t *spellings) near(some []waiting) {
	for i := range some {
		some[i].hash = hashText(some[i].text)
	}
	for i := range some {
		some[i].near = 0
		if slot := t.slots[t.slot(some[i].hash)]; uint32(slot>>32) == uint32(some[i].hash) {
			some[i].near = uint32(slot)
		}
	}
	for i := range some {
		if n := some[i].near; n != 0 {
			t.touched += t.ends[n]
		}
	}
	for i := range some {
		if n := some[i].near; n != 0 {
			t.touched += uint64(t.text[t.ends[n-1]])
		}
	}
}

// number numbers a text, adding it where it is new. Empty text is 0.
func (t *spellings) number(w *waiting) uint32 {
	if w.text == "" {
		return 0
	}
	i := t.slot(w.hash)
	for t.slots[i] != 0 {
		if uint32(t.slots[i]>>32) == uint32(w.hash) && string(t.of(uint32(t.slots[i]))) == w.text {
			return uint32(t.slots[i])
		}
		i = behind(i, len(t.slots))
	}
	n := uint32(len(t.ends))
	t.text = append(t.text, w.text...)
	t.ends, t.hashes = append(t.ends, uint64(len(t.text))), append(t.hashes, w.hash)
	t.slots[i] = w.hash<<32 | uint64(n)
	if len(t.ends)*4 > len(t.slots)*3 {
		t.grow()
	}
	return n
}

func (t *spellings) grow() {
	t.slots = make([]uint64, 2*len(t.slots))
	for n := 1; n < len(t.hashes); n++ {
		i := t.slot(t.hashes[n])
		for t.slots[i] != 0 {
			i = behind(i, len(t.slots))
		}
		t.slots[i] = t.hashes[n]<<32 | uint64(n)
	}
}
