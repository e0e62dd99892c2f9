package linkage

import "math/bits"

// glanceSeeker belongs to one goroutine.
type glanceSeeker struct {
	meetingSeeker
	by     *Glancer
	piece  *Glanced
	pairs  []int64
	values []glancedValue
}

// glancedValue is a value of a record: its code, then its place among the texts of the Glancer.
type glancedValue struct{ at, cell uint32 }

// counted hands over what was counted.
func (s *glanceSeeker) counted() {
	for k, n := range s.pairs {
		s.by.pairs[k] += n
	}
}

// look counts a record, and gives the parts of keys of which it has a value that a directory record has that differs. What is
// asked of values is asked of all of them without deciding anything in between, so that memory is waited for once.
func (s *glanceSeeker) look(row []uint32) (has uint64) {
	records := s.piece.records
	s.keys.start()
	for _, part := range s.whole {
		s.keys.known[part.place], s.keys.parts[part.place] = s.keys.record, s.keys.parts[part.place][:0]
	}
	s.values = s.values[:0]
	for i := range s.by.cells {
		for _, v := range records.set(row, s.by.cells[i].cell) {
			s.values = append(s.values, glancedValue{v, uint32(i)})
		}
	}
	n := 0
	for _, v := range s.values {
		s.values[n] = v
		n += int(s.piece.known.bit(v.at))
	}
	for i := range s.values[:n] {
		v := &s.values[i]
		v.at = s.piece.place(v.at)
		s.touched += s.by.texts[v.at].parts
	}
	for _, v := range s.values[:n] {
		c, text := &s.by.cells[v.cell], &s.by.texts[v.at]
		if text.held&c.held != 0 {
			for _, k := range c.products {
				s.pairs[k] += int64(s.by.observed[k][v.at])
			}
		}
		parts := text.parts & c.parts
		has |= parts
		for ; parts != 0; parts &= parts - 1 {
			place := bits.TrailingZeros64(parts)
			s.keys.parts[place] = append(s.keys.parts[place], text.hash)
		}
	}
	return has
}

// meets says of the record that was looked at last, by its marked keys, whether it may have a key of a directory record that differs.
func (s *glanceSeeker) meets(row []uint32, asked []askedKey) bool {
	records := s.piece.records
	s.near(asked)
	for _, a := range asked {
		switch k := s.rules[a.rule].find(a.key); k.is {
		case keyFree:
		case keyNarrowed:
			for _, part := range s.keys.part(records, row, *s.after.plan.rules[a.rule].narrow, left) {
				if s.find(a.rule, narrowKey(a.key, part)).is != keyFree {
					return true
				}
			}
		default:
			return true
		}
	}
	return false
}
