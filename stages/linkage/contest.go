package linkage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// Ground is what the answer to an Ask rests on in the directory: the entity it is asked about, the keys under which its rivals
// were sought, and what became of each contest with them.
type Ground struct {
	entity   uint32   // ground of the entity's id
	of       []uint32 // grounds of the entity and of the keys, ascending
	contests []contest
}

// contest is a try of an Ask that would do if there were no rivals. With its numbers a rival can be taken out and put in
// without looking at the others.
type contest struct {
	ask    int // place among those of the record
	entity uint32
	chosen bool // it is the record's answer
	met    bool // the changed record meets the entity; nothing is known of the others where it does not
	weight int32
	above  int    // rivals that are as near as the entity, or nearer
	top    int32  // weight of the likeliest hypothesis
	sum    uint64 // of the shares of all hypotheses, see share2
	row    []byte // the changed record, as appendRow wrote it
}

// probability is that of the entity where it is a match, else 0.
func (c *contest) probability(threshold int64) int64 {
	if !c.met || c.above > 0 {
		return 0
	}
	if p := probability(c.weight, c.top, c.sum); p >= threshold {
		return p
	}
	return 0
}

// appendRow writes the texts of a row: which cells have any, then each cell's, those of a list in their order.
func appendRow(to []byte, r *Records, row []uint32) []byte {
	has := present(row)
	to = binary.AppendUvarint(to, has)
	var texts [][]byte
	for ; has != 0; has &= has - 1 {
		cell := bits.TrailingZeros64(has)
		texts = texts[:0]
		for _, code := range r.set(row, cell) {
			texts = append(texts, r.dict.bytesOf(code))
		}
		if r.layout.lists[cell] {
			slices.SortFunc(texts, bytes.Compare) // codes are in another order in another index
			to = binary.AppendUvarint(to, uint64(len(texts)))
		}
		for _, text := range texts {
			to = append(binary.AppendUvarint(to, uint64(len(text))), text...)
		}
	}
	return to
}

// addRow adds a record with a row that appendRow wrote.
func (r *Records) addRow(id string, written []byte) error {
	in, all := noteReader{rest: written}, string(written)
	w := len(r.layout.names)
	has, sizes := in.number(), [64]int{}
	r.asked.add(id)
	for rest := has; rest != 0 && in.err == nil; rest &= rest - 1 {
		cell, n := bits.TrailingZeros64(rest), uint64(1)
		if cell >= w {
			in.err = errNoGrounds
			break
		}
		if r.layout.lists[cell] {
			n = in.number()
		}
		for ; n > 0 && in.err == nil; n-- {
			text := in.text()
			end := len(all) - len(in.rest)
			r.asked.add(all[end-len(text) : end])
			sizes[cell]++
		}
	}
	codes := r.dict.codes(&r.asked)
	if in.err != nil || len(in.rest) > 0 {
		return errNoGrounds
	}
	r.ids, codes = append(r.ids, codes[0]), codes[1:]
	r.cells = append(r.cells, make([]uint32, w)...)
	row := r.cells[len(r.cells)-w:]
	for ; has != 0; has &= has - 1 {
		cell := bits.TrailingZeros64(has)
		row[cell], codes = r.addSet(codes[:sizes[cell]]), codes[sizes[cell]:]
	}
	return r.bounded()
}

// note is what is kept of a record's grounds beside their hashes, so that it can be told what another directory makes of
// its answers.
type note struct {
	id       string
	entities []uint32 // grounds of those asked about, by ask
	contests []contest
}

const (
	isChosen = 1 << iota
	isMet
)

func (n *note) append(to []byte) []byte {
	to = append(binary.AppendUvarint(to, uint64(len(n.id))), n.id...)
	to = binary.AppendUvarint(to, uint64(len(n.entities)))
	for _, e := range n.entities {
		to = binary.LittleEndian.AppendUint32(to, e)
	}
	to = binary.AppendUvarint(to, uint64(len(n.contests)))
	for i := range n.contests {
		c := &n.contests[i]
		flags := uint64(0)
		if c.chosen {
			flags |= isChosen
		}
		if c.met {
			flags |= isMet
		}
		to = binary.AppendUvarint(binary.AppendUvarint(to, uint64(c.ask)), flags)
		if c.met {
			to = binary.AppendVarint(to, int64(c.weight))
			to = binary.AppendUvarint(to, uint64(c.above))
			to = binary.AppendUvarint(binary.AppendUvarint(to, uint64(c.top)), c.sum)
		}
		to = append(binary.AppendUvarint(to, uint64(len(c.row))), c.row...)
	}
	return to
}

func readNote(data []byte) (n note, err error) {
	in := noteReader{rest: data}
	n.id = string(in.text())
	for left := in.number(); left > 0 && in.err == nil; left-- {
		if b := in.take(4); b != nil {
			n.entities = append(n.entities, binary.LittleEndian.Uint32(b))
		}
	}
	for left := in.number(); left > 0 && in.err == nil; left-- {
		c := contest{ask: int(in.number())}
		flags := in.number()
		c.chosen, c.met = flags&isChosen != 0, flags&isMet != 0
		if c.met {
			c.weight = int32(in.signed())
			c.above, c.top, c.sum = int(in.number()), int32(in.number()), in.number()
		}
		c.row = in.text()
		if in.err == nil && c.ask >= len(n.entities) {
			return note{}, errNoGrounds
		}
		if in.err == nil {
			c.entity = n.entities[c.ask]
			n.contests = append(n.contests, c)
		}
	}
	if in.err != nil || len(in.rest) > 0 {
		return note{}, errNoGrounds
	}
	return n, nil
}

// noteReader reads in place what was written piece by piece.
type noteReader struct {
	rest []byte
	err  error
}

var errCutOff = errors.New("a note is cut off")

func (r *noteReader) number() uint64 { return varint(r, binary.Uvarint) }

func (r *noteReader) signed() int64 { return varint(r, binary.Varint) }

func varint[T uint64 | int64](r *noteReader, decode func([]byte) (T, int)) T {
	n, width := decode(r.rest)
	if width <= 0 {
		r.rest, r.err = nil, errCutOff
		return 0
	}
	r.rest = r.rest[width:]
	return n
}

func (r *noteReader) text() []byte { return r.take(r.number()) }

func (r *noteReader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.rest, r.err = nil, errCutOff
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}
