package salesforce

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

// The limits of the org that a pull looks at.
const (
	dailyRequests  = "DailyApiRequests"
	dailyBulkJobs  = "DailyBulkV2QueryJobs"
	dailyBulkBytes = "DailyBulkV2QueryFileStorageMB"
)

// usage reads a header Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=17/250(appName=x). The first number is
// what is used.
func usage(header string) (used, allowed int64, ok bool) {
	for part := range strings.FieldsFuncSeq(header, func(r rune) bool { return r == ';' || r == ',' }) {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if !strings.EqualFold(strings.TrimSpace(key), "api-usage") {
			continue
		}
		first, second, _ := strings.Cut(value, "/")
		second, _, _ = strings.Cut(second, "(")
		used, err := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
		if err != nil || used < 0 {
			return 0, 0, false
		}
		allowed, err := strconv.ParseInt(strings.TrimSpace(second), 10, 64)
		if err != nil || allowed <= 0 {
			return 0, 0, false
		}
		return used, allowed, true
	}
	return 0, 0, false
}

// limits reads the org's limits. Who may not see them knows none, which ends nothing: the header of later answers tells
// the most important one.
func (c *Client) limits(ctx context.Context, version string) (map[string]Limit, error) {
	var told map[string]struct{ Max, Remaining int64 }
	err := c.call(ctx, request{kind: callLimits, path: "/services/data/v" + version + "/limits"}, &told)
	var no *refusal
	if errors.As(err, &no) && no.Status/100 == 4 && !no.is("REQUEST_LIMIT_EXCEEDED", "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED") {
		return map[string]Limit{}, nil
	}
	if err != nil {
		return nil, c.meant("read the org's limits", err)
	}
	limits := map[string]Limit{}
	for _, name := range []string{dailyRequests, dailyBulkJobs, dailyBulkBytes} {
		if l, ok := told[name]; ok {
			limits[name] = Limit{Max: l.Max, Remaining: l.Remaining}
		}
	}
	if l, ok := limits[dailyRequests]; ok && l.Max > 0 {
		c.budget.heard(fmt.Sprintf("api-usage=%d/%d", l.Max-l.Remaining, l.Max))
	}
	return limits, nil
}

// budget counts calls and knows when to stop. Salesforce's limit is for all applications of the org together: whoever
// uses it up stops the others.
type budget struct {
	mu            sync.Mutex
	calls         map[string]int64
	made          int64 // calls that Salesforce counts, those of the pull before a crash included
	used, allowed int64 // of the org, as last heard; allowed is 0 while not known
	run, total    float64
}

// Kinds of calls, as they are counted.
const (
	callVersions = "versions"
	callDescribe = "describe"
	callLimits   = "limits"
	callQuery    = "query"
	callCount    = "count"
	callJobs     = "job list"
	callCreate   = "job create"
	callPoll     = "job poll"
	callPages    = "result pages"
	callPage     = "page"
	callAbort    = "job abort"
	callDelete   = "job delete"
)

// spend counts a call before it is made, or refuses it. Cleaning up is never refused: it frees what the org pays for.
func (b *budget) spend(kind string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.allowed > 0 && kind != callDelete && kind != callAbort && kind != callVersions {
		if float64(b.used) >= b.total*float64(b.allowed) {
			return fail(Quota, nil, fmt.Sprintf("%d of %d API calls of the last 24 hours are used by all applications; crmlink stops at %s",
				b.used, b.allowed, percent(b.total)))
		}
		if float64(b.made) >= math.Ceil(b.run*float64(b.allowed)) {
			return fail(Quota, nil, fmt.Sprintf("this run made %d of the org's %d API calls a day; crmlink stops at %s", b.made, b.allowed, percent(b.run)))
		}
	}
	b.calls[kind]++
	if kind != callVersions {
		b.made++
	}
	return nil
}

// heard takes note of an answer's header.
func (b *budget) heard(header string) {
	if used, allowed, ok := usage(header); ok {
		b.mu.Lock()
		b.used, b.allowed = used, allowed
		b.mu.Unlock()
	}
}

// exhausted says whether the org's calls are used up, as far as is known.
func (b *budget) exhausted() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.allowed > 0 && b.used >= b.allowed
}

// before adds the calls that an interrupted pull made already.
func (b *budget) before(calls map[string]int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for kind, n := range calls {
		b.calls[kind] += n
		if kind != callVersions {
			b.made += n
		}
	}
}

func (b *budget) snapshot() map[string]int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := make(map[string]int64, len(b.calls))
	for kind, n := range b.calls {
		calls[kind] = n
	}
	return calls
}

func percent(share float64) string { return strconv.FormatFloat(share*100, 'f', -1, 64) + " %" }
