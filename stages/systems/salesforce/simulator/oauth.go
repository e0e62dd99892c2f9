package simulator

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// code is an authorization code: for one use within 15 minutes.
type code struct {
	user      person
	scope     string
	redirect  string
	challenge string
	made      time.Time
	used      *grant
}

// client checks who asks: client_id and, where it must or does come, client_secret, from the body or from Basic.
func (x *exchange) client(secret bool) failure {
	if err := x.r.ParseForm(); err != nil {
		return deny("invalid_request", "the body is no form")
	}
	id, key := x.r.FormValue("client_id"), x.r.FormValue("client_secret")
	if user, password, ok := x.r.BasicAuth(); ok {
		id, _ = url.QueryUnescape(user)
		key, _ = url.QueryUnescape(password)
	}
	switch {
	case x.set.UnknownClient || id != x.s.org.ClientID:
		return deny("invalid_client_id", "client identifier invalid")
	case secret && key != x.s.org.ClientSecret || key != "" && key != x.s.org.ClientSecret:
		return deny("invalid_client", "invalid client credentials")
	}
	return nil
}

func (x *exchange) token() failure {
	if x.r.Method != http.MethodPost {
		return deny("invalid_request", "must use HTTP POST")
	}
	if err := x.r.ParseForm(); err != nil {
		return deny("invalid_request", "the body is no form")
	}
	if err := x.carefulOAuth(); err != nil {
		return err
	}
	switch x.r.FormValue("grant_type") {
	case "authorization_code":
		return x.exchangeCode()
	case "refresh_token":
		return x.refresh()
	case "client_credentials":
		if err := x.client(true); err != nil {
			return err
		}
		return x.openFor(x.runAs(), "api")
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		username, err := x.assertion()
		if err != nil {
			return err
		}
		return x.openFor(username, "web api")
	case "":
		return deny("invalid_request", "grant type not provided")
	}
	return deny("unsupported_grant_type", "grant type not supported")
}

// runAs is the user that the app acts for where a flow names none.
func (x *exchange) runAs() string {
	if x.set.LoginAs != "" {
		return x.set.LoginAs
	}
	return x.s.org.Username
}

// openFor gives a session without refresh token.
func (x *exchange) openFor(username, scope string) failure {
	user, ok := x.s.person(username)
	switch {
	case !ok || x.set.NoApproval:
		return deny("invalid_grant", "user hasn't approved this consumer")
	case !user.active || x.set.UserInactive:
		return deny("inactive_user", "user is inactive")
	}
	x.s.mu.Lock()
	session := x.s.open(user, scope, nil)
	x.s.mu.Unlock()
	return x.grantAnswer(session, "")
}

func (x *exchange) exchangeCode() failure {
	if err := x.client(false); err != nil {
		return err
	}
	s := x.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.codes[x.r.FormValue("code")]
	verifier := x.r.FormValue("code_verifier")
	switch {
	case c == nil || x.now.Sub(c.made) > 15*time.Minute:
		return deny("invalid_grant", "invalid authorization code")
	case c.used != nil:
		s.end(c.used) // somebody has the code twice
		return deny("invalid_grant", "expired authorization code")
	case x.r.FormValue("redirect_uri") != c.redirect:
		return deny("redirect_uri_mismatch", "redirect_uri must match configuration")
	case c.challenge != "" && verifier == "":
		return deny("invalid_grant", "code verifier is missing")
	case c.challenge == "" && x.r.FormValue("client_secret") == "" && x.r.Header.Get("Authorization") == "":
		return deny("invalid_client", "a client without secret must use PKCE")
	}
	if sum := sha256.Sum256([]byte(verifier)); c.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge {
		return deny("invalid_request", "invalid code verifier")
	}
	g := &grant{user: c.user, scope: c.scope}
	c.used = g
	if !x.set.NoRefresh && (c.scope == "" || strings.Contains(c.scope, "refresh_token") || strings.Contains(c.scope, "offline_access") || strings.Contains(c.scope, "full")) {
		g.refresh = "5Aep861" + s.opaque("refresh")
	}
	s.grants = append(s.grants, g)
	s.limitGrants(g.user)
	return x.grantAnswer(s.open(g.user, c.scope, g), g.refresh)
}

func (x *exchange) refresh() failure {
	if err := x.client(false); err != nil {
		return err
	}
	s, token := x.s, x.r.FormValue("refresh_token")
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.set.RefreshError != "" {
		return deny("invalid_grant", x.set.RefreshError)
	}
	for _, g := range s.grants {
		if slices.Contains(g.retired, token) {
			s.end(g) // a rotated token came again: it may have been stolen
			break
		}
		if g.refresh != token || token == "" || g.revoked {
			continue
		}
		if x.set.UserInactive {
			return deny("inactive_user", "user is inactive")
		}
		given := ""
		if x.set.Rotate {
			g.retired = append(g.retired, g.refresh)
			g.refresh = "5Aep861" + s.opaque("refresh")
			given = g.refresh
		}
		return x.grantAnswer(s.open(g.user, g.scope, g), given)
	}
	return deny("invalid_grant", "expired access/refresh token")
}

// authorize is the page a person sees: it grants at once, or on a button.
func (x *exchange) authorize() failure {
	q := x.r.URL.Query()
	redirect := q.Get("redirect_uri")
	if err := x.client(false); err != nil {
		return err
	}
	if !x.s.mayRedirect(redirect) {
		return deny("redirect_uri_mismatch", "redirect_uri must match configuration")
	}
	back := func(values url.Values) failure {
		if state := q.Get("state"); state != "" {
			values.Set("state", state)
		}
		join := "?"
		if strings.Contains(redirect, "?") {
			join = "&"
		}
		http.Redirect(x.w, x.r, redirect+join+values.Encode(), http.StatusFound)
		return nil
	}
	switch method := q.Get("code_challenge_method"); {
	case q.Get("response_type") != "code":
		return back(url.Values{"error": {"unsupported_response_type"}, "error_description": {"response type not supported"}})
	case method != "" && method != "S256":
		return back(url.Values{"error": {"invalid_request"}, "error_description": {"code challenge method not supported"}})
	}
	if err := x.carefulAuthorize(q); err != nil {
		return err
	}
	if x.set.DenyUser || x.r.PostFormValue("answer") == "deny" {
		return back(url.Values{"error": {"access_denied"}, "error_description": {"end-user denied authorization"}})
	}
	if x.set.AskUser && x.r.PostFormValue("answer") == "" {
		x.w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		fmt.Fprintf(x.w, `<!doctype html><title>Allow access?</title><h1>Allow access to %s?</h1><form method="post" action="%s"><button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button></form>`,
			html.EscapeString(x.s.org.Name), html.EscapeString(x.r.URL.RequestURI()))
		return nil
	}
	user, ok := x.s.person(x.runAs())
	if !ok || !user.active || x.set.UserInactive {
		return back(url.Values{"error": {"access_denied"}, "error_description": {"user is inactive or unknown"}})
	}
	x.s.mu.Lock()
	value := "aPrx" + x.s.opaque("code")
	x.s.codes[value] = &code{user: user, scope: q.Get("scope"), redirect: redirect, challenge: q.Get("code_challenge"), made: x.now}
	x.s.mu.Unlock()
	return back(url.Values{"code": {value}})
}

func (s *Server) mayRedirect(to string) bool {
	if len(s.org.Redirects) > 0 {
		return slices.Contains(s.org.Redirects, to)
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
