package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/crmlink/crmlink/pipeline"
)

// writeROI prints what a run found seats' touches to be worth, where the administrator wants that.
func writeROI(w io.Writer, i ink, roi *pipeline.ROISummary) {
	if roi == nil {
		return
	}
	fmt.Fprintf(w, "\n%s", i.bold("ROI"))
	if len(roi.Statuses) == 0 {
		fmt.Fprintln(w, "  no opportunities")
		return
	}
	field := roi.AmountField
	if currency := roi.Statuses[0].Currency; currency != "" {
		field += " in " + currency
	}
	fmt.Fprintf(w, "  definition %s · %s · days of %s\n", roi.DefinitionVersion, line(field), roi.TimeZone)
	t := newTable(i, "opportunities", ">all", ">influenced", ">sourced", ">both", ">amount", ">of influenced", ">of sourced")
	var without int64
	for _, l := range roi.Statuses {
		t.add(l.Status, number(l.Opportunities), number(l.Influenced), number(l.Sourced), number(l.Both), amount(l.Amount),
			amount(l.InfluencedAmount), amount(l.SourcedAmount))
		without += l.WithoutAmount
	}
	t.write(w)
	if without > 0 {
		fmt.Fprintf(w, "  %s\n", i.dim("without an amount in this currency, and not in the sums: "+count(without, "opportunity", "opportunities")))
	}
	fmt.Fprintf(w, "  %s\n", i.dim("Influenced and sourced overlap: never add them."))
}

// amount groups the digits of an exact decimal: 1234567.50 as 1,234,567.50.
func amount(decimal string) string {
	whole, fraction, _ := strings.Cut(decimal, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n == 0 { // more digits than fit, or -0.50
		return decimal
	}
	return number(n) + "." + fraction
}
