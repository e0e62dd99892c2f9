package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// page is Data as the templates want it: sorted, summed and drawn.
type page struct {
	Data
	Verdict    verdict
	Glance     []glance
	LeftOut    []leftOut
	Rates      []rateChart
	Runs       []runRow // newest first
	Causes     []causeBar
	Blast      []effectBar
	Histograms []histogram
	ModelCards []modelCard
	ModelOff   int // numbers of the model that have drifted
	Reasons    []reasonList
	Qualities  []qualityTable
	Clean      int // fields that were looked at and have no fault
	Reads      []readRow
	ReadTotal  readRow
	FileRows   []File
	MoreFiles  int
	Passed     int
	Elapsed    time.Duration
	CPU        time.Duration
	NearPoints int
	GreenText  string
	YellowText string
	SureText   string
}

func newPage(d Data) page {
	p := page{Data: d, NearPoints: NearPoints, GreenText: share(d.Green), YellowText: share(d.Yellow), SureText: share(d.Threshold)}
	for _, c := range d.Checks {
		if c.Passed {
			p.Passed++
		}
	}
	for _, s := range d.Steps {
		p.Elapsed, p.CPU = p.Elapsed+s.Elapsed, p.CPU+s.CPU
	}
	p.Verdict = judge(d, p.Passed)
	p.Glance = glances(d)
	p.LeftOut = leftOuts(d.Objects)
	p.Rates, p.Runs = rates(d)
	p.Causes, p.Blast = causeBars(d.Changes), effectBars(d.Effects)
	p.Histograms = histograms(d)
	for _, c := range modelCards(d) {
		p.ModelCards, p.ModelOff = append(p.ModelCards, c), p.ModelOff+c.Off
	}
	p.Reasons = reasons(d)
	p.Qualities, p.Clean = qualities(d.Quality)
	p.Reads, p.ReadTotal = reads(d.Files)
	p.FileRows = d.Files
	if len(d.Files) > mostFiles {
		p.FileRows, p.MoreFiles = d.Files[:mostFiles], len(d.Files)-mostFiles
	}
	return p
}

// The page stays small however many files and fields there are.
const (
	mostFiles  = 100
	mostFields = 10
)

// share writes 0.8 as 80 %, and 0.825 as 82.5 %.
func share(of float64) string { return place(100*of) + nbsp + "%" }

// glance is an object's card: its rate, how it compares and what its records are.
type glance struct {
	Object
	Before string // against the run before: up 1.2 points
	Trend  string // up, down or same
	Stack  []part // matched, duplicate and unmatched records on one bar
}

func glances(d Data) []glance {
	var all []glance
	for _, o := range d.Objects {
		g := glance{Object: o}
		if before, ok := lastRate(d.Earlier, o.Name); ok && o.Records > 0 {
			g.Before, g.Trend = compared(o.Matched, o.Records, before)
		}
		from := 0.0
		for _, s := range []struct {
			records int64
			class   string
		}{{o.Matched, "matched"}, {o.Duplicates, "duplicate"}, {o.Unmatched, "unmatched"}} {
			if s.records > 0 && o.Records > 0 {
				long := 100 * float64(s.records) / float64(o.Records)
				g.Stack = append(g.Stack, part{X: place(from), Width: place(long), Class: s.class})
				from += long
			}
		}
		all = append(all, g)
	}
	return all
}

// lastRate is an object's rate in the publication before, if that noted one.
func lastRate(earlier []Past, object string) (Rate, bool) {
	if len(earlier) == 0 {
		return Rate{}, false
	}
	for _, r := range earlier[len(earlier)-1].Rates {
		if r.Object == object && r.Records > 0 {
			return r, true
		}
	}
	return Rate{}, false
}

// compared says how a rate moved, in tenths of a percentage point.
func compared(matched, records int64, before Rate) (text, trend string) {
	now, then := 1000*float64(matched)/float64(records), 1000*float64(before.Matched)/float64(before.Records)
	moved := now - then
	switch {
	case moved >= 0.5:
		return fmt.Sprintf("up %s points", place(moved/10)), "up"
	case moved <= -0.5:
		return fmt.Sprintf("down %s points", place(-moved/10)), "down"
	}
	return "as in the run before", "same"
}

