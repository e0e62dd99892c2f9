package simulator

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
)

// ticking is a clock that a test moves.
type ticking struct{ at time.Time }

func (c *ticking) now() time.Time { return c.at }

func newClock() *ticking { return &ticking{time.Date(2026, 11, 2, 4, 0, 0, 0, time.UTC)} }

// login is what a test signs in with.
type login struct {
	t    *testing.T
	s    *Server
	base string
}

func (l login) post(path string, values url.Values) (int, map[string]any) {
	l.t.Helper()
	status, _, body := ask(l.t, "POST", l.base+"/services/oauth2/"+path, "", values.Encode())
	if body == "" {
		return status, nil
	}
	return status, decode[map[string]any](l.t, body)
}

// The verifier and challenge of RFC 7636, appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	callback  = "http://localhost:1717/callback"
)

// authorize gives the parameters with which the org comes back.
func (l login) authorize(more url.Values) url.Values {
	l.t.Helper()
	q := url.Values{"response_type": {"code"}, "client_id": {l.s.org.ClientID}, "redirect_uri": {callback}, "state": {"a-long-random-state"}, "code_challenge": {challenge}, "scope": {"api refresh_token"}}
	for k, v := range more {
		q[k] = v
	}
	status, h, body := ask(l.t, "GET", l.base+"/services/oauth2/authorize?"+q.Encode(), "", "")
	if status != 302 {
		l.t.Fatalf("authorize: %d %s", status, body)
	}
	to, err := url.Parse(h.Get("Location"))
	if err != nil || to.Query().Get("state") != "a-long-random-state" || !strings.HasPrefix(to.String(), callback) {
		l.t.Fatalf("authorize leads to %s", to)
	}
	return to.Query()
}

func (l login) exchange(code, verifier string) (int, map[string]any) {
	l.t.Helper()
	v := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {l.s.org.ClientID}, "redirect_uri": {callback}}
	if verifier != "" {
		v.Set("code_verifier", verifier)
	}
	return l.post("token", v)
}

func (l login) refresh(token any) (int, map[string]any) {
	l.t.Helper()
	return l.post("token", url.Values{"grant_type": {"refresh_token"}, "client_id": {l.s.org.ClientID}, "refresh_token": {token.(string)}})
}

// works says whether an access token opens the org.
func (l login) works(token any) bool {
	l.t.Helper()
	status, _, _ := ask(l.t, "GET", l.base+"/services/data/v66.0/limits", token.(string), "")
	return status == 200
}

func newLogin(t *testing.T, o Options) login {
	s, base := serve(t, o)
	return login{t, s, base}
}

func TestOAuth_WebServer(t *testing.T) {
	clock := newClock()
	l := newLogin(t, Options{Clock: clock.now})
	code := l.authorize(nil).Get("code")
	for _, c := range []struct{ verifier, want string }{{"", "invalid_grant"}, {strings.Repeat("x", 43), "invalid_request"}} {
		if status, a := l.exchange(code, c.verifier); status != 400 || a["error"] != c.want {
			t.Errorf("verifier %q: %d %v", c.verifier, status, a)
		}
	}
	status, grant := l.exchange(code, verifier)
	if status != 200 || grant["refresh_token"] == nil || grant["scope"] != "api refresh_token" || grant["expires_in"] != nil || !strings.HasPrefix(grant["access_token"].(string), l.s.org.ID[:15]+"!") {
		t.Fatalf("grant %d %v", status, grant)
	}
	if !l.works(grant["access_token"]) {
		t.Error("the access token opens nothing")
	}
	if status, a := l.exchange(code, verifier); status != 400 || a["error"] != "invalid_grant" || l.works(grant["access_token"]) {
		t.Errorf("a code taken twice: %d %v; what it bought ends", status, a)
	}
	late := l.authorize(nil).Get("code")
	clock.at = clock.at.Add(16 * time.Minute)
	if status, a := l.exchange(late, verifier); status != 400 || a["error"] != "invalid_grant" {
		t.Errorf("a code after a quarter of an hour: %d %v", status, a)
	}
	l.s.Set(func(w *Switches) { w.DenyUser = true })
	if q := l.authorize(nil); q.Get("error") != "access_denied" || q.Get("code") != "" {
		t.Errorf("refused by the user: %v", q)
	}
	l.s.Set(func(w *Switches) { w.DenyUser, w.AskUser = false, true })
	q := url.Values{"response_type": {"code"}, "client_id": {l.s.org.ClientID}, "redirect_uri": {callback}, "state": {"x"}}.Encode()
	if _, _, page := ask(t, "GET", l.base+"/services/oauth2/authorize?"+q, "", ""); !strings.Contains(page, `value="allow"`) {
		t.Errorf("no button in %s", page)
	}
	if status, h, _ := ask(t, "POST", l.base+"/services/oauth2/authorize?"+q, "", "answer=allow"); status != 302 || !strings.Contains(h.Get("Location"), "code=") {
		t.Errorf("the button leads to %d %s", status, h.Get("Location"))
	}
	away := url.Values{"response_type": {"code"}, "client_id": {l.s.org.ClientID}, "redirect_uri": {"https://elsewhere.example/"}}.Encode()
	if status, _, body := ask(t, "GET", l.base+"/services/oauth2/authorize?"+away, "", ""); status != 400 || !strings.Contains(body, "redirect_uri_mismatch") {
		t.Errorf("another redirect: %d %s", status, body)
	}
}

