// Package report writes what a run did as one HTML page that stands alone: no script, no file beside it, nothing
// fetched. It is a leaf: package pipeline gathers Data, and the same Data gives the same bytes.
//
// Data holds names of fields and files, counts and ids, never a value of a record (invariant 8).
package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"
)

// Data is all that the page says.
type Data struct {
	Org      string // host of the CRM instance; empty where the configuration names none
	Run      string
	Previous string // the publication before; empty on the first
	Status   string // published, or stopped by a check
	Problem  string // what stopped it
	Import   string // full or delta
	Accepted string // why checks that did not pass were accepted
	AsOf     time.Time
	Started  time.Time
	Finished time.Time // zero where the run is not finished

	Objects  []Object
	Green    float64 // rate from which an object is green, 0.8 is 80 %
	Yellow   float64
	Earlier  []Past // published runs before this one, oldest first
	CutShort bool   // there are runs before the oldest of Earlier that are not shown

	Changes   []Change
	Effects   []Effect
	Differing []string // published tables whose content is not that of Previous

	Checks  []Check
	Notices []string

	Threshold  float64 // probability from which a candidate is a match
	Sure       float64 // probability from which a match is sure; 0 where the run knew no tiers
	Weights    []Weight
	Unmatched  []Unmatched
	Duplicates []Duplicates
	Quality    []Quality
	Gains      []Gain // the most first
	Files      []File
	Rejects    []Reject

	ROI *ROI // nil where it is not switched on

	Program, Engine    string
	Model, ModelOrigin string
	Kinds              []ModelKind // empty where the run ended before it had a model
	Steps              []Step
	Settings           []Setting
}

// Object is a row of the administrator's table (D14 to D16, Z22).
type Object struct {
	Name             string // Account, Contact or Lead
	Records, Matched int64
	Sure             int64  // of matched
	RatePercent      *int64 // nil without records
	Color            string // green, yellow or red; empty without records
	Duplicates       int64
	Decided          int64
	Unmatched        int64
	Saved, Suggested *int64 // nil where the object is never on such a list
	PersonAccounts   int64
	Converted        int64
	Merged           int64
	Deleted          int64
}

// Past is an earlier published run. Without Rates it had noted no statistics.
type Past struct {
	Run   string
	AsOf  time.Time
	Rates []Rate
}

// Rate is how many of an object's records were matched.
type Rate struct {
	Object           string
	Records, Matched int64
}

// Change counts the rows of one published table that changed for one cause.
type Change struct {
	Table, Cause            string
	Added, Removed, Changed int64
}

// Effect is what people would notice. Amount is money as text, where the measure is one.
type Effect struct {
	Measure          string
	Gained, Lost     int64
	Amount, Currency string
}

// Check is a test of the results before they were published.
type Check struct {
	Name     string
	Passed   bool
	Accepted bool // it did not pass, and a person went on
	Detail   string
}

// Weight counts records by the weight of the entity they have, or of the best one they were refused.
type Weight struct {
	Object, Status string // status matched, duplicate or unmatched
	Bits           int64  // from this many bits up to one more
	Records        int64
}

// Unmatched counts live records without entity. Near are those that missed the threshold by less than NearPoints.
type Unmatched struct {
	Object, Reason, Text, NextStep string
	Records, Near                  int64
	Field                          string // at fault, where one is
	Helped                         int64  // records that a change of one or two fields would make match
}

// NearPoints is how many percentage points below the threshold still is near.
const NearPoints = 10

// Duplicates counts the records that lost their entity to a better record of the same object. Largest is the most
// records, the winner included, that are one entity.
type Duplicates struct {
	Object                     string
	Records, Entities, Largest int64
}

// Quality counts what is missing or unusable in a field.
type Quality struct {
	Object, Field, Check string
	Records, Of          int64
}

// Gain is what filling in or correcting a CRM field would bring. Alone counts the records that need no second field.
type Gain struct {
	Object, Field                     string
	Empty, FilledIn, Corrected, Alone int64
}

// Total is how many records without a match would match.
func (g Gain) Total() int64 { return g.FilledIn + g.Corrected }

// File accounts for the rows of one file (invariant 6).
type File struct {
	Object, Name                   string
	In, Kept, Superseded, Rejected int64
	Bytes                          int64
}

// Reject counts rows that could not be used, by reason.
type Reject struct {
	Object, Column, Reason string
	Records, Files         int64
}

// ROI is what seats did for opportunities, and what those are worth.
type ROI struct {
	Note   string // which definitions, which days, which field
	Tables []ROITable
}

// ROITable is a list whose amounts have one currency, or each that of its row's label.
type ROITable struct {
	Title string
	Rows  []ROIRow
}

// ROIRow is a status, a quarter or a currency. Amounts are exact decimals. Influenced and sourced overlap.
type ROIRow struct {
	Label                                   string
	Opportunities, Influenced, Sourced      int64
	Amount, InfluencedAmount, SourcedAmount string
}

// Step is one step of the run.
type Step struct {
	Name         string
	Reused       bool
	Rows         int64
	Elapsed, CPU time.Duration
}

// Setting is one entry of the configuration.
type Setting struct {
	Name, Value string
	Default     bool
}

//go:embed page/*.html
var pages embed.FS

//go:embed page/style.css
var style string

// layout is parsed when a page is written: most commands write none, and start at once.
var layout = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page.html").Funcs(functions).ParseFS(pages, "page/*.html"))
})

// Write writes the page.
func Write(w io.Writer, d Data) error {
	var b bytes.Buffer
	if err := layout().Execute(&b, newPage(d)); err != nil {
		return fmt.Errorf("write report of run %s: %w", d.Run, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// stylesheet is the page's only one. policy allows this very text and nothing else: no script, no other style,
// nothing from outside.
func stylesheet() template.HTML { return template.HTML("<style>" + style + "</style>") }

func policy() string { return policyOf(style) }

func policyOf(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}
