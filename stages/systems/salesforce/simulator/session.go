package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/crmlink/crmlink/schemas"
)

// grant is an approval of the app by a user; its refresh token lives until it is revoked.
type grant struct {
	user    person
	scope   string
	refresh string
	retired []string // refresh tokens that were rotated away
	revoked bool
}

// session is one access token.
type session struct {
	token        string
	user         person
	scope        string
	grant        *grant // nil: of a flow without refresh token
	issued, last time.Time
	calls        int
}

// person is a user of the org.
type person struct {
	id, username, name, email, first, last string
	active                                 bool
}

// opaque is a made-up secret, the same for the same number of secrets before.
func (s *Server) opaque(what string) string {
	s.serial++
	return s.sign(fmt.Sprintf("%s %d", what, s.serial), 33)
}

func (s *Server) sign(what string, size int) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(what))
	sum := mac.Sum(nil)
	return base64.RawURLEncoding.EncodeToString(append(sum, sum...)[:size])
}

// open makes an access token. s.mu must be held.
func (s *Server) open(user person, scope string, g *grant) *session {
	now := s.clock().UTC()
	x := &session{token: s.org.ID[:15] + "!" + s.opaque("access"), user: user, scope: scope, grant: g, issued: now, last: now}
	s.tokens[x.token] = x
	return x
}

// Token opens a session of the integration user, for a client that brings its own.
func (s *Server) Token() string {
	user, _ := s.person(s.org.Username)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open(user, "api", nil).token
}

// authenticate finds the session of a request and counts the call.
func (x *exchange) authenticate() failure {
	s := x.s
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, token, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	session := s.tokens[strings.TrimSpace(token)]
	if session == nil || !strings.EqualFold(kind, "Bearer") && !strings.EqualFold(kind, "OAuth") {
		return errSession
	}
	life := x.set.SessionLife
	ended := life > 0 && x.now.Sub(session.issued) >= life || life == 0 && x.now.Sub(session.last) >= 2*time.Hour
	if ended || x.set.SessionCalls > 0 && session.calls >= x.set.SessionCalls {
		delete(s.tokens, session.token)
		return errSession
	}
	session.calls++
	session.last = x.now
	x.session = session
	return nil
}

// person finds an active or inactive user by username, which is the email where the loaded records have no Username. The
// integration user is there even where it is not among the records.
func (s *Server) person(username string) (person, bool) {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t := s.store.table(schemas.User)
	by := t.place("Username")
	var cells []string
	for _, r := range t.rows {
		if r == "" {
			continue
		}
		if cells = r.cells(cells, len(t.fields)); strings.EqualFold(cells[by], username) {
			return t.person(cells, username), true
		}
	}
	if strings.EqualFold(username, s.org.Username) {
		return person{id: s.org.UserID, username: username, name: "Integration User", email: username, first: "Integration", last: "User", active: true}, true
	}
	return person{}, false
}

func (t *table) person(cells []string, username string) person {
	cell := func(name string) string {
		if p := t.place(name); p >= 0 {
			return cells[p]
		}
		return ""
	}
	return person{id: cell("Id"), username: username, name: cell("Name"), email: cell("Email"), first: cell("FirstName"), last: cell("LastName"), active: cell("IsActive") != "false"}
}

// answer is a token response. There is never an expires_in in it.
type answer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Signature    string `json:"signature"`
	Scope        string `json:"scope,omitempty"`
	InstanceURL  string `json:"instance_url"`
	ID           string `json:"id"`
	TokenType    string `json:"token_type"`
	IssuedAt     string `json:"issued_at"`
}

func (x *exchange) identityURL(p person) string { return x.base() + "/id/" + x.s.org.ID + "/" + p.id }

func (x *exchange) grantAnswer(session *session, refresh string) failure {
	issued := fmt.Sprint(session.issued.UnixMilli())
	identity := x.identityURL(session.user)
	mac := hmac.New(sha256.New, []byte(x.s.org.ClientSecret))
	mac.Write([]byte(identity + issued))
	x.w.Header().Set("Cache-Control", "no-cache, no-store")
	return x.json(answer{AccessToken: session.token, RefreshToken: refresh, Signature: base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		Scope: session.scope, InstanceURL: x.base(), ID: identity, TokenType: "Bearer", IssuedAt: issued})
}

// end revokes a grant and closes its sessions. s.mu must be held.
func (s *Server) end(g *grant) {
	g.revoked = true
	for token, session := range s.tokens {
		if session.grant == g {
			delete(s.tokens, token)
		}
	}
}

// revoke ends an access token, or with a refresh token the whole grant.
func (x *exchange) revoke() failure {
	token, s := x.r.FormValue("token"), x.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if session := s.tokens[token]; session != nil {
		delete(s.tokens, token)
		x.w.WriteHeader(http.StatusOK)
		return nil
	}
	for _, g := range s.grants {
		if !g.revoked && g.refresh == token && token != "" {
			s.end(g)
			x.w.WriteHeader(http.StatusOK)
			return nil
		}
	}
	return deny("invalid_token", "invalid token: "+"the token is unknown or has ended")
}

// RevokeGrants ends all grants and sessions, as an administrator does on the org's side.
func (s *Server) RevokeGrants() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		s.end(g)
	}
	clear(s.tokens)
}

