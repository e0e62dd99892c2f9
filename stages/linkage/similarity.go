package linkage

import "math/bits"

// jaroWinkler is the similarity that doc.go specifies. p is the CRM side, t the directory's: the greedy assignment is
// not symmetric. Products are converted to float64 before they are added so that no platform fuses the two.
func jaroWinkler(p, t []byte) float64 {
	sim := jaro(p, t)
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

// similarAtMost is an upper bound of jaroWinkler from the letters that occur (see signature): a byte class that only
// one side has cannot be matched there.
func similarAtMost(p, t []byte, ps, ts uint64) float64 {
	common := min(len(p)-bits.OnesCount64(ps&^ts), len(t)-bits.OnesCount64(ts&^ps))
	if common <= 0 {
		return 0
	}
	sim := jaroOf(len(p), len(t), common, 0)
	if sim > 0.7 {
		sim += float64(commonPrefix(p, t, 4)) * 0.1 * (1 - sim)
	}
	return sim + 1e-9 // rounding must never hide a pair
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
