package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) explainVerb() *cobra.Command {
	var asJSON, asPage bool
	var seat, run string
	cmd := &cobra.Command{
		Use:   "explain CRM_ID",
		Short: "Says why a record is matched as it is, or not, and why it is on a seat's list, or not",
		Long: "Says why an Account, Contact or Lead is the entity it is, why not the next best one, or why it has none. CRM_ID is the\n" +
			"record's Id with 15 or 18 characters. Weights are in bits: each bit doubles the odds.",
		Example: "  crmlink explain 0035g00000XyZabAAB\n  crmlink explain 0035g00000XyZabAAB --html\n  crmlink explain 0035g00000XyZabAAB --seat s-17",
		Args:    takes(1, 1, "CRM_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asPage && (asJSON || seat != "") {
				return &pipeline.InputError{Problem: "--html goes with neither --json nor --seat", Next: "ask twice: the page is about the match alone"}
			}
			brief()
			p, err := a.published(cmd.Context(), run)
			if err != nil {
				return err
			}
			defer p.Close()
			explain := p.Explain
			if !asJSON && !asPage {
				explain = p.ExplainTold
			}
			x, err := explain(cmd.Context(), args[0], seat)
			if err != nil {
				return err
			}
			if asPage {
				path, err := p.ExplainPage(x)
				if err == nil {
					fmt.Fprintln(a.out, path)
				}
				return err
			}
			if asJSON {
				return writeJSON(a.out, x)
			}
			width, _ := terminal(a.out)
			(&explainer{w: &strings.Builder{}, ink: inkFor(a.out), width: width}).write(a, x)
			return nil
		},
	}
	cmd.Flags().StringVar(&seat, "seat", "", "say also why it is or is not on this seat's list")
	cmd.Flags().StringVar(&run, "run", "latest", "a run's id, the beginning of one, or latest")
	cmd.Flags().BoolVar(&asPage, "html", false, "write it as a page into the run's folder of the store, and print the page's path")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the explanation as JSON")
	return cmd
}

// explainer lays an explanation out for a terminal of some width.
type explainer struct {
	w     *strings.Builder
	ink   ink
	width int
}

func (e *explainer) write(a *app, x pipeline.Explanation) {
	chosen, _ := x.Chosen()
	e.head(x)
	first, second := x.Told()
	if first != nil {
		title := "Why this match"
		if chosen == nil {
			title = "The best rejected candidate: "
			if x.None == nil {
				title = "The best candidate by weight: "
			}
			title += first.EntityID + "  " + naming(first.Name, first.About)
		}
		e.waterfall(title, *first)
	}
	if first != nil && second != nil && (chosen != nil || x.None != nil) {
		e.runnerUp(*first, *second)
	}
	e.decisions(x)
	if x.Seat != nil {
		e.seat(*x.Seat)
	}
	fmt.Fprint(a.out, e.w.String())
}

func naming(name, about string) string {
	if about == "" {
		return line(name)
	}
	return line(name) + " · " + line(about)
}

func (e *explainer) title(text string) {
	fmt.Fprintf(e.w, "\n%s\n", e.ink.bold(text))
}

// head names the record, its entity and the answer in one sentence.
func (e *explainer) head(x pipeline.Explanation) {
	label := max(len(x.Object), len("directory"))
	ids := max(len(x.CRMID), len(x.EntityID))
	fmt.Fprintf(e.w, "%s  %s  %s\n", e.ink.dim(padded(x.Object, label)), e.ink.bold(padded(x.CRMID, ids)), naming(x.Name, x.About))
	if x.EntityID != "" {
		fmt.Fprintf(e.w, "%s  %s  %s\n", e.ink.dim(padded(x.EntityKind, label)), e.ink.bold(padded(x.EntityID, ids)), naming(x.EntityName, x.EntityAbout))
	}
	fmt.Fprintf(e.w, "%s  %s\n", e.ink.dim(padded("status", label)), e.status(x))
	e.w.WriteString("\n" + wrapped("", x.Summary, min(e.width, 100)))
	if x.LostTo != nil {
		fmt.Fprintf(e.w, "%s  %s  %s\n", e.ink.dim("lost to"), x.LostTo.CRMID, line(x.LostTo.Name))
	}
	if x.Link != nil {
		fmt.Fprintf(e.w, "See: crmlink explain %s\n", x.Link.CRMID)
	}
	if n := x.None; n != nil {
		if n.ShortBy != nil && n.Prob != nil && *n.ShortBy > 0 {
			fmt.Fprintf(e.w, "The best candidate has probability %s and needs %.2f: %.4f short.\n", chance(*n.Prob), x.Threshold, *n.ShortBy)
		}
		if n.NextStep != "" && x.Link == nil { // else it says to look there
			const head = "Next step: "
			text := wrapped(head, n.NextStep, min(e.width, 100))
			e.w.WriteString(e.ink.bold("Next step:") + text[len(head)-1:])
			if n.Remedy != nil && n.Remedy.Account != "" {
				e.w.WriteString(wrapped(strings.Repeat(" ", len(head)), "That account is "+line(n.Remedy.Account)+".", min(e.width, 100)))
			}
		}
	}
}

