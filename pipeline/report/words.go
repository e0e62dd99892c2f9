package report

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

var functions = template.FuncMap{
	"style": stylesheet, "policy": policy, "whyStyle": whyStyle, "whyPolicy": whyPolicy, "signedBits": bits, "share": share,
	"number": number, "optional": optional, "percent": percent, "width": width, "count": count,
	"plural": plural, "words": words, "first": first, "cause": causeText, "check": checkText, "fault": faultText,
	"moment": moment, "stamp": stamp, "lasted": lasted, "size": size, "signed": signed, "chance": chanceText, "bits": bitsText, "money": money, "countInt": func(n int, one, many string) string { return count(int64(n), one, many) },
}

// nbsp joins a number and its unit.
const nbsp = "\u00a0"

var plurals = map[string]string{
	"Account": "Accounts", "Contact": "Contacts", "Lead": "Leads", "Opportunity": "Opportunities",
	"OpportunityContactRole": "Contact roles", "OpportunityStage": "Opportunity stages", "User": "Users", "UserRole": "User roles",
	"CurrencyType": "Currencies", "DatedConversionRate": "Conversion rates", "Organization": "Organization",
	"company": "Companies", "member": "Members", "seat": "Seats", "activity": "Activities", "decision": "Decisions", "redirect": "Redirects",
}

func plural(object string) string {
	if p, ok := plurals[object]; ok {
		return p
	}
	return object
}

// words turns a name such as saved_rows into words.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// first begins a text with a capital letter.
func first(text string) string {
	for i, r := range text {
		return strings.ToUpper(string(r)) + text[i+len(string(r)):]
	}
	return text
}

var causes = map[string]string{
	"setting": "A setting was changed", "model": "Another matching model", "directory_data": "The directory changed",
	"crm_data": "CRM records changed", "crm_merge_or_delete": "CRM records were merged or deleted",
	"decision": "A person decided", "program": "Another version of crmlink",
}

func causeText(cause string) string {
	if text, ok := causes[cause]; ok {
		return text
	}
	return first(words(cause))
}

// checks say what is looked at, whether it passed or not.
var checks = map[string]string{
	"rejected_share":                        "Rejected rows",
	"empty_object":                          "Objects that are suddenly empty",
	"records_gone":                          "Records that disappeared",
	"shifted_columns":                       "Cells under the wrong header",
	"emptied_column":                        "Columns that were emptied",
	"wrong_encoding":                        "Texts in the wrong encoding",
	"duplicated_directory":                  "A directory that was loaded twice",
	"match_rate":                            "Match rates that fell",
	"one_mapping_row_per_record":            "One answer for each record",
	"one_primary_per_entity":                "One primary record for each directory entry",
	"one_winner_per_entity_and_object":      "One match of an object for each directory entry",
	"reason_for_each_record_without_entity": "A reason for each record without a match",
	"auto_save_cites_records":               "Saved rows name records that exist",
	"auto_save_keeps_every_row":             "Nothing once saved is gone",
	"badge_entities_in_directory":           "Badges belong to directory entries",
}

func checkText(name string) string {
	if text, ok := checks[name]; ok {
		return text
	}
	return first(words(name))
}

var faults = map[string]string{
	"missing": "empty", "unusable": "not usable", "unknown": "not recognised", "not_found": "points to nothing",
	"not_a_host": "no web address", "not_an_address": "no email address", "shared_host": "a host that many share",
	"free_mail": "free mail: says nothing of the company", "placeholder": "a placeholder", "role_address": "a role's address, not a person's",
	"bad_id": "no Id", "id_of_other_object": "Id of another object", "missing_id": "no Id", "bad_number": "not a number",
	"bad_date": "not a date", "bad_time": "not a time", "bad_boolean": "neither true nor false", "bad_value": "a value that cannot be",
	"too_many_or_few_cells": "too many or too few cells",
}

func faultText(name string) string {
	if text, ok := faults[name]; ok {
		return text
	}
	return words(name)
}

// number writes 1234567 as 1,234,567.
func number(n int64) string {
	digits, sign := fmt.Sprint(n), ""
	if n < 0 {
		digits, sign = digits[1:], "−"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// money groups the digits of an exact decimal: 310000.50 is 310,000.50.
func money(amount string) string {
	whole, fraction, found := strings.Cut(amount, ".")
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil && n != 0 {
		whole = number(n)
	}
	if found {
		return whole + "." + fraction
	}
	return whole
}

func optional(n *int64) string {
	if n == nil {
		return "–"
	}
	return number(*n)
}

// signed writes a change: +5, −5 or 0.
func signed(n int64) string {
	if n > 0 {
		return "+" + number(n)
	}
	return number(n)
}

// count writes a number with its noun: 1 row, 2 rows.
func count(n int64, one, many string) string {
	if n == 1 {
		return "1" + nbsp + one
	}
	return number(n) + nbsp + many
}

// percent writes a share in whole percent. Only all is 100 % and only none is 0 %.
func percent(n, of int64) string {
	switch {
	case of <= 0:
		return "–"
	case n > 0 && float64(n)/float64(of) < 0.005:
		return "<" + nbsp + "1" + nbsp + "%"
	case n < of && float64(n)/float64(of) >= 0.995:
		return ">" + nbsp + "99" + nbsp + "%"
	}
	return fmt.Sprintf("%d%s%%", (200*n+of)/(2*of), nbsp)
}

// width is a bar's length of 100; what is not nothing can be seen.
func width(n, of int64) string {
	if n <= 0 || of <= 0 {
		return "0"
	}
	return place(max(0.6, min(100, 100*float64(n)/float64(of))))
}

// place writes a coordinate of a drawing.
func place(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }

// moment writes a time for people, stamp for machines; always in UTC.
func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") + " UTC" }
func stamp(at time.Time) string  { return at.UTC().Format(time.RFC3339) }

func lasted(d time.Duration) string {
	switch {
	case d < 0:
		return "–"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f%ss", d.Seconds(), nbsp)
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f%ss", d.Seconds(), nbsp)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d%smin %02d%ss", int(d.Minutes()), nbsp, int(d.Seconds())%60, nbsp)
	}
	return fmt.Sprintf("%d%sh %02d%smin", int(d.Hours()), nbsp, int(d.Minutes())%60, nbsp)
}

func size(bytes int64) string {
	for _, u := range []struct {
		unit string
		of   int64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if bytes >= u.of {
			return fmt.Sprintf("%.1f%s%s", float64(bytes)/float64(u.of), nbsp, u.unit)
		}
	}
	return count(bytes, "byte", "bytes")
}
