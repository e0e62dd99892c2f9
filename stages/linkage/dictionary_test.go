package linkage

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

// Texts asked for together get the numbers that they get one by one, whether the index knows them, they are new, come
// twice or are empty.
func TestTextsAreNumberedTogetherAsOneByOne(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	base := newDictionary(nil)
	for i := range 3000 {
		base.code(fmt.Sprint("known ", i), hashText(fmt.Sprint("known ", i)))
	}
	together, single := newDictionary(base), newDictionary(base)
	var a asked
	for range 200 {
		var want []uint32
		for range random.Intn(100) {
			text := []string{"", fmt.Sprint("known ", random.Intn(4000)), fmt.Sprint("new ", random.Intn(5000))}[random.Intn(3)]
			want = append(want, single.code(text, hashText(text)))
			a.add(text)
		}
		if got := together.codes(&a); !slices.Equal(got, want) {
			t.Fatalf("numbers %d, want %d", got, want)
		}
	}
	if together.next() != single.next() || together.next() < base.next()+2000 {
		t.Errorf("%d texts, want %d", together.next(), single.next())
	}
}

// A record is found by its id, also where one before it holds the id as a value, and no other text is a record.
func TestFindGoesById(t *testing.T) {
	members := []values{{"id": "a", "surname": "c"}, {"id": "b", "given": "bb"}, {"id": "c", "surname": "a"}, {"id": "d", "surname": "d"}, {"id": "e"}}
	x := indexOf(t, shippedModel(t).Person, members)
	for i, m := range members {
		if at, ok := x.find(m["id"].(string)); !ok || int(at) != i {
			t.Errorf("%s is found at %d, %v", m["id"], at, ok)
		}
	}
	for _, id := range []string{"", "bb", "f", "aa"} {
		if _, ok := x.find(id); ok {
			t.Errorf("%q is found", id)
		}
	}
}
