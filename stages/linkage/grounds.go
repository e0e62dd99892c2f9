package linkage

import (
	"errors"
	"io"
	"slices"
)

// Grounds are what the answers to the Asks of each record rest on in the directory: the entities asked about, and the keys
// under which their rivals were sought. As long as nothing of it differs, neither do the answers. All are the leading halves
// of hashes: that two are alike only means that a record is looked at again, with what is noted of its contests.
type Grounds struct {
	hashes []uint64 // of the records' ids, ascending
	ends   []uint32
	of     []uint32 // of each record, ascending
	till   []uint64
	notes  []byte // of each record, see note
}

// groundsMark begins what WriteTo writes; a change of what follows it must change it.
const groundsMark = "grounds2"

var errNoGrounds = errors.New("these are no grounds that earlier answers left")

// ground is what stands for a hash.
func ground(hash uint64) uint32 { return uint32(hash >> 32) }

// ReadGrounds reads what WriteTo wrote, in place.
func ReadGrounds(data []byte) (*Grounds, error) {
	if len(data) < len(groundsMark) || string(data[:len(groundsMark)]) != groundsMark {
		return nil, errNoGrounds
	}
	in := arrays{rest: data[len(groundsMark):]}
	g := &Grounds{hashes: readArray[uint64](&in), ends: readArray[uint32](&in), of: readArray[uint32](&in),
		till: readArray[uint64](&in), notes: readArray[byte](&in)}
	if in.err != nil || len(in.rest) > 0 || len(g.ends) != len(g.hashes) || len(g.till) != len(g.hashes) || !slices.IsSorted(g.ends) ||
		!slices.IsSorted(g.till) || len(g.ends) > 0 && (int(g.ends[len(g.ends)-1]) != len(g.of) || g.till[len(g.till)-1] != uint64(len(g.notes))) {
		return nil, errNoGrounds
	}
	return g, nil
}

// Len is how many records there are grounds of.
func (g *Grounds) Len() int { return len(g.hashes) }

func (g *Grounds) at(i int) []uint32 {
	from := uint32(0)
	if i > 0 {
		from = g.ends[i-1]
	}
	return g.of[from:g.ends[i]]
}

// note is what is noted of a record, as it was written.
func (g *Grounds) note(i int) []byte {
	from := uint64(0)
	if i > 0 {
		from = g.till[i-1]
	}
	return g.notes[from:g.till[i]]
}

func (g *Grounds) add(hash uint64, of []uint32, note []byte) {
	g.of, g.notes = append(g.of, of...), append(g.notes, note...)
	g.hashes, g.ends, g.till = append(g.hashes, hash), append(g.ends, uint32(len(g.of))), append(g.till, uint64(len(g.notes)))
}

// grounds are the keys under which other records stand than did, and the ids of the records that differ; and their marks.
func (m *Meetings) grounds() (map[uint32]struct{}, marks) {
	all := map[uint32]struct{}{}
	for _, rule := range m.rules {
		for _, k := range rule.slots {
			if k.is == keyListed || k.is == keyMoved { // one that is narrowed has entries of its own
				all[ground(k.key)] = struct{}{}
			}
		}
	}
	few := m.few.records
	for i := range int(m.isFrom) + len(m.differing.is) {
		all[ground(few.dict.hashOf(few.ids[i]))] = struct{}{}
	}
	marked := newMarks(len(all))
	for one := range all {
		marked.add(uint64(one) << 32)
	}
	return all, marked
}

// NewGrounds collects the grounds of records, over those of earlier answers, nil for none. What is written depends on nothing
// but the grounds that hold in the end.
type NewGrounds struct {
	before *Grounds
	Grounds
}

// OverGrounds starts with earlier grounds, nil for none.
func OverGrounds(before *Grounds) *NewGrounds {
	if before == nil {
		before = &Grounds{}
	}
	return &NewGrounds{before: before}
}

// Put notes what the answers of a record rest on, in place of what was noted of it, one for each of its Asks, and the Ask whose
// answer is the record's, if any is; of several the last holds, and none drop the record.
func (n *NewGrounds) Put(id string, chosen int, of ...Ground) {
	var all []uint32
	about := note{id: id}
	for ask, g := range of {
		all = append(all, g.of...)
		about.entities = append(about.entities, g.entity)
		for i, c := range g.contests {
			c.ask, c.chosen = ask, ask == chosen && i == len(g.contests)-1
			about.contests = append(about.contests, c)
		}
	}
	n.put(hashText(id), all, &about)
}

func (n *NewGrounds) put(hash uint64, of []uint32, about *note) {
	if len(of) == 0 {
		n.add(hash, nil, nil)
		return
	}
	slices.Sort(of)
	n.add(hash, slices.Compact(of), about.append(nil))
}

// WriteTo writes the grounds for ReadGrounds, piece by piece: together they may be as large as an index.
func (n *NewGrounds) WriteTo(to io.Writer) (int64, error) {
	type kept struct {
		from *Grounds
		at   int
	}
	most := len(n.before.hashes) + len(n.hashes)
	all, hashes, ends, till := make([]kept, 0, most), make([]uint64, 0, most), make([]uint32, 0, most), make([]uint64, 0, most)
	of, notes := 0, 0
	take := func(from *Grounds, i int) {
		if here := from.at(i); len(here) > 0 {
			of, notes = of+len(here), notes+len(from.note(i))
			all = append(all, kept{from, i})
			hashes, ends, till = append(hashes, from.hashes[i]), append(ends, uint32(of)), append(till, uint64(notes))
		}
	}
	latest(n.before.hashes, n.hashes, func(i int) { take(n.before, i) }, func(i int) { take(&n.Grounds, i) })
	w := arrayWriter{to: to}
	w.bytes([]byte(groundsMark))
	writeArray(&w, hashes)
	writeArray(&w, ends)
	w.begin(of)
	for _, k := range all {
		w.bytes(inBytes(k.from.at(k.at)))
	}
	w.end()
	writeArray(&w, till)
	w.begin(notes)
	for _, k := range all {
		w.bytes(k.from.note(k.at))
	}
	w.end()
	return w.written, w.err
}
