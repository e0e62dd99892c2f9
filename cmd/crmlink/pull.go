package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/pipeline"
)

// writePull says what a run took to get the records out of Salesforce: API calls by kind, what is left of the day's, and
// how much came by the Bulk API (A18).
func writePull(w io.Writer, i ink, p *pipeline.Pull) {
	if p == nil || len(p.Calls) == 0 {
		return
	}
	kinds := slices.Sorted(maps.Keys(p.Calls))
	slices.SortStableFunc(kinds, func(a, b string) int { return int(p.Calls[b] - p.Calls[a]) })
	for n, kind := range kinds {
		kinds[n] = fmt.Sprintf("%s %s", kind, number(p.Calls[kind]))
	}
	fmt.Fprintf(w, "\nSalesforce  %s: %s\n", count(p.AllCalls(), "API call", "API calls"), i.dim(strings.Join(kinds, ", ")))
	if l, ok := p.Limits["DailyApiRequests"]; ok {
		fmt.Fprintf(w, "            %s of %s calls of the day were left before it\n", number(l.Remaining), number(l.Max))
	}
	whole := 0
	for _, o := range p.Objects {
		if o.Whole {
			whole++
		}
	}
	fmt.Fprintf(w, "            %s, %s by the Bulk API; %d of %d objects whole\n", count(p.BulkRows+p.RESTRows, "row", "rows"),
		percentOf(p.BulkRows, p.BulkRows+p.RESTRows), whole, len(p.Objects))
}

// percentOf writes a share with one digit, rounded down: 100 % is all.
func percentOf(part, all int64) string {
	if all == 0 {
		return "none"
	}
	tenths := part * 1000 / all
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}
