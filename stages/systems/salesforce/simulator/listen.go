package simulator

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// Start listens on a loopback address ("127.0.0.1:0" for any port) and gives the org's address and how to stop. With a
// certificate it speaks TLS. Only an org that listens itself can refuse connections.
func (s *Server) Start(address string, certificate *tls.Certificate) (base string, stop func(), err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("simulator: %w", err)
	}
	g := &gate{listener: l, address: l.Addr().String(), open: map[net.Conn]bool{}}
	g.turned = sync.NewCond(&g.mu)
	s.mu.Lock()
	s.gate = g
	if s.switches.Refuse {
		g.refuse(true)
	}
	s.mu.Unlock()
	scheme, from := "http://", net.Listener(g)
	if certificate != nil {
		scheme, from = "https://", tls.NewListener(g, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
	}
	server := &http.Server{Handler: s, ConnState: g.track}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(from) //nolint:errcheck // it ends when it is stopped
	}()
	return scheme + g.address, func() {
		g.close()
		server.Close() //nolint:errcheck // nothing is left to be said
		<-done
	}, nil
}

// gate is a listener that can be shut, so that connections are refused, and opened again at the same port.
type gate struct {
	mu       sync.Mutex
	turned   *sync.Cond
	listener net.Listener // nil while shut
	address  string
	closed   bool
	open     map[net.Conn]bool
}

func (g *gate) Accept() (net.Conn, error) {
	for {
		g.mu.Lock()
		for g.listener == nil && !g.closed {
			g.turned.Wait()
		}
		l, closed := g.listener, g.closed
		g.mu.Unlock()
		if closed {
			return nil, net.ErrClosed
		}
		c, err := l.Accept()
		if err == nil || !errors.Is(err, net.ErrClosed) {
			return c, err
		}
	}
}

func (g *gate) Addr() net.Addr { return &net.TCPAddr{} }

// Close is called by the server; the gate ends by close.
func (g *gate) Close() error { return nil }

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	if g.listener != nil {
		g.listener.Close()
	}
	g.turned.Broadcast()
}

func (g *gate) track(c net.Conn, state http.ConnState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch state {
	case http.StateNew:
		g.open[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(g.open, c)
	}
}

func (g *gate) refuse(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed || shut == (g.listener == nil):
	case shut:
		g.listener.Close()
		g.listener = nil
		for c := range g.open {
			c.Close()
		}
	default:
		if l, err := net.Listen("tcp", g.address); err == nil {
			g.listener = l
			g.turned.Broadcast()
		}
	}
}
