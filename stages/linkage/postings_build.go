package linkage

import (
	"fmt"
	"math/bits"
	"slices"
)

// entry is a record under a key.
type entry struct {
	key    uint64
	record uint32
	from   uint32 // of a narrowed key: the place of the entry that was narrowed
}

// entryList takes entries whose number is not known before. What it has grown to it keeps for the next ones.
type entryList struct {
	chunks [][]entry // but the last, full
	used   int       // chunks
}

const entriesInChunk = 1 << 13

func (l *entryList) add(e entry) {
	if l.used == 0 || len(l.chunks[l.used-1]) == entriesInChunk {
		if l.used++; l.used > len(l.chunks) {
			l.chunks = append(l.chunks, make([]entry, 0, entriesInChunk))
		}
	}
	last := &l.chunks[l.used-1]
	*last = append(*last, e)
}

// into appends the entries to others and leaves none.
func (l *entryList) into(to []entry) []entry {
	n := 0
	for _, chunk := range l.chunks[:l.used] {
		n += len(chunk)
	}
	to = slices.Grow(to, n)
	for i, chunk := range l.chunks[:l.used] {
		to = append(to, chunk...)
		l.chunks[i] = chunk[:0]
	}
	l.used = 0
	return to
}

// hotMark is the record of a key that was narrowed.
const hotMark = ^uint32(0)

// ruleBuilder makes the postings of rules. It keeps its space and belongs to one goroutine.
type ruleBuilder struct {
	records                  *Records
	keys                     keyMaker
	gathered                 []entryList // by rule of those that are made together
	entries, narrowed, space []entry
	// touched takes what was read only so that it is near when it is needed.
	touched uint64
}

// rowsAtOnce are so many records that what their keys are made of stays in the processor's nearest cache.
const rowsAtOnce = 16

// gather notes under which keys of some rules each record is. Rules share the parts of their keys, and those of a record
// are made once. The forms of its texts lie anywhere: read one after the other they would each be waited for.
func (b *ruleBuilder) gather(rules []planRule) {
	for len(b.gathered) < len(rules) {
		b.gathered = append(b.gathered, entryList{})
	}
	var cells []int
	for _, rule := range rules {
		for _, part := range rule.parts {
			if !slices.Contains(cells, part.r) {
				cells = append(cells, part.r)
			}
		}
	}
	r := b.records
	for from := 0; from < r.Len(); from += rowsAtOnce {
		to := min(from+rowsAtOnce, r.Len())
		for i := from; i < to; i++ {
			row := r.row(i)
			for _, cell := range cells {
				for _, code := range r.set(row, cell) {
					b.touched += r.dict.hashOf(code)
				}
			}
		}
		for i := from; i < to; i++ {
			b.keys.start()
			row := r.row(i)
			for n, rule := range rules {
				for _, key := range b.keys.of(r, row, rule.parts, right) {
					b.gathered[n].add(entry{key: key, record: uint32(i)})
				}
			}
		}
	}
}

// build makes the postings of a rule from what was gathered, and puts them away.
func (b *ruleBuilder) build(rule planRule, gathered *entryList, away func(*postings) error) (postings, Cost, error) {
	cost := Cost{Rule: rule.Name}
	b.entries, b.narrowed = gathered.into(b.entries[:0]), b.narrowed[:0]
	b.entries, b.space = sortEntries(b.entries, b.space)
	entries := slices.CompactFunc(b.entries, sameEntry)
	cost.Entries = int64(len(entries))
	kept := entries[:0] // what is kept is never more than what was read
	var crowded []keyCount
	for from := 0; from < len(entries); {
		to := runOf(entries, from)
		cost.Keys++
		cost.Largest = max(cost.Largest, int64(to-from))
		if to-from <= rule.Max {
			kept = append(kept, entries[from:to]...)
			from = to
			continue
		}
		cost.HotKeys++
		crowded = append(crowded, keyCount{entries[from].key, uint64(to - from)})
		if rule.narrow != nil {
			b.narrow(entries[from:to], *rule.narrow, uint32(cost.HotEntries))
			kept = append(kept, entry{key: entries[from].key, record: hotMark})
		}
		cost.HotEntries += int64(to - from)
		from = to
	}
	narrowed, dropped, reached := b.reached(rule.Max, cost.HotEntries)
	cost.DroppedEntries = cost.HotEntries - reached
	p, err := newPostings(kept, narrowed)
	p.crowded, p.dropped = crowded, dropped
	if err == nil {
		err = away(&p)
	}
	if err != nil {
		return postings{}, Cost{}, fmt.Errorf("rule %s: %w", rule.Name, err)
	}
	return p, cost, nil
}

