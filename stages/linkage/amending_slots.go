package linkage

import (
	"cmp"
	"fmt"
	"slices"
)

// write writes the postings: slots that did not change with the places where their records are now, the others as noted. It
// also gives the most records of a key.
func (m *amendment) write() (p postings, largest int, err error) {
	slices.SortFunc(m.slots, func(x, y slotEdit) int { return cmp.Compare(x.key, y.key) })
	before, count := m.before, len(m.before.slots)
	for _, s := range m.slots {
		switch {
		case s.gone:
			count--
		case s.at < 0:
			count++
		}
	}
	if m.anew = widthFor(count) != before.width; m.anew {
		return postings{}, 0, nil
	}
	p = postings{width: before.width, ranges: make([]uint32, len(before.ranges)), slots: make([]uint64, 0, count),
		lists: make([]uint32, 0, len(before.lists)+len(m.lists))}
	put := func(s slotEdit) {
		tag, n := s.key<<p.width>>32<<32, s.to-s.from
		if n == 1 {
			p.slots = append(p.slots, tag|uint64(m.lists[s.from]))
		} else {
			p.slots = append(p.slots, tag|inLists|uint64(len(p.lists)))
			p.lists = append(append(p.lists, uint32(n)), m.lists[s.from:s.to]...)
		}
		largest = max(largest, n)
	}
	next, r := 0, 0 // slot of before, and the first range whose start is not known yet
	begin := func(through int) {
		for more := len(p.slots) - next; r <= through; r++ {
			p.ranges[r] = uint32(int(before.ranges[r]) + more)
		}
	}
	for _, s := range m.slots {
		at, in := s.at, int(s.key>>(64-p.width))
		begin(in)
		if at < 0 { // in front of the first slot with a greater tag
			tag := s.key << p.width >> 32
			for at = max(next, int(before.ranges[in])); at < int(before.ranges[in+1]) && before.slots[at]>>32 <= tag; at++ {
			}
		}
		if m.anew = m.anew || at < next; m.anew {
			return postings{}, 0, nil
		}
		largest = max(largest, m.move(&p, next, at))
		if next = at; s.at >= 0 {
			next++
		}
		if !s.gone {
			put(s)
		}
	}
	begin(len(before.ranges) - 2)
	largest = max(largest, m.move(&p, next, len(before.slots)))
	p.ranges[len(p.ranges)-1] = uint32(len(p.slots))
	if len(p.lists) > mostInList {
		return postings{}, 0, fmt.Errorf("more than %d entries under its keys", mostInList)
	}
	return p, largest, nil
}

// move writes slots of the earlier postings, with the places where their records are now, and gives the most records of one.
func (m *amendment) move(p *postings, from, to int) (largest int) {
	moved, lists := m.change.moved, m.before.lists
	for _, slot := range m.before.slots[from:to] {
		if slot&inLists == 0 {
			place := moved[uint32(slot)]
			m.anew = m.anew || place == noPlace
			p.slots = append(p.slots, slot>>32<<32|uint64(place))
			largest = max(largest, 1)
			continue
		}
		at := uint32(slot) &^ inLists
		n := lists[at]
		p.slots = append(p.slots, slot>>32<<32|inLists|uint64(len(p.lists)))
		p.lists = append(p.lists, n)
		for _, record := range lists[at+1 : at+1+n] {
			place := moved[record]
			m.anew = m.anew || place == noPlace
			p.lists = append(p.lists, place)
		}
		largest = max(largest, int(n))
	}
	return largest
}
