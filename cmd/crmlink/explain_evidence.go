package main

import (
	"strings"

	"github.com/crmlink/crmlink/pipeline"
)

// waterfall shows how the weight comes about: what each comparison saw on both sides, and what it adds.
func (e *explainer) waterfall(title string, c pipeline.Considered) {
	e.title(title)
	bar := 18
	if e.width < 110 {
		bar = 10 // the other columns give way, too
	}
	heads := []string{"", "<42 ", "<34 CRM", "<34 directory", ">bits"}
	if bar > 0 {
		heads = append(heads, "")
	}
	t := newTable(e.ink, heads...)
	t.fit = e.width
	scale := newScale(c, bar)
	var sum int64
	var silent []string
	for _, v := range c.Evidence {
		bits := v.Total()
		if v.Level == 0 && bits == 0 {
			silent = append(silent, v.Comparison)
			continue
		}
		step := func(bits int64, cells ...any) {
			cells = append(cells, cell{text: signed(bits), paint: e.bySign(bits)})
			if bar > 0 {
				cells = append(cells, cell{text: scale.bar(sum, sum+bits), paint: e.bySign(bits), drawn: true})
			}
			t.add(cells...)
			sum += bits
		}
		step(v.Weight, words(v.Comparison), v.Label, v.CRM, v.Directory)
		if v.Frequency != 0 {
			step(v.Frequency, "", cell{text: pipeline.RarityText(v.Frequency), paint: e.ink.dim}, "", "")
		}
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

// runnerUp sets the next best candidate beside the first: only where the two differ.
func (e *explainer) runnerUp(first, next pipeline.Considered) {
	e.title("Why not the next one: " + next.EntityID + "  " + naming(next.Name, next.About))
	t := newTable(e.ink, "", "<34 "+line(first.EntityID), "<34 "+line(next.EntityID), ">bits", ">bits", ">difference")
	t.fit = e.width
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
		for _, bits := range []int64{v.Weight, v.Frequency} {
			sum += bits
			s.low, s.high = min(s.low, sum), max(s.high, sum)
		}
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
	return strings.TrimRight(string(marks), " ")
}
