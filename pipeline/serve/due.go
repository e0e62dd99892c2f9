package serve

import (
	"context"
	"errors"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/pipeline/schedule"
)

// meet notes entries that are new or were changed: what was due before is none of theirs. Where nothing is published
// yet, the first entry that is on has a run due at once.
func (s *Server) meet(ctx context.Context, now time.Time) error {
	published, err := s.store.Current()
	if err != nil {
		return err
	}
	first := published == ""
	var lines []control.Scheduled
	for _, e := range s.plan.Entries {
		last, known := s.last[e.Name]
		on := !e.Cron.IsOff()
		if !known || last.Spec != e.Spec() {
			l := control.Scheduled{Entry: e.Name, Spec: e.Spec(), Due: now, State: control.Began, At: now}
			if first && on && !known {
				l.State = control.First
			}
			lines = append(lines, l)
		}
		first = first && !on
	}
	if len(lines) > 0 {
		s.note(ctx, lines...)
	}
	return nil
}

// decide asks the plan what there is to do. Published runs are looked at only where something waits to be done.
func (s *Server) decide(now time.Time) []schedule.Step {
	states := map[string]schedule.State{}
	for name, l := range s.last {
		states[name] = stateOf(l)
	}
	steps := s.plan.Decide(now, states)
	var since time.Time
	for _, step := range steps {
		if step.Act != schedule.Wait && (since.IsZero() || step.Due.Before(since)) {
			since = step.Due
		}
	}
	if since.IsZero() {
		return steps
	}
	full, any, err := s.store.Covering(since)
	if err != nil {
		s.log.Error("the last publication cannot be read", "error", err.Error())
		return steps // the run says more about it
	}
	for name, state := range states {
		if state.Covered = any; name == schedule.Full {
			state.Covered = full
		}
		states[name] = state
	}
	return s.plan.Decide(now, states)
}

func stateOf(l control.Scheduled) schedule.State {
	switch l.State {
	case control.Began:
		return schedule.State{Handled: l.At}
	case control.First, control.Started, control.Again, control.Waiting, control.Interrupted:
		return schedule.State{Handled: l.Due, Open: l.Due, Attempts: l.Attempt, RetryAt: l.RetryAt}
	}
	return schedule.State{Handled: l.Due}
}

// do carries a step out.
func (s *Server) do(ctx context.Context, step schedule.Step, now time.Time) {
	e := step.Entry
	line := control.Scheduled{Entry: e.Name, Spec: e.Spec(), Due: step.Due, At: now, Attempt: step.Attempt}
	last := s.last[e.Name]
	switch step.Act {
	case schedule.Cover:
		line.State = control.Covered
		s.note(ctx, line)
		s.log.Info("another run did its work", "entry", e.Name, "due", step.Due)
	case schedule.Miss:
		line.State = control.Missed
		line.Problem, line.Next = "it was not started in its window of "+e.Window.String(), "start it by hand where it matters: crmlink run; the next one is due as always"
		if last.Due.Equal(step.Due) && last.Problem != "" {
			line.Problem += ": " + last.Problem
		}
		s.fail(ctx, line)
	case schedule.GiveUp:
		line.State, line.Attempt, line.Problem = control.Failed, last.Attempt, "it was killed with the server each time it was tried"
		line.Next = "look for what ends the server: out of memory, the machine's log"
		s.fail(ctx, line)
	case schedule.Start:
		if line.State = control.Started; s.waited[e.Name] == 0 { // else it may find the store held still
			s.note(ctx, line)
			s.log.Info("a run starts", "entry", e.Name, "due", step.Due, "attempt", step.Attempt)
		}
		s.mu.Lock()
		s.running = &attempt{e, step.Due, step.Attempt, now}
		s.mu.Unlock()
		go func() {
			timed, cancel := context.WithTimeoutCause(ctx, e.Deadline, errDeadline)
			defer cancel()
			s.ended <- s.child(timed, e.Name == schedule.Full)
		}()
	}
}

var errDeadline = errors.New("deadline")
