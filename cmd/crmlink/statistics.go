package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/crmlink/crmlink/pipeline"
)

// plural is what an object's records are called in the administrator's table.
var plural = map[string]string{"Account": "Accounts", "Contact": "Contacts", "Lead": "Leads"}

// writeStatistics prints the administrator's table (D14 to D16, Z22): one column per object. The word of the colour
// always stands there, because a terminal may have none and eyes may not see it.
func writeStatistics(w io.Writer, i ink, stats []pipeline.ObjectStats) {
	heads := []string{""}
	for _, s := range stats {
		heads = append(heads, ">"+plural[s.Object])
	}
	t := newTable(i, heads...)
	row := func(label string, value func(pipeline.ObjectStats) cell) {
		cells := []any{label}
		for _, s := range stats {
			cells = append(cells, value(s))
		}
		t.add(cells...)
	}
	number := func(n int64) cell { return cell{text: number(n)} }
	optional := func(n *int64) cell {
		if n == nil {
			return cell{text: "–", paint: i.dim}
		}
		return number(*n)
	}
	row("Matched", func(s pipeline.ObjectStats) cell { return number(s.Matched) })
	row("", func(s pipeline.ObjectStats) cell {
		if s.RatePercent == nil {
			return cell{text: "no records", paint: i.dim}
		}
		return cell{text: fmt.Sprintf("%d %% %s", *s.RatePercent, s.Color), paint: func(text string) string { return i.named(s.Color, text) }}
	})
	if slices.ContainsFunc(stats, func(s pipeline.ObjectStats) bool { return s.Sure > 0 }) {
		row("of these sure", func(s pipeline.ObjectStats) cell { return number(s.Sure) })
	}
	row("Added to record owners' Saved lists", func(s pipeline.ObjectStats) cell { return optional(s.Saved) })
	row("Added to record owners' Suggested lists", func(s pipeline.ObjectStats) cell { return optional(s.Suggested) })
	t.rule()
	row("Records", func(s pipeline.ObjectStats) cell { return number(s.Records) })
	row("Duplicates of a matched record", func(s pipeline.ObjectStats) cell { return number(s.Duplicates) })
	row("Without a match", func(s pipeline.ObjectStats) cell { return number(s.Unmatched) })
	row("Decided by a person", func(s pipeline.ObjectStats) cell { return number(s.Decided) })
	for _, left := range []struct {
		label string
		n     func(pipeline.ObjectStats) int64
	}{
		{"Left out: Person Accounts", func(s pipeline.ObjectStats) int64 { return s.PersonAccounts }},
		{"Left out: converted", func(s pipeline.ObjectStats) int64 { return s.Converted }},
		{"Left out: merged", func(s pipeline.ObjectStats) int64 { return s.Merged }},
		{"Left out: deleted", func(s pipeline.ObjectStats) int64 { return s.Deleted }},
	} {
		if slices.ContainsFunc(stats, func(s pipeline.ObjectStats) bool { return left.n(s) > 0 }) {
			row(left.label, func(s pipeline.ObjectStats) cell { return number(left.n(s)) })
		}
	}
	t.write(w)
}

// writeNotices prints what a run found worth saying, wrapped.
func writeNotices(w io.Writer, i ink, notices []string) {
	if len(notices) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", i.bold("Notices"))
	for _, n := range notices {
		fmt.Fprint(w, wrapped("  · ", n, 100))
	}
}

// wrapped breaks a text at blanks; further lines are indented as far as the first one's mark.
func wrapped(mark, text string, most int) string {
	var b strings.Builder
	at := columns(mark)
	b.WriteString(mark)
	for n, word := range strings.Fields(plain(text)) {
		if n > 0 && at+1+columns(word) > most {
			b.WriteString("\n" + strings.Repeat(" ", columns(mark)))
			at = columns(mark)
		} else if n > 0 {
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += columns(word)
	}
	b.WriteByte('\n')
	return b.String()
}
