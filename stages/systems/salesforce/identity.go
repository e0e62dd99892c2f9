package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Revoke ends a token on Salesforce's side; a refresh token takes its access tokens with it. One that is not known any
// more counts as revoked.
func (a App) Revoke(ctx context.Context, token string) error {
	_, err := a.ask(ctx, "revoke the token", func() (*http.Request, error) {
		q, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(a.Login, "/")+"/services/oauth2/revoke",
			strings.NewReader(url.Values{"token": {token}}.Encode()))
		if err == nil {
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		return q, err
	}, token)
	var no *refusal
	if errors.As(err, &no) && no.is("INVALID_TOKEN") {
		return nil
	}
	return err
}

// Who asks Salesforce who the grant acts as.
func (a App) Who(ctx context.Context, g Grant) (Identity, error) {
	if _, err := secure("the login address", a.Login); err != nil {
		return Identity{}, err
	}
	at, err := secure("the identity address", g.Identity)
	if err != nil {
		return Identity{}, err
	}
	login, _ := url.Parse(a.Login)
	instance, err := secure("the instance address", g.InstanceURL)
	if err != nil {
		return Identity{}, err
	}
	if at.Host != login.Host && at.Host != instance.Host {
		at.Scheme, at.Host = instance.Scheme, instance.Host // the same path is answered there; the token goes nowhere else
	}
	body, err := a.ask(ctx, "ask who is connected", func() (*http.Request, error) {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
		if err == nil {
			q.Header.Set("Authorization", "Bearer "+g.AccessToken)
			q.Header.Set("Accept", "application/json")
		}
		return q, err
	}, g.AccessToken)
	if err != nil {
		return Identity{}, err
	}
	var who Identity
	if json.Unmarshal(body, &who) != nil || who.User == "" {
		return Identity{}, fail(Protocol, nil, "the identity address answers without a user")
	}
	return who, nil
}

// ask makes one of the calls beside the token flows; they may be repeated.
func (a App) ask(ctx context.Context, doing string, make func() (*http.Request, error), secrets ...string) ([]byte, error) {
	if _, err := secure("the login address", a.Login); err != nil {
		return nil, err
	}
	client := direct(a.HTTP)
	for try := 1; ; try++ {
		body, err := exchange(client, make)
		if err == nil {
			return body, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var no *refusal
		answered := errors.As(err, &no)
		passing := answered && (no.Status >= 500 || no.Status == http.StatusTooManyRequests) || !answered && isTransport(err) && !untrusted(err)
		if passing && try < loginTries {
			if err := a.pause(ctx, jitter(time.Second<<(try-1))); err != nil {
				return nil, err
			}
			continue
		}
		if answered && (no.Status == http.StatusUnauthorized || no.Status == http.StatusForbidden) {
			no.Message = without(no.Message, secrets...)
			return nil, fail(Revoked, no, fmt.Sprintf("%s: %s", doing, no))
		}
		return nil, loginFailed(doing, err, secrets)
	}
}

func exchange(client *http.Client, make func() (*http.Request, error)) ([]byte, error) {
	q, err := make()
	if err != nil {
		return nil, err
	}
	q.Header.Set("User-Agent", agent)
	answer, err := client.Do(q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return nil, refused(answer)
	}
	return io.ReadAll(io.LimitReader(answer.Body, 1<<20))
}