func TestOAuth_Refresh(t *testing.T) {
	l := newLogin(t, Options{})
	connect := func() map[string]any {
		_, grant := l.exchange(l.authorize(nil).Get("code"), verifier)
		return grant
	}
	grant := connect()
	status, fresh := l.refresh(grant["refresh_token"])
	if status != 200 || fresh["refresh_token"] != nil || fresh["access_token"] == grant["access_token"] {
		t.Errorf("without rotation: %d %v", status, fresh)
	}
	l.s.Set(func(w *Switches) { w.Rotate = true })
	_, second := l.refresh(grant["refresh_token"])
	if second["refresh_token"] == nil || second["refresh_token"] == grant["refresh_token"] {
		t.Fatalf("with rotation: %v", second)
	}
	if status, a := l.refresh(grant["refresh_token"]); status != 400 || a["error"] != "invalid_grant" {
		t.Errorf("the retired token again: %d %v", status, a)
	}
	if status, _ := l.refresh(second["refresh_token"]); status != 400 || l.works(second["access_token"]) {
		t.Error("the replay did not end the grant")
	}
	grant = connect()
	if status, _ := l.post("revoke", url.Values{"token": {grant["refresh_token"].(string)}}); status != 200 || l.works(grant["access_token"]) {
		t.Errorf("revoke: %d, the access token must end too", status)
	}
	if status, a := l.refresh(grant["refresh_token"]); status != 400 || a["error"] != "invalid_grant" {
		t.Errorf("refresh after revoke: %d %v", status, a)
	}
	if status, a := l.post("revoke", url.Values{"token": {"nothing"}}); status != 400 || a["error"] != "invalid_token" {
		t.Errorf("revoke of nothing: %d %v", status, a)
	}
	first := connect()
	for range 5 {
		connect()
	}
	if status, _ := l.refresh(first["refresh_token"]); status != 400 {
		t.Error("the sixth approval did not drop the first")
	}
}

func TestOAuth_Sessions(t *testing.T) {
	clock := newClock()
	l := newLogin(t, Options{Clock: clock.now, Switches: Switches{SessionCalls: 2}})
	token := l.s.Token()
	for call, want := range []bool{true, true, false} {
		if got := l.works(token); got != want {
			t.Errorf("call %d of a session of two: %t", call+1, got)
		}
	}
	l.s.Set(func(w *Switches) { w.SessionCalls, w.SessionLife = 0, time.Minute })
	token = l.s.Token()
	clock.at = clock.at.Add(59 * time.Second)
	if !l.works(token) {
		t.Error("a session ended early")
	}
	if clock.at = clock.at.Add(time.Second); l.works(token) {
		t.Error("a session lasts longer than it may")
	}
	l.s.Set(func(w *Switches) { w.SessionLife = 0 })
	token = l.s.Token()
	for range 3 {
		if clock.at = clock.at.Add(90 * time.Minute); !l.works(token) {
			t.Error("a call does not prolong the session")
		}
	}
	token = l.s.Token()
	l.s.Set(func(w *Switches) { w.EndSessions++ })
	if l.works(token) {
		t.Error("sessions did not end")
	}
}

