package salesforce

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/jwt"
)

// scopes are the least that a nightly pull needs: the API, and being allowed to come back.
var scopes = []string{"api", "refresh_token"}

// assertionLife is how long a JWT is good for; Salesforce takes three minutes or a little more.
const assertionLife = 2 * time.Minute

// JWT signs an assertion for a user who approved the app beforehand. audience is Production or Sandbox, whichever the
// org is, also where Login is a My Domain address; empty takes Login. There is no refresh token: ask anew.
func (a App) JWT(ctx context.Context, username, audience string, key *rsa.PrivateKey) (Grant, error) {
	switch {
	case key == nil:
		return Grant{}, fail(Setting, nil, "there is no key to sign with").try("set org.key_file to the app's private key")
	case username == "":
		return Grant{}, fail(Setting, nil, "there is no username to connect as").try("set org.username to the integration user")
	}
	if audience == "" {
		audience = strings.TrimSuffix(a.Login, "/")
	}
	config := jwt.Config{Email: a.ClientID, Subject: username, Audience: audience, Expires: assertionLife, TokenURL: a.tokenURL(),
		PrivateKey: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})}
	return a.grant(ctx, "connect by JWT", true, func(ctx context.Context) (*oauth2.Token, error) { return config.TokenSource(ctx).Token() })
}

// ClientCredentials connects as the app's own run-as user. Login must be the org's My Domain address.
func (a App) ClientCredentials(ctx context.Context) (Grant, error) {
	if login := strings.TrimSuffix(a.Login, "/"); login == Production || login == Sandbox {
		return Grant{}, fail(Setting, nil, "client credentials are not taken at "+login).try("set org.login to the org's My Domain address, https://….my.salesforce.com")
	}
	config := clientcredentials.Config{ClientID: a.ClientID, ClientSecret: a.Secret, TokenURL: a.tokenURL(), AuthStyle: oauth2.AuthStyleInParams}
	return a.grant(ctx, "connect by client credentials", true, config.Token)
}

// Refresh gets a new access token. Grant.RefreshToken is the new one where Salesforce rotated it, else the old: store
// the grant before it is used, and let one process refresh at a time, for replaying a retired token revokes the grant.
func (a App) Refresh(ctx context.Context, refreshToken string) (Grant, error) {
	if refreshToken == "" {
		return Grant{}, fail(Revoked, nil, "there is no refresh token")
	}
	return a.grant(ctx, "renew the session", false, func(ctx context.Context) (*oauth2.Token, error) {
		return a.config("").TokenSource(ctx, &oauth2.Token{RefreshToken: refreshToken}).Token()
	}, refreshToken)
}

// config is the app as x/oauth2 knows it. The secret goes into the body, where every flow of Salesforce takes it.
func (a App) config(redirect string) *oauth2.Config {
	login := strings.TrimSuffix(a.Login, "/")
	return &oauth2.Config{ClientID: a.ClientID, ClientSecret: a.Secret, RedirectURL: redirect, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: login + "/services/oauth2/authorize", TokenURL: a.tokenURL(), AuthStyle: oauth2.AuthStyleInParams}}
}

func (a App) tokenURL() string { return strings.TrimSuffix(a.Login, "/") + "/services/oauth2/token" }

// loginTries is how often a login is tried where Salesforce fails for a while.
const loginTries = 4

// grant asks for a token, again where that can do no harm, and reads it. repeatable says that asking twice buys two
// tokens and nothing worse: a code and a rotating refresh token are used up by an answer that was lost on its way.
func (a App) grant(ctx context.Context, doing string, repeatable bool, ask func(context.Context) (*oauth2.Token, error), secrets ...string) (Grant, error) {
	if _, err := secure("the login address", a.Login); err != nil {
		return Grant{}, err
	}
	if a.ClientID == "" {
		return Grant{}, fail(Setting, nil, "there is no client id").try("set org.client_id to the consumer key of the external client app")
	}
	secrets = append(secrets, a.Secret)
	seen := &lastAnswer{next: direct(a.HTTP)}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: seen})
	for try := 1; ; try++ {
		token, err := ask(ctx)
		if err == nil {
			return readGrant(token)
		}
		if ctx.Err() != nil {
			return Grant{}, context.Cause(ctx)
		}
		err = seen.refusal(err)
		var no *refusal
		answered := errors.As(err, &no)
		passing := answered && (no.Status >= 500 || no.Status == http.StatusTooManyRequests || no.is("RATE_LIMIT_EXCEEDED")) ||
			!answered && isTransport(err) && !untrusted(err) && (repeatable || !mayBeDone(err))
		if !passing || try == loginTries {
			return Grant{}, loginFailed(doing, err, secrets)
		}
		if err := a.pause(ctx, jitter(time.Second<<(try-1))); err != nil {
			return Grant{}, err
		}
	}
}

