package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/crmlink/crmlink/pipeline/bases"
)

func TestMain(m *testing.M) {
	testscript.Main(withBases{m}, map[string]func(){"crmlink": main})
}

// withBases takes the tests' common folders away at their end.
type withBases struct{ *testing.M }

func (w withBases) Run() int {
	defer bases.Remove()
	return w.M.Run()
}

// The stories in testdata/script: what people type, what they see, and what the shell is told.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Setup: func(env *testscript.Env) error {
			env.Values[published] = func() string { return publishedOrg(t) }
			// A script keeps one processor busy, two run at once, and hand-overs between threads cost small orgs more than they gain.
			env.Setenv("GOMAXPROCS", "1")
			return nil
		},
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "capture": capture, published: layPublished},
	})
}

const published = "published"

// publishedOrg is an org of 30 accounts, 80 contacts and 30 leads that was synced as of 2026-10-01, once for all stories that
// begin like that.
func publishedOrg(t *testing.T) string {
	t.Helper()
	return bases.Once(t, published, func(dir string) {
		for _, args := range [][]string{{"demo", "--out", ".", "--accounts", "30", "--contacts", "80", "--leads", "30"}, {"run", "--as-of", "2026-10-01"}} {
			if out, err := crmlink(t, dir, args...).CombinedOutput(); err != nil {
				t.Fatalf("crmlink %v: %v\n%s", args, err, out)
			}
		}
	})
}

// layPublished lays such an org down: published org
func layPublished(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: published FOLDER")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(ts.Exec("bash", "-c", copying, ts.Value(published).(func() string)(), dir))
}

// exits runs a command that must end with a code: exits 2 crmlink explain 003
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND …")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit %d, want %d", got, want)
	}
}

// capture puts the first group of a pattern, found in the last stdout, into a variable: capture SEAT 'list (\S+)'
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture VARIABLE PATTERN")
	}
	found := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("stdout has no %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}
