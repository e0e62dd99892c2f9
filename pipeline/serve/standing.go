package serve

import (
	"context"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/pipeline/schedule"
)

// Standing is how things stand, told from outside: whether a server is on, when what runs next, and what became of it.
type Standing struct {
	Process int    `json:"process,omitempty"` // of the server; 0 where none is on
	Address string `json:"address,omitempty"` // where it answers
	pipeline.Overview
	Connection  *pipeline.Connection `json:"connection,omitempty"`  // to Salesforce
	Unconnected bool                 `json:"unconnected,omitempty"` // the org is Salesforce, and the store is not connected to it
	Schedule    []Upcoming           `json:"schedule"`
	LastFailure *Failure             `json:"last_failure,omitempty"`
}

// Upcoming is one entry of the schedule.
type Upcoming struct {
	Entry   string     `json:"entry"`
	At      string     `json:"at"` // the cron fields, or off
	Zone    string     `json:"zone"`
	Next    *time.Time `json:"next,omitempty"`  // when its next run starts; in the past where it waits for its turn
	Due     *time.Time `json:"due,omitempty"`   // what that run is due at
	State   string     `json:"state,omitempty"` // of its last run
	LastDue *time.Time `json:"last_due,omitempty"`
	Since   *time.Time `json:"since,omitempty"` // when it came into that state
	Attempt int        `json:"attempt,omitempty"`
	Run     string     `json:"run,omitempty"`
	Problem string     `json:"problem,omitempty"`
	Try     string     `json:"try,omitempty"`
}

// Failure is the last thing that went wrong, in a scheduled run or one that was started by hand.
type Failure struct {
	At      time.Time `json:"at"`
	Status  string    `json:"status"` // failed, stopped, missed, interrupted
	Entry   string    `json:"entry,omitempty"`
	Run     string    `json:"run,omitempty"`
	Problem string    `json:"problem"`
	Try     string    `json:"try,omitempty"`
	Over    bool      `json:"over"` // a run was published since
}

// Stand reads how things stand, with or without a server. It opens small files and the control database only.
func Stand(ctx context.Context, config pipeline.Config, now time.Time) (Standing, error) {
	store, err := pipeline.OpenStore(config.Path("store"))
	if err != nil {
		return Standing{}, err
	}
	plan, err := config.Schedule()
	if err != nil {
		return Standing{}, err
	}
	st := Standing{}
	if st.Overview, err = store.Overview(); err != nil {
		return st, err
	}
	st.Process, st.Address = store.Served()
	if config.Text("org.kind") == pipeline.Salesforce {
		if st.Connection, err = store.Connection(ctx); err != nil {
			return st, err
		}
		st.Unconnected = st.Connection == nil
	}
	db, err := control.OpenIfThere(ctx, store.Dir)
	if err != nil {
		return st, err
	}
	defer db.Close()
	last, err := db.LastScheduled(ctx)
	if err != nil {
		return st, err
	}
	failures, err := db.LastFailures(ctx)
	if err != nil {
		return st, err
	}
	st.Schedule = upcoming(plan, last, now)
	st.LastFailure = lastFailure(failures, st.Overview)
	return st, nil
}

// upcoming is the schedule as it stands.
func upcoming(plan schedule.Plan, last map[string]control.Scheduled, now time.Time) []Upcoming {
	states := map[string]schedule.State{}
	for _, e := range plan.Entries {
		if l, ok := last[e.Name]; ok && l.Spec == e.Spec() {
			states[e.Name] = stateOf(l)
		} else {
			states[e.Name] = schedule.State{Handled: now} // a server begins with it from now on
		}
	}
	var all []Upcoming
	for _, step := range plan.Decide(now, states) {
		e := step.Entry
		u := Upcoming{Entry: e.Name, At: e.Cron.String(), Zone: e.Zone.String()}
		if !step.Due.IsZero() {
			next, due := step.At.UTC(), step.Due.UTC()
			if step.Act != schedule.Wait {
				next = e.Start(step.Due).UTC()
			}
			if step.Act == schedule.Miss || step.Act == schedule.GiveUp || step.Act == schedule.Cover || last[e.Name].State == control.Started {
				next, due = e.Upcoming(now, step.Due)
				next, due = next.UTC(), due.UTC()
			}
			u.Next, u.Due = &next, &due
		}
		if l, ok := last[e.Name]; ok && l.State != control.Began {
			u.State, u.LastDue, u.Since, u.Attempt, u.Run, u.Problem, u.Try = l.State, &l.Due, &l.At, l.Attempt, l.Run, l.Problem, l.Next
		}
		all = append(all, u)
	}
	return all
}

// lastFailure is the latest of what went wrong in the schedule and what the newest run says of itself.
func lastFailure(scheduled map[string]control.Scheduled, o pipeline.Overview) *Failure {
	var f *Failure
	for _, l := range scheduled {
		if f == nil || l.At.After(f.At) {
			f = &Failure{At: l.At, Status: l.State, Entry: l.Entry, Run: l.Run, Problem: l.Problem, Try: l.Next}
		}
	}
	if r := o.Latest; r != nil && r.Problem != "" {
		at := r.Started
		if r.Finished != nil {
			at = *r.Finished
		}
		if f == nil || at.After(f.At) && f.Run != r.Run {
			f = &Failure{At: at, Status: string(r.Status), Run: r.Run, Problem: r.Problem, Try: r.Try}
		}
	}
	if f != nil && o.Published != nil && o.Published.Finished != nil {
		f.Over = o.Published.Finished.After(f.At)
	}
	return f
}