// leftOut is a row of records that do not take part in matching; rows without any are not shown.
type leftOut struct {
	Label  string
	Counts []int64
}

func leftOuts(objects []Object) []leftOut {
	var all []leftOut
	for _, row := range []struct {
		label string
		of    func(Object) int64
	}{
		{"Left out: Person Accounts", func(o Object) int64 { return o.PersonAccounts }},
		{"Left out: converted", func(o Object) int64 { return o.Converted }},
		{"Left out: merged", func(o Object) int64 { return o.Merged }},
		{"Left out: deleted", func(o Object) int64 { return o.Deleted }},
	} {
		l := leftOut{Label: row.label}
		for _, o := range objects {
			l.Counts = append(l.Counts, row.of(o))
		}
		if slices.Max(append(l.Counts, 0)) > 0 {
			all = append(all, l)
		}
	}
	return all
}

// reasonList is why an object's records have no match, most frequent first.
type reasonList struct {
	Object     string
	Total      int64
	Rows       []Unmatched
	Duplicates *Duplicates
}

func reasons(d Data) []reasonList {
	var lists []reasonList
	for _, o := range d.Objects {
		l := reasonList{Object: o.Name}
		for _, u := range d.Unmatched {
			if u.Object == o.Name {
				l.Rows, l.Total = append(l.Rows, u), l.Total+u.Records
			}
		}
		slices.SortStableFunc(l.Rows, func(x, y Unmatched) int {
			return cmp.Or(cmp.Compare(y.Records, x.Records), cmp.Compare(x.Reason, y.Reason))
		})
		for _, dup := range d.Duplicates {
			if dup.Object == o.Name && dup.Records > 0 {
				l.Duplicates = &dup
			}
		}
		if o.Records > 0 {
			lists = append(lists, l)
		}
	}
	return lists
}

// qualityTable is one side's fields, worst first; More are folded away.
type qualityTable struct {
	Title, About string
	Rows, More   []Quality
}

func qualities(all []Quality) (tables []qualityTable, clean int) {
	crm := qualityTable{Title: "In the CRM", About: "An administrator can act on these."}
	directory := qualityTable{Title: "In the directory", About: "As the directory was delivered."}
	for _, q := range all {
		switch {
		case q.Records == 0:
			clean++
		case q.Object == "company" || q.Object == "member":
			directory.Rows = append(directory.Rows, q)
		default:
			crm.Rows = append(crm.Rows, q)
		}
	}
	for _, t := range []qualityTable{crm, directory} {
		slices.SortStableFunc(t.Rows, func(x, y Quality) int {
			return cmp.Or(cmp.Compare(y.share(), x.share()), cmp.Compare(y.Records, x.Records), cmp.Compare(x.Object, y.Object),
				cmp.Compare(x.Field, y.Field), cmp.Compare(x.Check, y.Check))
		})
		if len(t.Rows) > mostFields+2 {
			t.Rows, t.More = t.Rows[:mostFields], t.Rows[mostFields:]
		}
		if len(t.Rows) > 0 {
			tables = append(tables, t)
		}
	}
	return tables, clean
}

func (q Quality) share() float64 { return float64(q.Records) / float64(max(1, q.Of)) }

// readRow accounts for the rows of an object.
type readRow struct {
	Object                         string
	Files                          int64
	In, Kept, Superseded, Rejected int64
	Bytes                          int64
}

// Adds says whether every row is accounted for (invariant 6).
func (r readRow) Adds() bool { return r.In == r.Kept+r.Superseded+r.Rejected }

func reads(files []File) (rows []readRow, total readRow) {
	for _, f := range files {
		i := slices.IndexFunc(rows, func(r readRow) bool { return r.Object == f.Object })
		if i < 0 {
			i, rows = len(rows), append(rows, readRow{Object: f.Object})
		}
		for _, r := range []*readRow{&rows[i], &total} {
			r.Files++
			r.In, r.Kept, r.Superseded, r.Rejected, r.Bytes = r.In+f.In, r.Kept+f.Kept, r.Superseded+f.Superseded, r.Rejected+f.Rejected, r.Bytes+f.Bytes
		}
	}
	return rows, total
}

// listed joins names as people do: accounts, contacts and leads.
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