func (x *exchange) introspect() failure {
	if err := x.client(true); err != nil {
		return err
	}
	type state struct {
		Active    bool   `json:"active"`
		Scope     string `json:"scope,omitempty"`
		ClientID  string `json:"client_id,omitempty"`
		Username  string `json:"username,omitempty"`
		Subject   string `json:"sub,omitempty"`
		TokenType string `json:"token_type,omitempty"`
		Expires   int64  `json:"exp,omitempty"`
		Issued    int64  `json:"iat,omitempty"`
		NotBefore int64  `json:"nbf,omitempty"`
	}
	token, s := x.r.FormValue("token"), x.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if session := s.tokens[token]; session != nil {
		life := x.set.SessionLife
		if life == 0 {
			life = 2 * time.Hour
		}
		at := session.issued.Unix()
		return x.json(state{true, session.scope, s.org.ClientID, session.user.username, x.identityURL(session.user), "access_token", at + int64(life/time.Second), at, at})
	}
	for _, g := range s.grants {
		if !g.revoked && g.refresh == token && token != "" {
			return x.json(state{Active: true, Scope: g.scope, ClientID: s.org.ClientID, Username: g.user.username, Subject: x.identityURL(g.user), TokenType: "refresh_token"})
		}
	}
	return x.json(state{})
}

// plainText is an error of the identity URL, which speaks no JSON.
type plainText struct {
	status int
	text   string
}

func (e *plainText) Error() string { return e.text }
func (e *plainText) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(e.status)
	w.Write([]byte(e.text)) //nolint:errcheck // the client is gone
}

func (x *exchange) identity() failure {
	if x.r.Header.Get("Authorization") == "" {
		return &plainText{http.StatusForbidden, "Missing_OAuth_Token"}
	}
	if x.authenticate() != nil {
		return &plainText{http.StatusForbidden, "Bad_OAuth_Token"}
	}
	parts := strings.Split(strings.Trim(x.r.URL.Path, "/"), "/")
	if len(parts) != 3 || parts[1] != x.s.org.ID || parts[2] != x.session.user.id {
		return &plainText{http.StatusForbidden, "Wrong_Org"}
	}
	return x.json(x.profile())
}

func (x *exchange) userinfo() failure {
	if x.authenticate() != nil {
		return &plainText{http.StatusForbidden, "Bad_OAuth_Token"}
	}
	p := x.profile()
	u := x.session.user
	p["sub"] = p["id"]
	delete(p, "id")
	p["name"], p["preferred_username"], p["given_name"], p["family_name"] = u.name, u.username, u.first, u.last
	p["email_verified"], p["zoneinfo"], p["updated_at"] = true, "UTC", x.now.Format(momentLayout)
	for _, name := range []string{"asserted_user", "username", "display_name", "first_name", "last_name", "timezone", "status", "mobile_phone", "mobile_phone_verified", "last_modified_date", "addr_street", "addr_city", "addr_state", "addr_country", "addr_zip"} {
		delete(p, name)
	}
	return x.json(p)
}

// profile is what the identity URL says of the user.
func (x *exchange) profile() map[string]any {
	u, base := x.session.user, x.base()
	version := x.r.FormValue("version")
	switch version {
	case "":
		version = "{version}"
	case "latest":
		_, newest := x.set.versions()
		version = fmt.Sprintf("%d.0", newest)
	}
	urls := map[string]string{"custom_domain": base}
	for name, path := range map[string]string{"enterprise": "/services/Soap/c/V/" + x.s.org.ID[:15], "metadata": "/services/Soap/m/V/" + x.s.org.ID[:15],
		"partner": "/services/Soap/u/V/" + x.s.org.ID[:15], "rest": "/services/data/vV/", "sobjects": "/services/data/vV/sobjects/", "search": "/services/data/vV/search/",
		"query": "/services/data/vV/query/", "recent": "/services/data/vV/recent/", "tooling_soap": "/services/Soap/T/V/" + x.s.org.ID[:15],
		"tooling_rest": "/services/data/vV/tooling/", "profile": "/" + u.id, "feeds": "/services/data/vV/chatter/feeds", "groups": "/services/data/vV/chatter/groups",
		"users": "/services/data/vV/chatter/users", "feed_items": "/services/data/vV/chatter/feed-items", "feed_elements": "/services/data/vV/chatter/feed-elements"} {
		urls[name] = base + strings.Replace(path, "V", version, 1)
	}
	return map[string]any{
		"id": x.identityURL(u), "asserted_user": true, "user_id": u.id, "organization_id": x.s.org.ID, "username": u.username, "nick_name": u.last,
		"display_name": u.name, "email": u.email, "email_verified": true, "first_name": u.first, "last_name": u.last, "timezone": "UTC",
		"photos":      map[string]string{"picture": base + "/profilephoto/005/F", "thumbnail": base + "/profilephoto/005/T"},
		"addr_street": nil, "addr_city": nil, "addr_state": nil, "addr_country": nil, "addr_zip": nil, "mobile_phone": nil, "mobile_phone_verified": false,
		"is_lightning_login_user": false, "status": map[string]any{"created_date": nil, "body": nil}, "urls": urls, "active": u.active, "user_type": "STANDARD",
		"language": "en_US", "locale": "en_US", "utcOffset": 0, "last_modified_date": x.session.issued.Format(momentLayout), "is_app_installed": true,
	}
}

// limitGrants keeps five approvals of a user; the sixth drops the oldest. s.mu must be held.
func (s *Server) limitGrants(user person) {
	var live []*grant
	for _, g := range s.grants {
		if !g.revoked && g.user.id == user.id {
			live = append(live, g)
		}
	}
	if len(live) > 5 {
		s.end(live[0])
		s.grants = slices.DeleteFunc(s.grants, func(g *grant) bool { return g == live[0] })
	}
}
