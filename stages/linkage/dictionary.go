package linkage

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// dictionary numbers texts from 1; 0 is null. All columns of both sides share one numbering, so that equal texts are
// equal integers whatever column they stand in. CRM records extend the index's dictionary without changing it.
type dictionary struct {
	base  *dictionary // its codes come first; nil for the index's own
	first uint32      // codes below belong to base
	text  []byte
	forms []form   // forms[i+1] is code first+i; forms[0] ends where the first text starts
	table []uint32 // open addressing; holds codes
}

// form is what most questions about a text are answered from without reading it.
type form struct {
	end  uint64 // of the text; it starts where the form before ends
	hash uint64
	sign uint64 // letters that occur, for a bound on similarity
	head uint64 // the first eight bytes, the first of all on top; zero where there are fewer
}

func newDictionary(base *dictionary) *dictionary {
	d := &dictionary{base: base, first: 1, forms: make([]form, 1), table: make([]uint32, 1024)}
	if base != nil {
		d.first = base.next()
	}
	return d
}

// clear forgets the texts, but for the base's, and keeps their space.
func (d *dictionary) clear() {
	d.text, d.forms = d.text[:0], d.forms[:1]
	clear(d.table)
}

func (d *dictionary) next() uint32 { return d.first + uint32(len(d.forms)-1) }

// bytesOf is the text of a code that is not 0.
func (d *dictionary) bytesOf(code uint32) []byte {
	if code < d.first {
		d = d.base
	}
	i := code - d.first
	return d.text[d.forms[i].end:d.forms[i+1].end]
}

// formOf is the form of a code that is not 0, and the length of its text.
func (d *dictionary) formOf(code uint32) (*form, int) {
	if code < d.first {
		d = d.base
	}
	i := code - d.first
	f := d.forms[i : i+2]
	return &f[1], int(f[1].end - f[0].end)
}

func (d *dictionary) hashOf(code uint32) uint64 {
	if code < d.first {
		d = d.base
	}
	return d.forms[code-d.first+1].hash
}

// startHash is hashText of a text's first bytes where its form tells them; it does when the text has so many.
func (d *dictionary) startHash(code uint32, bytes int) (hash uint64, ok bool) {
	if bytes < 1 || bytes > 8 {
		return 0, false
	}
	if code < d.first {
		d = d.base
	}
	head := d.forms[code-d.first+1].head
	if byte(head>>(64-8*bytes)) == 0 { // the text ends before, or has a byte that is zero
		return 0, false
	}
	h := uint64(textHash)
	for range bytes {
		h = (h ^ head>>56) * textPrime
		head <<= 8
	}
	return mix(h), true
}

// asked are texts whose codes are asked for together.
type asked struct {
	texts   []string
	hashes  []uint64
	codes   []uint32
	touched uint64 // takes what was read only so that it is near when it is needed
}

const textsAtOnce = 64

func (a *asked) add(text string) { a.texts = append(a.texts, text) }

// codes numbers the texts asked, in their order, and leaves none. The codes are valid until the next call. What they are
// looked for in is read first: one after the other each would be waited for.
func (d *dictionary) codes(a *asked) []uint32 {
	a.hashes, a.codes = a.hashes[:0], slices.Grow(a.codes[:0], len(a.texts))[:len(a.texts)]
	for _, text := range a.texts {
		a.hashes = append(a.hashes, hashText(text))
	}
	for b := d; b != nil; b = b.base {
		b.near(a)
	}
	for i, text := range a.texts {
		a.codes[i] = d.code(text, a.hashes[i])
	}
	a.texts = a.texts[:0]
	return a.codes
}

// near reads a little of where find looks.
func (d *dictionary) near(a *asked) {
	for i, h := range a.hashes {
		a.codes[i] = d.table[d.slot(h)]
	}
	for _, c := range a.codes {
		if c != 0 {
			a.touched += d.forms[c-d.first+1].hash
		}
	}
	for i, c := range a.codes {
		if c != 0 && d.forms[c-d.first+1].hash == a.hashes[i] {
			a.touched += uint64(d.text[d.forms[c-d.first].end])
		}
	}
}

// code numbers a text with its hash, adding it where it is new. Empty text is null.
func (d *dictionary) code(text string, h uint64) uint32 {
	if text == "" {
		return 0
	}
	if d.base != nil {
		if c := d.base.find(text, h); c != 0 {
			return c
		}
	}
	if c := d.find(text, h); c != 0 {
		return c
	}
	c := d.next()
	d.text = append(d.text, text...)
	d.forms = append(d.forms, form{uint64(len(d.text)), h, signature(text), headOf(text)})
	if len(d.forms)*2 > len(d.table) {
		d.rehash(len(d.forms) * 4)
	} else {
		d.insert(c, h)
	}
	return c
}

// slot is where a hash is looked for first. Any size of the table does.
func (d *dictionary) slot(h uint64) int {
	i, _ := bits.Mul64(h, uint64(len(d.table)))
	return int(i)
}

// behind is the place after another in a table of some size: the first after the last.
func behind(i, size int) int {
	if i++; i == size {
		return 0
	}
	return i
}

// find is code without adding, of a text and its hash: 0 where it is unknown.
func (d *dictionary) find(text string, h uint64) uint32 {
	for i := d.slot(h); d.table[i] != 0; i = behind(i, len(d.table)) {
		c := d.table[i]
		if d.forms[c-d.first+1].hash == h && string(d.bytesOf(c)) == text {
			return c
		}
	}
	return 0
}

// eachOf hands over the codes of all texts with a hash.
func (d *dictionary) eachOf(h uint64, take func(code uint32)) {
	for i := d.slot(h); d.table[i] != 0; i = behind(i, len(d.table)) {
		if c := d.table[i]; d.forms[c-d.first+1].hash == h {
			take(c)
		}
	}
}

func (d *dictionary) insert(code uint32, h uint64) {
	i := d.slot(h)
	for d.table[i] != 0 {
		i = behind(i, len(d.table))
	}
	d.table[i] = code
}

// rehash makes a table of so many places; there must be more than texts.
func (d *dictionary) rehash(size int) {
	d.table = make([]uint32, max(1024, size))
	for i := range d.forms[1:] {
		d.insert(d.first+uint32(i), d.forms[i+1].hash)
	}
}

const (
	textHash  = 14695981039346656037
	textPrime = 1099511628211
)

// hashText is FNV-1a with a final mix. Blocking keys are made of it, so it must never change between versions that
// share an index.
func hashText[T string | []byte](text T) uint64 {
	h := uint64(textHash)
	for i := 0; i < len(text); i++ {
		h = (h ^ uint64(text[i])) * textPrime
	}
	return mix(h)
}

// mix is the finalizer of splitmix64: every bit of the input moves every bit of the result.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// signature has a bit for each byte class that occurs. Different bytes may share a bit, so it only ever overstates
// what two texts have in common.
func signature[T string | []byte](text T) uint64 {
	var s uint64
	for i := 0; i < len(text); i++ {
		s |= 1 << (text[i] & 63)
	}
	return s
}

func headOf[T string | []byte](text T) uint64 {
	var b [8]byte
	copy(b[:], text)
	return binary.BigEndian.Uint64(b[:])
}
