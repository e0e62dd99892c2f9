package schedule

import (
	"testing"
	"time"
)

// nightly is the default schedule: full at 4, incremental at 16.
func nightly(t *testing.T) Plan {
	full, incremental := entry(t, "0 4 * * *", "UTC"), entry(t, "0 16 * * *", "UTC")
	incremental.Name = Incremental
	return Plan{Entries: []Entry{full, incremental}, Retries: 3, Backoff: 5 * time.Minute}
}

func TestDecide_G1_G2_G3(t *testing.T) {
	day := func(clock string) time.Time { return at(t, "2026-11-22T"+clock+":00Z") }
	before := at(t, "2026-11-21T16:00:00Z") // the last due time
	none := time.Time{}
	type want struct {
		act Act
		due time.Time
		at  time.Time
		n   int
	}
	for _, c := range []struct {
		name              string
		now               time.Time
		full, incremental State
		wantF, wantI      want
	}{
		{"a quiet night", day("03:00"), State{Handled: before}, State{Handled: before},
			want{Wait, day("04:00"), day("04:00"), 0}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"due", day("04:00"), State{Handled: before}, State{Handled: before},
			want{Start, day("04:00"), none, 1}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"down for three days, back in the window: one run", day("09:59"), State{Handled: before.AddDate(0, 0, -3)}, State{Handled: before},
			want{Start, day("04:00"), none, 1}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"back after the window: none", day("10:01"), State{Handled: before.AddDate(0, 0, -3)}, State{Handled: before},
			want{Miss, day("04:00"), none, 0}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"down for a year", day("10:01"), State{Handled: before.AddDate(-1, 0, 0)}, State{Handled: before},
			want{Miss, day("04:00"), none, 0}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"made up for already", day("10:01"), State{Handled: day("04:00")}, State{Handled: before},
			want{Wait, at(t, "2026-11-23T04:00:00Z"), at(t, "2026-11-23T04:00:00Z"), 0}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"both missed: full first, incremental waits for it", at(t, "2026-11-22T05:00:00Z"), State{Handled: before}, State{Handled: before, Open: before, Attempts: 1},
			want{Start, day("04:00"), none, 1}, want{Miss, before, none, 0}},
		{"full failed and waits: incremental waits, too", day("09:00"), State{Handled: day("04:00"), Open: day("04:00"), Attempts: 1, RetryAt: day("09:05")},
			State{Handled: before, Open: day("08:00"), Attempts: 1},
			want{Wait, day("04:00"), day("09:05"), 0}, want{Wait, day("08:00"), day("09:05"), 0}},
		{"and then", day("09:05"), State{Handled: day("04:00"), Open: day("04:00"), Attempts: 1, RetryAt: day("09:05")}, State{Handled: before},
			want{Start, day("04:00"), none, 2}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"tried often enough", day("09:05"), State{Handled: day("04:00"), Open: day("04:00"), Attempts: 4}, State{Handled: before},
			want{GiveUp, day("04:00"), none, 0}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"somebody's full run did it", day("04:30"), State{Handled: before, Covered: day("04:10")}, State{Handled: before, Covered: day("04:10")},
			want{Cover, day("04:00"), none, 0}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"a run that began before it was due did not", day("04:30"), State{Handled: before, Covered: day("03:59")}, State{Handled: before},
			want{Start, day("04:00"), none, 1}, want{Wait, day("16:00"), day("16:00"), 0}},
		{"a full run covers the incremental one that was due before it", day("17:00"), State{Handled: day("04:00"), Covered: day("16:30")}, State{Handled: before, Covered: day("16:30")},
			want{Wait, at(t, "2026-11-23T04:00:00Z"), at(t, "2026-11-23T04:00:00Z"), 0}, want{Cover, day("16:00"), none, 0}},
		{"a new due time makes up for an old one that was never brought to its end", at(t, "2026-11-23T04:00:00Z"), State{Handled: day("04:00"), Open: day("04:00"), Attempts: 2}, State{Handled: day("16:00")},
			want{Start, at(t, "2026-11-23T04:00:00Z"), none, 1}, want{Wait, at(t, "2026-11-23T16:00:00Z"), at(t, "2026-11-23T16:00:00Z"), 0}},
	} {
		steps := nightly(t).Decide(c.now, map[string]State{Full: c.full, Incremental: c.incremental})
		for i, w := range []want{c.wantF, c.wantI} {
			if got := steps[i]; got.Act != w.act || !got.Due.Equal(w.due) || !got.At.Equal(w.at) || got.Attempt != w.n {
				t.Errorf("%s: %s: %s %s at %s attempt %d, want %+v", c.name, got.Entry.Name, got.Act, got.Due, got.At, got.Attempt, w)
			}
		}
	}
}

