package normalize

import "strings"

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
