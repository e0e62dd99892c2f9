package report

import (
	"cmp"
	"slices"
)

// causeBar is what one cause changed, over all tables and by table.
type causeBar struct {
	Cause                   string
	Added, Removed, Changed int64
	Total, Most             int64
	Tables                  []Change
}

func causeBars(changes []Change) []causeBar {
	var bars []causeBar
	for _, c := range changes {
		i := slices.IndexFunc(bars, func(b causeBar) bool { return b.Cause == c.Cause })
		if i < 0 {
			i, bars = len(bars), append(bars, causeBar{Cause: c.Cause})
		}
		b := &bars[i]
		b.Added, b.Removed, b.Changed = b.Added+c.Added, b.Removed+c.Removed, b.Changed+c.Changed
		b.Total += c.Added + c.Removed + c.Changed
		b.Tables = append(b.Tables, c)
	}
	slices.SortStableFunc(bars, func(x, y causeBar) int { return cmp.Or(cmp.Compare(y.Total, x.Total), cmp.Compare(x.Cause, y.Cause)) })
	for i := range bars {
		bars[i].Most = bars[0].Total
	}
	return bars
}

// effectBar is a line of the blast radius; Most is the longest bar's length.
type effectBar struct {
	Effect
	Most int64
}

func effectBars(effects []Effect) []effectBar {
	var bars []effectBar
	var most int64
	for _, e := range effects {
		bars = append(bars, effectBar{Effect: e})
		most = max(most, e.Gained, e.Lost)
	}
	for i := range bars {
		bars[i].Most = most
	}
	return bars
}

// Minus is what was lost, as a number below zero.
func (b effectBar) Minus() int64 { return -b.Lost }

// Net is what was gained less what was lost.
func (b effectBar) Net() int64 { return b.Gained - b.Lost }

// The bar grows from the middle: to the left what was lost, to the right what was gained.
func (b effectBar) half(n int64) float64 {
	if n <= 0 || b.Most <= 0 {
		return 0
	}
	return max(0.6, 50*float64(n)/float64(b.Most))
}

// GainedWidth is the length to the right of the middle.
func (b effectBar) GainedWidth() string { return place(b.half(b.Gained)) }

// LostWidth is the length to the left of the middle.
func (b effectBar) LostWidth() string { return place(b.half(b.Lost)) }

// LostFrom is where that part begins.
func (b effectBar) LostFrom() string { return place(50 - b.half(b.Lost)) }
