package linkage

import (
	"errors"
	"io"
	"math"
	"slices"
)

// Roll are CRM records as they were read to be scored: in codes of the directory's index, with the texts that it lacks. With it all
// of them are looked at again without reading their table, and without looking for their texts. It is made of pieces, of
// which a later one can take the place of records in earlier ones.
type Roll struct {
	index    *Index
	pieces   []rollArrays
	replaced map[string]int // by id: the last piece that takes its place
}

// rollArrays are what is stored of a piece.
type rollArrays struct {
	ids, cells, pool []uint32
	lengths          []uint32 // of the texts that the index lacks, in the order of their codes
	text             []byte
	replacedLengths  []uint32
	replaced         []byte // ids, one after the other
}

// rollMark begins each piece; a change of what follows must change it.
const rollMark = "roll  1\n"

var errNoRoll = errors.New("these are no records that an earlier scoring left")

// WriteRoll writes a piece of a Roll, and the ids of those records in pieces before it that no longer count.
func (r *Records) WriteRoll(to io.Writer, replaced []string) error {
	lengths := make([]uint32, 0, len(r.dict.forms))
	for i := range r.dict.forms[1:] {
		n := r.dict.forms[i+1].end - r.dict.forms[i].end
		if n > math.MaxUint32 {
			return errors.New("writing records: a text of more than 4 GB")
		}
		lengths = append(lengths, uint32(n))
	}
	var ids []byte
	var idLengths []uint32
	for _, id := range replaced {
		ids, idLengths = append(ids, id...), append(idLengths, uint32(len(id)))
	}
	w := arrayWriter{to: to}
	w.bytes([]byte(rollMark))
	writeArray(&w, []uint64{uint64(r.dict.first)})
	for _, numbers := range [][]uint32{r.ids, r.cells, r.pool, lengths, idLengths} {
		writeArray(&w, numbers)
	}
	writeArray(&w, r.dict.text)
	writeArray(&w, ids)
	return w.err
}

// ReadRoll reads what WriteRoll wrote for the index, in place; of several files the later one's pieces come later.
func (x *Index) ReadRoll(files ...[]byte) (*Roll, error) {
	roll := &Roll{index: x, replaced: map[string]int{}}
	for _, data := range files {
		in := arrays{rest: data}
		for len(in.rest) > 0 {
			if len(in.rest) < len(rollMark) || string(in.rest[:len(rollMark)]) != rollMark {
				return nil, errNoRoll
			}
			in.rest = in.rest[len(rollMark):]
			first := readArray[uint64](&in)
			p := rollArrays{ids: readArray[uint32](&in), cells: readArray[uint32](&in), pool: readArray[uint32](&in), lengths: readArray[uint32](&in),
				replacedLengths: readArray[uint32](&in), text: readArray[byte](&in), replaced: readArray[byte](&in)}
			if in.err != nil || len(first) != 1 || first[0] != uint64(x.records.dict.next()) || len(p.cells) != len(p.ids)*len(x.plan.left.names) ||
				sumOf(p.lengths) != len(p.text) || sumOf(p.replacedLengths) != len(p.replaced) {
				return nil, errNoRoll
			}
			at := 0
			for _, n := range p.replacedLengths {
				roll.replaced[string(p.replaced[at:at+int(n)])] = len(roll.pieces)
				at += int(n)
			}
			roll.pieces = append(roll.pieces, p)
		}
	}
	return roll, nil
}

func sumOf(lengths []uint32) (sum int) {
	for _, n := range lengths {
		sum += int(n)
	}
	return sum
}

// Replaced is how many records of earlier pieces do not count.
func (r *Roll) Replaced() int { return len(r.replaced) }

// Each gives the pieces one after the other, without the records of some ids.
func (r *Roll) Each(without map[string]bool, fn func(*RollPiece) error) error {
	for at, arrays := range r.pieces {
		p := &RollPiece{records: r.index.NewRecords()}
		p.records.ids, p.records.cells, p.records.pool = arrays.ids, arrays.cells, arrays.pool
		p.records.dict.hold(arrays.text, arrays.lengths)
		for i, code := range arrays.ids {
			id := p.records.dict.bytesOf(code)
			if later, ok := r.replaced[string(id)]; ok && later > at {
				continue
			}
			if without[string(id)] {
				p.out = append(p.out, i)
			} else {
				p.rows = append(p.rows, i)
			}
		}
		if err := fn(p); err != nil {
			return err
		}
	}
	return nil
}

