package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/extract"
)

// Record is run.json: what a run read, did and published. It holds names, counts and ids, never a value of a record
// (invariant 8).
type Record struct {
	ID       string     `json:"id"`
	AsOf     time.Time  `json:"as_of"`
	Started  time.Time  `json:"started"`
	Finished *time.Time `json:"finished,omitempty"`
	Status   Status     `json:"status"`
	Problem  string     `json:"problem,omitempty"`
	Try      string     `json:"try,omitempty"`      // the problem's next step
	Import   string     `json:"import"`             // full, delta or decisions (Z23)
	Accepted string     `json:"accepted,omitempty"` // why checks that did not pass were accepted
	Program  string     `json:"program"`
	Engine   string     `json:"engine"`
	Config   []Value    `json:"config"`
	Previous string     `json:"previous,omitempty"`
	Request  Request    `json:"request"`
	ReplayOf string     `json:"replay_of,omitempty"` // in another store: what would have been, had that run been given other inputs
	Resumed  int        `json:"resumed,omitempty"`   // how often the run was killed and taken up again
	// Pull is what was done to get the CRM's records out of Salesforce; nil for another kind of org.
	Pull *Pull `json:"pull,omitempty"`
	// Extract and Given are what the publication follows from; Extract is there from the moment it was read.
	Extract *extract.Out `json:"extract,omitempty"`
	Given   *Given       `json:"given,omitempty"`
	Model   Model        `json:"model"`
	// Adopted is the last adoption of a model that this run or one before it has seen.
	Adopted string `json:"adopted,omitempty"`
	Steps   []Step `json:"steps"`
	// PeakMemory is the most memory in bytes that the process had until the publication; 0 where the system does not say.
	PeakMemory int64         `json:"peak_memory_bytes,omitempty"`
	Notices    []string      `json:"notices,omitempty"`
	Checks     []Check       `json:"checks,omitempty"`
	Stats      []ObjectStats `json:"stats,omitempty"`
	// ROI and Gains are what roi_summary and field_gain say, so that showing a run opens no engine. Runs of an older crmlink
	// have no Gains.
	ROI     *ROISummary   `json:"roi,omitempty"`
	Gains   []FieldGain   `json:"field_gain"`
	Changes []ChangeCount `json:"changes,omitempty"`
	Effects []Effect      `json:"effects,omitempty"`
	// Unsettled are columns in which the mirror may be behind the CRM; the next import is told. ReadLog is the extract_log
	// of the last import that read the CRM, which the next one compares its columns with.
	Unsettled []extract.Column        `json:"unsettled,omitempty"`
	ReadLog   sql.Snapshot            `json:"read_log"`
	Tables    map[string]sql.Snapshot `json:"tables"`
}

// Request is what was asked for on the command line, as far as it can change a result.
type Request struct {
	Full      bool       `json:"full,omitempty"`
	Estimate  bool       `json:"estimate,omitempty"`
	Decisions bool       `json:"decisions,omitempty"`
	AsOf      *time.Time `json:"as_of,omitempty"`
	Accept    string     `json:"accept,omitempty"`
}

// inputs puts together again what the run's tables follow from.
func (r Record) inputs() (Inputs, error) {
	if r.Extract == nil || r.Given == nil {
		return Inputs{}, &InputError{Problem: fmt.Sprintf("run %s did not record what it was given: it ended too early, or an older crmlink made it", r.ID),
			Next: "take a later run: crmlink runs"}
	}
	return Inputs{Given: *r.Given, Raw: r.Extract.Tables}, nil
}

// ChangeCount counts the rows of table change by table and cause.
type ChangeCount struct {
	Table   string `json:"table"`
	Cause   string `json:"cause"`
	Added   int64  `json:"added"`
	Removed int64  `json:"removed"`
	Changed int64  `json:"changed"`
}

// Effect is a line of the blast radius: what people would notice of a publication, against the one before.
type Effect struct {
	Measure string `json:"measure"` // badges, saved rows, suggested leads, seats, pipeline amount
	Gained  int64  `json:"gained"`
	Lost    int64  `json:"lost"`
	// Amount and Currency belong to the pipeline amount whose list owner changes; opportunities are counted in Gained.
	Amount   string `json:"amount,omitempty"`
	Currency string `json:"currency,omitempty"`
}

// Status is how a run ended.
type Status string

// What becomes of a run.
const (
	Running     Status = "running"     // or killed before it could say otherwise
	Interrupted Status = "interrupted" // asked to stop; the next start takes it up, as it does a killed one
	Published   Status = "published"
	Failed      Status = "failed"
	Stopped     Status = "stopped" // a check stopped the publication
	DryRun      Status = "dry_run"
)

// unfinished says whether the run can be taken up.
func (r Record) unfinished() bool { return r.Status == Running || r.Status == Interrupted }

// Step is one step of a run.
type Step struct {
	Name    string        `json:"name"`
	Action  string        `json:"action,omitempty"`
	Reused  bool          `json:"reused,omitempty"`
	Rows    int64         `json:"rows"`
	Elapsed time.Duration `json:"elapsed_ns"`
	CPU     time.Duration `json:"cpu_ns"`
	Detail  string        `json:"detail,omitempty"`
}

// Check is one test of the results before the switch.
type Check struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Detail string `json:"detail,omitempty"`
	// Accepted says that it failed and a person went on, for the reason in the record.
	Accepted bool `json:"accepted,omitempty"`
}

func encodeRecord(r Record) ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode run %s: %w", r.ID, err)
	}
	return append(data, '\n'), nil
}

// sortedTables lists the names of a publication's tables in alphabetical order.
func sortedTables(tables map[string]sql.Snapshot) []string {
	return slices.Sorted(maps.Keys(tables))
}
