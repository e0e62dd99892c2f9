package linkage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// indexMagic names the format. A change of what is written, or of how keys are hashed, gets a new number.
const indexMagic = "crmlink index 3\n"

// indexHead is what must agree between the model that reads an index and the one that built it.
type indexHead struct {
	Kind    string   `json:"kind"`
	Columns []string `json:"columns"`
	Lists   []bool   `json:"lists"`
	Rules   []Rule   `json:"rules"`
	Costs   []Cost   `json:"costs"`
}

// WriteTo writes the index as it is stored: a head as JSON, then arrays, each after its length and at a place that eight
// divides, so that a mapped file is read where it lies. Numbers are little-endian, as all machines are that DuckDB is
// built for. Equal records and rules give equal bytes.
func (x *Index) WriteTo(to io.Writer) (int64, error) {
	head, err := json.Marshal(indexHead{x.plan.section.Kind, x.plan.right.names, x.plan.right.lists, x.plan.section.Rules, x.costs})
	if err != nil {
		return 0, fmt.Errorf("writing the index: %w", err)
	}
	w := arrayWriter{to: to}
	w.bytes([]byte(indexMagic))
	writeArray(&w, []uint64{byteOrder})
	writeArray(&w, head)
	d := x.records.dict
	writeArray(&w, d.text)
	writeArray(&w, d.forms)
	writeArray(&w, d.table)
	writeArray(&w, x.records.ids)
	writeArray(&w, x.records.cells)
	writeArray(&w, x.records.pool)
	for _, p := range x.postings {
		writeArray(&w, []uint64{uint64(p.width)})
		writeArray(&w, p.ranges)
		writeArray(&w, p.slots)
		writeArray(&w, p.lists)
		writeArray(&w, p.crowded)
		writeArray(&w, p.dropped)
	}
	if w.err != nil {
		return w.written, fmt.Errorf("writing the index: %w", w.err)
	}
	return w.written, nil
}

// ReadIndex takes what WriteTo wrote as it lies there: the bytes must stay, and stay as they are, as long as the index or
// records for it are used. It fails when the section compares other columns or blocks by other rules than the one the
// index was built for.
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
	order := readArray[uint64](&in)
	text := readArray[byte](&in)
	if in.err == nil && (len(order) != 1 || order[0] != byteOrder) {
		return nil, errors.New("reading the index: it was written by a machine of another kind")
	}
	var head indexHead
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("reading the index: its head: %w", err)
	}
	if head.Kind != s.Kind || !reflect.DeepEqual(head.Columns, p.right.names) || !reflect.DeepEqual(head.Lists, p.right.lists) ||
		!reflect.DeepEqual(head.Rules, s.Rules) {
		return nil, errors.New("reading the index: it was built for another model")
	}
	d := &dictionary{first: 1, text: readArray[byte](&in), forms: readArray[form](&in), table: readArray[uint32](&in)}
	x := &Index{plan: p, costs: head.Costs, records: &Records{layout: p.right, id: "entity_id", dict: d,
		ids: readArray[uint32](&in), cells: readArray[uint32](&in), pool: readArray[uint32](&in)}}
	sound := len(d.forms) > 0 && len(d.table) > len(d.forms)-1 && d.forms[len(d.forms)-1].end == uint64(len(d.text)) &&
		len(x.records.cells) == len(x.records.ids)*len(p.right.names)
	for range p.rules {
		width := readArray[uint64](&in)
		q := postings{ranges: readArray[uint32](&in), slots: readArray[uint64](&in), lists: readArray[uint32](&in),
			crowded: readArray[keyCount](&in), dropped: readArray[keyCount](&in)}
		if sound = sound && len(width) == 1 && width[0] < 32 && len(q.ranges) == 1<<width[0]+1 &&
			q.ranges[len(q.ranges)-1] == uint32(len(q.slots)); sound {
			q.width = uint(width[0])
		}
		x.postings = append(x.postings, q)
	}
	if in.err != nil || !sound || len(in.rest) > 0 {
		return nil, errors.Join(errors.New("reading the index: it is damaged"), in.err)
	}
	return x, nil
}

// IndexedAlike says whether two sections have their indexes made of the same columns, by the same rules.
func IndexedAlike(a, b Section) bool {
	p, err := compile(a)
	if err != nil {
		return false
	}
	q, err := compile(b)
	return err == nil && a.Kind == b.Kind && reflect.DeepEqual(p.right, q.right) && reflect.DeepEqual(a.Rules, b.Rules)
}
