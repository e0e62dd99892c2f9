package linkage

import (
	"math/rand"
	"testing"
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
	})
}

func atMost(a, b string) float64 {
	s, t := formOf(a), formOf(b)
	return similarAtMost(len(a), len(b), &s, &t)
}
