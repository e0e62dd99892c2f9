package linkage

import (
	"cmp"
	"slices"
)

// Entries are sorted by their key's leading bits in two passes, and then put right among their neighbours: keys are
// hashes, so that few share so many bits without being equal.
const (
	digit  = 11
	digits = 1 << digit
)

// sortEntries sorts entries by key and record, which must ascend among equal keys as they are. It returns the space it
// needed beside, for the next time; the two may have changed places.
func sortEntries(entries, space []entry) (sorted, rest []entry) {
	if len(entries) < 256 {
		slices.SortFunc(entries, byKey)
		return entries, space
	}
	if cap(space) < len(entries) {
		space = make([]entry, len(entries))
	}
	space = space[:len(entries)]
	for _, shift := range []uint{64 - 2*digit, 64 - digit} {
		var starts [digits]uint32
		for i := range entries {
			starts[entries[i].key>>shift%digits]++
		}
		sum := uint32(0)
		for i, n := range starts {
			starts[i] = sum
			sum += n
		}
		for i := range entries {
			d := entries[i].key >> shift % digits
			space[starts[d]] = entries[i]
			starts[d]++
		}
		entries, space = space, entries
	}
	settle(entries)
	return entries, space
}

// settle sorts what agrees in the leading bits already.
func settle(entries []entry) {
	const shift = 64 - 2*digit
	for from := 0; from < len(entries); {
		to, equal := from+1, true
		for to < len(entries) && entries[to].key>>shift == entries[from].key>>shift {
			equal = equal && entries[to].key == entries[from].key
			to++
		}
		switch run := entries[from:to]; {
		case equal:
		case len(run) > 32:
			slices.SortFunc(run, byKey)
		default:
			for i := 1; i < len(run); i++ {
				e, at := run[i], i
				for ; at > 0 && run[at-1].key > e.key; at-- {
					run[at] = run[at-1]
				}
				run[at] = e
			}
		}
		from = to
	}
}

func byKey(a, b entry) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.record, b.record), cmp.Compare(a.from, b.from))
}
