package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
)

const demoCRM = "../../../../data/demo/crm"

// serve starts an org with the demo's records.
func serve(t *testing.T, o Options) (*Server, string) {
	t.Helper()
	s := New(o)
	if err := s.Load(demoCRM); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// ask makes a request and gives status, header and body.
func ask(t *testing.T, method, address, token, body string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "crmlink-test")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	switch {
	case strings.Contains(address, "/oauth2/"):
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case body != "":
		r.Header.Set("Content-Type", "application/json")
	}
	if strings.Contains(address, "/results") {
		r.Header.Set("Accept", "text/csv")
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

func soql(t *testing.T, base, token, q string) (int, string) {
	t.Helper()
	status, _, body := ask(t, "GET", base+"/services/data/v66.0/query?q="+url.QueryEscape(q), token, "")
	return status, body
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
