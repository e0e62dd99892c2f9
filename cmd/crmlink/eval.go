package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) evalVerb() *cobra.Command {
	var asJSON, oneToOne, details bool
	var truth, run string
	cmd := &cobra.Command{
		Use:   "eval --truth FILE",
		Short: "Measures a publication against records whose entity is known",
		Long: "Measures a publication against a CSV file with the columns object, crm_id, entity_id (or directory_id; empty where no\n" +
			"match exists) and, optionally, cases separated by |. Precision: how many of the entities named are right. Recall: how\n" +
			"many of the entities that exist were found. Each live record's best entity counts, that of duplicates too.",
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if truth == "" {
				return &usageError{problem: "--truth FILE is missing", next: "crmlink eval --truth truth.csv"}
			}
			known, err := pipeline.ReadTruth(truth)
			if err != nil {
				return err
			}
			p, err := a.published(cmd.Context(), run)
			if err != nil {
				return err
			}
			defer p.Close()
			q, err := p.Eval(cmd.Context(), known, oneToOne)
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.out, q)
			}
			a.writeQuality(q, details)
			return nil
		},
	}
	cmd.Flags().StringVar(&truth, "truth", "", "CSV file with object, crm_id, entity_id and cases")
	cmd.Flags().BoolVar(&oneToOne, "one-to-one", false, "count only records that carry their entity (matched, decided), not duplicates")
	cmd.Flags().BoolVar(&details, "details", false, "list cases with a detail (kind:detail) one by one, not only their kind")
	cmd.Flags().StringVar(&run, "run", "latest", "a run's id, the beginning of one, or latest")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the figures as JSON")
	return cmd
}

func (a *app) writeQuality(q pipeline.Quality, details bool) {
	i := inkFor(a.out)
	counted := "each record's best entity"
	if q.OneToOne {
		counted = "one record per entity"
	}
	fmt.Fprintf(a.out, "%s  %s\n\n", i.bold("Quality of run "+q.Run), counted)
	t := newTable(i, "", ">records", ">with entity", ">precision", ">recall", ">F1", ">wrong entity", ">false matches", ">of no match")
	add := func(s pipeline.Score, label string, paint func(string) string) {
		t.add(cell{text: label, paint: paint}, number(s.Records), number(s.Have), ratio(s.Prec), ratio(s.Recall), ratio(s.F1),
			number(s.Wrong), number(s.False), number(s.None))
	}
	for _, s := range q.Objects {
		add(s, plural[s.Object], nil)
	}
	t.rule()
	add(q.Total, "Total", i.bold)
	t.rule()
	for _, s := range q.Sure {
		add(s, plural[s.Object]+", sure only", nil)
	}
	t.write(a.out)
	a.writeReliability(i, q.Reliability)
	if len(q.Cases) > 0 {
		fmt.Fprintf(a.out, "\n%s\n", i.bold("By case"))
		t := newTable(i, "", "", ">with entity", ">found", ">recall", ">wrong entity", ">false matches", ">of no match")
		last := ""
		for _, c := range q.Cases {
			if !details && strings.Contains(c.Case, ":") {
				continue
			}
			object := plural[c.Object]
			if object == last {
				object = ""
			} else if last != "" {
				t.rule()
			}
			last = plural[c.Object]
			t.add(cell{text: object, paint: i.bold}, c.Case, number(c.Have), number(c.Right), ratio(c.Recall), number(c.Wrong),
				number(c.False), number(c.None))
		}
		t.write(a.out)
	}
	for _, n := range []struct {
		n    int64
		text string
	}{
		{q.NotLive, "of the truth are not live (deleted, merged, converted, Person Account): not counted"},
		{q.Unknown, "of the truth are not in this run: not counted"},
		{q.Unjudged, "of this run are not in the truth: not counted"},
	} {
		if n.n > 0 {
			fmt.Fprintf(a.out, "\n%s", i.dim(count(n.n, "record", "records")+" "+n.text))
		}
	}
	if q.NotLive+q.Unknown+q.Unjudged > 0 {
		fmt.Fprintln(a.out)
	}
}

// writeReliability shows whether probabilities mean what they say, and what blocking costs and loses.
func (a *app) writeReliability(i ink, all []pipeline.Reliability) {
	fmt.Fprintf(a.out, "\n%s  best candidate of each record, in ten equal parts by probability: probability → share that is right\n\n", i.bold("Reliability"))
	t := newTable(i, "", ">calibration error", ">candidates per record", ">at most", ">true one among those kept")
	for _, r := range all {
		t.add(cell{text: plural[r.Object], paint: i.bold}, fmt.Sprintf("%.3f", r.Error), fmt.Sprintf("%.1f", r.Candidates), number(r.Most), ratio(r.Reached))
	}
	t.write(a.out)
	for _, r := range all {
		fmt.Fprintf(a.out, "\n  %-10s", plural[r.Object])
		for n, b := range r.Bins {
			if n == 5 {
				fmt.Fprintf(a.out, "\n  %-10s", "")
			}
			fmt.Fprintf(a.out, "  %.3f → %.3f", b.Predicted, b.Right)
		}
	}
	fmt.Fprintln(a.out)
}

// ratio writes a share with three digits, as tables on matching do; – where there is nothing to divide by.
func ratio(f *float64) string {
	if f == nil {
		return "–"
	}
	return fmt.Sprintf("%.3f", *f)
}
