package simulator

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// violation records and refuses what a careful client does not do.
func (x *exchange) violation(what string) failure {
	s := x.s
	s.mu.Lock()
	s.violations = append(s.violations, x.r.Method+" "+x.r.URL.Path+": "+what)
	s.mu.Unlock()
	if x.version == "" {
		return deny("invalid_request", "strict: "+what)
	}
	return refuse(http.StatusBadRequest, "STRICT", "strict: "+what)
}

// agent is empty where the client says who it is.
func (x *exchange) agent() string {
	switch a := x.r.UserAgent(); {
	case a == "":
		return "no User-Agent"
	case strings.HasPrefix(a, "Go-http-client"):
		return "User-Agent " + a + " says nothing of the program"
	}
	return ""
}

func (x *exchange) carefulOAuth() failure {
	if !x.s.strict {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	switch {
	case kind != "application/x-www-form-urlencoded":
		return x.violation("Content-Type is application/x-www-form-urlencoded")
	case x.r.URL.RawQuery != "":
		return x.violation("secrets do not belong into the address")
	case x.agent() != "":
		return x.violation(x.agent())
	}
	if v := x.r.PostFormValue("code_verifier"); x.r.PostFormValue("grant_type") == "authorization_code" && (len(v) < 43 || len(v) > 128) {
		return x.violation("code_verifier has 43 to 128 characters")
	}
	return nil
}

func (x *exchange) carefulAuthorize(q url.Values) failure {
	switch {
	case !x.s.strict:
		return nil
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		return x.violation("the web-server flow uses PKCE with S256")
	case len(q.Get("state")) < 16:
		return x.violation("state is a long random value")
	case q.Get("client_secret") != "":
		return x.violation("the secret does not belong into the address")
	}
	return nil
}

// careful are the rules of all calls of the data API.
func (x *exchange) careful() failure {
	if !x.s.strict {
		return nil
	}
	r := x.r
	if a := x.agent(); a != "" {
		return x.violation(a)
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
		return x.violation("Authorization is Bearer and a token")
	}
	if strings.HasSuffix(r.URL.Path, "/") || strings.Contains(r.URL.Path, "//") {
		return x.violation("the path has a slash too many")
	}
	if r.Method == http.MethodPost || r.Method == http.MethodPatch {
		if kind, p, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" || p["charset"] != "" && !strings.EqualFold(p["charset"], "utf-8") {
			return x.violation("Content-Type is application/json")
		}
	} else if r.Header.Get("Content-Type") != "" && r.ContentLength == 0 {
		return x.violation("a request without body has no Content-Type")
	}
	x.s.mu.Lock()
	first, ok := x.s.versions[x.session.token]
	if !ok {
		x.s.versions[x.session.token] = x.version
	}
	x.s.mu.Unlock()
	if ok && first != x.version {
		return x.violation("the version is pinned to " + first)
	}
	return nil
}
