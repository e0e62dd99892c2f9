package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crmlink/crmlink/pipeline"
)

func (a *app) explainVerb() *cobra.Command {
	var asJSON bool
	var seat, run string
	cmd := &cobra.Command{
		Use:   "explain CRM_ID",
		Short: "Says why a record is matched as it is, or not, and why it is on a seat's list, or not",
		Long: "Says why an Account, Contact or Lead is the entity it is, why not the next best one, or why it has none. CRM_ID is the\n" +
			"record's Id with 15 or 18 characters. Weights are in bits: each bit doubles the odds.",
		Example: "  crmlink explain 0035g00000XyZabAAB\n  crmlink explain 0035g00000XyZabAAB --seat s-17",
		Args:    takes(1, 1, "CRM_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.published(cmd.Context(), run)
			if err != nil {
				return err
			}
			defer p.Close()
			x, err := p.Explain(cmd.Context(), args[0], seat)
			if err != nil {
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
	chosen, next := x.Chosen()
	e.head(x, chosen)
	switch {
	case chosen != nil:
		e.waterfall("Why this match", *chosen)
		if next != nil {
			e.runnerUp(*chosen, *next)
		}
	case next != nil && x.None != nil:
		e.waterfall("The best rejected candidate: "+next.EntityID+"  "+naming(next.Name, next.About), *next)
		if second := after(x, next); second != nil {
			e.runnerUp(*next, *second)
		}
	case next != nil:
		e.waterfall("The best candidate by weight: "+next.EntityID+"  "+naming(next.Name, next.About), *next)
	}
	e.decisions(x)
	if x.Seat != nil {
		e.seat(*x.Seat)
	}
	fmt.Fprint(a.out, e.w.String())
}

func after(x pipeline.Explanation, c *pipeline.Considered) *pipeline.Considered {
	for i := range x.Candidates {
		if x.Candidates[i].Rank > c.Rank {
			return &x.Candidates[i]
		}
	}
	return nil
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
func (e *explainer) head(x pipeline.Explanation, chosen *pipeline.Considered) {
	label := max(len(x.Object), len("directory"))
	ids := max(len(x.CRMID), len(x.EntityID))
	about := ""
	if chosen != nil {
		about = chosen.About
	}
	fmt.Fprintf(e.w, "%s  %s  %s\n", e.ink.dim(padded(x.Object, label)), e.ink.bold(padded(x.CRMID, ids)), naming(x.Name, x.About))
	if x.EntityID != "" {
		fmt.Fprintf(e.w, "%s  %s  %s\n", e.ink.dim(padded(x.EntityKind, label)), e.ink.bold(padded(x.EntityID, ids)), naming(x.EntityName, about))
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
		if n.NextStep != "" {
			fmt.Fprintf(e.w, "%s %s\n", e.ink.bold("Next step:"), line(n.NextStep))
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

// waterfall shows how the weight comes about: what each comparison saw on both sides, and what it adds.
func (e *explainer) waterfall(title string, c pipeline.Considered) {
	e.title(title)
	value := max(14, min(34, (e.width-88)/2))
	bar := 0
	if e.width >= 100 {
		bar = 18
	}
	heads := []string{"", "<42 ", fmt.Sprintf("<%d CRM", value), fmt.Sprintf("<%d directory", value), ">bits"}
	if bar > 0 {
		heads = append(heads, "")
	}
	t := newTable(e.ink, heads...)
	scale := newScale(c, bar)
	var sum int64
	var silent []string
	for _, v := range c.Evidence {
		bits := v.Total()
		if v.Level == 0 && bits == 0 {
			silent = append(silent, v.Comparison)
			continue
		}
		cells := []any{words(v.Comparison), frequent(v), v.CRM, v.Directory, cell{text: signed(bits), paint: e.bySign(bits)}}
		if bar > 0 {
			cells = append(cells, cell{text: scale.bar(sum, sum+bits), paint: e.bySign(bits)})
		}
		t.add(cells...)
		sum += bits
	}
	t.rule()
	total := []any{cell{text: "weight", paint: e.ink.bold}, "", "", "", cell{text: signed(c.Weight), paint: e.ink.bold}}
	odds := []any{"probability", cell{text: "among all candidates", paint: e.ink.dim}, "", "", chance(c.Prob)}
	if bar > 0 {
		total, odds = append(total, ""), append(odds, "")
	}
	t.add(total...)
	t.add(odds...)
	t.write(e.w)
	var notes []string
	if len(silent) > 0 {
		notes = append(notes, "nothing to compare: "+words(strings.Join(silent, ", ")))
	}
	if c.Rule != "" {
		notes = append(notes, "found by: "+words(c.Rule))
	}
	if len(notes) > 0 {
		e.w.WriteString(e.ink.dim(strings.TrimSuffix(wrapped("  ", strings.Join(notes, " · "), min(e.width, 110)), "\n")) + "\n")
	}
}

// frequent says what a level means, and whether the value is rarer or more common than most on that level.
func frequent(v pipeline.Evidence) string {
	switch {
	case v.Frequency > 0:
		return v.Label + ", a rare one"
	case v.Frequency < 0:
		return v.Label + ", a common one"
	}
	return v.Label
}

// runnerUp sets the next best candidate beside the first: only where the two differ.
func (e *explainer) runnerUp(first, next pipeline.Considered) {
	e.title("Why not the next one: " + next.EntityID + "  " + naming(next.Name, next.About))
	value := max(16, min(34, (e.width-56)/2))
	t := newTable(e.ink, "", fmt.Sprintf("<%d %s", value, first.EntityID), fmt.Sprintf("<%d %s", value, next.EntityID), ">bits", ">bits", ">difference")
	equal := 0
	for _, pair := range paired(first, next) {
		a, b := pair[0], pair[1]
		if a.Total() == b.Total() {
			equal++
			continue
		}
		d := a.Total() - b.Total()
		t.add(words(a.Comparison), shown(a), shown(b), signed(a.Total()), signed(b.Total()),
			cell{text: signed(d), paint: e.bySign(d)})
	}
	if equal > 0 {
		t.add(cell{text: "all else", paint: e.ink.dim}, cell{text: "equal", paint: e.ink.dim}, cell{text: "equal", paint: e.ink.dim}, "", "", "")
	}
	t.rule()
	t.add(cell{text: "weight", paint: e.ink.bold}, "", "", signed(first.Weight), signed(next.Weight), signed(first.Weight-next.Weight))
	t.add("probability", "", "", chance(first.Prob), chance(next.Prob), "")
	t.write(e.w)
}

// shown is a directory value, or what stands for none.
func shown(v pipeline.Evidence) string {
	if v.Directory == "" {
		if v.Label != "" {
			return "(" + v.Label + ")"
		}
		return "–"
	}
	return v.Directory
}

// paired puts the evidence of two candidates side by side, by comparison.
func paired(a, b pipeline.Considered) [][2]pipeline.Evidence {
	var pairs [][2]pipeline.Evidence
	at := map[string]int{}
	for _, v := range a.Evidence {
		at[v.Comparison] = len(pairs)
		pairs = append(pairs, [2]pipeline.Evidence{v, {}})
	}
	for _, v := range b.Evidence {
		if i, ok := at[v.Comparison]; ok {
			pairs[i][1] = v
		} else {
			pairs = append(pairs, [2]pipeline.Evidence{{Comparison: v.Comparison}, v})
		}
	}
	return pairs
}

// chance writes a probability; what is not certain is not rounded to certainty.
func chance(p float64) string { return pipeline.Probability(p) }

func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// signed writes a weight with its sign, in bits.
func signed(thousandths int64) string {
	if thousandths < 0 {
		return "−" + pipeline.Bits(-thousandths)
	}
	return "+" + pipeline.Bits(thousandths)
}

func (e *explainer) bySign(bits int64) func(string) string {
	switch {
	case bits > 0:
		return e.ink.green
	case bits < 0:
		return e.ink.red
	}
	return nil
}

// scale places running sums on a bar of some columns.
type scale struct{ low, high, size int64 }

func newScale(c pipeline.Considered, size int) scale {
	s := scale{size: int64(size)}
	var sum int64
	for _, v := range c.Evidence {
		sum += v.Total()
		s.low, s.high = min(s.low, sum), max(s.high, sum)
	}
	return s
}

// bar fills the way from one sum to the next; the axis | is zero.
func (s scale) bar(from, to int64) string {
	if s.high == s.low || s.size == 0 {
		return ""
	}
	at := func(v int64) int { return int((v - s.low) * (s.size - 1) / (s.high - s.low)) }
	a, b := at(min(from, to)), at(max(from, to))
	marks := make([]rune, s.size)
	for i := range marks {
		marks[i] = ' '
	}
	marks[at(0)] = '│'
	for i := a; i <= b; i++ {
		if from != to {
			marks[i] = '█'
		}
	}
	// A table squeezes blanks; the bar keeps its own.
	return strings.ReplaceAll(strings.TrimRight(string(marks), " "), " ", "\u00a0")
}

func (e *explainer) decisions(x pipeline.Explanation) {
	if len(x.Decisions) == 0 {
		return
	}
	e.title("Decisions")
	t := newTable(e.ink, ">seq", "verdict", "entity", "by", "at", "<50 note", "")
	for _, d := range x.Decisions {
		at, made := "", ""
		if d.At != nil {
			at = clock(*d.At)
		}
		if d.Counts {
			made = "made this answer"
			if d.EntityID != "" && d.EntityID != x.EntityID && x.EntityID != "" {
				made += ": it is " + x.EntityID + " now"
			}
		}
		t.add(number(d.Seq), d.Verdict, d.EntityID, d.By, at, d.Note, cell{text: made, paint: e.ink.green})
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
