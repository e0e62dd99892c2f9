package salesforce

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

var writeFaults = flag.Bool("faults", false, "write the table of faults into docs/salesforce.md")

// fault is one thing that goes wrong, and what a pull does about it.
type fault struct {
	name string
	did  string // for people; what it says is checked below
	set  simulator.Switches
	opts func(o *org, c *Options)
	// ends is the code with which the first pull ends; empty where it goes through.
	ends Code
	// loose: the org does not insist on one version for a session.
	loose bool
	// mend is what is changed before the second pull, where the first one ended.
	mend func(o *org)
	// empty: the org has no records.
	empty bool
	// notes are parts of what the pull says of itself.
	notes []string
	check func(t *testing.T, o *org, done Pulled)
}

// pages is the number of pages that an org gave out whole.
func (o *org) pages() int {
	n := 0
	for _, r := range o.Requests() {
		if r.Kind == "page" && r.Status == 200 {
			n++
		}
	}
	return n
}

func (o *org) asked(kind string, status int) (n int) {
	for _, r := range o.Requests() {
		if r.Kind == kind && (status == 0 || r.Status == status) {
			n++
		}
	}
	return n
}

// undo takes all faults away.
func undo(o *org) { o.Set(func(s *simulator.Switches) { *s = simulator.Switches{PageRows: 40} }) }