func TestOAuth_Identity(t *testing.T) {
	l := newLogin(t, Options{Org: Org{Username: "integration@acme.com"}})
	token := l.s.Token()
	_, grant := l.post("token", url.Values{"grant_type": {"client_credentials"}, "client_id": {l.s.org.ClientID}, "client_secret": {l.s.org.ClientSecret}})
	id := grant["id"].(string)
	if id != l.base+"/id/00D5g000015aIx5EAE/0055g000015aIxgAAE" {
		t.Errorf("identity URL %s", id)
	}
	_, _, body := ask(t, "GET", id+"?version=latest", token, "")
	who := decode[map[string]any](t, body)
	if who["username"] != "integration@acme.com" || who["organization_id"] != "00D5g000015aIx5EAE" || who["urls"].(map[string]any)["rest"] != l.base+"/services/data/v67.0/" {
		t.Errorf("identity %v", who)
	}
	for token, want := range map[string]string{"": "Missing_OAuth_Token", "x": "Bad_OAuth_Token"} {
		if status, _, body := ask(t, "GET", id, token, ""); status != 403 || body != want {
			t.Errorf("token %q: %d %s", token, status, body)
		}
	}
	if status, _, body := ask(t, "GET", l.base+"/id/00D000000000000EAA/0055g000015aIxgAAE", token, ""); status != 403 || body != "Wrong_Org" {
		t.Errorf("another org: %d %s", status, body)
	}
	_, _, body = ask(t, "GET", l.base+"/services/oauth2/userinfo", token, "")
	if u := decode[map[string]any](t, body); u["preferred_username"] != "integration@acme.com" || u["user_id"] != "0055g000015aIxgAAE" {
		t.Errorf("userinfo %v", u)
	}
}

// assert makes a signed JWT; exp is given as it stands in the JSON.
func assert(t *testing.T, key *rsa.PrivateKey, issuer, subject, audience, exp string) url.Values {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	claims, err := json.Marshal(map[string]any{"iss": issuer, "sub": subject, "aud": audience, "exp": json.RawMessage(exp)})
	if err != nil {
		t.Fatal(err)
	}
	text := encode([]byte(`{"alg":"RS256"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {text + "." + encode(signature)}}
}

func TestOAuth_JWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	clock := newClock()
	const user, aud = "integration@acme.com", "https://login.salesforce.com"
	at := map[bool]login{}
	for _, strict := range []bool{false, true} {
		at[strict] = newLogin(t, Options{Strict: strict, Clock: clock.now, Org: Org{Key: &key.PublicKey, Username: user}})
	}
	soon, soonMS, past := "1793592120", "1793592120000", "1793591999" // the clock's second is 1793592000
	for _, c := range []struct {
		name             string
		key              *rsa.PrivateKey
		sub, aud, exp    string
		relaxed, careful string // the error, empty for none
	}{
		{"as it should be", key, user, aud, soon, "", ""},
		{"exp is text", key, user, aud, `"` + soon + `"`, "", "invalid_request"},
		{"exp in milliseconds", key, user, aud, soonMS, "", "invalid_request"},
		{"exp far ahead", key, user, aud, "1793592600", "", "invalid_request"},
		{"the org is the audience", key, user, "BASE/", soon, "", "invalid_request"},
		{"another audience", key, user, "https://test.salesforce.com", soon, "invalid_grant", "invalid_grant"},
		{"expired", key, user, aud, past, "invalid_grant", "invalid_grant"},
		{"another key", other, user, aud, soon, "invalid_grant", "invalid_grant"},
		{"nobody", key, "nobody@acme.com", aud, soon, "invalid_grant", "invalid_grant"},
		{"who left", key, "katharina.wilbrecht@acme.com", aud, soon, "inactive_user", "inactive_user"},
	} {
		for _, strict := range []bool{false, true} {
			l := at[strict]
			before := len(l.s.Violations())
			want := c.relaxed
			if strict {
				want = c.careful
			}
			_, a := l.post("token", assert(t, c.key, l.s.org.ClientID, c.sub, strings.Replace(c.aud, "BASE", l.base, 1), c.exp))
			if got, _ := a["error"].(string); got != want {
				t.Errorf("%s, strict %t: %v, want error %q", c.name, strict, a, want)
			}
			if want == "" && (a["access_token"] == nil || a["refresh_token"] != nil) {
				t.Errorf("%s, strict %t: %v", c.name, strict, a)
			}
			if n := len(l.s.Violations()) - before; (n > 0) != (strict && want == "invalid_request") {
				t.Errorf("%s, strict %t: %d violations", c.name, strict, n)
			}
		}
	}
}
