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
	before, moved, count := m.before, m.change.moved, len(m.before.slots)
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
	edits := m.slots
	for r := range len(before.ranges) - 1 {
		p.ranges[r] = uint32(len(p.slots))
		for i := before.ranges[r]; i < before.ranges[r+1]; i++ {
			slot := before.slots[i]
			for len(edits) > 0 && edits[0].at < 0 && int(edits[0].key>>(64-p.width)) == r && edits[0].key<<p.width>>32 < slot>>32 {
				put(edits[0])
				edits = edits[1:]
			}
			if len(edits) > 0 && edits[0].at == int(i) {
				if !edits[0].gone {
					put(edits[0])
				}
				edits = edits[1:]
				continue
			}
			if slot&inLists == 0 {
				place := moved[uint32(slot)]
				m.anew = m.anew || place == noPlace
				p.slots = append(p.slots, slot>>32<<32|uint64(place))
				largest = max(largest, 1)
				continue
			}
			list := before.records(uint32(slot), &m.one)
			p.slots = append(p.slots, slot>>32<<32|inLists|uint64(len(p.lists)))
			p.lists = append(p.lists, uint32(len(list)))
			for _, record := range list {
				place := moved[record]
				m.anew = m.anew || place == noPlace
				p.lists = append(p.lists, place)
			}
			largest = max(largest, len(list))
		}
		for len(edits) > 0 && edits[0].at < 0 && int(edits[0].key>>(64-p.width)) == r {
			put(edits[0])
			edits = edits[1:]
		}
	}
	p.ranges[len(p.ranges)-1] = uint32(len(p.slots))
	m.anew = m.anew || len(edits) > 0
	if len(p.lists) > mostInList {
		return postings{}, 0, fmt.Errorf("more than %d entries under its keys", mostInList)
	}
	return p, largest, nil
}
