package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// job is a Bulk API 2.0 query job. Its rows are those of the moment it was made.
type job struct {
	id, operation, object string
	query, version        string
	delimiter, ending     string
	user                  string
	made, changed         time.Time
	polls                 int
	aborted, failed       bool
	finished              time.Time
	message               string
	plan                  *plan
	projected             bool // rows hold the selected cells alone
	rows                  []row

	mu       sync.Mutex
	locators map[string]int // given out so far: row by locator
}

var delimiters = map[string]byte{"BACKQUOTE": '`', "CARET": '^', "COMMA": ',', "PIPE": '|', "SEMICOLON": ';', "TAB": '\t'}

func (x *exchange) createJob() failure {
	var ask struct {
		Operation       string `json:"operation"`
		Query           string `json:"query"`
		ContentType     string `json:"contentType"`
		ColumnDelimiter string `json:"columnDelimiter"`
		LineEnding      string `json:"lineEnding"`
	}
	body, err := io.ReadAll(io.LimitReader(x.r.Body, 1<<20))
	if err != nil || json.Unmarshal(body, &ask) != nil {
		return refuse(http.StatusBadRequest, "JSON_PARSER_ERROR", "The request body is no JSON object of a query job")
	}
	or := func(to *string, usual string) {
		if *to == "" {
			*to = usual
		}
	}
	or(&ask.ContentType, "CSV")
	or(&ask.ColumnDelimiter, "COMMA")
	or(&ask.LineEnding, "LF")
	_, delimiter := delimiters[ask.ColumnDelimiter]
	switch {
	case x.set.BulkOff:
		return refuse(http.StatusBadRequest, "FEATURENOTENABLED", "Async API not enabled")
	case ask.Operation != "query" && ask.Operation != "queryAll":
		return refuse(http.StatusBadRequest, "API_ERROR", "The operation must be query or queryAll")
	case ask.ContentType != "CSV", !delimiter, ask.LineEnding != "LF" && ask.LineEnding != "CRLF":
		return refuse(http.StatusBadRequest, "API_ERROR", "Unsupported contentType, columnDelimiter or lineEnding")
	case ask.Query == "":
		return refuse(http.StatusBadRequest, "API_ERROR", "The query is missing")
	}
	q, bad := parse(ask.Query)
	if bad != nil {
		return bad
	}
	s, st := x.s, &x.s.store
	j := &job{operation: ask.Operation, query: ask.Query, version: x.version, delimiter: ask.ColumnDelimiter, ending: ask.LineEnding, user: x.session.user.id, made: x.now, changed: x.now}
	if bad := st.fill(j, q, x.set.Unsupported); bad != nil {
		return bad
	}
	if x.s.strict && (len(q.order) > 0 || q.limit >= 0) {
		return x.violation("ORDER BY and LIMIT turn PK chunking off")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs, jobsMax, stored, storage := s.bulkUse()
	switch {
	case jobs >= jobsMax:
		return refuse(http.StatusBadRequest, "LIMIT_EXCEEDED", fmt.Sprintf("Max bulk v2 query jobs (%d) per 24 hrs has been reached (%d)", jobsMax, jobs))
	case stored >= storage:
		return refuse(http.StatusBadRequest, "LIMIT_EXCEEDED", fmt.Sprintf("Max bulk v2 query result size stored (%d) kb per 24 hrs has been exceeded", storage<<10))
	}
	s.jobsUsed++
	s.serial++
	j.id = newID("750", s.serial)
	if n := s.switches.FailJobs; n != 0 && (s.switches.FailObject == "" || s.switches.FailObject == j.object) {
		j.failed, j.message = true, s.switches.FailMessage
		if n > 0 {
			s.switches.FailJobs--
		}
	}
	s.jobs = slices.DeleteFunc(s.jobs, func(o *job) bool { return o.past(x.now) })
	s.jobs = append(s.jobs, j)
	return x.json(j.info("UploadComplete"))
}

// fill runs the query of a job, as far as Bulk takes it.
func (st *store) fill(j *job, q *query, unsupported []string) *apiError {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if q.beyond != "" {
		return refuse(http.StatusBadRequest, "API_ERROR", "Implementation restriction: "+q.beyond+" is not supported in Bulk Query")
	}
	pl, err := st.plan(q)
	if err != nil {
		return err
	}
	for _, c := range pl.columns {
		if c.field.parts != nil {
			return refuse(http.StatusBadRequest, "API_ERROR", "Selecting compound data not supported in Bulk Query")
		}
	}
	if !pl.table.bulk() || slices.Contains(unsupported, pl.table.name) {
		return refuse(http.StatusBadRequest, "INVALIDENTITY", "Entity '"+pl.table.name+"' is not supported by the Bulk API.")
	}
	j.plan, j.object = pl, pl.table.name
	if v, _ := strconv.ParseFloat(j.version, 64); v < 50 { // alphabetical up to v49
		slices.SortFunc(pl.columns, func(a, b path) int { return strings.Compare(a.name, b.name) })
	}
	rows, err := st.run(pl, j.operation == "queryAll" || q.allRows)
	if err != nil {
		return err
	}
	if j.projected = !pl.direct(); j.projected {
		rows = pl.project(rows)
	}
	j.rows = rows
	return nil
}

// state follows from how often and how long after its making the job was looked at. s.mu must be held.
func (s *Server) state(j *job, now time.Time) string {
	running := s.switches.RunningPolls
	switch {
	case running == 0:
		running = 1
	case running < 0:
		running = 0
	}
	switch {
	case j.aborted:
		return "Aborted"
	case !j.finished.IsZero() && j.failed:
		return "Failed"
	case !j.finished.IsZero():
		return "JobComplete"
	case j.polls <= s.switches.QueuedPolls:
		return "UploadComplete"
	case s.switches.Stuck || j.polls <= s.switches.QueuedPolls+running || now.Sub(j.made) < s.switches.JobTime:
		return "InProgress"
	}
	j.finished, j.changed = now, now
	return s.state(j, now)
}

const jobTime = "2006-01-02T15:04:05.000-0700"

// jobInfo is what creating a job answers, in the order of a captured answer; a look at it has more.
type jobInfo struct {
	ID              string      `json:"id"`
	Operation       string      `json:"operation"`
	Object          string      `json:"object"`
	CreatedByID     string      `json:"createdById"`
	CreatedDate     string      `json:"createdDate"`
	SystemModstamp  string      `json:"systemModstamp"`
	State           string      `json:"state"`
	ConcurrencyMode string      `json:"concurrencyMode"`
	ContentType     string      `json:"contentType"`
	APIVersion      json.Number `json:"apiVersion"`
	JobType         string      `json:"jobType,omitempty"`
	LineEnding      string      `json:"lineEnding"`
	ColumnDelimiter string      `json:"columnDelimiter"`
}

type jobDetail struct {
	jobInfo
	Processed    int64  `json:"numberRecordsProcessed"`
	Retries      int    `json:"retries"`
	Time         int64  `json:"totalProcessingTime"`
	Chunking     bool   `json:"isPkChunkingSupported"`
	ErrorMessage string `json:"errorMessage,omitempty"`
}

func (j *job) info(state string) jobInfo {
	return jobInfo{ID: j.id, Operation: j.operation, Object: j.object, CreatedByID: j.user, CreatedDate: j.made.Format(jobTime), SystemModstamp: j.changed.Format(jobTime),
		State: state, ConcurrencyMode: "Parallel", ContentType: "CSV", APIVersion: json.Number(j.version), LineEnding: j.ending, ColumnDelimiter: j.delimiter}
}

// detail is what a look at a job answers. s.mu must be held.
func (s *Server) detail(j *job, now time.Time) jobDetail {
	state := s.state(j, now)
	d := jobDetail{jobInfo: j.info(state), Chunking: len(j.plan.query.order) == 0 && j.plan.query.limit < 0}
	d.JobType = "V2Query"
	switch state {
	case "JobComplete":
		d.Processed = int64(len(j.rows) + s.switches.WrongCounts)
		d.Time = j.finished.Sub(j.made).Milliseconds() + int64(len(j.rows))/1000
	case "InProgress", "Failed":
		d.Processed = int64(len(j.rows) / 2)
	}
	if state == "Failed" {
		d.ErrorMessage = j.message
	}
	return d
}

// past says that a job and its results have ended: seven days after it did.
func (j *job) past(now time.Time) bool {
	return !j.finished.IsZero() && now.Sub(j.finished) > 7*24*time.Hour
}

// find gives a job that lives: results and jobs end seven days after the job did. s.mu must be held.
func (s *Server) find(id string, now time.Time) (*job, failure) {
	for _, j := range s.jobs {
		if j.id != id && (len(id) != 15 || j.id[:15] != id) {
			continue
		}
		if s.switches.LoseJobs || j.past(now) {
			break
		}
		return j, nil
	}
	return nil, refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

// withJob answers for the job that is asked for, which nobody else sees meanwhile.
func (x *exchange) withJob(answer func(*Server, *job) failure) failure {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	j, err := x.s.find(x.parts[2], x.now)
	if err != nil {
		return err
	}
	return answer(x.s, j)
}

func (x *exchange) pollJob() failure {
	return x.withJob(func(s *Server, j *job) failure {
		j.polls++
		return x.json(s.detail(j, x.now))
	})
}

func (x *exchange) abortJob() failure {
	var ask struct {
		State string `json:"state"`
	}
	if json.NewDecoder(io.LimitReader(x.r.Body, 1<<16)).Decode(&ask) != nil || ask.State != "Aborted" {
		return refuse(http.StatusBadRequest, "API_ERROR", "The state of a query job may only be set to Aborted")
	}
	return x.withJob(func(s *Server, j *job) failure {
		if state := s.state(j, x.now); state != "UploadComplete" && state != "InProgress" {
			return refuse(http.StatusBadRequest, "INVALIDJOBSTATE", "Aborting already "+state+" Job not allowed")
		}
		j.aborted, j.changed, j.finished = true, x.now, x.now
		return x.json(j.info("Aborted"))
	})
}

func (x *exchange) deleteJob() failure {
	return x.withJob(func(s *Server, j *job) failure {
		if state := s.state(j, x.now); state == "UploadComplete" || state == "InProgress" {
			return refuse(http.StatusBadRequest, "API_ERROR", "Error encountered when deleting the job because the job is not terminated")
		}
		s.jobs = slices.DeleteFunc(s.jobs, func(o *job) bool { return o == j })
		x.w.WriteHeader(http.StatusNoContent)
		return nil
	})
}

// listJobs gives up to 1,000 jobs a page, the newest first, which nothing promises.
func (x *exchange) listJobs() failure {
	q := x.r.URL.Query()
	s := x.s
	s.mu.Lock()
	defer s.mu.Unlock()
	from, _ := strconv.Atoi(q.Get("queryLocator"))
	list := []jobInfo{}
	next := any(nil)
	for i := len(s.jobs) - 1 - from; i >= 0; i-- {
		if len(list) == 1000 {
			next = fmt.Sprintf("/services/data/v%s/jobs/query?queryLocator=%d", x.version, len(s.jobs)-1-i)
			break
		}
		j := s.jobs[i]
		if _, err := s.find(j.id, x.now); err != nil || q.Get("jobType") != "" && q.Get("jobType") != "V2Query" {
			continue
		}
		info := j.info(s.state(j, x.now))
		info.JobType = "V2Query"
		list = append(list, info)
	}
	return x.json(map[string]any{"done": next == nil, "records": list, "nextRecordsUrl": next})
}
