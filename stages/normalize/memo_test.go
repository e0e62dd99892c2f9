package normalize

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A name is read the same with memos and without, whatever was read before: what a memo gives is never changed.
func TestNameMemos_ChangeNoName(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	parts := []string{"Bob", "Anna Maria", "Jean-Pierre", "J.", "Dr. Kate", "Smith, PhD", "van der Berg", "O'Brien", "Xiao (Cindy)", "Abdul Aziz", "Liz \"Betty\"",
		"김", "김민수", "Garcia, Ana", "[not provided]", "", "Mc Donald", "Kim Jong-un", "Robert", "barhoum"}
	locals := [][]string{nil, {"john.smith"}, {"ibrahim.barhoum", "bob"}, {"r_smith"}}
	know := shipped().forOne()
	for range 20_000 {
		pick := func() string { return parts[random.IntN(len(parts))] }
		first, last, whole := pick(), pick(), strings.TrimSpace(pick()+" "+pick())
		l := locals[random.IntN(len(locals))]
		got := know.fromLocals(know.parseName(first, last, whole), l)
		if want := shipped().fromLocals(shipped().parseName(first, last, whole), l); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q, %q, %q with %q: %v, want %v", first, last, whole, l, got, want)
		}
	}
	if again := know.forOne(); again.memos == know.memos {
		t.Error("two goroutines share memos")
	}
}
