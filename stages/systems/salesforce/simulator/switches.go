package simulator

import "time"

// Switches are what a test, or an administrator of a real org, can change while the simulator runs. The zero value is an
// org in which everything works: pages of 2,000 rows, jobs that are done at the second look, gzip for who asks for it.
type Switches struct {
	// Bulk results
	PageRows       int  // rows of a result page at most; 0: 2,000
	ShortPages     bool // pages have fewer rows than asked for, each another number
	NoGzip         bool
	ZeroRows       ZeroRows
	NextRecordURL  bool // resultPages says nextRecordUrl, as one half of its page does
	NoResultPages  bool // as before v58: 404
	ResultVersions bool // results in another version than the job's are given out instead of 409

	// Bulk jobs
	QueuedPolls, RunningPolls int           // looks at a job that find it UploadComplete, then InProgress; RunningPolls 0: 1, negative: none
	JobTime                   time.Duration // after its making a job is not done before this
	Stuck                     bool          // jobs stay InProgress
	FailJobs                  int           // so many jobs end as Failed from now on; negative: all
	FailObject                string        // only jobs of this object
	FailMessage               string        // their errorMessage; empty: none is given
	BulkOff                   bool          // the org has no Bulk API: FEATURENOTENABLED
	LoseJobs                  bool          // jobs and results are gone, as after 7 days
	Unsupported               []string      // objects that Bulk refuses beside the small ones
	WrongCounts               int           // added to numberRecordsProcessed
	WrongPageCounts           int           // added to Sforce-NumberOfRecords of each page
	NoLocator, NoPageCount    bool          // results lack the header

	// CSV: rows of this object carry oddities in text fields, see oddities.go
	Odd string

	// Sessions and OAuth
	SessionCalls  int           // calls that one access token lasts; 0: no end
	SessionLife   time.Duration // 0: two hours after the last call
	EndSessions   int           // raise it to end all sessions that are open
	Rotate        bool          // a refresh gives a new refresh token; the old one's replay revokes the grant
	NoRefresh     bool          // no refresh token is given
	RefreshError  string        // refreshes are refused with invalid_grant and this description
	LoginAs       string        // user that the authorize page grants for and client credentials run as; empty: the org's
	AskUser       bool          // the authorize page waits for a button
	DenyUser      bool          // the person refuses: error=access_denied
	UserInactive  bool          // inactive_user
	NoAPI         bool          // the edition has no API: 403 API_DISABLED_FOR_ORG
	NoAPIUser     bool          // the user lacks "API Enabled": 403 API_CURRENTLY_DISABLED
	NoLimits      bool          // /limits: 403
	NoApproval    bool          // the user has not approved the app
	UnknownClient bool          // invalid_client_id

	// Limits
	APIMax, APIUsed         int64  // requests a day; APIMax 0: 100,000. APIUsed counts beside those made here
	JobsMax, JobsUsed       int64  // Bulk query jobs a day; JobsMax 0: 10,000
	StorageMax, StorageUsed int64  // MB of results a day; StorageMax 0: 976,562
	LimitHeader             string // more parts of Sforce-Limit-Info, for instance per-app-api-usage=17/250(appName=x)

	// Versions: first and last of /services/data; 0: 59 and 67
	Oldest, Newest int

	// The network
	Refuse bool    // connections are refused; only where the simulator listens itself (Start)
	Faults []Fault // the first that fits a request decides

	MergeKeepsStamps bool // children that a merge re-parents keep their SystemModstamp

	CursorLife time.Duration // of nextRecordsUrl; 0: 15 minutes without use
	RESTRows   int           // rows of a REST page at most; 0: 2,000
}

// ZeroRows is how a result without rows looks: both were seen.
type ZeroRows int

const (
	ZeroRowsHeader ZeroRows = iota // the header line
	ZeroRowsEmpty                  // no byte
)

// Fault is something that goes wrong with some requests.
type Fault struct {
	Kind   string // of Request.Kind; empty: every kind
	Path   string // a part of path and query; empty: every path
	Skip   int    // so many fitting requests go well first
	Times  int    // then so many fail; 0: all
	Status int
	// Code and Message make the usual error; without Code the body is HTML, or nothing where Message is empty too.
	Code, Message string
	RetryAfter    string        // the header
	Kill          int           // the connection is cut after so many bytes of the true answer's body
	Delay         time.Duration // before the answer; real time, not the clock's
	Then          func()        // called when it strikes
	met, struck   int
}

const maintenance = `<html><head><title>Maintenance</title></head><body><h1>We are down for maintenance.</h1><p>Sorry for the inconvenience. We'll be back shortly.</p></body></html>`
