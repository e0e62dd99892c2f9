package linkage

import (
	"encoding/binary"
	"errors"
	"io"
	"unsafe"
)

// stored is what an array of the index may hold: numbers of a fixed size, and structs of such without gaps.
type stored interface {
	byte | uint32 | uint64 | form | keyCount
}

// byteOrder is a number that reads otherwise on a machine with another order of bytes.
const byteOrder = 0x0102030405060708

// alignment of arrays in the file. A mapped file starts at a page.
const alignment = 8

type arrayWriter struct {
	to      io.Writer
	written int64
	err     error
}

func (w *arrayWriter) bytes(b []byte) {
	if w.err != nil || len(b) == 0 {
		return
	}
	n, err := w.to.Write(b)
	w.written, w.err = w.written+int64(n), err
}

func writeArray[T stored](w *arrayWriter, values []T) {
	w.begin(len(values))
	w.bytes(inBytes(values))
	w.end()
}

// begin and end stand around the values of an array, so many.
func (w *arrayWriter) begin(values int) {
	w.bytes(binary.LittleEndian.AppendUint64(nil, uint64(values)))
}

func (w *arrayWriter) end() { w.bytes(make([]byte, -w.written&(alignment-1))) }

// inBytes are values as they lie in memory.
func inBytes[T stored](values []T) []byte {
	var zero T
	if len(values) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*int(unsafe.Sizeof(zero)))
}

// fromBytes takes back what inBytes gave, in place, or copied where eight does not divide its address.
func fromBytes[T stored](data []byte) []T {
	var zero T
	n := len(data) / int(unsafe.Sizeof(zero))
	if n == 0 {
		return nil
	}
	if uintptr(unsafe.Pointer(&data[0]))%alignment != 0 {
		out := make([]T, n)
		copy(inBytes(out), data)
		return out
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&data[0])), n)
}

type arrays struct {
	rest []byte
	err  error
}

// readArray is the next array, in place. Bytes that do not lie where eight divides their address are copied: a test's
// may not.
func readArray[T stored](in *arrays) []T {
	var zero T
	width := uint64(unsafe.Sizeof(zero))
	if in.err != nil {
		return nil
	}
	if len(in.rest) < 8 || binary.LittleEndian.Uint64(in.rest) > uint64(len(in.rest)-8)/width {
		in.err = errors.New("an array is cut off")
		return nil
	}
	n := binary.LittleEndian.Uint64(in.rest)
	from := in.rest[8 : 8+n*width]
	end := 8 + (n*width+alignment-1)&^(alignment-1)
	if end > uint64(len(in.rest)) {
		in.err = errors.New("an array is cut off")
		return nil
	}
	in.rest = in.rest[end:]
	return fromBytes[T](from)
}
