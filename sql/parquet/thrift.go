package parquet

import "encoding/binary"

// thrift walks a structure in Thrift's compact protocol, in which Parquet writes what it says about a file. After the first
// fault there is nothing more to read, and bad says so.
type thrift struct {
	data []byte
	at   int
	bad  bool
}

// The protocol's types that are told apart here.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftDouble = 7
	thriftBytes  = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

func (t *thrift) fail() {
	t.bad, t.at = true, len(t.data)
}

func (t *thrift) next() byte {
	if t.at >= len(t.data) {
		t.fail()
		return 0
	}
	t.at++
	return t.data[t.at-1]
}

func (t *thrift) unsigned() uint64 {
	n, size := binary.Uvarint(t.data[t.at:])
	if size <= 0 {
		t.fail()
		return 0
	}
	t.at += size
	return n
}

func (t *thrift) integer() int64 {
	n := t.unsigned()
	return int64(n>>1) ^ -int64(n&1)
}

func (t *thrift) bytes() []byte {
	n := t.unsigned()
	if n > uint64(len(t.data)-t.at) {
		t.fail()
		return nil
	}
	t.at += int(n)
	return t.data[t.at-int(n) : t.at]
}

// fields hands over each field of a structure by number and type; field must read or skip it.
func (t *thrift) fields(field func(id int64, kind byte)) {
	for id := int64(0); ; {
		head := t.next()
		if head == 0 || t.bad { // the end
			return
		}
		if delta := head >> 4; delta > 0 {
			id += int64(delta)
		} else {
			id = t.integer()
		}
		field(id, head&15)
	}
}

// list hands over each element of a list by type; element must read or skip it.
func (t *thrift) list(element func(kind byte)) {
	head := t.next()
	n := uint64(head >> 4)
	if n == 15 {
		n = t.unsigned()
	}
	for ; n > 0 && !t.bad; n-- {
		element(head & 15)
	}
}

// structures hands over each structure of a list.
func (t *thrift) structures(element func()) {
	t.list(func(kind byte) {
		if kind == thriftStruct {
			element()
		} else {
			t.skipElement(kind)
		}
	})
}

// skipElement is skip for an element of a list, where booleans take a byte.
func (t *thrift) skipElement(kind byte) {
	if kind == thriftTrue || kind == thriftFalse {
		kind = thriftByte
	}
	t.skip(kind)
}

func (t *thrift) skip(kind byte) {
	switch kind {
	case thriftTrue, thriftFalse:
	case thriftByte:
		t.next()
	case 4, 5, 6: // whole numbers of 16 to 64 bits
		t.unsigned()
	case thriftDouble:
		for range 8 {
			t.next()
		}
	case thriftBytes:
		t.bytes()
	case thriftList, thriftSet:
		t.list(t.skipElement)
	case thriftMap:
		if n := t.unsigned(); n > 0 {
			kinds := t.next()
			for ; n > 0 && !t.bad; n-- {
				t.skipElement(kinds >> 4)
				t.skipElement(kinds & 15)
			}
		}
	case thriftStruct:
		t.fields(func(_ int64, kind byte) { t.skip(kind) })
	default:
		t.fail()
	}
}