// Pick adds the records of some ids to others of the index. Nothing is looked at but the ids, and these records.
func (r *Roll) Pick(ids map[string]bool, to *Records) error {
	base := r.index.records.dict
	if to.dict.base != base {
		return errors.New("picking records: they are for another index")
	}
	width := len(to.layout.names)
	for at, p := range r.pieces {
		ends := make([]uint64, len(p.lengths)+1)
		for i, n := range p.lengths {
			ends[i+1] = ends[i] + uint64(n)
		}
		first := base.next()
		text := func(code uint32) []byte {
			if code < first {
				return base.bytesOf(code)
			}
			return p.text[ends[code-first]:ends[code-first+1]]
		}
		var own map[uint32]uint32
		code := func(c uint32) uint32 {
			if c < first {
				return c
			}
			known, ok := own[c]
			if !ok {
				known = to.dict.code(string(text(c)), hashText(text(c)))
				own[c] = known
			}
			return known
		}
		from := Records{layout: to.layout, cells: p.cells, pool: p.pool}
		var codes []uint32
		for i, id := range p.ids {
			if !ids[string(text(id))] {
				continue
			}
			if later, ok := r.replaced[string(text(id))]; ok && later > at {
				continue
			}
			if own == nil {
				own = map[uint32]uint32{}
			}
			to.ids = append(to.ids, code(id))
			row := from.row(i)
			for cell := range width {
				codes = codes[:0]
				for _, c := range from.set(row, cell) {
					codes = append(codes, code(c))
				}
				to.cells = append(to.cells, to.addSet(codes))
			}
		}
	}
	return to.bounded()
}

// hold makes texts of the dictionary's own known by their codes. They are not found by what they say.
func (d *dictionary) hold(text []byte, lengths []uint32) {
	d.text, d.forms = text, make([]form, len(lengths)+1)
	from := uint64(0)
	for i, n := range lengths {
		to := from + uint64(n)
		one := text[from:to]
		d.forms[i+1] = form{to, hashText(one), signature(one), headOf(one)}
		from = to
	}
}

// RollPiece are records that are at hand together.
type RollPiece struct {
	records   *Records
	rows, out []int // those that count, and those that would but for their ids
}

// Copy adds some records to others, which need not be of the same index.
func (r *Records) Copy(to *Records, rows []int) error {
	if len(rows) == 0 {
		return nil
	}
	c := newCopying(r, to)
	for _, row := range rows {
		c.add(uint32(row))
	}
	return to.bounded()
}

// Write writes the piece as it is.
func (p *RollPiece) Write(to io.Writer) error {
	records := p.records.NewRecords()
	p.renumber(records, p.rows, func(code uint32) uint32 { return code }, make([]uint32, len(p.records.dict.forms)-1))
	return records.WriteRoll(to, nil)
}

// NewRecords starts a set of records with the same dictionary of the directory.
func (r *Records) NewRecords() *Records { return newRecords(r.layout, r.id, r.dict.base) }

// renumber adds some records to others: in codes that base gives for those of the directory's texts, and own for the texts that
// the directory lacks, which it changes; or where these are 0 in new ones. No text is looked for, and none of the new ones will
// be found by what it says.
func (p *RollPiece) renumber(to *Records, rows []int, base func(uint32) uint32, own []uint32) {
	from := p.records
	first, added := from.dict.first, []uint32(nil) // by the directory's code: a new one
	other := func(c uint32) uint32 {
		if c >= first {
			known := &own[c-first]
			if *known == 0 {
				*known = to.dict.append(from.dict, c)
			}
			return *known
		}
		if code := base(c); code != 0 {
			return code
		}
		if added == nil {
			added = make([]uint32, first)
		}
		if added[c] == 0 {
			added[c] = to.dict.append(from.dict, c)
		}
		return added[c]
	}
	to.ids, to.cells = slices.Grow(to.ids, len(rows)), slices.Grow(to.cells, len(rows)*len(from.layout.names))
	var codes []uint32
	for _, i := range rows {
		to.ids = append(to.ids, other(from.ids[i]))
		row := from.row(i)
		for c, cell := range row {
			switch {
			case cell&inPool != 0:
				codes = codes[:0]
				for _, v := range from.set(row, c) {
					codes = append(codes, other(v))
				}
				cell = to.addSet(codes)
			case cell != 0:
				cell = other(cell)
			}
			to.cells = append(to.cells, cell)
		}
	}
}

// grow makes room for all texts of another dictionary.
func (d *dictionary) grow(from *dictionary) {
	d.text, d.forms = slices.Grow(d.text, len(from.text)), slices.Grow(d.forms, len(from.forms))
}

// append numbers a text of another dictionary without making it known by what it says.
func (d *dictionary) append(from *dictionary, code uint32) uint32 {
	c := d.next()
	known, _ := from.formOf(code)
	f := *known
	d.text = append(d.text, from.bytesOf(code)...)
	f.end = uint64(len(d.text))
	d.forms = append(d.forms, f)
	return c
}
