package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) replayVerb() *cobra.Command {
	var verify, asJSON bool
	var from, to, withConfig, withModel, into string
	var threads int
	cmd := &cobra.Command{
		Use:   "replay [RUN]",
		Short: "Computes a run again from what it recorded",
		Long: "Computes a run again from its snapshot, or a chain of runs, each on top of the one before.\n\n" +
			"  replay RUN --verify                       compare every table with the original, and change nothing\n" +
			"  replay RUN --with-config FILE --into DIR  what would have been with the settings of FILE\n" +
			"  replay RUN --with-model FILE --into DIR   what would have been with another model (crmlink model show --json prints one)\n" +
			"  replay --from RUN --to RUN --verify       a chain\n\n" +
			"DIR becomes a store of its own; FILE may name it with store:, and then crmlink -c FILE reads it like any other.",
		Args: takes(0, 1, "RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := pipeline.ReplayOptions{WithModel: withModel, Into: into, Threads: threads, From: from, To: to}
			if err := whichRuns(args, &o); err != nil {
				return err
			}
			var err error
			if o.Config, err = a.config(); err != nil {
				return err
			}
			if o.Store, err = a.store(); err != nil {
				return err
			}
			if withConfig != "" {
				other, err := pipeline.LoadConfig(withConfig)
				if err != nil {
					return err
				}
				o.WithConfig = &other
				if o.Into == "" && other.Path("store") != o.Config.Path("store") {
					o.Into = other.Path("store")
				}
			}
			if verify && (withConfig != "" || withModel != "") {
				return &usageError{problem: "--verify compares with the original, so it cannot be given other inputs", next: "leave --verify away"}
			}
			if o.Into == "" && !verify {
				return &usageError{problem: "nothing says what to do with the result", next: "--verify compares it with the original; --into DIR publishes it to another store"}
			}
			p := newProgress(a.err)
			if !asJSON {
				o.Report = p.report
			}
			all, err := pipeline.Replay(cmd.Context(), o)
			p.end()
			if err != nil {
				return err
			}
			if asJSON {
				if err := writeJSON(a.out, all); err != nil {
					return err
				}
			} else {
				a.writeReplayed(o, all)
			}
			return notTheSame(all)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&verify, "verify", false, "compare every table with the original; nothing is written but a scratch folder in the store")
	f.StringVar(&from, "from", "", "first run of a chain")
	f.StringVar(&to, "to", "", "last run of a chain (default: latest)")
	f.StringVar(&withConfig, "with-config", "", "a configuration file: its settings are taken instead of the recorded ones")
	f.StringVar(&withModel, "with-model", "", "a model file, taken instead of the recorded model; one without numbers is estimated anew")
	f.StringVar(&into, "into", "", "store that the replayed runs are published to")
	f.IntVar(&threads, "threads", 0, "processors to use (default: all); never changes a result")
	f.BoolVar(&asJSON, "json", false, "print the comparison as JSON")
	return cmd
}

// whichRuns takes one run, or both ends of a chain.
func whichRuns(args []string, o *pipeline.ReplayOptions) error {
	switch {
	case len(args) == 1 && o.From+o.To != "":
		return &usageError{problem: "RUN and --from, --to are two ways to say it", next: "crmlink replay --from A --to B"}
	case len(args) == 1:
		o.From, o.To = args[0], args[0]
	case o.From == "" && o.To == "":
		return &usageError{problem: "crmlink replay: RUN is missing", next: "crmlink replay latest --verify"}
	case o.From == "":
		return &usageError{problem: "--to needs --from", next: "crmlink replay --from A --to B"}
	case o.To == "":
		o.To = "latest"
	}
	return nil
}

// notTheSame is an error where the same program made other rows: a run must be a function of its inputs (invariant 1).
func notTheSame(all []pipeline.Replayed) error {
	var differing []string
	for _, r := range all {
		if len(r.Differing) > 0 && (!r.OtherProgram || !r.Same()) {
			differing = append(differing, r.ID)
		}
	}
	if len(differing) == 0 {
		return nil
	}
	return &replayError{strings.Join(differing, ", ")}
}

type replayError struct{ runs string }

func (e *replayError) Error() string {
	return "the replay does not give what was published: run " + e.runs
}

// Try is the next step.
func (e *replayError) Try() string {
	return "crmlink verify looks for damaged files; if there are none and the program is the one that made the run, report it"
}

func (a *app) writeReplayed(o pipeline.ReplayOptions, all []pipeline.Replayed) {
	i := inkFor(a.out)
	for _, r := range all {
		switch {
		case r.Changes != nil || o.WithConfig != nil || o.WithModel != "":
			fmt.Fprintf(a.out, "%s  what would have been, against what was\n", i.bold("Run "+r.ID))
			writeChangeCounts(a.out, i, r.Changes)
			continue
		case len(r.Differing) == 0:
			fmt.Fprintf(a.out, "%s  %s  %d tables, byte for byte", i.bold("Run "+r.ID), i.green("identical"), r.Identical)
		default:
			fmt.Fprintf(a.out, "%s  %d tables identical, %d not", i.bold("Run "+r.ID), r.Identical, len(r.Differing))
		}
		if len(r.Unchecked) > 0 {
			fmt.Fprintf(a.out, "; not checked, because the run before is gone: %s", strings.Join(r.Unchecked, ", "))
		}
		fmt.Fprintln(a.out)
		if r.OtherProgram {
			fmt.Fprintf(a.out, "  %s\n", i.dim("another program made it, so bytes may differ; the cause of rows that do is program"))
		}
		if len(r.Differing) > 0 {
			t := newTable(i, "table", ">only original", ">only replay", "")
			for _, d := range r.Differing {
				note := ""
				if d.Original+d.Replay == 0 {
					note = "same rows, other bytes"
				}
				t.add(d.Table, number(d.Original), number(d.Replay), note)
			}
			t.write(a.out)
		}
	}
	if o.Into != "" {
		fmt.Fprintf(a.out, "\nPublished to %s\n", o.Into)
	}
}
