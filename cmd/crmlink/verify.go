package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) verifyVerb() *cobra.Command {
	var repair, asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [RUN]",
		Short: "Reads the whole store, or what one run needs, and names what is damaged",
		Long: "Reads the whole store, or what one run needs, and names what is damaged: objects whose content is not what they are\n" +
			"named after, files that are missing, records and databases that cannot be read. It exits with 1 when there is any.\n" +
			"With --repair damaged files are moved to the folder quarantine of the store, so that nothing uses them, and made\n" +
			"again where that is possible at once; the next run computes the results of steps again.",
		Args: takes(0, 1, "RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			o := pipeline.VerifyOptions{Repair: repair}
			if len(args) > 0 {
				o.Run = args[0]
			}
			p := newProgress(a.err)
			o.Report = p.report
			v, err := store.Verify(cmd.Context(), o)
			p.end()
			if err != nil {
				return err
			}
			if asJSON {
				if err := writeJSON(a.out, v); err != nil {
					return err
				}
			} else {
				a.writeVerification(v)
			}
			if n := len(v.Damage); n > 0 {
				return &pipeline.DamageError{Problem: count(n, "file is", "files are") + " damaged or missing", Next: v.Next()}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "set damaged files aside, never delete them, and make again what can be made")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was found as JSON")
	return cmd
}

// mostDamage are the damaged files that are shown; --json has all.
const mostDamage = 50

func (a *app) writeVerification(v pipeline.Verification) {
	i := inkFor(a.out)
	all := fmt.Sprintf("%s, %s, %s, %s", count(v.Runs, "run", "runs"), count(v.Actions, "action", "actions"),
		count(v.Objects, "object", "objects"), bytesOf(v.Bytes))
	if len(v.Damage) == 0 {
		fmt.Fprintf(a.out, "%s  %s\n", i.green("The store is whole"), all)
	} else {
		fmt.Fprintf(a.out, "%s  %s\n", i.red("The store is damaged"), all)
	}
	for n, d := range v.Damage {
		if n == mostDamage {
			fmt.Fprintf(a.out, "\nand %s more; --json has all\n", count(len(v.Damage)-n, "file", "files"))
			break
		}
		fmt.Fprintf(a.out, "\n%s\n  %s", i.bold(d.File), d.Problem)
		if d.Remade {
			fmt.Fprint(a.out, "; "+i.green("it was made again"))
		}
		fmt.Fprintln(a.out)
		for _, l := range []struct {
			name string
			list []string
		}{{"tables", d.Tables}, {"runs", d.Runs}, {"steps", d.Steps}} {
			if len(l.list) > 0 {
				fmt.Fprintf(a.out, "  %s  %s\n", i.dim(padded(l.name, 6)), strings.Join(l.list, ", "))
			}
		}
		if d.Current {
			fmt.Fprintln(a.out, "  "+i.yellow("the published run needs it"))
		}
	}
	if n := len(v.SetAside); n > 0 {
		fmt.Fprintf(a.out, "\n%s to the folder quarantine of the store\n", count(n, "file was moved", "files were moved"))
	}
	if len(v.Moved) > 0 {
		fmt.Fprintf(a.out, "\nThe store was moved: analytics.duckdb of %s names its former folder.\n", count(len(v.Moved), "run", "runs"))
		if len(v.Damage) == 0 {
			fmt.Fprintf(a.out, "Other programs can read it again after\n  %s%s views --all\n", command(), a.flag())
		}
	}
}

// bytesOf writes a size for people.
func bytesOf(n int64) string {
	size := float64(n)
	for _, unit := range []string{"bytes", "KB", "MB", "GB"} {
		if size < 1000 || unit == "GB" {
			if unit == "bytes" {
				return count(n, "byte", "bytes")
			}
			return fmt.Sprintf("%.1f %s", size, unit)
		}
		size /= 1000
	}
	return ""
}
