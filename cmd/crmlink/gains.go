package main

import (
	"fmt"
	"io"

	"github.com/crmlink/crmlink/pipeline"
)

// mostGains is how many fields show lists; the table field_gain has all.
const mostGains = 8

// writeGains prints what filling in or correcting a field would bring. It holds counts and no value of a record.
func writeGains(w io.Writer, i ink, gains []pipeline.FieldGain) {
	if len(gains) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s  %s\n", i.bold("What correct fields would bring"), i.dim("records without a match, scored anew with the directory's value"))
	t := newTable(i, "", "field", ">empty on", ">filled in: would match", ">corrected: would match", ">no second field needed")
	for n, g := range gains {
		if n == mostGains {
			t.add(cell{text: fmt.Sprintf("%d more in field_gain", len(gains)-n), paint: i.dim}, "", "", "", "", "")
			break
		}
		t.add(plural[g.Object], g.Field, number(g.Empty), number(g.FilledIn), number(g.Corrected), number(g.Alone))
	}
	t.write(w)
}
