package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crmlink/crmlink/schemas"
)

// States of a job at Salesforce.
const (
	uploadComplete = "UploadComplete"
	inProgress     = "InProgress"
	jobComplete    = "JobComplete"
	jobFailed      = "Failed"
	jobAborted     = "Aborted"
)

// jobInfo is a job as Salesforce tells of it.
type jobInfo struct {
	ID           string      `json:"id"`
	Operation    string      `json:"operation"`
	Object       string      `json:"object"`
	CreatedBy    string      `json:"createdById"`
	Created      bulkTime    `json:"createdDate"`
	State        string      `json:"state"`
	Version      json.Number `json:"apiVersion"`
	Rows         int64       `json:"numberRecordsProcessed"`
	Retries      int64       `json:"retries"`
	ErrorMessage string      `json:"errorMessage"`
}

// bulkTime reads 2026-01-02T17:38:59.000+0000, which is no RFC 3339. One that cannot be read is zero.
type bulkTime struct{ time.Time }

func (t *bulkTime) UnmarshalJSON(text []byte) error {
	s := strings.Trim(string(text), `"`)
	for _, layout := range []string{"2006-01-02T15:04:05.999-0700", time.RFC3339Nano} {
		if at, err := time.Parse(layout, s); err == nil {
			t.Time = at.UTC()
			return nil
		}
	}
	t.Time = time.Time{}
	return nil
}

// apiVersion is a job's version as it stands in addresses: 66.0.
func (j jobInfo) apiVersion() string {
	v := j.Version.String()
	if v != "" && !strings.Contains(v, ".") {
		v += ".0"
	}
	if number(v) == 0 {
		return ""
	}
	return v
}

func jobPath(version, id string) string {
	return "/services/data/v" + version + "/jobs/query/" + url.PathEscape(id)
}

// createJob starts a query.
func (c *Client) createJob(ctx context.Context, version, query string) (jobInfo, error) {
	var info jobInfo
	err := c.call(ctx, request{kind: callCreate, method: http.MethodPost, path: "/services/data/v" + version + "/jobs/query", once: true,
		body: map[string]string{"operation": "queryAll", "query": query, "contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}}, &info)
	if err == nil && info.ID == "" {
		return info, fail(Protocol, nil, "a job was created, but the answer does not say which")
	}
	return info, err
}

func (c *Client) jobInfo(ctx context.Context, j *job) (jobInfo, error) {
	var info jobInfo
	err := c.call(ctx, request{kind: callPoll, path: jobPath(j.Version, j.ID)}, &info)
	return info, err
}

// gone says that Salesforce does not know a job any more, which is so seven days after its end.
func gone(err error) bool {
	var no *refusal
	var ours *Error
	return !errors.As(err, &ours) && errors.As(err, &no) && (no.Status == http.StatusNotFound || no.is("INVALIDJOB", "INVALIDJOBSTATE", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"))
}

// removeJob deletes a job, aborting it before where it still runs. That it cannot be done is no fault: Salesforce forgets
// the job by itself.
func (c *Client) removeJob(ctx context.Context, j *job) error {
	if j.Deleted {
		return nil
	}
	remove := func() error {
		err := c.call(ctx, request{kind: callDelete, method: http.MethodDelete, path: jobPath(j.Version, j.ID)}, nil)
		if gone(err) {
			return nil
		}
		return err
	}
	abort := func() error {
		return c.call(ctx, request{kind: callAbort, method: http.MethodPatch, path: jobPath(j.Version, j.ID), body: map[string]string{"state": jobAborted}}, nil)
	}
	var err error
	if !j.Ready {
		err = abort() // refused where it has ended, which is as good
	}
	var no *refusal
	if err == nil || errors.As(err, &no) {
		err = remove()
	}
	if err == nil {
		j.Deleted = true
	}
	return err
}

// orphanSpan is how long after the intent a job of ours can have been created.
const orphanSpan = 10 * time.Minute

// orphans finds jobs that may be the one a part asked for before its Id was lost, oldest first.
func (c *Client) orphans(ctx context.Context, version string, o *object, p *part, known map[string]bool) ([]*job, error) {
	user, ok := schemas.FullID(c.o.User)
	if !ok || number(version) < 50 {
		return nil, nil // without the user a job may be anybody's; before v50 columns do not tell what was asked
	}
	var found []*job
	path := "/services/data/v" + version + "/jobs/query?jobType=V2Query"
	for seen := map[string]bool{}; path != "" && !seen[path]; {
		seen[path] = true
		var list struct {
			Done    bool      `json:"done"`
			Records []jobInfo `json:"records"`
			Next    string    `json:"nextRecordsUrl"`
		}
		if err := c.call(ctx, request{kind: callJobs, path: path}, &list); err != nil {
			return nil, c.meant("list the query jobs", err)
		}
		for _, info := range list.Records {
			by, _ := schemas.FullID(info.CreatedBy)
			from, to := p.Intent.Add(-time.Second), p.Intent.Add(orphanSpan)
			if by != user || !strings.EqualFold(info.Object, o.Name) || info.Operation != "queryAll" || info.Created.Before(from) || info.Created.After(to) ||
				known[info.ID] || info.apiVersion() != version || info.State == jobFailed || info.State == jobAborted {
				continue
			}
			found = append(found, &job{ID: info.ID, Version: version, Created: info.Created.Time, Adopted: true})
		}
		path = ""
		if !list.Done && list.Next != "" {
			var err error
			if path, err = c.local(list.Next); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(found, func(a, b *job) int {
		if d := a.Created.Compare(b.Created); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return found, nil
}

// local is the path of an address that Salesforce gave, which must lie on the same host: the token goes to no other.
func (c *Client) local(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host != "" && u.Host != c.host || !strings.HasPrefix(u.Path, "/services/data/") {
		return "", fail(Protocol, nil, "an answer leads to an address outside the org's API")
	}
	return u.RequestURI(), nil
}

// whyFailed says what a job that failed said of itself.
func (j jobInfo) whyFailed() string {
	if message := oneLine(j.ErrorMessage); message != "" {
		return message
	}
	return fmt.Sprintf("no reason given (%d retries)", j.Retries)
}

// mentions looks for an error code inside a job's message, in either spelling.
func (j jobInfo) mentions(codes ...string) bool {
	text := codeOf(j.ErrorMessage)
	for _, code := range codes {
		if strings.Contains(text, codeOf(code)) {
			return true
		}
	}
	return false
}
