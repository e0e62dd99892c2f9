package linkage

import (
	"cmp"
	"slices"
	"sort"
)

// Index holds a directory's records and, for each blocking rule, which records stand under which key. It is immutable
// and depends on nothing but the records' values and the rules.
type Index struct {
	plan     *plan
	records  *Records
	postings []postings
	costs    []Cost
}

// Cost is a row of block_cost but for its kind.
type Cost struct {
	Rule           string
	Keys           int64
	Entries        int64
	Largest        int64
	HotKeys        int64
	HotEntries     int64
	DroppedEntries int64
}

// postings of one rule: the records under keys[i] are records[starts[i]:starts[i+1]]. A hot key has none: its records
// stand under the key narrowed. A key is a hash; two keys that share one only make a needless candidate.
type postings struct {
	keys    []uint64
	starts  []uint32
	records []uint32
	shift   uint     // 64 − bits of a bucket
	buckets []uint32 // first key of each range of leading bits
}

// mostKeys bounds the keys of one record in one rule; a record whose lists multiply to more is skipped by the rule.
const mostKeys = 4096

// Builder collects directory records for an index.
type Builder struct {
	plan    *plan
	records *Records
}

// NewBuilder starts an index for the section.
func NewBuilder(s Section) (*Builder, error) {
	p, err := compile(s)
	if err != nil {
		return nil, err
	}
	return &Builder{plan: p, records: newRecords(p.right, "entity_id", nil)}, nil
}

// Records is where the directory's batches are appended.
func (b *Builder) Records() *Records { return b.records }

// Build makes the index.
func (b *Builder) Build() (*Index, error) {
	records, err := b.records.sorted()
	if err != nil {
		return nil, err
	}
	b.records = nil
	x := &Index{plan: b.plan, records: records}
	for _, rule := range b.plan.rules {
		p, cost := buildRule(records, rule)
		x.postings = append(x.postings, p)
		x.costs = append(x.costs, cost)
	}
	return x, nil
}

// Costs says what each rule costs.
func (x *Index) Costs() []Cost { return x.costs }

// Len is the number of directory records.
func (x *Index) Len() int { return x.records.Len() }

// NewRecords starts a set of CRM records that can be scored against the index.
func (x *Index) NewRecords() *Records { return newRecords(x.plan.left, "crm_id", x.records.dict) }

type entry struct {
	key    uint64
	record uint32
}

// hotMark is the record of a key that was narrowed.
const hotMark = ^uint32(0)

func byKey(a, b entry) int {
	if c := cmp.Compare(a.key, b.key); c != 0 {
		return c
	}
	return cmp.Compare(a.record, b.record)
}

func buildRule(records *Records, rule planRule) (postings, Cost) {
	cost := Cost{Rule: rule.Name}
	var entries []entry
	var keys keyMaker
	for i := range records.Len() {
		for _, key := range keys.of(records, records.row(i), rule.parts, right) {
			entries = append(entries, entry{key, uint32(i)})
		}
	}
	slices.SortFunc(entries, byKey)
	entries = slices.Compact(entries)
	cost.Entries = int64(len(entries))
	var kept, narrowed, reached []entry
	from := map[uint64]uint64{} // narrowed key to hot key
	for _, group := range groups(entries) {
		cost.Keys++
		cost.Largest = max(cost.Largest, int64(len(group)))
		if len(group) <= rule.Max {
			kept = append(kept, group...)
			continue
		}
		cost.HotKeys++
		cost.HotEntries += int64(len(group))
		if rule.narrow == nil {
			continue
		}
		kept = append(kept, entry{group[0].key, hotMark})
		for _, e := range group {
			for _, part := range keys.part(records, records.row(int(e.record)), *rule.narrow, right) {
				key := narrowKey(e.key, part)
				from[key] = e.key
				narrowed = append(narrowed, entry{key, e.record})
			}
		}
	}
	slices.SortFunc(narrowed, byKey)
	narrowed = slices.Compact(narrowed)
	for _, group := range groups(narrowed) {
		if len(group) <= rule.Max {
			kept = append(kept, group...)
			for _, e := range group {
				reached = append(reached, entry{from[e.key], e.record})
			}
		}
	}
	slices.SortFunc(reached, byKey)
	cost.DroppedEntries = cost.HotEntries - int64(len(slices.Compact(reached)))
	slices.SortFunc(kept, byKey)
	return newPostings(kept), cost
}

// groups cuts sorted entries where the key changes.
func groups(entries []entry) (out [][]entry) {
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].key == entries[from].key {
			to++
		}
		out = append(out, entries[from:to])
		from = to
	}
	return out
}

