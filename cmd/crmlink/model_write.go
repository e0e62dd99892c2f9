package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/stages/linkage"
)

var kindTitle = map[string]string{linkage.Company: "Companies", linkage.Person: "People"}

// writeModel lays a model out for people.
func (a *app) writeModel(n pipeline.NamedModel, f pipeline.ModelFile) {
	i := inkFor(a.out)
	fmt.Fprintf(a.out, "%s  %s\n", i.bold("Model "+f.ID), n.Name)
	if e := f.Estimated; e != nil {
		text := "estimated on run " + e.Run
		if e.Run == "" {
			text = "written by hand"
		}
		if e.Decisions > 0 {
			text += fmt.Sprintf(", with the decisions on %s", count(int(e.Decisions), "record", "records"))
		}
		if e.Edited && e.Run != "" {
			text += ", edited afterwards"
		}
		fmt.Fprintf(a.out, "  %s\n", i.dim(text))
	}
	for _, s := range []linkage.FileSection{f.Company, f.Person} {
		fmt.Fprintf(a.out, "\n%s  %s\n", i.bold(kindTitle[s.Kind]), pipeline.RestsOn(s))
		t := newTable(i, "", "")
		t.add("records with a match", share(s.Match))
		t.add("directory", number(s.Directory)+" records")
		t.add("prior", signedBits(s.Prior)+" bits, before anything is compared")
		for _, l := range s.LookAlikes {
			t.add("look-alikes", fmt.Sprintf("%.2g per match: %s", l.Ratio, l.Name))
		}
		t.add("a match from", share(s.Threshold))
		t.write(a.out)
		for _, c := range s.Comparisons {
			a.writeComparison(i, c)
		}
	}
	fmt.Fprintf(a.out, "\n%s\n", i.dim("m: share of the level among records that are the same; u: among others; weight: log2(m/u) in bits. ~ adjusted by how common the value is."))
}

func (a *app) writeComparison(i ink, c linkage.FileComparison) {
	fmt.Fprintln(a.out)
	t := newTable(i, "<64 "+c.Name, ">m", ">u", ">bits", "")
	left, right := 0.0, 0.0
	for _, g := range c.Groups {
		for _, l := range g.Levels {
			left, right = max(left, -float64(l.Weight)/1000), max(right, float64(l.Weight)/1000)
		}
	}
	for _, g := range c.Groups {
		if len(c.Groups) > 1 {
			t.add(cell{text: pipeline.PatternText(g.Present), paint: i.dim}, "", "", "", "")
		}
		for _, l := range g.Levels {
			if l.Neutral {
				t.add(l.Label, "", "", cell{text: "none", paint: i.dim}, "")
				continue
			}
			mark := ""
			if l.Frequency != "" {
				mark = "~"
			}
			t.add(l.Label, share(l.M), share(l.U), mark+signedBits(l.Weight), weightBar(i, l.Weight, left))
		}
	}
	t.write(a.out)
}

// mostBar is how many bits a bar shows; one place is one bit.
const mostBar = 20

// weightBar draws a weight from a common axis, against to the left and for to the right.
func weightBar(i ink, weight int32, left float64) cell {
	room := min(mostBar, int(math.Ceil(left)))
	bits := int(math.Round(math.Abs(float64(weight)) / 1000))
	if weight < 0 {
		bits = min(bits, room)
		return cell{text: strings.Repeat(" ", room-bits) + strings.Repeat("▒", bits) + "│", paint: i.red}
	}
	return cell{text: strings.Repeat(" ", room) + "│" + strings.Repeat("█", min(bits, mostBar)), paint: i.green}
}

func signedBits(weight int32) string { return fmt.Sprintf("%+.1f", float64(weight)/1000) }

// share writes a proportion so that rare ones can be told apart.
func share(p float64) string {
	switch {
	case p <= 0:
		return "0"
	case p >= 0.1:
		return fmt.Sprintf("%.1f %%", 100*p)
	case p >= 0.001:
		return fmt.Sprintf("%.2f %%", 100*p)
	}
	return "1 in " + number(int64(math.Round(1/p)))
}

func (a *app) writeTrained(n pipeline.NamedModel, d pipeline.ModelDiff, decisions bool, out string) {
	i := inkFor(a.out)
	fmt.Fprintf(a.out, "%s  proposed; nothing changes until it is adopted\n", i.bold("Model "+n.Model.ID))
	for _, p := range []linkage.Parameters{n.Model.Company.Parameters, n.Model.Person.Parameters} {
		fmt.Fprintf(a.out, "  %-10s %s\n", kindTitle[p.Kind], pipeline.RestsOn(linkage.FileSection{Origin: p.Origin, Expected: p.Expected, Records: p.Records}))
		l := p.Labelled
		switch {
		case l != nil:
			fmt.Fprintf(a.out, "  %-10s decisions: %d is, %d none, %d is not; blocking finds no such pair for %d\n", "", l.Is, l.None, l.IsNot, l.Unblocked)
		case decisions:
			fmt.Fprintf(a.out, "  %-10s no decision about a live record\n", "")
		}
	}
	if d.Same {
		fmt.Fprintln(a.out, "\nIt is the model in use, to the last digit: there is nothing to adopt.")
		return
	}
	a.writeNumbers(i, d, false)
	if out != "" {
		fmt.Fprintf(a.out, "\nWritten to %s\n", out)
	}
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Try next"))
	t := newTable(i, "", "")
	t.add(command()+a.flag()+" model diff", cell{text: "what would become of the answers", paint: i.dim})
	t.add(command()+a.flag()+" model adopt", cell{text: "the next run uses it", paint: i.dim})
	t.write(a.out)
}

