package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// route finds what answers a request.
func (x *exchange) route() func() failure {
	path := "/" + strings.Trim(x.r.URL.Path, "/") // sf sends two slashes in front, go-salesforce one behind
	get := x.r.Method == http.MethodGet
	switch {
	case path == "/services/oauth2/token":
		return x.as("token", x.token)
	case path == "/services/oauth2/authorize":
		return x.as("authorize", x.authorize)
	case path == "/services/oauth2/revoke":
		return x.as("revoke", x.revoke)
	case path == "/services/oauth2/introspect":
		return x.as("introspect", x.introspect)
	case path == "/services/oauth2/userinfo":
		return x.as("userinfo", x.userinfo)
	case strings.HasPrefix(path, "/id/"):
		return x.as("identity", x.identity)
	case path == "/services/data" && get:
		return x.as("versions", x.versionList)
	}
	below, ok := strings.CutPrefix(path, "/services/data/v")
	if !ok {
		return x.as("other", func() failure { return errMissing })
	}
	version, rest, _ := strings.Cut(below, "/")
	x.version = version
	if rest != "" {
		x.parts = strings.Split(rest, "/")
	}
	return x.data()
}

func (x *exchange) as(kind string, answer func() failure) func() failure {
	x.kind = kind
	return answer
}

// data finds what answers below /services/data/vXX.0.
func (x *exchange) data() func() failure {
	p := x.parts
	method := x.r.Method
	is := func(want ...string) bool {
		if len(want) != len(p) {
			return false
		}
		for i, w := range want {
			if w != "*" && w != p[i] {
				return false
			}
		}
		return true
	}
	kind, answer := "other", func() failure { return errMissing }
	only := func(allowed, k string, f func() failure) {
		kind, answer = k, f
		if method != allowed {
			answer = func() failure { return errMethod }
		}
	}
	switch {
	case len(p) == 0:
		only("GET", "resources", x.resources)
	case is("sobjects"):
		only("GET", "sobjects", x.globalDescribe)
	case is("sobjects", "*", "describe"):
		only("GET", "describe", x.describe)
	case is("sobjects", "*", "*"):
		only("GET", "record", x.record)
	case is("limits"):
		only("GET", "limits", x.limits)
	case is("query"), is("queryAll"), is("tooling", "query"):
		only("GET", "query", x.query)
	case is("query", "*"):
		only("GET", "more", x.more)
	case is("jobs", "query") && method == "POST":
		kind, answer = "job", x.createJob
	case is("jobs", "query"):
		only("GET", "jobs", x.listJobs)
	case is("jobs", "query", "*"):
		switch method {
		case "GET":
			kind, answer = "poll", x.pollJob
		case "PATCH":
			kind, answer = "abort", x.abortJob
		case "DELETE":
			kind, answer = "delete", x.deleteJob
		default:
			answer = func() failure { return errMethod }
		}
	case is("jobs", "query", "*", "results"):
		only("GET", "page", x.results)
	case is("jobs", "query", "*", "resultPages"):
		only("GET", "pages", x.resultPages)
	}
	return x.as(kind, func() failure {
		if err := x.admit(); err != nil {
			return err
		}
		return answer()
	})
}

// admit is what each call of the data API must pass: version, session, rights, quota.
func (x *exchange) admit() failure {
	oldest, newest := x.set.versions()
	if x.set.Oldest == 0 {
		oldest = 31 // sf asks for v51.0 and jsforce for v50.0, whatever the list says
	}
	if v, err := strconv.ParseFloat(x.version, 64); err != nil || v < float64(oldest) || v > float64(newest) {
		return errMissing
	}
	if len(x.r.URL.RequestURI()) > 16_384 {
		return refuse(http.StatusRequestURITooLong, "URI_TOO_LONG", "The URI has more than 16,384 bytes")
	}
	if err := x.authenticate(); err != nil {
		return err
	}
	switch {
	case x.set.NoAPI:
		return refuse(http.StatusForbidden, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
	case x.set.NoAPIUser:
		return refuse(http.StatusForbidden, "API_CURRENTLY_DISABLED", "API is currently disabled for this User")
	}
	used, most := x.s.apiCalls()
	x.s.mu.Lock()
	x.s.apiUsed++
	x.s.mu.Unlock()
	x.limitInfo()
	if used >= most {
		return refuse(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	}
	return x.careful()
}

func (s *Switches) versions() (oldest, newest int) {
	oldest, newest = s.Oldest, s.Newest
	if oldest == 0 {
		oldest = 59
	}
	if newest == 0 {
		newest = 67
	}
	return oldest, newest
}

var seasons = []string{"Winter", "Spring", "Summer"}

func (x *exchange) versionList() failure {
	type version struct {
		Label   string `json:"label"`
		URL     string `json:"url"`
		Version string `json:"version"`
	}
	list := []version{}
	oldest, newest := x.set.versions()
	for v := oldest; v <= newest; v++ {
		// v67 is Summer '26; there are three a year, and Winter carries the next year's number.
		n := (v - 67) + 3*26 + 2
		list = append(list, version{fmt.Sprintf("%s '%d", seasons[n%3], n/3), fmt.Sprintf("/services/data/v%d.0", v), fmt.Sprintf("%d.0", v)})
	}
	return x.json(list)
}

func (x *exchange) resources() failure {
	at := "/services/data/v" + x.version
	answer := map[string]string{}
	for _, name := range []string{"sobjects", "query", "queryAll", "limits", "jobs", "composite", "search", "parameterizedSearch", "recent", "tooling", "actions", "analytics", "chatter", "identity"} {
		answer[name] = at + "/" + name
	}
	answer["identity"] = x.identityURL(x.session.user)
	return x.json(answer)
}
