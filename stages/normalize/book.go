package normalize

import "strings"

// book keeps, by id, what people's records need of companies. Entries are packed into one text each, for a directory may
// have millions.
type book struct {
	at      map[string]int32
	ids     []string
	parents []string // as written; empty where there is none
	entries []string
	names   []uint64 // hash of the name as written, folded: whoever writes it the same way need not be parsed
}

// entry is what a book keeps of a company. Lists are packed: appendPacked takes them apart.
type entry struct {
	key, legal, place string
	aliases           string // keys of all names, key among them
	domains           string // before shared hosts that only the whole data shows are left out
}

const (
	betweenFields = "\x1e"
	betweenValues = "\x1f"
)

func newBook() *book { return &book{at: map[string]int32{}} }

// placed is the key with the place that was cut off the name behind it.
func (e entry) placed() string { return strings.TrimSpace(e.key + " " + e.place) }

// pack makes an entry one text; no folded text holds the separators.
func (e entry) pack() string {
	return strings.Join([]string{e.key, e.legal, e.place, e.aliases, e.domains}, betweenFields)
}

func packed(values []string) string { return strings.Join(values, betweenValues) }

// appendPacked appends the values of a packed list.
func appendPacked(to []string, list string) []string {
	for list != "" {
		var v string
		v, list, _ = strings.Cut(list, betweenValues)
		to = append(to, v)
	}
	return to
}

func (b *book) add(id, parent, packed string, name uint64) {
	b.at[id] = int32(len(b.ids))
	b.ids = append(b.ids, id)
	b.parents = append(b.parents, parent)
	b.entries = append(b.entries, packed)
	b.names = append(b.names, name)
}

// nameHash is FNV-1a of a folded name.
func nameHash[T string | []byte](name T) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(name); i++ {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}

// foldedHash is the hash of a text that is folded for it.
func foldedHash(s string) uint64 {
	if isFolded(s) {
		return nameHash(s)
	}
	var short [96]byte
	return nameHash(appendFold(short[:0], s))
}

func (b *book) entry(code int32) entry { return entryOf(b.entries[code]) }

// entryOf takes a packed entry apart.
func entryOf(packed string) entry {
	var e entry
	e.domains = packed
	for _, field := range []*string{&e.key, &e.legal, &e.place, &e.aliases} {
		*field, e.domains, _ = strings.Cut(e.domains, betweenFields)
	}
	return e
}

// groupsOf finds each company's topmost parent. A chain that leaves the book ends at its last company in it; a chain
// that runs into a circle makes the company its own group.
func groupsOf(parents []int32) []int32 {
	groups := make([]int32, len(parents))
	for i := range parents {
		top := int32(i)
		for steps := 0; parents[top] >= 0; steps++ {
			if steps > len(parents) || steps > longestChain {
				top = int32(i)
				break
			}
			top = parents[top]
		}
		groups[i] = top
	}
	return groups
}

// longestChain is more than any real chain of owners; behind it a circle is assumed.
const longestChain = 64

// followRedirects sends each replaced id to the end of its chain; in a circle to its smallest id.
func followRedirects(next map[string]string) map[string]string {
	ends := make(map[string]string, len(next))
	for start := range next {
		seen := map[string]bool{start: true}
		end := start
		for {
			to, ok := next[end]
			if !ok {
				break
			}
			if seen[to] { // the circle: walk it once and take its smallest id
				smallest := to
				for id := next[to]; id != to; id = next[id] {
					smallest = min(smallest, id)
				}
				end = smallest
				break
			}
			seen[to] = true
			end = to
		}
		ends[start] = end
	}
	return ends
}
