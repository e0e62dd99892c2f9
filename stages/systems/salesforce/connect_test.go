package salesforce

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// nextPort gives every test of the web flow a port of its own.
var nextPort atomic.Int32

// connected goes through the web flow as a person with a browser would.
func connected(o *org) Grant {
	o.t.Helper()
	g, err := byBrowser(o, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return g
}

func byBrowser(o *org, before func(address string)) (Grant, error) {
	app := o.app()
	app.Port = int(27170 + nextPort.Add(1))
	return app.Web(o.t.Context(), func(address string) error {
		if before != nil {
			before(address)
		}
		go func() {
			answer, err := http.Get(address) //nolint:noctx // the browser
			if err == nil {
				answer.Body.Close()
			}
		}()
		return nil
	})
}

// abortOne aborts one of the org's jobs, as an administrator does.
func abortOne(o *org) {
	c := o.client()
	var list struct{ Records []jobInfo }
	if err := c.call(context.Background(), request{kind: callJobs, path: "/services/data/v66.0/jobs/query"}, &list); err != nil {
		o.t.Error(err)
	}
	for _, info := range list.Records {
		if info.State == inProgress {
			if err := c.call(context.Background(), request{kind: callAbort, method: http.MethodPatch, path: jobPath("66.0", info.ID), body: map[string]string{"state": jobAborted}}, nil); err != nil {
				o.t.Error(err)
			}
			return
		}
	}
}

// A14: every flow gives a grant that opens the API, none takes a password.
func TestApp_A14_Flows(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	o := small(t, simulator.Switches{}, func(s *simulator.Options) { s.Org.Key = &key.PublicKey })
	o.clock.pass(time.Since(o.clock.now())) // an assertion is dated by this machine's clock
	flows := map[string]func() (Grant, error){
		"web":                func() (Grant, error) { return byBrowser(o, nil) },
		"client credentials": func() (Grant, error) { return o.app().ClientCredentials(t.Context()) },
		"jwt":                func() (Grant, error) { return o.app().JWT(t.Context(), "integration@example.com", Production, key) },
	}
	for name, flow := range flows {
		t.Run(name, func(t *testing.T) {
			g, err := flow()
			if err != nil {
				t.Fatal(err)
			}
			if g.AccessToken == "" || g.InstanceURL != o.address || g.UserID() == "" || g.OrgID() == "" || g.IssuedAt.IsZero() {
				t.Errorf("the grant lacks something: org %q, user %q, at %s", g.OrgID(), g.UserID(), g.IssuedAt)
			}
			if (g.RefreshToken != "") != (name == "web") {
				t.Errorf("a refresh token: %v", g.RefreshToken != "")
			}
			who, err := o.app().Who(t.Context(), g)
			if err != nil || who.User != g.UserID() || who.Org != g.OrgID() || who.Username == "" {
				t.Errorf("who: %v, %v", who, err)
			}
			for _, text := range []string{fmt.Sprint(g), fmt.Sprintf("%+v %#v %s", g, g, g), fmt.Sprintf("%+v %#v", o.app(), o.app())} {
				if strings.Contains(text, g.AccessToken) || strings.Contains(text, "simulated-secret") || g.RefreshToken != "" && strings.Contains(text, g.RefreshToken) {
					t.Error("a secret shows")
				}
			}
			var back Grant
			text, err := json.Marshal(g)
			if err != nil || json.Unmarshal(text, &back) != nil || back != g {
				t.Error("a grant does not survive JSON")
			}
		})
	}
}

func TestApp_Web_AnswersOfOthersChangeNothing(t *testing.T) {
	o := small(t, simulator.Switches{})
	g, err := byBrowser(o, func(address string) {
		u, _ := url.Parse(address)
		back, _ := url.Parse(u.Query().Get("redirect_uri"))
		for _, query := range []string{"?code=stolen", "?code=stolen&state=guessed", "?error=access_denied&state=", "?state=" + u.Query().Get("state")} {
			answer, err := http.Get(back.String() + query) //nolint:noctx // somebody else
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %d", query, answer.StatusCode)
			}
		}
	})
	if err != nil || g.AccessToken == "" {
		t.Error(err)
	}
}

