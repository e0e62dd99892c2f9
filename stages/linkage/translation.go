package linkage

import (
	"bytes"
	"slices"
)

// translation leads from one index's codes to another's.
type translation struct {
	from, to *Records
	known    []uint32 // by code: the other's code, or unknownCode
	shifts   []int32  // by codes beside each other: how much all of them move, or apart. They stay in the processor's caches
}

const (
	unknownCode = ^uint32(0)
	besides     = 5 // bits of a code that say which of those beside each other it is
	apart       = -1 << 31
)

// newTranslation looks for all texts. Both indexes number them in the order in which records have them, so that most stand
// one after the other in both.
func newTranslation(from, to *Records) *translation {
	n := from.dict.next()
	t := &translation{from: from, to: to, known: make([]uint32, n), shifts: make([]int32, n>>besides+1)}
	next := to.dict.first
	for c := from.dict.first; c < n; c++ {
		found := unknownCode
		if next < to.dict.next() && from.dict.hashOf(c) == to.dict.hashOf(next) && bytes.Equal(from.dict.bytesOf(c), to.dict.bytesOf(next)) {
			found = next
		} else if other := to.dict.find(string(from.dict.bytesOf(c)), from.dict.hashOf(c)); other != 0 {
			found = other
		}
		if t.known[c] = found; found != unknownCode {
			next = found + 1
		}
		shift, at := int32(apart), c>>besides
		if found != unknownCode {
			shift = int32(found) - int32(c)
		}
		if c == from.dict.first || c&(1<<besides-1) == 0 {
			t.shifts[at] = shift
		} else if t.shifts[at] != shift {
			t.shifts[at] = apart
		}
	}
	return t
}

// code is the other index's code, or unknownCode.
func (t *translation) code(c uint32) uint32 {
	if shift := t.shifts[c>>besides]; shift != apart {
		return uint32(int32(c) + shift)
	}
	return t.known[c]
}

// rows says whether two rows hold the same values.
func (t *translation) rows(a, b []uint32) bool {
	for i, x := range a {
		y := b[i]
		if x&inPool == 0 {
			if x == 0 && y != 0 || x != 0 && t.code(x) != y {
				return false
			}
			continue
		}
		if y&inPool == 0 {
			return false
		}
		mine, theirs := t.from.set(a, i), t.to.set(b, i)
		if len(mine) != len(theirs) {
			return false
		}
		for _, c := range mine {
			if !slices.Contains(theirs, t.code(c)) {
				return false
			}
		}
	}
	return true
}
