package simulator

import (
	"compress/gzip"
	"errors"
	"net/http"
	"strings"
)

// fault finds the fault that strikes a request.
func (s *Server) fault(x *exchange) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.switches.Faults {
		f := &s.switches.Faults[i]
		if f.Kind != "" && f.Kind != x.kind || !strings.Contains(x.r.URL.RequestURI(), f.Path) || f.Times > 0 && f.struck >= f.Times {
			continue
		}
		if f.met++; f.met <= f.Skip {
			continue
		}
		f.struck++
		c := *f
		return &c
	}
	return nil
}

func (f *Fault) write(w http.ResponseWriter) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Code != "" {
		refuse(f.Status, f.Code, f.Message).write(w)
		return
	}
	body := f.Message
	if body == "" && f.Status == http.StatusServiceUnavailable {
		body = maintenance
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(f.Status)
	w.Write([]byte(body)) //nolint:errcheck // the client is gone
}

// meter counts what is sent, and cuts the connection where a fault says so.
type meter struct {
	http.ResponseWriter
	status int
	bytes  int64
	limit  int64 // -1: none
}

var errCut = errors.New("simulator: the connection is cut")

func (m *meter) WriteHeader(status int) {
	if m.status == 0 {
		m.status = status
	}
	m.ResponseWriter.WriteHeader(status)
}

func (m *meter) Write(p []byte) (int, error) {
	if m.status == 0 {
		m.status = http.StatusOK
	}
	if m.limit >= 0 && m.bytes+int64(len(p)) > m.limit {
		n, _ := m.ResponseWriter.Write(p[:m.limit-m.bytes])
		m.bytes += int64(n)
		http.NewResponseController(m.ResponseWriter).Flush() //nolint:errcheck // it is cut at once
		panic(errCut)
	}
	n, err := m.ResponseWriter.Write(p)
	m.bytes += int64(n)
	return n, err
}

// packs says whether the answer is compressed: the long ones of REST are, for who asks. A page of results looks after itself.
func (x *exchange) packs() bool {
	long := x.kind == "query" || x.kind == "more" || x.kind == "describe" || x.kind == "sobjects"
	return long && !x.set.NoGzip && strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip")
}

// packed compresses a body once its header says what it is. Answers without body stay so.
type packed struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (p *packed) WriteHeader(status int) {
	if status != http.StatusNotModified {
		p.Header().Set("Content-Encoding", "gzip")
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *packed) Write(b []byte) (int, error) {
	if p.z == nil {
		p.Header().Set("Content-Encoding", "gzip")
		p.z = gzip.NewWriter(p.ResponseWriter)
	}
	return p.z.Write(b)
}

func (p *packed) close() {
	if p.z != nil {
		p.z.Close()
	}
}
