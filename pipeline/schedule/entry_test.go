package schedule

import (
	"slices"
	"testing"
	"time"
)

func entry(t *testing.T, text, zone string) Entry {
	t.Helper()
	c, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return Entry{Name: Full, Cron: c, Zone: z, Window: 6 * time.Hour, Deadline: 6 * time.Hour, Seed: "https://acme.example"}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	got, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return got.UTC()
}

// due lists due times as the zone's clock shows them, from one moment up to another.
func due(e Entry, from, to time.Time) []string {
	var all []string
	for d := e.Next(from); !d.IsZero() && !d.After(to); d = e.Next(d) {
		all = append(all, d.In(e.Zone).Format("02T15:04Z07:00"))
	}
	return all
}

// Days on which the clock is put forward or back neither skip a run nor double it.
func TestDaylightSaving_G1_G2(t *testing.T) {
	for _, c := range []struct {
		name, cron, zone, from, to string
		want                       []string
	}{
		{"spring, Berlin: 02:30 does not exist", "30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z",
			[]string{"28T02:30+01:00", "29T03:00+02:00", "30T02:30+02:00"}},
		{"spring, Berlin: neither does 02:00", "0 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z",
			[]string{"29T03:00+02:00", "30T02:00+02:00"}},
		{"autumn, Berlin: 02:30 comes twice", "30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z", "2026-10-26T12:00:00Z",
			[]string{"24T02:30+02:00", "25T02:30+02:00", "26T02:30+01:00"}},
		{"spring, New York", "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z",
			[]string{"08T03:00-04:00", "09T02:30-04:00"}},
		{"autumn, New York: 01:30 comes twice", "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z",
			[]string{"01T01:30-04:00", "02T01:30-05:00"}},
		{"autumn, New York: 02:30 comes once", "30 2 * * *", "America/New_York", "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z",
			[]string{"01T02:30-05:00", "02T02:30-05:00"}},
		{"every 12 hours over spring", "30 2,14 * * *", "Europe/Berlin", "2026-03-28T20:00:00Z", "2026-03-30T00:00:00Z",
			[]string{"29T03:00+02:00", "29T14:30+02:00"}},
		{"two times in one gap are one run", "0,30 2 * * *", "Europe/Berlin", "2026-03-28T20:00:00Z", "2026-03-29T20:00:00Z",
			[]string{"29T03:00+02:00"}},
		{"every hour over spring: an hour apart", "30 * * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T03:00:00Z",
			[]string{"29T00:30+01:00", "29T01:30+01:00", "29T03:30+02:00", "29T04:30+02:00"}},
		{"every hour over autumn: an hour apart", "0 * * * *", "Europe/Berlin", "2026-10-24T22:30:00Z", "2026-10-25T03:00:00Z",
			[]string{"25T01:00+02:00", "25T02:00+02:00", "25T02:00+01:00", "25T03:00+01:00", "25T04:00+01:00"}},
		{"midnight does not exist in Santiago", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-07T12:00:00Z",
			[]string{"06T01:00-03:00", "07T00:00-03:00"}},
		{"half an hour, on Lord Howe", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-05T00:00:00Z",
			[]string{"04T02:30+11:00", "05T02:15+11:00"}},
	} {
		e := entry(t, c.cron, c.zone)
		if got := due(e, at(t, c.from), at(t, c.to)); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%v, want\n%v", c.name, got, c.want)
		}
	}
}

