package serve

import (
	"context"
	"fmt"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/pipeline/schedule"
)

// settle notes how a run ended, and what follows.
func (s *Server) settle(ctx context.Context, e Ended) {
	s.mu.Lock()
	a := s.running
	s.running = nil
	s.mu.Unlock()
	now := s.now()
	line := control.Scheduled{Entry: a.entry.Name, Spec: a.entry.Spec(), Due: a.due, At: now, Attempt: a.number, Run: e.Run, Exit: e.Exit,
		Problem: e.Problem, Next: e.Try, Checks: e.Checks}
	if e.Deadline {
		line.Problem = fmt.Sprintf("it lasted longer than schedule.%s.deadline (%s) and was stopped", a.entry.Name, a.entry.Deadline)
		line.Next = "crmlink runs and the run's log.jsonl show where it was; the next run goes on there"
	}
	switch {
	case e.Exit == 0:
		line.State, line.Problem, line.Next = control.Published, "", ""
		s.note(ctx, line)
		s.log.Info("published", "entry", line.Entry, "run", line.Run, "took", now.Sub(a.began).Round(time.Second).String())
	case e.Interrupted:
		line.State, line.Attempt = control.Interrupted, a.number-1
		s.note(ctx, line)
		s.log.Info("interrupted", "entry", line.Entry, "run", line.Run)
	case e.Exit == exitLocked:
		line.Attempt--
		s.wait(ctx, line, now)
		return
	case e.Exit == exitStopped:
		line.State = control.Stopped
		s.fail(ctx, line)
	default:
		at, again := s.plan.Again(a.entry, a.due, a.number, now)
		if again && (e.Passes || e.Deadline) {
			line.State, line.RetryAt = control.Again, at
			s.note(ctx, line)
			s.log.Warn("failed; tried again", "entry", line.Entry, "run", line.Run, "exit", line.Exit, "at", at, "problem", line.Problem)
			break
		}
		line.State = control.Failed
		s.fail(ctx, line)
	}
	s.waited[line.Entry] = 0
}

// What crmlink run says with its exit code; cmd/crmlink/errors.go decides it.
const (
	exitStopped = 4
	exitLocked  = 5
)

// wait puts a run off while another one holds the store. Only the first time is noted: it may take hours.
func (s *Server) wait(ctx context.Context, line control.Scheduled, now time.Time) {
	s.waited[line.Entry]++
	line.State, line.RetryAt, line.Exit = control.Waiting, schedule.AfterOther(s.waited[line.Entry], now), exitLocked
	line.Problem, line.Next = "another run holds the store", "crmlink status shows it"
	if last := s.last[line.Entry]; last.State == control.Waiting && last.Due.Equal(line.Due) {
		s.mu.Lock()
		s.last[line.Entry] = line
		s.mu.Unlock()
		return
	}
	s.note(ctx, line)
	s.log.Info("another run holds the store; waiting", "entry", line.Entry, "due", line.Due)
}

// fail notes what is not tried again, and tells people.
func (s *Server) fail(ctx context.Context, line control.Scheduled) {
	s.waited[line.Entry] = 0
	s.note(ctx, line)
	s.log.Error(line.State, "entry", line.Entry, "due", line.Due, "run", line.Run, "exit", line.Exit, "problem", line.Problem, "try", line.Next)
	s.hooks.tell(newNotice(line, s.config, s.store))
}