func (a *app) writeModelDiff(d pipeline.ModelDiff, all bool) {
	i := inkFor(a.out)
	fmt.Fprintf(a.out, "%s  %s, %s\n", i.bold("Model "+d.A.ID), d.A.Name, d.A.Origin)
	fmt.Fprintf(a.out, "%s  %s, %s\n", i.bold("→     "+d.B.ID), d.B.Name, d.B.Origin)
	if d.Same {
		fmt.Fprintln(a.out, "\nThey are the same, to the last digit.")
		return
	}
	a.writeNumbers(i, d, all)
	if d.Run == "" {
		return
	}
	fmt.Fprintf(a.out, "\n%s\n", i.bold("What would become of run "+d.Run))
	t := newTable(i, "", ">live records", ">get a match", ">lose theirs", ">get another", ">win or lose it to another record")
	for _, m := range d.Answers {
		t.add(m.Object, number(m.Records), number(m.Won), number(m.Lost), number(m.Changed), number(m.Status))
	}
	t.write(a.out)
	fmt.Fprintln(a.out)
	writeChangeCounts(a.out, i, d.Changes)
	writeEffects(a.out, i, d.Effects)
}

// mostLevels are the levels that are shown without --all; quiet is a change, in thousandths of a bit, that no one notices.
const (
	mostLevels = 20
	quiet      = 50
)

func (a *app) writeNumbers(i ink, d pipeline.ModelDiff, all bool) {
	type row struct {
		kind string
		pipeline.LevelDiff
	}
	var rows []row
	still := 0
	for _, s := range d.Sections {
		fmt.Fprintf(a.out, "\n%s\n", i.bold(kindTitle[s.Kind]))
		t := newTable(i, "<56 ", ">before", ">after", ">bits")
		for _, n := range s.Numbers {
			moved := ""
			if n.Bits != 0 {
				moved = fmt.Sprintf("%+.2f", float64(n.Bits)/1000)
			}
			if all || n.A != n.B {
				t.add(n.Name, fmt.Sprintf("%.6g", n.A), fmt.Sprintf("%.6g", n.B), moved)
			}
		}
		if len(t.rows) == 0 {
			fmt.Fprintln(a.out, "  Shares, prior and threshold are the same.")
		} else {
			t.write(a.out)
		}
		for _, l := range s.Levels {
			moved := l.Moved()
			if !all && l.A != nil && l.B != nil && max(moved, -moved) < quiet {
				still++
				continue
			}
			rows = append(rows, row{s.Kind, l})
		}
	}
	slices.SortStableFunc(rows, func(x, y row) int {
		if all {
			return 0
		}
		return cmp.Compare(max(y.Moved(), -y.Moved()), max(x.Moved(), -x.Moved()))
	})
	fmt.Fprintf(a.out, "\n%s\n", i.bold("Weights"))
	if len(rows) == 0 {
		fmt.Fprintf(a.out, "  No weight moves by %.2f bits or more.\n", quiet/1000.0)
		return
	}
	t := newTable(i, "", "comparison", "<44 level", ">m before", ">after", ">u before", ">after", ">bits before", ">after", ">moved")
	more := 0
	for k, r := range rows {
		if !all && k >= mostLevels {
			more++
			continue
		}
		t.add(append([]any{kindTitle[r.kind], r.Comparison, r.Label}, levelCells(r.LevelDiff)...)...)
	}
	t.write(a.out)
	if more+still > 0 {
		fmt.Fprintf(a.out, "  %s\n", i.dim(fmt.Sprintf("%d more levels move by %.2f bits or more, %d by less; --all shows them", more, quiet/1000.0, still)))
	}
}

func levelCells(l pipeline.LevelDiff) []any {
	var m, u, w [2]string
	for k, n := range []*pipeline.LevelNumber{l.A, l.B} {
		if m[k], u[k], w[k] = "–", "–", "–"; n != nil {
			m[k], u[k], w[k] = share(n.M), share(n.U), signedBits(n.Weight)
		}
	}
	moved := "new"
	switch {
	case l.B == nil:
		moved = "gone"
	case l.A != nil:
		moved = fmt.Sprintf("%+.2f", float64(l.Moved())/1000)
	}
	return []any{m[0], m[1], u[0], u[1], w[0], w[1], moved}
}
