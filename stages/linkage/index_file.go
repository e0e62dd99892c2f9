package linkage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// indexMagic names the format. A change of what is written, or of how keys are hashed, gets a new number.
const indexMagic = "crmlink index 1\n"

// indexHead is what must agree between the model that reads an index and the one that built it.
type indexHead struct {
	Kind    string   `json:"kind"`
	Columns []string `json:"columns"`
	Lists   []bool   `json:"lists"`
	Rules   []Rule   `json:"rules"`
	Costs   []Cost   `json:"costs"`
}

// Bytes is the index as it is stored: a head as JSON, then arrays of little-endian numbers, each after its length.
// Equal records and rules give equal bytes.
func (x *Index) Bytes() ([]byte, error) {
	head, err := json.Marshal(indexHead{x.plan.section.Kind, x.plan.right.names, x.plan.right.lists, x.plan.section.Rules, x.costs})
	if err != nil {
		return nil, fmt.Errorf("writing the index: %w", err)
	}
	d := x.records.dict
	ends := make([]uint64, len(d.forms)-1)
	for i := range ends {
		ends[i] = d.forms[i+1].end
	}
	size := len(d.text) + 8*len(ends) + 4*(len(x.records.ids)+len(x.records.cells)+len(x.records.pool))
	for _, p := range x.postings {
		size += 8*len(p.keys) + 4*(len(p.starts)+len(p.records))
	}
	out := make([]byte, 0, size+len(head)+4096)
	out = append(out, indexMagic...)
	out = appendArray(out, head)
	out = appendArray(out, d.text)
	out = appendArray(out, ends)
	out = appendArray(out, x.records.ids)
	out = appendArray(out, x.records.cells)
	out = appendArray(out, x.records.pool)
	for _, p := range x.postings {
		out = appendArray(out, p.keys)
		out = appendArray(out, p.starts)
		out = appendArray(out, p.records)
	}
	return out, nil
}

// ReadIndex reads what Bytes wrote. It fails when the section compares other columns or blocks by other rules than
// the one the index was built for.
func ReadIndex(s Section, stored []byte) (*Index, error) {
	p, err := compile(s)
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(stored, []byte(indexMagic))
	if !ok {
		return nil, errors.New("reading the index: not an index of this version")
	}
	in := arrays{rest: rest}
	text := readArray[byte](&in)
	var head indexHead
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("reading the index: its head: %w", err)
	}
	if head.Kind != s.Kind || !reflect.DeepEqual(head.Columns, p.right.names) || !reflect.DeepEqual(head.Lists, p.right.lists) ||
		!reflect.DeepEqual(head.Rules, s.Rules) {
		return nil, errors.New("reading the index: it was built for another model")
	}
	x := &Index{plan: p, costs: head.Costs, records: newRecords(p.right, "entity_id", nil)}
	d := x.records.dict
	d.text = readArray[byte](&in)
	d.derive(readArray[uint64](&in))
	x.records.ids = readArray[uint32](&in)
	x.records.cells = readArray[uint32](&in)
	x.records.pool = readArray[uint32](&in)
	for range p.rules {
		q := postings{keys: readArray[uint64](&in), starts: readArray[uint32](&in), records: readArray[uint32](&in)}
		q.bucket()
		x.postings = append(x.postings, q)
	}
	if in.err != nil || len(in.rest) > 0 {
		return nil, errors.Join(errors.New("reading the index: it is damaged"), in.err)
	}
	return x, nil
}

// derive computes what is not stored of a dictionary.
func (d *dictionary) derive(ends []uint64) {
	d.forms = make([]form, len(ends)+1)
	for i, end := range ends {
		text := d.text[d.forms[i].end:end]
		d.forms[i+1] = form{end, hashText(text), signature(text), headOf(text)}
	}
	d.rehash(len(d.forms) * 2)
}

type number interface{ byte | uint32 | uint64 }

func appendArray[T number](out []byte, values []T) []byte {
	out = binary.LittleEndian.AppendUint64(out, uint64(len(values)))
	switch v := any(values).(type) {
	case []byte:
		out = append(out, v...)
	case []uint32:
		for _, n := range v {
			out = binary.LittleEndian.AppendUint32(out, n)
		}
	case []uint64:
		for _, n := range v {
			out = binary.LittleEndian.AppendUint64(out, n)
		}
	}
	return out
}

type arrays struct {
	rest []byte
	err  error
}

func readArray[T number](in *arrays) []T {
	var zero T
	width := uint64(reflect.TypeOf(zero).Size())
	if in.err != nil {
		return nil
	}
	if len(in.rest) < 8 || binary.LittleEndian.Uint64(in.rest) > uint64(len(in.rest)-8)/width {
		in.err = errors.New("an array is cut off")
		return nil
	}
	n := binary.LittleEndian.Uint64(in.rest)
	text := in.rest[8 : 8+n*width]
	in.rest = in.rest[8+n*width:]
	out := make([]T, n)
	switch v := any(out).(type) {
	case []byte:
		copy(v, text)
	case []uint32:
		for i := range v {
			v[i] = binary.LittleEndian.Uint32(text[4*i:])
		}
	case []uint64:
		for i := range v {
			v[i] = binary.LittleEndian.Uint64(text[8*i:])
		}
	}
	return out
}