// pause waits between two tries; tests wait for less.
func (a App) pause(ctx context.Context, d time.Duration) error {
	if a.sleep != nil {
		return a.sleep(ctx, d)
	}
	return sleep(ctx, d)
}

// lastAnswer keeps what an unsuccessful answer said: x/oauth2 hands on the whole body in some of its errors, which may
// hold what was sent.
type lastAnswer struct {
	next *http.Client
	said *refusal
	lost error
}

func (l *lastAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	l.said, l.lost = nil, nil
	r.Header.Set("User-Agent", agent)
	answer, err := l.next.Do(r)
	if err != nil {
		l.lost = err
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		l.said = refused(answer)
		answer.Body.Close()
		answer.Body = http.NoBody
		if answer.StatusCode/100 == 3 {
			answer.StatusCode = http.StatusBadGateway // http.Client must not follow it with what was posted
			answer.Header.Del("Location")
		}
	}
	return answer, nil
}

func (l *lastAnswer) refusal(err error) error {
	switch {
	case l.said != nil:
		return l.said
	case l.lost != nil:
		return l.lost
	}
	return err
}

// loginFailed says what an unsuccessful login means for a person. It goes by the error's code, never by its wording.
func loginFailed(doing string, err error, secrets []string) error {
	detail := without(doing+": "+plainTransport(err), secrets...)
	var no *refusal
	if errors.As(err, &no) {
		no.Message = without(no.Message, secrets...)
	}
	switch {
	case no == nil:
		return fail(Connect, withoutSecrets{err, secrets}, detail)
	case no.Place != "":
		return fail(Connect, no, detail).try("set org.login to the address that the org has now")
	case no.Status >= 500, no.Status == http.StatusTooManyRequests, no.is("RATE_LIMIT_EXCEEDED"):
		return fail(API, no, detail)
	case no.is("INVALID_GRANT"):
		return fail(Revoked, no, detail).try("crmlink connect; if it says so again, let the administrator look at the user's login history in Salesforce")
	case no.is("INVALID_CLIENT", "INVALID_CLIENT_ID", "UNAUTHORIZED_CLIENT", "REDIRECT_URI_MISMATCH", "UNSUPPORTED_GRANT_TYPE", "INVALID_REQUEST", "INVALID_SCOPE"):
		return fail(Setting, no, detail).try("compare org.client_id, the secret and the app's flows and callback URL with the external client app in Salesforce")
	case no.is("INACTIVE_USER", "INACTIVE_ORG", "ACCESS_DENIED"), no.Status == http.StatusForbidden:
		return fail(Privilege, no, detail)
	}
	return fail(API, no, detail)
}

// withoutSecrets keeps an error for errors.As and hides its text.
type withoutSecrets struct {
	err     error
	secrets []string
}

func (w withoutSecrets) Error() string { return without(plainTransport(w.err), w.secrets...) }
func (w withoutSecrets) Unwrap() error { return w.err }

// readGrant takes a token's answer apart.
func readGrant(token *oauth2.Token) (Grant, error) {
	text := func(key string) string {
		s, _ := token.Extra(key).(string)
		return s
	}
	g := Grant{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, InstanceURL: strings.TrimSuffix(text("instance_url"), "/"),
		Identity: text("id"), Scope: text("scope")}
	if ms, err := strconv.ParseInt(text("issued_at"), 10, 64); err == nil {
		g.IssuedAt = time.UnixMilli(ms).UTC()
	}
	if g.AccessToken == "" {
		return Grant{}, fail(Protocol, nil, "the login's answer has no access token")
	}
	// The token will be sent there: an address that is not encrypted, or none, must not pass.
	if _, err := secure("the instance address in the login's answer", g.InstanceURL); err != nil {
		return Grant{}, err
	}
	return g, nil
}
