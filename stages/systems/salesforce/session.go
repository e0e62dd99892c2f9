package salesforce

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Client talks to one org as one user. It may be used by several goroutines.
type Client struct {
	o      Options
	root   string // address of the instance, without a slash at its end
	host   string
	http   *http.Client
	budget *budget

	auth   sync.Mutex
	token  string
	tokens []string // that were in use, to keep them out of errors
	served string   // the newest token that a call succeeded with
	// onTheWay counts the calls by token that are not over.
	onTheWay map[string]int

	clock sync.Mutex
	date  time.Time // newest Date of an answer

	telling sync.Mutex
}

// New makes a client. It connects to nothing yet.
func New(o Options) (*Client, error) {
	u, err := secure("the instance address", o.Instance)
	if err != nil {
		return nil, err
	}
	if o.Token == nil {
		return nil, errors.New("salesforce: no source of tokens")
	}
	if o.RunShare < 0 || o.RunShare > 1 || o.TotalShare < 0 || o.TotalShare > 1 {
		return nil, fail(Setting, nil, "a share of API calls is not between 0 and 1").try("set org.quota_run and org.quota_total between 0 and 1")
	}
	if o.RunShare == 0 {
		o.RunShare = 0.25
	}
	if o.TotalShare == 0 {
		o.TotalShare = 0.80
	}
	if o.Deadline == 0 {
		o.Deadline = 24 * time.Hour
	}
	if o.Parallel <= 0 {
		o.Parallel = 4
	}
	if o.Tries <= 0 {
		o.Tries = 8
	}
	if o.sleep == nil {
		o.sleep = sleep
	}
	if o.jitter == nil {
		o.jitter = jitter
	}
	if o.pageRows == 0 {
		o.pageRows = 100_000
	}
	if o.parallelFrom == 0 {
		o.parallelFrom = 100_000
	}
	if o.stall == 0 {
		o.stall = time.Minute
	}
	return &Client{o: o, root: u.Scheme + "://" + u.Host, host: u.Host, http: direct(o.HTTP),
		budget: &budget{calls: map[string]int64{}, run: o.RunShare, total: o.TotalShare}}, nil
}

// direct is a client that follows no redirect: the token is for this host alone, and Salesforce's API sends nobody on.
func direct(given *http.Client) *http.Client {
	if given == nil {
		given = &http.Client{Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   20 * time.Second,
			ResponseHeaderTimeout: headerTime,
			IdleConnTimeout:       90 * time.Second,
			MaxIdleConnsPerHost:   16,
			// HTTP/1.1, so that pages downloaded at once come over connections of their own.
			Protocols: onlyHTTP1(),
		}}
	}
	own := *given
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	own.Jar = nil
	return &own
}

func onlyHTTP1() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	return &p
}

// Calls are the API calls of this client so far, by kind.
func (c *Client) Calls() map[string]int64 { return c.budget.snapshot() }

// access gives the token, or the successor of a refused one. Who asks for the successor of a token that was replaced
// meanwhile gets the present one.
func (c *Client) access(ctx context.Context, refused string) (string, error) {
	c.auth.Lock()
	defer c.auth.Unlock()
	if c.token != "" && c.token != refused {
		return c.token, nil
	}
	token, err := c.o.Token(ctx, refused)
	if err != nil {
		return "", err
	}
	if token == "" {
		return "", fail(Revoked, nil, "there is no access token")
	}
	if token != c.token {
		c.tokens = append(c.tokens, token)
	}
	c.token = token
	return token, nil
}

// begins notes that a call with a token is on its way, and ends that it is over.
func (c *Client) begins(token string) {
	c.auth.Lock()
	defer c.auth.Unlock()
	if c.onTheWay == nil {
		c.onTheWay = map[string]int{}
	}
	c.onTheWay[token]++
}

func (c *Client) ends(token string, succeeded bool) {
	c.auth.Lock()
	defer c.auth.Unlock()
	if c.onTheWay[token]--; c.onTheWay[token] == 0 {
		delete(c.onTheWay, token)
	}
	if succeeded && token == c.token {
		c.served = token
	}
}

// mayServe says whether a token that was just refused can have served other calls: one did succeed, one whose answer is not
// looked at yet may have, or the token was replaced meanwhile, for another call had it renewed.
func (c *Client) mayServe(token string) bool {
	c.auth.Lock()
	defer c.auth.Unlock()
	return c.served == token || c.token != token || c.onTheWay[token] > 0
}

// plain takes tokens out of a text that Salesforce wrote.
func (c *Client) plain(text string) string {
	c.auth.Lock()
	defer c.auth.Unlock()
	return without(text, c.tokens...)
}

func without(text string, secrets ...string) string {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		text = strings.ReplaceAll(text, secret, "…")
		text = strings.ReplaceAll(text, url.QueryEscape(secret), "…")
	}
	return text
}

// plainTransport is what went wrong, without the address, which holds the whole query.
func plainTransport(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return oneLine(err.Error())
}

// noteDate keeps the newest date of Salesforce's answers: all times of a pull are by its clock.
func (c *Client) noteDate(header string) {
	at, err := http.ParseTime(header)
	if err != nil {
		return
	}
	c.clock.Lock()
	defer c.clock.Unlock()
	if at.After(c.date) {
		c.date = at
	}
}

// serverTime is Salesforce's clock as of its last answer, in whole seconds; zero before the first.
func (c *Client) serverTime() time.Time {
	c.clock.Lock()
	defer c.clock.Unlock()
	return c.date
}

// tell hands progress on.
func (c *Client) tell(p Progress) {
	if c.o.Progress == nil {
		return
	}
	c.telling.Lock()
	defer c.telling.Unlock()
	c.o.Progress(p)
}

// meant makes the error that a person is told of what Salesforce answered to a call.
func (c *Client) meant(doing string, err error) error {
	var no *refusal
	var ours *Error
	if !errors.As(err, &no) || errors.As(err, &ours) {
		return err
	}
	detail := c.plain(doing + ": " + no.Error())
	switch {
	case no.Place != "":
		return fail(API, err, detail).try("open the org in a browser: it is in maintenance, or has another address now; in that case crmlink connect")
	case no.is("LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED", "EXCEEDED_QUOTA"):
		return fail(Quota, err, detail)
	case no.is("FEATURE_NOT_ENABLED", "ASYNC_API_NOT_ENABLED"):
		return fail(Bulk, err, detail)
	case no.is("API_DISABLED_FOR_ORG"):
		return fail(Privilege, err, detail).try("ask the Salesforce representative for API access: this edition has none (Professional can buy it)")
	case no.Status == http.StatusForbidden, no.is("INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "API_CURRENTLY_DISABLED", "OPERATION_TOO_LARGE"):
		return fail(Privilege, err, detail)
	case no.is("MALFORMED_QUERY"):
		return fail(Protocol, err, detail)
	}
	return fail(API, err, detail)
}
