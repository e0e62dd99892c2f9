package linkage

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// glanced says which records of the earlier index a Glancer finds, and asks that they are the same records in codes of the later one.
func glanced(t *testing.T, m *Meetings, records *Records) map[string]bool {
	t.Helper()
	var was, is bytes.Buffer
	if err := records.WriteRoll(&was, nil); err != nil {
		t.Fatal(err)
	}
	met, glancer := map[string]bool{}, m.NewGlancer(nil)
	eachPiece(t, m.before, nil, func(p *RollPiece) {
		glanced := glancer.Glance(p, 2)
		for _, row := range glanced.met {
			met[p.records.ID(row)] = true
		}
		if err := glanced.WriteAfter(&is); err != nil {
			t.Fatal(err)
		}
	}, was.Bytes())
	n := 0
	eachPiece(t, m.after, nil, func(p *RollPiece) {
		n += len(p.rows)
		for i, row := range p.rows {
			if a, b := written(m.after, p.records, row), written(m.after, records, i); a != b {
				t.Fatalf("in codes of the later directory:\n%s\nwant\n%s", a, b)
			}
		}
	}, is.Bytes())
	if n != records.Len() {
		t.Fatalf("%d records, want %d", n, records.Len())
	}
	return met
}

func eachPiece(t *testing.T, x *Index, without map[string]bool, fn func(*RollPiece), files ...[]byte) {
	t.Helper()
	roll, err := x.ReadRoll(files...)
	if err != nil {
		t.Fatal(err)
	}
	if err := roll.Each(without, func(p *RollPiece) error { fn(p); return nil }); err != nil {
		t.Fatal(err)
	}
}

// written is a record's id and values, and of each whether it has the index's code where the index has its text. Records may be
// of another index.
func written(x *Index, r *Records, row int) string {
	text := r.ID(row)
	for cell := range r.layout.names {
		values := map[string]bool{}
		for _, v := range r.set(r.row(row), cell) {
			value := string(r.dict.bytesOf(v))
			code := x.records.dict.find(value, hashText(value))
			values[value] = r.dict.base != x.records.dict || code == v || code == 0 && v >= r.dict.first
		}
		text += fmt.Sprint("|", values)
	}
	return text
}

// A roll holds the records as its last piece left them, in however many pieces and files, written again or not.
func TestRoll_HoldsTheRecordsThatCount(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(1, 200, 300, .7)
	x := indexOf(t, s, d.members)
	random := rand.New(rand.NewPCG(5, 5))
	hold, files := map[string]string{}, [][]byte{nil}
	for step := range 12 {
		var of []values
		var replaced []string
		for _, c := range d.contacts {
			if id := c["id"].(string); step == 0 || random.IntN(12) == 0 {
				if replaced = append(replaced, id); random.IntN(5) > 0 {
					c["title"] = letters(random.IntN(50))
					of = append(of, c)
				}
			}
		}
		records := recordsOf(t, x, of)
		for _, id := range replaced {
			delete(hold, id)
		}
		for i := range records.Len() {
			hold[records.ID(i)] = written(x, records, i)
		}
		if step == 6 {
			files = append(files, nil)
		}
		last := bytes.NewBuffer(files[len(files)-1])
		if step%5 == 4 { // what counts is written anew
			without := map[string]bool{}
			for _, id := range replaced {
				without[id] = true
			}
			last.Reset()
			var all bytes.Buffer
			eachPiece(t, x, without, func(p *RollPiece) {
				if err := p.Write(&all); err != nil {
					t.Fatal(err)
				}
			}, files...)
			files, last, replaced = [][]byte{nil}, &all, nil
		}
		if err := records.WriteRoll(last, replaced); err != nil {
			t.Fatal(err)
		}
		files[len(files)-1] = last.Bytes()
		seen := map[string]bool{}
		eachPiece(t, x, nil, func(p *RollPiece) {
			copied := x.NewRecords()
			if err := p.records.Copy(copied, p.rows); err != nil {
				t.Fatal(err)
			}
			for i := range copied.Len() {
				id := copied.ID(i)
				if written(x, copied, i) != hold[id] || seen[id] {
					t.Fatalf("step %d: %s is %s, want %s", step, id, written(x, copied, i), hold[id])
				}
				seen[id] = true
			}
		}, files...)
		if len(seen) != len(hold) {
			t.Fatalf("step %d: %d records, want %d", step, len(seen), len(hold))
		}
		roll, err := x.ReadRoll(files...)
		if err != nil {
			t.Fatal(err)
		}
		wanted, n := map[string]bool{"nobody": true}, 0
		for id := range hold {
			if random.IntN(3) == 0 {
				wanted[id] = true
				n++
			}
		}
		picked := recordsOf(t, x, d.contacts[:1]) // texts that it shares with others are known by what they say
		if err := roll.Pick(wanted, picked); err != nil || picked.Len() != 1+n {
			t.Fatalf("step %d: %d records are picked, want %d (%v)", step, picked.Len()-1, n, err)
		}
		for i := 1; i < picked.Len(); i++ {
			id := picked.ID(i)
			if !wanted[id] || written(x, picked, i) != hold[id] {
				t.Fatalf("step %d: %s is %s, want %s", step, id, written(x, picked, i), hold[id])
			}
			wanted[id] = false
		}
	}
	whole := files[0]
	for _, n := range []int{1, 7, len(whole) / 2, len(whole) - 1} {
		if _, err := x.ReadRoll(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes are read", n, len(whole))
		}
	}
	if _, err := indexOf(t, s, d.members[:100]).ReadRoll(whole); err == nil {
		t.Error("a roll of another directory is read")
	}
}
