package schedule

import "time"

// Full and Incremental name the two entries.
const (
	Full        = "full"
	Incremental = "incremental"
)

// Plan is the whole schedule. Where both entries could start, the first one does.
type Plan struct {
	Entries []Entry
	Retries int           // how often a run is tried again for a reason that passes
	Backoff time.Duration // wait before the first of them; twice as long before each further one
}

// State is what is known of an entry: where it stands between two due times.
type State struct {
	Handled  time.Time // due times up to here are dealt with, the open one apart
	Open     time.Time // a due time that was begun and not brought to its end; zero: none
	Attempts int       // how often the open one was tried, waiting for others not counted
	RetryAt  time.Time // the open one waits until then
	Covered  time.Time // a run that does this entry's work was started then and has been published
}

// Act is what to do about an entry.
type Act string

// What there is to do.
const (
	Wait   Act = "wait"    // until Step.At
	Start  Act = "start"   // now
	Cover  Act = "cover"   // nothing: another run did its work
	Miss   Act = "miss"    // nothing any more: it is too late
	GiveUp Act = "give up" // nothing any more: it was tried often enough
)

// Step is what to do about one entry at a moment.
type Step struct {
	Entry   Entry
	Act     Act
	Due     time.Time // what it is about; with Wait the next due time, zero where the entry is off
	At      time.Time // with Wait: until when
	Attempt int       // with Start: which one, from 1
}

// Decide says what there is to do now. At most one step is Start: two runs never go on at once, and a run of the
// second entry waits while the first is in the middle of its attempts, which do the second one's work too.
func (p Plan) Decide(now time.Time, states map[string]State) []Step {
	var steps []Step
	taken, until := false, now
	for _, e := range p.Entries {
		s := states[e.Name]
		step := p.step(e, s, now)
		open := step.Act == Start || step.Act == Wait && step.Due.Equal(s.Open) && !s.Open.IsZero()
		if open && taken {
			// Its turn comes when the entry before it has come to its end, and is asked for then.
			step = Step{Entry: e, Act: Wait, Due: step.Due, At: until}
		} else if open {
			taken, until = true, later(now, step.At)
		}
		steps = append(steps, step)
	}
	return steps
}

func (p Plan) step(e Entry, s State, now time.Time) Step {
	if e.Cron.IsOff() {
		return Step{Entry: e, Act: Wait}
	}
	due := e.ready(now, later(s.Handled, s.Open))
	if due.IsZero() {
		due = s.Open
	}
	switch {
	case due.IsZero():
		start, due := e.Upcoming(now, s.Handled)
		return Step{Entry: e, Act: Wait, Due: due, At: start}
	case !due.After(s.Covered):
		return Step{Entry: e, Act: Cover, Due: due}
	case now.After(due.Add(e.Window)):
		return Step{Entry: e, Act: Miss, Due: due}
	case !due.Equal(s.Open):
		return Step{Entry: e, Act: Start, Due: due, Attempt: 1}
	case s.Attempts > p.Retries:
		return Step{Entry: e, Act: GiveUp, Due: due}
	case s.RetryAt.After(now):
		return Step{Entry: e, Act: Wait, Due: due, At: s.RetryAt}
	}
	return Step{Entry: e, Act: Start, Due: due, Attempt: s.Attempts + 1}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// mostBackoff is the longest wait between two attempts.
const mostBackoff = time.Hour

// Again is when to try again after an attempt that ended for a reason that passes. ok is false where it was the last
// one, or the next would come after the window.
func (p Plan) Again(e Entry, due time.Time, attempt int, now time.Time) (at time.Time, ok bool) {
	if attempt > p.Retries {
		return time.Time{}, false
	}
	at = now.Add(doubled(p.Backoff, attempt-1, mostBackoff))
	return at, !at.After(due.Add(e.Window))
}

// How long a run waits for another one that holds the store, at first and at most.
const (
	firstWait = 15 * time.Second
	mostWait  = 5 * time.Minute
)

// AfterOther is when to try again after another run was found to hold the store for the n-th time, from 1. That is no
// failure and does not count as an attempt; only the window ends it.
func AfterOther(n int, now time.Time) time.Time { return now.Add(doubled(firstWait, n-1, mostWait)) }

func doubled(wait time.Duration, times int, most time.Duration) time.Duration {
	for range times {
		if wait >= most {
			break
		}
		wait *= 2
	}
	return min(wait, most)
}
