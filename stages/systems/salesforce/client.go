// Package salesforce talks to one Salesforce org: it connects (OAuth), tells what the connected user may read, and pulls
// the objects crmlink imports into a folder of Bulk API CSV results, which csvdir reads like any other such folder.
//
// It is a leaf: it knows nothing of stores, runs or tables, keeps no token, and reads neither clock nor configuration
// behind its caller's back. What a pull has made durable lies in its folder; the same call with the same folder goes on
// from there, whatever became of the process before.
package salesforce

import (
	"context"
	"net/http"
	"time"
)

// The API versions: Bulk queries exist from the oldest on, the newest is what this package was written against.
const (
	OldestVersion = "47.0"
	NewestVersion = "66.0"
)

// Options describe the connection to an org.
type Options struct {
	// Instance is the org's address, https://acme.my.salesforce.com. Without TLS only a loopback address is taken.
	Instance string
	// Version is the API version to use, "66.0"; empty means the newest one the org has up to NewestVersion.
	Version string
	// Token gives the access token: refused is empty at first, later the token that Salesforce refused, and then its
	// successor is wanted. It is called by one goroutine at a time. Its errors are handed on as they are.
	Token func(ctx context.Context, refused string) (string, error)
	// User is the Id of the connected user (Grant.UserID). A job whose Id was lost with a killed process is found again
	// by it; without it such a job is left to Salesforce, which removes it after seven days.
	User string
	// HTTP makes the requests; nil means a client with time limits of its own. Redirects are never followed.
	HTTP *http.Client
	// RunShare and TotalShare are how much of the org's daily API calls this pull and all applications together may have
	// used before it stops with E_QUOTA; 0 means 0.25 and 0.80.
	RunShare, TotalShare float64
	// Deadline is how long a job may be unfinished; then the pull ends, the job stays, and the next pull takes it up. 0
	// means 24 hours.
	Deadline time.Duration
	// Parallel is how many pages are downloaded at once; 0 means 4.
	Parallel int
	// Tries is how often a call is made before it is given up; 0 means 8, which is about a minute. Where a person waits,
	// fewer are better.
	Tries int
	// Progress is told what happens, now and then. It is called by one goroutine at a time.
	Progress func(Progress)

	// What tests replace.
	sleep        func(ctx context.Context, d time.Duration) error
	jitter       func(n time.Duration) time.Duration
	pageRows     int           // rows asked for in a page
	parallelFrom int64         // rows of a job from which on resultPages is used
	stall        time.Duration // how long a download may stand still
}

// Progress is how far the pull of one object has come.
type Progress struct {
	Object    string // the CRM's name of it
	State     string // one of the states below
	Rows      int64  // rows that are durable
	Bytes     int64  // bytes of pages that are durable, as stored
	TotalRows int64  // rows the object has in this pull; 0 while not known
	// Left is how long the rest of the download takes at the present rate; 0 while not known.
	Left time.Duration
}

// States of an object's pull.
const (
	StateDescribe   = "describe"
	StateQueued     = "queued"
	StateInProgress = "in_progress"
	StateDownload   = "download"
	StateDone       = "done"
)

// Limit is one of the org's limits over 24 hours.
type Limit struct {
	Max       int64 `json:"max"`
	Remaining int64 `json:"remaining"`
}

// PullIn says what to pull, and where to.
type PullIn struct {
	// Dir is the folder of this pull. One that holds pages of the same pull is continued; one of another is emptied.
	Dir string
	// Fields says which fields stand for crmlink's own.
	Fields FieldNames
	// Since is the cursor that the last pull left, by object. An object without one is pulled whole.
	Since map[string]time.Time
	// Overlap is how far behind its cursor a window begins: rows can be committed later than they are stamped.
	Overlap time.Duration
}

// FieldNames says which of the org's fields stand for crmlink's own. The pages have the org's names.
type FieldNames struct {
	// WonValue is the field of Opportunity that is read beside Amount; empty or Amount: none.
	WonValue string `json:"won_value,omitempty"`
	// Columns gives the org's name of a field by object and crmlink's name. A field named here must exist.
	Columns map[string]map[string]string `json:"columns,omitempty"`
}

// Pulled is what a pull brought. All of it is durable.
type Pulled struct {
	Version        string           `json:"version"`
	Objects        []PulledObject   `json:"objects"`
	Calls          map[string]int64 `json:"calls"` // API calls by kind, those before a crash included
	PersonAccounts bool             `json:"person_accounts"`
	Limits         map[string]Limit `json:"limits"` // as /limits gave them before the pull; empty where the user may not see them
	BulkRows       int64            `json:"bulk_rows"`
	RESTRows       int64            `json:"rest_rows"`
}

// PulledObject is what a pull brought of one object.
type PulledObject struct {
	Name string `json:"name"`
	// API is how it was read: bulk, rest, or none for a helper object that the org does not have.
	API string `json:"api"`
	// Whole says that every record was read; else those of a window that ends at Cursor.
	Whole bool `json:"whole"`
	// Cursor is where the next window begins, by the server's clock.
	Cursor time.Time    `json:"cursor"`
	Rows   int64        `json:"rows"`
	Files  []PulledFile `json:"files,omitempty"`
	// Selected are the fields that were read, Lacking those that crmlink would read and the user cannot see, Calculated
	// the selected ones whose changes do not move SystemModstamp.
	Selected   []string `json:"selected,omitempty"`
	Lacking    []string `json:"lacking,omitempty"`
	Calculated []string `json:"calculated,omitempty"`
	// Notes say what was out of the ordinary: a split, a restart, an object that Bulk does not have.
	Notes []string `json:"notes,omitempty"`
}

// PulledFile is one page: a gzipped CSV file in PullIn.Dir.
type PulledFile struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`  // as stored
	SHA256 string `json:"sha256"` // of the stored bytes
}

// Checked is what connect --check tells.
type Checked struct {
	Version        string           `json:"version"`
	Versions       []string         `json:"versions"` // all that the org offers, oldest first
	Organization   Organization     `json:"organization"`
	Bulk           bool             `json:"bulk"`
	Limits         map[string]Limit `json:"limits"` // empty where the user may not see them
	Objects        []CheckedObject  `json:"objects"`
	PersonAccounts bool             `json:"person_accounts"` // the org has them; records that are one are not imported
	MultiCurrency  bool             `json:"multi_currency"`
	Calls          map[string]int64 `json:"calls"`
	// Problems are what would end a pull, most grave first; empty when all is well.
	Problems []*Error `json:"problems,omitempty"`
}

// Organization is what the org says of itself. All of it is empty where the user cannot read the object.
type Organization struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Edition  string `json:"edition"` // OrganizationType: Enterprise Edition, Professional Edition, …
	Sandbox  bool   `json:"sandbox"`
	Instance string `json:"instance"`
}

// CheckedObject is whether one object and its fields can be read.
type CheckedObject struct {
	Name     string         `json:"name"`
	Required bool           `json:"required"`
	Readable bool           `json:"readable"`
	Fields   []CheckedField `json:"fields"`
}

// CheckedField is whether one field can be read.
type CheckedField struct {
	Name     string `json:"name"`
	Type     string `json:"type,omitempty"` // Salesforce's: string, currency, reference, …
	Required bool   `json:"required"`
	Readable bool   `json:"readable"`
}
