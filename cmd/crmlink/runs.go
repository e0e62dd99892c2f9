package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

// runRow is a run in the list.
type runRow struct {
	ID       string          `json:"id"`
	Status   pipeline.Status `json:"status"`
	Current  bool            `json:"current"`
	AsOf     time.Time       `json:"as_of"`
	Started  time.Time       `json:"started"`
	Finished *time.Time      `json:"finished,omitempty"`
	Records  int64           `json:"records"`
	Pinned   bool            `json:"pinned,omitempty"`
	Problem  string          `json:"problem,omitempty"`
	Accepted string          `json:"accepted,omitempty"`
}

func (a *app) runsVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "Lists all runs, the latest first",
		Args:  takes(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			records, err := store.Runs()
			if err != nil {
				return err
			}
			current, err := store.Current()
			if err != nil {
				return err
			}
			busy := store.Busy()
			rows := make([]runRow, 0, len(records))
			for i := len(records) - 1; i >= 0; i-- {
				r := records[i]
				if r.Status == pipeline.Running && !busy && r.ID != current {
					r.Problem = "killed on its way; crmlink run takes it up"
				}
				rows = append(rows, runRow{r.ID, r.Status, r.ID == current, r.AsOf, r.Started, r.Finished, r.Tables["mapping"].Rows, store.Pinned(r.ID), r.Problem, r.Accepted})
			}
			if asJSON {
				return writeJSON(a.out, rows)
			}
			a.writeRuns(rows)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	return cmd
}

func (a *app) writeRuns(rows []runRow) {
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "No runs yet.")
		return
	}
	i := inkFor(a.out)
	t := newTable(i, "run", "status", "as of", "started", ">took", ">records", "")
	for _, r := range rows {
		took, records, note := "–", "–", r.Problem
		if r.Finished != nil {
			took = lasted(r.Finished.Sub(r.Started))
		}
		if r.Records > 0 {
			records = number(r.Records)
		}
		if r.Problem == "" && r.Accepted != "" {
			note = "accepted: " + r.Accepted
		}
		if r.Current {
			note = strings.TrimSuffix("latest, "+note, ", ")
		}
		if r.Pinned {
			note = strings.Trim("pinned, "+note, ", ")
		}
		t.add(r.ID, cell{text: string(r.Status), paint: func(string) string { return paintStatus(i, r.Status) }},
			clock(r.AsOf), clock(r.Started), took, records, cell{text: cut(line(note), 60), paint: i.dim})
	}
	t.write(a.out)
}
