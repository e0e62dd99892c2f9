package simulator

import (
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip" // faster than the library's: the client is to be the bound
)

// ready gives a job whose results may be had: made in this version, and complete.
func (x *exchange) ready() (*job, failure) {
	s := x.s
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.find(x.parts[2], x.now)
	if err != nil {
		return nil, err
	}
	if j.version != x.version && !x.set.ResultVersions {
		return nil, refuse(http.StatusConflict, "API_ERROR", "The version of the API must be that of the job: v"+j.version)
	}
	switch state := s.state(j, x.now); state {
	case "JobComplete":
		return j, nil
	case "UploadComplete", "InProgress":
		return nil, refuse(http.StatusPreconditionFailed, "JOB_NOT_COMPLETE", "The job is not complete: "+state)
	default:
		return nil, refuse(http.StatusBadRequest, "INVALIDJOBSTATE", "The job has no results: "+state)
	}
}

// locator is an opaque word for a place in a job's rows. The same place has the same word as long as the job lives.
func (s *Server) locator(j *job, from int) string {
	return s.sign(fmt.Sprintf("%s %d", j.id, from), 15)
}

// end says where the page that starts at a row ends.
func (x *exchange) end(j *job, from, most int) int {
	size := x.set.PageRows
	if size <= 0 {
		size = 2000
	}
	if most > 0 {
		size = min(size, most)
	}
	if x.set.ShortPages && size > 1 {
		h := fnv.New32a()
		fmt.Fprintf(h, "%s %d", j.id, from)
		size = max(1, size-int(h.Sum32()%uint32(size)))
	}
	return min(from+size, len(j.rows))
}

// start finds the row of a locator: only those that a page, or resultPages, has given out are known.
func (j *job) start(locator string) (int, bool) {
	if locator == "" {
		return 0, true
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	from, ok := j.locators[locator]
	return from, ok
}

// give makes the locator of a row known.
func (x *exchange) give(j *job, from int) string {
	l := x.s.locator(j, from)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.locators == nil {
		j.locators = map[string]int{}
	}
	j.locators[l] = from
	return l
}

func (x *exchange) results() failure {
	j, err := x.ready()
	if err != nil {
		return err
	}
	q := x.r.URL.Query()
	most, bad := 0, error(nil)
	if text := q.Get("maxRecords"); text != "" {
		if most, bad = strconv.Atoi(text); bad != nil || most <= 0 {
			return refuse(http.StatusBadRequest, "API_ERROR", "maxRecords is no positive number")
		}
	}
	locator := q.Get("locator")
	if x.s.strict && locator == "null" {
		return x.violation("a call after the locator null")
	}
	if x.s.strict && !strings.Contains(x.r.Header.Get("Accept"), "text/csv") {
		return x.violation("Accept is text/csv")
	}
	from, known := j.start(locator)
	if !known {
		return refuse(http.StatusBadRequest, "API_ERROR", "Invalid locator: "+locator)
	}
	to := x.end(j, from, most)
	h := x.w.Header()
	if !x.set.NoLocator {
		next := "null"
		if to < len(j.rows) {
			next = x.give(j, to)
		}
		h.Set("Sforce-Locator", next)
	}
	if !x.set.NoPageCount {
		h.Set("Sforce-NumberOfRecords", strconv.Itoa(to-from+x.set.WrongPageCounts))
	}
	h.Set("Content-Type", "text/csv; charset=UTF-8")
	x.rows = to - from
	var out io.Writer = x.w
	if strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip") && !x.set.NoGzip {
		h.Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(x.w, gzip.BestSpeed)
		defer z.Close()
		out = z
	}
	x.w.WriteHeader(http.StatusOK)
	n, _ := j.write(out, from, to, &x.set) // where it fails the client is gone
	x.plain = n
	x.s.mu.Lock()
	x.s.storage += n
	x.s.mu.Unlock()
	return nil
}

// write renders rows, a buffer at a time.
func (j *job) write(out io.Writer, from, to int, set *Switches) (sent int64, err error) {
	delimiter, ending := delimiters[j.delimiter], "\n"
	if j.ending == "CRLF" {
		ending = "\r\n"
	}
	buffer := make([]byte, 0, 1<<17)
	flush := func() error {
		n, err := out.Write(buffer)
		sent += int64(n)
		buffer = buffer[:0]
		return err
	}
	if len(j.rows) > 0 || set.ZeroRows == ZeroRowsHeader {
		for i := range j.plan.columns {
			if i > 0 {
				buffer = append(buffer, delimiter)
			}
			buffer = appendCSV(buffer, j.plan.columns[i].name)
		}
		buffer = append(buffer, ending...)
	}
	width := len(j.plan.table.fields)
	if j.projected {
		width = len(j.plan.columns)
	}
	odd := newOddities(set.Odd, j.object, j.plan.columns)
	cells := make([]string, 0, width)
	for _, r := range j.rows[from:to] {
		cells = r.cells(cells, width)
		for i := range j.plan.columns {
			if i > 0 {
				buffer = append(buffer, delimiter)
			}
			at := i
			if !j.projected {
				at = j.plan.columns[i].last
			}
			buffer = appendCSV(buffer, odd.value(i, cells[at]))
		}
		buffer = append(buffer, ending...)
		if len(buffer) > 1<<16 {
			if err := flush(); err != nil {
				return sent, err
			}
		}
	}
	return sent, flush()
}

// resultPages lists up to five pages at a time, to be fetched in parallel.
func (x *exchange) resultPages() failure {
	if v, _ := strconv.ParseFloat(x.version, 64); v < 58 || x.set.NoResultPages {
		return errMissing
	}
	j, err := x.ready()
	if err != nil {
		return err
	}
	at := "/services/data/v" + x.version + "/jobs/query/" + j.id
	from, known := 0, true
	if l := x.r.URL.Query().Get("locator"); l != "" {
		if from, known = j.start(l); !known {
			return refuse(http.StatusBadRequest, "API_ERROR", "Invalid locator: "+l)
		}
	}
	type page struct {
		URL string `json:"resultUrl"`
	}
	pages := []page{}
	for len(pages) < 5 && (from < len(j.rows) || len(pages) == 0) { // a result without rows has a page

		pages = append(pages, page{at + "/results?locator=" + x.give(j, from)})
		from = x.end(j, from, 0)
	}
	name, next := "nextRecordsUrl", any(nil)
	if x.set.NextRecordURL {
		name = "nextRecordUrl"
	}
	if from < len(j.rows) {
		next = at + "/resultPages?locator=" + x.give(j, from)
	}
	return x.json(map[string]any{"resultPages": pages, name: next, "done": next == nil})
}
