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
	bits := make([][]byte, len(from))
	for b, a := range from {
		if a != nil {
			bits[b] = a.NullBitmapBytes()
		}
	}
	for n, row := range rows {
		a := from[row.batch]
		if a == nil {
			continue
		}
		if set := bits[row.batch]; len(set) == 0 || bitutil.BitIsSet(set, a.Data().Offset()+int(row.i)) {
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
		values := make([]byte, len(valid))
		for n, row := range rows {
			if bitutil.BitIsSet(valid, n) && from[row.batch].(*array.Boolean).Value(int(row.i)) {
				bitutil.SetBit(values, n)
			}
		}
		buffers = append(buffers, memory.NewBufferBytes(values))
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
	offsets, texts := make([][]int32, len(from)), make([][]byte, len(from))
	for b, a := range from {
		if a, ok := a.(*array.String); ok && a.Len() > 0 {
			offsets[b] = a.ValueOffsets()
			if text := a.Data().Buffers()[2]; text != nil {
				texts[b] = text.Bytes()
			}
		}
	}
	ends := make([]int32, len(rows)+1)
	size := int32(0)
	for n, row := range rows {
		if bitutil.BitIsSet(valid, n) {
			of := offsets[row.batch]
			size += of[row.i+1] - of[row.i]
		}
		ends[n+1] = size
	}
	text := make([]byte, size)
	for n, row := range rows {
		if ends[n+1] > ends[n] {
			copy(text[ends[n]:ends[n+1]], texts[row.batch][offsets[row.batch][row.i]:])
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
