package linkage

import (
	"cmp"
	"slices"
	"sync"
)

// Renewer tells what becomes of CRM records' candidates when the directory changes, from the pairs that change alone: those
// with directory records that differ, and those that keys which hold too many records now, or did, hide or show.
type Renewer struct {
	*Meetings
	scorer *Scorer // of few
	rules  map[string]int
}

// NewRenewer prepares the numbers with which the records were scored and are. There may be no frequencies where Scorer is told
// them later.
func (m *Meetings) NewRenewer(parameters Parameters, frequencies []Frequency) (*Renewer, error) {
	scorer, err := NewScorer(m.few, parameters, frequencies)
	if err != nil {
		return nil, err
	}
	n := &Renewer{Meetings: m, scorer: scorer, rules: map[string]int{}}
	for i, rule := range m.after.plan.rules {
		n.rules[rule.Name] = i
	}
	return n, nil
}

// Kept is the Renewer without its indexes, for Over; it takes some kilobytes for each record that differs.
func (n *Renewer) Kept() *Renewer {
	kept := n.Over(nil, nil)
	kept.Meetings.differing.codes = nil
	return kept
}

// Over is a kept Renewer with the same two indexes, which may have been mapped anew.
func (n *Renewer) Over(before, after *Index) *Renewer {
	over, m := *n, *n.Meetings
	m.before, m.after, m.differing.before, m.differing.after = before, after, before, after
	over.Meetings = &m
	return &over
}

// Values are records with all values of which a frequency may be asked.
func (n *Renewer) Values() *Records { return n.few.records }

// Scorer is what compares the pairs that change.
func (n *Renewer) Scorer() *Scorer { return n.scorer }

// Renewal is what becomes of a record's candidates.
type Renewal struct {
	Record int // place in the Records that were renewed
	Rows   Rows
	Total  Total // but for Kept where Rows is RowsDiffer; nothing where the record is to be scored whole

	before  Total
	removed []string       // ids of directory records
	added   []Candidate    // by place in the later index
	ruled   map[string]int // by id: another rule is the first that finds the pair
}

// Rows says what becomes of the rows that are kept of a record's candidates.
type Rows uint8

const (
	RowsHold   Rows = iota // they stay as they are
	RowsDiffer             // Merge makes them of those that were kept, if it can
	RowsUnsure             // the record has to be scored whole
)

// ToRenew are CRM records that do not differ themselves. Those that a Glancer found are renewed with less work.
type ToRenew struct {
	*Records
	marked [][]askedKey // by record, see Glanced
}

// NewRecords starts a set of CRM records that can be renewed.
func (n *Renewer) NewRecords() *ToRenew { return &ToRenew{Records: n.Meetings.NewRecords()} }

// Renew looks at records with so many goroutines; the result does not depend on their number.
func (n *Renewer) Renew(records *ToRenew, totals *Totals, workers int) []Renewal {
	out := make([]Renewal, records.Len())
	var wait sync.WaitGroup
	blocks := make(chan int)
	for range max(1, workers) {
		wait.Go(func() {
			w := n.newRenewing(records.Records)
			for from := range blocks {
				for i := from; i < min(from+block, records.Len()); i++ {
					var marked []askedKey
					if i < len(records.marked) {
						marked = records.marked[i]
					}
					out[i] = w.renew(i, marked, totals)
				}
			}
		})
	}
	for from := 0; from < records.Len(); from += block {
		blocks <- from
	}
	close(blocks)
	wait.Wait()
	return out
}

// renewing is what one goroutine needs.
type renewing struct {
	*Renewer
	worker              *worker
	meet                meetingSeeker
	was, is             *seeker
	then, now           []found // candidates by place in the later index, but those that differ
	removed, added      []found // by place in few
	ruled               []found
	lost, come, renamed []int32 // their weights
}

func (n *Renewer) newRenewing(records *Records) *renewing {
	w := &renewing{Renewer: n, worker: n.scorer.newWorker(records), was: newSeeker(n.before), is: newSeeker(n.after),
		meet: meetingSeeker{Meetings: n.Meetings, keys: newKeyMaker(n.after.plan), seen: newEntitySet()}}
	w.meet.keys.only = n.parts
	return w
}

func (w *renewing) renew(i int, marked []askedKey, totals *Totals) Renewal {
	records := w.worker.records
	row := records.row(i)
	unsure := Renewal{Record: i, Rows: RowsUnsure}
	if _, explained := w.pairs(row, marked); !explained {
		return unsure
	}
	out := Renewal{Record: i, before: totals.of(records.dict.hashOf(records.ids[i]))}
	out.Total = out.before
	if len(w.removed)+len(w.added)+len(w.ruled) == 0 {
		return out
	}
	if len(w.removed) > out.before.Candidates || !w.weigh(row, &out.Total) {
		return unsure
	}
	if w.keepsRows(&out) {
		return out
	}
	out.Rows, out.ruled = RowsDiffer, map[string]int{}
	for _, f := range w.removed {
		out.removed = append(out.removed, w.few.records.ID(int(f.entity)))
	}
	for _, f := range w.ruled {
		out.ruled[w.few.records.ID(int(f.entity))] = f.rule
	}
	for _, f := range w.added {
		c := Candidate{Entity: w.places[f.entity-w.isFrom], Weight: w.worker.pair(f.entity), Rule: f.rule}
		c.Levels, c.Frequencies = slices.Clone(w.worker.levels), slices.Clone(w.worker.bits)
		out.added = append(out.added, c)
	}
	return out
}

