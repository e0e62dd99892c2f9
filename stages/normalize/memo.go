package normalize

import (
	"slices"
	"strings"
)

// memo remembers the results of a pure function for texts that come again and again (cities, titles, hosts). It belongs
// to one goroutine. It is emptied when full, so its size is bounded; it never changes a result.
type memo[V any] struct {
	of    func(string) V
	known map[string]V
}

const memoSize = 1 << 15

func newMemo[V any](of func(string) V) *memo[V] {
	return &memo[V]{of: of, known: map[string]V{}}
}

func (m *memo[V]) get(s string) V {
	if v, ok := m.known[s]; ok {
		return v
	}
	if len(m.known) >= memoSize {
		clear(m.known)
	}
	// The text may lie in a batch that is freed after use.
	s = strings.Clone(s)
	v := m.of(s)
	m.known[s] = v
	return v
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
