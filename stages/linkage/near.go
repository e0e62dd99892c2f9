package linkage

import "math/bits"

func (c *comparer) similar(k *planCondition, x, y uint32) bool {
	if x == y {
		return 1 >= k.t
	}
	if c.bounded[k.slot] != c.pair {
		s, m := c.a.dict.formOf(x)
		t, n := c.b.dict.formOf(y)
		c.bounded[k.slot] = c.pair
		c.bounds[k.slot] = similarAtMost(m, n, s, t)
	}
	if c.bounds[k.slot] < k.t {
		return false
	}
	if c.known[k.slot] != c.pair {
		c.known[k.slot] = c.pair
		c.values[k.slot] = c.pattern(x).similarity(c.b.dict.bytesOf(y))
	}
	return c.values[k.slot] >= k.t
}

// pattern is a CRM text prepared for many others.
func (c *comparer) pattern(code uint32) *pattern {
	p := &c.patterns[code%uint32(len(c.patterns))]
	if p.code != code {
		p.set(code, c.a.dict.bytesOf(code))
	}
	return p
}

func (c *comparer) edits(k *planCondition, x, y uint32) bool {
	if x == y {
		return true
	}
	if c.known[k.slot] != c.pair {
		// An edit changes the length by one at most, and adds and removes one letter at most.
		s, m := c.a.dict.formOf(x)
		t, n := c.b.dict.formOf(y)
		if max(m-n, n-m, bits.OnesCount64(s.sign&^t.sign), bits.OnesCount64(t.sign&^s.sign)) > k.n {
			return false
		}
		if k.n == 1 {
			return oneEdit(c.a.dict.bytesOf(x), c.b.dict.bytesOf(y))
		}
		c.known[k.slot] = c.pair
		c.values[k.slot] = float64(edits(c.a.dict.bytesOf(x), c.b.dict.bytesOf(y), &c.scratch))
	}
	return c.values[k.slot] <= float64(k.n)
}
