package linkage

// dictionary numbers texts from 1; 0 is null. All columns of both sides share one numbering, so that equal texts are
// equal integers whatever column they stand in. CRM records extend the index's dictionary without changing it.
type dictionary struct {
	base   *dictionary // its codes come first; nil for the index's own
	first  uint32      // codes below belong to base
	text   []byte
	ends   []uint64 // ends[i] is the end of code first+i in text
	hashes []uint64
	signs  []uint64 // letters that occur, for a bound on similarity
	table  []uint32 // open addressing; holds codes
}

func newDictionary(base *dictionary) *dictionary {
	d := &dictionary{base: base, first: 1, table: make([]uint32, 1024)}
	if base != nil {
		d.first = base.next()
	}
	return d
}

func (d *dictionary) next() uint32 { return d.first + uint32(len(d.ends)) }

// bytesOf is the text of a code that is not 0.
func (d *dictionary) bytesOf(code uint32) []byte {
	if code < d.first {
		d = d.base
	}
	i := code - d.first
	var from uint64
	if i > 0 {
		from = d.ends[i-1]
	}
	return d.text[from:d.ends[i]]
}

func (d *dictionary) hashOf(code uint32) uint64 {
	if code < d.first {
		d = d.base
	}
	return d.hashes[code-d.first]
}

func (d *dictionary) signOf(code uint32) uint64 {
	if code < d.first {
		d = d.base
	}
	return d.signs[code-d.first]
}

// code numbers a text, adding it where it is new. Empty text is null.
func (d *dictionary) code(text string) uint32 {
	if text == "" {
		return 0
	}
	h := hashText(text)
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
	d.ends = append(d.ends, uint64(len(d.text)))
	d.hashes = append(d.hashes, h)
	d.signs = append(d.signs, signature(text))
	if len(d.ends)*2 > len(d.table) {
		d.rehash()
	} else {
		d.insert(c, h)
	}
	return c
}

// lookup is code without adding: 0 where the text is unknown.
func (d *dictionary) lookup(text string) uint32 { return d.find(text, hashText(text)) }

func (d *dictionary) find(text string, h uint64) uint32 {
	mask := uint64(len(d.table) - 1)
	for i := h & mask; d.table[i] != 0; i = (i + 1) & mask {
		if c := d.table[i]; d.hashes[c-d.first] == h && string(d.bytesOf(c)) == text {
			return c
		}
	}
	return 0
}

func (d *dictionary) insert(code uint32, h uint64) {
	mask := uint64(len(d.table) - 1)
	i := h & mask
	for d.table[i] != 0 {
		i = (i + 1) & mask
	}
	d.table[i] = code
}

func (d *dictionary) rehash() {
	size := 1024
	for size < len(d.ends)*4 {
		size *= 2
	}
	d.table = make([]uint32, size)
	for i, h := range d.hashes {
		d.insert(d.first+uint32(i), h)
	}
}

// hashText is FNV-1a with a final mix. Blocking keys are made of it, so it must never change between versions that
// share an index.
func hashText[T string | []byte](text T) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(text); i++ {
		h = (h ^ uint64(text[i])) * 1099511628211
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
