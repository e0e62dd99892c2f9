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

// Build makes the index with so many goroutines; it does not depend on their number.
func (b *Builder) Build(workers int) (*Index, error) {
	records, err := b.records.sorted()
	if err != nil {
		return nil, err
	}
	if b.records = nil; records.Len() > mostInList {
		return nil, fmt.Errorf("building the index: %d records, at most %d", records.Len(), mostInList)
	}
	n := len(b.plan.rules)
	x := &Index{plan: b.plan, records: records, postings: make([]postings, n), costs: make([]Cost, n)}
	failed := make([]error, n)
	rules := make(chan int)
	var wait sync.WaitGroup
	for range max(1, workers) {
		wait.Go(func() {
			builder := ruleBuilder{records: records, keys: newKeyMaker(b.plan)}
			for i := range rules {
				x.postings[i], x.costs[i], failed[i] = builder.build(b.plan.rules[i])
			}
		})
	}
	for i := range n {
		rules <- i
	}
	close(rules)
	wait.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, fmt.Errorf("building the index: %w", err)
	}
	return x, nil
}

// Costs says what each rule costs.
func (x *Index) Costs() []Cost { return x.costs }

// Len is the number of directory records.
func (x *Index) Len() int { return x.records.Len() }

// NewRecords starts a set of CRM records that can be scored against the index.
func (x *Index) NewRecords() *Records { return newRecords(x.plan.left, "crm_id", x.records.dict) }
