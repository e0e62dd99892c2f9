package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/crmlink/crmlink/pipeline/schedule"
)

// Schedule is the schedule that the configuration asks for. A configuration that was read without findings has one.
func (c Config) Schedule() (schedule.Plan, error) {
	plan := schedule.Plan{Retries: c.Int("schedule.retries"), Backoff: c.Span("schedule.backoff")}
	for _, name := range []string{schedule.Full, schedule.Incremental} {
		at := "schedule." + name
		cron, err := schedule.Parse(c.Text(at + ".at"))
		if err != nil {
			return plan, fmt.Errorf("%s: %w", at, err)
		}
		zone := c.Text(at + ".zone")
		if zone == "" {
			zone = c.Text("schedule.zone")
		}
		location, err := time.LoadLocation(zone)
		if err != nil {
			return plan, fmt.Errorf("%s: %w", at, err)
		}
		plan.Entries = append(plan.Entries, schedule.Entry{Name: name, Cron: cron, Zone: location, Jitter: c.Span(at + ".jitter"),
			Window: c.Span(at + ".window"), Deadline: c.Span(at + ".deadline"), Seed: c.Text("org.instance_url")})
	}
	return plan, nil
}

// Span is the effective value of an entry that takes a duration.
func (c Config) Span(path string) time.Duration {
	d, err := time.ParseDuration(c.values[path].Value)
	if err != nil {
		return 0
	}
	return d
}

// leastSpan is the shortest window and deadline: less would stop every run, or let none start that waits a moment.
const leastSpan = time.Minute

// checkSchedule finds durations that no run could keep.
func (r *configReader) checkSchedule() {
	least := func(path string, least time.Duration, next string) {
		if v := r.config.values[path]; r.config.Span(path) < least && !r.faulty(path) {
			r.findings = append(r.findings, Finding{Path: path, Value: v.Value, Want: "a longer duration", Next: next})
		}
	}
	for _, name := range []string{schedule.Full, schedule.Incremental} {
		at := "schedule." + name
		least(at+".window", leastSpan, "write 1m or more; a missed run is not made up for after that")
		least(at+".window", r.config.Span(at+".jitter")+1, "write more than its jitter, or no run could start")
		least(at+".deadline", leastSpan, "write 1m or more, and more than a run takes")
	}
	least("schedule.backoff", time.Second, "write 1s or more")
}

// outside are entries that say when crmlink runs, whom it tells and how it signs in, never what a run computes. They are
// no part of a run's record: an address to tell may itself be a secret, and a run is taken up whatever becomes of the
// schedule and of the connection.
func outside(path string) bool {
	return strings.HasPrefix(path, "schedule.") || strings.HasPrefix(path, "notify.") || slices.Contains(signingIn, path)
}

// Recorded are the values that a run's record holds.
func (c Config) Recorded() []Value {
	return slices.DeleteFunc(c.Effective(), func(v Value) bool { return outside(v.Path) })
}
