package linkage

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Where a hash stands is found among however many hashes, spread evenly or not.
func TestSearchHashes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for n := range 300 {
		hashes := make([]uint64, n)
		for i := range hashes {
			if hashes[i] = random.Uint64(); n%3 == 0 { // all at one end
				hashes[i] >>= 50
			}
		}
		slices.Sort(hashes)
		hashes = slices.Compact(hashes)
		for range 50 {
			hash := random.Uint64() >> (random.IntN(2) * 50)
			if len(hashes) > 0 && random.IntN(2) == 0 {
				hash = hashes[random.IntN(len(hashes))]
			}
			at, ok := searchHashes(hashes, hash)
			if want, there := slices.BinarySearch(hashes, hash); at != want || ok != there {
				t.Fatalf("%d of %d, %t; want %d, %t", at, len(hashes), ok, want, there)
			}
		}
	}
}
