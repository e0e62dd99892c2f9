package normalize

import (
	"hash/maphash"
	"slices"
	"strings"
)

// memo remembers the results of a pure function for texts that come again and again (cities, titles, hosts). It belongs
// to one goroutine. Its size is bounded: when it is full, only what was asked for since it was half full is kept. It never
// changes a result, and what it gives is never changed.
//
// A text is looked for from the slot of its hash on. Most look-ups find what they look for, or an empty slot, without
// reading another text; a map of Go would copy the value besides.
type memo[V any] struct {
	of       func(string) V
	now, old generation[V]
}

// generation is what was asked for in some span of time.
type generation[V any] struct {
	slots []memoSlot // as many as a power of two, at least half of them empty
	pages [][]memoEntry[V]
	texts int // how many entries of the pages are used
}

// memoSlot is the upper half of a text's hash, and the number of its entry, from 1; 0 where the slot is empty.
type memoSlot struct{ hash, entry uint32 }

type memoEntry[V any] struct {
	text  string
	value V
}

// memoSize is the most texts in each of a memo's two generations.
const memoSize = 1 << 15

// firstSlots is how many slots a generation begins with.
const firstSlots = 64

// textsPerPage is how many entries lie side by side: making room for more copies none, and pages are used again.
const textsPerPage = 128

var memoSeed = maphash.MakeSeed()

func newMemo[V any](of func(string) V) *memo[V] {
	return &memo[V]{of: of}
}

func (m *memo[V]) get(s string) V { return *m.at(s) }

// at is get without a copy of the value, which is valid until the memo is asked for another one.
func (m *memo[V]) at(s string) *V {
	hash := maphash.String(memoSeed, s)
	if e := m.now.find(hash, s); e != nil {
		return &e.value
	}
	var e memoEntry[V]
	if before := m.old.find(hash, s); before != nil {
		e = *before
	} else {
		// The text may lie in a batch that is freed after use.
		e.text = strings.Clone(s)
		e.value = m.of(e.text)
	}
	if m.now.texts >= memoSize {
		m.now, m.old = m.old, m.now
		m.now.empty()
	}
	return &m.now.add(hash, e).value
}

func (g *generation[V]) find(hash uint64, s string) *memoEntry[V] {
	if g.texts == 0 {
		return nil
	}
	last := len(g.slots) - 1
	for at := int(hash) & last; ; at = (at + 1) & last {
		slot := g.slots[at]
		if slot.entry == 0 {
			return nil
		}
		if slot.hash == uint32(hash>>32) {
			if e := g.entry(int(slot.entry) - 1); e.text == s {
				return e
			}
		}
	}
}

func (g *generation[V]) entry(i int) *memoEntry[V] { return &g.pages[i/textsPerPage][i%textsPerPage] }

// add takes an entry that is not there.
func (g *generation[V]) add(hash uint64, e memoEntry[V]) *memoEntry[V] {
	if g.texts == textsPerPage*len(g.pages) {
		g.pages = append(g.pages, make([]memoEntry[V], textsPerPage))
	}
	added := g.entry(g.texts)
	*added = e
	if g.texts++; 2*g.texts > len(g.slots) {
		g.slots = make([]memoSlot, max(firstSlots, 2*len(g.slots)))
		for i := range g.texts {
			g.place(maphash.String(memoSeed, g.entry(i).text), i)
		}
	} else {
		g.place(hash, g.texts-1)
	}
	return added
}

func (g *generation[V]) place(hash uint64, entry int) {
	last := len(g.slots) - 1
	at := int(hash) & last
	for g.slots[at].entry != 0 {
		at = (at + 1) & last
	}
	g.slots[at] = memoSlot{uint32(hash >> 32), uint32(entry) + 1}
}

func (g *generation[V]) empty() {
	clear(g.slots)
	for _, page := range g.pages {
		clear(page) // what the values hold is let go
	}
	g.texts = 0
}

// nameMemos remember the parts of names, which come again far more often than whole names. What they give is shared
// and never changed.
type nameMemos struct {
	fields    *memo[field]
	givens    *memo[namePart]
	surnames  *memo[namePart]
	skeletons *memo[string]
	roots     *memo[[]string]
}

// forOne is the same knowledge for one goroutine, with memos.
func (know *knowledge) forOne() *knowledge {
	plain, own := *know, *know
	plain.memos = nil // those that know may have are another goroutine's
	own.memos = &nameMemos{newMemo(plain.takeField), newMemo(plain.givenPart), newMemo(plain.surnamePart), newMemo(plain.soundOf), newMemo(func(given string) []string {
		return slices.Clip(plain.rootsOf([]string{given}, nil))
	})}
	return &own
}

// readField is takeField by way of the memo.
func (know *knowledge) readField(s string) field {
	if know.memos == nil || s == "" {
		return know.takeField(s)
	}
	return know.memos.fields.get(s)
}

// skeleton is soundOf by way of the memo.
func (know *knowledge) skeleton(name string) string {
	if know.memos == nil {
		return know.soundOf(name)
	}
	return know.memos.skeletons.get(name)
}
