package salesforce

import (
	"context"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/schemas"
)

// What is asked again in another form: without a field that went, or in smaller parts.

// reselect reads again what the user may see of an object, and asks for that, once. Where it is what was asked for, the
// failure has another reason.
func (p *pull) reselect(ctx context.Context, o *object, part *part, why error) error {
	d, err := p.c.describe(ctx, p.m.Version, o.Name)
	if err != nil {
		return err
	}
	declared, _ := schemas.ObjectNamed(o.Name)
	now := choose(declared, d, p.m.Asked.Fields)
	if len(now.missing) > 0 {
		return fail(Objects, why, "missing or not readable: "+strings.Join(now.missing, ", "))
	}
	if slices.Equal(now.Fields, o.Fields) {
		return fail(API, why, o.Name+": "+p.c.plain(oneLine(why.Error())))
	}
	old := part.Job
	if err := p.change(func() {
		for _, name := range o.Fields {
			if !slices.Contains(now.Fields, name) {
				o.note("field " + name + " went while the pull ran")
			}
		}
		o.selection = now
		p.restart(part)
	}); err != nil {
		return err
	}
	if old != nil {
		p.c.removeJob(ctx, old) //nolint:errcheck // Salesforce forgets it by itself
	}
	return nil
}

// split makes smaller parts of one that takes Salesforce too long: halves of a window, down to a second, else ranges of
// Ids. A mass load stamps any number of rows alike.
func (p *pull) split(ctx context.Context, o *object, part *part) ([]*part, error) {
	old := part.Job
	smaller := part.halves()
	if smaller == nil {
		least, err := p.edge(ctx, o, part, "")
		if err != nil {
			return nil, err
		}
		greatest, err := p.edge(ctx, o, part, " DESC")
		if err != nil {
			return nil, err
		}
		smaller = part.ranges(least, greatest)
	}
	if smaller == nil {
		return nil, fail(API, errTooLong, "query "+o.Name+": it takes Salesforce too long, however few records are asked for").
			try("run again when Salesforce has less to do; ask its support about QUERY_TIMEOUT if it stays so")
	}
	for _, s := range smaller {
		s.Not = part.Not
		if old != nil {
			s.Not = append(slices.Clone(part.Not), old.ID)
		}
	}
	if err := p.change(func() { o.note("a query took Salesforce too long and was split") }); err != nil {
		return nil, err
	}
	if old != nil {
		gone := *old
		gone.Ready = true         // it has ended
		p.c.removeJob(ctx, &gone) //nolint:errcheck // Salesforce forgets it by itself
	}
	return smaller, nil
}

// edge is the first Id of a part in an order; empty where it has none.
func (p *pull) edge(ctx context.Context, o *object, part *part, order string) (string, error) {
	var answer struct {
		Records []struct{ Id string } `json:"records"`
	}
	soql := "SELECT Id FROM " + o.Name + part.where() + " ORDER BY Id" + order + " LIMIT 1"
	if err := p.c.call(ctx, request{kind: callQuery, path: queryPath(p.m.Version, "queryAll", soql)}, &answer); err != nil {
		return "", p.c.meant("find the range of Ids of "+o.Name, err)
	}
	if len(answer.Records) == 0 {
		return "", nil
	}
	return answer.Records[0].Id, nil
}
