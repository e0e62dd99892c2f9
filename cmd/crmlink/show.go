package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) showVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show [RUN]",
		Short: "Shows a run: statistics, what it read, how long each step took",
		Long:  "Shows a run. RUN is a run's id, the beginning of one, or latest, which is the published one.",
		Args:  takes(0, 1, "RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			run := "latest"
			if len(args) > 0 {
				run = args[0]
			}
			brief()
			store, err := a.store()
			if err != nil {
				return err
			}
			record, err := store.Find(run)
			if err != nil {
				return err
			}
			stats, roi, gains, err := figuresOf(cmd.Context(), store, record)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, answer{Run: record, Stats: stats, ROI: roi, Gains: gains})
			}
			a.writeShow(record, stats, roi, gains, store.Report(record.ID))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the run's record and statistics as JSON")
	return cmd
}

// figuresOf gives what a published run counted; others have nothing of it. The record says it: an engine is opened for runs of
// an older crmlink alone, for that takes longer than all else.
func figuresOf(ctx context.Context, store pipeline.Store, record pipeline.Record) ([]pipeline.ObjectStats, *pipeline.ROISummary, []pipeline.FieldGain, error) {
	if record.Status != pipeline.Published {
		return []pipeline.ObjectStats{}, nil, nil, nil
	}
	if record.Gains != nil {
		return record.Stats, record.ROI, record.Gains, nil
	}
	p, err := store.Open(ctx, record.ID)
	if err != nil {
		return nil, nil, nil, err
	}
	defer p.Close()
	stats, err := p.Stats(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	var roi *pipeline.ROISummary
	if _, ok := record.Tables["roi_summary"]; ok {
		if roi, err = p.ROI(ctx); err != nil {
			return nil, nil, nil, err
		}
	}
	gains, err := p.FieldGains(ctx)
	return stats, roi, gains, err
}

func (a *app) writeShow(r pipeline.Record, stats []pipeline.ObjectStats, roi *pipeline.ROISummary, gains []pipeline.FieldGain, report string) {
	i := inkFor(a.out)
	fmt.Fprintf(a.out, "%s  %s\n", i.bold("Run "+r.ID), paintStatus(i, r.Status))
	facts := [][2]string{{"as of", clock(r.AsOf)}, {"started", clock(r.Started)}, {"import", cmp.Or(r.Import, "full")}}
	if r.Finished != nil {
		facts = append(facts, [2]string{"last synced", clock(*r.Finished) + " (" + lasted(r.Finished.Sub(r.Started)) + ")"})
		if r.Status != pipeline.Published {
			facts[3][0] = "ended"
		}
	}
	facts = append(facts, [2]string{"program", r.Program + " · " + r.Engine})
	if r.Model.ID != "" {
		facts = append(facts, [2]string{"model", r.Model.ID + " · " + r.Model.Origin()})
	}
	if r.Previous != "" {
		facts = append(facts, [2]string{"run before", r.Previous})
	}
	if r.Resumed > 0 {
		facts = append(facts, [2]string{"resumed", count(r.Resumed, "time", "times")})
	}
	if r.ReplayOf != "" {
		facts = append(facts, [2]string{"replay of", r.ReplayOf + ", with other inputs"})
	}
	if r.Problem != "" {
		facts = append(facts, [2]string{"problem", r.Problem})
	}
	if _, err := os.Stat(report); err == nil {
		facts = append(facts, [2]string{"report", report})
	}
	if r.Accepted != "" {
		facts = append(facts, [2]string{"accepted", r.Accepted})
	}
	for _, f := range facts {
		fmt.Fprintf(a.out, "  %s  %s\n", i.dim(padded(f[0], 11)), line(f[1]))
	}
	if len(stats) > 0 {
		fmt.Fprintln(a.out)
		writeStatistics(a.out, i, stats)
	}
	writePull(a.out, i, r.Pull)
	writeROI(a.out, i, roi)
	writeGains(a.out, i, gains)
	writeChanges(a.out, i, r)
	writeNotices(a.out, i, r.Notices)
	a.writeChecks(i, r.Checks)
	a.writeSteps(i, r.Steps)
	a.writeTables(i, r)
}

func paintStatus(i ink, s pipeline.Status) string {
	switch s {
	case pipeline.Published:
		return i.green(string(s))
	case pipeline.Failed, pipeline.Stopped:
		return i.red(string(s))
	}
	return strings.ReplaceAll(string(s), "_", " ")
}

func (a *app) writeChecks(i ink, checks []pipeline.Check) {
	if len(checks) == 0 {
		return
	}
	passed := 0
	for _, c := range checks {
		if c.Passed {
			passed++
		}
	}
	fmt.Fprintf(a.out, "\n%s  %d of %d passed\n", i.bold("Checks"), passed, len(checks))
	for _, c := range checks {
		if c.Accepted {
			fmt.Fprintf(a.out, "  %s %s  accepted: %s\n", i.named("yellow", "!"), c.Name, line(c.Detail))
		} else if !c.Passed {
			fmt.Fprintf(a.out, "  %s %s  %s\n", i.red("✗"), c.Name, line(c.Detail))
		}
	}
}

func (a *app) writeSteps(i ink, steps []pipeline.Step) {
	if len(steps) == 0 {
		return
	}
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Steps"))
	t := newTable(i, "", ">rows", ">took", ">CPU", "")
	var elapsed, cpu time.Duration
	for _, s := range steps {
		took := lasted(s.Elapsed)
		if s.Reused {
			took = "reused"
		}
		t.add(s.Name, number(s.Rows), took, lasted(s.CPU), cell{text: s.Detail, paint: i.dim})
		elapsed, cpu = elapsed+s.Elapsed, cpu+s.CPU
	}
	t.rule()
	t.add("total", "", lasted(elapsed), lasted(cpu), "")
	t.write(a.out)
}

func (a *app) writeTables(i ink, r pipeline.Record) {
	if r.Status != pipeline.Published {
		return
	}
	var names []string
	for _, e := range pipeline.Dictionary() {
		if _, ok := r.Tables[e.Table]; ok && (e.Group == "answers" || e.Group == "lists") {
			names = append(names, e.Table)
		}
	}
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Tables"))
	t := newTable(i, "", ">rows", "<140 ")
	t.fit, _ = terminal(a.out)
	for _, n := range slices.Compact(names) {
		entry, err := pipeline.Describe(n)
		if err != nil {
			continue
		}
		t.add(n, number(r.Tables[n].Rows), cell{text: entry.Doc, paint: i.dim})
	}
	t.write(a.out)
}
