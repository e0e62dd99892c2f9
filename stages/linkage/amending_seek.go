package linkage

import (
	"math/bits"
	"slices"
	"sync"
)

// seeking finds the records of keys of some rules, a bit for each. Of each text that stands in a column it is known, or found out
// once, whether a key that is sought may be made of it: most records have none such, and their keys are not made.
type seeking struct {
	*change
	rules []*amendment
	parts []soughtPart
}

// soughtPart is a part that keys which are sought have.
type soughtPart struct {
	planKey
	rules uint64            // that have this part
	like  map[uint64]uint64 // the rules that seek it by its value
}

// foundRecord is a record of a key, or narrowed key, that is sought.
type foundRecord struct {
	rule   *amendment
	key    uint64
	record uint32
}

// seekAll finds what the rules ask for, with so many goroutines.
func (c *change) seekAll(rules []*amendment, workers int) {
	asking := slices.DeleteFunc(slices.Clone(rules), func(m *amendment) bool { return m.anew || len(m.sought) == 0 })
	for some := range slices.Chunk(asking, 64) {
		c.seek(some, workers)
	}
}

func (c *change) seek(rules []*amendment, workers int) {
	s := seeking{change: c, rules: rules}
	for n, m := range rules {
		for i, part := range m.rule.parts {
			at := slices.IndexFunc(s.parts, func(p soughtPart) bool { return p.place == part.place })
			if at < 0 {
				at = len(s.parts)
				s.parts = append(s.parts, soughtPart{planKey: part, like: map[uint64]uint64{}})
			}
			s.parts[at].rules |= 1 << n
			for _, value := range m.like[i] {
				s.parts[at].like[value] |= 1 << n
			}
		}
	}
	n := c.is.Len()
	found := make([][]foundRecord, workers)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() { found[w] = s.among(n*w/workers, n*(w+1)/workers) })
	}
	wait.Wait()
	for _, some := range found {
		for _, f := range some {
			f.rule.found[f.key] = append(f.rule.found[f.key], f.record)
		}
	}
}

// among looks at the records in some places.
func (s *seeking) among(first, end int) (found []foundRecord) {
	keys, texts := newKeyMaker(s.plan), make([]soughtTexts, len(s.parts))
	for i := range texts {
		texts[i] = s.textsOf(&s.parts[i])
	}
	for i := first; i < end; i++ {
		row, rules := s.is.row(i), ^uint64(0)
		for p := range texts {
			if rules &= texts[p].of(s.is, row) | ^s.parts[p].rules; rules == 0 {
				break
			}
		}
		if rules &= 1<<len(s.rules) - 1; rules == 0 {
			continue
		}
		keys.start()
		for ; rules != 0; rules &= rules - 1 {
			found = s.of(found, &keys, s.rules[bits.TrailingZeros64(rules)], uint32(i), row)
		}
	}
	return found
}

// soughtTexts says of the texts of a column which rules seek a key that one part of it may be. Few are asked for: they stand
// in a map, and all have a bit that says so.
type soughtTexts struct {
	part   *soughtPart
	alone  keyMaker // of texts that stand alone
	sought []uint64 // by code
	looked []uint64 // by code, whether it is known; nil where all are
	rules  map[uint32]uint64
}

func (s *seeking) textsOf(part *soughtPart) soughtTexts {
	d, words := s.is.dict, s.is.dict.next()/64+1
	t := soughtTexts{part: part, alone: newKeyMaker(s.plan), sought: make([]uint64, words), rules: map[uint32]uint64{}}
	if part.prefix > 0 || part.deletions {
		t.looked = make([]uint64, words)
		return t
	}
	for value, rules := range part.like { // the value is the hash of the text
		d.eachOf(value, func(code uint32) { t.put(code, rules) })
	}
	return t
}

func (t *soughtTexts) put(code uint32, rules uint64) {
	t.sought[code/64] |= 1 << (code % 64)
	t.rules[code] = rules
}

// of gives the rules that seek a key which the texts of a record's cell may be a part of.
func (t *soughtTexts) of(r *Records, row []uint32) (rules uint64) {
	for _, code := range r.set(row, t.part.r) {
		at, bit := code/64, uint64(1)<<(code%64)
		if t.looked != nil && t.looked[at]&bit == 0 {
			t.looked[at] |= bit
			t.look(r, code)
		}
		if t.sought[at]&bit != 0 {
			rules |= t.rules[code]
		}
	}
	return rules
}

// look finds out of a text which rules seek it.
func (t *soughtTexts) look(r *Records, code uint32) {
	part, row, rules := t.part.planKey, [1]uint32{code}, uint64(0)
	part.r = 0
	t.alone.start()
	for _, value := range t.alone.part(r, row[:], part, right) {
		rules |= t.part.like[value]
	}
	if rules != 0 {
		t.put(code, rules)
	}
}

// of looks at the keys of a record in a rule.
func (s *seeking) of(found []foundRecord, keys *keyMaker, m *amendment, record uint32, row []uint32) []foundRecord {
	mine := len(found)
	add := func(key uint64) {
		f := foundRecord{m, key, record}
		if !slices.Contains(found[mine:], f) {
			found = append(found, f)
		}
	}
	for _, key := range keys.of(s.is, row, m.rule.parts, right) {
		all, sought := m.sought[key]
		if !sought {
			continue
		}
		if all {
			add(key)
			continue
		}
		for _, value := range keys.part(s.is, row, *m.rule.narrow, right) {
			if narrowed := narrowKey(key, value); m.asks(narrowed) {
				add(narrowed)
			}
		}
	}
	return found
}

func (m *amendment) asks(key uint64) bool {
	_, asked := m.found[key]
	return asked
}
