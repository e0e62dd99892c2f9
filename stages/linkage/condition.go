package linkage

import (
	"bytes"
	"math/bits"
	"slices"
)

// condition decides operators for cells that are not null.
func (c *comparer) condition(k *planCondition, x, y uint32, a, b []uint32) bool {
	switch k.op {
	case opSimilar:
		return c.similar(k, x, y)
	case opEdits:
		return c.edits(k, x, y)
	case opEqual:
		return x == y
	case opCrossed:
		return x == y && a[k.l2] != 0 && a[k.l2] == b[k.r2]
	case opOverlap:
		return share(c.a.set(a, k.l), c.b.set(b, k.r)) > 0
	case opShare, opWithin:
		left, right := c.a.set(a, k.l), c.b.set(b, k.r)
		n := share(left, right)
		of := min(len(left), len(right))
		if k.op == opShare {
			of = len(left) + len(right) - n
		}
		return n*1000 >= k.n*of
	case opEnds:
		return c.ends(k, a, b)
	case opLabel:
		return c.label(k, a, b)
	case opSpells:
		return c.spells(k, a, b)
	case opAlike, opCovers:
		return c.alike(k, a, b)
	case opNear:
		return c.near(k, a, b)
	case opSteps:
		i, known := k.order[string(c.a.dict.bytesOf(x))]
		j, also := k.order[string(c.b.dict.bytesOf(y))]
		return known && also && i-j <= k.n && j-i <= k.n
	}
	s, m := c.a.dict.formOf(x)
	t, n := c.b.dict.formOf(y)
	switch k.op {
	case opInitial:
		return (m == 1 || n == 1) && (s.head^t.head)>>56 == 0
	case opPrefix:
		return min(m, n) >= k.n && c.sameStart(s, t, x, y, k.n)
	case opExtends:
		shorter := min(m, n)
		return shorter >= k.n && m != n && c.sameStart(s, t, x, y, shorter)
	}
	return false
}

// sameStart says whether the first n bytes of two texts are equal; both have as many.
func (c *comparer) sameStart(s, t *form, x, y uint32, n int) bool {
	if same := bits.LeadingZeros64(s.head^t.head) / 8; n <= 8 || same < 8 {
		return same >= n
	}
	return bytes.Equal(c.a.dict.bytesOf(x)[:n], c.b.dict.bytesOf(y)[:n])
}

func (c *comparer) ends(k *planCondition, a, b []uint32) bool {
	for _, x := range c.a.set(a, k.l) {
		s := c.a.dict.bytesOf(x)
		for _, y := range c.b.set(b, k.r) {
			t := c.b.dict.bytesOf(y)
			if len(s) >= k.n && len(t) >= k.n && string(s[len(s)-k.n:]) == string(t[len(t)-k.n:]) {
				return true
			}
		}
	}
	return false
}

func (c *comparer) label(k *planCondition, a, b []uint32) bool {
	for _, x := range c.a.set(a, k.l) {
		s := c.labelOf(x).text
		for _, y := range c.b.set(b, k.r) {
			t, _, _ := bytes.Cut(c.b.dict.bytesOf(y), []byte{'.'})
			if len(s) > 0 && bytes.Equal(s, t) {
				return true
			}
		}
	}
	return false
}

// spells compares labels without hyphens with directory texts without spaces. Most differ in a byte that is kept of each such
// text, so that the texts themselves, which are far apart in memory, are seldom read.
func (c *comparer) spells(k *planCondition, a, b []uint32) bool {
	if c.spellings == nil {
		c.spellings = make([]byte, c.b.dict.next())
	}
	for _, x := range c.a.set(a, k.l) {
		s := c.labelOf(x)
		if len(s.text) < k.n {
			continue
		}
		for _, y := range c.b.set(b, k.r) {
			mark := c.spellings[y]
			if mark == 0 {
				mark = markWithout(c.b.dict.bytesOf(y), ' ')
				c.spellings[y] = mark
			}
			if mark == s.mark && equalBut(s.text, '-', c.b.dict.bytesOf(y), ' ', k.n) {
				return true
			}
		}
	}
	return false
}

// label is what stands before the first dot of a CRM text.
type label struct {
	code uint32
	text []byte
	mark byte // markWithout of its hyphens
}

// labelOf is the label of a CRM text, which is mostly asked for again.
func (c *comparer) labelOf(code uint32) *label {
	l := &c.labels[code%uint32(len(c.labels))]
	if l.code != code {
		l.code = code
		l.text, _, _ = bytes.Cut(c.a.dict.bytesOf(code), []byte{'.'})
		l.mark = markWithout(l.text, '-')
	}
	return l
}

// markWithout is a byte, never 0, that equal texts have in common when a byte is left out of them.
func markWithout(text []byte, but byte) byte {
	h := uint64(textHash)
	for _, b := range text {
		if b != but {
			h = (h ^ uint64(b)) * textPrime
		}
	}
	return byte(mix(h)%255) + 1
}

// equalBut compares s without the byte but and t without the byte and: equal, and at least n bytes long.
func equalBut(s []byte, but byte, t []byte, and byte, n int) bool {
	i, j, same := 0, 0, 0
	for {
		for i < len(s) && s[i] == but {
			i++
		}
		for j < len(t) && t[j] == and {
			j++
		}
		switch {
		case i == len(s) || j == len(t):
			return i == len(s) && j == len(t) && same >= n
		case s[i] != t[j]:
			return false
		}
		i, j, same = i+1, j+1, same+1
	}
}

// share counts the common values of two ascending sets.
func share(a, b []uint32) int {
	if len(a) == 1 && len(b) == 1 {
		if a[0] == b[0] {
			return 1
		}
		return 0
	}
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			n++
			i++
			j++
		}
	}
	return n
}

// common yields the shared values in ascending order of code.
func common(a, b []uint32, yield func(uint32)) {
	for _, x := range a {
		if _, ok := slices.BinarySearch(b, x); ok {
			yield(x)
		}
	}
}
