package linkage

import (
	"bytes"
	"slices"
)

// numbering gives an index's records the order of their ids, and their texts the numbers in which they appear there:
// equal records are equal bytes, in whatever order they were read.
type numbering struct {
	texts       *spellings
	width       int      // cells of a record
	ids         []uint32 // as they were read …
	cells, pool []uint32
	codes       []uint32 // by the number that a text had: its code, 0 where it has none yet
	inOrder              // … and as they are stored

	flat    []uint32 // the numbers in some records, in their order
	touched uint64
}

// finish gives the records the form in which they are stored.
func (r *Records) finish() (err error) {
	b := r.build
	r.build = nil
	if err := b.open(); err != nil {
		return err
	}
	b.texts.slots = nil
	n := numbering{texts: &b.texts, width: len(r.layout.names), ids: r.ids, codes: make([]uint32, len(b.texts.ends))}
	if n.cells, err = b.cells.all(); err == nil {
		n.pool, err = b.pool.all()
	}
	if err == nil {
		err = n.open(b.space, sizes{len(r.ids), len(n.cells), len(n.pool), len(b.texts.text), len(b.texts.ends)})
	}
	if err == nil {
		err = b.merge(r, n.take)
	}
	if err != nil {
		return err
	}
	b.texts, n.codes = spellings{}, nil // all of it is in the dictionary now
	return n.into(r, b.space)
}

// take adds the next records, by their places as they were read.
func (n *numbering) take(rows []uint32) error {
	n.flat = n.flat[:0]
	for _, row := range rows {
		n.flat = append(n.flat, n.ids[row])
		for _, c := range n.row(row) {
			if c&inPool != 0 {
				n.flat = append(n.flat, n.set(c)...)
			} else if c != 0 {
				n.flat = append(n.flat, c)
			}
		}
	}
	n.near()
	for _, old := range n.flat {
		if n.codes[old] == 0 {
			n.add(old)
		}
	}
	for _, row := range rows {
		n.newIDs = append(n.newIDs, n.codes[n.ids[row]])
		for _, c := range n.row(row) {
			if c&inPool != 0 {
				c = n.addSet(n.set(c))
			} else if c != 0 {
				c = n.codes[c]
			}
			n.newCells.values = append(n.newCells.values, c)
		}
	}
	if len(n.newCells.values) < 1<<16 {
		return nil
	}
	return n.away()
}

func (n *numbering) row(row uint32) []uint32 {
	return n.cells[int(row)*n.width : (int(row)+1)*n.width]
}

func (n *numbering) set(cell uint32) []uint32 {
	at := cell &^ inPool
	return n.pool[at+1 : at+1+n.pool[at]]
}

// near reads what codes and add look at, for all that are asked: one after the other each would be waited for.
func (n *numbering) near() {
	for _, old := range n.flat {
		n.touched += uint64(n.codes[old])
	}
	for _, old := range n.flat {
		if n.codes[old] == 0 {
			n.touched += n.texts.ends[old] + n.texts.hashes[old]
		}
	}
	for _, old := range n.flat {
		if n.codes[old] == 0 {
			n.touched += uint64(n.texts.text[n.texts.ends[old-1]])
		}
	}
}

// add gives a text its code.
func (n *numbering) add(old uint32) {
	text := n.texts.of(old)
	n.codes[old] = n.spell(text, form{hash: n.texts.hashes[old], sign: signature(text), head: headOf(text)})
}

// addSet stores a set and returns its cell.
func (n *numbering) addSet(set []uint32) uint32 {
	p := &n.newPool
	place, start := uint32(p.len()), len(p.values)
	p.values = append(p.values, uint32(len(set)))
	for _, old := range set {
		p.values = append(p.values, n.codes[old])
	}
	slices.Sort(p.values[start+1:])
	return place | inPool
}

// run is the rest of some records whose ids ascend.
type run struct {
	id         []byte // of its first
	first, end uint32
}

// merge hands over all records in the order of their ids, some at a time.
func (b *building) merge(r *Records, take func(rows []uint32) error) error {
	runs := make([]run, len(b.runs))
	for i, first := range b.runs {
		end := len(r.ids)
		if i+1 < len(b.runs) {
			end = b.runs[i+1]
		}
		runs[i] = run{b.texts.of(r.ids[first]), uint32(first), uint32(end)}
	}
	for i := len(runs)/2 - 1; i >= 0; i-- {
		sink(runs, i)
	}
	var rows []uint32
	var last []byte
	for len(runs) > 0 {
		top := &runs[0]
		if bytes.Equal(top.id, last) {
			return errTwice(r.id)
		}
		last = top.id
		if rows = append(rows, top.first); len(rows) == rowsAtOnce {
			if err := take(rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
		if top.first++; top.first < top.end {
			top.id = b.texts.of(r.ids[top.first])
		} else {
			*top = runs[len(runs)-1]
			runs = runs[:len(runs)-1]
		}
		sink(runs, 0)
	}
	return take(rows)
}

// sink moves a run down in a heap to where it belongs.
func sink(runs []run, i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(runs); child++ {
			if bytes.Compare(runs[child].id, runs[least].id) < 0 {
				least = child
			}
		}
		if least == i {
			return
		}
		runs[i], runs[least] = runs[least], runs[i]
		i = least
	}
}
