package salesforce

import (
	"context"
	"fmt"
	"time"
)

// firstPoll is how long after its making a job is asked for its state.
const firstPoll = time.Second

// nextPoll is when a job is asked again that was waited for so long already: half as long again, at most 30 seconds. What
// takes more than three minutes is asked once a minute, for each look is one of the org's calls.
func nextPoll(pause, waited time.Duration) time.Duration {
	longest := 30 * time.Second
	if waited >= 3*time.Minute {
		longest = time.Minute
	}
	return min(max(firstPoll, pause*3/2), longest)
}

// await waits until a job has ended. One that an earlier process left may have ended already: then pause is 0.
func (p *pull) await(ctx context.Context, o *object, part *part, pause time.Duration) error {
	var since time.Time
	var waited time.Duration
	for {
		if pause > 0 {
			if err := p.c.o.sleep(ctx, pause); err != nil {
				return err
			}
		}
		waited += pause
		pause = nextPoll(pause, waited)
		info, err := p.c.jobInfo(ctx, part.Job)
		if gone(err) {
			return errGone
		}
		if err != nil {
			return p.c.meant("look at the query job of "+o.Name, err)
		}
		switch info.State {
		case jobComplete:
			p.alter(func() {
				if v := info.apiVersion(); v != "" {
					part.Job.Version = v
				}
				part.Job.Ready, part.Job.Rows, part.Total = true, info.Rows, info.Rows
			})
			return nil
		case jobFailed:
			return p.failed(info)
		case jobAborted:
			old := *part.Job
			if err := p.change(func() { p.restart(part) }); err != nil {
				return err
			}
			old.Ready = true
			p.c.removeJob(ctx, &old) //nolint:errcheck // Salesforce forgets it by itself
			return fail(API, nil, "query "+o.Name+": somebody aborted the job "+oneLine(old.ID)+" in Salesforce").
				try("run again; if jobs are aborted again, ask the Salesforce administrator why")
		}
		state := StateInProgress
		if info.State == uploadComplete {
			state = StateQueued
		}
		p.progress(o, state)
		now := p.c.serverTime()
		if since.IsZero() {
			since = now
			if now.Sub(part.Job.Created) > 2*p.c.o.Deadline {
				return fmt.Errorf("%w: it is %s still, %s after it was created", errStuck, oneLine(info.State), now.Sub(part.Job.Created).Round(time.Minute))
			}
		}
		if now.Sub(since) > p.c.o.Deadline {
			return fail(API, nil, fmt.Sprintf("query %s: the job %s is %s still, %s after it was created", o.Name, oneLine(part.Job.ID), oneLine(info.State),
				now.Sub(part.Job.Created).Round(time.Minute))).try("run again later: the job is taken up where it is then")
		}
	}
}

// failed says what is to be done about a job that Salesforce gave up.
func (p *pull) failed(info jobInfo) error {
	why := p.c.plain(info.whyFailed())
	switch {
	case info.mentions("QUERY_TIMEOUT", "running for too long"), info.Retries >= 15:
		return fmt.Errorf("%w: %s", errTooLong, why)
	case info.mentions("INVALID_FIELD", "INVALID_TYPE", "Field name not found"):
		return fmt.Errorf("%w: %w: %s", errFields, errFailed, why)
	}
	return fmt.Errorf("%w: %s", errFailed, why)
}
