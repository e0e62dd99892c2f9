package report

import (
	"fmt"
	"math"
	"strings"
)

// The drawings are as wide as a phone, so that their text is as large as the page's everywhere.
const (
	chartWidth  = 320.0
	chartHeight = 180.0
	chartLeft   = 44.0
	chartRight  = 12.0
	chartTop    = 16.0
	chartBottom = 30.0
)

// rateChart draws an object's match rate over the runs.
type rateChart struct {
	ID, Object  string
	Description string
	Ticks       []mark
	Dates       []mark
	Limits      []mark
	Lines       []string // one path for each stretch without a gap
	Points      []mark
	Last        *mark
	None        string // why there is nothing to draw
}

// mark is something at a place of a drawing.
type mark struct {
	X, Y   string
	Text   string
	Anchor string
	Class  string
}

// runRow is a run in the table beside the charts.
type runRow struct {
	Past
	Current bool
	Cells   []string
}

// mostPoints are the runs up to which each is drawn as a point.
const mostPoints = 31

func rates(d Data) ([]rateChart, []runRow) {
	runs := append([]Past{}, d.Earlier...)
	now := Past{Run: d.Run, AsOf: d.AsOf}
	for _, o := range d.Objects {
		now.Rates = append(now.Rates, Rate{o.Name, o.Records, o.Matched})
	}
	runs = append(runs, now)
	var rows []runRow
	for i := len(runs) - 1; i >= 0; i-- {
		row := runRow{Past: runs[i], Current: i == len(runs)-1}
		for _, o := range d.Objects {
			row.Cells = append(row.Cells, rateText(runs[i], o.Name))
		}
		rows = append(rows, row)
	}
	if len(runs) == 1 {
		return nil, rows
	}
	low, high := rateRange(runs)
	var charts []rateChart
	for i, o := range d.Objects {
		charts = append(charts, drawRates(fmt.Sprintf("rate%d", i), o.Name, runs, low, high, d))
	}
	return charts, rows
}

// rateText is a rate in a table: empty where the run noted none.
func rateText(run Past, object string) string {
	for _, r := range run.Rates {
		if r.Object == object && r.Records > 0 {
			return percent(r.Matched, r.Records)
		}
	}
	return "–"
}

func rateOf(run Past, object string) (float64, bool) {
	for _, r := range run.Rates {
		if r.Object == object && r.Records > 0 {
			return 100 * float64(r.Matched) / float64(r.Records), true
		}
	}
	return 0, false
}

// rateRange is the part of the axis that all objects need, in tens, so that their charts can be compared.
func rateRange(runs []Past) (low, high float64) {
	low, high = 100, 0
	for _, run := range runs {
		for _, r := range run.Rates {
			if v, ok := rateOf(run, r.Object); ok {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if low > high {
		return 0, 100
	}
	low, high = max(0, 10*math.Floor((low-2)/10)), min(100, 10*math.Ceil((high+2)/10))
	for high-low < 20 {
		if high < 100 {
			high += 10
		} else {
			low -= 10
		}
	}
	return low, high
}

func drawRates(id, object string, runs []Past, low, high float64, d Data) rateChart {
	c := rateChart{ID: id, Object: object}
	plotWidth, plotHeight := chartWidth-chartLeft-chartRight, chartHeight-chartTop-chartBottom
	x := func(i int) float64 { return chartLeft + plotWidth*float64(i)/float64(len(runs)-1) }
	y := func(rate float64) float64 { return chartTop + plotHeight*(high-rate)/(high-low) }

	step := 10.0
	if high-low > 50 {
		step = 20
	}
	for v := low; v <= high; v += step {
		c.Ticks = append(c.Ticks, mark{X: place(chartLeft - 6), Y: place(y(v)), Text: fmt.Sprintf("%.0f%s%%", v, nbsp)})
	}
	c.Limits = limits(d, object, runs, low, high, x, y)
	c.Dates = dates(runs, x)

	var path []string
	var firstRate, lastRate float64
	seen := 0
	gap := true
	for i, run := range runs {
		v, ok := rateOf(run, object)
		if !ok {
			path, gap = flush(&c, path), true
			continue
		}
		if seen == 0 {
			firstRate = v
		}
		lastRate = v
		seen++
		command := "L"
		if gap {
			command = "M"
		}
		path, gap = append(path, command+place(x(i))+" "+place(y(v))), false
		alone := len(path) == 1
		if alone && i+1 < len(runs) {
			_, next := rateOf(runs[i+1], object)
			alone = !next
		}
		if len(runs) <= mostPoints || i == len(runs)-1 || alone {
			c.Points = append(c.Points, mark{X: place(x(i)), Y: place(y(v)), Text: fmt.Sprintf("%s: %s", run.AsOf.UTC().Format("2006-01-02 15:04"), rateText(run, object))})
		}
		if i == len(runs)-1 {
			above := y(v) - 9
			if above < chartTop+4 {
				above = y(v) + 17
			}
			c.Last = &mark{X: place(x(i)), Y: place(above), Text: rateText(run, object)}
		}
	}
	flush(&c, path)
	if seen == 0 {
		c.None = "No records in any of these runs."
		return c
	}
	c.Description = fmt.Sprintf("%s with a match rate among %d, %s to %s. From %.0f %% to %.0f %%.", countRuns(seen), len(runs),
		runs[0].AsOf.UTC().Format("2006-01-02"), runs[len(runs)-1].AsOf.UTC().Format("2006-01-02"), firstRate, lastRate)
	return c
}

func countRuns(n int) string { return count(int64(n), "run", "runs") }

// limits are the rates from which an object is green and yellow. Each has its words where the line leaves room for
// them, on the left or on the right; the note below the charts has them always.
func limits(d Data, object string, runs []Past, low, high float64, x func(int) float64, y func(float64) float64) []mark {
	const long, tall = 96.0, 16.0
	var all []mark
	for _, l := range []struct {
		from float64
		name string
	}{{d.Green, "green"}, {d.Yellow, "yellow"}} {
		if v := 100 * l.from; v < low || v > high {
			continue
		}
		at := y(100 * l.from)
		left, right := true, true
		for i, run := range runs {
			rate, ok := rateOf(run, object)
			below := 3.0
			if i == len(runs)-1 {
				below = tall + 6 // its value stands above it
			}
			if !ok || y(rate) > at+below || y(rate) < at-tall {
				continue
			}
			left = left && x(i) > chartLeft+long
			right = right && x(i) < chartWidth-chartRight-long
		}
		m := mark{Y: place(at), Class: l.name}
		switch {
		case left:
			m.X, m.Anchor, m.Text = place(chartLeft+4), "start", l.name+" from "+share(l.from)
		case right:
			m.X, m.Anchor, m.Text = place(chartWidth-chartRight), "end", l.name+" from "+share(l.from)
		}
		all = append(all, m)
	}
	return all
}

// flush ends a stretch of the line; a stretch of one run is a point and no line.
func flush(c *rateChart, path []string) []string {
	if len(path) > 1 {
		c.Lines = append(c.Lines, strings.Join(path, ""))
	}
	return nil
}

// dates labels the first and the last run, and one in the middle where there is room.
func dates(runs []Past, x func(int) float64) []mark {
	last := len(runs) - 1
	at := func(i int, anchor string) mark {
		return mark{X: place(x(i)), Text: runs[i].AsOf.UTC().Format("2006-01-02"), Anchor: anchor}
	}
	marks := []mark{at(0, "start")}
	if last >= 4 {
		marks = append(marks, at(last/2, "middle"))
	}
	return append(marks, at(last, "end"))
}
