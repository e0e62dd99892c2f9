package linkage

import (
	"math"
	"slices"
)

// Label is what people decided about one CRM record.
type Label struct {
	Entity string   // it is this directory record; empty where nobody said which
	None   bool     // it is none of the directory's
	Not    []string // it is none of these
}

// Labels are decisions by CRM record, for Estimate to learn from. Population is the number of records that the labelled
// ones were taken from.
//
// A label replaces what the record's own competition would say, and nothing else: a record that is one entity counts
// wholly as a match with that one, found by blocking or not; a record that is none counts as no match; an entity that it
// is not is no hypothesis any more. People decide about the hard records. That does no harm as long as those records
// count no more than they would without a decision, because which records were decided about follows from what was
// compared; so where only a sample is looked at, all labelled records are, but together they weigh what they would in
// the sample.
type Labels struct {
	Records    map[string]Label
	Population int64
}

// Has says whether a record is labelled.
func (l Labels) Has(crmID string) bool {
	_, ok := l.Records[crmID]
	return ok
}

// Labelled counts the labels that an estimate learned from.
type Labelled struct {
	Is    int64 `json:"is"`     // the record is a directory record
	None  int64 `json:"none"`   // the record is none of the directory's, or one that is not in it
	IsNot int64 `json:"is_not"` // only some entities are ruled out
	// Unblocked are those of Is whose pair no blocking rule finds.
	Unblocked int64 `json:"unblocked"`
}

// Sum is the number of labelled records.
func (l Labelled) Sum() int64 { return l.Is + l.None + l.IsNot }

// verdicts are the labels of the learner's records and pairs.
type verdicts struct {
	labels Labels
	weight []float64 // of each record
	mass   float64   // of all records
	banned []bool    // by pair: it is no match
	sure   []bool    // by record: it is the one pair that is not banned
	count  Labelled
}

// beyond collects the labelled records outside of the sample, which is the first taken of order, and weighs all
// labelled ones.
func (l *learner) beyond(records *Records, order []int, taken int, add func(int)) {
	if len(l.labels.Records) > 0 && taken < len(order) {
		share := float64(taken) / max(float64(len(order)), float64(l.labels.Population))
		for i := range l.records {
			if l.labels.Has(records.ID(order[i])) {
				l.weight[i] = share
			}
		}
		for _, i := range order[taken:] {
			if l.labels.Has(records.ID(i)) {
				add(i)
				l.weight[l.records-1] = share
			}
		}
	}
	for _, w := range l.weight {
		l.mass += w
	}
}

// judge applies a record's label to its pairs, the last that were collected: entities holds the directory record of
// each. pair adds one that blocking did not find.
func (l *learner) judge(id string, entities []uint32, pair func(entity uint32)) {
	label, labelled := l.labels.Records[id]
	l.weight, l.sure = append(l.weight, 1), append(l.sure, false)
	first := len(l.banned)
	for range entities {
		l.banned = append(l.banned, false)
	}
	if !labelled {
		return
	}
	banned := l.banned[first:]
	if label.Entity == "" && !label.None {
		l.count.IsNot++
		for k, e := range entities {
			for _, not := range label.Not {
				banned[k] = banned[k] || l.index.records.ID(int(e)) == not
			}
		}
		return
	}
	found := false
	for k, e := range entities {
		banned[k] = label.None || l.index.records.ID(int(e)) != label.Entity
		found = found || !banned[k]
	}
	if !found && !label.None {
		if e, ok := l.index.find(label.Entity); ok {
			pair(e)
			l.banned = append(l.banned, false)
			l.count.Unblocked++
			found = true
		}
	}
	if l.sure[len(l.sure)-1] = found; found {
		l.count.Is++
	} else {
		l.count.None++
	}
}

// find is the place of a directory record; they stand in the order of their ids.
func (x *Index) find(id string) (uint32, bool) {
	code := x.records.dict.find(id, hashText(id))
	if code == 0 {
		return 0, false
	}
	// Ids have their codes in the order of records, but for one that a record before holds as a value.
	if at, ok := slices.BinarySearch(x.records.ids, code); ok {
		return uint32(at), true
	}
	from, to := 0, x.Len()
	for from < to {
		if at := (from + to) / 2; string(x.records.dict.bytesOf(x.records.ids[at])) < id {
			from = at + 1
		} else {
			to = at
		}
	}
	return uint32(from), from < x.Len() && x.records.ID(from) == id
}

// rule takes the hypotheses of a pair that a label rules out: out is match first, then each kind of look-alike.
func (v *verdicts) rule(record, pair int, out []float64) {
	if v.banned[pair] {
		out[0] = math.Inf(-1)
	}
	if v.sure[record] {
		for k := range out[1:] {
			out[1+k] = math.Inf(-1)
		}
	}
}

// restart estimates from the numbers of a model in use. The estimation climbs to the nearest summit, and where the data
// has become another since, the shipped numbers can be on the slope of a lower one: titles that say nothing any more make
// true matches look like namesakes. Of the two estimates the one counts under which the records are more probable, and
// of equal ones that from the shipped numbers. In both, look-alikes become at most twice as many in one go: there are
// not suddenly many more namesakes, but there is a comparison whose numbers no longer hold.
func (l *learner) restart(from Parameters) *learner {
	l.most = nil
	for k, look := range from.LookAlikes {
		l.most = append(l.most, 2*max(look.Ratio, l.index.plan.section.LookAlikes[k].Ratio))
	}
	again := *l
	again.match, again.ratios, again.own = from.Match, nil, ownOf(l.index.plan, from)
	again.rests = make([][]float64, len(l.rests))
	again.levels = defaultLevels(l.index.plan)
	for c, k := range l.index.plan.comparisons {
		if k.fixed {
			continue
		}
		for j := range k.levels {
			if !k.levels[j].Neutral && !k.levels[j].Fixed {
				again.levels[c][j].M = from.Comparisons[c].Levels[j].M
			}
		}
	}
	for _, look := range from.LookAlikes {
		again.ratios = append(again.ratios, look.Ratio)
	}
	again.run(true)
	return &again
}
