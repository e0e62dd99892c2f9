package salesforce

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The hosts where users of production orgs and of sandboxes log in. They are also the only audiences of a JWT.
const (
	Production = "https://login.salesforce.com"
	Sandbox    = "https://test.salesforce.com"
)

// App is the external client app (or connected app) that crmlink acts as.
type App struct {
	// Login is where the user logs in: Production, Sandbox or the org's My Domain address. Without TLS only a loopback
	// address is taken.
	Login string
	// ClientID is the app's consumer key.
	ClientID string
	// Secret is the app's consumer secret; empty for a public app, which only the web flow takes.
	Secret string
	// Port is that of the loopback address to which the web flow returns; 0 means 1717. The app's callback URL must be
	// http://localhost:<Port>/callback.
	Port int
	// HTTP makes the requests; nil means a client with time limits of its own.
	HTTP *http.Client

	sleep func(ctx context.Context, d time.Duration) error // replaced by tests
}

// String names the app without its secret.
func (a App) String() string { return "app " + a.ClientID + " at " + a.Login }

// GoString hides the secret from %#v.
func (a App) GoString() string { return a.String() }

// LogValue hides the secret from slog.
func (a App) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Grant is what Salesforce gives when it trusts us. It is a secret as a whole: keep its JSON sealed.
type Grant struct {
	AccessToken string `json:"access_token"`
	// RefreshToken is empty where the flow gives none (JWT, client credentials).
	RefreshToken string `json:"refresh_token,omitempty"`
	InstanceURL  string `json:"instance_url"`
	// Identity is the address that says who the user is, https://login.salesforce.com/id/<org>/<user>.
	Identity string    `json:"id"`
	Scope    string    `json:"scope,omitempty"`
	IssuedAt time.Time `json:"issued_at"`
}

// String names the org and hides the tokens.
func (g Grant) String() string { return "grant for " + g.InstanceURL }

// GoString hides the tokens from %#v.
func (g Grant) GoString() string { return g.String() }

// LogValue hides the tokens from slog.
func (g Grant) LogValue() slog.Value { return slog.StringValue(g.String()) }

// OrgID is the Id of the org, UserID that of the user, both out of the identity address; empty where it has none.
func (g Grant) OrgID() string { return g.identity(1) }

// UserID is the Id of the connected user.
func (g Grant) UserID() string { return g.identity(0) }

func (g Grant) identity(fromEnd int) string {
	u, err := url.Parse(g.Identity)
	if err != nil {
		return ""
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 3 || parts[0] != "id" {
		return ""
	}
	return parts[2-fromEnd]
}

// Identity is who a grant acts as.
type Identity struct {
	User     string `json:"user_id"`
	Org      string `json:"organization_id"`
	Username string `json:"username"`
}

// secure checks an address: https, or http to a loopback address (A16).
func secure(what, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, fail(Setting, nil, fmt.Sprintf("%s is not an address such as https://acme.my.salesforce.com", what))
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return u, nil
	}
	return nil, fail(Setting, nil, fmt.Sprintf("%s %s://%s is not encrypted", what, u.Scheme, u.Host)).try("use https://" + u.Host)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
