package linkage

import (
	"math/bits"
)

// comparer gives pairs their levels. It belongs to one goroutine. What is asked of a pair is remembered within it,
// because several levels ask for the same; what follows from the CRM record alone, as long as its pairs come one after
// the other.
type comparer struct {
	plan      *plan
	program   *program
	a, b      *Records
	row       []uint32 // of the CRM record
	has       uint64   // its cells that are not null
	rights    uint64   // directory cells that could share a value with it
	mine      valueTable
	pair      uint32
	answers   []uint32 // by condition: twice the pair for which it was asked, and the answer
	known     []uint32 // by slot: the pair for which values holds
	values    []float64
	bounded   []uint32 // by slot: the pair for which bounds holds
	bounds    []float64
	patterns  [16]pattern
	scratch   []int
	left      []word // words of the pair, for alike and covers
	right     []word
	touched   uint32
	labels    [16]label
	spellings []byte       // by directory text: what markWithout gives, 0 until it is asked for; nil where none was
	decisions [][]decision // by comparison: those for words that were met last
}

func newComparer(p *plan, a, b *Records) *comparer {
	decisions := make([][]decision, len(p.program.comparisons))
	for i := range decisions {
		decisions[i] = make([]decision, decisionsKept)
	}
	return &comparer{plan: p, program: &p.program, a: a, b: b, answers: make([]uint32, len(p.program.asked)),
		known: make([]uint32, p.slots), values: make([]float64, p.slots), bounded: make([]uint32, p.slots), bounds: make([]float64, p.slots), decisions: decisions}
}

// forget forgets the texts of the CRM records: their codes stand for others from here on.
func (c *comparer) forget() {
	clear(c.patterns[:])
	clear(c.labels[:])
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
		out[i] = c.level(i, row, has, shared)
	}
}

// some is levels for some comparisons.
func (c *comparer) some(b uint32, which []int, out []uint8) {
	row, has, shared := c.begin(b)
	for _, i := range which {
		out[i] = c.level(i, row, has, shared)
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

// level follows from the words, but for what must be asked.
func (c *comparer) level(i int, row []uint32, has, shared uint64) uint8 {
	k := &c.program.comparisons[i]
	w := pairWords{c.has & k.left, has & k.right, shared & k.shared}
	d := &c.decisions[i][w.place()]
	if d.words != w || d.nodes == nil {
		d.words, d.nodes = w, k.decide(w, d.nodes[:0])
	}
	at := d.nodes[len(d.nodes)-1].yes // where to begin
	for at >= 0 {
		n := &d.nodes[at]
		if c.answer(n.asked, row) {
			at = n.yes
		} else {
			at = n.no
		}
	}
	return uint8(^at)
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
