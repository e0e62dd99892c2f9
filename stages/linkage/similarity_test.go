package linkage

import (
	"math/rand"
	"testing"

	"pgregory.net/rapid"
)

// The kernel and DuckDB must agree to the bit, or the rendered model is another model.
func TestSimilaritiesAreDuckDBs(t *testing.T) {
	e := openEngine(t)
	random := rand.New(rand.NewSource(7))
	word := func(alphabet string, longest int) string {
		b := make([]byte, 1+random.Intn(longest))
		for i := range b {
			b[i] = alphabet[random.Intn(len(alphabet))]
		}
		return string(b)
	}
	e.exec("CREATE TABLE words (a VARCHAR, b VARCHAR)")
	insert := "INSERT INTO words VALUES ('martha', 'marhta'), ('dixon', 'dicksonx'), ('ca', 'abc'), ('a', 'a'), ('a', 'b'), ('ab', 'ba')"
	for range 6000 {
		a := word("abcd ", 12)
		b := word("abcd ", 12)
		switch random.Intn(4) {
		case 0: // near each other
			b = a + word("ab", 2)
		case 1:
			a, b = word("abcdefghijklmnopqrstuvwxyz", 90), word("abcdefghijklmnopqrstuvwxyz", 90)
		case 2:
			i := random.Intn(len(a))
			b = a[:i] + word("abcd", 2) + a[i:]
		}
		insert += ", ('" + a + "', '" + b + "')"
	}
	e.exec(insert)
	var scratch []int
	e.query("SELECT a, b, jaro_winkler_similarity(a, b), damerau_levenshtein(a, b) FROM words", func(scan func(...any)) {
		var a, b string
		var similarity float64
		var distance int
		scan(&a, &b, &similarity, &distance)
		if got := jaroWinkler([]byte(a), []byte(b)); got != similarity {
			t.Fatalf("jaro_winkler_similarity(%q, %q) = %v, want %v", a, b, got, similarity)
		}
		var p pattern
		p.set(1, []byte("before"))
		if p.set(2, []byte(a)); p.similarity([]byte(b)) != similarity {
			t.Fatalf("similarity of the pattern %q and %q = %v, want %v", a, b, p.similarity([]byte(b)), similarity)
		}
		if got := atMost(a, b); got < similarity {
			t.Fatalf("similarAtMost(%q, %q) = %v, below %v", a, b, got, similarity)
		}
		if got := edits([]byte(a), []byte(b), &scratch); got != distance {
			t.Fatalf("damerau_levenshtein(%q, %q) = %v, want %v", a, b, got, distance)
		}
		if got := oneEdit([]byte(a), []byte(b)); got != (distance <= 1) {
			t.Fatalf("oneEdit(%q, %q) = %v, the distance is %d", a, b, got, distance)
		}
	})
}

func atMost(a, b string) float64 {
	s, t := formOf(a), formOf(b)
	return similarAtMost(len(a), len(b), &s, &t)
}

// The fast forms are the plain ones, on any bytes.
func TestFastSimilaritiesAreThePlainOnes(t *testing.T) {
	alphabet := rapid.SampledFrom([]rune("abcd e'-.0"))
	any := rapid.OneOf(alphabet, alphabet, alphabet, rapid.Rune())
	text := rapid.OneOf(rapid.StringOfN(alphabet, 1, 12, -1), rapid.StringOfN(any, 1, 30, -1), rapid.StringOfN(any, 1, 300, -1))
	var p pattern // is used again, as the kernel does
	var scratch []int
	code := uint32(0)
	rapid.Check(t, func(t *rapid.T) {
		a := text.Draw(t, "a")
		b := text.Draw(t, "b")
		if at := rapid.IntRange(0, len(a)).Draw(t, "at"); rapid.Bool().Draw(t, "near") {
			b = a[:at] + rapid.StringN(0, 1, -1).Draw(t, "in between") + a[min(len(a), at+rapid.IntRange(0, 1).Draw(t, "skip")):]
		}
		code++
		p.set(code, []byte(a))
		want := jaroWinkler([]byte(a), []byte(b))
		if got := p.similarity([]byte(b)); got != want {
			t.Fatalf("similarity %v, want %v", got, want)
		}
		if got := atMost(a, b); got < want {
			t.Fatalf("at most %v, but it is %v", got, want)
		}
		if got, want := oneEdit([]byte(a), []byte(b)), edits([]byte(a), []byte(b), &scratch) <= 1; got != want {
			t.Fatalf("one edit %v, want %v", got, want)
		}
	})
}
