package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/crmlink/crmlink/pipeline"
	"github.com/crmlink/crmlink/pipeline/schedule"
)

// handler is everything that is answered.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /metrics", s.metrics)
	// The console's pages get their place here: mux.Handle("/", …). Until there is one, all else is not found.
	return mux
}

// listen answers on a loopback address until stop is called.
func (s *Server) listen(address string) (actual string, stop func(), err error) {
	if address == schedule.Off {
		return schedule.Off, func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, &pipeline.InputError{Problem: fmt.Sprintf("schedule.listen: %s cannot be listened on: %v", address, errors.Unwrap(err)),
			Next: "write another port, or off"}
	}
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go server.Serve(listener) //nolint:errcheck // it ends when it is stopped
	return listener.Addr().String(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		server.Shutdown(ctx) //nolint:errcheck // whoever is still reading is cut off
	}, nil
}

// latest is how long ago the loop may have looked at the clock.
const latest = 2 * time.Minute

// health says whether the process lives and its loop goes round.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	ago := s.now().Sub(s.ticked)
	s.mu.Unlock()
	if ago > latest {
		http.Error(w, fmt.Sprintf("the schedule was last looked at %s ago", ago.Round(time.Second)), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// ready says whether there is a publication that can be read, and the next run could be started and noted.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	err := errors.Join(s.faulty, s.unsaved)
	s.mu.Unlock()
	if err == nil {
		err = s.readable()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (s *Server) readable() error {
	record, err := s.store.Find("latest")
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.store.Analytics(record.ID)); err != nil {
		return fmt.Errorf("run %s: %w", record.ID, err)
	}
	return nil
}
