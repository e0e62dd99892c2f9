package linkage

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

func TestIndexIsReadBack(t *testing.T) {
	s := shippedModel(t).Person
	d := plant(8, 1500, 500, .7)
	x := indexOf(t, s, d.members)
	y, err := ReadIndex(s, bytesOf(t, x))
	if err != nil {
		t.Fatal(err)
	}
	p := anyParameters(t, s, x)
	left, right := recordsOf(t, x, d.contacts), recordsOf(t, y, d.contacts)
	want := answers(x, left, scoreAll(t, x, p, left, 1))
	for id, got := range answers(y, right, scoreAll(t, y, p, right, 1)) {
		if got != want[id] {
			t.Fatalf("%s: %s from the stored index, want %s", id, got, want[id])
		}
	}
}

// bytesOf is the index as it is stored.
func bytesOf(t testing.TB, x *Index) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := x.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatalf("%d bytes written, %d there: %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func TestReadIndexRefusesWhatIsNotIts(t *testing.T) {
	m := shippedModel(t)
	x := indexOf(t, m.Person, plant(9, 20, 0, .5).members)
	stored := bytesOf(t, x)
	other := shippedModel(t).Person
	other.Rules = other.Rules[1:]
	for name, c := range map[string]struct {
		s    Section
		data []byte
		want string
	}{
		"kind":   {m.Company, stored, "another model"},
		"rules":  {other, stored, "another model"},
		"cut":    {m.Person, stored[:len(stored)-5], "damaged"},
		"not it": {m.Person, []byte("PAR1"), "not an index"},
	} {
		if _, err := ReadIndex(c.s, c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// oneRule is a section that blocks by the given rule only.
func oneRule(t *testing.T, r Rule) Section {
	s := shippedModel(t).Person
	s.Rules = []Rule{r}
	return s
}

func candidatesOf(x *Index, records *Records, i int) (ids []string) {
	for _, f := range newSeeker(x).candidates(records, records.row(i)) {
		ids = append(ids, x.records.ID(int(f.entity)))
	}
	return ids
}

func TestHotKeysAreNarrowedAndReported(t *testing.T) {
	s := oneRule(t, Rule{Name: "surname", Keys: []string{"surname"}, Max: 3, Narrow: "city"})
	members := []values{{"id": "rare", "surname": "rare"}}
	for i := range 5 {
		members = append(members, values{"id": fmt.Sprint("smith", i), "surname": "smith", "city": "york"})
	}
	members = append(members, values{"id": "leeds", "surname": "smith", "city": "leeds"}, values{"id": "nowhere", "surname": "smith"})
	x := indexOf(t, s, members)
	got := x.Costs()[0]
	want := Cost{Rule: "surname", Keys: 2, Entries: 8, Largest: 7, HotKeys: 1, HotEntries: 7, DroppedEntries: 6}
	if got != want {
		t.Errorf("cost %+v, want %+v", got, want)
	}
	records := recordsOf(t, x, []values{{"id": "1", "surname": "smith", "city": "leeds"}, {"id": "2", "surname": "smith"},
		{"id": "3", "surname": "rare"}, {"id": "4", "surname": "smith", "city": "york"}})
	for i, want := range []string{"[leeds]", "[]", "[rare]", "[]"} {
		if got := fmt.Sprint(candidatesOf(x, records, i)); got != want {
			t.Errorf("record %d: candidates %s, want %s", i+1, got, want)
		}
	}
}

func TestBlockingKeys(t *testing.T) {
	members := []values{
		{"id": "1", "surname": "smith", "given": "john", "emails": []string{"a@x", "b@x"}},
		{"id": "2", "surname": "john", "given": "smith"},
		{"id": "3", "surname": "smyth", "given": "j"},
	}
	contact := values{"id": "c", "surname": "smith", "given": "john", "emails": []string{"b@x", "c@x"}}
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"emails"}, "[1]"},
		{[]string{"surname=given", "given=surname"}, "[2]"},
		{[]string{"surname:2", "given:1"}, "[1 3]"},
		{[]string{"surname~"}, "[1 3]"},
		{[]string{"surname", "city"}, "[]"}, // no city, no key
	} {
		s := oneRule(t, Rule{Name: "r", Keys: c.keys, Max: 10})
		x := indexOf(t, s, members)
		if got := fmt.Sprint(candidatesOf(x, recordsOf(t, x, []values{contact}), 0)); got != c.want {
			t.Errorf("%v: candidates %s, want %s", c.keys, got, c.want)
		}
	}
}

func TestModelMistakesAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Section)
		want   string
	}{
		"operator":   {func(s *Section) { s.Comparisons[0].Groups[0].Levels[0].When = "like(given)" }, "no operator"},
		"column":     {func(s *Section) { s.Comparisons[0].Groups[0].Levels[0].When = "equal(shoe_size)" }, "no column"},
		"list":       {func(s *Section) { s.Comparisons[0].Groups[0].Levels[0].When = "equal(emails)" }, "not lists"},
		"else":       {func(s *Section) { s.Comparisons[0].Groups[0].Levels[0].When = "" }, "exactly the last level"},
		"sum":        {func(s *Section) { s.Comparisons[0].Groups[0].Levels[2].M = .1 }, "sum to 1"},
		"look-alike": {func(s *Section) { s.LookAlikes[0].Shares = []string{"shoes"} }, "no comparison"},
		"order":      {func(s *Section) { s.Comparisons[0].Groups[0].Levels[0].When = "steps(city, 1)" }, "no order"},
		"rule":       {func(s *Section) { s.Rules[0].Keys = []string{"city:x"} }, "column:length"},
	} {
		s := shippedModel(t).Person
		c.change(&s)
		if _, err := compile(s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// heapSpace is a Space in memory.
type heapSpace struct{ bytes.Buffer }

func (s *heapSpace) Bytes() ([]byte, error) { return s.Buffer.Bytes(), nil }

// Invariant 9: an index is the same in whatever memory it is built.
func TestIndexWithinMemoryIsTheSame(t *testing.T) {
	s := shippedModel(t).Person
	directory, _ := staffed(11, 6000, 0)
	want := bytesOf(t, indexOf(t, s, directory))
	batch := batchOf(s, s.RightTable(), directory)
	for _, memory := range []int64{1, 6000 * (perRecord + 4*perKey), 1 << 40} {
		b, err := NewBuilder(s)
		if err != nil {
			t.Fatal(err)
		}
		spaces := 0
		b.Within(memory, func() (Space, error) { spaces++; return &heapSpace{}, nil })
		for from := int64(0); from < batch.NumRows(); from += 999 {
			if err := b.Records().Append(batch.NewSlice(from, min(from+999, batch.NumRows()))); err != nil {
				t.Fatal(err)
			}
			if n := len(b.records.build.cells.values); n > 0 {
				t.Fatalf("%d cells stay in memory", n)
			}
		}
		x, err := b.Build(3)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesOf(t, x), want) {
			t.Errorf("with %d bytes the index is another", memory)
		}
		if spaces < 10 {
			t.Errorf("%d spaces were used", spaces)
		}
	}
}

// Invariant 9: an index is the same in whatever order its records are read.
func TestIndexOfRecordsInAnyOrderIsTheSame(t *testing.T) {
	s := shippedModel(t).Person
	directory, _ := staffed(12, 3000, 0)
	want := bytesOf(t, indexOf(t, s, directory))
	random := rand.New(rand.NewSource(1))
	for name, piece := range map[string]func(i int) int{
		"reversed": func(i int) int { return -i },
		"in parts": func(i int) int { return i * 7919 % 64 },
		"in any":   func(i int) int { return random.Int() },
	} {
		places := make([]int, len(directory))
		keys := make([]int, len(directory))
		for i := range directory {
			places[i], keys[i] = i, piece(i)
		}
		slices.SortStableFunc(places, func(i, j int) int { return cmp.Compare(keys[i], keys[j]) })
		var records []values
		for _, i := range places {
			records = append(records, directory[i])
		}
		if !bytes.Equal(bytesOf(t, indexOf(t, s, records)), want) {
			t.Errorf("records %s make another index", name)
		}
	}
}

func TestDirectoryRecordsAreThereOnce(t *testing.T) {
	s := shippedModel(t).Person
	for _, ids := range [][]string{{"a", "a"}, {"a", "b", "a"}, {"b", "a", "c", "b"}} {
		b, err := NewBuilder(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids { // in batches of their own
			if err == nil {
				err = b.Records().Append(batchOf(s, s.RightTable(), []values{{"id": id}}))
			}
		}
		if err == nil {
			_, err = b.Build(1)
		}
		if err == nil || !strings.Contains(err.Error(), "an entity_id occurs twice") {
			t.Errorf("%v: error %v", ids, err)
		}
	}
}
