package parquet

import (
	"encoding/binary"
	"fmt"
)

// footer is what a file says of its rows: its columns, and where each group of rows has them.
type footer struct {
	columns []column
	groups  []group
}

// column is a leaf of the schema under the name of the column that it belongs to.
type column struct {
	name string
	kind int64
	// maxDef and maxRep are the highest levels: maxRep is 0 but for a list, which is there from listDef on and has an element
	// above it.
	maxDef, maxRep, listDef int
}

type group struct {
	rows   int64
	chunks []chunk // by column
}

// chunk is a column of a group: pages one after the other.
type chunk struct {
	codec, values    int64
	dictionary, data int64 // where the first page of either kind begins
	compressed       int64 // bytes of all
}

// Physical types that are read.
const (
	kindBool  = 0
	kindInt32 = 1
	kindInt64 = 2
	kindBytes = 6
)

const (
	repetitionRequired = 0
	repetitionRepeated = 2
)

const magic = "PAR1"

// usual is how much of a file's end is read at once: more than most footers.
const usual = 16 << 10

func readFooter(f *file) (footer, error) {
	n := min(f.size, usual)
	tail, err := f.part(f.size-n, n)
	if err != nil {
		return footer{}, err
	}
	if len(tail) < 12 || string(tail[len(tail)-4:]) != magic {
		return footer{}, ErrDamaged
	}
	length := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	if length > n-8 {
		if tail, err = f.part(f.size-8-length, length+8); err != nil {
			return footer{}, err
		}
	}
	return parseFooter(tail[int64(len(tail))-8-length : len(tail)-8])
}

func parseFooter(data []byte) (m footer, err error) {
	t := &thrift{data: data}
	var nodes []node
	t.fields(func(id int64, kind byte) {
		switch {
		case id == 2 && kind == thriftList:
			t.structures(func() { nodes = append(nodes, readNode(t)) })
		case id == 4 && kind == thriftList:
			t.structures(func() { m.groups = append(m.groups, readGroup(t)) })
		default:
			t.skip(kind)
		}
	})
	if t.bad || len(nodes) == 0 {
		return m, ErrDamaged
	}
	rest := nodes[1:]
	for range nodes[0].children {
		if m.columns, rest, err = leaves(m.columns, rest, column{}); err != nil {
			return m, err
		}
	}
	for _, g := range m.groups {
		if len(g.chunks) != len(m.columns) {
			return m, ErrDamaged
		}
	}
	return m, nil
}

// node is an element of the schema, which is written as a tree, parents first.
type node struct {
	name                       string
	kind, repetition, children int64
}

func readNode(t *thrift) (n node) {
	t.fields(func(id int64, kind byte) {
		switch id {
		case 1:
			n.kind = t.integer()
		case 3:
			n.repetition = t.integer()
		case 4:
			n.name = string(t.bytes())
		case 5:
			n.children = t.integer()
		default:
			t.skip(kind)
		}
	})
	return n
}

// leaves adds the leaves of the first node; above holds the levels of what it is part of.
func leaves(columns []column, nodes []node, above column) ([]column, []node, error) {
	if len(nodes) == 0 {
		return nil, nil, ErrDamaged
	}
	n, rest := nodes[0], nodes[1:]
	if above.name == "" {
		above.name = n.name
	}
	if n.repetition == repetitionRepeated {
		if above.maxRep++; above.maxRep > 1 {
			return nil, nil, fmt.Errorf("column %s: lists of lists are not read", above.name)
		}
		above.listDef = above.maxDef
	}
	if n.repetition != repetitionRequired {
		above.maxDef++
	}
	if n.children == 0 {
		above.kind = n.kind
		return append(columns, above), rest, nil
	}
	var err error
	for range n.children {
		if columns, rest, err = leaves(columns, rest, above); err != nil {
			return nil, nil, err
		}
	}
	return columns, rest, nil
}

func readGroup(t *thrift) (g group) {
	t.fields(func(id int64, kind byte) {
		switch {
		case id == 1 && kind == thriftList:
			t.structures(func() { g.chunks = append(g.chunks, readChunk(t)) })
		case id == 3:
			g.rows = t.integer()
		default:
			t.skip(kind)
		}
	})
	return g
}

func readChunk(t *thrift) (c chunk) {
	t.fields(func(id int64, kind byte) {
		if id != 3 || kind != thriftStruct {
			t.skip(kind)
			return
		}
		t.fields(func(id int64, kind byte) {
			switch id {
			case 4:
				c.codec = t.integer()
			case 5:
				c.values = t.integer()
			case 7:
				c.compressed = t.integer()
			case 9:
				c.data = t.integer()
			case 11:
				c.dictionary = t.integer()
			default:
				t.skip(kind)
			}
		})
	})
	return c
}
