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
