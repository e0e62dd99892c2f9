package salesforce

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
)

var errKilled = errors.New("killed")

// killer ends everything at a call: the context is cancelled as the call is made, and its answer is lost.
type killer struct {
	next  http.RoundTripper
	after atomic.Int64
	kill  context.CancelCauseFunc
}

func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	if k.after.Add(-1) == 0 {
		k.kill(errKilled)
	}
	return k.next.RoundTrip(r)
}
