package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// request is one call of the API. It is repeated as often as that makes sense.
type request struct {
	kind   string // by which it is counted
	method string // GET where empty
	path   string // from the root of the instance, with its query
	body   any    // becomes JSON
	// csv asks for CSV, packed if that is offered; the answer's bytes are left as they come.
	csv bool
	// once says that the call may have been carried out although it failed, and must not be repeated blindly.
	once bool
}

// do makes a call and hands a successful answer to use. It waits and tries again where Salesforce, or what lies between,
// fails for a while, and renews the session once. The error is *Error, *refusal, *unclear, or what use gave.
func (c *Client) do(ctx context.Context, r request, use func(*http.Response) error) error {
	token, err := c.access(ctx, "")
	if err != nil {
		return err
	}
	renewals := 0
	for try := 1; ; try++ {
		if err := c.budget.spend(r.kind); err != nil {
			return err
		}
		c.begins(token)
		after, err := c.attempt(ctx, r, token, use)
		c.ends(token, err == nil)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var no *refusal
		if errors.As(err, &no) && no.Status == http.StatusUnauthorized {
			if unusable(no) {
				return fail(Privilege, no, c.plain(no.Error()))
			}
			// Once, unless the new session served other calls before it ended as well: then it was simply short.
			if renewals++; renewals > 1 && !c.mayServe(token) || renewals > mostRenewals {
				return fail(Revoked, no, c.plain(no.Error()))
			}
			if token, err = c.access(ctx, token); err != nil {
				return err
			}
			try--
			continue
		}
		if !c.worthAnother(err) {
			if isTransport(err) {
				return c.gaveUp(r, err, try)
			}
			return err
		}
		if r.once && mayBeDone(err) {
			return &unclear{c.gaveUp(r, err, try)}
		}
		if try >= c.o.Tries || after > longestWait {
			return c.gaveUp(r, err, try)
		}
		if err := c.wait(ctx, try, after); err != nil {
			return err
		}
	}
}

// mostRenewals is how often a session is renewed for one call.
const mostRenewals = 10

// call makes a call and reads its answer, which is JSON; out may be nil.
func (c *Client) call(ctx context.Context, r request, out any) error {
	return c.do(ctx, r, func(answer *http.Response) error {
		if out == nil {
			_, err := io.Copy(io.Discard, answer.Body)
			if err != nil {
				return &again{err}
			}
			return nil
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return &again{err}
		}
		if answer.StatusCode == http.StatusNoContent {
			return nil
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(out); err != nil {
			return &again{errors.New("the answer is not what the API promises: " + readError(answer.StatusCode, body).Message)}
		}
		return nil
	})
}

// attempt makes a call once. after is how long Salesforce asks to wait.
func (c *Client) attempt(ctx context.Context, r request, token string, use func(*http.Response) error) (after time.Duration, err error) {
	attempt, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(c.o.stall+headerTime, func() { cancel(errStalled) })
	defer stalled.Stop()
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(text)
	}
	method := r.method
	if method == "" {
		method = http.MethodGet
	}
	q, err := http.NewRequestWithContext(attempt, method, c.root+r.path, body)
	if err != nil {
		return 0, err
	}
	if r.body != nil {
		q.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	q.Header.Set("Accept", "application/json")
	if r.csv {
		q.Header.Set("Accept", "text/csv")
		q.Header.Set("Accept-Encoding", "gzip")
	}
	q.Header.Set("User-Agent", agent)
	q.Header.Set("Authorization", "Bearer "+token)
	answer, err := c.http.Do(q)
	if err != nil {
		return 0, firstOf(onlyStall(attempt), err)
	}
	defer answer.Body.Close()
	c.budget.heard(answer.Header.Get("Sforce-Limit-Info"))
	c.noteDate(answer.Header.Get("Date"))
	answer.Body = &watched{in: answer.Body, timer: stalled, stall: c.o.stall, why: func() error { return onlyStall(attempt) }}
	if answer.StatusCode/100 != 2 {
		no := refused(answer)
		no.Message = c.plain(no.Message)
		return retryAfter(answer.Header.Get("Retry-After"), c.serverTime()), no
	}
	return 0, use(answer)
}

// agent is how crmlink calls itself in the org's event log.
const agent = "crmlink"

// headerTime is how long Salesforce may take to begin an answer: a query may run for two minutes.
const headerTime = 130 * time.Second

var errStalled = errors.New("the connection stood still")

func onlyStall(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return nil
}

// watched is a body that may pause for no longer than stall.
type watched struct {
	in    io.ReadCloser
	timer *time.Timer
	stall time.Duration
	why   func() error
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.stall)
	n, err := w.in.Read(p)
	if err != nil && err != io.EOF {
		err = firstOf(w.why(), err)
	}
	return n, err
}

func (w *watched) Close() error { return w.in.Close() }

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
