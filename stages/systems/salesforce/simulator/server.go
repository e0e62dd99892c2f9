// Package simulator is a Salesforce org in the process: OAuth, REST and Bulk API 2.0 queries over records that a test or
// `crmlink demo` loads, as the protocol describes them and as clients that were written for the real one accept them. It
// is not the CRM: no Apex, no sharing rules, no write API but the methods of Server, and SOQL only as far as Server's
// queries say.
package simulator

import (
	"compress/gzip"
	"crypto/rsa"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/crmlink/crmlink/schemas"
)

// Org says which org it is. Zero fields get made-up values.
type Org struct {
	ID, Name, Edition, Instance string // of Organization, where none is loaded
	Sandbox                     bool
	UserID, Username            string         // the integration user
	ClientID, ClientSecret      string         // the app
	Redirects                   []string       // allowed redirect URIs; empty: every loopback address
	Key                         *rsa.PublicKey // of the app's certificate; nil: assertions are taken unverified
}

// Options make a Server.
type Options struct {
	Org    Org
	Clock  func() time.Time // nil: time.Now
	Strict bool             // refuse what only a careless client does, and record it: Violations
	Switches
}

// Server is the org. It is an http.Handler and safe for concurrent use.
type Server struct {
	org    Org
	clock  func() time.Time
	strict bool
	store  store
	secret []byte // of locators, tokens and signatures

	mu         sync.Mutex // of all below
	switches   Switches
	grants     []*grant
	tokens     map[string]*session
	codes      map[string]*code
	jobs       []*job
	cursors    map[string]*cursor
	serial     int
	apiUsed    int64
	jobsUsed   int64
	storage    int64 // bytes given out
	requests   []Request
	violations []string
	versions   map[string]string // by access token: the one version it is used with
	gate       *gate
}

// Request is one request that was answered.
type Request struct {
	Time   time.Time
	Kind   string // token, authorize, revoke, introspect, identity, userinfo, versions, resources, sobjects, describe, record, limits, query, more, job, poll, abort, delete, jobs, page, pages, other
	Method string
	Path   string // with the query
	Agent  string
	Status int
	Bytes  int64         // of the body, as sent
	Rows   int           // of a page or a query's answer
	Plain  int64         // bytes of a page of results before they are compressed
	Start  time.Time     // by the real clock
	Took   time.Duration // by the real clock, to the last byte that was handed over
}

// New makes an org without records.
func New(o Options) *Server {
	s := &Server{org: o.Org, clock: o.Clock, strict: o.Strict, switches: o.Switches, secret: []byte("a simulator's secret is none"),
		tokens: map[string]*session{}, codes: map[string]*code{}, cursors: map[string]*cursor{}, versions: map[string]string{}}
	if s.clock == nil {
		s.clock = time.Now
	}
	for _, x := range []struct {
		to    *string
		value string
	}{{&s.org.ID, newID("00D", 1)}, {&s.org.UserID, newID("005", 1)}, {&s.org.Username, "integration@example.com"}, {&s.org.Name, "Simulated Org"},
		{&s.org.Edition, "Enterprise Edition"}, {&s.org.Instance, "SIM1"}, {&s.org.ClientID, "3MVG9simulated"}, {&s.org.ClientSecret, "simulated-secret"}} {
		if *x.to == "" {
			*x.to = x.value
		}
	}
	s.store.unseen = map[[15]byte]bool{}
	for _, o := range schemas.Objects {
		s.store.tables = append(s.store.tables, standard(o))
	}
	s.own()
	return s
}

// Set changes switches while the simulator runs.
func (s *Server) Set(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.switches.EndSessions
	change(&s.switches)
	if s.switches.EndSessions != before {
		clear(s.tokens)
	}
	if s.gate != nil {
		s.gate.refuse(s.switches.Refuse)
	}
}

func (s *Server) settings() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches
}

// Requests gives what was answered so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Violations gives what strict mode refused. A test of our own client fails where there is one.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// exchange is one request on its way.
type exchange struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	now     time.Time
	set     Switches
	kind    string
	version string   // 66.0
	parts   []string // of the path below the version
	rows    int
	plain   int64
	session *session
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	out := &meter{ResponseWriter: w, limit: -1}
	x := &exchange{s: s, w: out, r: r, now: s.clock().UTC(), set: s.settings(), kind: "other"}
	out.Header().Set("Date", x.now.Format(http.TimeFormat))
	cut := false
	defer func() {
		s.mu.Lock()
		if len(s.requests) >= 200_000 { // of a server that runs for days the last ones are enough
			s.requests = append([]Request(nil), s.requests[100_000:]...)
		}
		s.requests = append(s.requests, Request{Time: x.now, Kind: x.kind, Method: r.Method, Path: r.URL.RequestURI(), Agent: r.UserAgent(), Status: out.status, Bytes: out.bytes, Rows: x.rows, Plain: x.plain, Start: start, Took: time.Since(start)})
		s.mu.Unlock()
		if cut {
			panic(http.ErrAbortHandler)
		}
	}()
	answer := x.route()
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			answer = func() failure { return refuse(http.StatusBadRequest, "API_ERROR", "The body is not gzip") }
		} else {
			r.Body = unpacked
		}
	}
	if f := s.fault(x); f != nil {
		time.Sleep(f.Delay)
		if f.Then != nil {
			f.Then()
		}
		if f.Kill > 0 {
			out.limit = int64(f.Kill)
			defer func() {
				if e := recover(); e != nil {
					if e != errCut { //nolint:errorlint // it is the value itself
						panic(e)
					}
				}
				cut = true
			}()
		} else if f.Status > 0 {
			f.write(out)
			return
		}
	}
	if x.packs() {
		z := &packed{ResponseWriter: out}
		x.w = z
		defer z.close()
	}
	if err := answer(); err != nil {
		err.write(x.w)
	}
}

// failure is an error that knows how to be written.
type failure interface {
	error
	write(http.ResponseWriter)
}

// base is the address under which the client reached the org.
func (x *exchange) base() string {
	scheme := "http"
	if x.r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + x.r.Host
}

func (x *exchange) json(v any) failure {
	writeJSON(x.w, http.StatusOK, v)
	return nil
}

// limitInfo sets the header that all answers of REST carry but those of /services/data.
func (x *exchange) limitInfo() {
	used, most := x.s.apiCalls()
	info := "api-usage=" + strconv.FormatInt(used, 10) + "/" + strconv.FormatInt(most, 10)
	if x.set.LimitHeader != "" {
		info += "; " + x.set.LimitHeader
	}
	x.w.Header().Set("Sforce-Limit-Info", info)
}

func (s *Server) apiCalls() (used, most int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	most = s.switches.APIMax
	if most == 0 {
		most = 100_000
	}
	return s.apiUsed + s.switches.APIUsed, most
}