var faults = []fault{
	{name: "pages of 40 rows; short pages, each of another size", did: "follows the locators; the sum of the pages is compared with the job's count",
		set: simulator.Switches{ShortPages: true}},
	{name: "the connection is cut in the middle of a page, three times", did: "waits (full jitter), fetches that page again; pages that are on disk are not fetched again",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "page", Skip: 2, Times: 3, Kill: 700}}}},
	{name: "the connection is cut in the middle of every page", did: "ends with E_CONNECT after 8 tries; the next run goes on with the page",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "page", Skip: 4, Kill: 700}}}, ends: Connect, mend: undo},
	{name: "connections are refused", did: "tries 8 times over about a minute, ends with E_CONNECT; the next run goes on",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "poll", Skip: 2, Times: 1, Status: 503}}}, ends: Connect,
		opts: func(o *org, c *Options) {
			wait := c.sleep
			c.sleep = func(ctx context.Context, d time.Duration) error {
				if o.asked("poll", 503) > 0 {
					o.Set(func(s *simulator.Switches) { s.Refuse = true })
				}
				return wait(ctx, d)
			}
		}, mend: func(o *org) { o.Set(func(s *simulator.Switches) { *s = simulator.Switches{PageRows: 40} }) }},
	{name: "401 after every 7 calls of a session", did: "renews the session and repeats the call once, also between pages",
		set: simulator.Switches{SessionCalls: 7}},
	{name: "the session ends by time in the middle of the download", did: "renews the session and repeats the call once",
		set: simulator.Switches{SessionLife: 3 * time.Second}, opts: noneUnused},
	{name: "the refresh token is rotated at every renewal", did: "the new refresh token is handed on before the session is used; one renewal at a time",
		set: simulator.Switches{SessionCalls: 9, Rotate: true}, opts: refreshing},
	{name: "the grant is revoked during the pull", did: "ends with auth_revoked; after crmlink connect the next run goes on",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "poll", Skip: 3, Times: 1, Status: 401, Code: "INVALID_SESSION_ID"}}}, ends: Revoked,
		opts: func(o *org, c *Options) {
			c.Token = func(_ context.Context, refused string) (string, error) {
				if refused != "" {
					return "", fail(Revoked, nil, "renew the session: expired access/refresh token")
				}
				return o.Token(), nil
			}
		}, mend: undo},
	{name: "the session is refused for this API", did: "ends with E_PRIVILEGE without renewing; the next run goes on",
		set:  simulator.Switches{Faults: []simulator.Fault{{Kind: "poll", Skip: 3, Status: 401, Code: "INVALID_SESSION_ID", Message: "This session is not valid for use with the REST API"}}},
		ends: Privilege, mend: undo},
	{name: "412: results asked for too early", did: "waits for the job and asks again",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "page", Times: 4, Status: 412, Code: "JOB_NOT_COMPLETE"}}}},
	{name: "409: results in another version than the job's", did: "asks the job for its version and reads the results in it",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "page", Skip: 3, Status: 503}}}, ends: API, loose: true,
		mend: func(o *org) {
			undo(o)
			o.rewrite("/v66.0/jobs/query/", "/v65.0/jobs/query/")
			o.rewrite(`"version": "66.0",`+"\n      \"created\"", `"version": "65.0",`+"\n      \"created\"")
		},
		check: func(t *testing.T, o *org, done Pulled) {
			if o.asked("page", 409) == 0 || o.asked("job", 200) != 5 {
				t.Errorf("%d times 409, %d jobs", o.asked("page", 409), o.asked("job", 200))
			}
		}},
	{name: "a job ends as Failed without errorMessage", did: "makes the query again; a failed job never counts as rows",
		set: simulator.Switches{FailJobs: 1}, notes: []string{"the job failed: no reason given"}},
	{name: "jobs end as Failed again and again", did: "ends with E_API and the job's own words; the next run asks again",
		set: simulator.Switches{FailJobs: -1, FailObject: "Lead", FailMessage: "InternalServerError : try again"}, ends: API, mend: undo},
	{name: "a whole object takes Salesforce too long (QUERY_TIMEOUT)", did: "splits it by ranges of Ids and goes on",
		set: simulator.Switches{FailJobs: 1, FailObject: "Contact", FailMessage: "QUERY_TIMEOUT: Your query request was running for too long."}, notes: []string{"was split"},
		check: func(t *testing.T, o *org, done Pulled) {
			if jobs := o.asked("job", 200); jobs < 4+1+4 {
				t.Errorf("%d jobs", jobs)
			}
		}},
	{name: "a job stays InProgress", did: "waits for the deadline (24 h), ends with E_API and leaves the job; the next run takes it up",
		set: simulator.Switches{Stuck: true}, ends: API, mend: undo, opts: func(_ *org, c *Options) { c.Deadline = time.Hour },
		check: func(t *testing.T, o *org, done Pulled) {
			if jobs := o.asked("job", 200); jobs != 5 {
				t.Errorf("%d jobs", jobs)
			}
		}},
	{name: "somebody aborts a job", did: "ends with E_API and says so; the next run asks again",
		set: simulator.Switches{Stuck: true, Faults: []simulator.Fault{}}, ends: API, mend: undo,
		opts: func(o *org, c *Options) {
			wait, abort := c.sleep, sync.Once{}
			c.sleep = func(ctx context.Context, d time.Duration) error {
				if o.asked("poll", 0) > 6 {
					abort.Do(func() { abortOne(o) })
				}
				return wait(ctx, d)
			}
		}},
	{name: "LIMIT_EXCEEDED: no more query jobs today", did: "ends with E_QUOTA before any job is made; the next run goes on",
		set: simulator.Switches{JobsMax: 10_000, JobsUsed: 9_997}, ends: Quota, mend: undo,
		check: func(t *testing.T, o *org, done Pulled) {
			if jobs := o.asked("job", 0); jobs != 5 {
				t.Errorf("%d jobs", jobs)
			}
		}},
	{name: "LIMIT_EXCEEDED while jobs are made", did: "ends with E_QUOTA; jobs that exist are taken up by the next run",
		set:  simulator.Switches{Faults: []simulator.Fault{{Kind: "job", Skip: 2, Status: 400, Code: "LIMIT_EXCEEDED", Message: "Max bulk v2 query jobs (10000) per 24 hrs has been reached (10021)"}}},
		ends: Quota, mend: undo},
	{name: "LIMIT_EXCEEDED: no more result bytes today", did: "ends with E_QUOTA before any job is made",
		set: simulator.Switches{StorageMax: 976_562, StorageUsed: 976_562}, ends: Quota, mend: undo},
	{name: "REQUEST_LIMIT_EXCEEDED: the org's calls are used up", did: "stops at the shares before that (E_QUOTA), pages stay; the next run goes on",
		set: simulator.Switches{APIMax: 100_000, APIUsed: 79_980}, ends: Quota, mend: undo},
	{name: "REQUEST_LIMIT_EXCEEDED: too many long calls at once", did: "waits and tries again",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "query", Times: 2, Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."}}}},
	{name: "503 with a page of HTML", did: "waits and tries again",
		set: simulator.Switches{Faults: []simulator.Fault{{Times: 2, Skip: 9, Status: 503}, {Kind: "page", Times: 2, Status: 503}, {Kind: "describe", Times: 2, Status: 502}}}},
	{name: "503 with a page of HTML, for hours", did: "tries 8 times, ends with E_API; the next run goes on",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "page", Skip: 3, Status: 503}}}, ends: API, mend: undo},
	{name: "429 with Retry-After", did: "waits as long as it is asked to, and a little more",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "poll", Times: 1, Status: 429, RetryAfter: "90"}}},
		check: func(t *testing.T, o *org, done Pulled) {
			if waited := o.clock.now().Sub(time.Date(2026, 11, 2, 4, 0, 0, 0, time.UTC)); waited < 90*time.Second {
				t.Errorf("waited %s", waited)
			}
		}},
	{name: "the answer to a job's creation is lost", did: "finds the job by user, object, time and columns, and takes it up: no second job",
		set: simulator.Switches{Faults: []simulator.Fault{{Kind: "job", Skip: 1, Times: 2, Kill: 10}}}, notes: []string{"found again"},
		check: func(t *testing.T, o *org, done Pulled) {
			if jobs := o.asked("job", 200); jobs != 5 {
				t.Errorf("%d jobs", jobs)
			}
		}},
	{name: "no gzip", did: "packs the pages itself", set: simulator.Switches{NoGzip: true}},
	{name: "a result without rows has no byte", did: "writes a page with the header", set: simulator.Switches{ZeroRows: simulator.ZeroRowsEmpty}, empty: true, check: noRows},
	{name: "a result without rows has only a header", did: "keeps it", empty: true, check: noRows},
	{name: "Sforce-Locator is missing", did: "ends with E_PROTOCOL: an absent locator is never the end", set: simulator.Switches{NoLocator: true}, ends: Protocol, mend: undo},
	{name: "Sforce-NumberOfRecords is missing", did: "ends with E_PROTOCOL", set: simulator.Switches{NoPageCount: true}, ends: Protocol, mend: undo},
	{name: "pages hold other numbers of rows than their headers say", did: "fetches the page again, ends with E_PROTOCOL; no cursor moves", set: simulator.Switches{WrongPageCounts: 1}, ends: Protocol, mend: undo},
	{name: "pages and job disagree on the number of rows", did: "makes the query again, ends with E_PROTOCOL; no cursor moves", set: simulator.Switches{WrongCounts: 1}, ends: Protocol, mend: undo},
	{name: "resultPages says nextRecordUrl", did: "takes either name", set: simulator.Switches{NextRecordURL: true, PageRows: 7}},
	{name: "no resultPages", did: "follows the locators", set: simulator.Switches{NoResultPages: true}},
	{name: "the job is older than seven days", did: "makes the query again over the same window", set: simulator.Switches{Faults: []simulator.Fault{{Kind: "page", Skip: 5, Status: 503}}}, ends: API,
		mend:  func(o *org) { undo(o); o.clock.pass(8 * 24 * time.Hour) },
		notes: []string{"gone at Salesforce"}},
	{name: "REST: INVALID_QUERY_LOCATOR between two answers", did: "begins that query again",
		set:   simulator.Switches{RESTRows: 5, Faults: []simulator.Fault{{Kind: "more", Times: 1, Status: 400, Code: "INVALID_QUERY_LOCATOR", Message: "invalid query locator"}}},
		notes: []string{"began again"}},
	{name: "INVALIDENTITY: an object that Bulk does not have", did: "reads it by REST, and says so", set: simulator.Switches{Unsupported: []string{"OpportunityContactRole"}},
		notes: []string{"read by REST"}},
	{name: "FEATURENOTENABLED: the org has no Bulk API", did: "ends with E_BULK", set: simulator.Switches{BulkOff: true}, ends: Bulk, mend: undo},
	{name: "API_DISABLED_FOR_ORG: the edition has no API", did: "ends with E_PRIVILEGE and the next step", set: simulator.Switches{NoAPI: true}, ends: Privilege, mend: undo},
	{name: "the user may not see /limits", did: "goes on; the header of each answer tells the usage", set: simulator.Switches{NoLimits: true}},
	{name: "Sforce-Limit-Info has more parts", did: "reads the one it knows", set: simulator.Switches{LimitHeader: "per-app-api-usage=17/250(appName=x); api-bursts=1/750"}},
	{name: "CSV: NUL, letters of several bytes, CR LF in cells, N/A, NULL, 1.0", did: "keeps every page as it came, byte by byte", set: simulator.Switches{Odd: "Contact"},
		check: func(t *testing.T, o *org, done Pulled) {
			text := ""
			for _, f := range of(done, "Contact").Files {
				text += unzipped(t, filepath.Join(o.dir, f.Name))
			}
			for _, odd := range []string{"before\x00after", strings.Repeat("ß字🙂", 2000), "\"\"quotes\"\"\r\n", `"N/A"`, `"NULL"`, `"null"`, `"#N/A"`, `"  blanks at both ends  "`} {
				if !strings.Contains(text, odd) {
					t.Errorf("%.20q is not in the pages", odd)
				}
			}
		}},
	{name: "the org knows no API version that crmlink knows", did: "ends with E_VERSION", set: simulator.Switches{Oldest: 30, Newest: 46}, ends: Version, mend: undo},
	{name: "an org of API version 48: no resultPages, columns by name", did: "uses the newest version of both sides; follows the locators", set: simulator.Switches{Oldest: 40, Newest: 48}},
}

