package linkage

import (
	"cmp"
	"errors"
	"slices"
	"sync"
)

// Unsettled are the records whose answers rest on what differs between two directories.
type Unsettled struct {
	kept  *Grounds
	asked []unsettled
}

type unsettled struct {
	at    int // place in the grounds
	note  note
	whole bool // an entity that is asked about differs
}

// Unsettle finds the records whose answers rest on what differs, but for those that skip names.
func (g *Grounds) Unsettle(m *Meetings, skip func(hash uint64) bool) (*Unsettled, error) {
	differs, marked := m.grounds()
	rests := func(on uint32) bool {
		if !marked.has(uint64(on) << 32) {
			return false
		}
		_, yes := differs[on]
		return yes
	}
	u := &Unsettled{kept: g}
	for i, hash := range g.hashes {
		if !slices.ContainsFunc(g.at(i), rests) || skip(hash) {
			continue
		}
		about, err := readNote(g.note(i))
		if err != nil {
			return nil, err
		}
		u.asked = append(u.asked, unsettled{at: i, note: about, whole: slices.ContainsFunc(about.entities, rests)})
	}
	return u, nil
}

// Settled is what becomes of the answer of an unsettled record.
type Settled struct {
	ID   string
	Sure bool // else the record is to be asked about again
	// Probability is what the same answer comes to now, and Before what it came to, in millionths; both 0 where there is none.
	Probability, Before int64

	hash uint64
	of   []uint32 // none where the grounds are what they were
	note note
}

// HashOf is what a record is known by in Grounds.
func HashOf(id string) uint64 { return hashText(id) }

// Take notes what a settled answer rests on.
func (n *NewGrounds) Take(s *Settled) {
	if s.Sure && len(s.of) > 0 {
		n.put(s.hash, s.of, &s.note)
	}
}

// Settle tells what becomes of answers that were found with this threshold, with so many goroutines; the result does not depend
// on their number. Rivals that differ are taken out of each contest as they were and put in as they are. As long as the same
// contests are won no change but those that were tried is.
func (n *Renewer) Settle(u *Unsettled, threshold int64, workers int) ([]Settled, error) {
	out, failed := make([]Settled, len(u.asked)), make([]error, max(1, workers))
	var wait sync.WaitGroup
	blocks := make(chan int)
	for k := range failed {
		wait.Go(func() {
			w := n.newRenewing(n.Meetings.NewRecords())
			for from := range blocks {
				w.worker.forget()
				for i := from; i < min(from+block, len(u.asked)) && failed[k] == nil; i++ {
					out[i], failed[k] = w.settle(u, &u.asked[i], threshold)
				}
			}
		})
	}
	for from := 0; from < len(u.asked); from += block {
		blocks <- from
	}
	close(blocks)
	wait.Wait()
	return out, errors.Join(failed...)
}

// forget leaves none of the records: codes stand for other texts from here on, and the bytes of those that were are written over.
func (w *worker) forget() {
	w.records.clear()
	w.compare.forget()
}

func (w *renewing) settle(u *Unsettled, one *unsettled, threshold int64) (Settled, error) {
	out := Settled{ID: one.note.id, hash: u.kept.hashes[one.at], note: one.note}
	if one.whole {
		return out, nil
	}
	out.note.contests = slices.Clone(one.note.contests)
	records, first := w.worker.records, w.worker.records.Len()
	moved, differs := false, false
	for i := range out.note.contests {
		c, was := &out.note.contests[i], &one.note.contests[i]
		if err := records.addRow(one.note.id, c.row); err != nil {
			return out, err
		}
		hasMoved, sure := w.contest(records.row(first+i), c)
		if !sure || (c.probability(threshold) > 0) != (was.probability(threshold) > 0) {
			return out, nil
		}
		if c.chosen {
			out.Before, out.Probability = was.probability(threshold), c.probability(threshold)
		}
		moved = moved || hasMoved
		differs = differs || c.above != was.above || c.sum != was.sum
	}
	for i := range out.note.contests { // of answers that change as much, the likelier is the record's
		c, was := &out.note.contests[i], &one.note.contests[i]
		if !c.chosen && cmp.Compare(c.probability(threshold), out.Probability) != cmp.Compare(was.probability(threshold), out.Before) {
			return out, nil
		}
	}
	out.Sure = true
	switch {
	case moved: // other keys are narrowed
		out.of = slices.Clone(out.note.entities)
		for i := range out.note.contests {
			w.is.candidates(records, records.row(first+i))
			out.of = w.is.grounds(out.of)
		}
	case differs:
		out.of = slices.Clone(u.kept.at(one.at))
	}
	return out, nil
}

// contest takes rivals that differ out of a contest as they were and puts them in as they are. It says whether a key of the record
// has moved, and whether the numbers can be told.
func (w *renewing) contest(row []uint32, c *contest) (moved, sure bool) {
	moved, sure = w.pairs(row, nil)
	w.ruled = w.ruled[:0] // which rule finds a rival is nothing to a contest
	if !sure || len(w.removed)+len(w.added) == 0 {
		return moved, sure
	}
	for _, pairs := range [][]found{w.removed, w.added} {
		for _, f := range pairs {
			if few := w.few.records; ground(few.dict.hashOf(few.ids[f.entity])) == c.entity { // it is not the same that is met
				return moved, false
			}
		}
	}
	if !c.met {
		return moved, true
	}
	t := Total{Top: c.top, Sum: c.sum, Kept: []int32{c.weight}}
	if !w.weigh(row, &t) {
		return moved, false
	}
	c.sum = t.Sum
	for _, v := range w.lost {
		if v >= c.weight {
			c.above--
		}
	}
	for _, v := range w.come {
		if v >= c.weight {
			c.above++
		}
	}
	return moved, true
}
