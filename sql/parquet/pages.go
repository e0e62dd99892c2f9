package parquet

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// cell is a value of a column, or, where the column holds lists, an element of one or what stands for an empty list or none.
type cell struct {
	row    int
	def    int
	null   bool
	bytes  []byte // valid only during the call
	number int64
}

// Codecs and encodings that are read.
const (
	codecNone = 0
	codecZstd = 6

	encodingPlain     = 0
	encodingDictOfOld = 2 // a dictionary's plain values, and what points into them, under their older name
	encodingDict      = 8

	pageData       = 0
	pageDictionary = 2
)

// page is a page's head.
type page struct {
	kind, unpacked, packed int64
	values, encoding       int64
}

// eachCell hands over the cells of a column in the order of the rows until it is told to stop.
func eachCell(f *file, c column, at chunk, cell func(cell) bool) error {
	start := at.data
	if at.dictionary > 0 && at.dictionary < start {
		start = at.dictionary
	}
	data, err := f.part(start, at.compressed)
	if err != nil {
		return err
	}
	r := cells{column: c, row: -1, memory: f.memory, cell: cell}
	r.values = r.values[:0]
	for left := at.values; left > 0 && !r.stopped; {
		p, content, rest, err := r.nextPage(data, at.codec)
		if err != nil {
			return err
		}
		data = rest
		switch p.kind {
		case pageDictionary:
			err = r.readDictionary(p, content)
		case pageData:
			left -= p.values
			err = r.readData(p, content)
		default:
			err = fmt.Errorf("pages of kind %d are not read", p.kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unpacker is made once: its tables cost more than unpacking a column does.
var unpacker = sync.OnceValues(func() (*zstd.Decoder, error) { return zstd.NewReader(nil) })

// nextPage takes the first page off some and unpacks it.
func (r *cells) nextPage(data []byte, codec int64) (p page, content, rest []byte, err error) {
	t := &thrift{data: data}
	t.fields(func(id int64, kind byte) {
		switch {
		case id == 1:
			p.kind = t.integer()
		case id == 2:
			p.unpacked = t.integer()
		case id == 3:
			p.packed = t.integer()
		case (id == 5 || id == 7) && kind == thriftStruct: // of a data page, of a dictionary
			t.fields(func(id int64, kind byte) {
				switch id {
				case 1:
					p.values = t.integer()
				case 2:
					p.encoding = t.integer()
				default:
					t.skip(kind)
				}
			})
		default:
			t.skip(kind)
		}
	})
	if t.bad || p.packed < 0 || p.packed > int64(len(data)-t.at) || p.values < 0 || p.unpacked < 0 {
		return p, nil, nil, ErrDamaged
	}
	content, rest = data[t.at:t.at+int(p.packed)], data[t.at+int(p.packed):]
	switch codec {
	case codecNone:
	case codecZstd:
		z, err := unpacker()
		if err != nil {
			return p, nil, nil, err
		}
		to := &r.unpacked
		if p.kind == pageDictionary { // it stays while data is read
			to = &r.dictionary
		}
		if content, err = z.DecodeAll(content, slices.Grow((*to)[:0], int(min(p.unpacked, 1<<26)))); err != nil {
			return p, nil, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		*to = content
	default:
		return p, nil, nil, fmt.Errorf("compression %d is not read", codec)
	}
	if int64(len(content)) != p.unpacked {
		return p, nil, nil, ErrDamaged
	}
	return p, content, rest, nil
}

// cells walks the pages of a column.
type cells struct {
	column column
	row    int // of the last cell
	*memory
	cell    func(cell) bool
	stopped bool
}

// value is one that is not null.
type value struct {
	bytes  []byte
	number int64
}

func (r *cells) readDictionary(p page, content []byte) error {
	if p.encoding != encodingPlain && p.encoding != encodingDictOfOld {
		return fmt.Errorf("encoding %d of dictionaries is not read", p.encoding)
	}
	values := plain{data: content, kind: r.column.kind}
	for i := int64(0); i < p.values && values.err == nil; i++ {
		r.values = append(r.values, values.next())
	}
	return values.err
}

func (r *cells) readData(p page, content []byte) error {
	repetitions, content, err := levels(content, r.column.maxRep)
	if err != nil {
		return err
	}
	definitions, content, err := levels(content, r.column.maxDef)
	if err != nil {
		return err
	}
	direct := plain{data: content, kind: r.column.kind}
	var pointers runs
	switch p.encoding {
	case encodingPlain:
	case encodingDict, encodingDictOfOld:
		if len(content) == 0 || content[0] > 32 {
			return ErrDamaged
		}
		pointers = runs{data: content[1:], width: int(content[0])}
	default:
		return fmt.Errorf("encoding %d is not read", p.encoding)
	}
	for range p.values {
		if repetitions.next() == 0 {
			r.row++
		}
		c := cell{row: r.row, def: int(definitions.next())}
		c.null = c.def < r.column.maxDef
		if !c.null {
			var v value
			if p.encoding == encodingPlain {
				v = direct.next()
			} else if n := pointers.next(); n < uint32(len(r.values)) {
				v = r.values[n]
			} else {
				return ErrDamaged
			}
			c.bytes, c.number = v.bytes, v.number
		}
		if direct.err != nil || repetitions.bad || definitions.bad || pointers.bad {
			return firstOf(direct.err, ErrDamaged)
		}
		if !r.cell(c) {
			r.stopped = true
			return nil
		}
	}
	return nil
}

func firstOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// levels takes a page's levels off its content. Where there is but one level none are written.
func levels(content []byte, most int) (runs, []byte, error) {
	if most == 0 {
		return runs{}, content, nil
	}
	if len(content) < 4 {
		return runs{}, nil, ErrDamaged
	}
	n := binary.LittleEndian.Uint32(content)
	if uint64(n) > uint64(len(content)-4) {
		return runs{}, nil, ErrDamaged
	}
	return runs{data: content[4 : 4+n], width: bits.Len(uint(most))}, content[4+n:], nil
}

// plain reads values that stand one after the other.
type plain struct {
	data []byte
	kind int64
	bit  int
	err  error
}

func (p *plain) next() (v value) {
	switch p.kind {
	case kindBytes:
		if n := p.take(4); n != nil {
			v.bytes = p.take(int(binary.LittleEndian.Uint32(n)))
		}
	case kindInt32:
		if n := p.take(4); n != nil {
			v.number = int64(int32(binary.LittleEndian.Uint32(n)))
		}
	case kindInt64:
		if n := p.take(8); n != nil {
			v.number = int64(binary.LittleEndian.Uint64(n))
		}
	case kindBool:
		if p.bit/8 >= len(p.data) {
			p.err = ErrDamaged
			return v
		}
		v.number = int64(p.data[p.bit/8] >> (p.bit % 8) & 1)
		p.bit++
	default:
		p.err = fmt.Errorf("values of type %d are not read", p.kind)
	}
	return v
}

// take gives the next bytes; nil, and an error, where there are not so many.
func (p *plain) take(n int) []byte {
	if n > len(p.data) {
		p.err = ErrDamaged
		return nil
	}
	b := p.data[:n:n]
	p.data = p.data[n:]
	return b
}