// narrow notes the entries of a hot key under the keys that part makes of it; first is the number of hot entries before.
// Like gather it reads first what it would wait for.
func (b *ruleBuilder) narrow(hot []entry, part planKey, first uint32) {
	for from := 0; from < len(hot); from += narrowAtOnce {
		some := hot[from:min(from+narrowAtOnce, len(hot))]
		for _, e := range some {
			b.touched += uint64(b.records.row(int(e.record))[part.r])
		}
		for _, e := range some {
			for _, code := range b.records.set(b.records.row(int(e.record)), part.r) {
				b.touched += b.records.dict.hashOf(code)
			}
		}
		for i, e := range some {
			b.keys.start()
			for _, value := range b.keys.part(b.records, b.records.row(int(e.record)), part, right) {
				b.narrowed = append(b.narrowed, entry{narrowKey(e.key, value), e.record, first + uint32(from+i)})
			}
		}
	}
}

const narrowAtOnce = 64

// reached gives the entries under narrowed keys that are not hot in turn, those keys that are, and how many of the hot
// entries are reached.
func (b *ruleBuilder) reached(most int, hot int64) (kept []entry, dropped []keyCount, reached int64) {
	b.narrowed, b.space = sortEntries(b.narrowed, b.space)
	narrowed := slices.CompactFunc(b.narrowed, sameEntry)
	kept = narrowed[:0]
	seen := make([]bool, hot)
	for from := 0; from < len(narrowed); {
		to := runOf(narrowed, from)
		if to-from <= most {
			for _, e := range narrowed[from:to] {
				if !seen[e.from] {
					seen[e.from] = true
					reached++
				}
			}
			kept = append(kept, narrowed[from:to]...)
		} else {
			dropped = append(dropped, keyCount{narrowed[from].key, uint64(to - from)})
		}
		from = to
	}
	return kept, dropped, reached
}

func sameEntry(a, b entry) bool { return a.key == b.key && a.record == b.record }

// runOf is where the entries of the key at a place end.
func runOf(entries []entry, from int) int {
	to := from + 1
	for to < len(entries) && entries[to].key == entries[from].key {
		to++
	}
	return to
}

// newPostings merges two sorted lists of entries.
func newPostings(a, b []entry) (postings, error) {
	count := 0
	for _, entries := range [][]entry{a, b} {
		for i := range entries {
			if i == 0 || entries[i].key != entries[i-1].key {
				count++
			}
		}
	}
	p := postings{width: widthFor(count), slots: make([]uint64, 0, count)}
	p.ranges = make([]uint32, 1<<p.width+1)
	var list []uint32
	next := uint64(0) // the first range whose start is not known yet
	for len(a) > 0 || len(b) > 0 {
		key := ^uint64(0)
		if len(a) > 0 {
			key = a[0].key
		}
		if len(b) > 0 {
			key = min(key, b[0].key)
		}
		list = list[:0]
		for ; len(a) > 0 && a[0].key == key; a = a[1:] {
			if a[0].record != hotMark {
				list = append(list, a[0].record)
			}
		}
		for ; len(b) > 0 && b[0].key == key; b = b[1:] {
			list = append(list, b[0].record)
		}
		for ; next <= key>>(64-p.width); next++ {
			p.ranges[next] = uint32(len(p.slots))
		}
		slot := key << p.width >> 32 << 32
		if len(list) == 1 {
			slot |= uint64(list[0])
		} else {
			slot |= inLists | uint64(len(p.lists))
			p.lists = append(append(p.lists, uint32(len(list))), list...)
			if len(p.lists) > mostInList {
				return postings{}, fmt.Errorf("more than %d entries under its keys", mostInList)
			}
		}
		p.slots = append(p.slots, slot)
	}
	for ; next < uint64(len(p.ranges)); next++ {
		p.ranges[next] = uint32(len(p.slots))
	}
	return p, nil
}

// widthFor is how many bits say in which range one of so many keys is.
func widthFor(keys int) uint { return uint(max(1, bits.Len(uint(keys))-1)) }
