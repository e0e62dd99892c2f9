package normalize

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A list in a room is changed by no other, whether or not it outgrows its place.
func TestRoom_ListsAreApart(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	var r room
	for range 200 {
		r.begin()
		var got, want [][]string
		for range random.IntN(60) {
			list, same := r.list(random.IntN(30)), []string{}
			for range random.IntN(40) {
				text := fmt.Sprint(random.IntN(1000))
				list, same = append(list, text), append(same, text)
			}
			got, want = append(got, list), append(want, same)
		}
		for i := range got {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("%q, want %q", got[i], want[i])
			}
		}
	}
	if got := r.filled("a", "", "b"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q", got)
	}
	for _, values := range [][]string{nil, {"a"}, {"a", "b", "c"}} {
		if got := r.unpacked(packed(values)); !slices.Equal(got, values) {
			t.Errorf("%q, want %q", got, values)
		}
	}
}
