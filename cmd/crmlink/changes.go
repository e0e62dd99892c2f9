package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) diffVerb() *cobra.Command {
	var asJSON bool
	var rows int
	cmd := &cobra.Command{
		Use:   "diff RUN [RUN]",
		Short: "Shows what differs between two runs, and why",
		Long: "Shows every answer, list row and seat that differs between two published runs, each with its one cause: what would have\n" +
			"been published is computed again with one kind of input exchanged after the other. With one RUN: against the latest.",
		Args: takes(1, 2, "RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := a.config()
			if err != nil {
				return err
			}
			store, err := a.store()
			if err != nil {
				return err
			}
			if rows < 0 {
				return &usageError{problem: "--rows must be 0 or more", next: "--rows 0 shows all"}
			}
			o := pipeline.DiffOptions{Config: config, Store: store, From: args[0], To: "latest", Limit: rows}
			if len(args) == 2 {
				o.To = args[1]
			}
			if asJSON && !cmd.Flags().Changed("rows") {
				o.Limit = 0
			}
			p := newProgress(a.err)
			if !asJSON {
				o.Report = p.report
			}
			d, err := pipeline.Compare(cmd.Context(), o)
			p.end()
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.out, d)
			}
			a.writeDiff(d)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print counts and all rows as JSON")
	cmd.Flags().IntVar(&rows, "rows", 20, "rows to show; 0 shows all")
	return cmd
}

func (a *app) writeDiff(d pipeline.Diff) {
	i := inkFor(a.out)
	fmt.Fprintf(a.out, "%s  %s → %s\n", i.bold("Changes"), d.From, d.To)
	total := writeChangeCounts(a.out, i, d.Counts)
	if len(d.Rows) == 0 {
		return
	}
	fmt.Fprintln(a.out)
	t := newTable(i, "", "row", "cause", "<60 before", "<60 after")
	t.fit, _ = terminal(a.out)
	for _, r := range d.Rows {
		t.add(mark(i, r.Kind)+" "+r.Table, r.Key, r.Cause, r.Before, r.After)
	}
	t.write(a.out)
	if int64(len(d.Rows)) < total {
		fmt.Fprintf(a.out, "%s\n", i.dim(fmt.Sprintf("%d of %d rows; --rows 0 shows all, --json for programs", len(d.Rows), total)))
	}
}

func mark(i ink, kind string) string {
	switch kind {
	case "added":
		return i.green("+")
	case "removed":
		return i.red("−")
	}
	return "~"
}

// writeChanges says what a run changed against the publication before: by cause, and what people notice.
func writeChanges(w io.Writer, i ink, r pipeline.Record) {
	against := r.Previous
	if r.ReplayOf != "" {
		against = "the original run"
	}
	if against == "" || len(r.Effects) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", i.bold("Changes since "+against))
	writeChangeCounts(w, i, r.Changes)
	writeEffects(w, i, r.Effects)
}

// writeEffects prints what people notice.
func writeEffects(w io.Writer, i ink, effects []pipeline.Effect) {
	if len(effects) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := newTable(i, "people notice", ">gained", ">lost", "")
	for _, e := range effects {
		name, note := strings.ReplaceAll(e.Measure, "_", " "), ""
		if e.Amount != "" {
			name, note = "opportunities on another seat's list", "worth "+strings.TrimSpace(e.Amount+" "+e.Currency)
		}
		t.add(name, number(e.Gained), number(e.Lost), cell{text: note, paint: i.dim})
	}
	t.write(w)
}

// writeChangeCounts prints counts by table and cause, and gives their sum.
func writeChangeCounts(w io.Writer, i ink, counts []pipeline.ChangeCount) (total int64) {
	if len(counts) == 0 {
		fmt.Fprintln(w, "  No answer, list row or seat changed.")
		return 0
	}
	t := newTable(i, "table", "cause", ">added", ">removed", ">changed")
	for _, c := range counts {
		t.add(c.Table, strings.ReplaceAll(c.Cause, "_", " "), number(c.Added), number(c.Removed), number(c.Changed))
		total += c.Added + c.Removed + c.Changed
	}
	t.write(w)
	return total
}

func firstOr(args []string, other string) string {
	if len(args) > 0 {
		return args[0]
	}
	return other
}
