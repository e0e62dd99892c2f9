package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/crmlink/crmlink/pipeline/report"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
)

// Report is the path of a run's report.
func (s Store) Report(id string) string { return filepath.Join(s.runDir(id), "report.html") }

// mostEarlierRuns are the runs before this one that the report goes back: six weeks of two runs a day.
const mostEarlierRuns = 90

// writeReport writes the run as a page for people. It reads what the record names, so it is written after the tables.
func (r *run) writeReport(ctx context.Context) error {
	d := reportOf(r.record)
	if err := r.reportBefore(&d); err != nil {
		return err
	}
	if err := r.reportTables(ctx, &d); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := r.reportModel(ctx, &d); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	d.ROI = reportROI(r.record.ROI)
	var page bytes.Buffer
	if err := report.Write(&page, d); err != nil {
		return err
	}
	return writeFile(r.store.Report(r.record.ID), page.Bytes())
}

// reportOf takes what the record itself says.
func reportOf(r Record) report.Data {
	d := report.Data{Run: r.ID, Previous: r.Previous, Status: string(r.Status), Problem: r.Problem, Import: r.Import, Accepted: r.Accepted,
		AsOf: r.AsOf, Started: r.Started, Notices: r.Notices, Program: r.Program, Engine: r.Engine, Model: r.Model.ID, ModelOrigin: r.Model.Origin()}
	if r.Finished != nil {
		d.Finished = *r.Finished
	}
	for _, s := range r.Stats {
		d.Objects = append(d.Objects, report.Object{Name: s.Object, Records: s.Records, Matched: s.Matched, Sure: s.Sure, RatePercent: s.RatePercent, Color: s.Color,
			Duplicates: s.Duplicates, Decided: s.Decided, Unmatched: s.Unmatched, Saved: s.Saved, Suggested: s.Suggested,
			PersonAccounts: s.PersonAccounts, Converted: s.Converted, Merged: s.Merged, Deleted: s.Deleted})
	}
	for _, c := range r.Changes {
		d.Changes = append(d.Changes, report.Change{Table: c.Table, Cause: c.Cause, Added: c.Added, Removed: c.Removed, Changed: c.Changed})
	}
	for _, e := range r.Effects {
		d.Effects = append(d.Effects, report.Effect{Measure: e.Measure, Gained: e.Gained, Lost: e.Lost, Amount: e.Amount, Currency: e.Currency})
	}
	for _, c := range r.Checks {
		d.Checks = append(d.Checks, report.Check{Name: c.Name, Passed: c.Passed, Accepted: c.Accepted, Detail: c.Detail})
	}
	for _, s := range r.Steps {
		d.Steps = append(d.Steps, report.Step{Name: s.Name, Reused: s.Reused, Rows: s.Rows, Elapsed: s.Elapsed, CPU: s.CPU})
	}
	reportSettings(&d, r.Config)
	return d
}

// reportROI lays the summary out as three lists; nil where there is none.
func reportROI(sum *ROISummary) *report.ROI {
	if sum == nil {
		return nil
	}
	list := func(title string, lines []ROILine, label func(ROILine) string) report.ROITable {
		t := report.ROITable{Title: title}
		for _, l := range lines {
			t.Rows = append(t.Rows, report.ROIRow{Label: label(l), Opportunities: l.Opportunities, Influenced: l.Influenced, Sourced: l.Sourced,
				Amount: l.Amount, InfluencedAmount: l.InfluencedAmount, SourcedAmount: l.SourcedAmount})
		}
		return t
	}
	return &report.ROI{
		Note: fmt.Sprintf("Definitions of version %s; days of %s; value from the field %s.", sum.DefinitionVersion, sum.TimeZone, sum.AmountField),
		Tables: []report.ROITable{
			list("By status, in the corporate currency", sum.Statuses, func(l ROILine) string { return l.Status }),
			list("By quarter of the close date, in the corporate currency", sum.Periods, func(l ROILine) string { return l.Period + " " + l.Status }),
			list("By currency, in that currency", sum.Currencies, func(l ROILine) string { return strings.TrimSpace(l.Currency + " " + l.Status) }),
		},
	}
}

// shown are the settings that a page for others may hold. Paths, addresses and whatever a later version adds for
// signing in are not among them.
var shown = []string{"settings.", "limits.", "org.kind", "org.delimiter", "org.allow_empty"}

func reportSettings(d *report.Data, config []Value) {
	for _, v := range config {
		switch share, _ := strconv.ParseFloat(v.Value, 64); v.Path {
		case "settings.match_rate.green":
			d.Green = share
		case "settings.match_rate.yellow":
			d.Yellow = share
		case "org.instance_url":
			if u, err := url.Parse(v.Value); err == nil {
				d.Org = u.Hostname()
			}
		}
		for _, prefix := range shown {
			if strings.HasPrefix(v.Path, prefix) {
				text := v.Value
				if len(v.List) > 0 {
					text = strings.Join(v.List, ", ")
				}
				d.Settings = append(d.Settings, report.Setting{Name: v.Path, Value: text, Default: v.Origin == "default"})
				break
			}
		}
	}
}

