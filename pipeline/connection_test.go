package pipeline

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/stages/systems/salesforce/simulator"
)

// webOrg is a folder connected to an empty simulated org by a browser that grants at once.
func webOrg(t *testing.T, w simulator.Switches) (*simulator.Server, Config) {
	t.Helper()
	org := simulator.New(simulator.Options{Strict: true, Switches: w})
	address, stop, err := org.Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	dir := emptyOrg(t)
	text := fmt.Sprintf("org: {kind: salesforce, login: %q, client_id: 3MVG9simulated, key_file: my.key, port: %d}\n", address, FreePort(t)) + ownLists
	c, err := parseConfig(filepath.Join(dir, ConfigFile), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return org, c
}

// browse opens the address that connect shows, as a browser would.
func browse(address string) error {
	go func() {
		if answer, err := http.Get(address); err == nil { //nolint:gosec // the simulator's
			io.Copy(io.Discard, answer.Body) //nolint:errcheck // it goes back to the loopback
			answer.Body.Close()
		}
	}()
	return nil
}

func mustConnect(t *testing.T, c Config) Connected {
	t.Helper()
	done, err := Connect(t.Context(), ConnectOptions{Config: c, Who: eve, At: time.Now(), Show: browse})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func requests(org *simulator.Server, kind string) (n int) {
	for _, r := range org.Requests() {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

// Where refresh tokens rotate, who shows one twice loses the connection. However many processes find their session
// ended, one renews it, and what it got is stored before anybody uses it; no file of the store can be read for a token.
func TestSession_A14_A15_OneRenewsAndAllHaveIt(t *testing.T) {
	org, c := webOrg(t, simulator.Switches{Rotate: true})
	done := mustConnect(t, c)
	if done.KeyFile == "" || done.User == "" || done.Flow != WebFlow || done.Before != "" {
		t.Errorf("connected: %+v", done)
	}
	store := Store{Dir: c.Path("store")}
	secrets := map[string]bool{}
	for round := range 3 {
		var sessions []*session
		for range 6 { // as many processes
			l, err := store.openConnection(t.Context(), c, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			sessions = append(sessions, l)
		}
		refused := sessions[0].grant.AccessToken
		secrets[refused], secrets[sessions[0].grant.RefreshToken] = true, true
		before := requests(org, "token")
		tokens := make([]string, len(sessions))
		var all sync.WaitGroup
		for i, l := range sessions {
			all.Go(func() {
				var err error
				if tokens[i], err = l.token(t.Context(), refused); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, token := range tokens {
			if token == refused || token != tokens[0] {
				t.Fatalf("round %d: not one token that is new for all", round)
			}
		}
		if n := requests(org, "token") - before; n != 1 {
			t.Errorf("round %d: the session was renewed %d times", round, n)
		}
	}
	checkNoSecret(t, store.Dir, secrets)
	db, err := control.OpenIfThere(t.Context(), store.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log, err := db.Log(t.Context())
	if err != nil || len(log) != 4 || log[0].What != "connect" || log[0].By != "eve" || log[3].What != "renew" {
		t.Errorf("log %+v, %v", log, err)
	}
	for _, l := range log {
		for secret := range secrets {
			if strings.Contains(l.Detail, secret) {
				t.Errorf("the log tells %q", l.Detail)
			}
		}
	}
}

func checkNoSecret(t *testing.T, dir string, secrets map[string]bool) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for secret := range secrets {
			if len(secret) > 10 && bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds a token", e.Name())
			}
		}
		return err
	})
	if err != nil || files == 0 || len(secrets) < 2 {
		t.Errorf("%d files looked at for %d secrets, %v", files, len(secrets), err)
	}
}

// What keeps a store from its org is said with what to do, and changes nothing.
func TestConnect_A11_A14_Refusals(t *testing.T) {
	org, c := webOrg(t, simulator.Switches{})
	mustConnect(t, c)
	other, elsewhere := webOrg(t, simulator.Switches{})
	_ = other
	sandbox := simulator.New(simulator.Options{Org: simulator.Org{ID: "00D5g000015aIx5EAE", Sandbox: true}})
	address, stop, err := sandbox.Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var foreign *control.OtherOrgError
	if _, err := Connect(t.Context(), ConnectOptions{Config: c, Login: address, Who: eve, At: time.Now(), Show: browse}); !errors.As(err, &foreign) || !IsInput(err) {
		t.Errorf("another org: %v", err)
	}
	store := Store{Dir: c.Path("store")}
	if known, err := store.Connection(t.Context()); err != nil || known == nil || known.Login == address {
		t.Errorf("after that: %+v, %v", known, err)
	}
	if _, err := (Store{Dir: elsewhere.Path("store")}).openConnection(t.Context(), elsewhere, time.Now); err == nil || !IsInput(err) {
		t.Errorf("never connected: %v", err)
	}
	if err := os.Chmod(c.Path("org.key_file"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.openConnection(t.Context(), c, time.Now); err == nil || !strings.Contains(err.Error(), "mode 0644") {
		t.Errorf("a key that all may read: %v", err)
	}
	t.Setenv(control.KeyVariable, strings.Repeat("ab", 32))
	if _, err := store.openConnection(t.Context(), c, time.Now); err == nil || !strings.Contains(err.Error(), "sealed with another key") || !IsInput(err) {
		t.Errorf("another key: %v", err)
	}
	// With another key Salesforce cannot be told; force removes the tokens all the same, and says so.
	if _, err := Disconnect(t.Context(), c, eve, time.Now(), false); err == nil {
		t.Error("disconnected without telling Salesforce")
	}
	if done, err := Disconnect(t.Context(), c, eve, time.Now(), true); err != nil || done.Unrevoked == "" || requests(org, "revoke") != 0 {
		t.Errorf("by force: %+v, %v", done, err)
	}
	t.Setenv(control.KeyVariable, "")
	if err := os.Chmod(c.Path("org.key_file"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustConnect(t, c)
	if done, err := Disconnect(t.Context(), c, eve, time.Now(), false); err != nil || done.Unrevoked != "" || requests(org, "revoke") != 1 {
		t.Errorf("disconnected: %+v, %v; %d revocations", done, err, requests(org, "revoke"))
	}
	csv, err := parseConfig(c.File, []byte("org: {path: crm, instance_url: https://a.b}\n"+ownLists))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(t.Context(), ConnectOptions{Config: csv, Who: eve, At: time.Now()}); !IsInput(err) {
		t.Errorf("a csv org: %v", err)
	}
}

func TestAudience_OfTheHostsSalesforceDocuments(t *testing.T) {
	for login, want := range map[string]string{
		"https://login.salesforce.com":                      "https://login.salesforce.com",
		"https://test.salesforce.com":                       "https://test.salesforce.com",
		"https://acme.my.salesforce.com":                    "https://login.salesforce.com",
		"https://sandbox.my.salesforce.com":                 "https://login.salesforce.com",
		"https://acme--full.sandbox.my.salesforce.com":      "https://test.salesforce.com",
		"http://127.0.0.1:8080":                             "https://login.salesforce.com",
		"https://acme--x.sandbox.my.salesforce.com.example": "https://login.salesforce.com",
	} {
		if got := audience(login); got != want {
			t.Errorf("%s: %s, want %s", login, got, want)
		}
	}
}

// The flow that needs nobody: an assertion signed with the app's key, made anew for each session.
func TestConnect_A14_JWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	org := simulator.New(simulator.Options{Strict: true, Org: simulator.Org{Key: &key.PublicKey}})
	address, stop, err := org.Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	dir := emptyOrg(t)
	c, err := parseConfig(filepath.Join(dir, ConfigFile), []byte(fmt.Sprintf("org: {kind: salesforce, login: %q, client_id: 3MVG9simulated, flow: jwt, "+
		"username: integration@example.com, jwt_key_file: app.key, key_file: my.key}\n", address)+ownLists))
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "app.key")
	for _, wrong := range []struct {
		text string
		mode os.FileMode
		want string
	}{{"no key", 0o600, "no RSA private key"}, {"no key", 0o644, "mode 0644"}} {
		if err := errors.Join(os.WriteFile(file, []byte(wrong.text), wrong.mode), os.Chmod(file, wrong.mode)); err != nil {
			t.Fatal(err)
		}
		if _, err := Connect(t.Context(), ConnectOptions{Config: c, Who: eve, At: time.Now()}); err == nil || !strings.Contains(err.Error(), wrong.want) || !IsInput(err) {
			t.Errorf("%s: %v", wrong.want, err)
		}
	}
	for kind, der := range map[string][]byte{"PRIVATE KEY": pkcs8, "RSA PRIVATE KEY": x509.MarshalPKCS1PrivateKey(key)} {
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		if err := errors.Join(os.WriteFile(file, text, 0o600), os.Chmod(file, 0o600)); err != nil {
			t.Fatal(err)
		}
		if done := mustConnect(t, c); done.Flow != JWTFlow || done.Username != "integration@example.com" {
			t.Errorf("%s: %+v", kind, done)
		}
	}
	l, err := (Store{Dir: c.Path("store")}).openConnection(t.Context(), c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	before := l.grant.AccessToken
	if token, err := l.token(t.Context(), before); err != nil || token == before || token == "" {
		t.Errorf("the session was not renewed by a new assertion: %v", err)
	}
}
