package linkage

import ()

// postings of one rule say which records stand under a key. A key is a hash of 64 bits: its leading bits say in which
// range of slots it is, the next 32 are its tag there. Two keys that agree in all those bits only make a needless
// candidate, once in 2³² questions. A hot key has no records: they stand under the key narrowed.
type postings struct {
	width  uint     // leading bits of a key
	ranges []uint32 // first slot of each range; one more than there are
	slots  []uint64 // in the order of keys: the tag, then the record or, with inLists, a place in lists
	lists  []uint32 // per key with other than one record: their number, then the records, ascending
	// Keys that have too many records, and narrowed ones that still do, in their order, so that an index can be made of an
	// earlier one: nothing else says how many a change leaves there.
	crowded, dropped []keyCount
}

// keyCount is how many records a key has.
type keyCount struct{ key, records uint64 }

const (
	inLists    = 1 << 31
	mostInList = inLists - 1 // also bounds the number of records
)

// within returns the records under a key whose range of slots is given, and whether the key is there at all.
func (p *postings) within(key uint64, from, to uint32, space *[1]uint32) ([]uint32, bool) {
	held, there := p.held(key, from, to)
	if !there {
		return nil, false
	}
	return p.records(held, space), true
}

// held is what the slot of a key holds, and whether the key is there at all.
func (p *postings) held(key uint64, from, to uint32) (held uint32, there bool) {
	tag := uint32(key << p.width >> 32)
	for _, slot := range p.slots[from:to] {
		if uint32(slot>>32) == tag {
			return uint32(slot), true
		}
	}
	return 0, false
}

// records are those that a slot stands for.
func (p *postings) records(held uint32, space *[1]uint32) []uint32 {
	if held&inLists == 0 {
		space[0] = held
		return space[:]
	}
	held &^= inLists
	return p.lists[held+1 : held+1+p.lists[held]]
}

// away puts the arrays where they take no memory of the program's own.
func (p *postings) away(space func() (Space, error)) (err error) {
	if p.ranges, err = putAway(space, p.ranges); err == nil {
		if p.slots, err = putAway(space, p.slots); err == nil {
			if p.lists, err = putAway(space, p.lists); err == nil {
				if p.crowded, err = putAway(space, p.crowded); err == nil {
					p.dropped, err = putAway(space, p.dropped)
				}
			}
		}
	}
	return err
}

// slotsOf is the range of slots in which a key is, if it is there.
func (p *postings) slotsOf(key uint64) (from, to uint32) {
	at := key >> (64 - p.width)
	return p.ranges[at], p.ranges[at+1]
}
