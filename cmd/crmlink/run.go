package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) runVerb() *cobra.Command {
	var full, dry, estimate, asJSON bool
	var asOf string
	var threads int
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Reads the CRM and the directory, matches, and publishes",
		Long: "Reads the CRM and the directory, matches, and publishes. Readers see the previous publication until the new one is\n" +
			"complete. What did not change since the last run is not computed again.",
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := pipeline.Options{Full: full, DryRun: dry, Estimate: estimate, Threads: threads}
			if threads < 0 {
				return &usageError{problem: "--threads must be 0 or more", next: "leave it away to use all processors"}
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
				return err
			}
			p := newProgress(a.err)
			o.Report = p.report
			result, err := pipeline.Run(cmd.Context(), o)
			p.end()
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, runAnswer(result))
			}
			return a.writeRun(cmd.Context(), o, result)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&full, "full", false, "the input holds every live record: what is absent is gone")
	f.StringVar(&asOf, "as-of", "", "the run's time, such as 2026-07-29 or 2026-07-29T04:00:00Z (default: now)")
	f.BoolVar(&dry, "dry-run", false, "do everything but publish; show statistics and sizes of lists")
	f.BoolVar(&estimate, "estimate", false, "estimate the model's weights anew instead of keeping those of the last run")
	f.IntVar(&threads, "threads", 0, "processors to use (default: all); never changes a result")
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

// answer is what run --json and show --json print.
type answer struct {
	Run   pipeline.Record        `json:"run"`
	Stats []pipeline.ObjectStats `json:"stats"`
}

func runAnswer(r pipeline.Result) answer {
	if r.Stats == nil {
		r.Stats = []pipeline.ObjectStats{}
	}
	return answer{r.Record, r.Stats}
}

func (a *app) writeRun(ctx context.Context, o pipeline.Options, r pipeline.Result) error {
	i := inkFor(a.out)
	state := "published"
	if o.DryRun {
		state = "dry run, nothing published"
	}
	fmt.Fprintf(a.out, "%s  %s  as of %s\n\n", i.bold("Run "+r.Record.ID), state, clock(r.Record.AsOf))
	writeStatistics(a.out, i, r.Stats)
	writeNotices(a.out, i, r.Record.Notices)
	if o.DryRun {
		fmt.Fprintf(a.out, "\n%s\n  crmlink run%s\n", i.bold("Publish it"), a.flag())
		return nil
	}
	results := o.Config.Path("store")
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Results"))
	fmt.Fprintf(a.out, "  %s  all tables, for any DuckDB client\n", filepath.Join(results, "current", "analytics.duckdb"))
	fmt.Fprintf(a.out, "  %s  what the run read and did\n", padded(filepath.Join(results, "current", "run.json"), len(filepath.Join(results, "current", "analytics.duckdb"))))
	return a.writeNext(ctx, i, o, r.Record.ID)
}

func padded(text string, n int) string { return text + strings.Repeat(" ", max(0, n-len(text))) }

// writeNext offers three commands with ids that exist in this run.
func (a *app) writeNext(ctx context.Context, i ink, o pipeline.Options, run string) error {
	p, err := pipeline.Store{Dir: o.Config.Path("store")}.Open(ctx, run)
	if err != nil {
		return err
	}
	defer p.Close()
	contact, seat, err := p.Examples(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Try next"))
	if contact != "" {
		fmt.Fprintf(a.out, "  crmlink%s explain %s\n", a.flag(), contact)
	}
	if seat != "" {
		fmt.Fprintf(a.out, "  crmlink%s list %s\n", a.flag(), shellWord(seat))
	}
	fmt.Fprintf(a.out, "  crmlink%s sql \"SELECT reason, count(*) AS records FROM unmatched GROUP BY reason ORDER BY records DESC\"\n", a.flag())
	return nil
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

// progress shows a run's events: on a terminal one line that moves and one that stays per step, else plain lines.
type progress struct {
	w       io.Writer
	live    bool
	width   int
	ink     ink
	started map[string]time.Time
	drawn   time.Time
	open    bool // a moving line stands there
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, started: map[string]time.Time{}, ink: inkFor(w)}
	p.width, p.live = terminal(w)
	return p
}

func (p *progress) report(e pipeline.Event) {
	switch e.State {
	case "start":
		p.started[e.Step] = e.At
		p.draw(e)
	case "progress":
		// More often than this the eye does not follow.
		if p.live && e.At.Sub(p.drawn) >= 80*time.Millisecond {
			p.draw(e)
		}
	case "done", "failed":
		p.clear()
		fmt.Fprintln(p.w, p.finished(e))
	}
}

// draw paints the moving line: the step, a bar where the step knows how far it is, and rows so far.
func (p *progress) draw(e pipeline.Event) {
	if !p.live {
		return
	}
	p.drawn = e.At
	text := fmt.Sprintf("  %s", padded(e.Step, stepWidth))
	if e.Total > 0 {
		const size = 24
		done := min(int(size*e.Done/e.Total), size)
		text += fmt.Sprintf("  %s%s %3d %%", p.ink.green(strings.Repeat("━", done)), p.ink.dim(strings.Repeat("─", size-done)), min(100*e.Done/e.Total, 100))
	}
	if e.Rows > 0 {
		text += fmt.Sprintf("  %s", count(e.Rows, "row", "rows"))
	}
	p.clear()
	fmt.Fprint(p.w, text)
	p.open = true
}

func (p *progress) clear() {
	if p.open {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.open = false
	}
}

// end leaves the terminal clean, also after an error in the middle of a step.
func (p *progress) end() { p.clear() }

const stepWidth = 23

func (p *progress) finished(e pipeline.Event) string {
	took := time.Duration(-1)
	if at, ok := p.started[e.Step]; ok {
		took = e.At.Sub(at)
	}
	mark, what := p.ink.green("✓"), lasted(took)
	if e.Reused {
		mark, what = p.ink.dim("="), "reused"
	}
	rows := fmt.Sprintf("%15s", count(e.Rows, "row", "rows"))
	if e.Rows == 0 {
		rows = fmt.Sprintf("%15s", "")
	}
	if e.State == "failed" {
		mark, what, rows = p.ink.red("✗"), "failed", fmt.Sprintf("%15s", "")
	}
	text := fmt.Sprintf("%s %s %s  %9s", mark, padded(e.Step, stepWidth), rows, what)
	if e.Detail != "" {
		text += "  " + p.ink.dim(line(e.Detail))
	}
	return text
}