// reportBefore takes the match rates of the publications before, as far back as their records are in the store, and
// names the tables whose content differs from the last one's.
func (r *run) reportBefore(d *report.Data) error {
	for id := r.record.Previous; id != ""; {
		if len(d.Earlier) == mostEarlierRuns {
			d.CutShort = true
			break
		}
		before, err := r.store.Record(id)
		if errors.Is(err, fs.ErrNotExist) {
			d.CutShort = true
			break
		} else if err != nil {
			return err
		}
		if id == r.record.Previous {
			d.Differing = differing(r.record, before)
		}
		past := report.Past{Run: before.ID, AsOf: before.AsOf}
		for _, s := range before.Stats {
			past.Rates = append(past.Rates, report.Rate{Object: s.Object, Records: s.Records, Matched: s.Matched})
		}
		d.Earlier = append([]report.Past{past}, d.Earlier...)
		id = before.Previous
	}
	return nil
}

// differing names the answers and lists whose content is not that of another run.
func differing(r, before Record) []string {
	var names []string
	for _, e := range Dictionary() {
		if snap, ok := r.Tables[e.Table]; ok && (e.Group == "answers" || e.Group == "lists") && before.Tables[e.Table].ID != snap.ID {
			names = append(names, e.Table)
		}
	}
	return names
}

// baseName is a file without the folders it lies in, which may be named after people; archive.zip#name keeps both names.
func baseName(file string) string {
	outer, inner, archived := strings.Cut(file, "#")
	if !archived {
		return filepath.Base(file)
	}
	return filepath.Base(outer) + "#" + filepath.Base(inner)
}

// reportTables counts in the run's tables: one file of SQL for each section of the page.
func (r *run) reportTables(ctx context.Context, d *report.Data) error {
	for _, name := range []string{"run", "mapping", "unmatched", "data_quality", "field_gain", "extract_log", "reject"} {
		snap, ok := r.record.Tables[name]
		if !ok {
			snap = sql.Empty(name)
		}
		if err := r.session.BindAs(ctx, name, snap); err != nil {
			return err
		}
	}
	for _, question := range []struct {
		file   string
		values map[string]any
		row    func(*sql.Rows) error
	}{
		{"threshold", map[string]any{"object": schemas.Contact}, func(rows *sql.Rows) error { return rows.Scan(&d.Threshold, &d.Sure) }},
		{"weights", nil, func(rows *sql.Rows) error {
			var w report.Weight
			err := rows.Scan(&w.Object, &w.Status, &w.Bits, &w.Records)
			d.Weights = append(d.Weights, w)
			return err
		}},
		{"unmatched_reasons", map[string]any{"near": report.NearPoints / 100.0}, func(rows *sql.Rows) error {
			var u report.Unmatched
			err := rows.Scan(&u.Object, &u.Reason, &u.Field, &u.Records, &u.Near, &u.Helped)
			u.Text, u.NextStep = reasonText(u.Reason, u.Field), reasons[u.Reason].advice
			d.Unmatched = append(d.Unmatched, u)
			return err
		}},
		{"duplicates", nil, func(rows *sql.Rows) error {
			var u report.Duplicates
			err := rows.Scan(&u.Object, &u.Records, &u.Entities, &u.Largest)
			d.Duplicates = append(d.Duplicates, u)
			return err
		}},
		{"quality", nil, func(rows *sql.Rows) error {
			var q report.Quality
			err := rows.Scan(&q.Object, &q.Field, &q.Check, &q.Records, &q.Of)
			d.Quality = append(d.Quality, q)
			return err
		}},
		{"field_gains", nil, func(rows *sql.Rows) error {
			var g report.Gain
			var of, emptyUnmatched int64
			err := rows.Scan(&g.Object, &g.Field, &of, &g.Empty, &emptyUnmatched, &g.FilledIn, &g.Corrected, &g.Alone)
			d.Gains = append(d.Gains, g)
			return err
		}},
		{"files", nil, func(rows *sql.Rows) error {
			var f report.File
			err := rows.Scan(&f.Object, &f.Name, &f.In, &f.Kept, &f.Superseded, &f.Rejected, &f.Bytes)
			f.Name = baseName(f.Name)
			d.Files = append(d.Files, f)
			return err
		}},
		{"rejects", nil, func(rows *sql.Rows) error {
			var j report.Reject
			err := rows.Scan(&j.Object, &j.Column, &j.Reason, &j.Records, &j.Files)
			d.Rejects = append(d.Rejects, j)
			return err
		}},
	} {
		if err := readFile(ctx, r.session, question.file, question.values, question.row); err != nil {
			return err
		}
	}
	return nil
}