func newPostings(entries []entry) postings {
	var p postings
	for i, e := range entries {
		if i == 0 || e.key != entries[i-1].key {
			p.keys = append(p.keys, e.key)
			p.starts = append(p.starts, uint32(len(p.records)))
		}
		if e.record != hotMark {
			p.records = append(p.records, e.record)
		}
	}
	p.starts = append(p.starts, uint32(len(p.records)))
	p.bucket()
	return p
}

// bucket makes the table that finds a key's neighbourhood by its leading bits.
func (p *postings) bucket() {
	width := uint(1)
	for 1<<width < len(p.keys) && width < 24 {
		width++
	}
	p.shift = 64 - width
	p.buckets = make([]uint32, 1<<width+1)
	k := 0
	for b := range p.buckets {
		for k < len(p.keys) && p.keys[k]>>p.shift < uint64(b) {
			k++
		}
		p.buckets[b] = uint32(k)
	}
}

// find returns the records under a key, and whether the key is there at all.
func (p *postings) find(key uint64) ([]uint32, bool) {
	b := key >> p.shift
	from, to := p.buckets[b], p.buckets[b+1]
	i := int(from) + sort.Search(int(to-from), func(i int) bool { return p.keys[int(from)+i] >= key })
	if i >= int(to) || p.keys[i] != key {
		return nil, false
	}
	return p.records[p.starts[i]:p.starts[i+1]], true
}

// side says which of a key part's columns is meant.
type side bool

const (
	left  side = false
	right side = true
)

// keyMaker makes the blocking keys of a record. It keeps its space between records and belongs to one goroutine.
type keyMaker struct {
	keys, next []uint64
	parts      []uint64
	scratch    []byte
}

// of gives the keys of a record: every combination of the parts' values, none where a part is null.
func (m *keyMaker) of(r *Records, row []uint32, parts []planKey, s side) []uint64 {
	m.keys = append(m.keys[:0], 0)
	for _, part := range parts {
		values := m.part(r, row, part, s)
		if len(values) == 0 || len(values)*len(m.keys) > mostKeys {
			return nil
		}
		m.next = m.next[:0]
		for _, key := range m.keys {
			for _, v := range values {
				m.next = append(m.next, narrowKey(key, v))
			}
		}
		m.keys, m.next = m.next, m.keys
	}
	return m.keys
}

func narrowKey(key, value uint64) uint64 { return mix(key*0x9e3779b97f4a7c15 + value) }

// part gives the hashes of one part's values.
func (m *keyMaker) part(r *Records, row []uint32, k planKey, s side) []uint64 {
	cell := k.l
	if s == right {
		cell = k.r
	}
	m.parts = m.parts[:0]
	for _, code := range r.set(row, cell) {
		if k.prefix == 0 && !k.deletions {
			m.parts = append(m.parts, r.dict.hashOf(code))
			continue
		}
		text := r.dict.bytesOf(code)
		if k.prefix > 0 && len(text) > k.prefix {
			text = text[:k.prefix]
		}
		m.parts = append(m.parts, hashText(text))
		if !k.deletions {
			continue
		}
		for i := range text {
			m.scratch = append(append(m.scratch[:0], text[:i]...), text[i+1:]...)
			m.parts = append(m.parts, hashText(m.scratch))
		}
	}
	return m.parts
}

// seeker streams the candidates of CRM records. It belongs to one goroutine.
type seeker struct {
	index *Index
	keys  keyMaker
	again keyMaker
	seen  []uint32
	now   uint32
}

func newSeeker(x *Index) *seeker { return &seeker{index: x, seen: make([]uint32, x.Len())} }

// each yields every directory record that shares a key with the CRM record once, with the first rule that found it.
func (k *seeker) each(r *Records, row []uint32, yield func(b uint32, rule int)) {
	k.now++
	if k.now == 0 { // the counter has come round
		clear(k.seen)
		k.now = 1
	}
	for i, rule := range k.index.plan.rules {
		p := &k.index.postings[i]
		for _, key := range k.keys.of(r, row, rule.parts, left) {
			records, found := p.find(key)
			k.emit(records, i, yield)
			if !found || len(records) > 0 || rule.narrow == nil {
				continue
			}
			for _, part := range k.again.part(r, row, *rule.narrow, left) {
				records, _ := p.find(narrowKey(key, part))
				k.emit(records, i, yield)
			}
		}
	}
}

func (k *seeker) emit(records []uint32, rule int, yield func(uint32, int)) {
	for _, b := range records {
		if k.seen[b] != k.now {
			k.seen[b] = k.now
			yield(b, rule)
		}
	}
}
