package report

import (
	"fmt"
	"strings"
)

// verdict is what a person in a hurry reads: one sentence, then what asks for attention.
type verdict struct {
	Tone     string // good, look or stopped
	Sentence string
	Asks     []string
}

func judge(d Data, passed int) verdict {
	v := verdict{Tone: "good"}
	var records, matched, dated, before int64
	for _, o := range d.Objects {
		records, matched = records+o.Records, matched+o.Matched
		if last, ok := lastRate(d.Earlier, o.Name); ok {
			dated, before = dated+last.Records, before+last.Matched
		}
	}
	head := "No record takes part in matching"
	if records > 0 {
		head = fmt.Sprintf("%s of %s CRM records are matched (%s)", number(matched), number(records), percent(matched, records))
	}
	against := ""
	switch {
	case d.Previous == "":
		against = "; this is the first publication, so there is nothing to compare it with"
	case records > 0 && dated > 0:
		moved, trend := compared(matched, records, Rate{Records: dated, Matched: before})
		head += ", " + moved
		if trend != "same" {
			head += " since the run before"
		}
	default:
		against = "; the run before noted no match rates to compare with"
	}
	failed, accepted := len(d.Checks)-passed, 0
	for _, c := range d.Checks {
		if c.Accepted {
			accepted++
		}
	}
	checked := fmt.Sprintf("all %d checks passed", passed)
	switch {
	case len(d.Checks) == 0:
		checked = "no check was made"
	case failed > 0 && failed == accepted:
		checked = fmt.Sprintf("%d of %d checks did not pass and %s accepted", failed, len(d.Checks), was(failed))
		v.ask("Accepted because: %s.", strings.TrimSuffix(d.Accepted, "."))
	case failed == 1 && len(d.Checks) == 1:
		checked = "the one check did not pass"
	case failed > 0:
		checked = fmt.Sprintf("%d of %d checks did not pass", failed, len(d.Checks))
	case len(d.Checks) == 1:
		checked = "the one check passed"
	case len(d.Checks) == 2:
		checked = "both checks passed"
	}
	v.Sentence = head + "; " + checked + against + "."
	if d.Status == "stopped" {
		v.Tone = "stopped"
		v.Sentence = fmt.Sprintf("Stopped before publication: %s; %s.", checked, stays(d.Previous))
		if d.Problem != "" {
			v.Asks = append(v.Asks, first(strings.TrimSuffix(d.Problem, "."))+".")
		}
	}
	for _, color := range []string{"red", "yellow"} {
		var names []string
		for _, o := range d.Objects {
			if o.Color == color {
				names = append(names, fmt.Sprintf("%s (%d%s%%)", strings.ToLower(plural(o.Name)), *o.RatePercent, nbsp))
			}
		}
		if len(names) > 0 {
			limit := d.Green
			if color == "red" {
				limit = d.Yellow
			}
			v.ask("%s: %s below the %s from which an object is %s. Low rates often come from the quality of the data.",
				first(color), first(listed(names))+" "+are(names), share(limit), map[string]string{"red": "yellow", "yellow": "green"}[color])
		}
	}
	if n := len(d.Notices); n > 0 {
		v.ask("%s below.", count(int64(n), "notice", "notices"))
	}
	return v
}

func (v *verdict) ask(format string, args ...any) {
	v.Asks = append(v.Asks, fmt.Sprintf(format, args...))
	if v.Tone == "good" {
		v.Tone = "look"
	}
}

func was(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func are(names []string) string {
	if len(names) == 1 {
		return "is"
	}
	return "are"
}

func stays(previous string) string {
	if previous == "" {
		return "nothing is published yet"
	}
	return "the publication of run " + previous + " stays"
}
