package report_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/crmlink/crmlink/pipeline/report"
)

func some(n int64) *int64 { return &n }

var asOf = time.Date(2026, 7, 29, 4, 0, 0, 0, time.UTC)

// second is a second run of a small org: the example of the enablement guide (D14 to D16).
func second() report.Data {
	return report.Data{
		Org: "acme.my.salesforce.com", Run: "20260729T040000Z", Previous: "20260728T040000Z", Status: "published", Import: "full",
		AsOf: asOf, Started: asOf.Add(time.Second), Finished: asOf.Add(75 * time.Second), Green: 0.8, Yellow: 0.6, Threshold: 0.5,
		Objects: []report.Object{
			{Name: "Account", Records: 97, Matched: 69, RatePercent: some(71), Color: "yellow", Duplicates: 4, Decided: 2, Unmatched: 24, Saved: some(61), Deleted: 3},
			{Name: "Contact", Records: 339, Matched: 319, RatePercent: some(94), Color: "green", Duplicates: 8, Unmatched: 12, Saved: some(210), PersonAccounts: 5},
			{Name: "Lead", Records: 110, Matched: 97, RatePercent: some(88), Color: "green", Unmatched: 13, Suggested: some(66), Converted: 7},
		},
		Earlier: []report.Past{
			{Run: "20260727T040000Z", AsOf: asOf.AddDate(0, 0, -2)},
			{Run: "20260728T040000Z", AsOf: asOf.AddDate(0, 0, -1), Rates: []report.Rate{{"Account", 96, 67}, {"Contact", 339, 320}, {"Lead", 110, 97}}},
		},
		Changes: []report.Change{
			{Table: "mapping", Cause: "crm_data", Changed: 12, Added: 1}, {Table: "badge", Cause: "crm_data", Added: 3, Removed: 1},
			{Table: "mapping", Cause: "crm_merge_or_delete", Changed: 4}, {Table: "mapping", Cause: "decision", Changed: 2},
		},
		Effects: []report.Effect{
			{Measure: "badges", Gained: 3, Lost: 1}, {Measure: "saved_rows", Gained: 4}, {Measure: "suggested_leads", Gained: 2, Lost: 5},
			{Measure: "pipeline_amount", Gained: 2, Amount: "125000.00", Currency: "EUR"},
		},
		Checks: []report.Check{{Name: "rejected_share", Passed: true}, {Name: "one_primary_per_entity", Passed: true},
			{Name: "records_gone", Accepted: true, Detail: "Lead: 12 of 110 records are gone"}},
		Accepted: "the old campaign was deleted on purpose", Notices: []string{"the file Notes.csv is no object's and was left alone"},
		Weights: []report.Weight{{"Account", "matched", 12, 40}, {"Account", "matched", 21, 29}, {"Account", "duplicate", 11, 4}, {"Account", "unmatched", -7, 14},
			{"Contact", "matched", 30, 319}, {"Contact", "unmatched", 2, 12}, {"Lead", "matched", 18, 97}},
		Unmatched: []report.Unmatched{
			{Object: "Account", Reason: "below_threshold", Text: "the best candidate is not probable enough", NextStep: "Check the best candidate.", Records: 14, Near: 3, Helped: 11},
			{Object: "Account", Reason: "no_candidate", Text: "nothing in the directory shares enough with it to be compared", NextStep: "Fill in Website.", Records: 10},
			{Object: "Contact", Reason: "tie", Text: "two directory entities fit equally well", NextStep: "Decide which of them it is.", Records: 12},
			{Object: "Lead", Reason: "no_candidate", Text: "nothing in the directory shares enough with it to be compared", NextStep: "Fill in Email.", Records: 13},
		},
		Duplicates: []report.Duplicates{{"Account", 4, 3, 3}, {"Contact", 8, 8, 2}},
		Gains:      []report.Gain{{"Account", "Website", 40, 17, 3, 18}, {"Contact", "Email", 0, 0, 9, 9}, {"Lead", "Company", 5, 4, 0, 2}},
		Quality: []report.Quality{{"Account", "Website", "missing", 40, 97}, {"Account", "Website", "shared_host", 2, 97}, {"Contact", "LastName", "missing", 0, 339},
			{"Lead", "Email", "free_mail", 30, 110}, {"member", "emails", "missing", 900, 1000}},
		Files:   []report.File{{"Account", "Account-1.csv", 104, 100, 3, 1, 31920}, {"Contact", "export.zip#Contact.csv", 344, 344, 0, 0, 81000}, {"member", "directory/members.parquet", 1000, 1000, 0, 0, 1250000}},
		Rejects: []report.Reject{{Object: "Account", Column: "CreatedDate", Reason: "bad_time", Records: 1, Files: 1}},
		ROI: &report.ROI{Note: "Definitions v1, days in UTC, value from Amount.", Tables: []report.ROITable{
			{Title: "By status, in EUR", Rows: []report.ROIRow{{"won", 12, 5, 2, "1310000.00", "310000.50", "80000.00"}, {"lost", 9, 1, 0, "275500.50", "-5000.00", "0.00"}}},
			{Title: "By quarter, in EUR", Rows: []report.ROIRow{{"won 2026-Q3", 12, 5, 2, "1310000.00", "310000.50", "80000.00"}}}}},
		Program: "0123456789ab", Engine: "duckdb v1.5.5", Model: "2b3ad4a0c7b730ce", ModelOrigin: "companies default, people blended, pinned",
		Kinds: kinds(),
		Steps: []report.Step{{Name: "extract", Rows: 1448, Elapsed: 800 * time.Millisecond, CPU: time.Second},
			{Name: "normalize directory", Reused: true, Rows: 1400, Elapsed: 2 * time.Millisecond, CPU: time.Millisecond}},
		Settings: []report.Setting{{Name: "settings.auto_sync", Value: "all", Default: true}, {Name: "settings.pipeline_stage", Value: "Qualification"}},
	}
}

