package linkage

import (
	"bytes"
	"math/bits"
	"slices"
)

// comparer gives pairs their levels. It belongs to one goroutine. What is asked of a pair is remembered within it,
// because several levels ask for the same; what follows from the CRM record alone, as long as its pairs come one after
// the other.
type comparer struct {
	plan     *plan
	program  *program
	a, b     *Records
	row      []uint32 // of the CRM record
	has      uint64   // its cells that are not null
	rights   uint64   // directory cells that could share a value with it
	mine     valueTable
	pair     uint32
	answers  []uint32 // by condition: twice the pair for which it was asked, and the answer
	known    []uint32 // by slot: the pair for which values holds
	values   []float64
	bounded  []uint32 // by slot: the pair for which bounds holds
	bounds   []float64
	patterns [16]pattern
	scratch  []int
	left     []word // words of the pair, for alike and covers
	right    []word
	touched  uint32
}

func newComparer(p *plan, a, b *Records) *comparer {
	return &comparer{plan: p, program: &p.program, a: a, b: b, answers: make([]uint32, len(p.program.asked)),
		known: make([]uint32, p.slots), values: make([]float64, p.slots), bounded: make([]uint32, p.slots), bounds: make([]float64, p.slots)}
}

// from takes the CRM record whose pairs come next. The row must stay as it is until the next call.
func (c *comparer) from(row []uint32) { c.only(row, ^uint64(0)) }

// only is from where no comparison that reads other cells is asked for.
func (c *comparer) only(row []uint32, cells uint64) {
	c.row, c.has, c.rights = row, present(row)&cells, 0
	c.mine.clear()
	for rest := c.has & c.program.lefts; rest != 0; rest &= rest - 1 {
		cell := bits.TrailingZeros64(rest)
		for _, code := range c.a.set(row, cell) {
			if code < c.a.dict.first { // others no directory record has
				c.mine.add(code, 1<<cell)
			}
		}
	}
	for r := range c.program.rights {
		if c.program.rights[r].lefts&c.has != 0 {
			c.rights |= 1 << r
		}
	}
}

// fetch reads a little of each directory record that comes next, and then of its values, so that all are on their way
// before the first is needed. One after the other they would wait for memory most of the time.
func (c *comparer) fetch(next []found) {
	for _, f := range next {
		c.fetchRow(f.entity)
	}
	for _, f := range next {
		c.fetchValues(f.entity)
	}
}

func (c *comparer) fetchRow(b uint32) {
	row := c.b.row(int(b))
	c.touched += row[0] + row[len(row)/2] + row[len(row)-1]
}

// fetchValues reads a little of what the cells of a record stand for: its sets, and the forms of texts that are asked about.
func (c *comparer) fetchValues(b uint32) {
	row := c.b.row(int(b))
	for _, cell := range c.program.sets {
		if v := row[cell]; v&inPool != 0 {
			c.touched += c.b.pool[v&^inPool]
		}
	}
	for _, cell := range c.program.texts {
		if v := row[cell]; v != 0 {
			f, n := c.b.dict.formOf(v)
			c.touched += uint32(f.sign) + uint32(n)
		}
	}
}

// present has a bit for each cell that is not null.
func present(row []uint32) uint64 {
	var has uint64
	for i, v := range row {
		has |= uint64((v|-v)>>31) << i
	}
	return has
}

// levels writes the level code of each comparison with a directory record.
func (c *comparer) levels(b uint32, out []uint8) {
	row, has, shared := c.begin(b)
	for i := range c.program.comparisons {
		out[i] = c.level(&c.program.comparisons[i], row, has, shared)
	}
}

// some is levels for some comparisons.
func (c *comparer) some(b uint32, which []int, out []uint8) {
	row, has, shared := c.begin(b)
	for _, i := range which {
		out[i] = c.level(&c.program.comparisons[i], row, has, shared)
	}
}

// begin turns to a directory record: what it has, and what it shares.
func (c *comparer) begin(b uint32) (row []uint32, has, shared uint64) {
	c.pair++
	if c.pair >= 1<<31 { // the counter has come round
		c.pair = 1
		clear(c.answers)
		clear(c.known)
		clear(c.bounded)
	}
	row = c.b.row(int(b))
	has = present(row)
	return row, has, c.shared(row, has)
}

// shared finds the pairs of columns that share a value.
func (c *comparer) shared(row []uint32, has uint64) uint64 {
	var shared uint64
	for rest := has & c.rights; rest != 0; rest &= rest - 1 {
		cell := bits.TrailingZeros64(rest)
		var lefts uint64
		if v := row[cell]; v&inPool == 0 {
			lefts = c.mine.of(v)
		} else {
			v &^= inPool
			for _, code := range c.b.pool[v+1 : v+1+c.b.pool[v]] {
				lefts |= c.mine.of(code)
			}
		}
		right := &c.program.rights[cell]
		if lefts&right.lefts == 0 {
			continue
		}
		for _, p := range right.pairs {
			if lefts&p.left != 0 {
				shared |= p.shared
			}
		}
	}
	return shared
}

func (c *comparer) level(k *programComparison, row []uint32, has, shared uint64) uint8 {
	for i := range k.groups {
		g := &k.groups[i]
		if c.first(g.present, row, has, shared) == nil {
			continue
		}
		if d := c.first(g.levels, row, has, shared); d != nil {
			return d.code
		}
		return g.last
	}
	return 0
}

// first is the first demand that is met, nil for none.
func (c *comparer) first(demands []demand, row []uint32, has, shared uint64) *demand {
demands:
	for i := range demands {
		d := &demands[i]
		if d.shared&^shared|d.left&^c.has|d.right&^has != 0 {
			continue
		}
		for _, at := range d.asked {
			if !c.answer(at, row) {
				continue demands
			}
		}
		return d
	}
	return nil
}

// answer decides a condition whose cells are not null, once for each pair.
func (c *comparer) answer(at uint16, row []uint32) bool {
	if known := c.answers[at]; known>>1 == c.pair {
		return known&1 != 0
	}
	k := &c.program.asked[at]
	answer := c.condition(k, c.row[k.l], row[k.r], c.row, row)
	c.answers[at] = c.pair << 1
	if answer {
		c.answers[at]++
	}
	return answer
}

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
		if len(s) < k.n {
			continue
		}
		for _, y := range c.b.set(b, k.r) {
			t, n := c.b.dict.formOf(y)
			if first := byte(t.head >> 56); n < k.n || first != s[0] && first != ' ' && s[0] != '-' {
				continue
			}
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
