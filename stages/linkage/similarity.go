package linkage

import (
	"bytes"
	"math/bits"
)

// jaroWinkler is the similarity that doc.go specifies. p is the CRM side, t the directory's: the greedy assignment is
// not symmetric. Products are converted to float64 before they are added so that no platform fuses the two.
func jaroWinkler(p, t []byte) float64 {
	return winkler(jaro(p, t), p, t)
}

func winkler(sim float64, p, t []byte) float64 {
	if sim > 0.7 {
		prefix := commonPrefix(p, t, 4)
		sim += float64(float64(float64(prefix)*0.1) * (1 - sim))
	}
	return sim
}

func jaro(p, t []byte) float64 {
	if len(p) == 0 || len(t) == 0 {
		return 0
	}
	window := max(len(p), len(t))/2 - 1
	if window < 0 {
		window = 0
	}
	if len(p) <= 64 && len(t) <= 64 {
		return jaroShort(p, t, window)
	}
	taken := make([]bool, len(p))
	hits := make([]bool, len(t))
	common := 0
	for j := range t {
		for i := max(0, j-window); i < min(len(p), j+window+1); i++ {
			if !taken[i] && p[i] == t[j] {
				taken[i], hits[j] = true, true
				common++
				break
			}
		}
	}
	swapped, i := 0, 0
	for j := range t {
		if !hits[j] {
			continue
		}
		for !taken[i] {
			i++
		}
		if p[i] != t[j] {
			swapped++
		}
		i++
	}
	return jaroOf(len(p), len(t), common, swapped)
}

// jaroShort keeps the places taken in two words: most names have fewer than 64 bytes.
func jaroShort(p, t []byte, window int) float64 {
	var taken, hits uint64
	for j := range t {
		for i := max(0, j-window); i < min(len(p), j+window+1); i++ {
			if p[i] == t[j] && taken>>i&1 == 0 {
				taken |= 1 << i
				hits |= 1 << j
				break
			}
		}
	}
	common, swapped := bits.OnesCount64(taken), 0
	for hits != 0 {
		if p[bits.TrailingZeros64(taken)] != t[bits.TrailingZeros64(hits)] {
			swapped++
		}
		taken &= taken - 1
		hits &= hits - 1
	}
	return jaroOf(len(p), len(t), common, swapped)
}

func jaroOf(p, t, common, swapped int) float64 {
	if common == 0 {
		return 0
	}
	c := float64(common)
	sim := c / float64(p)
	sim += c / float64(t)
	sim += (c - float64(swapped/2)) / c
	return sim / 3
}

// similarAtMost is an upper bound of jaroWinkler for texts of m and n bytes, from the letters that occur (see signature):
// a byte class that only one side has cannot be matched there.
func similarAtMost(m, n int, s, t *form) float64 {
	common := min(m-bits.OnesCount64(s.sign&^t.sign), n-bits.OnesCount64(t.sign&^s.sign))
	if common <= 0 {
		return 0
	}
	if m >= len(inverse) || n >= len(inverse) {
		return 1
	}
	sim := (float64(common)*(inverse[m]+inverse[n]) + 1) * (1.0 / 3)
	if sim > 0.7-1e-9 { // or what is just above it would be taken for less
		prefix := min(bits.LeadingZeros64(s.head^t.head)/8, m, n, 4)
		sim += float64(prefix) * 0.1 * (1 - sim)
	}
	return sim + 1e-9 // rounding must never hide a pair
}

// inverse are 1/n: a division takes longer than all the rest of a bound.
var inverse = func() (out [256]float64) {
	for n := range out {
		out[n] = 1 / float64(max(n, 1))
	}
	return out
}()

// formOf is the form of a text that stands in no dictionary; it has no end and no hash.
func formOf[T string | []byte](text T) form { return form{sign: signature(text), head: headOf(text)} }

// pattern is a CRM text with the places of each byte, for many comparisons with other texts.
type pattern struct {
	code   uint32
	text   []byte
	places [256]uint64
}

func (p *pattern) set(code uint32, text []byte) {
	if len(p.text) <= 64 {
		for _, b := range p.text {
			p.places[b] = 0
		}
	}
	p.code, p.text = code, text
	if len(text) <= 64 {
		for i, b := range text {
			p.places[b] |= 1 << i
		}
	}
}

// similarity is jaroWinkler(p.text, t).
func (p *pattern) similarity(t []byte) float64 {
	if len(p.text) > 64 || len(t) > 64 || len(t) == 0 {
		return jaroWinkler(p.text, t)
	}
	window := max(max(len(p.text), len(t))/2-1, 0)
	// near has a bit for each place that the present byte may take. It grows at its upper end until it is whole, and
	// then moves; places beyond the text hold no byte.
	near := uint64(1)<<(window+1) - 1
	var taken, hits uint64
	for j, b := range t {
		free := p.places[b] & near &^ taken
		hit := free & -free
		taken |= hit
		hits |= uint64((hit|-hit)>>63) << j
		near <<= 1
		if j < window {
			near |= 1
		}
	}
	common, swapped := bits.OnesCount64(taken), 0
	for hits != 0 {
		if p.text[bits.TrailingZeros64(taken)] != t[bits.TrailingZeros64(hits)] {
			swapped++
		}
		taken &= taken - 1
		hits &= hits - 1
	}
	return winkler(jaroOf(len(p.text), len(t), common, swapped), p.text, t)
}

func commonPrefix(a, b []byte, most int) int {
	n := 0
	for n < most && n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// edits is the Damerau-Levenshtein distance: insertions, deletions, substitutions and transpositions, also of bytes
// that others were put between. rows is scratch space.
func edits(a, b []byte, scratch *[]int) int {
	m, n := len(a), len(b)
	w := n + 2
	if need := (m + 2) * w; len(*scratch) < need {
		*scratch = make([]int, need)
	}
	d := (*scratch)[:(m+2)*w]
	var lastRow [256]int
	far := m + n
	d[0] = far
	for i := 0; i <= m; i++ {
		d[(i+1)*w] = far
		d[(i+1)*w+1] = i
	}
	for j := 0; j <= n; j++ {
		d[j+1] = far
		d[w+j+1] = j
	}
	for i := 1; i <= m; i++ {
		lastColumn := 0
		for j := 1; j <= n; j++ {
			k, l := lastRow[b[j-1]], lastColumn
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
				lastColumn = j
			}
			d[(i+1)*w+j+1] = min(
				d[i*w+j]+cost,
				d[(i+1)*w+j]+1,
				d[i*w+j+1]+1,
				d[k*w+l]+(i-k-1)+1+(j-l-1))
		}
		lastRow[a[i-1]] = i
	}
	return d[(m+1)*w+n+1]
}

// oneEdit says whether the distance is at most 1: the texts are equal, or so but for one byte or two neighbours that
// changed places.
func oneEdit(a, b []byte) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(b) == len(a)+1:
		return bytes.Equal(a[i:], b[i+1:])
	case len(b) != len(a):
		return false
	case i == len(a) || bytes.Equal(a[i+1:], b[i+1:]):
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && bytes.Equal(a[i+2:], b[i+2:])
}
