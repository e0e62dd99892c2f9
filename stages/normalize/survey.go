package normalize

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
)

// A website host that so many unrelated directory companies list is a shared host.
const sharedHostFrom = 5

// survey is what must be known of all directory companies together. It is kept as it is stored, for a directory may
// have millions of words, and a run that has little to normalise must not spend its time on reading them.
type survey struct {
	words table // how many companies' keys hold a word
	owned table // domains that the directory gives to a company
	sites table // website hosts learnt as shared
}

// surveyOf divides domains, given with their codes, by how many groups of companies own them.
func surveyOf(words map[string]uint32, domains map[string]int32, owners []int32) survey {
	owned, sites := map[string]uint32{}, map[string]uint32{}
	for domain, code := range domains {
		if owners[code] >= sharedHostFrom {
			sites[domain] = 1
		} else {
			owned[domain] = 1
		}
	}
	return survey{tableOf(words), tableOf(owned), tableOf(sites)}
}

// surveyMark begins a stored survey; another layout gets another number.
const surveyMark = "crmlink survey 1\n"

func (s survey) bytes() []byte {
	return slices.Concat([]byte(surveyMark), s.words.data, s.owned.data, s.sites.data)
}

// readSurvey takes a stored survey; an empty id stands for that of an empty directory.
func (r *run) readSurvey(object string) error {
	if object == "" {
		return nil
	}
	data, err := r.session.Object(object)
	if err != nil {
		return err
	}
	data, ok := bytes.CutPrefix(data, []byte(surveyMark))
	for _, t := range []*table{&r.survey.words, &r.survey.owned, &r.survey.sites} {
		if ok {
			*t, data, ok = cutTable(data)
		}
	}
	if !ok || len(data) > 0 {
		return fmt.Errorf("object %s: %w", object, errNoSurvey)
	}
	return nil
}

var errNoSurvey = errors.New("is no survey of a directory")

// table leads from texts to numbers in one piece of memory: little-endian numbers of four bytes, namely how many texts
// there are, how many slots, how many bytes; the slots (0, or the number of a text, from 1); the end of each text; the
// number of each text; then the texts in alphabetical order. A text is looked for from the slot of its hash on.
type table struct {
	data                      []byte
	slots, ends, value, texts []byte
}

const tableHead = 12

func tableOf(values map[string]uint32) table {
	if len(values) == 0 {
		return table{data: make([]byte, tableHead)}
	}
	texts := slices.Sorted(maps.Keys(values))
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	slots := make([]uint32, 1<<bits.Len(uint(len(texts))*3/2))
	for i, text := range texts {
		at := int(nameHash(text)) & (len(slots) - 1)
		for slots[at] != 0 {
			at = (at + 1) & (len(slots) - 1)
		}
		slots[at] = uint32(i) + 1
	}
	data := make([]byte, 0, tableHead+4*len(slots)+8*len(texts)+size)
	for _, n := range append([]uint32{uint32(len(texts)), uint32(len(slots)), uint32(size)}, slots...) {
		data = binary.LittleEndian.AppendUint32(data, n)
	}
	end := uint32(0)
	for _, text := range texts {
		end += uint32(len(text))
		data = binary.LittleEndian.AppendUint32(data, end)
	}
	for _, text := range texts {
		data = binary.LittleEndian.AppendUint32(data, values[text])
	}
	t, _, _ := cutTable(append(data, strings.Join(texts, "")...))
	return t
}

// cutTable takes a table off the front of data; false where there is none.
func cutTable(data []byte) (t table, rest []byte, ok bool) {
	if len(data) < tableHead {
		return t, data, false
	}
	n, slots, size := number(data, 0), number(data, 1), number(data, 2)
	whole := tableHead + 4*uint64(slots) + 8*uint64(n) + uint64(size)
	if uint64(len(data)) < whole {
		return t, data, false
	}
	t.data = data[:whole:whole]
	t.slots = t.data[tableHead:][:4*slots]
	t.ends = t.data[tableHead+4*slots:][:4*n]
	t.value = t.data[tableHead+4*slots+4*n:][:4*n]
	t.texts = t.data[tableHead+4*slots+8*n:]
	return t, data[whole:], true
}

func number(data []byte, i uint32) uint32 { return binary.LittleEndian.Uint32(data[4*i:]) }

// get is the number of a text; false where the table does not hold it.
func (t table) get(text string) (uint32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	last := uint32(len(t.slots)/4) - 1
	for at := uint32(nameHash(text)) & last; ; at = (at + 1) & last {
		i := number(t.slots, at)
		if i == 0 {
			return 0, false
		}
		start := uint32(0)
		if i > 1 {
			start = number(t.ends, i-2)
		}
		if string(t.texts[start:number(t.ends, i-1)]) == text {
			return number(t.value, i-1), true
		}
	}
}

func (t table) equal(other table) bool { return bytes.Equal(t.data, other.data) }

// all are the texts of a table, in alphabetical order.
func (t table) all() []string {
	texts := make([]string, len(t.ends)/4)
	start := uint32(0)
	for i := range texts {
		end := number(t.ends, uint32(i))
		texts[i], start = string(t.texts[start:end]), end
	}
	return texts
}

// at is a text and its number, in alphabetical order.
func (t table) at(i int) (text []byte, n uint32) {
	start := uint32(0)
	if i > 0 {
		start = number(t.ends, uint32(i-1))
	}
	return t.texts[start:number(t.ends, uint32(i))], number(t.value, uint32(i))
}

// differing are the texts that lead to another number in another table, or that one of the two lacks.
func (t table) differing(other table) map[string]bool {
	texts := map[string]bool{}
	for i, j := 0, 0; i < len(t.ends)/4 || j < len(other.ends)/4; {
		order := 1
		var text, theirs []byte
		var n, m uint32
		if i < len(t.ends)/4 {
			text, n = t.at(i)
			order = -1
		}
		if j < len(other.ends)/4 {
			if theirs, m = other.at(j); order < 0 {
				order = bytes.Compare(text, theirs)
			}
		}
		switch {
		case order < 0:
			texts[string(text)] = true
		case order > 0:
			texts[string(theirs)] = true
		case n != m:
			texts[string(text)] = true
		}
		if order <= 0 {
			i++
		}
		if order >= 0 {
			j++
		}
	}
	return texts
}

func (t table) has(text string) bool {
	_, ok := t.get(text)
	return ok
}

// rareToken is the word of a key that fewest directory companies have; of equals the first in alphabetical order. A
// word that no directory company has can find none, so it counts only where the key has no other.
func (s survey) rareToken(key string) string {
	best, fewest := "", uint32(0)
	for word := range strings.SplitSeq(key, " ") {
		n, _ := s.words.get(word)
		switch {
		case word == "":
		case best == "", n > 0 && fewest == 0, n > 0 && n < fewest, n == fewest && word < best:
			best, fewest = word, n
		}
	}
	return best
}

// moved gives a function that says whether the rarest word of a key is another one by another survey. Only keys with a word of
// which the two tell different numbers are looked at.
func (s survey) moved(other survey) func(key string) bool {
	differing := s.words.differing(other.words)
	return func(key string) bool {
		for word := range strings.SplitSeq(key, " ") {
			if differing[word] {
				return s.rareToken(key) != other.rareToken(key)
			}
		}
		return false
	}
}

func distinctWords(key string) []string {
	if key == "" {
		return nil
	}
	return sortedSet(strings.Split(key, " "))
}
