package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline/schedule"
)

// configured reads a configuration that holds the given lines beside what every one needs.
func configured(t *testing.T, lines string) (Config, error) {
	t.Helper()
	file := filepath.Join(emptyOrg(t), ConfigFile)
	if err := os.WriteFile(file, []byte("org: {instance_url: \"https://acme.example\"}\n"+lines), 0o644); err != nil {
		t.Fatal(err)
	}
	return LoadConfig(file)
}

// Nightly full and 12 hours later incremental unless said otherwise; one line each is enough, and each may have a zone,
// a jitter and a window of its own or be off.
func TestSchedule_G1_G2_G3_Z1_FromTheConfiguration(t *testing.T) {
	type want struct {
		at, zone                 string
		jitter, window, deadline time.Duration
	}
	six := 6 * time.Hour
	for _, c := range []struct {
		lines             string
		full, incremental want
	}{
		{"", want{"0 4 * * *", "UTC", 0, six, six}, want{"0 16 * * *", "UTC", 0, six, six}},
		{`schedule: {full: "0 4 * * *", incremental: "0 16 * * *", zone: UTC}`, want{"0 4 * * *", "UTC", 0, six, six}, want{"0 16 * * *", "UTC", 0, six, six}},
		{"schedule:\n  full: 30 2 * * *\n  incremental: off\n  zone: Europe/Berlin", want{"30 2 * * *", "Europe/Berlin", 0, six, six}, want{"off", "Europe/Berlin", 0, six, six}},
		{`schedule: {full: "", incremental: {at: 5 8-18 * * mon-fri, zone: America/New_York, jitter: 3m, window: 30m, deadline: 50m}}`,
			want{"off", "UTC", 0, six, six}, want{"5 8-18 * * mon-fri", "America/New_York", 3 * time.Minute, 30 * time.Minute, 50 * time.Minute}},
	} {
		config, err := configured(t, c.lines)
		if err != nil {
			t.Fatalf("%s: %v", c.lines, err)
		}
		plan, err := config.Schedule()
		if err != nil || len(plan.Entries) != 2 || plan.Retries != 3 || plan.Backoff != 5*time.Minute {
			t.Fatalf("%s: %+v, %v", c.lines, plan, err)
		}
		for i, w := range []want{c.full, c.incremental} {
			e := plan.Entries[i]
			if got := (want{e.Cron.String(), e.Zone.String(), e.Jitter, e.Window, e.Deadline}); got != w {
				t.Errorf("%s: %s is %+v, want %+v", c.lines, e.Name, got, w)
			}
		}
		if plan.Entries[0].Name != schedule.Full || plan.Entries[1].Name != schedule.Incremental {
			t.Error("full comes first: it does the incremental run's work")
		}
	}
}

func TestSchedule_FaultsOfTheConfiguration(t *testing.T) {
	for lines, path := range map[string]string{
		`schedule: {full: "0 4 * *"}`:                               "schedule.full.at",
		`schedule: {full: {at: "0 0 30 2 *"}}`:                      "schedule.full.at",
		`schedule: {full: {att: "0 0 3 2 *"}}`:                      "schedule.full.att",
		`schedule: {full: {zone: Berlin}}`:                          "schedule.full.zone",
		`schedule: {incremental: {window: 1s}}`:                     "schedule.incremental.window",
		`schedule: {incremental: {window: 10m, jitter: 10m}}`:       "schedule.incremental.window",
		`schedule: {incremental: {deadline: 0s}}`:                   "schedule.incremental.deadline",
		`schedule: {full: {jitter: -1m}}`:                           "schedule.full.jitter",
		`schedule: {retries: 50}`:                                   "schedule.retries",
		`schedule: {backoff: 1ms}`:                                  "schedule.backoff",
		`schedule: {listen: "0.0.0.0:7437"}`:                        "schedule.listen",
		`schedule: {listen: "192.168.0.7:7437"}`:                    "schedule.listen",
		`schedule: {listen: ":7437"}`:                               "schedule.listen",
		`notify: {webhook: "http://alerts.example.com/crmlink"}`:    "notify.webhook",
		`notify: {webhook: "https://user:pw@alerts.example.com/x"}`: "notify.webhook",
		`notify: {secret_file: nowhere.key}`:                        "notify.secret_file",
		`notify: {command: page somebody}`:                          "notify.command",
		`notify: {secret: abc}`:                                     "notify.secret",
	} {
		_, err := configured(t, lines)
		found, ok := err.(*ConfigError)
		if !ok || len(found.Findings) != 1 || found.Findings[0].Path != path || found.Findings[0].Next == "" {
			t.Errorf("%s: %v, want one finding about %s", lines, err, path)
		}
	}
	for _, lines := range []string{`schedule: {listen: "[::1]:0"}`, `schedule: {listen: "localhost:80"}`, `schedule: {listen: off}`,
		`notify: {webhook: "http://127.0.0.1:9/x", command: [/bin/true, x], secret_file: webhook.key}`} {
		if _, err := configured(t, lines); err != nil {
			t.Errorf("%s: %v", lines, err)
		}
	}
}

// What says when crmlink runs and whom it tells is not in a record: a killed run is taken up whatever becomes of it,
// and an address may be a secret.
func TestRecorded_NoScheduleAndNobodyToTell(t *testing.T) {
	config, err := configured(t, `notify: {webhook: "https://hooks.example.com/T0/secret"}`)
	if err != nil {
		t.Fatal(err)
	}
	values := config.Recorded()
	if len(values) == 0 {
		t.Fatal("nothing is recorded")
	}
	for _, v := range values {
		if strings.HasPrefix(v.Path, "schedule") || strings.HasPrefix(v.Path, "notify") {
			t.Errorf("%s is recorded", v.Path)
		}
	}
}
