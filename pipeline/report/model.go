package report

import (
	"fmt"
	"math"
	"strings"
)

// ModelKind is what decides about one kind of records, and how well it fits them.
type ModelKind struct {
	Name        string // Companies or People
	Estimate    string // what the numbers rest on, a sentence
	Match       float64
	Directory   int64
	Prior       float64 // bits
	Comparisons []Comparison
	// Drift holds the share of matches and the size of the directory against the model; those of comparisons stand there.
	Drift []Drift
}

// Comparison is one piece of evidence: its patterns of fields, with their levels.
type Comparison struct {
	Name   string
	Groups []Pattern
	Drift  *Drift // nil where none was measured
}

// Pattern is a circumstance under which levels are compared with one another.
type Pattern struct {
	When   string // an expression of the model
	Levels []Level
}

// Level is an outcome of a comparison. M and U are shares among pairs that are the same and among others.
type Level struct {
	Label    string
	M, U     float64
	Bits     float64 // its weight
	Adjusted bool    // by how common the value is
	Neutral  bool    // it weighs nothing
}

// Drift is how far numbers of the model are from the data, in bits, beyond what chance explains.
type Drift struct {
	Name      string
	Bits      float64
	Drifted   bool
	What      string // which number: m, u
	Level     string
	Then, Now float64
}

// modelCard is a kind as the page shows it.
type modelCard struct {
	ModelKind
	ID          string
	Height      string
	Ranges      []rangeRow
	Ticks       []mark
	Zero        string
	Low, High   float64
	Description string
	Fits        []fitRow
	Off         int // how many of them have drifted
	Levels      []levelChart
}

// rangeRow is what a comparison can take away and add.
type rangeRow struct {
	Name, Y, TextY   string
	Against, For     part
	AgainstTo, ForTo string
	AgainstAt, ForAt string
	Drifted          bool
}

// fitRow is a number that is off.
type fitRow struct {
	Drift
	Where, Said, Width, Off string
}

// levelChart draws m and u of each level of one comparison: two points on a logarithmic axis, and their distance is the
// weight.
type levelChart struct {
	ID, Name, Height, AxisY, GridTo string
	Description                     string
	Open                            bool
	Ticks                           []mark
	Rows                            []levelRow
	// One path for all lines of a kind and for all points: a zero-length stroke with round ends is a point.
	For, Against, Same, Other string
}

type levelRow struct {
	When               string // begins a pattern; then the rest is empty
	Label, Bits, Title string
	Y                  string
}

// Sizes of the drawings.
const (
	rangeLeft   = 92.0
	rangeRight  = 16.0
	rangeRow1   = 24.0
	rangeHeight = 22.0
	levelLeft   = 10.0
	levelRight  = 10.0
	levelHeight = 31.0
	leastShare  = 1e-6 // left end of the axis of shares
)

func modelCards(d Data) []modelCard {
	var all []modelCard
	for i, k := range d.Kinds {
		c := modelCard{ModelKind: k, ID: fmt.Sprintf("model%d", i)}
		c.drawRanges()
		c.listDrift()
		for j, comparison := range k.Comparisons {
			c.Levels = append(c.Levels, drawLevels(fmt.Sprintf("model%dlevel%d", i, j), comparison))
		}
		all = append(all, c)
	}
	return all
}

// reach is the least and the greatest weight of a comparison's levels; 0, no value to compare, always is one.
func (c Comparison) reach() (low, high float64) {
	for _, g := range c.Groups {
		for _, l := range g.Levels {
			low, high = min(low, l.Bits), max(high, l.Bits)
		}
	}
	return low, high
}

func (c *modelCard) drawRanges() {
	for _, k := range c.Comparisons {
		low, high := k.reach()
		c.Low, c.High = min(c.Low, low), max(c.High, high)
	}
	c.Low, c.High = c.Low-3, c.High+3 // room for the numbers at the ends
	wide := chartWidth - rangeLeft - rangeRight
	x := func(bits float64) float64 { return rangeLeft + wide*(bits-c.Low)/(c.High-c.Low) }
	for i, k := range c.Comparisons {
		low, high := k.reach()
		y := rangeRow1 + rangeHeight*float64(i)
		c.Ranges = append(c.Ranges, rangeRow{Name: k.Name, Y: place(y), TextY: place(y + 10), Drifted: k.Drift != nil && k.Drift.Drifted,
			Against: part{X: place(x(low)), Width: place(x(0) - x(low)), Y: place(y), Height: "13"}, For: part{X: place(x(0)), Width: place(x(high) - x(0)), Y: place(y), Height: "13"},
			AgainstAt: place(x(low) - 3), ForAt: place(x(high) + 3), AgainstTo: bitsText(low), ForTo: bitsText(high)})
	}
	c.Zero = place(x(0))
	c.Height = place(rangeRow1 + rangeHeight*float64(len(c.Comparisons)) + 4)
	c.Description = fmt.Sprintf("What each of %s can take away from a match and add to it, in bits.", count(int64(len(c.Comparisons)), "comparison", "comparisons"))
}

