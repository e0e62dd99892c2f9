package linkage

// meetingSeeker finds the records that differ and that CRM records meet. It belongs to one goroutine.
type meetingSeeker struct {
	*Meetings
	keys  keyMaker
	asked []askedKey
	found []found // by place in few
	seen  entitySet
	// touched takes what was read only so that it is near when it is needed.
	touched uint64
}

type askedKey struct {
	key  uint64
	rule int
}

// ask gives the keys of a record that are marked, in the order of rules. has are the whole parts of which the record has a value
// that a record has that differs: a key without one is none of theirs. Marks are looked at one after the other without deciding
// anything in between, so that none is waited for.
func (s *meetingSeeker) ask(records *Records, row []uint32, has uint64) []askedKey {
	s.asked = s.asked[:0]
	for r, rule := range s.after.plan.rules {
		if s.needs[r]&^has == 0 {
			for _, key := range s.keys.of(records, row, rule.parts, left) {
				s.asked = append(s.asked, askedKey{key, r})
			}
		}
	}
	n := 0
	for _, a := range s.asked {
		s.asked[n] = a
		n += int(s.marks.bit(a.key))
	}
	return s.asked[:n]
}

// near reads a little of where find looks.
func (s *meetingSeeker) near(marked []askedKey) {
	for _, a := range marked {
		rule := &s.rules[a.rule]
		s.touched += rule.slots[a.key>>rule.shift].key
	}
}

func (s *meetingSeeker) find(r int, key uint64) meetingKey {
	if !s.marks.has(key) {
		return meetingKey{}
	}
	return s.rules[r].find(key)
}

// all finds, in the order of rules, what differs and is met; moved, that a key of the record has moved. marked are what ask gives, nil where it
// is to be asked.
func (s *meetingSeeker) all(records *Records, row []uint32, marked []askedKey) (moved bool) {
	s.keys.start()
	s.found = s.found[:0]
	s.seen.clear()
	if marked == nil {
		marked = s.ask(records, row, ^uint64(0))
	}
	s.near(marked)
	for _, a := range marked {
		k := s.rules[a.rule].find(a.key)
		if k.is == keyNarrowed {
			for _, part := range s.keys.part(records, row, *s.after.plan.rules[a.rule].narrow, left) {
				k := s.find(a.rule, narrowKey(a.key, part))
				if moved = moved || k.is == keyMoved; k.is == keyListed {
					s.add(a.rule, k)
				}
			}
		} else if moved = moved || k.is == keyMoved; k.is == keyListed {
			s.add(a.rule, k)
		}
		if moved {
			return true
		}
	}
	return false
}

func (s *meetingSeeker) add(r int, k meetingKey) {
	for _, place := range s.rules[r].lists[k.from:k.to] {
		if s.seen.add(place) {
			s.found = append(s.found, found{place, r})
		}
	}
}
