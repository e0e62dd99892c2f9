package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) checkConnection(ctx context.Context, config pipeline.Config, asJSON bool) error {
	found, err := pipeline.CheckConnection(ctx, config)
	if err != nil {
		return err
	}
	if asJSON {
		if err := writeJSON(a.out, found); err != nil {
			return err
		}
		return found.Err()
	}
	a.writeCheck(config, found)
	return found.Err()
}

func (a *app) writeCheck(c pipeline.Config, found pipeline.ConnectionCheck) {
	i := inkFor(a.out)
	yes := func(is bool, more string) string {
		if is {
			return "yes" + more
		}
		return "no"
	}
	org := found.Organization
	edition := org.Edition
	if edition == "" {
		edition = "not readable"
	} else if strings.HasPrefix(edition, "Professional") {
		edition += ", with API access: it answered"
	}
	if org.Sandbox {
		edition += " (sandbox)"
	}
	fmt.Fprintf(a.out, "%s\n", i.bold("Connection"))
	a.facts([][2]string{
		{"org", found.Connection.Org + "  " + found.Connection.Instance + "  " + org.Name},
		{"user", found.Connection.User + ", connected since " + clock(found.Connection.Since)},
		{"edition", edition},
		{"API version", fmt.Sprintf("%s (the org has %s to %s)", found.Version, found.Versions[0], found.Versions[len(found.Versions)-1])},
		{"Bulk API", yes(found.Bulk, "")},
		{"Person Accounts", yes(found.PersonAccounts, "; they are left out")},
		{"currencies", map[bool]string{false: "one", true: "several"}[found.MultiCurrency]},
		{"won value", wonValue(c, found)},
	})
	if len(found.Limits) == 0 {
		a.facts([][2]string{{"limits", "not visible to this user (View Setup and Configuration)"}})
	}
	for _, name := range limitNames {
		if l, ok := found.Limits[name]; ok {
			a.facts([][2]string{{limitTitles[name], fmt.Sprintf("%s of %s a day are left", number(l.Remaining), number(l.Max))}})
		}
	}
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Objects"))
	t := newTable(i, "object", "", ">fields", "not readable")
	for _, o := range found.Objects {
		readable, not := 0, []string{}
		for _, f := range o.Fields {
			switch {
			case f.Readable:
				readable++
			case f.Required:
				not = append(not, f.Name+" (needed)")
			default:
				not = append(not, f.Name)
			}
		}
		state := cell{text: "✓", paint: i.green}
		switch {
		case !o.Readable && o.Required:
			state, not = cell{text: "✗", paint: i.red}, []string{"the object (needed)"}
		case !o.Readable:
			state, not = cell{text: "–", paint: i.dim}, []string{"the object; crmlink does without"}
		case strings.Contains(strings.Join(not, " "), "(needed)"):
			state = cell{text: "✗", paint: i.red}
		}
		t.add(o.Name, state, fmt.Sprintf("%d of %d", readable, len(o.Fields)), cell{text: strings.Join(not, ", "), paint: i.dim})
	}
	t.write(a.out)
	if len(found.Problems) == 0 {
		fmt.Fprintf(a.out, "\n%s A run has what it needs.\n\n%s\n  %s%s run\n", i.green("✓"), i.bold("Try next"), command(), a.flag())
	} else {
		fmt.Fprintln(a.out)
	}
}

// wonValue names the field of a won deal's value and its type.
func wonValue(c pipeline.Config, found pipeline.ConnectionCheck) string {
	name := c.Text("settings.won_value_field")
	for _, o := range found.Objects {
		for _, f := range o.Fields {
			if o.Name == "Opportunity" && strings.EqualFold(f.Name, name) && f.Readable {
				return "Opportunity." + f.Name + ", " + f.Type
			}
		}
	}
	return "Opportunity." + name + ", not readable"
}

// The org's daily limits that a pull uses, and what people call them.
var (
	limitNames  = []string{"DailyApiRequests", "DailyBulkV2QueryJobs", "DailyBulkV2QueryFileStorageMB"}
	limitTitles = map[string]string{"DailyApiRequests": "API calls", "DailyBulkV2QueryJobs": "Bulk jobs", "DailyBulkV2QueryFileStorageMB": "Bulk MB"}
)
