package linkage

// valueTable finds the cells of one record that hold a value. It is small, stays in the processor's nearest cache, and
// is mostly asked for values that are not there.
type valueTable struct {
	codes []uint32
	cells []uint64
	shift uint32
	used  int
}

func (t *valueTable) clear() {
	if t.used > 0 || t.codes == nil {
		if len(t.codes) != 256 {
			t.resize(8)
		}
		clear(t.codes)
		t.used = 0
	}
}

func (t *valueTable) resize(width uint32) {
	t.codes, t.cells, t.shift, t.used = make([]uint32, 1<<width), make([]uint64, 1<<width), 32-width, 0
}

// add notes that cells hold a value.
func (t *valueTable) add(code uint32, cells uint64) {
	if t.used*4 >= len(t.codes) {
		codes, old := t.codes, t.cells
		t.resize(32 - t.shift + 1)
		for i, c := range codes {
			if c != 0 {
				t.add(c, old[i])
			}
		}
	}
	i := t.place(code)
	for ; t.codes[i] != 0; i = (i + 1) & uint32(len(t.codes)-1) {
		if t.codes[i] == code {
			t.cells[i] |= cells
			return
		}
	}
	t.codes[i], t.cells[i] = code, cells
	t.used++
}

func (t *valueTable) place(code uint32) uint32 { return code * 0x9e3779b1 >> t.shift }

// of has a bit for each cell that holds a value.
func (t *valueTable) of(code uint32) uint64 {
	i := t.place(code)
	for t.codes[i] != code {
		if t.codes[i] == 0 {
			return 0
		}
		i = (i + 1) & uint32(len(t.codes)-1)
	}
	return t.cells[i]
}