// noRows checks pages without rows: csvdir wants a header in each.
func noRows(t *testing.T, o *org, done Pulled) {
	for _, name := range bulkObjects {
		one := of(done, name)
		if one.Rows != 0 || len(one.Files) != 1 || !strings.HasPrefix(unzipped(t, filepath.Join(o.dir, one.Files[0].Name)), `"Id",`) {
			t.Errorf("%s: %d rows in %d files", name, one.Rows, len(one.Files))
		}
	}
}

// refreshing is a connection with a refresh token: what the web flow leaves.
func refreshing(o *org, c *Options) {
	g := connected(o)
	c.Token = func(ctx context.Context, refused string) (string, error) {
		if refused == "" {
			return g.AccessToken, nil
		}
		next, err := o.app().Refresh(ctx, g.RefreshToken)
		if err == nil {
			g = next
		}
		return next.AccessToken, err
	}
}

// noneUnused lets no time pass between a renewal and the first call that succeeds after it: jobs that wait side by side
// would end, by their waiting, a session that no call has used yet, which no real clock does.
func noneUnused(o *org, c *Options) {
	token, wait := c.Token, c.sleep
	var from atomic.Int64
	c.Token = func(ctx context.Context, refused string) (string, error) {
		from.Store(int64(len(o.Requests())))
		return token(ctx, refused)
	}
	c.sleep = func(ctx context.Context, d time.Duration) error {
		for _, r := range o.Requests()[from.Load():] {
			if r.Status/100 == 2 {
				return wait(ctx, d)
			}
		}
		return context.Cause(ctx)
	}
}

