package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) runVerb() *cobra.Command {
	var full, dry, estimate, decisions, asJSON bool
	var asOf, accept, memory string
	var threads int
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Reads the CRM and the directory, matches, and publishes",
		Long: "Reads the CRM and the directory, matches, and publishes. Readers see the previous publication until the new one is\n" +
			"complete. What did not change since the last run is not computed again.",
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := pipeline.Options{Full: full, DryRun: dry, Estimate: estimate, Decisions: decisions, Threads: threads, Memory: memory}
			if threads < 0 {
				return &usageError{problem: "--threads must be 0 or more", next: "leave it away to use all processors"}
			}
			if cmd.Flags().Changed("memory") {
				if err := pipeline.CheckMemory(memory); err != nil {
					return &usageError{problem: "--memory: " + err.Error(), next: "a size or a share of the machine: --memory 4GiB, --memory 25%"}
				}
			}
			if decisions && full {
				return &usageError{problem: "--decisions reads no CRM, so it cannot be --full", next: "leave one of the two away"}
			}
			if o.Accept = strings.TrimSpace(accept); o.Accept == "" && cmd.Flags().Changed("accept") {
				return &usageError{problem: "--accept needs a reason", next: `--accept "we merged two orgs"`}
			}
			if asOf != "" {
				at, err := moment(asOf)
				if err != nil {
					return err
				}
				o.AsOf = at
			}
			var err error
			if o.Config, err = a.config(); err != nil {
				return pipeline.LostInputs(o.Config, err)
			}
			p := newProgress(a.err)
			o.Report = p.report
			result, err := pipeline.Run(cmd.Context(), o)
			p.end()
			if err != nil {
				return &runError{result.Record.ID, err}
			}
			return a.answerRun(cmd.Context(), o, result, asJSON)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&full, "full", false, "the input holds every live record, so a known one that is absent is missing; else only the first run takes it so, or org.import: full")
	f.StringVar(&asOf, "as-of", "", "the run's time, such as 2026-07-29 or 2026-07-29T04:00:00Z (default: now)")
	f.BoolVar(&dry, "dry-run", false, "do everything but publish; show statistics and sizes of lists")
	f.BoolVar(&decisions, "decisions", false, "read people's decisions only, and publish what follows from them; the rest is as last read")
	f.BoolVar(&estimate, "estimate", false, "estimate the model's weights anew instead of keeping those of the last run")
	f.StringVar(&accept, "accept", "", "publish although the input looks like an accident, and record this reason")
	f.IntVar(&threads, "threads", 0, "processors to use (default: all); never changes a result")
	f.StringVar(&memory, "memory", "", "memory to use, such as 4GiB or 25% of the machine (default: limits.memory, half of it); never changes a result")
	f.BoolVar(&asJSON, "json", false, "print the run's record and statistics as JSON")
	return cmd
}

// moment reads a time as people write it; without a zone it is UTC.
func moment(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, &usageError{problem: fmt.Sprintf("--as-of: %q is no time", text), next: "--as-of 2026-07-29T04:00:00Z"}
}

// answer is what run --json and show --json print; lists only after a dry run, which leaves no list to look at.
type answer struct {
	Run   pipeline.Record        `json:"run"`
	Stats []pipeline.ObjectStats `json:"stats"`
	Lists []pipeline.ListSize    `json:"lists,omitempty"`
	ROI   *pipeline.ROISummary   `json:"roi,omitempty"`
	Gains []pipeline.FieldGain   `json:"field_gain,omitempty"`
}