func TestApp_Web_Refused(t *testing.T) {
	o := small(t, simulator.Switches{DenyUser: true})
	if _, err := byBrowser(o, nil); !isCode(err, Privilege) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	app := o.app()
	app.Port = int(27170 + nextPort.Add(1))
	if _, err := app.Web(ctx, func(string) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The protocol's rotation: the new token replaces the old one, whose replay ends the grant.
func TestApp_Refresh_Rotation(t *testing.T) {
	o := small(t, simulator.Switches{})
	g := connected(o)
	kept, err := o.app().Refresh(t.Context(), g.RefreshToken)
	if err != nil || kept.RefreshToken != g.RefreshToken || kept.AccessToken == g.AccessToken {
		t.Fatalf("without rotation: %v", err)
	}
	o.Set(func(s *simulator.Switches) { s.Rotate = true })
	rotated, err := o.app().Refresh(t.Context(), g.RefreshToken)
	if err != nil || rotated.RefreshToken == g.RefreshToken {
		t.Fatalf("with rotation: %v", err)
	}
	if _, err := o.app().Refresh(t.Context(), g.RefreshToken); !isCode(err, Revoked) {
		t.Errorf("replayed: %v", err)
	}
	if _, err := o.app().Refresh(t.Context(), rotated.RefreshToken); !isCode(err, Revoked) {
		t.Errorf("after the replay: %v", err)
	}
}

// A refresh whose answer was lost may have used up the token: it is not sent again by itself.
func TestApp_Refresh_NotReplayed(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	app := App{Login: server.URL, ClientID: "id", HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	if _, err := app.Refresh(t.Context(), "5Aep861secret"); !isCode(err, Connect) || strings.Contains(err.Error(), "5Aep861secret") {
		t.Errorf("%v", err)
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// A15: revoked on either side.
func TestApp_A15_Revoke(t *testing.T) {
	o := small(t, simulator.Switches{})
	g := connected(o)
	if err := o.app().Revoke(t.Context(), g.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if _, err := o.app().Refresh(t.Context(), g.RefreshToken); !isCode(err, Revoked) {
		t.Errorf("refresh: %v", err)
	}
	if _, err := o.app().Who(t.Context(), g); !isCode(err, Revoked) {
		t.Errorf("who: %v", err)
	}
	if err := o.app().Revoke(t.Context(), g.RefreshToken); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

func TestApp_WhatLoginsAnswer(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		code   Code
	}{
		{"a wrong client", refusing(400, `{"error":"invalid_client_id","error_description":"client identifier invalid"}`), Setting},
		{"a locked user", refusing(400, `{"error":"invalid_grant","error_description":"user is locked"}`), Revoked},
		{"an inactive user", refusing(400, `{"error":"inactive_user","error_description":"user is inactive"}`), Privilege},
		{"maintenance", refusing(503, `<html>down</html>`), API},
		{"a page instead of an answer", refusing(200, `<html>Welcome to the hotel</html>`), Connect},
		{"another server", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example.com/token", http.StatusTemporaryRedirect)
		}, Connect},
		{"what was sent, in an error", func(w http.ResponseWriter, r *http.Request) {
			r.ParseForm() //nolint:errcheck // a test
			w.WriteHeader(400)
			fmt.Fprintf(w, `{"error":"invalid_grant","error_description":"%s %s"}`, r.PostForm.Get("client_secret"), r.PostForm.Get("refresh_token"))
		}, Revoked},
		{"a token for an address without TLS", refusing(200, `{"access_token":"00Dsecret","instance_url":"http://acme.my.salesforce.com","token_type":"Bearer"}`), Setting},
		{"no token", refusing(200, `{"instance_url":"https://acme.my.salesforce.com"}`), Connect},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			app := App{Login: server.URL, ClientID: "id", Secret: "the-app-secret", sleep: func(context.Context, time.Duration) error { return nil }}
			_, err := app.Refresh(t.Context(), "the-refresh-token")
			if !isCode(err, c.code) {
				t.Errorf("%v, want %s", err, c.code)
			}
			for _, secret := range []string{"the-app-secret", "the-refresh-token", "00Dsecret"} {
				for e := err; e != nil; e = errors.Unwrap(e) {
					if strings.Contains(fmt.Sprintf("%v %+v", e, e), secret) {
						t.Errorf("%s shows in %T", secret, e)
					}
				}
			}
		})
	}
}

func refusing(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write([]byte(body)) //nolint:errcheck // a test
	}
}

// A16: nothing goes over a connection that is not encrypted, except on this machine.
func TestApp_A16_OnlyTLS(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://login.salesforce.com": true, "http://127.0.0.1:8080": true, "http://localhost:8080": true, "http://[::1]:8080": true,
		"http://login.salesforce.com": false, "http://127.0.0.1.example.com": false, "ftp://login.salesforce.com": false, "login.salesforce.com": false, "": false,
		"https://user:secret@login.salesforce.com": false,
	} {
		_, err := New(Options{Instance: address, Token: func(context.Context, string) (string, error) { return "x", nil }})
		if (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
		if ok {
			continue
		}
		if !isCode(err, Setting) || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s: %v", address, err)
		}
		if _, err := (App{Login: address, ClientID: "id"}).Refresh(t.Context(), "token"); !isCode(err, Setting) {
			t.Errorf("app at %s: %v", address, err)
		}
	}
	if _, err := (App{Login: Production, ClientID: "id"}).ClientCredentials(t.Context()); !isCode(err, Setting) {
		t.Errorf("client credentials at the login host: %v", err)
	}
}