func TestFaults_NothingIsLost(t *testing.T) {
	dir, err := smallCRM()
	if err != nil {
		t.Fatal(err)
	}
	want := wanted(t, dir)
	lost, after := make([]int, len(faults)), make([]int, len(drifts))
	t.Run("faults", func(t *testing.T) {
		for i, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				lost[i] = f.run(t, want)
			})
		}
		for i, d := range drifts {
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				after[i] = d.run(t)
			})
		}
	})
	var table bytes.Buffer
	table.WriteString("| fault | what crmlink does | rows lost |\n| --- | --- | --- |\n")
	for i, f := range faults {
		fmt.Fprintf(&table, "| %s | %s | %d |\n", f.name, f.did, lost[i])
	}
	for i, d := range drifts {
		fmt.Fprintf(&table, "| %s | %s | %d |\n", d.name, d.did, after[i])
	}
	table.WriteString("| other delimiters and line ends of results | does not meet them: it asks for commas and line feeds | 0 |\n")
	inDocs(t, table.String())
}

// run pulls under the fault, and once more where it ended, and gives the number of records that were lost.
func (f fault) run(t *testing.T, want map[string]records) (lost int) {
	set := f.set
	if set.PageRows == 0 {
		set.PageRows = 40
	}
	org, want := small, want
	if f.empty {
		org, want = bare, nil
	}
	o := org(t, set, func(s *simulator.Options) { s.Strict = !f.loose })
	option := func(c *Options) {
		c.parallelFrom = 60
		if f.opts != nil {
			f.opts(o, c)
		}
	}
	dir := t.TempDir()
	o.dir = dir
	client := o.client(option)
	done, err := client.Pull(t.Context(), PullIn{Dir: dir})
	var ended *Error
	switch {
	case f.ends == "" && err != nil:
		t.Fatalf("%v", err)
	case f.ends != "" && (!errors.As(err, &ended) || ended.Code != f.ends):
		t.Fatalf("ended with %v, want %s", err, f.ends)
	case f.ends != "":
		if ended.Sentence == "" || ended.Next == "" || len(ended.Details) == 0 {
			t.Errorf("an error that does not help: %#v", ended)
		}
		before, requests := durable(t, dir), len(o.Requests())
		defer func() {
			if f.notes == nil && f.ends != Protocol { // nothing was begun again
				resumed(t, o, before, requests, done)
			}
		}()
		f.mend(o)
		if done, err = o.client(func(c *Options) { c.parallelFrom = 60 }).Pull(t.Context(), PullIn{Dir: dir}); err != nil {
			t.Fatalf("the second pull: %v", err)
		}
	}
	have := read(t, dir, done)
	for object, rows := range want {
		for id := range rows {
			if have[object][id] == nil {
				lost++
			}
		}
		if f.set.Odd == "" {
			if err := differ(rows, have[object]); err != nil {
				t.Errorf("%s: %v", object, err)
			}
		}
	}
	if lost > 0 {
		t.Errorf("%d rows lost", lost)
	}
	var notes []string
	for _, object := range done.Objects {
		notes = append(notes, object.Notes...)
	}
	for _, note := range f.notes {
		if !strings.Contains(strings.Join(notes, "\n"), note) {
			t.Errorf("nothing of %q in %q", note, notes)
		}
	}
	if f.check != nil {
		f.check(t, o, done)
	}
	return lost
}

const (
	faultsDoc  = "../../../docs/salesforce.md"
	faultsFrom = "<!-- faults: written by make, do not edit -->\n"
	faultsTo   = "<!-- end of faults -->"
)

// inDocs compares the table with the one in the documentation, or writes it there.
func inDocs(t *testing.T, table string) {
	text, err := os.ReadFile(faultsDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), faultsFrom)
	old, after, ok2 := strings.Cut(rest, faultsTo)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table of faults", faultsDoc)
	}
	if old == table {
		return
	}
	if !*writeFaults {
		t.Errorf("the table of faults in %s is not what happens now; write it with: go test -tags duckdb_arrow ./stages/systems/salesforce -run TestFaults -args -faults", faultsDoc)
		return
	}
	if err := os.WriteFile(faultsDoc, []byte(before+faultsFrom+table+faultsTo+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
