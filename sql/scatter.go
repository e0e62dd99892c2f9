package sql

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// places say where each row of a batch goes for the rows of a part to lie side by side, in their order.
type places struct {
	parts  []uint8                      // part of each row
	to     []int32                      // its place
	starts [schemas.ManyParts + 1]int32 // where parts start, and behind the last
}

func placesByPart(keys *array.String) *places {
	parts := make([]uint8, keys.Len())
	for i := range parts {
		parts[i] = uint8(PartOf(keys.Value(i)))
	}
	return placesOf(parts)
}

func placesOf(parts []uint8) *places {
	p := &places{parts: parts, to: make([]int32, len(parts))}
	for _, part := range parts {
		p.starts[part+1]++
	}
	for part := range schemas.ManyParts {
		p.starts[part+1] += p.starts[part]
	}
	next := p.starts
	for i, part := range parts {
		p.to[i] = next[part]
		next[part]++
	}
	return p
}

// scatter copies an array, each value to its place. It is read once from front to end.
func scatter(from arrow.Array, p *places) arrow.Array {
	n := from.Len()
	if from.NullN() == n {
		return array.MakeArrayOfNull(memory.DefaultAllocator, from.DataType(), n)
	}
	data := from.Data()
	offset := data.Offset()
	buffers := []*memory.Buffer{scatterBits(from.NullBitmapBytes(), offset, p)}
	var children []arrow.ArrayData
	switch from := from.(type) {
	case *array.String:
		ends, starts := scatterEnds(from.ValueOffsets(), p)
		text := make([]byte, starts[schemas.ManyParts])
		bytes := data.Buffers()[2].Bytes()
		offsets := from.ValueOffsets()
		for i, part := range p.parts {
			if value := bytes[offsets[i]:offsets[i+1]]; len(value) > 0 {
				starts[part] += int32(copy(text[starts[part]:], value))
			}
		}
		buffers = append(buffers, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(ends)), memory.NewBufferBytes(text))
	case *array.List:
		offsets := from.Offsets()[offset : offset+n+1]
		ends, _ := scatterEnds(offsets, p)
		of := make([]uint8, offsets[n]-offsets[0])
		for i, part := range p.parts {
			for k := offsets[i]; k < offsets[i+1]; k++ {
				of[k-offsets[0]] = part
			}
		}
		elements := array.NewSlice(from.ListValues(), int64(offsets[0]), int64(offsets[n]))
		defer elements.Release()
		inner := scatter(elements, placesOf(of))
		inner.Data().Retain()
		defer inner.Release()
		buffers = append(buffers, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(ends)))
		children = append(children, inner.Data())
	case *array.Boolean:
		buffers = append(buffers, scatterBits(data.Buffers()[1].Bytes(), offset, p))
	default:
		width := from.DataType().(arrow.FixedWidthDataType).Bytes()
		values, out := data.Buffers()[1].Bytes()[offset*width:], make([]byte, n*width)
		for i, to := range p.to {
			copy(out[int(to)*width:(int(to)+1)*width], values[i*width:])
		}
		buffers = append(buffers, memory.NewBufferBytes(out))
	}
	made := array.NewData(from.DataType(), n, buffers, children, from.NullN(), 0)
	defer made.Release()
	return array.MakeFromData(made)
}

// scatterBits is nil where there are no bits.
func scatterBits(bits []byte, offset int, p *places) *memory.Buffer {
	if len(bits) == 0 {
		return nil
	}
	out := make([]byte, bitutil.BytesForBits(int64(len(p.to))))
	for i, to := range p.to {
		if bitutil.BitIsSet(bits, offset+i) {
			bitutil.SetBit(out, int(to))
		}
	}
	return memory.NewBufferBytes(out)
}

// scatterEnds gives where the values end in their new order, and where those of each part start.
func scatterEnds(offsets []int32, p *places) (ends []int32, starts [schemas.ManyParts + 1]int32) {
	ends = make([]int32, len(p.to)+1)
	for i, to := range p.to {
		ends[to+1] = offsets[i+1] - offsets[i]
	}
	for i := range p.to {
		ends[i+1] += ends[i]
	}
	for part, at := range p.starts {
		starts[part] = ends[at]
	}
	return ends, starts
}
