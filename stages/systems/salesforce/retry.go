package salesforce

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// unclear is the failure of a call that may have been carried out all the same.
type unclear struct{ err error }

func (e *unclear) Error() string { return e.err.Error() }

func (e *unclear) Unwrap() error { return e.err }

// again marks the failure to read an answer as one that another try may mend.
type again struct{ err error }

func (e *again) Error() string { return e.err.Error() }

func (e *again) Unwrap() error { return e.err }

// worthAnother says whether the same call may succeed a little later.
func (c *Client) worthAnother(err error) bool {
	var ours *Error
	if errors.As(err, &ours) {
		return false
	}
	var no *refusal
	if errors.As(err, &no) {
		switch {
		case no.Status >= 500, no.Status == http.StatusRequestTimeout, no.Status == http.StatusTooManyRequests, no.Status == 420, no.Status == http.StatusNotAcceptable:
			return !no.is("QUERY_TIMEOUT")
		case no.is("TXN_SECURITY_METERING_ERROR"):
			return true
		case no.is("REQUEST_LIMIT_EXCEEDED"):
			// The same code says that too many long calls run at once, which passes by itself.
			return !c.budget.exhausted()
		}
		return false
	}
	var re *again
	if errors.As(err, &re) {
		return true
	}
	return isTransport(err) && !untrusted(err)
}

// isTransport says whether a connection failed, as opposed to something of ours.
func isTransport(err error) bool {
	var disk *errDisk
	if errors.As(err, &disk) {
		return false
	}
	var asked *url.Error
	var network *net.OpError // not net.Error: every error of the system is one, a full disk too
	return errors.As(err, &asked) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errStalled)
}

// untrusted says whether the other side is not who it should be, or does not exist: waiting does not mend that.
func untrusted(err error) bool {
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	var name *net.DNSError
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &record) || errors.As(err, &name) && name.IsNotFound
}

// mayBeDone says whether a failed call could have had its effect: it left us, and no clear refusal came back.
func mayBeDone(err error) bool {
	var no *refusal
	if errors.As(err, &no) {
		return no.Status >= 500
	}
	var op *net.OpError
	return !(errors.As(err, &op) && op.Op == "dial")
}

// unusable says whether a session can never be used for this API, however often it is renewed.
func unusable(no *refusal) bool {
	return no.Code != "" && !no.is("INVALID_SESSION_ID", "INVALID_AUTH_HEADER") ||
		strings.Contains(no.Message, "not valid for use with the REST API") || strings.Contains(no.Message, "not attached to Agent")
}

// gaveUp makes the error of a call that failed for the last time.
func (c *Client) gaveUp(r request, err error, tries int) error {
	detail := c.plain(fmt.Sprintf("%s: %s", r.kind, plainTransport(err)))
	if tries > 1 {
		detail += fmt.Sprintf(" (%d tries)", tries)
	}
	var no *refusal
	var re *again
	switch {
	case errors.As(err, &no) && no.is("REQUEST_LIMIT_EXCEEDED"):
		return fail(Quota, err, detail)
	case errors.As(err, &no), errors.As(err, &re) && !isTransport(err):
		return fail(API, err, detail)
	case untrusted(err):
		return fail(Connect, err, detail).try("check the address of the org and the certificates this machine trusts")
	}
	return fail(Connect, err, detail)
}

// longestWait is the longest Retry-After that is waited for; the run ends where more is asked, and starts again later.
const longestWait = 10 * time.Minute

// wait backs off: up to a second, two, four … a minute, evenly spread over that span so that clients do not come back
// together, and never less than Salesforce asked for.
func (c *Client) wait(ctx context.Context, try int, after time.Duration) error {
	span := min(time.Second<<min(try-1, 6), time.Minute)
	return c.o.sleep(ctx, after+c.o.jitter(span))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

func jitter(span time.Duration) time.Duration { return rand.N(span + 1) }

// retryAfter reads seconds or a date.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(header); err == nil && !now.IsZero() {
		return max(0, at.Sub(now))
	}
	return 0
}
