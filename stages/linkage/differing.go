package linkage

import "bytes"

// Differing are the directory records in which two indexes of one section differ: those that one of them lacks, and those
// that read differently in a column the section compares or blocks by.
type Differing struct {
	before, after *Index
	was, is       []uint32     // places of such records in each
	stayed        []uint32     // by place in before: the place in after of a record that does not differ, or gone
	codes         *translation // nil where it is to be made again
	records       int
}

const gone = ^uint32(0)

// Len is how many records differ, were added or are gone.
func (d Differing) Len() int { return d.records }

// NewDiffering compares two indexes. Both hold what is compared of each record, in the order of ids, so that no table is
// read for it.
func NewDiffering(before, after *Index) Differing {
	a, b := before.records, after.records
	d := Differing{before: before, after: after, stayed: make([]uint32, a.Len()),
		codes: newTranslation(a, b)}
	same := d.codes
	for i, j := 0, 0; i < a.Len() || j < b.Len(); {
		order := 1
		switch {
		case j == b.Len():
			order = -1
		case i < a.Len():
			order = bytes.Compare(a.dict.bytesOf(a.ids[i]), b.dict.bytesOf(b.ids[j]))
		}
		if order != 0 || !same.rows(a.row(i), b.row(j)) {
			d.records++
			if order <= 0 {
				d.was, d.stayed[i] = append(d.was, uint32(i)), gone
			}
			if order >= 0 {
				d.is = append(d.is, uint32(j))
			}
		} else {
			d.stayed[i] = uint32(j)
		}
		if order <= 0 {
			i++
		}
		if order >= 0 {
			j++
		}
	}
	return d
}

func (d *Differing) translation() *translation {
	if d.codes == nil {
		return newTranslation(d.before.records, d.after.records)
	}
	return d.codes
}

// copying copies records of an index to others. Each text is looked for once.
type copying struct {
	from, to *Records
	known    []uint32 // by code: its code there, 0 where it was not looked for
	codes    []uint32
}

func newCopying(from, to *Records) *copying {
	return &copying{from: from, to: to, known: make([]uint32, from.dict.next())}
}

func (c *copying) add(place uint32) {
	c.to.ids = append(c.to.ids, c.code(c.from.ids[place]))
	row := c.from.row(int(place))
	for cell := range row {
		c.codes = c.codes[:0]
		for _, code := range c.from.set(row, cell) {
			c.codes = append(c.codes, c.code(code))
		}
		c.to.cells = append(c.to.cells, c.to.addSet(c.codes))
	}
}

func (c *copying) code(code uint32) uint32 {
	if c.known[code] == 0 {
		c.known[code] = c.to.dict.code(string(c.from.dict.bytesOf(code)), c.from.dict.hashOf(code))
	}
	return c.known[code]
}
