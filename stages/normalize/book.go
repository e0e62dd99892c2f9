package normalize

import (
	"strings"
)

// book keeps, by id, what people's records need of companies. Entries are packed into one text each, for a directory may
// have millions.
type book struct {
	at      map[string]int32
	ids     []string
	entries []string
}

// entry is what a book keeps of a company.
type entry struct {
	key, uncut, legal, place string
	aliases                  []string // keys of all names, key among them
	domains                  []string // before shared hosts that only the whole data shows are left out
}

const (
	betweenFields = "\x1e"
	betweenValues = "\x1f"
)

func newBook() *book { return &book{at: map[string]int32{}} }

// pack makes an entry one text; no folded text holds the separators.
func (e entry) pack() string {
	return strings.Join([]string{e.key, e.uncut, e.legal, e.place, strings.Join(e.aliases, betweenValues),
		strings.Join(e.domains, betweenValues)}, betweenFields)
}

func (b *book) add(id, packed string) int32 {
	code := int32(len(b.ids))
	b.at[id] = code
	b.ids = append(b.ids, id)
	b.entries = append(b.entries, packed)
	return code
}

func (b *book) entry(code int32) entry {
	var e entry
	rest := b.entries[code]
	for _, field := range []*string{&e.key, &e.uncut, &e.legal, &e.place} {
		*field, rest, _ = strings.Cut(rest, betweenFields)
	}
	aliases, domains, _ := strings.Cut(rest, betweenFields)
	e.aliases, e.domains = unpack(aliases), unpack(domains)
	return e
}

func unpack(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, betweenValues)
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
