package salesforce

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/oauth2"
)

// Web asks a person at a browser: it shows the address to open, waits at the loopback address for the answer, and
// exchanges the code (PKCE S256). It ends with ctx.
func (a App) Web(ctx context.Context, show func(address string) error) (Grant, error) {
	if _, err := secure("the login address", a.Login); err != nil {
		return Grant{}, err
	}
	if a.ClientID == "" {
		return Grant{}, fail(Setting, nil, "there is no client id").try("set org.client_id to the consumer key of the external client app")
	}
	port := a.Port
	if port == 0 {
		port = 1717
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return Grant{}, fail(Setting, err, fmt.Sprintf("the browser's answer is awaited at localhost:%d, and that port is taken or not allowed", port)).
			try("end the other program, or choose another port and enter http://localhost:<port>/callback as the app's callback URL")
	}
	var state [32]byte
	rand.Read(state[:]) //nolint:errcheck // never fails
	wait := &callback{state: base64.RawURLEncoding.EncodeToString(state[:]), came: make(chan answerOfBrowser, 1)}
	server := &http.Server{Handler: wait, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) //nolint:errcheck // ends when it is closed
	defer func() {
		// The page that tells the person how it went is still on its way.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		server.Shutdown(closing) //nolint:errcheck // nothing depends on it
	}()
	config := a.config(fmt.Sprintf("http://localhost:%d/callback", port))
	verifier := oauth2.GenerateVerifier()
	if err := show(config.AuthCodeURL(wait.state, oauth2.S256ChallengeOption(verifier))); err != nil {
		return Grant{}, err
	}
	var came answerOfBrowser
	select {
	case <-ctx.Done():
		return Grant{}, context.Cause(ctx)
	case came = <-wait.came:
	}
	if came.err != "" {
		no := &refusal{Status: http.StatusBadRequest, Code: codeOf(came.err), Message: oneLine(came.err + ": " + came.description)}
		return Grant{}, loginFailed("ask for access", no, nil)
	}
	return a.grant(ctx, "exchange the code", false, func(ctx context.Context) (*oauth2.Token, error) {
		return config.Exchange(ctx, came.code, oauth2.VerifierOption(verifier))
	}, came.code, verifier)
}

type answerOfBrowser struct{ code, err, description string }

// callback takes the one answer that carries our state; anything else that finds the port changes nothing.
type callback struct {
	state string
	came  chan answerOfBrowser
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	q := r.URL.Query()
	if r.URL.Path != "/callback" || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(c.state)) != 1 || q.Get("code") == "" && q.Get("error") == "" {
		http.Error(w, "This is not the answer that crmlink waits for. Start again with the address it shows.", http.StatusBadRequest)
		return
	}
	select {
	case c.came <- answerOfBrowser{code: q.Get("code"), err: q.Get("error"), description: q.Get("error_description")}:
	default: // a second answer
	}
	if q.Get("error") != "" {
		fmt.Fprintln(w, "Salesforce did not give access. The terminal tells more; you can close this window.")
		return
	}
	fmt.Fprintln(w, "crmlink has Salesforce's answer. You can close this window and go back to the terminal.")
}
