package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/crmlink/crmlink/stages/systems/salesforce"
)

// openDemo starts `crmlink demo --serve` and gives the org's address, and how to end it: the rest of what it wrote.
func openDemo(t *testing.T, dir string, args ...string) (base string, end func() string) {
	t.Helper()
	cmd := crmlink(t, dir, append([]string{"demo", "--serve", "--listen", "127.0.0.1:0", "--accounts", "20", "--contacts", "40", "--leads", "20"}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) //nolint:errcheck // it is over when the test went well
	lines := linesOf(out)
	deadline := time.After(time.Minute)
	for base == "" {
		select {
		case line, running := <-lines:
			if !running {
				t.Fatalf("the org is closed: %s", said.String())
			}
			if found := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(line); found != "" {
				base = found
			}
		case <-deadline:
			t.Fatal("no org is open after a minute")
		}
	}
	return base, func() string {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		for range lines { // to its end, before the process is waited for
		}
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%v: %s", err, said.String())
		}
		return said.String()
	}
}

// pullServed signs in at a served org and pulls it whole.
func pullServed(t *testing.T, base string) salesforce.Pulled {
	t.Helper()
	grant, err := salesforce.App{Login: base, ClientID: servedClient, Secret: servedSecret}.ClientCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client, err := salesforce.New(salesforce.Options{Instance: grant.InstanceURL, Token: func(context.Context, string) (string, error) { return grant.AccessToken, nil }})
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := client.Pull(t.Context(), salesforce.PullIn{Dir: filepath.Join(t.TempDir(), "pull")})
	if err != nil {
		t.Fatal(err)
	}
	return pulled
}

// The served org can be signed in at and pulled, users change it, and without --out no file of it stays.
func TestDemo_Serve(t *testing.T) {
	dir := t.TempDir()
	base, end := openDemo(t, dir, "--live", "1s")
	pulled := pullServed(t, base)
	rows := map[string]int64{}
	for _, o := range pulled.Objects {
		rows[o.Name] = o.Rows
	}
	if rows["Account"] < 20 || rows["Contact"] < 40 || rows["Lead"] < 20 || rows["User"] == 0 {
		t.Errorf("pulled %v", rows)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "crmlink-demo-*")); left != nil {
		t.Errorf("%v is left while the org is open", left)
	}
	changed := func() bool { // users work once a second
		again := pullServed(t, base)
		return slices.ContainsFunc(pulled.Objects, func(o salesforce.PulledObject) bool {
			i := slices.IndexFunc(again.Objects, func(a salesforce.PulledObject) bool { return a.Name == o.Name })
			return !slices.EqualFunc(o.Files, again.Objects[i].Files, func(a, b salesforce.PulledFile) bool { return a.SHA256 == b.SHA256 })
		})
	}
	for tries := 0; !changed(); tries++ {
		if time.Sleep(200 * time.Millisecond); tries == 300 {
			t.Fatal("users change nothing")
		}
	}
	if said := end(); !regexp.MustCompile(`users changed \d+ records`).MatchString(said) || !strings.Contains(said, "The org is closed. It answered ") {
		t.Errorf("it said %q", said)
	}
}

// What --serve writes beside the demo is all that connect and run need.
func TestDemo_ServeConnectRun(t *testing.T) {
	dir := t.TempDir()
	_, end := openDemo(t, dir, "--out", "org")
	if info, err := os.Stat(filepath.Join(dir, "org", secretFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v %v", secretFile, info, err)
	}
	for _, args := range [][]string{{"config", "check"}, {"connect"}, {"run"}, {"show"}} {
		cmd := exec.Command("crmlink", append(args, "-c", filepath.Join("org", "crmlink.yaml"))...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if said := end(); !strings.Contains(said, "job 5") {
		t.Errorf("a pull of five large objects said %q", said)
	}
}
