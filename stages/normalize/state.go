package normalize

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/sql"
)

// stateWriter is a stored state while it is made: a mark, then texts, which have their length in front, and numbers.
type stateWriter []byte

func (w *stateWriter) text(t string) { *w = append(binary.AppendUvarint(*w, uint64(len(t))), t...) }

func (w *stateWriter) number(n int) { *w = binary.AppendUvarint(*w, uint64(n)) }

func (w *stateWriter) word(n uint64) { *w = binary.LittleEndian.AppendUint64(*w, n) }

func (w *stateWriter) findings(found map[check]int64) {
	w.number(len(found))
	for _, c := range slices.SortedFunc(maps.Keys(found), compareChecks) {
		w.text(c.object)
		w.text(c.field)
		w.text(c.what)
		w.number(int(found[c]))
	}
}

// stateReader reads what a stateWriter wrote. Texts lie in what was read. After something else than was expected ok is
// false, and what it gives is empty.
type stateReader struct {
	object, rest string
	ok           bool
}

var errNoState = errors.New("is no state that an earlier call left")

func openState(s *sql.Session, object, mark string) (*stateReader, error) {
	data, err := s.Object(object)
	if err != nil {
		return nil, err
	}
	r := &stateReader{object: object}
	r.rest, r.ok = strings.CutPrefix(string(data), mark)
	return r, nil
}

func (r *stateReader) number() int {
	n, shift := 0, 0
	for i := 0; i < len(r.rest) && i < binary.MaxVarintLen64; i++ {
		n |= int(r.rest[i]&0x7f) << shift
		if r.rest[i] < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
		shift += 7
	}
	r.ok, r.rest = false, ""
	return 0
}

func (r *stateReader) text() string {
	n := r.number()
	if n < 0 || n > len(r.rest) {
		r.ok = false
		return ""
	}
	t := r.rest[:n]
	r.rest = r.rest[n:]
	return t
}

// word is a number of eight bytes, as a hash is.
func (r *stateReader) word() uint64 {
	if len(r.rest) < 8 {
		r.ok, r.rest = false, ""
		return 0
	}
	n := binary.LittleEndian.Uint64([]byte(r.rest[:8]))
	r.rest = r.rest[8:]
	return n
}

func (r *stateReader) findings(to map[check]int64) {
	for n := r.number(); n > 0 && r.ok; n-- {
		kind := check{r.text(), r.text(), r.text()}
		to[kind] = int64(r.number())
	}
}

// end says whether all was read as expected.
func (r *stateReader) end() error {
	if !r.ok || r.rest != "" {
		return fmt.Errorf("object %s: %w", r.object, errNoState)
	}
	return nil
}