// Each of the two can be switched off, and the other one goes on (G3, Z1).
func TestDecide_G3_Z1_EitherOff(t *testing.T) {
	p := nightly(t)
	p.Entries[1].Cron = Cron{}
	now := at(t, "2026-11-22T16:00:00Z")
	states := map[string]State{Full: {Handled: at(t, "2026-11-22T04:00:00Z")}, Incremental: {Handled: at(t, "2026-11-20T16:00:00Z")}}
	steps := p.Decide(now, states)
	if steps[0].Act != Wait || steps[0].Due.Day() != 23 || steps[1].Act != Wait || !steps[1].Due.IsZero() {
		t.Errorf("%+v", steps)
	}
	p = nightly(t)
	p.Entries[0].Cron = Cron{}
	steps = p.Decide(now, states)
	if steps[0].Act != Wait || steps[1].Act != Start || !steps[1].Due.Equal(now) {
		t.Errorf("%+v", steps)
	}
}

// A year on a fake clock that jumps, stops and goes on: every due time is started once or told as missed once, and no
// two runs start at one moment.
func TestDecide_AYear_NoneTwice(t *testing.T) {
	p := nightly(t)
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Entries {
		p.Entries[i].Zone, p.Entries[i].Jitter = zone, 20*time.Minute
	}
	p.Entries[0].Cron, _ = Parse("30 2 * * *")
	now := at(t, "2026-01-01T12:00:00Z")
	states := map[string]State{Full: {Handled: now}, Incremental: {Handled: now}}
	started, missed := map[string]int{}, 0
	for n := 0; now.Before(at(t, "2027-01-01T12:00:00Z")); n++ {
		now = now.Add(7 * time.Minute)
		if n%2000 == 1999 {
			now = now.Add(70 * time.Hour) // down
		}
		starts := 0
		for _, s := range p.Decide(now, states) {
			switch s.Act {
			case Start:
				starts++
				started[s.Entry.Name+s.Due.In(zone).Format(time.DateOnly)]++
				if late := now.Sub(s.Due); late < 0 || late > 6*time.Hour {
					t.Errorf("%s due %s starts %s late", s.Entry.Name, s.Due, late)
				}
				states[s.Entry.Name] = State{Handled: s.Due}
			case Miss:
				missed++
				states[s.Entry.Name] = State{Handled: s.Due}
			}
		}
		if starts > 1 {
			t.Fatalf("%d runs start at %s", starts, now)
		}
	}
	for what, n := range started {
		if n != 1 {
			t.Errorf("%s was started %d times", what, n)
		}
	}
	if len(started) < 550 || missed == 0 {
		t.Errorf("%d starts, %d missed", len(started), missed)
	}
}

func TestAgain_BackoffDoublesUpToAnHour(t *testing.T) {
	p := nightly(t)
	p.Retries = 7
	due := at(t, "2026-11-22T04:00:00Z")
	var waits []time.Duration
	now := due
	for attempt := 1; ; attempt++ {
		next, ok := p.Again(p.Entries[0], due, attempt, now)
		if !ok {
			break
		}
		waits = append(waits, next.Sub(now)/time.Minute)
		now = next
	}
	want := []time.Duration{5, 10, 20, 40, 60, 60, 60}
	if len(waits) != len(want) {
		t.Fatalf("%v, want %v", waits, want)
	}
	for i := range want {
		if waits[i] != want[i] {
			t.Errorf("%v, want %v", waits, want)
		}
	}
	if _, ok := p.Again(p.Entries[0], due, 1, due.Add(5*time.Hour+56*time.Minute)); ok {
		t.Error("tried again after the window")
	}
	if got := AfterOther(1, due).Sub(due); got != 15*time.Second {
		t.Errorf("waits %s for another run at first", got)
	}
	if got := AfterOther(50, due).Sub(due); got != 5*time.Minute {
		t.Errorf("waits %s for another run at most", got)
	}
}