// Whatever the zone and the day: an entry of one time a day is due exactly once a day, all year, and an entry of every
// hour at each full hour that passes.
func TestDaylightSaving_AYearOfDays(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham"} {
		for _, text := range []string{"30 2 * * *", "0 0 * * *", "59 1 * * *", "0 3 * * *"} {
			for _, year := range []int{2017, 2026} {
				e := entry(t, text, zone)
				days := map[string]int{}
				from := time.Date(year, 1, 1, 0, 0, 0, 0, e.Zone)
				last := from.Add(-time.Second)
				for d := e.Next(last); d.Before(from.AddDate(1, 0, 0)); d = e.Next(d) {
					if !d.After(last) {
						t.Fatalf("%s in %s: %s comes after %s", text, zone, d, last)
					}
					last = d
					days[d.In(e.Zone).Format(time.DateOnly)]++
				}
				if len(days) != 365 {
					t.Errorf("%s in %s, %d: due on %d days", text, zone, year, len(days))
				}
				for day, n := range days {
					if n != 1 {
						t.Errorf("%s in %s: due %d times on %s", text, zone, n, day)
					}
				}
			}
		}
		e := entry(t, "0 * * * *", zone)
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		last, hours := e.Next(from), 0
		for d := e.Next(last); d.Before(from.AddDate(1, 0, 0)); d = e.Next(d) {
			if d.Sub(last) != time.Hour {
				t.Errorf("every hour in %s: %s comes after %s", zone, d, last)
			}
			last = d
			hours++
		}
		if hours < 8750 {
			t.Errorf("every hour in %s: %d hours in a year", zone, hours)
		}
	}
}

func TestParse(t *testing.T) {
	for text, off := range map[string]bool{"0 4 * * *": false, "*/15 8-18 * * mon-fri": false, "0 4 * * 7": false, "off": true, "Off": true, "": true, "  ": true} {
		if c, err := Parse(text); err != nil || c.IsOff() != off {
			t.Errorf("%q: off %v, error %v", text, c.IsOff(), err)
		}
	}
	for _, text := range []string{"0 4 * *", "@daily", "@every 1h", "TZ=UTC 0 4 * * *", "0 24 * * *", "0 0 30 2 *", "0 0 4 * * *", "x * * * *"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if e := entry(t, "0 4 * * 7", "UTC"); e.Next(at(t, "2026-11-20T00:00:00Z")).Weekday() != time.Sunday {
		t.Error("7 is not Sunday")
	}
	if e := entry(t, "off", "UTC"); !e.Next(time.Now()).IsZero() || e.Spec() != Off {
		t.Error("an entry that is off has a next time")
	}
}

func TestJitter_InsideItsBounds_AndKnownBefore(t *testing.T) {
	e := entry(t, "0 4 * * *", "UTC")
	e.Jitter = 10 * time.Minute
	other := e
	other.Name = Incremental
	org := e
	org.Seed = "https://other.example"
	seen := map[time.Duration]int{}
	differs := 0
	d := at(t, "2026-01-01T00:00:00Z")
	for range 300 {
		d = e.Next(d)
		late := e.Start(d).Sub(d)
		if late < 0 || late >= e.Jitter {
			t.Fatalf("starts %s after it is due", late)
		}
		if !e.Start(d).Equal(e.Start(d)) {
			t.Fatal("another start when asked again")
		}
		if !other.Start(d).Equal(e.Start(d)) && !org.Start(d).Equal(e.Start(d)) {
			differs++
		}
		seen[late/time.Minute]++
	}
	if len(seen) != 10 || differs < 290 {
		t.Errorf("spread over %d of 10 minutes; other entries and orgs differ on %d of 300 days", len(seen), differs)
	}
	e.Jitter = 0
	if !e.Start(d).Equal(d) {
		t.Error("without jitter it starts when it is due")
	}
}

func TestUpcoming(t *testing.T) {
	e := entry(t, "0 4 * * *", "UTC")
	e.Jitter = time.Hour
	day := at(t, "2026-11-22T04:00:00Z")
	start := e.Start(day)
	for _, c := range []struct {
		now, handled, want time.Time
	}{
		{day.Add(-time.Hour), time.Time{}, day},
		{start.Add(-time.Second), time.Time{}, day}, // due, and waiting for its start
		{start, time.Time{}, day.AddDate(0, 0, 1)},
		{start.Add(-time.Second), day, day.AddDate(0, 0, 1)}, // done early, by another run
	} {
		if s, d := e.Upcoming(c.now, c.handled); !d.Equal(c.want) || !s.Equal(e.Start(c.want)) {
			t.Errorf("at %s: %s due %s, want %s", c.now, s, d, c.want)
		}
	}
}
