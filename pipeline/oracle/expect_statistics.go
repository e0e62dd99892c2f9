package oracle

import (
	"math/big"
)

// statistics fills sync_stats (D12 to D16, Z12, Z22).
func (e *expectation) statistics() {
	for _, object := range []string{"Account", "Contact", "Lead"} {
		count := map[string]int{}
		records, matched, decided, unmatched := 0, 0, 0, 0
		for _, r := range e.records {
			if r.object != object {
				continue
			}
			count[r.status]++
			if r.standing != "live" {
				continue
			}
			records++
			if r.status == "matched" || r.status == "decided" && r.entity != "" {
				matched++
			}
			if r.said.verdict != "" {
				decided++
			}
			if r.entity == "" {
				unmatched++
			}
		}
		var percent, colour, saved, suggested any
		if records > 0 {
			percent = (200*matched + records) / (2 * records) // half up
			colour = e.colour(big.NewRat(int64(matched), int64(records)))
		}
		if object == "Lead" {
			suggested = e.suggestedLeads()
		} else {
			saved = e.savedRecords(object)
		}
		e.add("sync_stats", object, records, matched, percent, colour, count["duplicate"], decided, unmatched, saved, suggested,
			count["person_account"], count["converted"], count["merged"], count["deleted"])
	}
}

// colour goes by the exact rate, not by the rounded one.
func (e *expectation) colour(rate *big.Rat) string {
	for _, limit := range []struct{ from, colour string }{{e.settings.Green, "green"}, {e.settings.Yellow, "yellow"}} {
		if from, ok := new(big.Rat).SetString(limit.from); ok && rate.Cmp(from) >= 0 {
			return limit.colour
		}
	}
	return "red"
}

// savedRecords counts distinct records on at least one seat's list.
func (e *expectation) savedRecords(object string) int {
	ids := map[string]bool{}
	for at, row := range e.list {
		if at.object == object && e.counts(row) {
			ids[at.id] = true
		}
	}
	return len(ids)
}

func (e *expectation) suggestedLeads() int {
	n := 0
	for _, r := range e.records {
		if len(e.suggestedTo(r)) > 0 {
			n++
		}
	}
	return n
}
