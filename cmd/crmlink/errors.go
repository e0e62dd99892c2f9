package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/stages/systems/salesforce"
)

// What crmlink says to the shell.
const (
	exitDone        = 0
	exitFailed      = 1
	exitInput       = 2 // what the user gave: arguments, configuration, files
	exitUnreachable = 3 // something we need is not there to talk to
	exitStopped     = 4 // a check stopped the publication
	exitLocked      = 5 // another run holds the store
)

// exitCode is the only place that decides it. It looks at types, never at texts. Of joined errors the first branch
// that fits any part counts.
func exitCode(err error) int {
	var locked *pipeline.LockedError
	var served *pipeline.ServingError
	var stopped *pipeline.CheckError
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &locked), errors.As(err, &served):
		return exitLocked
	case errors.As(err, &stopped):
		return exitStopped
	case errors.As(err, &usage), pipeline.IsInput(err):
		return exitInput
	case isUnreachable(err):
		return exitUnreachable
	}
	return exitFailed
}

func isUnreachable(err error) bool {
	var says interface{ Unreachable() bool }
	if errors.As(err, &says) {
		return says.Unreachable()
	}
	var dial *net.OpError // not net.Error: every error of the system is one, a full disk too
	var name *net.DNSError
	return (errors.As(err, &dial) || errors.As(err, &name)) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// passes says whether the same command may work later without anybody changing anything for it. crmlink serve tries
// such runs again.
func passes(err error) bool {
	switch exitCode(err) {
	case exitUnreachable, exitLocked:
		return true
	case exitFailed:
		var says interface{ Passes() bool }
		return isInterrupt(err) || errors.As(err, &says) && says.Passes()
	}
	return false
}

// isInterrupt says whether somebody stopped the command. The engine has an error of its own for it.
func isInterrupt(err error) bool {
	var engine *duckdb.Error
	return errors.Is(err, context.Canceled) || errors.As(err, &engine) && engine.Type == duckdb.ErrorTypeInterrupt
}

// usageError is a command line that cannot be meant.
type usageError struct{ problem, next string }

func (e *usageError) Error() string { return e.problem }

// Try is the next step.
func (e *usageError) Try() string { return e.next }

// runError says which run an error ended.
type runError struct {
	id  string
	err error
}

func (e *runError) Error() string { return e.err.Error() }
func (e *runError) Unwrap() error { return e.err }

// fail writes an error for people, or as an object with --json, to stderr. Stdout stays for answers.
func fail(w io.Writer, ran *cobra.Command, args []string, err error) int {
	code := exitCode(err)
	problem, next := describe(err)
	if wantsJSON(ran, args) {
		report := struct {
			Error    string             `json:"error"`
			Try      string             `json:"try,omitempty"`
			Exit     int                `json:"exit"`
			Passes   bool               `json:"passes,omitempty"` // it may work later
			Run      string             `json:"run,omitempty"`    // the run that ended so
			Checks   []string           `json:"checks,omitempty"` // that stopped it
			Findings []pipeline.Finding `json:"findings,omitempty"`
			Code     string             `json:"code,omitempty"`    // of an error of Salesforce's
			Details  []string           `json:"details,omitempty"` // of the same
		}{Error: problem, Try: next, Exit: code, Passes: passes(err)}
		var run *runError
		if errors.As(err, &run) {
			report.Run = run.id
		}
		var stopped *pipeline.CheckError
		if errors.As(err, &stopped) {
			report.Checks = stopped.Checks
		}
		var config *pipeline.ConfigError
		if errors.As(err, &config) {
			report.Findings = config.Findings
		}
		var crm *salesforce.Error
		if errors.As(err, &crm) {
			report.Code, report.Details = string(crm.Code), crm.Details
		}
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.Encode(report) //nolint:errcheck // nobody is left to tell
		return code
	}
	fmt.Fprintf(w, "crmlink: %s\n", plain(problem))
	if next != "" {
		fmt.Fprintf(w, "Try: %s\n", plain(next))
	}
	return code
}

// describe gives the text of an error, all parts of a joined one, and the first next step that one of them knows.
func describe(err error) (problem, next string) {
	if isInterrupt(err) && exitCode(err) == exitFailed {
		return "interrupted; what was published before stays", "crmlink run takes up again where it was"
	}
	var try interface{ Try() string }
	if errors.As(err, &try) {
		next = try.Try()
	}
	return strings.TrimRight(err.Error(), "\n"), next
}

// wantsJSON says whether the command was asked for JSON, also where its flags could not be read to the end.
func wantsJSON(ran *cobra.Command, args []string) bool {
	if ran != nil {
		if f := ran.Flags().Lookup("json"); f == nil || f.Changed {
			return f != nil
		}
	}
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json")
}

// unknownVerb refuses what is no verb and offers the nearest ones.
func unknownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	next := cmd.CommandPath() + " --help lists the verbs"
	if cmd.SuggestionsMinimumDistance <= 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		next = cmd.CommandPath() + " " + strings.Join(near, " or ")
	}
	return &usageError{problem: fmt.Sprintf("there is no verb %q", args[0]), next: next}
}

// takes checks the number of arguments and names them.
func takes(least, most int, names string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return &usageError{problem: cmd.CommandPath() + ": " + names + " is missing", next: cmd.UseLine()}
		case len(args) > most && most == 0:
			return &usageError{problem: fmt.Sprintf("%s takes no argument, got %q", cmd.CommandPath(), args[0]), next: cmd.UseLine()}
		case len(args) > most:
			return &usageError{problem: fmt.Sprintf("%s: %q is too many", cmd.CommandPath(), args[most]), next: cmd.UseLine()}
		}
		return nil
	}
}
