package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/crmlink/crmlink/pipeline/report"
)

// ExplainPage writes an explanation as a page into the run's folder of the store and returns its path. The page holds
// values of a record, so it is readable by the store's owner only; it is no part of the publication, and goes with the
// run.
func (p *Publication) ExplainPage(x Explanation) (string, error) {
	if _, err := os.Stat(p.store.runFile(p.Record.ID)); errors.Is(err, fs.ErrNotExist) {
		return "", &InputError{Problem: fmt.Sprintf("run %s is not in the store any more", p.Record.ID), Next: "crmlink runs lists those that are"}
	}
	var page bytes.Buffer
	if err := report.WriteWhy(&page, p.why(x)); err != nil {
		return "", err
	}
	path := filepath.Join(p.store.runDir(p.Record.ID), "explain", x.CRMID+".html")
	return path, writeFile(path, page.Bytes())
}

func (p *Publication) why(x Explanation) report.Why {
	y := report.Why{Run: p.Record.ID, AsOf: p.Record.AsOf, Object: x.Object, ID: x.CRMID, Name: x.Name, About: x.About, Status: x.Status,
		Tier: x.Tier, Entity: x.EntityID, Summary: x.Summary, Threshold: x.Threshold, Sure: x.Sure, InAll: x.InAll}
	if x.None != nil {
		y.NextStep = x.None.NextStep
		if r := x.None.Remedy; r != nil {
			y.ChangedTo, y.ChangedFor = Probability(r.Prob), r.EntityID
			for _, c := range x.Candidates {
				if c.EntityID == r.EntityID && c.Name != "" {
					y.ChangedFor = c.Name + " (" + c.EntityID + ")"
				}
			}
			for i, f := range r.Fields {
				value := r.Values[i]
				if r.Account != "" && f == "AccountId" {
					value += " · " + r.Account
				}
				y.Changes = append(y.Changes, report.FieldValue{Field: f, Value: value})
			}
		}
	}
	first, second := x.Told()
	for i := range x.Candidates {
		c := whyCandidate(x.Candidates[i])
		switch &x.Candidates[i] {
		case first:
			y.Chosen = &c
		case second:
			y.RunnerUp = &c
		default:
			y.Others = append(y.Others, c)
		}
	}
	for _, d := range x.Decisions {
		text := d.Verdict
		if d.EntityID != "" {
			text += " " + d.EntityID
		}
		if d.By != "" {
			text += ", by " + d.By
		}
		if d.At != nil {
			text += ", " + d.At.UTC().Format("2006-01-02")
		}
		if d.Note != "" {
			text += ": " + d.Note
		}
		if d.Counts {
			text += " (made this answer)"
		}
		y.Decisions = append(y.Decisions, text)
	}
	return y
}

// Told are the candidate that an explanation is about, and the one to hold beside it: the answer's and the best of the
// others, or without an answer the two best.
func (x Explanation) Told() (first, second *Considered) {
	chosen, next := x.Chosen()
	if chosen != nil || next == nil {
		return chosen, next
	}
	if n := x.None; n != nil {
		for i := range x.Candidates { // a veto may have taken the best by weight out of the contest
			if x.Candidates[i].EntityID == n.Best {
				next = &x.Candidates[i]
			}
		}
	}
	for i := range x.Candidates {
		c := &x.Candidates[i]
		if c != next && (second == nil || x.None != nil && c.EntityID == x.None.Second) {
			second = c
		}
	}
	return next, second
}

func whyCandidate(c Considered) report.WhyCandidate {
	w := report.WhyCandidate{ID: c.EntityID, Name: c.Name, About: c.About, URL: c.URL, Weight: c.Weight, Probability: c.Prob,
		ProbabilityText: Probability(c.Prob), Rule: c.Rule}
	for _, e := range c.Evidence {
		if e.Level == 0 && e.Total() == 0 {
			w.Silent = append(w.Silent, e.Comparison)
			continue
		}
		w.Rows = append(w.Rows, report.WhyRow{Name: e.Comparison, Label: e.Label, CRM: e.CRM, Directory: e.Directory, Bits: e.Weight})
		if e.Frequency != 0 {
			w.Rows = append(w.Rows, report.WhyRow{Name: e.Comparison, Label: RarityText(e.Frequency), Bits: e.Frequency, Rarity: true})
		}
	}
	return w
}

// RarityText says what a frequency adjustment means.
func RarityText(adjustment int64) string {
	if adjustment < 0 {
		return "a common value"
	}
	return "a rare value"
}
