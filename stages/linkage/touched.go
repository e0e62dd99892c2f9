package linkage

// Touched are the keys under which an index finds other directory records than an earlier one did: what tells which CRM
// records may have other candidates, or other values in them, after the directory has changed.
type Touched struct {
	before, after *Index
	rules         []touchedRule
	keys          keyMaker
}

// touchedRule are the keys of one rule: those that hold few records in one of the indexes, and the narrowed ones of keys
// that hold too many in both.
type touchedRule struct{ keys, narrowed map[uint64]struct{} }

// NewTouched compares two indexes of one section.
func NewTouched(before, after *Index) *Touched {
	t := &Touched{before: before, after: after, keys: newKeyMaker(after.plan)}
	for range after.plan.rules {
		t.rules = append(t.rules, touchedRule{map[uint64]struct{}{}, map[uint64]struct{}{}})
	}
	return t
}

// NewEntities starts a set of directory records that differ between the two indexes: each as it was and as it is.
func (t *Touched) NewEntities() *Records { return newRecords(t.after.plan.right, "entity_id", nil) }

// Add notes the keys of directory records that differ.
func (t *Touched) Add(entities *Records) {
	for i := range entities.Len() {
		row := entities.row(i)
		t.keys.start()
		for r, rule := range t.after.plan.rules {
			for _, key := range t.keys.of(entities, row, rule.parts, right) {
				if !t.narrowed(r, key) {
					t.rules[r].keys[key] = struct{}{}
					continue
				}
				for _, part := range t.keys.part(entities, row, *rule.narrow, right) {
					t.rules[r].narrowed[narrowKey(key, part)] = struct{}{}
				}
			}
		}
	}
}

// narrowed says whether a key is narrowed in both indexes. A key that has become too common, or no longer is, gives other
// candidates to every record that has it.
func (t *Touched) narrowed(rule int, key uint64) bool {
	return t.after.plan.rules[rule].narrow != nil && t.before.postings[rule].hot(key) && t.after.postings[rule].hot(key)
}

// Finds says whether a CRM record has one of the keys.
func (t *Touched) Finds(records *Records, i int) bool {
	row := records.row(i)
	t.keys.start()
	for r, rule := range t.after.plan.rules {
		touched := t.rules[r]
		if len(touched.keys)+len(touched.narrowed) == 0 {
			continue
		}
		for _, key := range t.keys.of(records, row, rule.parts, left) {
			if _, found := touched.keys[key]; found {
				return true
			}
			if len(touched.narrowed) == 0 || !t.narrowed(r, key) {
				continue
			}
			for _, part := range t.keys.part(records, row, *rule.narrow, left) {
				if _, found := touched.narrowed[narrowKey(key, part)]; found {
					return true
				}
			}
		}
	}
	return false
}
