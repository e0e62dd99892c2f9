package salesforce

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/crmlink/crmlink/schemas"
)

// behind is how far the end of a window stays behind Salesforce's clock: rows become visible up to some minutes after
// the time they are stamped with.
const behind = 5 * time.Minute

// usualOverlap is how far behind its cursor a window begins where nothing else is asked for.
const usualOverlap = 10 * time.Minute

// bulkObjects are read by Bulk queries, the others by REST: they are small, or Bulk does not have them.
var bulkObjects = []string{schemas.Account, schemas.Contact, schemas.Lead, schemas.Opportunity, schemas.OpportunityContactRole}

// open goes on with the pull in the folder, or begins one.
func (p *pull) open(ctx context.Context, in PullIn) error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return &errDisk{err}
	}
	want := asked{Fields: in.Fields, Since: in.Since, Overlap: in.Overlap}
	m, err := readManifest(p.dir)
	switch {
	case err == nil && m.same(p.c.root, want):
		p.m = m
		p.c.budget.before(m.Calls)
		if err := tidy(p.dir, m); err != nil {
			return err
		}
		return p.recheck()
	case err == nil:
		if err := p.c.Abandon(ctx, p.dir); err != nil {
			return err
		}
	case !errors.Is(err, errNoPull):
		return err
	}
	if err := tidy(p.dir, nil); err != nil {
		return err
	}
	return p.begin(ctx, want)
}

// recheck looks whether the pages that were kept are there still. A part whose job is gone already starts again.
func (p *pull) recheck() error {
	for _, o := range p.m.Objects {
		for _, part := range o.Parts {
			for _, g := range part.Pages {
				lost := false
				if g.Kept {
					var err error
					if lost, err = lacksFile(p.dir, g.File, g.Bytes); err != nil {
						return err
					}
				}
				if !lost {
					continue
				}
				g.Kept, o.Done = false, false
				if part.Done {
					o.note("a page was lost from the folder; its query is made again")
					p.restart(part)
					break
				}
			}
		}
	}
	return p.save()
}

// begin finds out what there is to pull and writes the manifest.
func (p *pull) begin(ctx context.Context, want asked) error {
	c := p.c
	version, _, err := c.negotiate(ctx)
	if err != nil {
		return err
	}
	limits, err := c.limits(ctx, version)
	if err != nil {
		return err
	}
	found, err := c.describeAll(ctx, version)
	if err != nil {
		return err
	}
	chosen, err := selections(found, want.Fields)
	if err != nil {
		return err
	}
	if fault := wonValueFault(found[schemas.Opportunity], want.Fields.WonValue); fault != "" {
		return fail(Objects, nil, fault).try("name a field of type currency, number or percent under settings.won_value_field")
	}
	if l, ok := limits[dailyBulkJobs]; ok && l.Remaining < int64(len(bulkObjects)) {
		return fail(Quota, nil, fmt.Sprintf("%d of %d Bulk query jobs a day are left", l.Remaining, l.Max))
	}
	if l, ok := limits[dailyBulkBytes]; ok && l.Remaining <= 0 && l.Max > 0 {
		return fail(Quota, nil, fmt.Sprintf("none of the %d MB of Bulk results a day are left", l.Max))
	}
	now := c.serverTime()
	if now.IsZero() {
		return fail(Protocol, nil, "Salesforce's answers have no Date, and all windows are by its clock")
	}
	account := found[schemas.Account]
	_, persons := account.field("IsPersonAccount")
	p.m = &manifest{Format: manifestFormat, Instance: c.root, Asked: want, Version: version, Started: now, Upper: now.Add(-behind), Limits: limits, Persons: persons}
	for _, o := range schemas.Objects {
		p.m.Objects = append(p.m.Objects, planned(o, chosen[o.Name], want, p.m.Upper))
	}
	return p.save()
}

// planned is what is to be done for an object.
func planned(o schemas.Object, s selection, want asked, upper time.Time) *object {
	plan := &object{Name: o.Name, API: "rest", Whole: true, selection: s}
	if len(s.missing) > 0 {
		plan.API, plan.Done = "none", true
		plan.Lacking = append(slices.Clone(s.missing), plan.Lacking...)
		return plan
	}
	all := &part{}
	if slices.Contains(bulkObjects, o.Name) {
		plan.API = "bulk"
		// Without the stamp there is no window: the object is read whole each time.
		since, ok := want.Since[o.Name]
		if ok && slices.Contains(s.Fields, "SystemModstamp") {
			plan.Whole = false
			plan.From = since.Add(-want.Overlap).UTC().Truncate(time.Second)
			all.From, all.To = plan.From, upper
		}
	}
	plan.Parts = []*part{all}
	return plan
}
