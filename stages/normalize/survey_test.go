package normalize

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/crmlink/crmlink/sql/sqltest"
)

// A survey answers as the maps it was made of, before it was stored and after, and its bytes follow from its content.
func TestSurvey_AnswersAsWhatItWasMadeOf(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 3, 500, 4096} {
		words := map[string]uint32{}
		domains, owners := map[string]int32{}, []int32{}
		for i := range n {
			words[fmt.Sprint("w", random.IntN(10*n))] = random.Uint32()
			domain := fmt.Sprint("d", i, ".com")
			domains[domain] = int32(len(owners))
			owners = append(owners, int32(random.IntN(2*sharedHostFrom)))
		}
		made := surveyOf(words, domains, owners)
		if !bytes.Equal(made.bytes(), surveyOf(words, domains, owners).bytes()) {
			t.Fatalf("%d entries: other bytes of the same content", n)
		}
		s := sqltest.Open(t)
		object, err := s.PutObject(made.bytes())
		if err != nil {
			t.Fatal(err)
		}
		r := &run{session: s}
		if err := r.readSurvey(object); err != nil {
			t.Fatal(err)
		}
		for _, is := range []survey{made, r.survey} {
			for i := range 10*n + 1 {
				word := fmt.Sprint("w", i)
				want, known := words[word]
				if got, ok := is.words.get(word); got != want || ok != known {
					t.Fatalf("%s of %d: %d %v, want %d %v", word, n, got, ok, want, known)
				}
				domain := fmt.Sprint("d", i, ".com")
				code, listed := domains[domain]
				owned := listed && owners[code] < sharedHostFrom
				if is.owned.has(domain) != owned || is.sites.has(domain) != (listed && !owned) {
					t.Fatalf("%s of %d: owned %v, shared %v", domain, n, is.owned.has(domain), is.sites.has(domain))
				}
			}
		}
	}
}

func TestSurvey_SaysThatAnObjectIsNone(t *testing.T) {
	s := sqltest.Open(t)
	whole := surveyOf(map[string]uint32{"acme": 1}, nil, nil).bytes()
	for _, data := range [][]byte{nil, []byte("something else"), whole[:len(whole)-1], append(bytes.Clone(whole), 0)} {
		object, err := s.PutObject(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := (&run{session: s}).readSurvey(object); err == nil {
			t.Errorf("%q was read as a survey", data)
		}
	}
}

// The rarest word of a key has moved exactly where the two surveys give different ones.
func TestSurvey_Moved(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	moved, settled := 0, 0
	for range 200 {
		var surveys [2]survey
		words := map[string]uint32{}
		for i := range surveys {
			for range random.IntN(30) {
				words[fmt.Sprint("w", random.IntN(40))] = 1 + random.Uint32N(4)
			}
			for range random.IntN(5) {
				delete(words, fmt.Sprint("w", random.IntN(40)))
			}
			surveys[i] = surveyOf(words, nil, nil)
		}
		has := surveys[0].moved(surveys[1])
		for range 100 {
			key := fmt.Sprintf("w%d w%d w%d", random.IntN(40), random.IntN(40), random.IntN(40))
			want := surveys[0].rareToken(key) != surveys[1].rareToken(key)
			if has(key) != want {
				t.Fatalf("%q: %v, want %v", key, !want, want)
			}
			if want {
				moved++
			} else {
				settled++
			}
		}
	}
	if moved < 100 || settled < 100 {
		t.Errorf("%d keys moved and %d did not: the test says little", moved, settled)
	}
}