func (a *app) answerRun(ctx context.Context, o pipeline.Options, r pipeline.Result, asJSON bool) error {
	p, err := pipeline.Store{Dir: o.Config.Path("store")}.OpenResult(ctx, r)
	if err != nil {
		return err
	}
	defer p.Close()
	var sizes []pipeline.ListSize
	if o.DryRun {
		if sizes, err = p.ListSizes(ctx); err != nil {
			return err
		}
	}
	roi, err := p.ROI(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.out, answer{Run: r.Record, Stats: r.Stats, Lists: sizes, ROI: roi})
	}
	i := inkFor(a.out)
	if o.DryRun {
		fmt.Fprintf(a.out, "%s  nothing is published  as of %s\n\n", i.bold("Dry run"), clock(r.Record.AsOf))
	} else {
		fmt.Fprintf(a.out, "%s  published  as of %s\n\n", i.bold("Run "+r.Record.ID), clock(r.Record.AsOf))
	}
	writeStatistics(a.out, i, r.Stats)
	writeROI(a.out, i, roi)
	fmt.Fprintf(a.out, "\nModel  %s\n", r.Record.Model.Origin())
	writePull(a.out, i, r.Record.Pull)
	writeChanges(a.out, i, r.Record)
	writeNotices(a.out, i, r.Record.Notices)
	if o.DryRun {
		a.writeSizes(i, sizes)
		fmt.Fprintf(a.out, "\n%s\n  crmlink%s run\n", i.bold("Publish it"), a.flag())
		return nil
	}
	current := filepath.Join(o.Config.Path("store"), "current")
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Results"))
	t := newTable(i, "", "")
	t.add(filepath.Join(current, "report.html"), cell{text: "this run on one page, for any browser", paint: i.dim})
	t.add(filepath.Join(current, "analytics.duckdb"), cell{text: "all tables, for any DuckDB client", paint: i.dim})
	t.add(filepath.Join(current, "run.json"), cell{text: "what the run read and did", paint: i.dim})
	t.write(a.out)
	return a.writeNext(ctx, i, p)
}

// mostSizes are the lists of a dry run that are shown; --json has all.
const mostSizes = 15

func (a *app) writeSizes(i ink, sizes []pipeline.ListSize) {
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Lists would hold"))
	t := newTable(i, "seat", "", ">saved accounts", ">saved contacts", ">suggested leads")
	slices.SortStableFunc(sizes, func(x, y pipeline.ListSize) int {
		return cmp.Compare(y.Accounts+y.Contacts+y.Suggested, x.Accounts+x.Contacts+x.Suggested)
	})
	for n, s := range sizes {
		if n == mostSizes {
			t.add(cell{text: "and " + count(len(sizes)-n, "seat", "seats") + " more", paint: i.dim}, "", "", "", "")
			break
		}
		state := cell{text: s.Email}
		if !s.Active {
			state = cell{text: "sync is not active", paint: i.dim}
		}
		t.add(s.SeatID, state, number(s.Accounts), number(s.Contacts), number(s.Suggested))
	}
	t.write(a.out)
}

// writeNext offers three commands with ids that exist in this run.
func (a *app) writeNext(ctx context.Context, i ink, p *pipeline.Publication) error {
	contact, seat, err := p.Examples(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Try next"))
	if contact != "" {
		fmt.Fprintf(a.out, "  %s%s explain %s\n", command(), a.flag(), contact)
	}
	if seat != "" {
		fmt.Fprintf(a.out, "  %s%s list %s\n", command(), a.flag(), shellWord(seat))
	}
	fmt.Fprintf(a.out, "  %s%s sql \"SELECT reason, count(*) AS records FROM unmatched GROUP BY reason ORDER BY records DESC\"\n", command(), a.flag())
	return nil
}

func padded(text string, n int) string { return text + strings.Repeat(" ", max(0, n-len(text))) }

// command is how this program was called, so that commands we offer work as they stand: bin/crmlink, or crmlink where
// it was found on the path.
func command() string {
	if strings.ContainsRune(os.Args[0], filepath.Separator) {
		return shellWord(os.Args[0])
	}
	return "crmlink"
}

// flag repeats -c where it was given, so that commands we offer work as they stand.
func (a *app) flag() string {
	if a.file == pipeline.ConfigFile {
		return ""
	}
	return " -c " + shellWord(a.file)
}

// shellWord quotes an id for the shell where it needs it.
func shellWord(text string) string {
	if text != "" && !strings.ContainsAny(text, " \t\n'\"\\$`&|;<>()*?[]{}#~!") {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// clock writes a time, always in UTC.
func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

// lasted writes a duration for people.
func lasted(d time.Duration) string {
	switch {
	case d < 0:
		return "–"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}