// pairs finds the pairs of a row that change: removed, added and ruled. It says whether a key of the row has moved, and whether
// all were found. marked are the row's marked keys, nil where they are to be made.
func (w *renewing) pairs(row []uint32, marked []askedKey) (moved, explained bool) {
	w.removed, w.added, w.ruled = w.removed[:0], w.added[:0], w.ruled[:0]
	if w.meet.all(w.worker.records, row, marked) {
		return true, w.compareAll(row)
	}
	for _, f := range w.meet.found {
		if f.entity < w.isFrom {
			w.removed = append(w.removed, f)
		} else {
			w.added = append(w.added, f)
		}
	}
	return false, true
}

// compareAll finds the pairs that change from all candidates before and now: a key has moved, and whether another finds the
// same pair the keys together tell. False where a pair is not among those that a moved key explains.
func (w *renewing) compareAll(row []uint32) bool {
	w.then, w.now = w.then[:0], w.now[:0]
	d := &w.differing
	for _, f := range w.was.candidates(w.worker.records, row) {
		if stayed := d.stayed[f.entity]; stayed != gone {
			w.then = append(w.then, found{stayed, f.rule})
		} else {
			place, _ := slices.BinarySearch(d.was, f.entity)
			w.removed = append(w.removed, found{uint32(place), f.rule})
		}
	}
	for _, f := range w.is.candidates(w.worker.records, row) {
		if place, differs := slices.BinarySearch(d.is, f.entity); differs {
			w.added = append(w.added, found{w.isFrom + uint32(place), f.rule})
		} else {
			w.now = append(w.now, f)
		}
	}
	byPlace := func(a, b found) int { return cmp.Compare(a.entity, b.entity) }
	slices.SortFunc(w.then, byPlace)
	slices.SortFunc(w.now, byPlace)
	explained := true
	note := func(to *[]found, f found) {
		moved := w.places[len(d.is):]
		place, ok := slices.BinarySearch(moved, f.entity)
		explained = explained && ok
		*to = append(*to, found{w.isFrom + uint32(len(d.is)+place), f.rule})
	}
	a, b := w.then, w.now
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].entity < b[0].entity:
			note(&w.removed, a[0])
			a = a[1:]
		case len(a) == 0 || b[0].entity < a[0].entity:
			note(&w.added, b[0])
			b = b[1:]
		default:
			if a[0].rule != b[0].rule {
				note(&w.ruled, b[0])
			}
			a, b = a[1:], b[1:]
		}
	}
	return explained
}

// weigh compares the pairs that change, takes those that are gone out of a total and puts those that came in. False where
// another hypothesis is the likeliest now: all shares are rounded by it, so that nothing can be taken out exactly.
func (w *renewing) weigh(row []uint32, t *Total) bool {
	p := w.worker
	p.compare.from(row)
	weigh := func(pairs []found, to []int32) []int32 {
		p.weights, to = p.weights[:0], to[:0]
		for _, f := range pairs {
			to = append(to, p.pair(f.entity))
		}
		return to
	}
	w.renamed = weigh(w.ruled, w.renamed)
	w.lost = weigh(w.removed, w.lost)
	tops := 0 // hypotheses known to be as likely as the likeliest, less those that are gone
	lostTop := false
	for _, v := range p.weights {
		t.Sum -= share2(v - t.Top)
		lostTop = lostTop || v == t.Top && v > 0
	}
	for _, v := range t.Kept {
		if v == t.Top {
			tops++
		}
	}
	for _, v := range w.lost {
		if v == t.Top {
			tops--
		}
	}
	w.come = weigh(w.added, w.come)
	for _, v := range p.weights {
		if v > t.Top {
			return false
		}
		if v == t.Top {
			lostTop = false
		}
		t.Sum += share2(v - t.Top)
	}
	t.Candidates += len(w.added) - len(w.removed)
	return !lostTop || tops > 0
}

// keepsRows says whether the rows that are kept stay as they are.
func (w *renewing) keepsRows(r *Renewal) bool {
	kept := r.before.Kept
	if r.Total.Candidates != r.before.Candidates || len(kept) < w.section().Keep && len(w.added) > 0 {
		return false
	}
	for _, weights := range [][]int32{w.lost, w.come, w.renamed} {
		for _, v := range weights {
			if v >= kept[len(kept)-1] {
				return false
			}
		}
	}
	for _, v := range kept {
		if probability(v, r.before.Top, r.before.Sum) != probability(v, r.Total.Top, r.Total.Sum) {
			return false
		}
	}
	return true
}

func (n *Renewer) section() *Section { return &n.Meetings.after.plan.section }
