package normalize

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// FuzzHeadcount: whatever a directory says of a company's size is one of the bands or nothing; a band stands for itself; and
// a number is in the band that holds it, however it is written.
func FuzzHeadcount(f *testing.F) {
	bands := []string{"", "10001+"}
	for _, b := range headcountBands {
		bands = append(bands, b.name)
	}
	f.Fuzz(func(t *testing.T, said string, n uint32) {
		band := headcountOf(said)
		if !slices.Contains(bands, band) {
			t.Errorf("%q is of the band %q", said, band)
		}
		if again := headcountOf(band); again != band {
			t.Errorf("%q is %q, and that is %q", said, band, again)
		}
		people := int64(n % 200_000)
		if people > 0 {
			want := "10001+"
			for _, b := range slices.Backward(headcountBands) {
				if people <= b.upTo {
					want = b.name
				}
			}
			plain := strconv.FormatInt(people, 10)
			for _, written := range []string{plain, plain + ".0", " " + plain + " people", grouped(plain, ","), grouped(plain, "'"), fmt.Sprintf("%d-%d", people, people)} {
				if got := headcountOf(written); got != want {
					t.Errorf("%q is %q, want %q", written, got, want)
				}
			}
		}
	})
}

// grouped writes digits with a sign before each three.
func grouped(digits, sign string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(sign)
		}
		b.WriteRune(d)
	}
	return b.String()
}
