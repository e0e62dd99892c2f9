package linkage

import (
	"bytes"
	"math/bits"
	"slices"
)

// comparer gives a pair its levels. It belongs to one goroutine: similarities are remembered within a pair because
// several levels ask for the same one.
type comparer struct {
	plan    *plan
	a, b    *Records
	seen    []uint32 // by slot: the pair for which values holds
	values  []float64
	pair    uint32
	scratch []int
	left    []word // words of the pair, for alike and covers
	right   []word
}

func newComparer(p *plan, a, b *Records) *comparer {
	return &comparer{plan: p, a: a, b: b, seen: make([]uint32, p.slots), values: make([]float64, p.slots)}
}

// levels writes the level code of each comparison.
func (c *comparer) levels(a, b []uint32, out []uint8) {
	c.pair++
	for i := range c.plan.comparisons {
		out[i] = c.level(&c.plan.comparisons[i], a, b)
	}
}

func (c *comparer) level(k *planComparison, a, b []uint32) uint8 {
	for _, g := range k.groups {
		if !c.holds(g.present, a, b) {
			continue
		}
		for code := g.first; code < g.last; code++ {
			if c.holds(k.levels[code-1].when, a, b) {
				return uint8(code)
			}
		}
		return uint8(g.last)
	}
	return 0
}

func (c *comparer) holds(e planExpression, a, b []uint32) bool {
	for _, every := range e {
		if c.all(every, a, b) {
			return true
		}
	}
	return false
}

// all says whether every condition holds. The two most common operators are decided here: most pairs differ in most
// fields, and a call costs more than they do.
func (c *comparer) all(every []planCondition, a, b []uint32) bool {
	for i := range every {
		k := &every[i]
		x, y := a[k.l], b[k.r]
		if x == 0 || y == 0 {
			return false
		}
		switch k.op {
		case opPresent:
		case opEqual:
			if x != y {
				return false
			}
		default:
			if !c.condition(k, x, y, a, b) {
				return false
			}
		}
	}
	return true
}

// condition decides the other operators for cells that are not null.
func (c *comparer) condition(k *planCondition, x, y uint32, a, b []uint32) bool {
	switch k.op {
	case opSimilar:
		return c.similar(k, x, y)
	case opEdits:
		return c.edits(k, x, y)
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
	}
	s, t := c.a.dict.bytesOf(x), c.b.dict.bytesOf(y)
	switch k.op {
	case opPrefix:
		return len(s) >= k.n && len(t) >= k.n && string(s[:k.n]) == string(t[:k.n])
	case opExtends:
		if len(s) > len(t) {
			s, t = t, s
		}
		return len(s) >= k.n && len(s) < len(t) && bytes.HasPrefix(t, s)
	case opInitial:
		return (len(s) == 1 || len(t) == 1) && s[0] == t[0]
	case opSteps:
		i, known := k.order[string(s)]
		j, also := k.order[string(t)]
		return known && also && i-j <= k.n && j-i <= k.n
	}
	return false
}

func (c *comparer) similar(k *planCondition, x, y uint32) bool {
	if x == y {
		return 1 >= k.t
	}
	if c.seen[k.slot] != c.pair {
		s, t := c.a.dict.bytesOf(x), c.b.dict.bytesOf(y)
		if similarAtMost(s, t, c.a.dict.signOf(x), c.b.dict.signOf(y)) < k.t {
			return false
		}
		c.seen[k.slot] = c.pair
		c.values[k.slot] = jaroWinkler(s, t)
	}
	return c.values[k.slot] >= k.t
}

func (c *comparer) edits(k *planCondition, x, y uint32) bool {
	if x == y {
		return true
	}
	if c.seen[k.slot] != c.pair {
		s, t := c.a.dict.bytesOf(x), c.b.dict.bytesOf(y)
		// An edit changes the length by one at most, and adds and removes one letter at most.
		sx, sy := c.a.dict.signOf(x), c.b.dict.signOf(y)
		if max(len(s)-len(t), len(t)-len(s), bits.OnesCount64(sx&^sy), bits.OnesCount64(sy&^sx)) > k.n {
			return false
		}
		c.seen[k.slot] = c.pair
		c.values[k.slot] = float64(edits(s, t, &c.scratch))
	}
	return c.values[k.slot] <= float64(k.n)
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
		s, _, _ := bytes.Cut(c.a.dict.bytesOf(x), []byte{'.'})
		for _, y := range c.b.set(b, k.r) {
			t, _, _ := bytes.Cut(c.b.dict.bytesOf(y), []byte{'.'})
			if len(s) > 0 && bytes.Equal(s, t) {
				return true
			}
		}
	}
	return false
}

func (c *comparer) spells(k *planCondition, a, b []uint32) bool {
	for _, x := range c.a.set(a, k.l) {
		s, _, _ := bytes.Cut(c.a.dict.bytesOf(x), []byte{'.'})
		for _, y := range c.b.set(b, k.r) {
			if equalBut(s, '-', c.b.dict.bytesOf(y), ' ', k.n) {
				return true
			}
		}
	}
	return false
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
