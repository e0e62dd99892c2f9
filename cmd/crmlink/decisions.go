package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) decisionsVerb() *cobra.Command {
	var from, by string
	var conflicts, export, log, asJSON bool
	cmd := &cobra.Command{
		Use:   "decisions",
		Short: "Lists what people decided and what became of it; takes decisions out and in as CSV",
		Long: "Lists all decisions: of the file that crmlink.yaml names, as the latest run read it, and of the control database,\n" +
			"numbered with #. --export prints those of the control database in the form of decisions.csv, --import stores a file of\n" +
			"that form: all of it, or nothing where a cell cannot be used.",
		Example: "  crmlink decisions --conflicts\n  crmlink decisions --export > decisions.csv\n  crmlink decisions --import decisions.csv",
		Args:    takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen := 0
			for _, is := range []bool{conflicts, export, log, from != ""} {
				if is {
					chosen++
				}
			}
			store, err := a.store()
			switch {
			case chosen > 1:
				return &usageError{problem: "--conflicts, --export, --import and --log are four things", next: "choose one of them"}
			case err != nil:
				return err
			case export:
				decisions, err := store.Controlled(cmd.Context())
				if err != nil {
					return err
				}
				return pipeline.WriteDecisions(a.out, decisions)
			case log:
				return a.writeControlLog(cmd, store, asJSON)
			case from != "":
				in, err := opened(cmd, from)
				if err != nil {
					return err
				}
				defer in.Close()
				done, err := store.ImportDecisions(cmd.Context(), in, person(by), time.Now())
				if err != nil {
					return err
				}
				return a.writeImported(done, asJSON)
			}
			p, err := store.Open(cmd.Context(), "latest")
			if err != nil {
				return err
			}
			defer p.Close()
			all, err := p.Decisions(cmd.Context())
			if err != nil {
				return err
			}
			if conflicts {
				all = slices.DeleteFunc(all, func(d pipeline.Decision) bool { return !d.Conflict() })
			}
			if asJSON {
				return writeJSON(a.out, all)
			}
			a.writeDecisions(all, conflicts)
			return nil
		},
	}
	cmd.Flags().BoolVar(&conflicts, "conflicts", false, "only those that are not applied as they were said, and why")
	cmd.Flags().BoolVar(&export, "export", false, "print those of the control database as CSV")
	cmd.Flags().StringVar(&from, "import", "", "store the decisions of this CSV file; - is stdin")
	cmd.Flags().BoolVar(&log, "log", false, "print who changed what in the control database, and when")
	byFlag(cmd, &by)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}

// opened opens a file that is named in an argument; - is stdin.
func opened(cmd *cobra.Command, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, &pipeline.InputError{Problem: "the file cannot be read: " + err.Error(), Next: "name a CSV file, or - for stdin"}
	}
	return f, nil
}

func (a *app) writeImported(done pipeline.Imported, asJSON bool) error {
	if asJSON {
		return writeJSON(a.out, done)
	}
	fmt.Fprintf(a.out, "%s stored", count(done.Stored, "decision", "decisions"))
	if done.Known > 0 {
		fmt.Fprintf(a.out, ", %s known already", number(done.Known))
	}
	if done.Skipped > 0 {
		fmt.Fprintf(a.out, ", %s without a verdict", count(done.Skipped, "row", "rows"))
	}
	fmt.Fprintln(a.out)
	if done.Stored > 0 {
		fmt.Fprintf(a.out, "Try: %s%s run --decisions\n", command(), a.flag())
	}
	return nil
}

func (a *app) writeControlLog(cmd *cobra.Command, store pipeline.Store, asJSON bool) error {
	log, err := store.ControlLog(cmd.Context())
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.out, log)
	}
	t := newTable(inkFor(a.out), "at", "by", "login", "what", "")
	for _, l := range log {
		t.add(clock(l.At), l.By, l.Login, l.What, l.Detail)
	}
	t.write(a.out)
	return nil
}

// outcomeText says what an outcome means to somebody who decided.
var outcomeText = map[string]string{
	"applied": "applied", "withdrawn": "taken back", "replaced": "replaced by a later one", pipeline.NotRun: "counts from the next run",
	"unknown_record":           "the CRM never had this record",
	"record_left_out":          "its record is not live",
	"overruled_after_merge":    "records became one, and the other one's decision counts",
	"overruled_after_redirect": "two directory ids became one, and the later decision counts",
	"entity_not_in_directory":  "it counts, but the directory has no such entity",
	"nothing_to_undo":          "nothing was said before that it could take back",
}

func (a *app) writeDecisions(all []pipeline.Decision, onlyConflicts bool) {
	i := inkFor(a.out)
	t := newTable(i, "", "record", "verdict", "entity", "<24 by", "at", "what became of it", "", "<50 note")
	t.fit, _ = terminal(a.out)
	conflicts := 0
	for _, d := range all {
		outcome := cell{text: outcomeText[d.Outcome]}
		if d.Conflict() {
			conflicts++
			outcome.paint = i.yellow
		}
		at, other := "", ""
		if d.At != nil {
			at = clock(*d.At)
		}
		if d.BySeq != 0 {
			other = "see " + decisionName(d.BySeq)
		}
		t.add(decisionName(d.Seq), d.CRMID, words(d.Verdict), d.EntityID, d.By, at, outcome, other, d.Note)
	}
	what := [2]string{"decision", "decisions"}
	if onlyConflicts {
		what = [2]string{"conflict", "conflicts"}
	}
	fmt.Fprintf(a.out, "%s", i.bold(count(len(all), what[0], what[1])))
	if !onlyConflicts && conflicts > 0 {
		fmt.Fprintf(a.out, ", %s", i.yellow(count(conflicts, "conflict", "conflicts")))
	}
	fmt.Fprintln(a.out)
	if len(all) > 0 {
		t.write(a.out)
	}
}
