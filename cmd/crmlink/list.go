package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) listVerb() *cobra.Command {
	var asJSON, asCSV bool
	var run string
	cmd := &cobra.Command{
		Use:   "list SEAT",
		Short: "Prints a seat's list: saved accounts and contacts, suggested leads",
		Long: "Prints a seat's list: accounts and contacts saved from open opportunities, then suggested leads. With --csv for a\n" +
			"spreadsheet: cells that it would run as a formula begin with ' there, +49 … too.",
		Args: takes(1, 1, "SEAT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON && asCSV {
				return &usageError{problem: "--json and --csv are two formats", next: "choose one of them"}
			}
			p, err := a.published(cmd.Context(), run)
			if err != nil {
				return err
			}
			defer p.Close()
			l, err := p.List(cmd.Context(), args[0])
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.out, l)
			case asCSV:
				return writeListCSV(a.out, l)
			}
			a.writeList(l)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print the list as CSV for a spreadsheet")
	cmd.Flags().StringVar(&run, "run", "latest", "a run's id, the beginning of one, or latest")
	return cmd
}

func (a *app) writeList(l pipeline.SeatList) {
	i := inkFor(a.out)
	who := l.Email
	if !l.Active {
		who = strings.TrimPrefix(who+" · sync is not active: "+words(l.Why), " · ")
	}
	fmt.Fprintf(a.out, "%s  %s\n", i.bold("Seat "+line(l.SeatID)), line(who))
	width, _ := terminal(a.out)
	saved := newTable(i, "record", "<30 name", "<24 title", "<26 company", "entity", "<34 opportunity")
	suggested := newTable(i, ">rank", "record", "<30 name", "<24 title", "<26 company", "entity", "why")
	saved.fit, suggested.fit = width, width
	for _, r := range l.Rows {
		why := cell{text: r.Why()}
		if !r.StillValid {
			why.paint = i.yellow
		}
		if r.List == "saved" {
			saved.add(r.CRMID, r.Name, r.Title, r.Company, r.EntityID, why)
		} else {
			suggested.add(number(r.Rank), r.CRMID, r.Name, r.Title, r.Company, r.EntityID, why)
		}
	}
	for _, t := range []struct {
		title string
		table *table
	}{{"Saved", saved}, {"Suggested leads", suggested}} {
		fmt.Fprintf(a.out, "\n%s  %s\n", i.bold(t.title), count(len(t.table.rows), "record", "records"))
		if len(t.table.rows) > 0 {
			t.table.write(a.out)
		}
	}
}

var listHead = []string{"list", "rank", "object", "crm_id", "name", "title", "company", "email", "phone", "entity_id", "entity_name",
	"url", "opportunity_id", "opportunity", "stage", "opportunities", "still_valid", "reason", "saved_at"}

func writeListCSV(w io.Writer, l pipeline.SeatList) error {
	out := csv.NewWriter(w)
	out.Write(listHead) //nolint:errcheck // Flush tells
	for _, r := range l.Rows {
		rank, opportunities, saved := "", "", ""
		if r.Rank > 0 {
			rank = fmt.Sprint(r.Rank)
		}
		if r.Opportunities > 0 {
			opportunities = fmt.Sprint(r.Opportunities)
		}
		if r.SavedAt != nil {
			saved = r.SavedAt.UTC().Format(time.RFC3339)
		}
		row := []string{r.List, rank, r.Object, r.CRMID, r.Name, r.Title, r.Company, r.Email, r.Phone, r.EntityID, r.EntityName,
			r.URL, r.OpportunityID, r.Opportunity, r.Stage, opportunities, fmt.Sprint(r.StillValid), r.Reason, saved}
		for i := range row {
			row[i] = pipeline.Harmless(row[i])
		}
		out.Write(row) //nolint:errcheck // Flush tells
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("list: %w", err)
	}
	return nil
}
