package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/crmlink/crmlink/pipeline"
)

type unreachable struct{ bool }

func (u unreachable) Error() string     { return "the org does not answer" }
func (u unreachable) Unreachable() bool { return u.bool }

// Each class of error has its exit code, bare, wrapped and joined; texts decide nothing.
func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, exitDone},
		{errors.New("locked usage unreachable check"), exitFailed},
		{context.Canceled, exitFailed},
		{context.DeadlineExceeded, exitFailed},
		{&usageError{problem: "no"}, exitInput},
		{&pipeline.InputError{Problem: "no"}, exitInput},
		{&pipeline.ConfigError{File: "f"}, exitInput},
		{unreachable{true}, exitUnreachable},
		{unreachable{false}, exitFailed},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, exitUnreachable},
		{&pipeline.CheckError{Problem: "no"}, exitStopped},
		{&pipeline.LockedError{Dir: "store"}, exitLocked},
		{errors.Join(errors.New("first"), &pipeline.CheckError{}), exitStopped},
		{errors.Join(&pipeline.CheckError{}, &pipeline.LockedError{}), exitLocked},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: exit %d, want %d", c.err, got, c.want)
		}
		if c.err != nil {
			if got := exitCode(fmt.Errorf("run: %w", c.err)); got != c.want {
				t.Errorf("wrapped %v: exit %d, want %d", c.err, got, c.want)
			}
		}
	}
}

func TestFail_TwoLinesToTheLetter(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("disk full"), "crmlink: disk full\n"},
		{&pipeline.InputError{Problem: "there is no run x", Next: "crmlink runs"}, "crmlink: there is no run x\nTry: crmlink runs\n"},
		{fmt.Errorf("extract: %w", &pipeline.CheckError{Problem: "too many rejects", Next: "see reject"}), "crmlink: extract: too many rejects\nTry: see reject\n"},
		{errors.Join(errors.New("first"), &pipeline.InputError{Problem: "second", Next: "this"}), "crmlink: first\nsecond\nTry: this\n"},
		{fmt.Errorf("score: %w", context.Canceled), "crmlink: interrupted; what was published before stays\nTry: crmlink run takes up again where it was\n"},
		{fmt.Errorf("extract: %w", &duckdb.Error{Type: duckdb.ErrorTypeInterrupt, Msg: "INTERRUPT Error: Interrupted!"}),
			"crmlink: interrupted; what was published before stays\nTry: crmlink run takes up again where it was\n"},
		{errors.New("evil \x1b[2J name\u202e"), "crmlink: evil ·[2J name·\n"},
	} {
		var b bytes.Buffer
		fail(&b, nil, nil, c.err)
		if b.String() != c.want {
			t.Errorf("%q, want %q", b.String(), c.want)
		}
	}
}

func TestFail_JSON(t *testing.T) {
	var b bytes.Buffer
	findings := []pipeline.Finding{{Path: "org.kind", Line: 2, Value: "<x>", Want: "csv", Next: "write csv"}}
	code := fail(&b, nil, []string{"config", "check", "--json"}, &pipeline.ConfigError{File: "crmlink.yaml", Findings: findings})
	var got struct {
		Error, Try string
		Exit       int
		Findings   []pipeline.Finding
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	if code != 2 || got.Exit != 2 || got.Try == "" || !strings.HasPrefix(got.Error, "crmlink.yaml: 1 fault") || len(got.Findings) != 1 || got.Findings[0] != findings[0] {
		t.Errorf("exit %d, %s", code, b.String())
	}
}

// A command line that cannot be meant is the user's input, says what to try, and prints nothing on stdout.
func TestExecute_UsageErrors(t *testing.T) {
	for line, want := range map[string][2]string{
		"fly":                        {`there is no verb "fly"`, "crmlink --help lists the verbs"},
		"shw":                        {`there is no verb "shw"`, "crmlink show"},
		"config shw":                 {`there is no verb "shw"`, "crmlink config show"},
		"run --fast":                 {"unknown flag: --fast", "crmlink run --help"},
		"run now":                    {`crmlink run takes no argument, got "now"`, "crmlink run"},
		"run --threads x":            {"invalid argument", "crmlink run --help"},
		"run --as-of yesterday":      {`"yesterday" is no time`, "--as-of 2026-07-29T04:00:00Z"},
		"explain":                    {"crmlink explain: CRM_ID is missing", "crmlink explain CRM_ID"},
		"explain a b":                {`"b" is too many`, "crmlink explain CRM_ID"},
		"eval":                       {"--truth FILE is missing", "crmlink eval --truth truth.csv"},
		"list s1 --csv --json":       {"two formats", ""},
		"demo":                       {"--out DIR is missing", "crmlink demo --out demo"},
		"demo --out x --accounts -1": {"accounts", "crmlink demo --help"},
		"show -c nowhere.yaml":       {"there is no nowhere.yaml", "crmlink init DIR"},
		"schema maping":              {"there is no table maping", "crmlink schema mapping"},
		"knowledge nick":             {"there is no list nick", "crmlink knowledge"},
		"help fly":                   {"there is no such verb", "crmlink --help"},
	} {
		var out, err bytes.Buffer
		code := execute(t.Context(), strings.Fields(line), console{out: &out, err: &err})
		if code != exitInput || out.Len() > 0 || !strings.Contains(err.String(), want[0]) || !strings.Contains(err.String(), want[1]) {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", line, code, out.String(), err.String())
		}
	}
}
