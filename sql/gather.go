package sql

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// gather copies one column of some rows, in their order. from are the column's arrays by batch, nil where a batch lacks it.
func gather(t arrow.DataType, from []arrow.Array, rows []heldRow) arrow.Array {
	empty := true
	for _, a := range from {
		empty = empty && (a == nil || a.NullN() == a.Len())
	}
	if empty {
		return array.MakeArrayOfNull(memory.DefaultAllocator, t, len(rows))
	}
	valid := make([]byte, bitutil.BytesForBits(int64(len(rows))))
	nulls := len(rows)
	for n, row := range rows {
		if a := from[row.batch]; a != nil && a.IsValid(int(row.i)) {
			bitutil.SetBit(valid, n)
			nulls--
		}
	}
	buffers := []*memory.Buffer{memory.NewBufferBytes(valid)}
	var children []arrow.ArrayData
	switch t := t.(type) {
	case *arrow.StringType:
		buffers = append(buffers, gatherTexts(from, rows, valid)...)
	case *arrow.ListType:
		ends, elements := gatherLists(from, rows, valid)
		buffers = append(buffers, ends)
		children = append(children, elements)
	case *arrow.BooleanType:
		bits := make([]byte, len(valid))
		for n, row := range rows {
			if bitutil.BitIsSet(valid, n) && from[row.batch].(*array.Boolean).Value(int(row.i)) {
				bitutil.SetBit(bits, n)
			}
		}
		buffers = append(buffers, memory.NewBufferBytes(bits))
	case arrow.FixedWidthDataType:
		buffers = append(buffers, gatherFixed(t.Bytes(), from, rows, valid))
	}
	data := array.NewData(t, len(rows), buffers, children, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

func gatherFixed(width int, from []arrow.Array, rows []heldRow, valid []byte) *memory.Buffer {
	values := make([]byte, width*len(rows))
	for n, row := range rows {
		if bitutil.BitIsSet(valid, n) {
			data := from[row.batch].Data()
			at := (data.Offset() + int(row.i)) * width
			copy(values[n*width:(n+1)*width], data.Buffers()[1].Bytes()[at:])
		}
	}
	return memory.NewBufferBytes(values)
}

func gatherTexts(from []arrow.Array, rows []heldRow, valid []byte) []*memory.Buffer {
	ends := make([]int32, len(rows)+1)
	size := 0
	for n, row := range rows {
		if bitutil.BitIsSet(valid, n) {
			size += from[row.batch].(*array.String).ValueLen(int(row.i))
		}
		ends[n+1] = int32(size)
	}
	text := make([]byte, 0, size)
	for n, row := range rows {
		if ends[n+1] > ends[n] {
			text = append(text, from[row.batch].(*array.String).Value(int(row.i))...)
		}
	}
	return []*memory.Buffer{memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(ends)), memory.NewBufferBytes(text)}
}

// gatherLists gives where the lists end, and their elements, which are texts.
func gatherLists(from []arrow.Array, rows []heldRow, valid []byte) (*memory.Buffer, arrow.ArrayData) {
	ends := make([]int32, len(rows)+1)
	elements := make([]arrow.Array, len(from))
	for i, a := range from {
		if a != nil {
			elements[i] = a.(*array.List).ListValues()
		}
	}
	var all []heldRow
	for n, row := range rows {
		if bitutil.BitIsSet(valid, n) {
			start, end := from[row.batch].(*array.List).ValueOffsets(int(row.i))
			for i := start; i < end; i++ {
				all = append(all, heldRow{batch: row.batch, i: int32(i)})
			}
		}
		ends[n+1] = int32(len(all))
	}
	inner := gather(arrow.BinaryTypes.String, elements, all)
	inner.Data().Retain()
	defer inner.Release()
	return memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(ends)), inner.Data()
}
