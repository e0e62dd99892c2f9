package csvdir

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/crmlink/crmlink/schemas"
)

// values is a column that is being filled. Its memory is used again for the next batch.
type values struct {
	kind    kind
	n       int
	nulls   int
	valid   []byte // a bit for each value
	bits    []byte // of truth values
	ends    []int32
	text    []byte
	ints    []int64 // numbers and times
	days    []int32
	numbers []decimal128.Num
	members *values // of lists
}

// kind is what a column holds: its type, told apart faster.
type kind uint8

const (
	texts kind = iota
	textLists
	numbers
	ints
	times
	dates
	truths
)

func kindOf(t arrow.DataType) kind {
	switch t {
	case schemas.Text:
		return texts
	case schemas.TextList:
		return textLists
	case schemas.Number:
		return numbers
	case schemas.Int:
		return ints
	case schemas.Timestamp:
		return times
	case schemas.Date:
		return dates
	case schemas.Bool:
		return truths
	}
	panic(fmt.Sprintf("csvdir: no cells of type %s", t))
}

func newValues(t arrow.DataType) *values {
	v := &values{kind: kindOf(t)}
	switch v.kind {
	case texts:
		v.ends = []int32{0}
	case textLists:
		v.ends, v.members = []int32{0}, newValues(schemas.Text)
	}
	return v
}

// slot makes room for the bit of one more value.
func (v *values) slot() {
	if v.n&7 == 0 {
		v.valid = append(v.valid, 0)
		if v.kind == truths {
			v.bits = append(v.bits, 0)
		}
	}
	v.n++
}

func (v *values) set() {
	v.slot()
	v.valid[(v.n-1)>>3] |= 1 << ((v.n - 1) & 7)
}

func (v *values) appendNull() {
	v.slot()
	v.nulls++
	switch v.kind {
	case texts, textLists:
		v.ends = append(v.ends, v.ends[len(v.ends)-1])
	case numbers:
		v.numbers = append(v.numbers, decimal128.Num{})
	case ints, times:
		v.ints = append(v.ints, 0)
	case dates:
		v.days = append(v.days, 0)
	}
}

func (v *values) appendText(s string) {
	v.set()
	v.text = append(v.text, s...)
	v.ends = append(v.ends, int32(len(v.text)))
}

// parse appends what a cell says, or gives the reason why it says nothing of the column's type.
func (v *values) parse(s string, c *column) (reason string) {
	switch v.kind {
	case texts:
		if c.id {
			var ok bool
			if s, ok = schemas.FullID(s); !ok {
				return badID
			}
		}
		v.appendText(s)
	case numbers:
		number, ok := parseDecimal(s, decimalScale)
		if !ok {
			return badNumber
		}
		v.set()
		v.numbers = append(v.numbers, number)
	case ints:
		return v.appendInt(s, parseInt, badNumber)
	case times:
		return v.appendInt(s, parseTime, badTime)
	case dates:
		day, ok := parseDate(s)
		if !ok {
			return badDate
		}
		v.set()
		v.days = append(v.days, int32(day))
	case truths:
		truth, ok := parseBool(s)
		if !ok {
			return badBoolean
		}
		v.set()
		if truth {
			v.bits[(v.n-1)>>3] |= 1 << ((v.n - 1) & 7)
		}
	case textLists:
		v.appendList(s)
	}
	return ""
}

func (v *values) appendInt(s string, parse func(string) (int64, bool), bad string) (reason string) {
	n, ok := parse(s)
	if !ok {
		return bad
	}
	v.appendNumber(n)
	return ""
}

func (v *values) appendNumber(n int64) {
	v.set()
	v.ints = append(v.ints, n)
}

// appendList appends a list; one without members is null.
func (v *values) appendList(s string) {
	before := v.members.n
	for member := range parseList(s) {
		v.members.appendText(member)
	}
	if v.members.n == before {
		v.appendNull()
		return
	}
	v.set()
	v.ends = append(v.ends, int32(v.members.n))
}

// truncate takes back what is behind the first n values. At most one is.
func (v *values) truncate(n int) {
	if v.n == n {
		return
	}
	if !bitutil.BitIsSet(v.valid, n) {
		v.nulls--
	}
	v.cut(n)
}

// cut keeps the first n values, and their nulls as they were counted.
func (v *values) cut(n int) {
	v.n = n
	v.valid = cutBits(v.valid, n)
	switch v.kind {
	case texts:
		v.ends = v.ends[:n+1]
		v.text = v.text[:v.ends[n]]
	case textLists:
		v.ends = v.ends[:n+1]
		v.members.cut(int(v.ends[n]))
	case numbers:
		v.numbers = v.numbers[:n]
	case ints, times:
		v.ints = v.ints[:n]
	case dates:
		v.days = v.days[:n]
	case truths:
		v.bits = cutBits(v.bits, n)
	}
}

func cutBits(bits []byte, n int) []byte {
	bits = bits[:bitutil.BytesForBits(int64(n))]
	if n&7 != 0 {
		bits[n>>3] &= 1<<(n&7) - 1
	}
	return bits
}

// array gives the values as an array that shares their memory.
func (v *values) array(t arrow.DataType) arrow.Array {
	buffers := []*memory.Buffer{memory.NewBufferBytes(v.valid)}
	var children []arrow.ArrayData
	switch v.kind {
	case texts:
		buffers = append(buffers, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(v.ends)), memory.NewBufferBytes(v.text))
	case textLists:
		members := v.members.array(t.(*arrow.ListType).Elem())
		defer members.Release()
		buffers = append(buffers, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(v.ends)))
		children = append(children, members.Data())
	case numbers:
		buffers = append(buffers, memory.NewBufferBytes(arrow.Decimal128Traits.CastToBytes(v.numbers)))
	case ints, times:
		buffers = append(buffers, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(v.ints)))
	case dates:
		buffers = append(buffers, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(v.days)))
	case truths:
		buffers = append(buffers, memory.NewBufferBytes(v.bits))
	}
	data := array.NewData(t, v.n, buffers, children, v.nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// reset empties the column.
func (v *values) reset() {
	v.nulls = 0
	if v.cut(0); v.members != nil {
		v.members.nulls = 0
	}
}
