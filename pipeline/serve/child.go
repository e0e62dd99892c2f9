package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Ended is how a run ended.
type Ended struct {
	Exit        int // exit code; -1 where a signal ended it
	Run         string
	Problem     string
	Try         string
	Checks      []string // that stopped it
	Passes      bool     // it may work later
	Deadline    bool     // we stopped it because it lasted too long
	Interrupted bool     // we stopped it because the server ends
}

// grace is how long a run that was asked to stop may take to do so.
var grace = 30 * time.Second

// Child starts `crmlink run` with a configuration file in a process of its own. Its memory is the machine's again when
// it ends, whatever happens in it the server lives on, and it can be stopped: first asked, then killed. Its progress
// goes to log. Ctrl-C in a terminal reaches the server alone, which passes it on once.
func Child(program, file string, log io.Writer) func(ctx context.Context, full bool) Ended {
	return func(ctx context.Context, full bool) Ended {
		args := []string{"run", "--json", "-c", file}
		if full {
			args = append(args, "--full")
		}
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = without(os.Environ(), SecretVariable)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = grace
		var answer, report bytes.Buffer
		story := &lines{to: log, report: &report}
		cmd.Stdout, cmd.Stderr = &answer, story
		err := cmd.Run()
		story.end()
		if cmd.ProcessState != nil && cmd.ProcessState.Success() {
			err = nil // it was done before it heard that it should stop
		}
		return ended(err, ctx, answer.Bytes(), report.Bytes())
	}
}

// ended reads what a run said of itself. It says so in its answer or, when it failed, in the last line of its errors.
func ended(err error, ctx context.Context, answer, report []byte) Ended {
	var exit *exec.ExitError
	if err == nil {
		var said struct {
			Run struct{ ID string }
		}
		json.Unmarshal(answer, &said) //nolint:errcheck // it is published, whatever it says
		return Ended{Run: said.Run.ID}
	}
	var said struct {
		Error, Try, Run string
		Passes          bool
		Checks          []string
	}
	e := Ended{Exit: 1, Deadline: errors.Is(context.Cause(ctx), errDeadline)}
	if json.Unmarshal(report, &said) == nil {
		e.Run, e.Problem, e.Try, e.Passes, e.Checks = said.Run, said.Error, said.Try, said.Passes, said.Checks
	}
	if !errors.As(err, &exit) {
		if e.Problem == "" {
			e.Problem, e.Try = "the run could not be started: "+err.Error(), "see that the program is where it was, and may be executed"
		}
		return e
	}
	if e.Exit = exit.ExitCode(); e.Exit < 0 {
		e.Passes = true // taken up where it was
		e.Problem, e.Try = fmt.Sprintf("the run was killed (%s)", exit.String()), "look for what killed it: out of memory, the machine's log"
	} else if e.Problem == "" {
		e.Problem = fmt.Sprintf("the run ended with exit code %d and did not say why", e.Exit)
		e.Try = "crmlink status"
	}
	return e
}

// without keeps secrets from processes that have no use for them.
func without(environment []string, variables ...string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(variables, name)
	})
}

// lines passes what a process writes on, line by line, and keeps the JSON object with which it ends.
type lines struct {
	to     io.Writer
	report *bytes.Buffer
	rest   []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		l.pass(line)
		l.rest = bytes.Clone(rest)
	}
}

func (l *lines) pass(line []byte) {
	if bytes.HasPrefix(line, []byte("{")) {
		l.report.Reset()
		l.report.Write(line)
		return
	}
	fmt.Fprintf(l.to, "%s\n", line) //nolint:errcheck // a log that cannot be written must not end a run
}

func (l *lines) end() {
	if len(l.rest) > 0 {
		l.pass(l.rest)
	}
}
