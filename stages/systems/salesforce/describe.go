package salesforce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/crmlink/crmlink/schemas"
)

// described is what an object is to the connected user: fields without the right to read them are not there.
type described struct {
	Name      string  `json:"name"`
	Queryable bool    `json:"queryable"`
	Fields    []field `json:"fields"`
}

type field struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Calculated bool   `json:"calculated"`
}

func (d *described) field(name string) (field, bool) {
	for _, f := range d.Fields {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	return field{}, false
}

// unreadable are types that a Bulk query refuses or whose values are no single cell.
var unreadable = []string{"address", "location", "base64", "complexvalue"}

// numeric are the types a won value may have.
var numeric = []string{"currency", "double", "int", "long", "percent"}

// negotiate chooses the API version: the newest that both sides have.
func (c *Client) negotiate(ctx context.Context) (version string, offered []string, err error) {
	var all []struct {
		Version string `json:"version"`
	}
	if err := c.call(ctx, request{kind: callVersions, path: "/services/data"}, &all); err != nil {
		return "", nil, c.meant("read the API versions", err)
	}
	for _, v := range all {
		if number(v.Version) > 0 {
			offered = append(offered, v.Version)
		}
	}
	slices.SortFunc(offered, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	for _, v := range offered {
		if number(v) <= number(NewestVersion) && number(v) >= number(OldestVersion) && (c.o.Version == "" || number(v) == number(c.o.Version)) {
			version = v
		}
	}
	switch {
	case version != "":
		return version, offered, nil
	case c.o.Version != "":
		return "", offered, fail(Version, nil, "version "+oneLine(c.o.Version)+" is asked for; crmlink knows "+OldestVersion+" to "+NewestVersion+
			" and the org offers "+oneLine(strings.Join(offered, ", "))).try("remove org.api_version")
	case len(offered) == 0:
		return "", nil, fail(Version, nil, "the org offers no version of the API")
	}
	return "", offered, fail(Version, nil, "the org offers "+oneLine(offered[0]+" to "+offered[len(offered)-1])+"; crmlink needs "+OldestVersion+" or later")
}

func number(version string) float64 {
	v, err := strconv.ParseFloat(version, 64)
	if err != nil || v < 1 || v > 10_000 {
		return 0
	}
	return v
}

// describe reads one object; nil without an error where the user cannot see it.
func (c *Client) describe(ctx context.Context, version, object string) (*described, error) {
	var d described
	err := c.call(ctx, request{kind: callDescribe, path: "/services/data/v" + version + "/sobjects/" + url.PathEscape(object) + "/describe"}, &d)
	var no *refusal
	if errors.As(err, &no) && (no.Status == http.StatusNotFound || no.is("INVALID_TYPE", "NOT_FOUND", "INSUFFICIENT_ACCESS")) {
		return nil, nil
	}
	if err != nil {
		return nil, c.meant("describe "+object, err)
	}
	return &d, nil
}

// describeAll reads every object crmlink imports, several at once.
func (c *Client) describeAll(ctx context.Context, version string) (map[string]*described, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	found := map[string]*described{}
	var mu sync.Mutex
	var group sync.WaitGroup
	slots := make(chan struct{}, c.o.Parallel)
	for _, o := range schemas.Objects {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			c.tell(Progress{Object: o.Name, State: StateDescribe})
			d, err := c.describe(ctx, version, o.Name)
			if err != nil {
				cancel(err) // the first counts; the others end with it
				return
			}
			mu.Lock()
			defer mu.Unlock()
			found[o.Name] = d
		})
	}
	group.Wait()
	return found, context.Cause(ctx)
}

// selection is what is read of an object.
type selection struct {
	Fields     []string `json:"fields"` // the org's names, Id first
	Lacking    []string `json:"lacking,omitempty"`
	Calculated []string `json:"calculated,omitempty"`
	// Times are those whose REST answers have another spelling of time than Bulk results.
	Times []string `json:"times,omitempty"`
	// missing are required fields, or the object itself, as a person is told of them.
	missing []string
}

// choose builds an object's selection from what the user can see of it; d is nil where that is nothing.
func choose(o schemas.Object, d *described, names FieldNames) selection {
	var s selection
	if d == nil || !d.Queryable {
		s.missing = []string{o.Name + " (the object)"}
		return s
	}
	mapped := map[string]string{}
	for ours, theirs := range names.Columns[o.Name] {
		mapped[strings.ToLower(ours)] = theirs
	}
	for _, f := range o.Fields {
		theirs, promised := mapped[strings.ToLower(f.Name)]
		switch {
		case promised:
		case f.Name != schemas.WonValue:
			theirs = f.Name
		case names.WonValue != "" && !strings.EqualFold(names.WonValue, "Amount"):
			theirs, promised = names.WonValue, true
		default:
			continue // the same as Amount
		}
		has, ok := d.field(theirs)
		if ok && slices.Contains(unreadable, strings.ToLower(has.Type)) {
			ok = false
		}
		switch {
		case !ok && (f.Required || promised):
			what := o.Name + "." + theirs
			if !strings.EqualFold(theirs, f.Name) {
				what += " (for " + f.Name + ")"
			}
			s.missing = append(s.missing, what)
		case !ok:
			s.Lacking = append(s.Lacking, f.Name)
		case !slices.Contains(s.Fields, has.Name):
			s.Fields = append(s.Fields, has.Name)
			if has.Calculated {
				s.Calculated = append(s.Calculated, has.Name)
			}
			if strings.EqualFold(has.Type, "datetime") {
				s.Times = append(s.Times, has.Name)
			}
		}
	}
	return s
}

// selections are those of all objects. Its error names every required object and field that is missing, of all of them.
// A helper object that lacks what it needs is left out.
func selections(found map[string]*described, names FieldNames) (map[string]selection, error) {
	chosen := map[string]selection{}
	var missing []string
	for _, o := range schemas.Objects {
		s := choose(o, found[o.Name], names)
		if len(s.missing) > 0 && !o.Helper {
			missing = append(missing, s.missing...)
		}
		chosen[o.Name] = s
	}
	if len(missing) > 0 {
		return nil, fail(Objects, nil, "missing or not readable: "+strings.Join(missing, ", "))
	}
	return chosen, nil
}

// wonValueFault says why the configured field cannot be a won value; empty where it can.
func wonValueFault(d *described, name string) string {
	if name == "" || d == nil {
		return ""
	}
	f, ok := d.field(name)
	if !ok || slices.Contains(numeric, strings.ToLower(f.Type)) {
		return "" // a field that is not there is told with all the others
	}
	return fmt.Sprintf("Opportunity.%s is of type %s; a won value is a number or a currency amount", f.Name, oneLine(f.Type))
}
