package linkage

import (
	"math"
	"math/bits"
	"slices"
	"strings"
)

// Frequency is one row of term_frequency but for its kind: how many directory records hold a value.
type Frequency struct {
	Field   string
	Value   string
	Records int64
}

// valueBits are the rarities of one field's values in millibits.
type valueBits struct {
	known  bool
	single int32
	shift  uint32
	slots  []uint64 // open addressing; the code, then the bits of values that more than one record holds
}

// counts gives the records that hold each code in a column, and the records that hold any.
func (r *Records) counts(cell int) (counts []uint32, records int64) {
	counts = make([]uint32, r.dict.next())
	for i := range r.Len() {
		values := r.set(r.row(i), cell)
		for _, v := range values {
			counts[v]++
		}
		if len(values) > 0 {
			records++
		}
	}
	return counts, records
}

// measure counts the values of the fields that the section adjusts by: what is measured of each field, and the rows of
// term_frequency in their order. Values of one record are left out: absent means 1. The discount is that of absolute discounting
// (Ney, Essen and Kneser 1994), values that one record holds against values that two hold: the more values are held once, the
// less a value's being there says about how common it is.
func (x *Index) measure() (map[string]Field, []Frequency) {
	fields := map[string]Field{}
	var rows []Frequency
	for _, name := range slices.Sorted(slices.Values(x.plan.fields)) {
		counts, records := x.records.counts(x.plan.right.at(name))
		from := len(rows)
		var once, twice float64
		for code, n := range counts {
			switch n {
			case 0:
				continue
			case 1:
				once++
				continue
			case 2:
				twice++
			}
			rows = append(rows, Frequency{Field: name, Value: string(x.records.dict.bytesOf(uint32(code))), Records: int64(n)})
		}
		slices.SortFunc(rows[from:], func(a, b Frequency) int { return strings.Compare(a.Value, b.Value) })
		discount := 0.5
		if once+twice > 0 {
			discount = max(0.1, min(0.98, once/(once+2*twice)))
		}
		fields[name] = Field{Records: records, Discount: significant(discount)}
	}
	return fields, rows
}

// Rarities are the term frequencies that a scorer adjusts by, row by row.
type Rarities struct {
	index  *Index
	fields map[string]*fieldRarities
	last   *fieldRarities
	only   marks // of the values that are asked for; none where all are
}

// fieldRarities are what is known of one field's values until all are.
type fieldRarities struct {
	name  string
	field Field
	codes []uint32
	bits  []int32
}

// NewRarities starts reading term frequencies by the fields that were measured with them. Where records are given, only
// their values will be asked for, and others are passed over: to look one up in the index costs more than to read it.
func (x *Index) NewRarities(fields map[string]Field, only ...*Records) *Rarities {
	r := &Rarities{index: x, fields: map[string]*fieldRarities{}}
	for _, name := range x.plan.fields {
		r.fields[name] = &fieldRarities{name: name, field: fields[name]}
	}
	if len(only) > 0 {
		cells := 0
		for _, records := range only {
			cells += len(records.cells) + len(records.pool)
		}
		r.only = newMarks(cells)
	}
	for _, records := range only {
		r.mark(records)
	}
	return r
}

// mark marks the values that some records share with the directory.
func (r *Rarities) mark(records *Records) {
	own := r.index.records.dict.next() // codes from here on are in no directory record
	for i := range records.Len() {
		row := records.row(i)
		for cell := range row {
			for _, code := range records.set(row, cell) {
				if code != 0 && code < own {
					r.only.add(records.dict.hashOf(code))
				}
			}
		}
	}
}

// Add takes a row of term_frequency. The texts need not stay.
func (r *Rarities) Add(field, value string, records int64) {
	if r.last == nil || r.last.name != field {
		if r.last = r.fields[field]; r.last == nil {
			r.last = &fieldRarities{name: strings.Clone(field)} // the section does not adjust by it
		}
	}
	f := r.last
	if f.field.Records <= 0 {
		return
	}
	h := hashText(value)
	if r.only.bits != nil && !r.only.has(h) {
		return
	}
	if code := r.index.records.dict.find(value, h); code != 0 {
		f.codes, f.bits = append(f.codes, code), append(f.bits, f.field.bits(records))
	}
}

// tables are the rarities of all fields. Values that the index does not know cannot be shared by a pair.
func (r *Rarities) tables() []valueBits {
	tables := make([]valueBits, len(r.index.plan.fields))
	for i, name := range r.index.plan.fields {
		f, t := r.fields[name], &tables[i]
		t.known, t.single = f.field.Records > 0, f.field.bits(1)
		t.size(len(f.codes))
		for k, code := range f.codes {
			t.set(code, f.bits[k])
		}
	}
	return tables
}

// tables are the rarities of rows that are all there.
func (x *Index) tables(rows []Frequency, fields map[string]Field) []valueBits {
	r := x.NewRarities(fields)
	for _, row := range rows {
		r.Add(row.Field, row.Value, row.Records)
	}
	return r.tables()
}

// bits is round-half-even(1000·log2(n/(records−discount))).
func (f Field) bits(records int64) int32 {
	if f.Records <= 0 {
		return 0
	}
	return int32(math.RoundToEven(1000 * math.Log2(float64(f.Records)/(float64(records)-f.Discount))))
}

// size makes room for n values.
func (t *valueBits) size(n int) {
	width := uint32(bits.Len(uint(2*n + 1)))
	t.shift, t.slots = 32-width, make([]uint64, 1<<width)
}

func (t *valueBits) set(code uint32, bits int32) {
	i := t.place(code)
	for t.slots[i] != 0 && uint32(t.slots[i]>>32) != code {
		i = (i + 1) & uint32(len(t.slots)-1)
	}
	t.slots[i] = uint64(code)<<32 | uint64(uint32(bits))
}

func (t *valueBits) of(code uint32) int32 {
	i := t.place(code)
	for uint32(t.slots[i]>>32) != code {
		if t.slots[i] == 0 {
			return t.single
		}
		i = (i + 1) & uint32(len(t.slots)-1)
	}
	return int32(uint32(t.slots[i]))
}

func (t *valueBits) place(code uint32) uint32 { return code * 0x9e3779b1 >> t.shift }

// rarity is how rare the value is that makes a pair agree; false where there is none.
func (c *comparer) rarity(tables []valueBits, k *planAdjustment, a, b []uint32) (int32, bool) {
	t := &tables[k.field]
	if k.how == rarityNone || !t.known {
		return 0, false
	}
	switch k.how {
	case rarityValue:
		if a[k.l] == 0 || a[k.l] != b[k.r] {
			return 0, false
		}
		return t.of(a[k.l]), true
	case rarityRarest:
		var best int32
		found := false
		common(c.a.set(a, k.l), c.b.set(b, k.r), func(code uint32) {
			if v := t.of(code); !found || v > best {
				best, found = v, true
			}
		})
		return best, found
	case rarityWords:
		return words(t, c.a.set(a, k.l), c.b.set(b, k.r))
	}
	sum, found := words(&tables[k.wordsField], c.a.set(a, k.wl), c.b.set(b, k.wr))
	if a[k.l] != 0 && a[k.l] == b[k.r] {
		if whole := t.of(a[k.l]); !found || whole < sum {
			return whole, true
		}
	}
	return sum, found
}

func words(t *valueBits, a, b []uint32) (int32, bool) {
	var sum int32
	found := false
	common(a, b, func(code uint32) {
		if t.known {
			sum, found = sum+t.of(code), true
		}
	})
	return sum, found
}
