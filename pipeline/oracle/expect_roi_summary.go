package oracle

import (
	"math/big"
	"strings"
)

// roiSummary adds the opportunities up.
func (e *expectation) roiSummary(deals []*roiDeal, zone string) {
	type group struct{ status, period, currency string }
	groups := map[group][]*roiDeal{}
	for _, d := range deals {
		g := group{d.status, d.period, d.money.currency}
		if g.currency == "" {
			g.currency = "none"
		}
		groups[g] = append(groups[g], d)
	}
	for g, of := range groups {
		var counts [4]int
		var native, corporate [4]*big.Rat
		for i := range native {
			native[i], corporate[i] = new(big.Rat), new(big.Rat)
		}
		withoutAmount, withoutCorporate := 0, 0
		for _, d := range of {
			for i, in := range []bool{true, d.influenced, d.sourced, d.influenced && d.sourced} {
				if !in {
					continue
				}
				counts[i]++
				if d.money.amount != nil {
					native[i].Add(native[i], d.money.amount)
				}
				if d.money.corporate != nil {
					corporate[i].Add(corporate[i], d.money.corporate)
				}
			}
			if d.money.amount == nil {
				withoutAmount++
			}
			if d.money.corporate == nil {
				withoutCorporate++
			}
		}
		values := []any{g.status, g.period, g.currency, "1", zone, e.settings.WonValueField, of[0].money.corporateCurrency,
			counts[0], counts[1], counts[2], counts[3]}
		for _, sums := range [][4]*big.Rat{native, corporate} {
			for _, sum := range sums {
				values = append(values, decimal(sum))
			}
		}
		e.add("roi_summary", append(values, withoutAmount, withoutCorporate)...)
	}
}

// decimal writes an amount without zeros at its end; nothing for none.
func decimal(r *big.Rat) string {
	if r == nil {
		return ""
	}
	text := strings.TrimRight(r.FloatString(10), "0")
	if text = strings.TrimSuffix(text, "."); text == "-0" {
		return "0"
	}
	return text
}
