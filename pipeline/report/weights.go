package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// histogram draws how an object's records are spread over the weight of their best entity.
type histogram struct {
	ID, Object  string
	Description string
	Ticks       []mark // of the records, on the left
	Bits        []mark // below
	Bars        []bar
	Threshold   *mark
	Rows        []binRow
	Without     int64 // records that have no candidate at all, so no weight
}

// bar is one stack; its parts are drawn from the axis upwards.
type bar struct {
	Title string
	Parts []part
}

type part struct{ X, Y, Width, Height, Class string }

// binRow is a stack in the table beside the chart.
type binRow struct {
	From, To                       int64
	Matched, Duplicates, Unmatched int64
}

func (r binRow) total() int64 { return r.Matched + r.Duplicates + r.Unmatched }

// mostBins is how many stacks a chart has room for.
const mostBins = 32

func histograms(d Data) []histogram {
	if len(d.Weights) == 0 {
		return nil
	}
	lowest := slices.MinFunc(d.Weights, func(a, b Weight) int { return cmp.Compare(a.Bits, b.Bits) }).Bits
	highest := slices.MaxFunc(d.Weights, func(a, b Weight) int { return cmp.Compare(a.Bits, b.Bits) }).Bits
	wide := int64(1)
	for floorTo(highest, wide)/wide-floorTo(lowest, wide)/wide+1 > mostBins {
		wide *= 2
	}
	low, high := floorTo(lowest, wide), floorTo(highest, wide)+wide
	var all []histogram
	for i, o := range d.Objects {
		all = append(all, drawWeights(fmt.Sprintf("weight%d", i), o, d, low, high, wide))
	}
	return all
}

// floorTo is the multiple of step at or below n.
func floorTo(n, step int64) int64 { return n - ((n%step)+step)%step }

func drawWeights(id string, o Object, d Data, low, high, wide int64) histogram {
	h := histogram{ID: id, Object: o.Name, Without: o.Records}
	rows := make([]binRow, (high-low)/wide)
	for i := range rows {
		rows[i].From, rows[i].To = low+int64(i)*wide, low+int64(i+1)*wide
	}
	var tallest int64
	for _, w := range d.Weights {
		if w.Object != o.Name {
			continue
		}
		r := &rows[(w.Bits-low)/wide]
		switch w.Status {
		case "matched":
			r.Matched += w.Records
		case "duplicate":
			r.Duplicates += w.Records
		default:
			r.Unmatched += w.Records
		}
		tallest = max(tallest, r.total())
		h.Without -= w.Records
	}
	if tallest == 0 {
		return h
	}
	plotWidth, plotHeight := chartWidth-chartLeft-chartRight, chartHeight-chartTop-chartBottom
	x := func(bits float64) float64 { return chartLeft + plotWidth*(bits-float64(low))/float64(high-low) }
	step := niceStep(float64(tallest), 4)
	top := step * math.Ceil(float64(tallest)/step)
	for v := 0.0; v <= top; v += step {
		h.Ticks = append(h.Ticks, mark{X: place(chartLeft - 6), Y: place(chartTop + plotHeight*(1-v/top)), Text: compact(v)})
	}
	span := niceStep(float64(high-low), 7)
	for v := span * math.Ceil(float64(low)/span); v <= float64(high); v += span {
		h.Bits = append(h.Bits, mark{X: place(x(v)), Text: number(int64(v))})
	}
	for _, r := range rows {
		if r.total() == 0 {
			continue
		}
		h.Rows = append(h.Rows, r)
		b := bar{Title: fmt.Sprintf("%s to %s bits: %s matched, %s, %s without a match", number(r.From), number(r.To), number(r.Matched),
			count(r.Duplicates, "duplicate", "duplicates"), number(r.Unmatched))}
		floor := chartTop + plotHeight
		for _, p := range []struct {
			records int64
			class   string
		}{{r.Matched, "matched"}, {r.Duplicates, "duplicate"}, {r.Unmatched, "unmatched"}} {
			if p.records == 0 {
				continue
			}
			height := max(1, plotHeight*float64(p.records)/top)
			floor -= height
			b.Parts = append(b.Parts, part{place(x(float64(r.From)) + 0.5), place(floor), place(plotWidth*float64(wide)/float64(high-low) - 1), place(height), p.class})
		}
		h.Bars = append(h.Bars, b)
	}
	if d.Threshold > 0 && d.Threshold < 1 {
		bits := math.Log2(d.Threshold / (1 - d.Threshold))
		if bits >= float64(low) && bits <= float64(high) {
			h.Threshold = &mark{X: place(x(bits)), Text: share(d.Threshold)}
		}
	}
	h.Description = fmt.Sprintf("Records by weight from %s to %s bits, in steps of %d. The tallest stack has %s.", number(low), number(high), wide,
		count(tallest, "record", "records"))
	return h
}

// niceStep is the distance of about so many marks: 1, 2 or 5 times a power of ten, and a whole number.
func niceStep(span, marks float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(span/marks)))
	for _, times := range []float64{1, 2, 5, 10} {
		if span/(times*power) <= marks {
			return max(1, times*power)
		}
	}
	return max(1, 10*power)
}

// compact writes an axis mark: 950, 1.2k, 3M.
func compact(v float64) string {
	for _, u := range []struct {
		of   float64
		unit string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= u.of {
			return place(v/u.of) + u.unit
		}
	}
	return fmt.Sprintf("%.0f", v)
}