// kinds is a small model, one comparison of which no longer fits.
func kinds() []report.ModelKind {
	off := report.Drift{Name: "title", Bits: 0.912, Drifted: true, What: "m", Level: "differs", Then: 0.137692, Now: 0.423287}
	return []report.ModelKind{
		{Name: "Companies", Estimate: "how often matches agree is as shipped, for 69 expected matches of 97 records are too few to learn from", Match: 0.75, Directory: 901, Prior: -7.75,
			Comparisons: []report.Comparison{
				{Name: "name", Drift: &report.Drift{Name: "name"}, Groups: []report.Pattern{{When: "present(name_key)", Levels: []report.Level{
					{Label: "same name", M: 0.6, U: 0.0007, Bits: 9.743, Adjusted: true}, {Label: "one letter off", M: 0.3, U: 0.00002, Bits: 9.743}, {Label: "differs", M: 0.1, U: 0.999, Bits: -3.3}}}}},
				{Name: "domain", Groups: []report.Pattern{
					{When: "present(domains)", Levels: []report.Level{{Label: "same domain", M: 0.9, U: 0.001, Bits: 9.8}, {Label: "differs", M: 0.1, U: 0.999, Bits: -3.3}}},
					{When: "present(email_domains, domains)", Levels: []report.Level{{Label: "contacts' email domain", M: 0.8, U: 0.001, Bits: 9.6}, {Label: "differs", M: 0.2, U: 0.999, Bits: -2.3}}}}}}},
		{Name: "People", Estimate: "how often matches agree is learnt from 416 expected matches of 449 records, and blended with what is shipped", Match: 0.92, Directory: 1000, Prior: -6.4,
			Drift: []report.Drift{{Name: "share of matches"}, {Name: "size of the directory", Bits: 1, Drifted: true, What: "size of the directory", Then: 1000, Now: 2000}},
			Comparisons: []report.Comparison{{Name: "title", Drift: &off, Groups: []report.Pattern{{When: "present(title)", Levels: []report.Level{
				{Label: "same title", M: 0.7, U: 0.05, Bits: 3.8}, {Label: "nothing to say", Neutral: true}, {Label: "differs", M: 0.137692, U: 0.95, Bits: -2.8}}}}}}},
	}
}