// bitsText is a weight as people read it: +10, −5, 0.
func bitsText(bits float64) string {
	text := strings.Replace(fmt.Sprintf("%+.1f", bits), "-", "−", 1)
	if whole := strings.TrimSuffix(text, ".0"); whole != text {
		text = whole
	}
	if text == "+0" || text == "−0" {
		return "0"
	}
	return text
}

// listDrift takes what is off at all, and says of what has drifted where.
func (c *modelCard) listDrift() {
	var all []Drift
	for _, d := range c.Drift {
		if d.Bits > 0 {
			all = append(all, d)
		}
	}
	for _, k := range c.Comparisons {
		if k.Drift != nil && k.Drift.Bits > 0 {
			all = append(all, *k.Drift)
		}
	}
	most := 1.0
	for _, d := range all {
		most = max(most, d.Bits)
	}
	for _, d := range all {
		f := fitRow{Drift: d, Where: first(d.Name), Off: fmt.Sprintf("%.2f bits off", d.Bits), Width: width(int64(1000*d.Bits), int64(1000*most))}
		switch {
		case d.Level == "" && d.Then > 1:
			f.Said = fmt.Sprintf("%s then, %s now", number(int64(d.Then)), number(int64(d.Now)))
		case d.Level == "":
			f.Said = fmt.Sprintf("%s then, %s now", chanceText(d.Then), chanceText(d.Now))
		default:
			among := "records that are the same"
			if d.What == "u" {
				among = "other pairs"
			}
			f.Said = fmt.Sprintf("most of all “%s”: %s of %s by the model, %s in the data", d.Level, chanceText(d.Then), among, chanceText(d.Now))
		}
		if d.Drifted {
			c.Off++
		}
		c.Fits = append(c.Fits, f)
	}
}

// chanceText writes a share so that rare ones can be told apart.
func chanceText(p float64) string {
	switch {
	case p <= 0:
		return "none"
	case p >= 0.001:
		return place(100*p) + nbsp + "%"
	}
	return "1 in " + number(int64(math.Round(1/p)))
}

func drawLevels(id string, c Comparison) levelChart {
	chart := levelChart{ID: id, Name: c.Name, Open: c.Drift != nil && c.Drift.Drifted}
	x := func(share float64) float64 {
		share = math.Max(leastShare, math.Min(1, share))
		return levelLeft + (chartWidth-levelLeft-levelRight)*(1-math.Log10(share)/math.Log10(leastShare))
	}
	for _, t := range []struct {
		share float64
		text  string
	}{{1e-6, "1 in 1M"}, {1e-4, "1 in 10k"}, {1e-2, "1 %"}, {1, "100 %"}} {
		m := mark{X: place(x(t.share)), Text: t.text, Anchor: "middle"}
		if t.share == 1 {
			m.Anchor = "end"
		} else if t.share == leastShare {
			m.Anchor = "start"
		}
		chart.Ticks = append(chart.Ticks, m)
	}
	y, levels := 6.0, 0
	for _, g := range c.Groups {
		if len(c.Groups) > 1 {
			y += 16
			chart.Rows = append(chart.Rows, levelRow{When: shortened(g.When, 52), Title: g.When, Y: place(y)})
			y += 4
		}
		for _, l := range g.Levels {
			r := levelRow{Label: shortened(l.Label, 46), Bits: bitsText(l.Bits), Y: place(y + 13)}
			switch {
			case l.Neutral:
				r.Bits, r.Title = "none", "another comparison holds the evidence"
			default:
				m, u, at := place(x(l.M)), place(x(l.U)), place(y+21)
				line := "M" + u + " " + at + "L" + m + " " + at
				if l.Bits < 0 {
					chart.Against += line
				} else {
					chart.For += line
				}
				chart.Same, chart.Other = chart.Same+"M"+m+" "+at+"L"+m+" "+at, chart.Other+"M"+u+" "+at+"L"+u+" "+at
				r.Title = fmt.Sprintf("%s of the same, %s of others", chanceText(l.M), chanceText(l.U))
				if r.Label != l.Label {
					r.Title = l.Label + ": " + r.Title
				}
			}
			if l.Adjusted {
				r.Bits = "about " + r.Bits
			}
			chart.Rows = append(chart.Rows, r)
			levels++
			y += levelHeight
		}
	}
	chart.GridTo = place(y)
	chart.AxisY = place(y + 13)
	chart.Height = place(y + 18)
	chart.Description = fmt.Sprintf("%s. For each its share among records that are the same and among other pairs, on a logarithmic axis.", count(int64(levels), "outcome", "outcomes"))
	return chart
}

// shortened cuts a text that a drawing has no room for.
func shortened(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return strings.TrimRight(string(r[:most-1]), " ") + "…"
}
