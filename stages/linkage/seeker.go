package linkage

// seeker finds the candidates of CRM records. It belongs to one goroutine.
type seeker struct {
	index *Index
	keys  keyMaker
	asked []question
	found []found
	seen  entitySet
	space [1]uint32
	// narrowed are the keys asked for in place of those that hold too many.
	narrowed []uint64
	// touched takes what was read only so that it is near when it is needed.
	touched uint64
}

// question is one key of a rule, and where its answer is: first the range of its slots, then what its slot holds.
type question struct {
	key      uint64
	from, to uint32
	rule     int32
	held     uint32
	there    bool
}

// found is a directory record and the first rule that found it.
type found struct {
	entity uint32
	rule   int
}

func newSeeker(x *Index) *seeker {
	return &seeker{index: x, keys: newKeyMaker(x.plan), seen: newEntitySet()}
}

// candidates are the directory records that share a key with the CRM record, in the order in which they are found. They
// are valid until the next call. All keys are made first, then all places read: one after the other they would wait for
// memory most of the time, together they wait once.
func (k *seeker) candidates(r *Records, row []uint32) []found {
	k.keys.start()
	k.found, k.asked, k.narrowed = k.found[:0], k.asked[:0], k.narrowed[:0]
	k.seen.clear()
	for i, rule := range k.index.plan.rules {
		for _, key := range k.keys.of(r, row, rule.parts, left) {
			k.asked = append(k.asked, question{key: key, rule: int32(i)})
		}
	}
	for i := range k.asked {
		q := &k.asked[i]
		q.from, q.to = k.index.postings[q.rule].slotsOf(q.key)
	}
	for i := range k.asked {
		q := &k.asked[i]
		if q.from < q.to {
			k.touched += k.index.postings[q.rule].slots[q.from]
		}
	}
	for i := range k.asked {
		q := &k.asked[i]
		p := &k.index.postings[q.rule]
		if q.held, q.there = p.held(q.key, q.from, q.to); q.there && q.held&inLists != 0 {
			k.touched += uint64(p.lists[q.held&^inLists])
		}
	}
	for i := range k.asked {
		if q := &k.asked[i]; q.there {
			k.answer(q, r, row)
		}
	}
	return k.found
}

func (k *seeker) answer(q *question, r *Records, row []uint32) {
	p, rule := &k.index.postings[q.rule], int(q.rule)
	records := p.records(q.held, &k.space)
	k.add(records, rule)
	narrow := k.index.plan.rules[rule].narrow
	if len(records) > 0 || narrow == nil {
		return
	}
	for _, part := range k.keys.part(r, row, *narrow, left) {
		key := narrowKey(q.key, part)
		k.narrowed = append(k.narrowed, key)
		from, to := p.slotsOf(key)
		records, _ := p.within(key, from, to, &k.space)
		k.add(records, rule)
	}
}

// grounds appends what stands for the keys that were asked for last.
func (k *seeker) grounds(to []uint32) []uint32 {
	for i := range k.asked {
		to = append(to, ground(k.asked[i].key))
	}
	for _, key := range k.narrowed {
		to = append(to, ground(key))
	}
	return to
}

func (k *seeker) add(records []uint32, rule int) {
	for _, b := range records {
		if k.seen.add(b) {
			k.found = append(k.found, found{b, rule})
		}
	}
}

// entitySet holds the few directory records that one CRM record has found: a mark for each of the directory would be
// out of the processor's caches.
type entitySet struct {
	slots []uint32 // the record and 1; open addressing
	used  int
}

const entitySlots = 512

func newEntitySet() entitySet { return entitySet{slots: make([]uint32, entitySlots)} }

func (s *entitySet) clear() {
	if len(s.slots) > entitySlots {
		*s = newEntitySet()
	} else {
		clear(s.slots)
	}
	s.used = 0
}

// add says whether the record was not in the set yet.
func (s *entitySet) add(b uint32) bool {
	mask := uint32(len(s.slots) - 1)
	i := b * 0x9e3779b1 >> 8 & mask
	for ; s.slots[i] != 0; i = (i + 1) & mask {
		if s.slots[i] == b+1 {
			return false
		}
	}
	s.slots[i] = b + 1
	s.used++
	if s.used*2 > len(s.slots) {
		old := s.slots
		*s = entitySet{slots: make([]uint32, 4*len(old))}
		for _, v := range old {
			if v != 0 {
				s.add(v - 1)
			}
		}
	}
	return true
}
