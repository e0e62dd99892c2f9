package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/stages/extract"
	"github.com/crmlink/crmlink/stages/publish"
)

// Checks come in two kinds (invariant 7). Plausibility checks ask whether what was read looks like a day's work or like
// an accident: a person who knows better goes on with Options.Accept. The invariants of the results are ours to keep,
// and nobody's to accept.

// CheckError says that a check stopped the publication; the last one stays (invariant 7).
type CheckError struct {
	Problem string
	Next    string
	Checks  []string // names of those that failed
}

func (e *CheckError) Error() string { return e.Problem }

// Try is the next step.
func (e *CheckError) Try() string { return e.Next }

// lookAt says of each plausibility check where its reason is usually found.
var lookAt = map[string]string{
	extract.EmptyObject:         "is the export complete, and does the configuration name the right files?",
	extract.RecordsGone:         "was the export cut short or filtered, or were records deleted by mistake?",
	extract.ShiftedColumns:      "do the cells stand under the right headers?",
	extract.EmptiedColumn:       "does the export still select this field, and may its user see it?",
	extract.WrongEncoding:       "was the file written as UTF-8 and read as something else on its way?",
	extract.DuplicatedDirectory: "was the directory loaded twice?",
	rejectedShare:               "see the table reject; limits.rejected_share in crmlink.yaml sets the limit",
	"match_rate":                "is this the right directory, and all of it?",
}

const rejectedShare = "rejected_share"

// checkInput judges what was read before any work is spent on it. It is held against the last publication, whatever
// became of runs since.
func (r *run) checkInput(ctx context.Context, o Options, raw extract.Out, last Record) error {
	for _, f := range raw.Unclaimed {
		r.notice("the file %s is no object's and was left alone", filepath.Base(f))
	}
	in := extract.InspectIn{After: raw.Tables, Before: asRead(last), Overruled: raw.Overruled,
		Log: raw.Log, BeforeLog: last.ReadLog,
		Rejects: raw.Rejects, Counts: raw.Counts, GoneMicros: o.Config.Micros("limits.gone_share")}
	seen, err := do(ctx, r, "inspect", extract.Inspect, in)
	if err != nil {
		return err
	}
	var checks []Check
	for _, name := range extract.Inspections {
		var details []string
		for _, f := range seen.Findings {
			if f.Check == name {
				details = append(details, strings.TrimSuffix(f.Object+"."+f.Column, ".")+": "+f.Detail)
			}
		}
		checks = append(checks, Check{Name: name, Passed: len(details) == 0, Detail: strings.Join(details, "; ")})
	}
	rejects, err := r.checkRejects(ctx, raw, float64(o.Config.Micros("limits.rejected_share"))/1e6)
	if err != nil {
		return err
	}
	return r.judge(o.Accept, append(checks, rejects)...)
}

// checkRejects fails where more of an object's rows were rejected than the configured share.
func (r *run) checkRejects(ctx context.Context, raw extract.Out, limit float64) (Check, error) {
	var over []string
	for _, c := range raw.TooManyRejected(limit) {
		over = append(over, fmt.Sprintf("%s: %d of %d rows were rejected", c.Object, c.Rejected, c.RowsIn))
	}
	if len(over) == 0 {
		return Check{Name: rejectedShare, Passed: true}, nil
	}
	reasons, err := r.rejectReasons(ctx, raw.Rejects)
	return Check{Name: rejectedShare, Detail: strings.Join(over, "; ") + ", most often " + reasons}, err
}

// checkResult judges a publication before the switch: its invariants, then its match rates against the last ones.
func (r *run) checkResult(ctx context.Context, o Options, pub publish.Out, stats []ObjectStats, last Record) error {
	var names, failed []string
	for _, c := range pub.Checks {
		r.record.Checks = append(r.record.Checks, Check{Name: c.Name, Passed: c.Passed, Detail: c.Detail})
		if !c.Passed {
			names = append(names, c.Name)
			failed = append(failed, c.Name+" ("+c.Detail+")")
		}
	}
	if len(failed) > 0 {
		return &CheckError{Problem: "a check of the results failed: " + strings.Join(failed, ", ") + "; nothing was published", Checks: names,
			Next: "this is a fault of crmlink: keep the store and report it with the run's run.json, which holds no personal value"}
	}
	var before []publish.Rate
	if snap, ok := last.Tables[schemas.SyncStats.Name]; ok {
		old, err := readStats(ctx, r.session, snap)
		if err != nil {
			return err
		}
		before = rates(old)
	}
	c := publish.CheckRates(before, rates(stats), o.Config.Micros("limits.match_rate_drop"))
	if err := r.judge(o.Accept, Check{Name: c.Name, Passed: c.Passed, Detail: c.Detail}); err != nil {
		return err
	}
	if o.Accept != "" && r.record.Accepted == "" {
		r.notice("nothing had to be accepted: every check passed")
	}
	return nil
}

func rates(stats []ObjectStats) []publish.Rate {
	var all []publish.Rate
	for _, s := range stats {
		all = append(all, publish.Rate{Object: s.Object, Records: s.Records, Matched: s.Matched})
	}
	return all
}

// judge records plausibility checks and stops the run on those that fail, unless there is a reason to accept them.
func (r *run) judge(accept string, checks ...Check) error {
	var names, failed []string
	for _, c := range checks {
		c.Accepted = !c.Passed && accept != ""
		r.record.Checks = append(r.record.Checks, c)
		switch {
		case c.Accepted:
			r.record.Accepted = accept
			r.notice("accepted (%s): %s: %s", accept, c.Name, brief(c.Detail))
		case !c.Passed:
			names = append(names, c.Name)
			failed = append(failed, c.Name+": "+brief(c.Detail)+" ("+lookAt[c.Name]+")")
		}
	}
	if len(failed) == 0 {
		return nil
	}
	again := "crmlink run"
	if r.record.Request.Full {
		again += " --full"
	}
	return &CheckError{Problem: "stopped before publishing, the last publication stays: " + strings.Join(failed, "; "), Checks: names,
		Next: "correct the source and run again; or, if it is meant to be so, " + again + ` --accept "REASON"`}
}

// brief keeps a message readable where a whole file is wrong; the run's record has every detail.
func brief(detail string) string {
	const most = 3
	parts := strings.Split(detail, "; ")
	if len(parts) <= most {
		return detail
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(parts[:most], "; "), len(parts)-most)
}
