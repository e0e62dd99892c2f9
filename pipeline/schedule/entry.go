// Package schedule says when which run is due. It is pure: times go in and times come out, no clock is read and nothing
// is started, so that a test can walk through a year of nights. It is a leaf: it knows entries and times, no stores.
package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zones are known in containers without /usr/share/zoneinfo too

	"github.com/robfig/cron/v3"
)

// Entry is one line of the schedule. The zero Cron is an entry that is off.
type Entry struct {
	Name     string // full or incremental
	Cron     Cron
	Zone     *time.Location
	Jitter   time.Duration // a run starts up to this much later than it is due, each day another amount
	Window   time.Duration // no attempt starts later than this after the due time
	Deadline time.Duration // a run that lasts longer is stopped
	Seed     string        // what tells this org from others, so that not all start at once
}

// Cron is five cron fields: minute, hour, day of the month, month, weekday.
type Cron struct {
	text string
	spec *cron.SpecSchedule
}

// Off is what people write to switch an entry off; the empty text does the same.
const Off = "off"

// Parse reads five cron fields. Names of months and weekdays, lists, ranges and steps are taken; `TZ=`, `@every` and
// other additions are not, because zone and pace have entries of their own.
func Parse(text string) (Cron, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 || len(fields) == 1 && strings.EqualFold(fields[0], Off) {
		return Cron{}, nil
	}
	if len(fields) != 5 {
		return Cron{}, fmt.Errorf("%q has %d fields, want 5", text, len(fields))
	}
	// Seven is Sunday in every cron but this one.
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(strings.Join(fields[:4], " ") + " " + sunday(fields[4]))
	if err != nil {
		return Cron{}, fmt.Errorf("%q: %w", text, err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return Cron{}, fmt.Errorf("%q is no five cron fields", text)
	}
	c := Cron{strings.Join(fields, " "), spec}
	if c.next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() { // a leap year
		return Cron{}, fmt.Errorf("%q never comes", text)
	}
	return c, nil
}

func sunday(field string) string {
	items := strings.Split(field, ",")
	for i, item := range items {
		if item == "7" {
			items[i] = "0"
		}
	}
	return strings.Join(items, ",")
}

// IsOff says whether there is nothing to run.
func (c Cron) IsOff() bool { return c.spec == nil }

func (c Cron) String() string {
	if c.IsOff() {
		return Off
	}
	return c.text
}

// next is the first match after a time on a clock that is never put forward or back: UTC stands for the wall clock.
func (c Cron) next(wall time.Time) time.Time { return c.spec.Next(wall) }

// everyHour says that the hour field leaves no hour out.
func (c Cron) everyHour() bool {
	const all = 1<<24 - 1
	return c.spec.Hour&all == all
}

// Spec tells one version of an entry from another: whoever changes it starts anew, and nothing is made up for.
func (e Entry) Spec() string {
	if e.Cron.IsOff() {
		return Off
	}
	return e.Cron.String() + " " + e.Zone.String()
}

// Next is the first due time after a moment; zero where the entry is off.
//
// An entry of certain hours is due once for each day and hour that it names, whatever the clock does: a time that is
// skipped in spring is due at the first moment after the gap, one that comes twice in autumn at the first of the two.
// An entry of every hour follows the hours as they pass: there is no hour that it could miss or repeat.
func (e Entry) Next(after time.Time) time.Time {
	if e.Cron.IsOff() {
		return time.Time{}
	}
	if e.Cron.everyHour() {
		return e.nextHour(after)
	}
	for wall := e.Cron.next(wallClock(after, e.Zone)); !wall.IsZero(); wall = e.Cron.next(wall) {
		if due := instant(wall, e.Zone); due.After(after) {
			return due
		}
	}
	return time.Time{}
}

// nextHour is Next for entries of every hour: the next moment at which the wall clock shows a time that matches.
func (e Entry) nextHour(after time.Time) time.Time {
	for at := after; ; {
		_, offset := at.In(e.Zone).Zone()
		ahead := time.Duration(offset) * time.Second
		wall := e.Cron.next(at.UTC().Add(ahead))
		if wall.IsZero() {
			return wall
		}
		due := wall.Add(-ahead)
		_, end := at.In(e.Zone).ZoneBounds()
		if end.IsZero() || due.Before(end) {
			return due
		}
		// The clock is put forward or back before that: go on with the time it shows then.
		_, offset = end.In(e.Zone).Zone()
		ahead = time.Duration(offset) * time.Second
		if wall = e.Cron.next(end.UTC().Add(ahead - time.Second)); wall.IsZero() {
			return wall
		}
		if due = wall.Add(-ahead); due.Equal(end) {
			return due.UTC()
		}
		at = end
	}
}

// wallClock is what a clock in a zone shows at a moment, written as UTC.
func wallClock(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

// instant is the first moment at which a clock in a zone shows a time, or, where it never does, the first moment after
// the gap that leaves the time out.
func instant(wall time.Time, zone *time.Location) time.Time {
	const day = 24 * time.Hour // no zone is that far from UTC: before it the old offset holds, after it the new one
	_, before := wall.Add(-day).In(zone).Zone()
	_, after := wall.Add(day).In(zone).Zone()
	first := time.Time{}
	for _, offset := range []int{before, after} {
		at := wall.Add(-time.Duration(offset) * time.Second)
		if wallClock(at, zone).Equal(wall) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if !first.IsZero() {
		return first
	}
	end, _ := wall.Add(-time.Duration(before) * time.Second).In(zone).ZoneBounds()
	return end.UTC()
}

// Start is when a run that is due starts: later by an amount below Jitter that follows from org, entry and due time,
// so it can be told beforehand and is the same however often it is asked for.
func (e Entry) Start(due time.Time) time.Time {
	if e.Jitter < time.Second {
		return due
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", e.Seed, e.Name, due.Unix()))
	return due.Add(time.Duration(binary.BigEndian.Uint64(sum[:])%uint64(e.Jitter/time.Second)) * time.Second)
}

// Upcoming is the next time after now at which a run starts that nothing has kept from it, and what it is due at.
// handled is the last due time that was dealt with. Both are zero where the entry is off.
func (e Entry) Upcoming(now, handled time.Time) (start, due time.Time) {
	from := now.Add(-e.Jitter - time.Second)
	if handled.After(from) {
		from = handled
	}
	for due = e.Next(from); !due.IsZero(); due = e.Next(due) {
		if start = e.Start(due); start.After(now) {
			return start, due
		}
	}
	return time.Time{}, time.Time{}
}

// ready is the latest due time after handled whose start has come; zero where there is none. Those before it are made
// up for by the same run.
func (e Entry) ready(now, handled time.Time) time.Time {
	from := handled
	// After a long time down an entry of every minute has very many due times: only the last days are walked through,
	// unless nothing was due in them.
	if recent := now.Add(-e.Window - e.Jitter - 48*time.Hour); from.Before(recent) {
		if due := e.Next(recent); !due.IsZero() && !e.Start(due).After(now) {
			from = recent
		}
	}
	var latest time.Time
	for due := e.Next(from); !due.IsZero() && !due.After(now); due = e.Next(due) {
		if !e.Start(due).After(now) {
			latest = due
		}
	}
	return latest
}
