package salesforce

import (
	"testing"
	"time"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

func total(calls map[string]int64) (n int64) {
	for _, c := range calls {
		n += c
	}
	return n
}

// A18: a full pull of seven objects with a million rows takes fewer than 150 calls, one that finds nothing new fewer than
// 25. Here everything is a hundredth: 10,000 rows in pages of 500 for a million in pages of 50,000, which leaves the
// number of calls what it is. Jobs take as long as one that a public report gives (777,650 rows, seven and a half minutes).
func TestPull_A18_Calls(t *testing.T) {
	o := bare(t, simulator.Switches{PageRows: 500, JobTime: 450 * time.Second})
	rows := map[string]int{schemas.Account: 1500, schemas.Contact: 4000, schemas.Lead: 2500, schemas.Opportunity: 1000, schemas.OpportunityContactRole: 980, schemas.User: 15, schemas.UserRole: 5}
	for object, n := range rows {
		for range n {
			if _, err := o.Upsert(object, simulator.Cells{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	o.clock.pass(24 * time.Hour)
	hundredth := func(c *Options) { c.pageRows, c.parallelFrom = 1000, 1000 }
	m := newMirror(t)
	done, err := m.pull(t, t.Context(), o.client(hundredth), true)
	if err != nil {
		t.Fatal(err)
	}
	all := int64(0)
	for _, object := range done.Objects {
		all += object.Rows
	}
	t.Logf("whole: %d rows, %d calls: %v", all, total(done.Calls), done.Calls)
	if all != 10_001 || total(done.Calls) >= 150 || total(done.Calls) != int64(len(dataCalls(o))) {
		t.Errorf("%d rows in %d calls; the org counted %d", all, total(done.Calls), len(dataCalls(o)))
	}
	// The simulated clock passes for all five jobs whenever one is waited for; should each of them take so long by itself,
	// there are this many looks at them.
	looks, pause := 0, firstPoll
	for waited := pause; waited < 450*time.Second+pause; waited += pause {
		looks++
		pause = nextPoll(pause, waited)
	}
	if worst := total(done.Calls) - done.Calls[callPoll] + int64(5*looks); worst >= 150 {
		t.Errorf("%d calls where every job takes seven and a half minutes", worst)
	}
	if share := float64(done.BulkRows) / float64(done.BulkRows+done.RESTRows); share < 0.99 {
		t.Errorf("%.3f of the rows came by Bulk", share)
	}
	before := len(dataCalls(o))
	o.clock.pass(12 * time.Hour)
	if done, err = m.pull(t, t.Context(), o.client(hundredth), false); err != nil {
		t.Fatal(err)
	}
	t.Logf("unchanged: %d calls: %v", total(done.Calls), done.Calls)
	if total(done.Calls) >= 25 || len(dataCalls(o))-before != int(total(done.Calls)) || done.BulkRows != 0 {
		t.Errorf("%d calls, the org counted %d; %d rows", total(done.Calls), len(dataCalls(o))-before, done.BulkRows)
	}
	for _, object := range done.Objects {
		if object.API == "bulk" && (object.Whole || object.Cursor != o.clock.now().Add(-behind).Truncate(time.Second)) {
			t.Errorf("%s: whole %v, cursor %s at %s", object.Name, object.Whole, object.Cursor, o.clock.now())
		}
	}
}

// dataCalls are the requests that are no logins.
func dataCalls(o *org) (calls []simulator.Request) {
	for _, r := range o.Requests() {
		if r.Kind != "token" {
			calls = append(calls, r)
		}
	}
	return calls
}

// The shares: this run's part of the org's calls, and that of all applications.
func TestPull_QuotaShares(t *testing.T) {
	for name, c := range map[string]struct {
		set    simulator.Switches
		change func(*Options)
	}{
		"this run": {simulator.Switches{APIMax: 1000, PageRows: 40}, func(o *Options) { o.RunShare = 0.03 }},
		"all":      {simulator.Switches{APIMax: 1000, APIUsed: 470, PageRows: 40}, func(o *Options) { o.TotalShare = 0.50 }},
	} {
		t.Run(name, func(t *testing.T) {
			o := small(t, c.set)
			dir := t.TempDir()
			before := len(dataCalls(o))
			_, err := o.client(c.change).Pull(t.Context(), PullIn{Dir: dir})
			if !isCode(err, Quota) {
				t.Fatal(err)
			}
			// Calls that were on their way when the share was used up are no more than the objects.
			if made := len(dataCalls(o)) - before; made < 25 || made > 30+len(schemas.Objects) {
				t.Errorf("%d calls were made", made)
			}
			// A run that goes on is the same run: its share stays used.
			if _, err := o.client(c.change).Pull(t.Context(), PullIn{Dir: dir}); !isCode(err, Quota) {
				t.Errorf("the run that goes on: %v", err)
			}
			if _, err := o.client(func(o *Options) { o.RunShare, o.TotalShare = 1, 1 }).Pull(t.Context(), PullIn{Dir: dir}); err != nil {
				t.Error(err)
			}
		})
	}
}
