package salesforce

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
)

// nextPort gives every test of the web flow a port of its own.
var nextPort atomic.Int32

// connected goes through the web flow as a person with a browser would.
func connected(o *org) Grant {
	o.t.Helper()
	app := o.app()
	app.Port = int(27170 + nextPort.Add(1))
	g, err := app.Web(o.t.Context(), func(address string) error {
		go func() {
			answer, err := http.Get(address) //nolint:noctx // the browser
			if err == nil {
				answer.Body.Close()
			}
		}()
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return g
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

var _ testing.TB