func (e *explainer) status(x pipeline.Explanation) string {
	text := x.Status
	switch x.Status {
	case "matched", "decided":
		text = e.ink.green(text)
	case "duplicate":
		text = e.ink.yellow(text)
	case "unmatched":
		text = e.ink.red(text)
	}
	if x.Prob != nil {
		text += " · probability " + chance(*x.Prob)
	}
	if x.Tier != "" {
		text += " · tier " + x.Tier
	}
	if x.Weight != nil {
		text += " · weight " + pipeline.Bits(*x.Weight) + " bits"
	}
	if x.InAll > 0 {
		text += " · " + count(x.InAll, "candidate", "candidates")
	}
	if x.EntityID != "" && x.Primary {
		text += " · primary"
	}
	return text
}

func (e *explainer) decisions(x pipeline.Explanation) {
	if len(x.Decisions) == 0 {
		return
	}
	e.title("Decisions")
	t := newTable(e.ink, "", "record", "verdict", "entity", "by", "at", "<50 note", "")
	for _, d := range x.Decisions {
		at, record, made := "", "", cell{text: outcomeText[d.Outcome]}
		if d.At != nil {
			at = clock(*d.At)
		}
		if d.CRMID != x.CRMID {
			record = d.CRMID
		}
		if d.Conflict() {
			made.paint = e.ink.yellow
		}
		if d.Counts {
			made = cell{text: "made this answer", paint: e.ink.green}
			if d.EntityID != "" && d.EntityID != x.EntityID && x.EntityID != "" {
				made.text += ": it is " + x.EntityID + " now"
			}
		}
		if d.BySeq != 0 {
			made.text += ": see " + decisionName(d.BySeq)
		}
		t.add(decisionName(d.Seq), record, d.Verdict, d.EntityID, d.By, at, d.Note, made)
	}
	t.write(e.w)
}

func (e *explainer) seat(s pipeline.SeatAnswer) {
	e.title("Seat " + line(s.SeatID))
	e.w.WriteString(wrapped("", s.Text, min(e.width, 100)))
	if s.NextStep != "" {
		fmt.Fprintf(e.w, "%s %s\n", e.ink.bold("Next step:"), line(s.NextStep))
	}
	if len(s.Saved) > 0 {
		e.w.WriteByte('\n')
		t := newTable(e.ink, "opportunity", "<40 ", "stage", "saved", "")
		for _, f := range s.Saved {
			at, state := "", cell{text: "valid", paint: e.ink.green}
			if f.SavedAt != nil {
				at = clock(*f.SavedAt)
			}
			if !f.Valid {
				state = cell{text: "kept: " + f.Reason, paint: e.ink.yellow}
			}
			t.add(f.OpportunityID, f.Name, f.Stage, at, state)
		}
		t.write(e.w)
	}
	if len(s.NotSaved) > 0 {
		e.w.WriteByte('\n')
		t := newTable(e.ink, "opportunity", "<40 ", "owner's seat", "why it saves nothing")
		for _, n := range s.NotSaved {
			seat := n.SeatID
			if seat == "" {
				seat = "–"
			}
			t.add(n.OpportunityID, n.Name, seat, n.Text)
		}
		t.write(e.w)
	}
}
