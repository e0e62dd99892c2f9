package normalize

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"
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

// A memo gives what its function gives, though it forgets, and does not ask it again for what was asked for lately.
func TestMemo_GivesWhatItsFunctionGives(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	asked := 0
	m := newMemo(func(s string) string { asked++; return s + "!" })
	often := []string{"", "a", "b", strings.Repeat("c", 40)}
	for n := range 5 * memoSize {
		text := often[n%len(often)]
		if n%2 == 0 {
			text = fmt.Sprint(random.IntN(4 * memoSize))
		}
		if got := m.get(text); got != text+"!" {
			t.Fatalf("%q became %q", text, got)
		}
	}
	if most := 5*memoSize/2 + len(often); asked > most {
		t.Errorf("the function was asked %d times, want at most %d", asked, most)
	}
	if m.now.texts > memoSize || m.old.texts > memoSize {
		t.Errorf("%d and %d texts are held, want at most %d each", m.now.texts, m.old.texts, memoSize)
	}
}

// Texts are held beyond the batch they came in.
func TestMemo_KeepsTextsOfItsOwn(t *testing.T) {
	m := newMemo(func(s string) string { return s })
	batch := []byte("Acme")
	m.get(unsafe.String(&batch[0], len(batch)))
	copy(batch, "Beta")
	if got := m.get("Acme"); got != "Acme" {
		t.Errorf("the value became %q with the batch", got)
	}
}