// hostile is what a page must survive: names that are markup, long words, and a check that stopped the run.
func hostile() report.Data {
	d := second()
	evil := `</style></title><script>alert(1)</script><img src=x onerror="alert(2)">&amp;'"` + "`{{.}}"
	long := strings.Repeat("Donaudampfschifffahrtsgesellschaft", 6)
	d.Org, d.Status, d.Problem, d.Accepted = evil, "stopped", "a check of the results failed: "+evil, ""
	d.Checks = append([]report.Check{}, d.Checks...)
	d.Checks[2].Accepted = false
	d.Objects = append(d.Objects, report.Object{Name: long, Records: 5, Matched: 0, RatePercent: some(0), Color: "red", Unmatched: 5})
	d.Checks = append(d.Checks, report.Check{Name: evil, Detail: long})
	d.Notices = append(d.Notices, evil, long)
	d.Unmatched = append(d.Unmatched, report.Unmatched{Object: "Account", Reason: evil, Text: evil, NextStep: long, Records: 1})
	d.Quality = append(d.Quality, report.Quality{Object: evil, Field: long, Check: evil, Records: 1, Of: 2})
	d.Files = append(d.Files, report.File{Object: evil, Name: "dir/" + evil + long + ".csv", In: 5, Kept: 3})
	d.Rejects = append(d.Rejects, report.Reject{Object: evil, Column: long, Reason: evil, Records: 2, Files: 1})
	d.Changes = append(d.Changes, report.Change{Table: long, Cause: evil, Changed: 3})
	d.Effects = append(d.Effects, report.Effect{Measure: evil, Lost: 7, Amount: long, Currency: evil})
	d.Settings = append(d.Settings, report.Setting{Name: long, Value: evil})
	d.Steps = append(d.Steps, report.Step{Name: evil})
	d.Kinds[1].Name, d.Kinds[1].Estimate = evil, long
	d.Kinds[1].Comparisons = append(d.Kinds[1].Comparisons, report.Comparison{Name: evil, Drift: &report.Drift{Name: evil, Bits: 3, Drifted: true, Level: long, What: evil, Then: -1, Now: 2},
		Groups: []report.Pattern{{When: evil, Levels: []report.Level{{Label: long, M: 2, U: -1, Bits: 200}}}, {When: long, Levels: []report.Level{{Label: evil, Bits: -90}}}}})
	d.ROI.Tables = append(d.ROI.Tables, report.ROITable{Title: evil, Rows: []report.ROIRow{{Label: long, Amount: evil}}})
	return d
}

// years is a store with many runs of an org with huge numbers, gaps, and an object that has no records.
func years() report.Data {
	d := second()
	d.Accepted, d.Checks = "", d.Checks[:2]
	d.Objects = []report.Object{
		{Name: "Account", Records: 1_284_733, Matched: 931_020, RatePercent: some(72), Color: "yellow", Duplicates: 120_077, Decided: 4_312, Unmatched: 233_636, Saved: some(41_002)},
		{Name: "Contact", Records: 18_402_811, Matched: 17_299_008, RatePercent: some(94), Color: "green", Duplicates: 400_000, Unmatched: 703_803, Saved: some(2_110_433)},
		{Name: "Lead"},
	}
	d.Objects[2].Suggested = some(0)
	d.Earlier = nil
	for i := range 60 {
		past := report.Past{Run: fmt.Sprintf("run-%02d", i), AsOf: asOf.Add(time.Duration(i-60) * 12 * time.Hour)}
		if i < 20 || i > 23 {
			past.Rates = []report.Rate{{"Account", 1_284_000, 811_000 + int64(i)*2_000 + int64(i*i*7919%9000)}, {"Contact", 18_402_000, 17_000_000 + int64(i*7919%700_000)}, {"Lead", 0, 0}}
			if i%17 == 3 {
				past.Rates = past.Rates[1:]
			}
		}
		d.Earlier = append(d.Earlier, past)
	}
	d.CutShort = true
	d.Weights = nil
	for bits := int64(-38); bits < 71; bits++ {
		hill := max(0, 900-(bits-28)*(bits-28))
		d.Weights = append(d.Weights, report.Weight{"Account", "matched", bits, hill * 25}, report.Weight{"Account", "unmatched", bits, max(0, 120-(bits+9)*(bits+9)) * 100},
			report.Weight{"Contact", "matched", bits, hill * 450}, report.Weight{"Contact", "duplicate", bits, hill * 11})
	}
	d.Files = nil
	for i := range 400 {
		d.Files = append(d.Files, report.File{"Contact", fmt.Sprintf("Contact-%d.csv.gz", i+1), 50_000, 46_000, 3_990, 10, 9_400_000})
	}
	for i := range 90 {
		d.Quality = append(d.Quality, report.Quality{"Contact", fmt.Sprintf("Field%02d__c", i), "missing", int64(i * 90_000), 18_402_811})
	}
	return d
}
