package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/crmlink/crmlink/pipeline"
)

func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whoever starts runs without the server gets the same schedule: the cron file and the timers say what the
// configuration's defaults say.
func TestDeploy_G1_G2_CronAndTimersFollowTheDefaults(t *testing.T) {
	dir := t.TempDir()
	if _, err := pipeline.InitConfig(dir); err != nil {
		t.Fatal(err)
	}
	config, _ := pipeline.LoadConfig(filepath.Join(dir, pipeline.ConfigFile)) // its inputs are not there, which does not matter
	plan, err := config.Schedule()
	if err != nil {
		t.Fatal(err)
	}
	cron := regexp.MustCompile(`(?m)^(\S+ +\S+ +\S+ +\S+ +\S+) +crmlink .*crmlink run( --full)?`).FindAllStringSubmatch(deployed(t, "crontab"), -1)
	if len(cron) != 2 {
		t.Fatalf("the cron file has %d runs", len(cron))
	}
	for _, e := range plan.Entries {
		line := cron[slices.IndexFunc(cron, func(c []string) bool { return (c[2] != "") == (e.Name == "full") })]
		if got := strings.Join(strings.Fields(line[1]), " "); got != e.Cron.String() {
			t.Errorf("cron file: %s at %s, want %s", e.Name, got, e.Cron)
		}
		fields := strings.Fields(e.Cron.String())
		if hour := fields[1]; !strings.Contains(deployed(t, "crmlink-run@"+e.Name+".timer"), "OnCalendar=*-*-* "+strings.Repeat("0", 2-len(hour))+hour+":00:00\n") {
			t.Errorf("the timer of %s does not say %s", e.Name, e.Cron)
		}
	}
	shell := regexp.MustCompile(`-c '(case [^']*)'`).FindStringSubmatch(deployed(t, "crmlink-run@.service"))
	for name, want := range map[string]string{"full": "run -c /etc/crmlink/crmlink.yaml --full\n", "incremental": "run -c /etc/crmlink/crmlink.yaml\n"} {
		out, err := exec.Command("/bin/sh", "-c", strings.Replace(shell[1], "/usr/local/bin/crmlink", "echo", 1), "crmlink-run", name).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("%s runs %q, %v, want %q", name, out, err, want)
		}
	}
}

// systemd finds no fault in the units.
func TestDeploy_UnitsAreUnits(t *testing.T) {
	systemd, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd here")
	}
	root := t.TempDir()
	units := filepath.Join(root, "etc", "systemd", "system")
	for _, dir := range []string{units, filepath.Join(root, "usr", "local", "bin"), filepath.Join(root, "bin")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, program := range []string{"usr/local/bin/crmlink", "bin/sh"} {
		if err := os.WriteFile(filepath.Join(root, program), []byte("#!/bin/true\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"crmlink.service", "crmlink-run@.service", "crmlink-run@full.timer", "crmlink-run@incremental.timer"} {
		if err := os.WriteFile(filepath.Join(units, name), []byte(deployed(t, name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, unit := range []string{"crmlink.service", "crmlink-run@full.service", "crmlink-run@incremental.service", "crmlink-run@full.timer", "crmlink-run@incremental.timer"} {
		out, _ := exec.Command(systemd, "verify", "--man=no", "--root="+root, unit).CombinedOutput()
		// What the machine's own units lack in this empty root is none of ours.
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "crmlink") && !strings.Contains(line, "sysinit.target not found") {
				t.Errorf("%s: %s", unit, line)
			}
		}
	}
}
