package linkage

import (
	"errors"
	"fmt"
	"sync"
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

// Builder collects directory records for an index.
type Builder struct {
	plan    *plan
	records *Records
	memory  int64 // bytes that building should take beside the dictionary, 0 for as many as it likes
}

// NewBuilder starts an index for the section.
func NewBuilder(s Section) (*Builder, error) {
	p, err := compile(s)
	if err != nil {
		return nil, err
	}
	b := &Builder{plan: p, records: newRecords(p.right, "entity_id", nil)}
	b.records.build = &building{texts: newSpellings()}
	return b, nil
}

// Within bounds what building takes of the program's own memory, in bytes, by putting into spaces what is finished; 0
// bounds nothing. It must be called before the first record is read, and changes no result.
func (b *Builder) Within(memory int64, space func() (Space, error)) {
	if memory > 0 {
		b.memory, b.records.build.space = memory, space
	}
}

// Records is where the directory's batches are appended, in any order. Pieces in the order of their ids cost least.
func (b *Builder) Records() *Records { return b.records }

// Build makes the index with so many goroutines; it does not depend on their number.
func (b *Builder) Build(workers int) (*Index, error) {
	records, space := b.records, b.records.build.space
	if b.records = nil; records.Len() > mostInList {
		return nil, fmt.Errorf("building the index: %d records, at most %d", records.Len(), mostInList)
	}
	if err := records.finish(); err != nil {
		return nil, fmt.Errorf("building the index: %w", err)
	}
	n := len(b.plan.rules)
	workers, together := b.share(records.Len(), max(1, min(workers, n)))
	x := &Index{plan: b.plan, records: records, postings: make([]postings, n), costs: make([]Cost, n)}
	failed := make([]error, n)
	var mutex sync.Mutex
	putting := func(p *postings) error {
		mutex.Lock()
		defer mutex.Unlock()
		return p.away(space)
	}
	next := make(chan int)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			builder := ruleBuilder{records: records, keys: newKeyMaker(b.plan)}
			for from := range next {
				rules := b.plan.rules[from:min(from+together, n)]
				builder.gather(rules)
				for i, rule := range rules {
					x.postings[from+i], x.costs[from+i], failed[from+i] = builder.build(rule, &builder.gathered[i], putting)
				}
			}
		})
	}
	for from := 0; from < n; from += together {
		next <- from
	}
	close(next)
	wait.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, fmt.Errorf("building the index: %w", err)
	}
	return x, nil
}

// Amend makes the index of the records that an earlier index holds, but for those with an id in gone, which ascends, and of
// the builder's, which take the place of those with their ids. It gives what Build gives of all of them; it costs less where
// few records differ, and may cost more where many do. The earlier index must be of the builder's section.
func (b *Builder) Amend(earlier *Index, gone []string, workers int) (*Index, error) {
	records, space := b.records, b.records.build.space
	b.records = nil
	merged, err := records.mergeWith(earlier.records, gone)
	if err == nil && records.Len() > mostInList {
		err = fmt.Errorf("%d records, at most %d", records.Len(), mostInList)
	}
	if err != nil {
		return nil, fmt.Errorf("building the index: %w", err)
	}
	n := len(b.plan.rules)
	workers, _ = b.share(records.Len(), max(1, min(workers, n)))
	c := &change{merged: merged, was: earlier.records, is: records, plan: b.plan}
	x := &Index{plan: b.plan, records: records, postings: make([]postings, n), costs: make([]Cost, n)}
	together := n
	if b.memory > 0 {
		together = int(max(1, b.memory/4/perDifference/int64(max(1, len(c.differ)))))
	}
	for from := 0; from < n; from += together {
		to := min(from+together, n)
		if err := c.amend(earlier, x, from, to, workers, space); err != nil {
			return nil, fmt.Errorf("building the index: %w", err)
		}
	}
	return x, nil
}

// perDifference is about what amending a rule takes for each record that differs, in bytes.
const perDifference = 300

// amend makes the postings of some rules.
func (c *change) amend(earlier, x *Index, from, to, workers int, space func() (Space, error)) error {
	rules := make([]*amendment, to-from)
	for i := range rules {
		rules[i] = &amendment{rule: c.plan.rules[from+i], before: &earlier.postings[from+i], cost: earlier.costs[from+i], change: c}
	}
	var wait sync.WaitGroup
	for w := range workers { // rules beside each other share most parts
		wait.Go(func() {
			a, mine := newAmender(c), rules[len(rules)*w/workers:len(rules)*(w+1)/workers]
			a.gather(mine)
			for _, m := range mine {
				a.planFor(m)
			}
		})
	}
	wait.Wait()
	c.seekAll(rules, workers)
	var mutex sync.Mutex
	putting := func(p *postings) error {
		mutex.Lock()
		defer mutex.Unlock()
		return p.away(space)
	}
	failed := make([]error, len(rules))
	next := make(chan int)
	for range workers {
		wait.Go(func() {
			a, builder := newAmender(c), ruleBuilder{records: c.is, keys: newKeyMaker(c.plan)}
			for i := range next {
				p, cost, done, err := a.finish(rules[i])
				switch {
				case err != nil:
					err = fmt.Errorf("rule %s: %w", rules[i].rule.Name, err)
				case done:
					err = putting(&p)
				default:
					one := []planRule{rules[i].rule}
					builder.gather(one)
					p, cost, err = builder.build(one[0], &builder.gathered[0], putting)
				}
				x.postings[from+i], x.costs[from+i], failed[i], rules[i] = p, cost, err, nil
			}
		})
	}
	for i := range rules {
		next <- i
	}
	close(next)
	wait.Wait()
	return errors.Join(failed...)
}

// share says how many goroutines build, and of how many rules each makes the keys together, which share their parts: as
// many as fit in three quarters of the memory.
func (b *Builder) share(records, workers int) (goroutines, rules int) {
	rules = min(mostTogether, (len(b.plan.rules)+workers-1)/workers)
	if b.memory > 0 {
		most := b.memory / 4 * 3 / int64(max(1, records))
		workers = max(1, min(workers, int(most/(perRecord+perKey))))
		rules = max(1, min(rules, int((most/int64(workers)-perRecord)/perKey)))
	}
	return workers, rules
}

// perKey is about what the keys of a rule take for each record, in bytes, and perRecord what it takes to build one rule of
// them.
const (
	mostTogether = 10 // more would take memory and save little
	perKey       = 20
	perRecord    = 110
)

// Costs says what each rule costs.
func (x *Index) Costs() []Cost { return x.costs }

// Len is the number of directory records.
func (x *Index) Len() int { return x.records.Len() }

// NewRecords starts a set of CRM records that can be scored against the index.
func (x *Index) NewRecords() *Records { return newRecords(x.plan.left, "crm_id", x.records.dict) }
